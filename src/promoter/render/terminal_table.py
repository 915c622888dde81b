"""Aligned tables for a terminal, with or without colour."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum

from promoter.core.evidence import Outcome

GAP = "  "

_SHORT = 12


class Style(Enum):
    """Whether colour may be used; the words and signs are the same."""

    PLAIN = "plain"
    COLOUR = "colour"


class Paint(StrEnum):
    """Terminal colours, as the parameters of an SGR sequence."""

    NONE = ""
    BOLD = "1"
    FAINT = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"


OUTCOME_PAINTS = {
    Outcome.FAILED: Paint.RED,
    Outcome.ERROR: Paint.RED,
    Outcome.INCONCLUSIVE: Paint.YELLOW,
    Outcome.WARNED: Paint.YELLOW,
    Outcome.PASSED: Paint.GREEN,
    Outcome.SKIPPED: Paint.FAINT,
}


@dataclass(frozen=True)
class Cell:
    """Text without line breaks, and its colour."""

    text: str
    paint: Paint = Paint.NONE


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, style: Style) -> list[str]:
    """One line for the head and for each row."""
    lines = [[Cell(title, Paint.FAINT) for title in head], *rows]
    widths = [max(_width(cell.text) for cell in column) for column in zip(*lines, strict=True)]
    return [
        GAP.join(_padded(cell, width, style=style) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _padded(cell: Cell, width: int, *, style: Style) -> str:
    return paint(cell.text, cell.paint, style=style) + " " * (width - _width(cell.text))


def _width(text: str) -> int:
    """Columns a terminal gives to a text: two for wide letters, none for marks on the letter before."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def paint(text: str, colour: Paint, *, style: Style) -> str:
    """The text in colour, where colour may be used."""
    if style is Style.PLAIN or colour is Paint.NONE:
        return text
    return f"\x1b[{colour.value}m{text}\x1b[0m"


def looked_at(commit: str, *, policy: str, version: str) -> str:
    """The last line of a report: commit, the policy's digest and our version, as far as they are known."""
    parts = [
        f"Looked at {commit[:_SHORT]}" if commit else "",
        f"policy sha256:{policy[:_SHORT]}" if policy else "",
        f"Promoter {version}".rstrip(),
    ]
    return " · ".join(part for part in parts if part)
