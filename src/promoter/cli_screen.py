"""A person's terminal: where a command reads and writes, what it may draw there, and how errors are told."""

from __future__ import annotations

import io
import os
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TextIO, cast

from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.progress_lines import Lines, Notes, Stream
from promoter.adapters.progress_live import Live
from promoter.adapters.quiet_stream import QuietStream
from promoter.core.progress import UNTOLD, Progress
from promoter.ending import Stop
from promoter.errors import ExitCode, PromoterError
from promoter.inputs import Colour, Looks, looks
from promoter.render.terminal import Style

# Narrower than this nothing can be laid out; a terminal that says so lets lines run on.
_NARROWEST = 40


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """Where a command of a person's reads and writes. Results go to `out`, everything else to `err`.

    `stop` is asked by signals; `given` is what is typed. `style` is how results are shown, and `progress` is
    told of what takes long.
    """

    environ: MutableMapping[str, str]
    out: TextIO
    err: TextIO
    stop: Stop = field(default_factory=Stop)
    given: TextIO = field(default_factory=io.StringIO)
    style: Style = Style.PLAIN
    progress: Progress = UNTOLD


def for_person(terminal: Terminal, colour: Colour) -> Terminal:
    """The terminal with what suits its reader: colour, width, bars or lines."""
    found = looks(terminal.environ, colour)
    err = _quiet(terminal)
    progress = _drawn(err, found) or Lines(_log(err, found))
    return replace(terminal, err=err, style=_style(terminal.out, found), progress=progress)


def for_program(terminal: Terminal, colour: Colour, *, answer: io.StringIO) -> Terminal:
    """The same where a program reads the results: they are gathered in `answer`, and nothing else is."""
    found = looks(terminal.environ, colour)
    err = _quiet(terminal)
    return replace(terminal, out=answer, err=err, progress=_drawn(err, found) or Notes(Stream(err)))


def tell(error: PromoterError, terminal: Terminal) -> ExitCode:
    """Say on `err` what failed, why, and what to do; its exit code."""
    lines = [f"promoter: {error.message} [{error.reason}]"]
    lines += [f"  {problem}" for problem in error.problems]
    if error.hint.parts:
        lines.append(f"  {error.hint}")
    terminal.err.write("\n".join(lines) + "\n")
    return error.exit_code


def _quiet(terminal: Terminal) -> TextIO:
    return cast("TextIO", QuietStream(terminal.err))


def _drawn(err: TextIO, found: Looks) -> Live | None:
    """Bars, where the stream is a terminal that can have them."""
    if not err.isatty() or not found.moves:
        return None
    return Live(err, has_colour=found.colour is not Colour.NEVER, columns=_columns(err, found))


def _log(err: TextIO, found: Looks) -> ActionsRunner | Stream:
    if found.folds:
        return ActionsRunner(stream=err, output="", summary="", report_directory="")
    return Stream(err)


def _style(out: TextIO, found: Looks) -> Style:
    has_colour = found.colour is Colour.ALWAYS or (found.colour is Colour.AUTO and out.isatty())
    style = Style.COLOUR if has_colour else Style.PLAIN
    return replace(style, width=_columns(out, found)) if out.isatty() else style


def _columns(stream: TextIO, found: Looks) -> int | None:
    """How wide a terminal is; None where nobody knows."""
    columns = found.columns
    if columns is None:
        with suppress(OSError, ValueError):
            columns = os.get_terminal_size(stream.fileno()).columns
    return columns if columns is not None and columns >= _NARROWEST else None
