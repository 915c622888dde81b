"""Messages that keep our words apart from everybody else's.

A description, a tag, a model name or a server's error is text from outside. It is carried as `Quoted`
from the place where it entered to the renderer, which alone knows how its channel must escape it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

_LONGEST_QUOTE = 200
_SECOND_COLON = re.compile(r"(?<=:):")


@dataclass(frozen=True)
class Quoted:
    """A value from outside: never markup, never a command, never more than one line."""

    value: str


Part: TypeAlias = str | Quoted


@dataclass(frozen=True)
class Message:
    """One sentence or more; `str` parts are ours, `Quoted` parts are not."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return "".join(part if isinstance(part, str) else f"`{printable(part.value)}`" for part in self.parts)


NOTHING = Message(())


def say(*parts: Part) -> Message:
    """Put a message together: ``say("version ", quote(version), " is not ready")``."""
    return Message(tuple(parts))


def quote(value: object) -> Quoted:
    """Mark a value as coming from outside."""
    return Quoted(str(value))


def printable(value: str, *, longest: int = _LONGEST_QUOTE) -> str:
    """The value on one line, in at most `longest` characters, with every character that does not print,
    or that a reader may take for a line break or a workflow command, written as an escape."""
    # One character more than fits tells that something was cut; each gives at least one.
    text = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in value[: longest + 1]
    )
    # A runner reads `::name::` after trimming and `##[name]` anywhere in a line. What breaks them must be
    # seen: comparisons that follow a culture pass over characters of no width.
    text = _SECOND_COLON.sub(r"\\x3a", text).replace("##[", r"#\x23[").replace("`", "'")
    return text if len(text) <= longest else text[: longest - 1] + "…"
