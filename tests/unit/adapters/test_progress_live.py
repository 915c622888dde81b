"""Bars on a terminal: drawn by rich on a stream that says it is one, gone at the end, never in the way."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import threading
import time

import pytest

from promoter.adapters.progress_live import Live
from promoter.adapters.quiet_stream import QuietStream
from promoter.core.progress import Unit
from promoter.text import quote, say

_MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
NAME = quote("[red]a\x1b[31m:tada:\n")


class Screen(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        return True


class Gone(Screen):
    """A terminal that was closed."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


class Ticking:
    """A clock on which each look takes a second."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 1
        return self.seconds


def drawings(screen: Screen) -> list[str]:
    """Everything that stood on the screen, a line each, without moves and colours."""
    text = _MOVES.sub("", screen.getvalue().replace("\r", "\n"))
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def test_a_bar_says_how_far_how_fast_and_how_long() -> None:
    screen = Screen()
    live = Live(screen, columns=100, clock=Ticking())
    with live.step(say("scoring ", NAME), unit=Unit.ROWS) as step:
        step.expect(100)
        step.advance(50)
        time.sleep(1.0)  # drawn four times a second
        live.note(say("a note on ", NAME))
    shown = drawings(screen)
    assert r"a note on `[red]a\x1b[31m:tada:\n`" in shown
    assert any(
        re.search(r"scoring `\[red\]a\\x1b\[31m:tada:\\n` +━+ +50 %, .* rows/s, .* left$", line)
        for line in shown
    )
    assert re.fullmatch(r"scoring .*: 50 rows in \d+ s, .* rows/s", shown[-1])


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_bars_fit_the_terminal(columns: int) -> None:
    screen = Screen()
    live = Live(screen, columns=columns, clock=Ticking())
    with live.step(say("downloading version ", quote("9" * 90)), unit=Unit.BYTES) as step:
        step.expect(10**9)
        step.advance(10**8)
    *drawn, last = drawings(screen)
    assert max(map(len, drawn)) <= columns
    assert last.startswith("downloading version `999")


@pytest.mark.parametrize(("has_colour", "coloured"), [(True, True), (False, False)])
def test_colour_is_as_asked_and_the_cursor_is_never_hidden(has_colour: bool, coloured: bool) -> None:
    screen = Screen()
    live = Live(screen, has_colour=has_colour, columns=80)
    with live.step(say("building"), unit=Unit.TIME):
        pass
    assert bool(re.search(r"\x1b\[[0-9;]*m", screen.getvalue())) == coloured
    assert "\x1b[?25" not in screen.getvalue()


def test_a_step_leaves_no_line_when_it_was_short_or_failed() -> None:
    screen = Screen()
    with Live(screen, columns=80).step(say("short"), unit=Unit.TIME):
        pass
    live = Live(screen, columns=80, clock=Ticking())
    with pytest.raises(RuntimeError), live.step(say("failing"), unit=Unit.TIME):
        raise RuntimeError
    assert ": done in" not in screen.getvalue()


def test_steps_side_by_side_end_with_the_last_and_late_words_are_not_heard() -> None:
    screen = Screen()
    live = Live(screen, columns=80, clock=Ticking())
    with live.chapter(say("measuring")), live.step(say("one"), unit=Unit.ROWS) as one:
        with live.step(say("other"), unit=Unit.ROWS) as other:
            thread = threading.Thread(target=other.advance, args=(5,))
            thread.start()
            thread.join()
        other.advance(1_000)
        one.advance(7)
    live.note(say("after"))
    shown = drawings(screen)
    assert shown[0] == "measuring"
    assert shown[-1] == "after"
    assert [line for line in shown if re.match(r"other: 5 rows in", line)]
    assert [line for line in shown if re.match(r"one: 7 rows in", line)]
    for thread in threading.enumerate():
        if "rich" in type(thread).__module__:
            thread.join(timeout=10)
            assert not thread.is_alive()


def test_a_terminal_that_is_closed_ends_nothing() -> None:
    live = Live(Gone(), columns=80, clock=Ticking())
    with live.chapter(say("measuring")), live.step(say("scoring"), unit=Unit.ROWS) as step:
        step.advance(1)
        live.note(say("a note"))
    live.note(say("after"))


def test_rich_is_imported_with_the_first_bar() -> None:
    program = """
import sys
from promoter.adapters.progress_live import Live
from promoter.core.progress import Unit
from promoter.text import say
live = Live(sys.stderr)
live.note(say("a line"))
before = "rich" in sys.modules
with live.step(say("a step"), unit=Unit.TIME):
    print(before, "rich" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


def test_a_quiet_stream_takes_everything() -> None:
    closed = io.StringIO()
    closed.close()
    quiet = QuietStream(closed)
    assert quiet.write("four") == 4
    quiet.flush()
    assert not quiet.isatty()
    screen = Screen()
    assert QuietStream(screen).write("four") == 4
    assert (screen.getvalue(), QuietStream(screen).isatty()) == ("four", True)
    assert QuietStream(Gone()).write("four") == 4
    with pytest.raises(io.UnsupportedOperation):
        QuietStream(screen).fileno()
