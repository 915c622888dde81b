"""Both models' figures on the same rows, with the interval of their change: what checks judge by.

Each function takes what a tally gives, for the whole holdout or a slice of it, and resamples groups where
rows came in groups. docs/statistics.md has the formulas and their sources.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from promoter.core.measurement import Estimate, FlipEstimate
from promoter.evaluation.delong import (
    auc_contributions,
    contribution_error,
    delong_error,
    precision_contributions,
)
from promoter.evaluation.estimates import Points, drawn_spread, estimate
from promoter.evaluation.figures import (
    RANK_NAMES,
    FloatArray,
    canonical,
    divide,
    margin_figure,
    margins,
    mean_figure,
    score_figure,
)
from promoter.evaluation.label_draws import cell_margins, filled, group_sums, joint_of, label_draws, units
from promoter.evaluation.resampling import group_draws, moment_draws, seed_of
from promoter.evaluation.tallied import GroupedCounts, GroupedSums, LabelCounts, Moments, PairedScores
from promoter.evaluation.uncertainty import (
    Rule,
    Spread,
    exact_share,
    flips,
    holm,
    mcnemar,
    minimum_detectable_effect,
    normal_spread,
    rows_to_decide,
)

__all__ = [
    "Rule",
    "flip_estimate",
    "holm",
    "label_estimate",
    "mcnemar",
    "mean_estimate",
    "minimum_detectable_effect",
    "rows_to_decide",
    "score_estimate",
    "seed_of",
]

SMALLEST_SHOWN = 0.0001


def label_estimate(counts: LabelCounts, *, name: str, positive: int | None, rule: Rule) -> Estimate:
    """A figure of labels. `positive`: the positive class's code, where the figure needs one.

    A figure with no value (0/0) is None and `undefined` 1. Raises ValueError for an unknown name.
    """
    figure = margin_figure(name, positive=positive)
    joint = joint_of(counts)
    classes, paired = joint.shape[0], joint.shape[1] > 1
    points = Points(
        metric=name,
        rows=int(joint.sum()),
        challenger=float(figure(margins(joint.sum(axis=1)))),
        champion=float(figure(margins(joint.sum(axis=2)))) if paired else None,
    )

    def moved(sums: FloatArray) -> FloatArray:
        champion, change = np.moveaxis(sums.reshape(-1, 2, 3, classes), 1, 0)
        return figure(champion + change) - figure(champion)

    def spread(_: float) -> Spread:
        draws = label_draws(counts, cell_margins(filled(joint), classes=classes), how=rule.resampling)
        return drawn_spread(draws, moved, units=units(counts), rule=rule)

    return estimate(points, spread, rule=rule, method=_label_method(counts, name))


def _label_method(counts: LabelCounts, name: str) -> str:
    if isinstance(counts, GroupedCounts):
        return "paired bootstrap of groups"
    if canonical(name) == "accuracy_score" and counts.shape[1] > 1:
        p_value = mcnemar(counts)
        shown = f"= {p_value:.2g}" if p_value >= SMALLEST_SHOWN else f"< {SMALLEST_SHOWN:f}".rstrip("0")
        return f"paired bootstrap of rows; exact McNemar p {shown}"
    return "paired bootstrap of rows"


def mean_estimate(sums: Moments | GroupedSums, *, name: str, rule: Rule) -> Estimate:
    """A figure of losses or errors, one of those that the tally the sums come from is for.

    Raises ValueError for an unknown name.
    """
    figure = mean_figure(name)
    rows = int(np.sum(sums.rows))
    points = Points(
        metric=name,
        rows=rows,
        challenger=float(figure(_mean(sums.challenger, rows))),
        champion=None if sums.champion is None else float(figure(_mean(sums.champion, rows))),
    )

    def moved(means: FloatArray) -> FloatArray:
        champion, change = np.split(means, 2, axis=-1)
        return figure(champion + change) - figure(champion)

    def spread(_: float) -> Spread:
        count = rows if isinstance(sums, Moments) else len(sums.rows)
        return drawn_spread(_mean_draws(sums, rule), moved, units=count, rule=rule)

    of = "rows, normal limit" if isinstance(sums, Moments) else "groups"
    return estimate(points, spread, rule=rule, method=f"paired bootstrap of {of}")


def _mean(sums: FloatArray, rows: int) -> FloatArray:
    return divide(np.atleast_2d(sums).sum(axis=0), np.asarray(rows))


def _mean_draws(sums: Moments | GroupedSums, rule: Rule) -> Iterator[FloatArray]:
    """Resampled means (resamples, 2q) of the champion's figures, then of the change."""
    if isinstance(sums, Moments):
        total = np.concatenate([sums.challenger - sums.change, sums.change])
        for drawn in moment_draws(sums.rows, total=total, products=sums.products, how=rule.resampling):
            yield drawn / sums.rows
    else:
        of_groups = np.hstack([sums.rows[:, np.newaxis], sums.challenger - sums.change, sums.change])
        for drawn in group_draws(of_groups, how=rule.resampling):
            yield drawn[:, 1:] / drawn[:, :1]


