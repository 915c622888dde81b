"""How many threads a model has, and that those that wait leave the cores to others."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

import pytest

from promoter.evaluation.sandbox.child_process import end_all, model_command, start
from promoter.evaluation.sandbox.launcher import Limits
from promoter.evaluation.sandbox.variables import child_environment


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores can be given to a process on Linux")
def test_a_model_may_use_the_cores_that_we_may_use() -> None:
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(ours)})
    try:
        assert Limits().threads == 1
    finally:
        os.sched_setaffinity(0, ours)
    assert Limits().threads == min(len(ours), 16)


def test_threads_that_wait_sleep_whatever_library_made_them(tmp_path: Path) -> None:
    variables = child_environment(tmp_path, interpreter=Path(sys.executable), threads=3)
    assert variables["OMP_WAIT_POLICY"] == "PASSIVE"
    assert variables["OPENBLAS_THREAD_TIMEOUT"] == "4"
    assert variables["OMP_NUM_THREADS"] == variables["OPENBLAS_NUM_THREADS"] == "3"


@pytest.mark.skipif(not hasattr(fcntl, "F_GETPIPE_SZ"), reason="pipes have a size that can be asked on Linux")
def test_questions_travel_in_large_pieces(tmp_path: Path) -> None:
    started = start(model_command(Path(sys.executable), memory=2**33, threads=1), scratch=tmp_path)
    try:
        assert fcntl.fcntl(started.ends.questions, fcntl.F_GETPIPE_SZ) == 1024**2
    finally:
        started.ends.close()
        end_all(started)
