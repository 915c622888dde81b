"""Curves of both models' scores: ROC, precision and recall, calibration."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from promoter.core.pictures import Point, ScoreCurves, Scores
from promoter.render.drawing import Chart, Frame, Ink, Sheet
from promoter.render.drawing_axes import SHARES, WHOLE, across, upwards
from promoter.render.html_text import code, text

_HEIGHT = 304.0
_CHAMPION, _CHALLENGER = "champion", "challenger"
# Dots of a calibration curve: the most and the fewest rows, in pixels across
_LARGEST, _SMALLEST = 11.0, 3.0
_DASHES = (0, (5.0, 3.0))
# Of thresholds with one false positive rate, the one that finds most; of those with one recall, the first.
_LAST, _FIRST = -1, 0
_Of = Callable[[ScoreCurves], tuple[Point, ...]]


def charts(found: Scores | None) -> Iterator[Chart]:
    """One chart for each kind of curve that the challenger has."""
    if found is None:
        return
    if _roc(found.challenger):
        yield _roc_chart(found)
    if _precision_recall(found.challenger):
        yield _precision_recall_chart(found)
    if _calibration(found.challenger):
        yield _calibration_chart(found)


def _models(found: Scores, of: _Of) -> tuple[tuple[str, ScoreCurves], ...]:
    """Who has such a curve; the champion first, so that the challenger is drawn over it."""
    both = ((_CHAMPION, found.champion), (_CHALLENGER, found.challenger))
    return tuple((role, one) for role, one in both if one is not None and of(one))


def _roc(of: ScoreCurves) -> tuple[Point, ...]:
    return of.roc


def _precision_recall(of: ScoreCurves) -> tuple[Point, ...]:
    return of.precision_recall


def _calibration(of: ScoreCurves) -> tuple[Point, ...]:
    return of.calibration


def _roles(found: Scores, of: _Of) -> tuple[str, ...]:
    return tuple(role for role, _ in _models(found, of))[::-1]


def _frame() -> Frame:
    return Frame(x=WHOLE, y=WHOLE, height=_HEIGHT, left=46.0, right=22.0, top=28.0, bottom=44.0)


def _roc_chart(found: Scores) -> Chart:
    return Chart(
        name="roc",
        title="ROC curve",
        told="False positive rate across, true positive rate up. " + _told(found, _roc, at=0.1, which=_LAST),
        frame=_frame(),
        roles=_roles(found, _roc),
        draw=partial(_draw_roc, found),
        caption="ROC",
        note=text("Nearer to the upper left is better; on the thin line a model is as good as chance."),
    )


def _precision_recall_chart(found: Scores) -> Chart:
    return Chart(
        name="precision-recall",
        title="Precision and recall",
        told="Recall across, precision up. " + _told(found, _precision_recall, at=0.5, which=_FIRST),
        frame=_frame(),
        roles=_roles(found, _precision_recall),
        draw=partial(_draw_precision_recall, found),
        caption="Precision and recall",
        note=text("Nearer to the upper right is better; the thin line is the share of ")
        + code(found.positive)
        + text(f" among all rows, {100 * found.share:.3g} %."),
    )


def _calibration_chart(found: Scores) -> Chart:
    return Chart(
        name="calibration",
        title="Calibration",
        told="Mean score across, share of positive rows up, one dot for each bin of scores. "
        + ". ".join(
            f"The {role} is off by {_off(of):.3f} on average" for role, of in _models(found, _calibration)
        ),
        frame=_frame(),
        roles=_roles(found, _calibration),
        draw=partial(_draw_calibration, found),
        caption="Calibration",
        note=text(
            "On the thin line scores are true probabilities; below it the model promises too much. "
            "A larger dot stands for more rows."
        ),
    )


def _told(found: Scores, of: _Of, *, at: float, which: int) -> str:
    models = _models(found, of)
    return ". ".join(f"The {role} is at {_up(of(one), at, which=which):.2f} for {at}" for role, one in models)


def _up(points: Sequence[Point], at: float, *, which: int) -> float:
    """How high a drawn curve is at a place; where it goes straight up or down there, at the `which` of its
    points."""
    here = [y for x, y in points if x == at]
    if here:
        return here[which]
    after = bisect_left(points, (at, 0.0))
    if not 0 < after < len(points):
        return points[min(after, len(points) - 1)][1]
    (left, low), (right, high) = points[after - 1 : after + 1]
    return low + (high - low) * (at - left) / (right - left)


def _off(of: ScoreCurves) -> float:
    """How far scores are from the shares they promise, on average over the rows (expected calibration
    error)."""
    rows = sum(of.calibration_rows)
    pairs = zip(of.calibration, of.calibration_rows, strict=True)
    return sum(count * abs(y - x) for (x, y), count in pairs) / rows if rows else 0.0


def _draw_roc(found: Scores, sheet: Sheet) -> None:
    _field(sheet, ("false positive rate", "true positive rate"), by_chance=(WHOLE, WHOLE))
    _curves(sheet, found, of=_roc)


def _draw_precision_recall(found: Scores, sheet: Sheet) -> None:
    _field(sheet, ("recall", "precision"), by_chance=(WHOLE, (found.share, found.share)))
    _curves(sheet, found, of=_precision_recall)


def _draw_calibration(found: Scores, sheet: Sheet) -> None:
    _field(sheet, ("mean score", "share of positive rows"), by_chance=(WHOLE, WHOLE))
    _curves(sheet, found, of=_calibration)
    for role, of in _models(found, _calibration):
        most = max(of.calibration_rows, default=0)
        for (x, y), count in zip(of.calibration, of.calibration_rows, strict=True):
            size = max(_SMALLEST, _LARGEST * math.sqrt(count / most)) if most else _SMALLEST
            colour = Ink(role).colour
            sheet.axes.plot(
                x,
                y,
                marker="o",
                linestyle="none",
                markersize=size,
                color=colour,
                alpha=0.75,
                clip_on=False,
            )


def _field(sheet: Sheet, titles: tuple[str, str], *, by_chance: tuple[Point, Point]) -> None:
    across(sheet, SHARES, title=titles[0])
    upwards(sheet, SHARES, title=titles[1])
    sheet.axes.plot(*by_chance, color=Ink.SOFT.colour, linewidth=1, clip_on=False)


def _curves(sheet: Sheet, found: Scores, *, of: _Of) -> None:
    for role, one in _models(found, of):
        points = of(one)
        sheet.axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            color=Ink(role).colour,
            linewidth=2,
            linestyle=_DASHES if role == _CHAMPION else "solid",
            clip_on=False,
        )
