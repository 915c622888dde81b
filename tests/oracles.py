"""What other programs make of our output, written from their own source or published behaviour.

`runner_command` follows the parser of GitHub's runner (actions/runner, src/Runner.Common/ActionCommand.cs).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

# The commands a runner registers; their names are matched without regard to case.
RUNNER_COMMANDS = frozenset(
    {
        "add-mask",
        "add-matcher",
        "add-path",
        "debug",
        "echo",
        "endgroup",
        "error",
        "group",
        "internal-set-repo-path",
        "notice",
        "remove-matcher",
        "save-state",
        "set-env",
        "set-output",
        "stop-commands",
        "warning",
    }
)
_KEY = "::"
_OLD_PREFIX = "##["
_UNDO_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_UNDO_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
_UNDO_OLD = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%"))


@dataclass(frozen=True)
class RunnerCommand:
    """A command as the runner would carry it out."""

    name: str
    data: str
    properties: dict[str, str] = field(default_factory=dict)


def runner_commands(output: str) -> tuple[RunnerCommand, ...]:
    """Every command in a step's output. .NET ends a line at CR, LF or both, and nowhere else."""
    found = (runner_command(line) for line in re.split(r"\r\n|\r|\n", output))
    return tuple(command for command in found if command is not None)


def runner_command(line: str) -> RunnerCommand | None:
    """The command in one line, new form first; None when it is only text.

    .NET compares strings by culture unless told otherwise, and the runner does not tell it: characters that
    ICU ignores may stand inside `::` and `##[`. Both readings are tried, the plain one first.
    """
    for ignored in ("", _IGNORABLE):
        found = _new_form(line, ignored) or _old_form(line, ignored)
        if found is not None:
            return found
    return None


_IGNORABLE = (
    "".join(
        re.escape(char)
        for char in map(chr, [*range(0x20), *range(0x7F, 0xA0), 0xAD, 0x34F, 0x61C, *range(0x180B, 0x180F)])
        if not char.isspace()
    )
    + "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
)


def _positions(text: str, token: str, ignored: str) -> Iterator[int]:
    between = f"[{ignored}]*" if ignored else ""
    for match in re.finditer(f"(?=({between.join(map(re.escape, token))}))", text):
        yield match.start()


def _find(text: str, token: str, *, start: int, ignored: str) -> int:
    return next((position for position in _positions(text, token, ignored) if position >= start), -1)


def _new_form(line: str, ignored: str) -> RunnerCommand | None:
    # TrimStart() takes away what Unicode calls white space; a culture also skips what it ignores.
    text = re.sub(f"^[{ignored}]+", "", line.lstrip()) if ignored else line.lstrip()
    if _find(text, _KEY, start=0, ignored=ignored) != 0:
        return None
    end = _find(text, _KEY, start=len(_KEY), ignored=ignored)
    if end < 0:
        return None
    name, _, rest = text[len(_KEY) : end].partition(" ")
    if name.casefold() not in RUNNER_COMMANDS:
        return None
    pairs = (part.split("=", 1) for part in rest.strip().split(",") if part)
    properties = {pair[0]: _undone(pair[1], _UNDO_PROPERTY) for pair in pairs if len(pair) == 2}
    return RunnerCommand(name.casefold(), _undone(text[end + len(_KEY) :], _UNDO_DATA), properties)


def _old_form(line: str, ignored: str) -> RunnerCommand | None:
    start = _find(line, _OLD_PREFIX, start=0, ignored=ignored)
    end = line.find("]", start) if start >= 0 else -1
    if end < 0:
        return None
    name, _, _ = line[start + len(_OLD_PREFIX) : end].partition(" ")
    if name.casefold() not in RUNNER_COMMANDS:
        return None
    return RunnerCommand(name.casefold(), _undone(line[end + 1 :], _UNDO_OLD))


def _undone(text: str, mapping: tuple[tuple[str, str], ...]) -> str:
    for written, meant in mapping:
        text = text.replace(written, meant)
    return text


def unprintable(text: str) -> set[str]:
    """Characters that a reader cannot see or that reorder what he sees, line feeds aside."""
    return {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}} - {
        "\n"
    }
