"""Plain lines: how many, what they say, what is folded, and a log that is closed."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest

from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.progress_lines import Lines, Notes, Stream
from promoter.core.progress import Unit
from promoter.text import quote, say
from tests.oracles import runner_commands

WHAT = say("scoring 2 model(s)")


@dataclass
class Watch:
    """A clock that is set by hand."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Told:
    """Lines on a stream, and the clock that they live by."""

    stream: io.StringIO = field(default_factory=io.StringIO)
    watch: Watch = field(default_factory=Watch)

    def lines(self) -> Lines:
        return Lines(Stream(self.stream), clock=self.watch)

    @property
    def text(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_line_in_ten_seconds_and_one_at_the_end(told: Told) -> None:
    with told.lines().step(WHAT, unit=Unit.ROWS) as step:
        step.expect(1_000_000)
        for _ in range(50):
            told.watch.seconds += 0.5
            step.advance(20_000)
    assert told.text == [
        "scoring 2 model(s): 400,000 of 1,000,000 rows, 40,000 rows/s, 15 s left",
        "scoring 2 model(s): 800,000 of 1,000,000 rows, 40,000 rows/s, 5 s left",
        "scoring 2 model(s): 1,000,000 rows in 25 s, 40,000 rows/s",
    ]


def test_what_is_done_at_once_is_not_told(told: Told) -> None:
    with told.lines().step(WHAT, unit=Unit.ROWS) as step:
        step.advance(10)
        told.watch.seconds = 0.9
    assert told.text == []


def test_work_that_counts_nothing_is_told_to_go_on(told: Told) -> None:
    with told.lines().step(say("building"), unit=Unit.TIME) as step:
        told.watch.seconds = 11
        step.advance(0)
    assert told.text == ["building: 11 s", "building: done in 11 s"]


def test_what_failed_has_no_end_and_what_comes_late_is_not_heard(told: Told) -> None:
    lines = Lines(Stream(told.stream), clock=iter(range(0, 1000, 100)).__next__)
    with pytest.raises(RuntimeError), lines.step(WHAT, unit=Unit.ROWS) as step:
        raise RuntimeError
    step.advance(1)
    assert told.text == []


def test_what_is_told_between_is_told_at_once(told: Told) -> None:
    lines = told.lines()
    with lines.chapter(say("measuring")):
        lines.note(say("a note on ", quote("churn\n::error::")))
    assert told.text == ["measuring", "a note on `churn\\n:\\x3aerror:\\x3a`"]


def test_a_job_folds_a_chapter_and_none_in_another() -> None:
    stream = io.StringIO()
    runner = ActionsRunner(stream=stream, output="", summary="", report_directory="")
    title = say("measuring version 7 of ", quote("100 %\n::warning::"))
    with runner.progress.chapter(title), runner.progress.chapter(say("inside")):
        runner.progress.note(say("a line"))
    found = runner_commands(stream.getvalue())
    assert [command.name for command in found] == ["group", "endgroup"]
    assert found[0].data == "measuring version 7 of `100 %\\n:\\x3awarning:\\x3a`"
    assert stream.getvalue().splitlines()[1] == "a line"


def test_a_chapter_that_fails_is_unfolded() -> None:
    stream = io.StringIO()
    runner = ActionsRunner(stream=stream, output="", summary="", report_directory="")
    with pytest.raises(RuntimeError), runner.progress.chapter(say("measuring")):
        raise RuntimeError
    assert stream.getvalue().splitlines() == ["::group::measuring", "::endgroup::"]


def test_programs_hear_only_what_stays(told: Told) -> None:
    notes = Notes(Stream(told.stream))
    notes.note(say("a line"))
    with notes.chapter(say("measuring")), notes.step(WHAT, unit=Unit.ROWS) as step:
        step.advance(1)
    assert told.text == ["a line"]


def test_a_log_that_is_closed_ends_nothing(told: Told) -> None:
    told.stream.close()
    lines = told.lines()
    with lines.chapter(say("measuring")), lines.step(WHAT, unit=Unit.ROWS) as step:
        told.watch.seconds = 60
        step.advance(1)
        lines.note(say("a line"))
    Notes(Stream(told.stream)).note(say("a line"))
    assert told.stream.closed
