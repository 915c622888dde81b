"""Slices as dots with intervals: where the challenger gains and where it loses, one chart for each metric."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from promoter.core.report import RequestReport
from promoter.render.drawing import Anchor, Chart, Frame, Ink, Sheet
from promoter.render.drawing_axes import across, given, number
from promoter.render.figures import finite
from promoter.render.html_text import code, text
from promoter.render.intervals import Line, axis
from promoter.render.scores import Row, level_of, measurement_of, slices
from promoter.render.words import OUTCOME_SIGNS

_MOST_METRICS, _MOST_ROWS = 4, 20
_ROW, _HEAD, _FOOT = 40.0, 8.0, 28.0
# Labels reach so far above their row's line.
_ABOVE = -12.0
_SIDE = 24.0
# Labels begin nearer to the chart's edge than the field does.
_EDGE = 8.0
_FIGURES = 70.0


@dataclass(frozen=True, kw_only=True)
class _Slice:
    row: Row
    line: Line


def charts(request: RequestReport) -> Iterator[Chart]:
    """Those metrics that have a change; the worst slices first."""
    found = slices(request)
    rows = [(row, _line(row)) for row in found.rows] if found is not None else []
    known = [_Slice(row=row, line=line) for row, line in rows if line is not None]
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


def _chart(of: Sequence[_Slice], metric: str, *, request: RequestReport, at: int) -> Chart:
    shown = of[:_MOST_ROWS]
    worse = sum(one.line.upper < 0 for one in of)
    better = sum(one.line.lower > 0 for one in of)
    counted = f"{len(of):,} slice{'s' if len(of) > 1 else ''}"
    return Chart(
        name=f"slices-{at}",
        title="Change in each slice",
        told=f"{counted}: {worse:,} clearly worse, {better:,} clearly better",
        frame=Frame(
            x=axis([one.line for one in shown]),
            y=(len(shown) - 0.3, -0.7),
            height=_ROW * len(shown) + _HEAD + _FOOT,
            left=_SIDE,
            right=_SIDE,
            top=_HEAD,
            bottom=_FOOT,
        ),
        draw=partial(_draw, shown),
        caption=f"Slices: change of {code(metric)}",
        note=text(_note(request, len(of) - len(shown))),
    )


def _note(request: RequestReport, left: int) -> str:
    found = measurement_of(request)
    level = f" with {level_of(found)} confidence" if found is not None else ""
    more = f" {left:,} more are in the table only." if left else ""
    return (
        "To the right is better, also where less is better. The line through a dot is where the change truly "
        f"lies{level}, the dashed mark the rule's limit. Lines are cut at the ends of the axis.{more}"
    )


def _draw(shown: Sequence[_Slice], sheet: Sheet) -> None:
    begin, end = sheet.frame.x
    # Labels beside each other need room.
    places = [one for one in (begin, end) if abs(one) > 0.15 * (end - begin)]
    across(sheet, [(one, _signed(one)) for one in (*places, 0.0)])
    sheet.axes.plot((0, 0), sheet.frame.y, color=Ink.SOFT.colour, linewidth=1.2, clip_on=False)
    for row, one in enumerate(shown):
        _label(sheet, row, one=one)
        _dot(sheet, row, line=one.line)


def _signed(value: float) -> str:
    return f"+{number(value)}" if value > 0 else number(value)


def _label(sheet: Sheet, row: int, *, one: _Slice) -> None:
    begin, end = sheet.frame.x
    rows = one.row.comparison.rows
    room = sheet.frame.width - 2 * _EDGE - _FIGURES - 14.0
    name = given(one.row.parts[0], width=room)
    sheet.words(
        (begin, row), OUTCOME_SIGNS[one.row.outcome], kind="named over", shift=(_EDGE - _SIDE, _ABOVE)
    )
    sheet.words((begin, row), name, kind="given over", shift=(_EDGE - _SIDE + 14.0, _ABOVE))
    counted = f"{rows:,} rows" if rows is not None else ""
    sheet.words((end, row), counted, anchor=Anchor.END, kind="over", shift=(_SIDE - _EDGE, _ABOVE))


def _dot(sheet: Sheet, row: int, *, line: Line) -> None:
    begin, end = sheet.frame.x
    axes = sheet.axes
    ink = Ink.GOOD if line.lower > 0 else Ink.BAD if line.upper < 0 else Ink.UNSURE
    if line.least is not None and begin <= line.least <= end:
        ends = (row - 0.2, row + 0.2)
        place = (line.least, line.least)
        axes.plot(place, ends, color=Ink.INK.colour, linewidth=1.5, linestyle=(0, (2, 2)), clip_on=False)
    lower, upper = (min(max(one, begin), end) for one in (line.lower, line.upper))
    if lower < upper:
        axes.plot(
            (lower, upper), (row, row), color=ink.colour, linewidth=4, alpha=0.5, solid_capstyle="butt",
            clip_on=False,
        )  # fmt: skip
    if begin <= line.better <= end:
        axes.plot(
            line.better, row, marker="o", linestyle="none", markersize=8, color=ink.colour, clip_on=False
        )
