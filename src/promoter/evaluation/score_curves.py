"""Curves of one model's scores as points to draw: ROC and precision-recall, and how well it is calibrated.

Points are scikit-learn's (`roc_curve`, `precision_recall_curve`, `calibration_curve`), fewer of them.
Precision over recall goes in steps: to find a little more than at one threshold is to have the precision of
the next. The area is that of `average_precision_score`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from promoter.core.pictures import Point, ScoreCurves
from promoter.evaluation.figures import FloatArray, IntArray

MOST_POINTS = 200
_BY_SHAPE = 100
"""So many points are chosen by shape; the others keep the area under the curve."""
CALIBRATION_BINS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Steps:
    """Rows of each distinct score (m,), from the highest score down: those of the positive class, and others.
    There is at least one row of either."""

    positives: IntArray
    negatives: IntArray

    @property
    def share(self) -> float:
        """How much of the rows is of the positive class."""
        positives, negatives = int(self.positives.sum()), int(self.negatives.sum())
        return positives / (positives + negatives)


def steps_of(is_positive: NDArray[np.bool_], scores: FloatArray) -> Steps | None:
    """The steps of scores (n,); None where all rows are of one kind."""
    if is_positive.all() or not is_positive.any():
        return None
    order = np.argsort(scores)[::-1]
    ordered = scores[order]
    starts = np.append(0, np.flatnonzero(np.diff(ordered)) + 1)
    positives = np.add.reduceat(is_positive[order].astype(np.int64), starts)
    return Steps(positives=positives, negatives=np.diff(starts, append=len(scores)) - positives)


class Calibration:
    """Rows by score in bins of one width on [0, 1], filled batch by batch."""

    def __init__(self) -> None:
        self._edges = np.linspace(0.0, 1.0, CALIBRATION_BINS + 1)[1:-1]
        self._rows = np.zeros(CALIBRATION_BINS, dtype=np.int64)
        self._positives = np.zeros(CALIBRATION_BINS, dtype=np.int64)
        self._sums = np.zeros(CALIBRATION_BINS)
        self.within = True

    def add(self, is_positive: NDArray[np.bool_], scores: FloatArray) -> None:
        """Count rows (n,); once a score is beyond 0 or 1, `within` is False, and scores are no
        probabilities."""
        self.within = self.within and bool(((scores >= 0) & (scores <= 1)).all())
        at = np.searchsorted(self._edges, scores)
        self._rows += np.bincount(at, minlength=CALIBRATION_BINS)
        self._positives += np.bincount(at[is_positive], minlength=CALIBRATION_BINS)
        self._sums += np.bincount(at, weights=scores, minlength=CALIBRATION_BINS)

    def points(self) -> tuple[tuple[Point, ...], tuple[int, ...]]:
        """(mean score, share of positive rows) of each bin that has rows, and its rows."""
        filled = self._rows > 0
        rows = self._rows[filled]
        points = _points(self._sums[filled] / rows, self._positives[filled] / rows)
        return points, tuple(rows.tolist())


def curves_of(steps: Steps) -> ScoreCurves:
    """Both curves, thinned, without calibration."""
    hits, misses = steps.positives.cumsum(), steps.negatives.cumsum()
    recall, false_alarms = hits / hits[-1], misses / misses[-1]
    roc = _drawn(np.append(0.0, false_alarms), np.append(0.0, recall))
    precision = hits / (hits + misses)
    # Each threshold's precision holds from the recall of the one before it on, the first's from none on.
    begins = np.append(0.0, recall[:-1])
    across = np.column_stack([begins, recall]).ravel()
    return ScoreCurves(roc=roc, precision_recall=_drawn(across, precision.repeat(2)))


def _drawn(x: FloatArray, y: FloatArray) -> tuple[Point, ...]:
    # A point that is there twice hides the corner that it is.
    for find in (_moves, _corners):
        found = find(x, y)
        x, y = x[found], y[found]
    kept = thinned(x, y)
    return _points(x[kept], y[kept])


def _moves(x: FloatArray, y: FloatArray) -> IntArray:
    """All points but those that are where the one before is."""
    return np.flatnonzero(np.append(True, (np.diff(x) != 0) | (np.diff(y) != 0)))


def _corners(x: FloatArray, y: FloatArray) -> IntArray:
    """All points but those that lie on a level or upright line between their neighbours."""
    level, upright = np.diff(y) == 0, np.diff(x) == 0
    inner = ~((level[1:] & level[:-1]) | (upright[1:] & upright[:-1]))
    return np.flatnonzero(np.concatenate([[True], inner, [True]]))


def _points(x: FloatArray, y: FloatArray) -> tuple[Point, ...]:
    return tuple(zip(x.tolist(), y.tolist(), strict=True))


# --- fewer points -----------------------------------------------------------------------------------------

_Best = Callable[[int, int], tuple[float, int]]
"""How much is gained by splitting the chord between two points, and at which point between them."""


def thinned(x: FloatArray, y: FloatArray) -> IntArray:
    """Which points (k,), ascending, to keep of a curve (m,), m > 1, x ascending: at most MOST_POINTS.

    Half of them by shape, each the point that makes the largest triangle with the chord it splits (as
    Visvalingam and Whyatt 1993, the other way round). That may cut corners off on one side only, so the
    others each take as much as they can out of one chord's error in area.
    """
    if len(x) <= MOST_POINTS:
        return np.arange(len(x))
    # ∫ y dx from the first point to each
    area = np.append(0.0, (np.diff(x) * (y[1:] + y[:-1]) / 2).cumsum())

    def chord(first: int | slice, last: int | slice) -> FloatArray:
        """By how much the curve's area is more than that of the straight line between two points."""
        straight = (x[last] - x[first]) * (y[last] + y[first]) / 2
        return np.asarray(area[last] - area[first] - straight)

    def by_shape(first: int, last: int) -> tuple[float, int]:
        within = slice(first + 1, last)
        ahead, up = x[last] - x[first], y[last] - y[first]
        triangles = np.abs((x[within] - x[first]) * up - (y[within] - y[first]) * ahead)
        at = int(triangles.argmax())
        return float(triangles[at]), first + 1 + at

    def by_area(first: int, last: int) -> tuple[float, int]:
        within = slice(first + 1, last)
        left = np.abs(chord(first, within)) + np.abs(chord(within, last))
        at = int(left.argmin())
        return float(abs(chord(first, last)) - left[at]), first + 1 + at

    kept = _split([0, len(x) - 1], most=_BY_SHAPE, best=by_shape)
    return np.array(_split(kept, most=MOST_POINTS, best=by_area), dtype=np.int64)


def _split(kept: list[int], *, most: int, best: _Best) -> list[int]:
    """Split what gains most, again and again."""
    waiting: list[tuple[float, int, int, int]] = []

    def wait(first: int, last: int) -> None:
        if last - first > 1:
            gain, at = best(first, last)
            heapq.heappush(waiting, (-gain, first, last, at))

    for first, last in pairwise(kept):
        wait(first, last)
    found = [*kept]
    while waiting and len(found) < most:
        _, first, last, at = heapq.heappop(waiting)
        found.append(at)
        wait(first, at)
        wait(at, last)
    return sorted(found)
