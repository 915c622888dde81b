"""What charts have in common: an axis along each side, who is who, and words that fit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from unicodedata import east_asian_width

from promoter.core.pictures import Point
from promoter.render.drawing import Anchor, Ink, Sheet
from promoter.render.markdown import visible

# Of the font in which text from outside is written, in pixels
CELL = 6.7
_MIDDLE_OF_A_LINE = 4.0
BELOW, _BESIDE = 18.0, -6.0
_MOST_TICKS = 4
_MINUS = "\N{MINUS SIGN}"
# From which size on a unit is used, and what it is; smaller figures have four digits at most.
_LARGEST = 1e15
_UNITS = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))

SHARES = ((0.0, "0"), (0.5, "50\N{NO-BREAK SPACE}%"), (1.0, "100\N{NO-BREAK SPACE}%"))
WHOLE = (0.0, 1.0)


def ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """A few round numbers between two, each with how it is written."""
    from matplotlib.ticker import MaxNLocator

    found = MaxNLocator(nbins=_MOST_TICKS, steps=[1, 2, 5, 10]).tick_values(low, high)
    return tuple((float(one), number(float(one))) for one in found if low <= one <= high)


def number(value: float) -> str:
    """A figure in little room: "0", "2.5", "1,200", "15k", "1.5M", "1e+20"."""
    size = abs(value)
    units = _UNITS if size < _LARGEST else ()
    whole, unit = next(((one, sign) for least, one, sign in units if size >= least), (1.0, ""))
    return f"{value / whole + 0.0:,.4g}".replace("-", _MINUS) + unit


def across(sheet: Sheet, marks: Iterable[tuple[float, str]], *, title: str = "") -> None:
    """The axis at the foot: faint lines up through the field, labels below them."""
    frame = sheet.frame
    low, high = frame.y
    for place, label in marks:
        sheet.axes.plot((place, place), (low, high), color=Ink.LINE.colour, linewidth=1, zorder=0)
        sheet.words((place, low), escape(label), anchor=Anchor.MIDDLE, shift=(0.0, BELOW))
    middle = (frame.x[0] + frame.x[1]) / 2
    if title:
        sheet.words((middle, low), escape(title), anchor=Anchor.MIDDLE, shift=(0.0, 2 * BELOW))


def upwards(sheet: Sheet, marks: Iterable[tuple[float, str]], *, title: str) -> None:
    """The axis at the left: faint lines through the field, labels beside them, the title above."""
    low, high = sheet.frame.x
    for place, label in marks:
        sheet.axes.plot((low, high), (place, place), color=Ink.LINE.colour, linewidth=1, zorder=0)
        sheet.words((low, place), escape(label), anchor=Anchor.END, shift=(_BESIDE, _MIDDLE_OF_A_LINE))
    sheet.words((low, sheet.frame.y[1]), escape(title), shift=(-sheet.frame.left + 4.0, -10.0))


def beside(sheet: Sheet, at: Point, *, inner: str, kind: str = "") -> None:
    """A row's label at the left of the field."""
    sheet.words(at, inner, anchor=Anchor.END, kind=kind, shift=(_BESIDE, _MIDDLE_OF_A_LINE))


def given(value: str, *, width: float) -> str:
    """Text from outside, cut to a width in pixels: in its font every character is as wide as another, or
    twice as wide."""
    room = math.floor(width / CELL)
    kept: list[str] = []
    for char in visible(value, longest=room):
        room -= 2 if east_asian_width(char) in "WF" else 1
        if room < 0:
            kept[-1:] = "…"
            break
        kept.append(char)
    return f"<tspan>{escape(''.join(kept))}</tspan>"
