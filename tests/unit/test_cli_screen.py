"""What a terminal is drawn on: colour, width, bars or lines; one process on a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import TextIO

import pytest

from promoter.adapters.progress_lines import Lines, Notes
from promoter.adapters.progress_live import Live
from promoter.cli_screen import Terminal, for_person, for_program
from promoter.inputs import Colour, Looks, looks
from promoter.render.terminal_table import Colours
from promoter.text import say
from tests.fakes.team import POLICY, POLICY_TEXT, REQUEST, request
from tests.git_clone import GitClone


class Screen(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "asked", "found"),
    [
        ({}, Colour.AUTO, Colour.AUTO),
        ({"NO_COLOR": "1"}, Colour.AUTO, Colour.NEVER),
        ({"NO_COLOR": ""}, Colour.AUTO, Colour.AUTO),
        ({"FORCE_COLOR": "1"}, Colour.AUTO, Colour.ALWAYS),
        ({"FORCE_COLOR": "0"}, Colour.AUTO, Colour.NEVER),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Colour.AUTO, Colour.NEVER),
        ({"TERM": "dumb"}, Colour.AUTO, Colour.NEVER),
        ({"TERM": "dumb", "FORCE_COLOR": "3"}, Colour.AUTO, Colour.ALWAYS),
        ({"NO_COLOR": "1"}, Colour.ALWAYS, Colour.ALWAYS),
        ({"FORCE_COLOR": "1"}, Colour.NEVER, Colour.NEVER),
    ],
)
def test_who_decides_on_colour(environ: dict[str, str], asked: Colour, found: Colour) -> None:
    assert looks(environ, asked).colour is found


@pytest.mark.parametrize(
    ("columns", "found"),
    [("", None), ("100", 100), ("0", None), ("-5", None), ("wide", None), ("12345", None)],
)
def test_columns_are_a_number_or_nothing(columns: str, found: int | None) -> None:
    assert looks({"COLUMNS": columns}) == Looks(columns=found)


@pytest.mark.parametrize(
    ("out", "environ", "colour", "colours", "width"),
    [
        (Screen, {"COLUMNS": "90"}, Colour.AUTO, Colours.SIXTEEN, 90),
        (Screen, {}, Colour.NEVER, Colours.NONE, None),
        (Screen, {"COLUMNS": "20"}, Colour.AUTO, Colours.SIXTEEN, None),
        (io.StringIO, {"COLUMNS": "90"}, Colour.AUTO, Colours.NONE, None),
        (io.StringIO, {"COLUMNS": "90"}, Colour.ALWAYS, Colours.SIXTEEN, None),
    ],
)
def test_how_results_are_shown(
    out: type[io.StringIO], environ: dict[str, str], colour: Colour, colours: Colours, width: int | None
) -> None:
    terminal = for_person(Terminal(environ=environ, out=out(), err=io.StringIO()), colour)
    assert (terminal.style.colours, terminal.style.width) == (colours, width)


@pytest.mark.parametrize(
    ("err", "environ", "person", "program"),
    [
        (Screen(), {}, Live, Live),
        (Screen(), {"TERM": "dumb"}, Lines, Notes),
        (io.StringIO(), {}, Lines, Notes),
    ],
)
def test_who_looks_on(err: TextIO, environ: dict[str, str], person: type, program: type) -> None:
    terminal = Terminal(environ=environ, out=io.StringIO(), err=err)
    assert isinstance(for_person(terminal, Colour.AUTO).progress, person)
    assert isinstance(for_program(terminal, Colour.AUTO, answer=io.StringIO()).progress, program)


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"GITHUB_ACTIONS": "true"}, "::group::measuring\na line\n::endgroup::\n"),
        ({}, "measuring\na line\n"),
    ],
)
def test_a_job_that_types_has_its_lines_folded(environ: dict[str, str], told: str) -> None:
    terminal = Terminal(environ=environ, out=io.StringIO(), err=io.StringIO())
    progress = for_person(terminal, Colour.AUTO).progress
    with progress.chapter(say("measuring")):
        progress.note(say("a line"))
    assert isinstance(terminal.err, io.StringIO)
    assert terminal.err.getvalue() == told


def on_a_terminal(arguments: list[str], columns: int, **environ: str) -> str:
    """What a process shows on a pseudo-terminal so wide."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    program = "import sys; from promoter.cli import main; sys.exit(main(sys.argv[1:]))"
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", **environ},
    ):
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # how Linux tells that nobody has the other end any more
            pass
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [60, 100])
def test_a_real_terminal_is_asked_how_wide_it_is(tmp_path: Path, columns: int) -> None:
    clone = GitClone(tmp_path / "clone")
    clone.commit({POLICY: POLICY_TEXT, REQUEST: request("6").decode()}, "Begin")
    (clone.folder / REQUEST).write_bytes(request("7"))
    arguments = ["validate", "--directory", str(clone.folder)]
    plain = on_a_terminal(arguments, columns, NO_COLOR="1")
    assert "MLFLOW_TRACKING_URI" in plain
    assert max(map(len, plain.splitlines())) <= columns
    assert "\x1b" not in plain
    assert "\x1b[" in on_a_terminal(arguments, columns)
