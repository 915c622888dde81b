"""What looks as if it had ended, and goes on: seen by the threads the kernel lists, not by our eyes (T50).

The writer writes at most 200 MB, and no more than 1 MB of it is ever on the disk.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.launcher import Launch, launch
from tests.model_folders import Unlimited, batch, light_interpreter
from tests.sandbox.attack import NOTHING, ROWS, Attack
from tests.sandbox.attacks import staying
from tests.sandbox.hostile_models import write_hostile


def threads_of(user: int) -> Iterator[tuple[int, str, str]]:
    """Process, name and state of every thread of a user, whatever its process looks like."""
    for status in Path("/proc").glob("[0-9]*/task/[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            continue
        if int(fields["Uid"].split()[0]) == user:
            yield int(status.parts[2]), status.parts[4], fields["State"][0]


def headless(user: int) -> list[int]:
    """Processes whose first thread has ended while another lives."""
    found = list(threads_of(user))
    ended = {process for process, thread, state in found if str(process) == thread and state in "ZX"}
    return [process for process, thread, state in found if process in ended and state not in "ZX"]


@pytest.mark.skipif(os.geteuid() != 0, reason="it is found by a user of its own")
def test_a_process_without_its_first_thread_does_not_outlive_the_model(tmp_path: Path) -> None:
    attack = Attack(function=staying.writes_without_its_first_thread, row="T50")
    model = write_hostile(tmp_path / "model", attack, {})
    python = light_interpreter(tmp_path / "environment")
    asked = Launch(interpreter=python, model=model, wanted=Kind.LABELS, sandbox=attack.sandbox)
    with launch(asked, deadline=Unlimited()) as worker:
        user = worker.confinement.user
        assert user is not None
        assert worker.predict(batch(ROWS)).labels == (NOTHING,)
        alive = headless(user)
        assert alive, "what this test is about is there"
        written = Path(f"/proc/{alive[0]}/io")
        before = written.read_text()
        time.sleep(0.3)
        assert written.read_text() != before, "and writes"
        begin = time.monotonic()
    assert time.monotonic() - begin < 5
    assert list(threads_of(user)) == []
