"""Intervals as letters of equal width: for a comment's code block, and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from promoter.core.report import RequestReport
from promoter.render.intervals import Line, Plot, change_in_words, percent
from promoter.render.scores import level_of, measurement_of
from promoter.render.words import OUTCOME_SIGNS
from promoter.text import Message, say

# With its indent a line fits a phone of 360 pixels.
_WIDTH = 34
_INDENT = "  "
_ZERO, _LIMIT, _BOTH, _DOT = "│", "┊", "┃", "●"
LESS, MORE = "\u2039", "\u203a"


def rows(plot: Plot) -> list[str]:
    """Two lines for each metric, and the axis: our own words and numbers only."""
    lines = [text for line in plot.lines for text in (_head(line), _INDENT + _drawn(line, plot))]
    return [text.rstrip() for text in (*lines, _INDENT + _axis(plot))]


def legend(request: RequestReport, plot: Plot) -> Message:
    """What the signs mean; those that are not there are left out."""
    found = measurement_of(request)
    level = f", with {level_of(found)} confidence" if found is not None else ""
    drawn = "".join(_drawn(line, plot) for line in plot.lines)
    signs = (
        f"├─{_DOT}─┤ is the change and where it truly lies{level}",
        f"{_ZERO} is no change",
        f"{_LIMIT} is the rule's limit" if _LIMIT in drawn else "",
        f"{_BOTH} is both" if _BOTH in drawn else "",
        f"{LESS} and {MORE} go on beyond the axis" if {LESS, MORE} & set(drawn) else "",
        f"{plot.left_out:,} more are in the table only" if plot.left_out else "",
    )
    told = "; ".join(sign for sign in signs if sign)
    axis = "Change in % of the champion's figure. To the right is better, also where less is better. "
    return say(axis, f"{told}.")


def _head(line: Line) -> str:
    name = f"{OUTCOME_SIGNS[line.outcome]} {line.name}"
    room = len(_INDENT) + _WIDTH - len(name)
    return f"{name}{change_in_words(line).rjust(room) if room > 0 else change_in_words(line)}"


def _drawn(line: Line, plot: Plot) -> str:
    columns = [" "] * _WIDTH
    zero = _column(0.0, plot)
    marks = [(0.0, zero)]
    if line.least is not None and plot.holds(line.least):
        limit = zero if line.least == 0 else _beside(line.least, marks, plot=plot)
        marks.append((line.least, limit))
    if line.upper >= plot.begin and line.lower <= plot.end:
        lower, better, upper = (
            _beside(one, marks, plot=plot) for one in (line.lower, line.better, line.upper)
        )
        columns[lower : upper + 1] = "─" * (upper + 1 - lower)
        columns[lower], columns[upper] = "├", "┤"
        columns[better] = _DOT
    _mark(columns, marks)
    if line.lower < plot.begin:
        columns[0] = LESS
    if line.upper > plot.end:
        columns[-1] = MORE
    return "".join(columns)


def _mark(columns: list[str], marks: Sequence[tuple[float, int]]) -> None:
    """Zero and the limit, where nothing but the line is."""
    signs = {column: sign for (_, column), sign in zip(marks, (_ZERO, _LIMIT), strict=False)}
    if len(marks) > len(signs):
        signs = {marks[0][1]: _BOTH}
    for column, sign in signs.items():
        if columns[column] in " ─":
            columns[column] = "┼" if columns[column] == "─" and sign == _ZERO else sign


def _beside(value: float, marks: Sequence[tuple[float, int]], *, plot: Plot) -> int:
    """The column of a value: never that of a mark on which it does not lie."""
    column = _column(value, plot)
    for at, taken in marks:
        if column == taken and value != at:
            column += 1 if value > at else -1
    return min(max(column, 0), _WIDTH - 1)


def _axis(plot: Plot) -> str:
    zero = _column(0.0, plot)
    columns = list(" " * zero + "0" + " " * (_WIDTH - 1 - zero))
    begin, end = percent(plot.begin), percent(plot.end)
    if len(begin) < zero:
        columns[: len(begin)] = begin
    if zero + len(end) + 1 < _WIDTH:
        columns[_WIDTH - len(end) :] = end
    return "".join(columns)


def _column(value: float, plot: Plot) -> int:
    return round(plot.share(value) * (_WIDTH - 1))
