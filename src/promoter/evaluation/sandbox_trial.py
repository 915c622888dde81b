"""Which layers of the sandbox hold on this machine: found by starting nothing in particular in one."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from promoter.core.layers import Strictness
from promoter.evaluation.sandbox.child_process import Command, Sandbox, end_all, start
from promoter.evaluation.sandbox.frames import Link
from promoter.evaluation.sandbox.scratch import scratch_folder

_GIB = 1024**3
_SECONDS = 10


def gone_layers() -> Mapping[str, str]:
    """The layers that do not hold, each with why; empty: all do.

    Raises PromoterError, CHECK_UNAVAILABLE, where nothing can be started at all.
    """
    sandbox = Sandbox(strictness=Strictness.BEST_EFFORT, processor_seconds=_SECONDS)
    words = (sys.executable, "-I", "-S", "-B", "-c", "pass")
    with scratch_folder("promoter-doctor-") as scratch:
        started = start(Command(words=words, memory=_GIB, threads=1, sandbox=sandbox), scratch=scratch)
        try:
            return {layer.value: why for layer, why in started.confinement.missing.items()}
        finally:
            Link(started.ends).close()
            end_all(started)
