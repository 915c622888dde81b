"""ROC AUC and average precision from counts of scores in bins, where the scores themselves stay elsewhere.

Formulas are those of `delong` and `figures`, of rows that count more than once. Within a bin the order of
scores is not known: it counts as a tie, what it may hide is bounded, and the interval is wider by that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from promoter.core.measurement import Estimate
from promoter.evaluation.estimates import Points, Way, estimate
from promoter.evaluation.figures import RANK_NAMES, FloatArray, IntArray, canonical
from promoter.evaluation.score_bins import hidden_in
from promoter.evaluation.score_curves import Steps
from promoter.evaluation.slicing import Slicing
from promoter.evaluation.tallied import EVERYWHERE, Marks
from promoter.evaluation.uncertainty import Rule, Spread, normal_spread
from promoter.evaluation.unseen import rank_reach_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Binned:
    """One model's scores: the bin (m,) of each entry, ascending with the score, and whether that bin holds
    several scores."""

    bins: IntArray
    mixed: NDArray[np.bool_]

    def of(self, chosen: NDArray[np.bool_]) -> Binned:
        """Some of the entries."""
        return Binned(bins=self.bins[chosen], mixed=self.mixed[chosen])


@dataclass(frozen=True, kw_only=True, eq=False)
class BinnedScores:
    """Entries (m,) of `times` rows each: truth (1 positive, 0 other), both models' bins, group codes or
    None."""

    truth: IntArray
    times: IntArray
    challenger: Binned
    champion: Binned | None
    groups: IntArray | None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.times.sum())

    @property
    def positives(self) -> int:
        """How many of them are positive."""
        return int(self.times[self.truth == 1].sum())


class BinnedScoreTally:
    """All entries, with the marks of each; `sizes`: how many values each slice column has."""

    def __init__(self, scores: BinnedScores, *, marks: Marks, sizes: tuple[int, ...] = ()) -> None:
        self._scores = scores
        self._slicing = Slicing(sizes)
        self._keys = self._slicing.encode(marks, np.zeros(len(scores.truth), dtype=np.int64))

    def select(self, where: Mapping[int, int] = EVERYWHERE) -> BinnedScores:
        """The entries whose slice column (by position) has the code `where` gives."""
        scores, chosen = self._scores, self._slicing.chosen(self._keys, where)
        return BinnedScores(
            truth=scores.truth[chosen],
            times=scores.times[chosen],
            challenger=scores.challenger.of(chosen),
            champion=None if scores.champion is None else scores.champion.of(chosen),
            groups=None if scores.groups is None else scores.groups[chosen],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ordered:
    """One model's bins that have rows, from the highest down: rows of each kind, whether several scores lie
    in it, and the place `at` (m,) of each entry."""

    steps: Steps
    mixed: NDArray[np.bool_]
    at: IntArray


def _ordered(scores: BinnedScores, model: Binned) -> _Ordered:
    names, place = np.unique(-model.bins, return_inverse=True)
    mixed = np.zeros(len(names), dtype=np.bool_)
    mixed[place[model.mixed]] = True

    def rows(of: NDArray[np.bool_]) -> IntArray:
        return np.bincount(place, weights=scores.times * of, minlength=len(names)).astype(np.int64)

    steps = Steps(positives=rows(scores.truth == 1), negatives=rows(scores.truth != 1))
    return _Ordered(steps=steps, mixed=mixed, at=place.astype(np.int64))


def steps_of_bins(scores: BinnedScores, model: Binned) -> Steps:
    """What curves are drawn of."""
    return _ordered(scores, model).steps


def binned_figure(scores: BinnedScores, model: Binned, *, name: str) -> tuple[float, float]:
    """The figure, and by how much it may be off; NaN without rows of both classes, for average precision
    without positive ones. Raises ValueError for a name that is neither."""
    if name not in RANK_NAMES:
        raise ValueError(f"{name!r} is not a figure of the order of scores")
    found = _ordered(scores, model)
    positives, negatives = found.steps.positives, found.steps.negatives
    hits, misses = positives.cumsum(), negatives.cumsum()
    is_auc = canonical(name) == "roc_auc"
    if not positives.any() or (is_auc and not negatives.any()):
        return float("nan"), 0.0
    if not negatives.any():
        return 1.0, 0.0
    roc, precision = hidden_in(found.steps, found.mixed)
    if is_auc:
        beaten = (negatives * (hits - positives / 2)).sum()
        return float(beaten / (float(hits[-1]) * float(misses[-1]))), roc
    return float((positives * (hits / (hits + misses))).sum() / hits[-1]), precision


def binned_estimate(scores: BinnedScores, *, name: str, rule: Rule) -> Estimate:
    """As `statistics.score_estimate`, without a second opinion. Either end of the interval lies farther
    out, by what the bins may hide."""
    challenger, hidden = binned_figure(scores, scores.challenger, name=name)
    champion = None
    if scores.champion is not None:
        champion, more = binned_figure(scores, scores.champion, name=name)
        hidden += more
    points = Points(
        metric=name,
        rows=scores.rows,
        challenger=challenger,
        champion=champion,
        groups=None if scores.groups is None else len(np.unique(scores.groups)),
    )
    of = "rows" if scores.groups is None else "groups"
    is_delong = canonical(name) == "roc_auc" and scores.groups is None
    method = "DeLong" if is_delong else f"infinitesimal jackknife of {of}"
    way = Way(
        method=f"{method}, of scores in bins, which hide {hidden:.1g} at most",
        spread=partial(_spread, scores, name=name, rule=rule, hidden=hidden),
        reach=partial(_reach, scores=scores, name=name),
    )
    return estimate(points, way, rule=rule)


def _reach(missed: float, *, scores: BinnedScores, name: str) -> tuple[float, float]:
    positive = scores.positives
    smallest = min(positive, scores.rows - positive)
    return rank_reach_of(name, smallest=max(1, smallest), positive=positive, missed=missed)


def _spread(scores: BinnedScores, change: float, *, name: str, rule: Rule, hidden: float) -> Spread:
    model = scores.challenger if scores.champion is None else scores.champion
    if canonical(name) == "roc_auc":
        moved = _auc_components(scores, scores.challenger) - _auc_components(scores, model)
        error = _delong_error(scores, moved) if scores.groups is None else _auc_jackknife(scores, moved)
    else:
        moved = _precision_moves(scores, scores.challenger) - _precision_moves(scores, model)
        error = _jackknife(scores, moved)
    found = normal_spread(change, standard_error=error, rule=rule)
    if found.lower is None or found.upper is None:
        return found
    return replace(found, lower=found.lower - hidden, upper=found.upper + hidden)


def _auc_components(scores: BinnedScores, model: Binned) -> FloatArray:
    """(m,): as `delong.auc_components`, of an entry's rows."""
    found = _ordered(scores, model)
    positives, negatives = found.steps.positives, found.steps.negatives
    above = (positives.cumsum() - positives / 2) / positives.sum()
    below = (negatives[::-1].cumsum()[::-1] - negatives / 2) / negatives.sum()
    return np.asarray(np.where(scores.truth == 1, below[found.at], above[found.at]))


