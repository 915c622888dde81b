"""Nobody looks on: whoever works may tell all the same."""

from __future__ import annotations

from promoter.core.progress import UNTOLD, Progress, Unit
from promoter.text import say


def test_nobody_is_told_and_work_goes_on() -> None:
    progress: Progress = UNTOLD
    done = []
    progress.note(say("a line"))
    with progress.chapter(say("a chapter")), progress.step(say("a step"), unit=Unit.ROWS) as step:
        step.expect(2)
        step.advance(1)
        done.append("work")
    assert done == ["work"]
