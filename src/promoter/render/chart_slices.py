"""Slices as dots with intervals: where the challenger gains and where it loses, one chart for each metric."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from promoter.core.report import RequestReport
from promoter.render.drawing import Anchor, Chart, Frame, Ink, Sheet
from promoter.render.drawing_axes import BELOW, CELL, given, number
from promoter.render.figures import finite
from promoter.render.html_text import code, text
from promoter.render.intervals import Line, axis, usual
from promoter.render.scores import Row, level_of, measurement_of, slices
from promoter.render.words import OUTCOME_SIGNS

_MOST_METRICS, _MOST_ROWS = 4, 20
_ROW, _HEAD, _FOOT = 40.0, 8.0, 28.0
# Labels reach so far above their row's line; in rows, what stands upright leaves them room above and below.
_ABOVE = -12.0
_UP, _DOWN = 0.2, 0.36
# Rows begin so far above the first one's line, and end so far below the last one's.
_FIRST, _LAST = 0.7, 0.7
# Nearer to zero there is no unit to count in.
_NEAREST_ZERO = 1e-300
_SIDE = 24.0
# Labels begin nearer to the chart's edge than the field does.
_EDGE = 8.0
_FIGURES = 70.0


@dataclass(frozen=True, kw_only=True)
class _Slice:
    """`line` counts in the chart's unit, `change` in the metric's own; more is better in both."""

    row: Row
    line: Line
    change: float

    @property
    def is_sure(self) -> bool:
        """Whether it has an interval: without one, nobody knows whether the change is more than luck."""
        return finite(self.row.comparison.lower) is not None and finite(self.row.comparison.upper) is not None

    @property
    def ink(self) -> Ink:
        """Good or bad only where the whole interval is."""
        if not self.is_sure:
            return Ink.UNSURE
        return Ink.GOOD if self.line.lower > 0 else Ink.BAD if self.line.upper < 0 else Ink.UNSURE


def charts(request: RequestReport) -> Iterator[Chart]:
    """Those metrics that have a change; the worst slices first."""
    found = slices(request)
    rows = [(row, _line(row)) for row in found.rows] if found is not None else []
    known = [_Slice(row=row, line=line, change=line.better) for row, line in rows if line is not None]
    metrics = dict.fromkeys(one.row.parts[1] for one in known)
    for at, metric in enumerate(list(metrics)[:_MOST_METRICS], start=1):
        of = [one for one in known if one.row.parts[1] == metric]
        yield _chart(of, metric, request=request, at=at)


def _line(row: Row) -> Line | None:
    """In the metric's own unit, turned so that more is better; an unknown end is the change itself."""
    found = row.comparison
    change, least = finite(found.change), finite(found.least)
    if change is None:
        return None
    sign = 1.0 if found.greater_is_better else -1.0
    lower, upper = finite(found.lower), finite(found.upper)
    known = lower is not None and upper is not None
    ends = sorted(sign * one for one in ((lower, upper) if known else (change, change)) if one is not None)
    return Line(
        name="", outcome=row.outcome, better=sign * change, lower=ends[0], upper=ends[-1], least=least
    )


def _unit(of: Sequence[_Slice]) -> float:
    """The power of ten in which these changes are numbers of an axis, however small or large they are."""
    width = usual([max(abs(one.line.lower), abs(one.line.upper)) for one in of])
    return 10.0 ** math.floor(math.log10(width)) if width > _NEAREST_ZERO else 1.0


def _in_unit(one: _Slice, unit: float) -> _Slice:
    line = one.line
    least = finite(line.least / unit) if line.least is not None else None
    better, lower, upper = (end / unit for end in (line.better, line.lower, line.upper))
    return replace(one, line=replace(line, better=better, lower=lower, upper=upper, least=least))


def _in_words(of: Sequence[_Slice]) -> str:
    inks = [one.ink for one in of if one.is_sure]
    told = [f"{inks.count(Ink.BAD):,} clearly worse, {inks.count(Ink.GOOD):,} clearly better"] if inks else []
    if unsure := len(of) - len(inks):
        told.append(f"{unsure:,} without an interval")
    return f"{len(of):,} slice{'s' if len(of) > 1 else ''}: {', '.join(told)}"