def score_estimate(scores: PairedScores, *, name: str, rule: Rule) -> Estimate:
    """ROC AUC by DeLong's test; average precision, and either of them in groups, by the infinitesimal
    jackknife. Raises ValueError for a name that is neither."""
    if name not in RANK_NAMES:
        raise ValueError(f"{name!r} is not a figure of the order of scores")
    figure = score_figure(name)
    points = Points(
        metric=name,
        rows=len(scores.truth),
        challenger=figure(scores.truth, scores.challenger),
        champion=None if scores.champion is None else figure(scores.truth, scores.champion),
    )
    auc = canonical(name) == "roc_auc"
    contributions = auc_contributions if auc else precision_contributions

    def delong(change: float) -> Spread:
        error = delong_error(scores.truth, champion=scores.reference, challenger=scores.challenger)
        return normal_spread(change, standard_error=error, rule=rule)

    def jackknife(change: float) -> Spread:
        new, old = (contributions(scores.truth, model) for model in (scores.challenger, scores.reference))
        return normal_spread(change, standard_error=contribution_error(new - old, scores.groups), rule=rule)

    if auc and scores.groups is None:
        return estimate(points, delong, rule=rule, method="DeLong")
    of = "rows" if scores.groups is None else "groups"
    return estimate(points, jackknife, rule=rule, method=f"infinitesimal jackknife of {of}")


def flip_estimate(counts: LabelCounts, *, rule: Rule) -> FlipEstimate:
    """Rows that turn from right to wrong, each end of the interval one-sided at the rule's level.

    By Clopper and Pearson; for groups, of as many rows as would vary as much (Korn and Graubard 1998). Raises
    ValueError when there is no champion or no row.
    """
    joint = joint_of(counts)
    rows = int(joint.sum())
    if joint.shape[1] == 1 or rows == 0:
        raise ValueError("flips are counted on rows that both models predicted")
    count, _ = flips(joint)
    rate = count / rows
    effective = _effective_rows(counts, rate) if isinstance(counts, GroupedCounts) else rows
    lower, upper = exact_share(rate * effective, effective, alpha=rule.alpha)
    return FlipEstimate(rows=rows, count=count, rate=rate, lower=lower, upper=upper)


def _effective_rows(counts: GroupedCounts, rate: float) -> float:
    """Independent rows that would vary as much; as few as there are groups where nothing varies."""
    truth, champion, challenger = filled(joint_of(counts))
    flipped = (champion == truth) & (challenger != truth)
    sums = group_sums(counts, np.stack([flipped, np.ones(len(truth))], axis=1))
    rows = float(sums[:, 1].sum())
    error = contribution_error((sums[:, 0] - rate * sums[:, 1]) / rows, None)
    # a rate of 0 or 1 shows no variance; one group, none that can be known
    return min(rows, rate * (1 - rate) / error**2) if error > 0 else float(counts.groups)
