"""How far predictions of numbers are from the truth, counted as rows pass by and drawn in 40 bins.

How wide the bins should be is known only at the end. So rows are counted by the sign, the exponent and the
first digits of their residual, and 40 bins are made of these: an edge of theirs is never inside one, so that
counts are exact, whatever the order and the batches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from promoter.core.pictures import Counts, Residuals
from promoter.evaluation.figures import FloatArray, IntArray

BINS = 40
SHARE = 0.99
"""So many rows of either model are within the outer edges, at least."""
# What is cut off the 52 bits of a mantissa
_CUT = np.int64(45)
_MAGNITUDES = int(np.float64(np.inf).view(np.int64) >> _CUT) + 1
_STEPS = (1.0, 1.25, 1.5, 1.75, 2.0)
"""Widths are these times a power of two: 20 times each has no more digits than are counted by."""
_SMALLEST, _LARGEST = 1e-300, 1e300


@dataclass(kw_only=True, eq=False)
class ResidualCounts:
    """Of one model: rows predicted as the truth or above it, and below, by magnitude. 4 MB at any rows."""

    sound: bool = True
    """Whether every residual is a number."""
    _counts: IntArray = field(default_factory=lambda: np.zeros((2, _MAGNITUDES), dtype=np.int64))

    def add(self, truth: FloatArray, predicted: FloatArray) -> None:
        """Count rows (n,)."""
        # What is too large becomes infinite, and is counted in an outermost bin
        with np.errstate(over="ignore", invalid="ignore"):
            residuals = predicted - truth
        self.sound = self.sound and not np.isnan(residuals).any()
        if self.sound:
            keys = (np.abs(residuals).view(np.int64) >> _CUT) + _MAGNITUDES * (residuals < 0)
            np.add.at(self._counts.reshape(-1), keys, 1)

    def reach(self) -> float:
        """Within how far from 0 SHARE of the rows are, and a hair more; where they are right, the farthest
        one. 0 where all are right."""
        rows = self._counts.sum(axis=0).cumsum()
        if rows[-1] == rows[0]:
            return 0.0
        at = int(np.searchsorted(rows, SHARE * rows[-1])) or int(np.searchsorted(rows, rows[-1]))
        # where the next magnitude begins, and none does after infinity
        return float(_magnitudes()[min(at + 1, _MAGNITUDES - 1)])

    def between(self, width: float) -> Counts:
        """(BINS,): rows in bins of this width about 0; what lies on an edge is in the bin farther from 0."""
        at = np.searchsorted(np.arange(1, BINS // 2) * width, _magnitudes(), side="right")
        above, below = (np.bincount(at, weights=side, minlength=BINS // 2) for side in self._counts)
        return tuple(np.concatenate([below[::-1], above]).astype(np.int64).tolist())


def residuals(challenger: ResidualCounts, champion: ResidualCounts | None) -> Residuals | None:
    """Both in the same bins; None where none can be made: nothing is off at all, or by what is near the ends
    of what floats hold."""
    models = [challenger, *([champion] if champion else [])]
    reach = max(model.reach() for model in models)
    if not all(model.sound for model in models) or not _SMALLEST < reach < _LARGEST:
        return None
    width = _width(reach)
    return Residuals(
        edges=tuple(place * width for place in range(-BINS // 2, BINS // 2 + 1)),
        challenger=challenger.between(width),
        champion=champion.between(width) if champion else None,
    )


def _width(reach: float) -> float:
    """The least width of which half of the bins reach so far."""
    least = reach / (BINS // 2)
    power = 2.0 ** (math.frexp(least)[1] - 1)
    return next(step * power for step in _STEPS if step * power >= least)


def _magnitudes() -> FloatArray:
    """(m,): where each begins, the last one infinity."""
    return (np.arange(_MAGNITUDES, dtype=np.int64) << _CUT).view(np.float64)
