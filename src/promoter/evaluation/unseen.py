"""What rows may have missed where nearly all of them say the same, and resampling finds little spread.

Of n rows that are all alike, one in n / -ln(alpha) may be otherwise and yet none of them have come (the "rule
of three": Hanley and Lippman-Hand 1983). The interval reaches as far as so many rows could move the figure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import log

import numpy as np

from promoter.evaluation.figures import Figure, FloatArray, IntArray, canonical, margins
from promoter.evaluation.uncertainty import ROUNDING, Rule, Spread

FEW = 10
"""Rows on which two models' labels differ, up to which what was missed may be more than what was seen."""

Reach = Callable[[float], tuple[float, float]]
"""From how many rows may be otherwise, how far they could move the change: down (at most 0) and up (at least
0)."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A change, and on what it was seen. `scale`: the size of the figures it came from; `units`: rows, or the
    groups they came in; `differing`: rows with another label, None where that is not counted."""

    change: float
    scale: float
    rows: int
    units: int
    differing: int | None = None

    def missed(self, alpha: float) -> float:
        """Rows, of as many as these, that may be otherwise: -ln(alpha) units of the usual size."""
        return min(float(self.rows), -log(alpha) * self.rows / self.units)


def with_unseen(spread: Spread, seen: Seen, *, rule: Rule, reach: Reach) -> Spread:
    """The spread; where it is nothing, or FEW rows differ, at least that of what may have been missed. With
    more, what the bootstrap finds is the wider of both."""
    error, few = spread.standard_error, seen.differing is not None and seen.differing <= FEW
    if spread.lower is None or spread.upper is None or error is None:
        return spread
    if error > ROUNDING * seen.scale and not few:
        return spread
    down, up = reach(seen.missed(rule.alpha))
    wider = replace(
        spread, lower=min(spread.lower, seen.change + down), upper=max(spread.upper, seen.change + up)
    )
    if error > ROUNDING * seen.scale:
        return wider
    return replace(wider, standard_error=0.0, p_worse=_steady_p(seen, rule))


def _steady_p(seen: Seen, rule: Rule) -> float:
    """The chance that all units lose alike though the true loss is the margin, if a unit may gain as much as
    these lose: ((1 + margin / loss) / 2) ** units. Of accuracy it is exact where every row is lost."""
    loss = -seen.change if rule.greater_is_better else seen.change
    if loss <= rule.margin + ROUNDING:
        return 1.0
    return float(((1 + rule.margin / loss) / 2) ** seen.units)


def label_reach(confusion: IntArray, figure: Figure, *, missed: float) -> tuple[float, float]:
    """How far a figure of labels moves when so many rows of one cell (truth, predicted) of the challenger's
    counts (K, K) are predicted as another class, whichever moves it most. 0/0 counts as 0 here."""
    before = margins(confusion)
    value, classes = float(figure(before)), np.arange(len(confusion))
    down = up = 0.0
    for truth, predicted in zip(*np.nonzero(confusion), strict=True):
        moved = min(missed, float(confusion[truth, predicted]))
        after = np.tile(before, (len(classes), 1, 1))
        after[:, 1, predicted] -= moved
        after[classes, 1, classes] += moved
        after[:, 2, truth] -= moved * (truth == predicted)
        after[truth, 2, truth] += moved
        changes = np.nan_to_num(figure(after), nan=0.0) - value
        down, up = min(down, float(changes.min())), max(up, float(changes.max()))
    return down, up


def worth_reach(confusion: IntArray, matrix: FloatArray, *, missed: float) -> tuple[float, float]:
    """As `label_reach`, of the sum of a matrix (K truth, K predicted) over the rows."""
    truth, predicted = np.nonzero(confusion)
    moved = np.minimum(missed, confusion[truth, predicted])[:, np.newaxis]
    changes = moved * (matrix[truth] - matrix[truth, predicted][:, np.newaxis])
    return min(0.0, float(changes.min())), max(0.0, float(changes.max()))


def mean_reach(means: FloatArray, largest: FloatArray, *, figure: Figure) -> tuple[float, float]:
    """How far a figure of means (q,) moves when they move by as much as `largest` (q,), up or down."""
    only_over = largest * (np.arange(len(means)) != len(means) - 1)
    with np.errstate(over="ignore", invalid="ignore"):
        moved = np.stack([means + largest, means + only_over, np.maximum(means - largest, 0.0)])
        changes = figure(moved) - figure(means)
    return min(0.0, float(changes.min())), max(0.0, float(changes.max()))


def rank_reach(truth: IntArray, name: str, *, missed: float) -> tuple[float, float]:
    """How far ROC AUC moves when so many rows of the smallest class go from one end of the order to the
    other; average precision, when as many other rows go before all positive ones besides."""
    _, counts = np.unique(truth, return_counts=True)
    return rank_reach_of(name, smallest=int(counts.min()), positive=int((truth == 1).sum()), missed=missed)


def rank_reach_of(name: str, *, smallest: int, positive: int, missed: float) -> tuple[float, float]:
    """As `rank_reach`, of so many rows of the smallest and of the positive class."""
    share = missed / smallest
    if canonical(name) != "roc_auc":
        share = missed / positive * (1 + log(1 + positive / missed))
    share = min(1.0, share)
    return -share, share
