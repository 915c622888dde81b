"""Scores counted in fine bins as they pass by, where no figure needs them kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.score_curves import Steps

LARGEST_ERROR = 0.005
"""Of the area under a curve: where bins may hide more, it is not drawn."""
_HALF = 0.5
# Of a float's bits: what is cut off its mantissa, so that a bin is 1/512 of its distance from 0 or 1 wide
_CUT = np.int64(43)
_LEAST = int(np.float64(2.0**-64).view(np.int64) >> _CUT)
_BINS_OF_A_HALF = int(np.float64(_HALF).view(np.int64) >> _CUT) - _LEAST + 1
BINS = 2 * _BINS_OF_A_HALF


class ScoreBins:
    """One model's scores, filled batch by batch. Bins are finest at 0 and 1, where sure models crowd; memory
    is 1.6 MB, whatever the rows."""

    def __init__(self) -> None:
        self._counts = np.zeros((2, BINS), dtype=np.int64)
        self._first = np.full(BINS, np.nan)
        self._mixed = np.zeros(BINS, dtype=np.bool_)

    def add(self, is_positive: NDArray[np.bool_], scores: FloatArray) -> None:
        """Count rows (n,)."""
        at = _bins(scores)
        np.add.at(self._counts, (is_positive.astype(np.int64), at), 1)
        is_new = np.isnan(self._first[at])
        self._first[at[is_new]] = scores[is_new]
        self._mixed[at[scores != self._first[at]]] = True

    def steps(self) -> Steps | None:
        """As of scores that are kept, with one score a bin; None where all rows are of one kind."""
        negatives, positives = self._counts[:, self._filled()]
        if not (positives.any() and negatives.any()):
            return None
        return Steps(positives=positives, negatives=negatives)

    def hidden(self, steps: Steps) -> float:
        """By how much the order of scores within bins may change the area under a curve of these steps, at
        most, of both curves."""
        return max(hidden_in(steps, self._mixed[self._filled()]))

    def _filled(self) -> IntArray:
        """The bins that have rows, from the highest down."""
        return np.flatnonzero(self._counts.sum(axis=0))[::-1]


def hidden_in(steps: Steps, mixed: NDArray[np.bool_]) -> tuple[float, float]:
    """By how much the order of scores within bins may change ROC AUC and average precision of these steps,
    one a bin, at most. `mixed` (m,): which bins hold several scores."""
    hits, misses = steps.positives.cumsum(), steps.negatives.cumsum()
    gained = steps.positives / hits[-1]
    roc = (gained * steps.negatives / misses[-1]).sum(where=mixed) / 2
    before, wrong = hits - steps.positives, misses - steps.negatives
    # Precision after all positives of a bin and none of its others, and the other way round
    most = np.divide(hits, hits + wrong, out=np.ones(len(hits)), where=hits + wrong > 0)
    least = np.divide(before, before + misses, out=np.zeros(len(hits)), where=before + misses > 0)
    return float(roc), float((gained * (most - least)).sum(where=mixed))


def _bins(scores: FloatArray) -> IntArray:
    """(n,): the bin of each score, ascending with the score. From one half on, the distance from 1 counts;
    it has no rounding."""
    within = np.fmin(np.fmax(scores, 0.0), 1.0)
    distance = np.minimum(within, 1.0 - within)
    place: IntArray = np.maximum((distance.view(np.int64) >> _CUT) - _LEAST, 0)
    return np.where(within < _HALF, place, BINS - 1 - place)