def _chart(of: Sequence[_Slice], metric: str, *, request: RequestReport, at: int) -> Chart:
    unit = _unit(of[:_MOST_ROWS])
    shown = [_in_unit(one, unit) for one in of[:_MOST_ROWS]]
    return Chart(
        name=f"slices-{at}",
        title="Change in each slice",
        told=_in_words(of),
        frame=Frame(
            x=axis([one.line for one in shown]),
            y=(len(shown) - 1 + _LAST, -_FIRST),
            height=_ROW * (len(shown) - 1 + _FIRST + _LAST) + _HEAD + _FOOT,
            left=_SIDE,
            right=_SIDE,
            top=_HEAD,
            bottom=_FOOT,
        ),
        draw=partial(_draw, shown, unit=unit),
        caption=f"Slices: change of {code(metric)}",
        note=text(_note(shown, request, left=len(of) - len(shown))),
    )


def _note(shown: Sequence[_Slice], request: RequestReport, *, left: int) -> str:
    found = measurement_of(request)
    level = f" with {level_of(found)} confidence" if found is not None else ""
    more = f" {left:,} more are in the table only." if left else ""
    sure = (
        f" The line through a dot is where the change truly lies{level}."
        if any(one.is_sure for one in shown)
        else ""
    )
    return (
        f"To the right is better, also where less is better.{sure} The dashed mark is the rule's limit; "
        f"what ends in an arrow goes on beyond the axis.{more}"
    )


def _draw(shown: Sequence[_Slice], sheet: Sheet, *, unit: float) -> None:
    begin, end = sheet.frame.x
    # Labels beside each other need room.
    places = [one for one in (begin, end) if abs(one) > 0.15 * (end - begin)]
    for place in (*places, 0.0):
        _upright(sheet, place, rows=len(shown))
        if math.isfinite(place * unit):
            at = (place, sheet.frame.y[0])
            sheet.words(at, _signed(place * unit), anchor=Anchor.MIDDLE, shift=(0.0, BELOW))
    for row, one in enumerate(shown):
        _label(sheet, row, one=one)
        _mark(sheet, row, one=one)


def _upright(sheet: Sheet, place: float, *, rows: int) -> None:
    """A line of the axis, broken where labels are."""
    x = [place, place, math.nan] * rows
    y = [end for row in range(rows) for end in (row - _UP, row + _DOWN, math.nan)]
    ink, width = (Ink.LINE, 1.0) if place else (Ink.SOFT, 1.2)
    sheet.axes.plot(x, y, color=ink.colour, linewidth=width, zorder=0, clip_on=False)


def _signed(value: float) -> str:
    return f"+{number(value)}" if value > 0 else number(value)


def _label(sheet: Sheet, row: int, *, one: _Slice) -> None:
    begin, end = sheet.frame.x
    rows = one.row.comparison.rows
    counted = f"{rows:,} rows" if rows is not None else ""
    far = "" if begin <= one.line.better <= end else _signed(one.change)
    room = sheet.frame.width - 2 * _EDGE - _FIGURES - 14.0 - CELL * len(far)
    name = given(one.row.parts[0], width=room)
    sheet.words(
        (begin, row), OUTCOME_SIGNS[one.row.outcome], kind="named over", shift=(_EDGE - _SIDE, _ABOVE)
    )
    sheet.words((begin, row), name, kind="given over", shift=(_EDGE - _SIDE + 14.0, _ABOVE))
    counted = " · ".join(part for part in (far, counted) if part)
    sheet.words((end, row), counted, anchor=Anchor.END, kind="over", shift=(_SIDE - _EDGE, _ABOVE))


def _mark(sheet: Sheet, row: int, *, one: _Slice) -> None:
    """Dot, interval and limit of a slice; an arrow at an end of the axis beyond which they go on."""
    begin, end = sheet.frame.x
    axes, line, ink = sheet.axes, one.line, one.ink
    if line.least is not None and begin <= line.least <= end:
        ends = (row - _UP, row + _UP)
        place = (line.least, line.least)
        axes.plot(place, ends, color=Ink.INK.colour, linewidth=1.5, linestyle=(0, (2, 2)), clip_on=False)
    lower, upper = (min(max(place, begin), end) for place in (line.lower, line.upper))
    if lower < upper:
        axes.plot(
            (lower, upper), (row, row), color=ink.colour, linewidth=4, alpha=0.5, solid_capstyle="butt",
            clip_on=False,
        )  # fmt: skip
    if begin <= line.better <= end:
        axes.plot(
            line.better, row, marker="o", linestyle="none", markersize=8, color=ink.colour, clip_on=False
        )
    arrows = {begin: "<"} if line.lower < begin else {}
    arrows |= {end: ">"} if line.upper > end else {}
    for edge, arrow in arrows.items():
        axes.plot(edge, row, marker=arrow, linestyle="none", markersize=9, color=ink.colour, clip_on=False)