def _centred(scores: BinnedScores, moved: FloatArray) -> tuple[FloatArray, tuple[float, float]]:
    """Components less the mean of their class, and the rows of either class."""
    positive, times = scores.truth == 1, scores.times
    rows = float(times[positive].sum()), float(times[~positive].sum())
    weighted = times * moved
    means = weighted[positive].sum() / rows[0], weighted[~positive].sum() / rows[1]
    return moved - np.where(positive, means[0], means[1]), rows


def _delong_error(scores: BinnedScores, moved: FloatArray) -> float:
    centred, (positives, negatives) = _centred(scores, moved)
    if min(positives, negatives) <= 1:
        return float("nan")
    squares = scores.times * centred**2
    is_positive = scores.truth == 1
    of_positive = squares[is_positive].sum() / (positives - 1) / positives
    return float(np.sqrt(of_positive + squares[~is_positive].sum() / (negatives - 1) / negatives))


def _auc_jackknife(scores: BinnedScores, moved: FloatArray) -> float:
    centred, (positives, negatives) = _centred(scores, moved)
    if min(positives, negatives) <= 1:
        return float("nan")
    return _jackknife(scores, centred / np.where(scores.truth == 1, positives, negatives))


def _precision_moves(scores: BinnedScores, model: Binned) -> FloatArray:
    """(m,): as `delong.precision_contributions`, of one row of an entry."""
    found = _ordered(scores, model)
    new_hits = found.steps.positives.astype(float)
    hits = new_hits.cumsum()
    taken = hits + found.steps.negatives.cumsum()
    precision = hits / taken
    mean = float((new_hits * precision).sum() / hits[-1])
    gained = np.cumsum((new_hits / taken)[::-1])[::-1]
    diluted = np.cumsum((new_hits * precision / taken)[::-1])[::-1]
    own = (scores.truth == 1) * (precision[found.at] - mean + gained[found.at])
    return np.asarray((own - diluted[found.at]) / hits[-1])


def _jackknife(scores: BinnedScores, moved: FloatArray) -> float:
    """As `delong.contribution_error`."""
    if scores.groups is None:
        units, squares = float(scores.rows), float((scores.times * moved**2).sum())
    else:
        _, group = np.unique(scores.groups, return_inverse=True)
        sums = np.bincount(group, weights=scores.times * moved)
        units, squares = float(len(sums)), float((sums**2).sum())
    return float(np.sqrt(units / (units - 1) * squares)) if units > 1 else float("nan")
