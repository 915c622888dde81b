"""ROC AUC by a paired bootstrap: a second opinion beside DeLong, with no formula of its own.

Rows, or groups, are drawn with replacement; a resample is how often each came. Scores are sorted once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from promoter.core.measurement import SecondOpinion
from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.tallied import PairedScores
from promoter.evaluation.uncertainty import Rule, resampled_spread

ROW_DRAWS = 20_000_000
"""Rows drawn in all resamples together: about half a second."""
MOST_RESAMPLES = 1_000
FEWEST_RESAMPLES = 200
"""With fewer the ends say little: above ROW_DRAWS / FEWEST_RESAMPLES rows there is no second opinion."""

Weighted = Callable[[IntArray], float]
"""From how often each row came (n,) the ROC AUC of what came."""


def auc_opinions(scores: PairedScores, *, rule: Rule, row_draws: int) -> tuple[SecondOpinion, ...]:
    """The interval of the change of ROC AUC, as in `Estimate`; none when these would be too few resamples, or
    of one group, or have no value. Scores are of two classes."""
    resamples = min(rule.resamples, MOST_RESAMPLES, row_draws // max(1, len(scores.truth)))
    if resamples < min(rule.resamples, FEWEST_RESAMPLES) or len(_units(scores)[0]) <= 1:
        return ()
    found = resampled_spread(auc_changes(scores, rule=rule, resamples=resamples), rule)
    if found.lower is None:
        return ()
    of = "rows" if scores.groups is None else "groups"
    method = f"paired bootstrap of {of}, {resamples:,} resamples"
    return (SecondOpinion(method=method, lower=found.lower, upper=found.upper),)


def auc_changes(scores: PairedScores, *, rule: Rule, resamples: int) -> FloatArray:
    """(resamples,): the change of ROC AUC in each; NaN where one class did not come."""
    names, unit = _units(scores)
    units = len(names)
    new, old = (weighted_auc(scores.truth, model) for model in (scores.challenger, scores.reference))
    generator = np.random.Generator(np.random.PCG64(rule.seed))
    changes = np.empty(resamples)
    for at in range(resamples):
        rule.tick()
        times = np.bincount(generator.integers(0, units, units), minlength=units)[unit]
        changes[at] = new(times) - old(times)
    return changes


def _units(scores: PairedScores) -> tuple[IntArray, IntArray]:
    """What is drawn, and which of it each row is."""
    rows = np.arange(len(scores.truth)) if scores.groups is None else scores.groups
    names, unit = np.unique(rows, return_inverse=True)
    return names, unit


def weighted_auc(truth: IntArray, scores: FloatArray) -> Weighted:
    """ROC AUC as a function of how often each row counts; ties count half."""
    order = np.argsort(scores, kind="stable")
    positive = (truth == 1)[order].astype(np.int64)
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)

    def figure(times: IntArray) -> float:
        taken = times[order]
        above = (taken * positive).cumsum()[ends]
        below = taken.cumsum()[ends] - above
        whole = float(above[-1]) * float(below[-1])
        if whole == 0:
            return float("nan")
        # each positive row beats the negative ones before its score, and half of those at it
        beaten = below + np.append(0, below[:-1])
        return float(np.diff(above, prepend=0) @ beaten) / 2 / whole

    return figure
