"""Aligned tables for a terminal, with or without colour."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from itertools import zip_longest
from typing import ClassVar

from promoter.core.evidence import Outcome

GAP = "  "

_SHORT = 12
_NARROWEST = 8
_SGR = re.compile(r"\x1b\[[0-9]*m")
_BEGIN = re.compile(r"(?P<begin> *(?:(?:\x1b\[[0-9]+m)?\S(?:\x1b\[0m)? )?)(?P<rest>.*)")


class Colours(Enum):
    """Whether colour may be used; the words and signs are the same."""

    NONE = "none"
    SIXTEEN = "sixteen"


@dataclass(frozen=True, kw_only=True)
class Style:
    """What a reader's screen can show. `width` is in columns; None: a line may be as long as it is, as in a
    log or a file, where lines are searched."""

    colours: Colours
    width: int | None = None

    PLAIN: ClassVar[Style]
    COLOUR: ClassVar[Style]

    def narrower(self, columns: int) -> Style:
        """The same with so many columns less."""
        return replace(self, width=None if self.width is None else self.width - columns)


Style.PLAIN = Style(colours=Colours.NONE)
Style.COLOUR = Style(colours=Colours.SIXTEEN)


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
    """One line for the head and for each row; more where a cell does not fit the screen."""
    lines = [[Cell(title, Paint.FAINT) for title in head], *rows]
    widths = _fitted([[cell.text for cell in column] for column in zip(*lines, strict=True)], style.width)
    return [line for cells in lines for line in _lines(cells, widths, style=style)]


def _fitted(columns: Sequence[Sequence[str]], width: int | None) -> list[int]:
    """The widths of columns that fit side by side: the widest give way first, to their longest words at
    least, and where that is not enough to _NARROWEST."""
    widths = [max(map(_width, column)) for column in columns]
    if width is None:
        return widths
    room = width - len(GAP) * (len(columns) - 1)
    words = [max(_width(word) for text in column for word in _words(text)) for column in columns]
    for least in (words, [_NARROWEST] * len(columns)):
        while sum(widths) > room and (loose := [at for at, low in enumerate(least) if widths[at] > low]):
            widths[max(loose, key=widths.__getitem__)] -= 1
    return widths


def _lines(cells: Sequence[Cell], widths: Sequence[int], *, style: Style) -> Iterator[str]:
    """One row: its cells side by side, each folded into its column."""
    columns = [
        [Cell(part, cell.paint) for part in folded(cell.text, width)]
        for cell, width in zip(cells, widths, strict=True)
    ]
    for line in zip_longest(*columns, fillvalue=Cell("")):
        padded = (_padded(cell, width, style=style) for cell, width in zip(line, widths, strict=True))
        yield GAP.join(padded).rstrip()


def folded(text: str, width: int) -> list[str]:
    """The text in lines of at most so many columns, broken between words, and inside those that are longer.

    At least one line. A letter that is wider than the whole column stays.
    """
    if _width(text) <= width:
        return [text]
    lines = [""]
    for word in _words(text):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if _width(joined) <= width:
            lines[-1] = joined
            continue
        pieces = _pieces(word, width)
        lines[-1:] = [lines[-1], *pieces] if lines[-1] else pieces
    return lines


def _words(text: str) -> list[str]:
    """What is kept on one line if it fits: a sign at the beginning stays with the word after it."""
    words = text.split(" ")
    return [" ".join(words[:2]), *words[2:]] if _width(words[0]) == 1 else words


def _pieces(word: str, width: int) -> list[str]:
    pieces = [""]
    for char in word:
        if pieces[-1] and _width(pieces[-1] + char) > width:
            pieces.append("")
        pieces[-1] += char
    return pieces


def _padded(cell: Cell, width: int, *, style: Style) -> str:
    return paint(cell.text, cell.paint, style=style) + " " * (width - _width(cell.text))


def page(blocks: Iterable[Sequence[str]], *, style: Style) -> str:
    """Blocks with an empty line between them and a line break at the end. A sentence that does not fit the
    screen goes on below its beginning; what is aligned is left as it is."""
    told = [[part for line in block for part in sentence(line, style=style)] for block in blocks]
    return "\n\n".join("\n".join(block) for block in told if block) + "\n"


def sentence(line: str, *, style: Style) -> list[str]:
    """A line, indented and with a sign or not, in as many as the screen needs."""
    begin = _BEGIN.match(line)
    if style.width is None or begin is None or GAP in begin["rest"]:
        return [line]
    hang = _width(begin["begin"])
    first, *others = folded(begin["rest"], max(style.width - hang, _NARROWEST))
    return [begin["begin"] + first, *(" " * hang + other for other in others)]


def _width(text: str) -> int:
    """Columns a terminal gives to a text: two for wide letters, none for marks on the letter before, and none
    for colours."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in _SGR.sub("", text)
    )


def paint(text: str, colour: Paint, *, style: Style) -> str:
    """The text in colour, where colour may be used."""
    if style.colours is Colours.NONE or colour is Paint.NONE or not text:
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
