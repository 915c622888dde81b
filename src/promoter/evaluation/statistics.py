"""Both models' figures on the same rows, with the interval of their change: what checks judge by.

Each function takes what a tally gives, for the whole holdout or a slice of it, and resamples groups where
rows came in groups. docs/statistics.md has the formulas and their sources.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from promoter.core.measurement import Estimate, FlipEstimate, SecondOpinion
from promoter.evaluation.auc_bootstrap import ROW_DRAWS, auc_opinions
from promoter.evaluation.delong import (
    auc_contributions,
    contribution_error,
    delong_error,
    precision_contributions,
)
from promoter.evaluation.estimates import Points, Way, estimate, is_judged
from promoter.evaluation.figures import (
    RANK_NAMES,
    Figure,
    FloatArray,
    IntArray,
    canonical,
    margin_figure,
    margins,
    mean_figure,
    score_figure,
)
from promoter.evaluation.label_draws import (
    cell_margins,
    differing,
    filled,
    group_sums,
    joint_of,
    label_draws,
    units,
)
from promoter.evaluation.mean_draws import mean_points, mean_spread, reach_of_means
from promoter.evaluation.resampling import seed_of
from promoter.evaluation.tallied import GroupedCounts, GroupedSums, LabelCounts, Moments, PairedScores
from promoter.evaluation.uncertainty import (
    UNDEFINED,
    Rule,
    Spread,
    exact_share,
    flips,
    holm,
    mcnemar,
    minimum_detectable_effect,
    normal_spread,
    resampled_spread,
    rows_to_decide,
)
from promoter.evaluation.unseen import label_reach, rank_reach

__all__ = [
    "ROW_DRAWS",
    "LabelFigure",
    "Rule",
    "flip_estimate",
    "holm",
    "label_estimate",
    "label_estimates",
    "mcnemar",
    "mean_estimate",
    "minimum_detectable_effect",
    "rows_to_decide",
    "score_estimate",
    "seed_of",
]


@dataclass(frozen=True, kw_only=True)
class LabelFigure:
    """A figure of labels to estimate. `positive`: the positive class's code, where the figure needs one."""

    name: str
    positive: int | None
    rule: Rule


def label_estimate(counts: LabelCounts, *, name: str, positive: int | None, rule: Rule) -> Estimate:
    """One figure; see `label_estimates`."""
    (found,) = label_estimates(counts, [LabelFigure(name=name, positive=positive, rule=rule)])
    return found


def label_estimates(counts: LabelCounts, asked: Sequence[LabelFigure]) -> tuple[Estimate, ...]:
    """Figures of labels, in the order asked for and all from the same draws: with many classes, drawing is
    nearly all of the work.

    A figure with no value (0/0) is None and `undefined` 1. Raises ValueError for an unknown name, and for
    rules that are to draw differently.
    """
    joint = joint_of(counts)
    figures = [margin_figure(one.name, positive=one.positive) for one in asked]
    points = [
        _label_points(counts, figure, name=one.name) for one, figure in zip(asked, figures, strict=True)
    ]
    drawn = [at for at, one in enumerate(asked) if is_judged(points[at], one.rule)]
    changes = _label_changes(counts, [figures[at] for at in drawn], rules=[asked[at].rule for at in drawn])
    size = units(counts)
    spreads = {
        at: resampled_spread(found, asked[at].rule, units=size)
        for at, found in zip(drawn, changes, strict=False)
    }
    of = "groups" if isinstance(counts, GroupedCounts) else "rows"
    return tuple(
        estimate(
            points[at],
            Way(
                method=f"paired bootstrap of {of}",
                spread=partial(_found, spreads.get(at, UNDEFINED)),
                reach=partial(_label_reach, joint=joint, figure=figures[at]),
                opinions=partial(_mcnemar_opinions, counts, one.name),
            ),
            rule=one.rule,
        )
        for at, one in enumerate(asked)
    )


def _found(spread: Spread, _: float) -> Spread:
    return spread


def _label_reach(missed: float, *, joint: IntArray, figure: Figure) -> tuple[float, float]:
    return label_reach(joint.sum(axis=1), figure, missed=missed)


def _label_points(counts: LabelCounts, figure: Figure, *, name: str) -> Points:
    joint = joint_of(counts)
    return Points(
        metric=name,
        rows=int(joint.sum()),
        challenger=float(figure(margins(joint.sum(axis=1)))),
        champion=float(figure(margins(joint.sum(axis=2)))) if joint.shape[1] > 1 else None,
        groups=counts.groups if isinstance(counts, GroupedCounts) else None,
        differing=differing(joint),
    )


def _label_changes(
    counts: LabelCounts, figures: Sequence[Figure], *, rules: Sequence[Rule]
) -> list[FloatArray]:
    """The resampled changes (resamples,) of each figure; none when fewer than two units can be resampled."""
    ways = {rule.resampling for rule in rules}
    if len(ways) > 1:
        raise ValueError("figures that share their draws must draw alike")
    if not ways or units(counts) <= 1:
        return []
    joint = joint_of(counts)
    classes = joint.shape[0]
    parts: list[list[FloatArray]] = [[] for _ in figures]
    sums = cell_margins(filled(joint), classes=classes)
    for drawn in label_draws(counts, sums, how=ways.pop()):
        champion, change = np.moveaxis(drawn.reshape(-1, 2, 3, classes), 1, 0)
        challenger = champion + change
        for part, figure in zip(parts, figures, strict=True):
            part.append(figure(challenger) - figure(champion))
    return [np.concatenate(part) for part in parts]


def _mcnemar_opinions(counts: LabelCounts, name: str) -> tuple[SecondOpinion, ...]:
    """Of accuracy only: whether both models are right equally often. Rows in groups are not independent."""
    if isinstance(counts, GroupedCounts) or canonical(name) != "accuracy_score":
        return ()
    return (SecondOpinion(method="exact McNemar", p_value=mcnemar(counts)),)


def mean_estimate(sums: Moments | GroupedSums, *, name: str, rule: Rule) -> Estimate:
    """A figure of losses or errors, one of those that the tally the sums come from is for.

    Raises ValueError for an unknown name.
    """
    figure = mean_figure(name)
    of = "rows, normal limit" if isinstance(sums, Moments) else "groups"
    way = Way(
        method=f"paired bootstrap of {of}",
        spread=lambda _: mean_spread(sums, figure, rule=rule),
        reach=partial(reach_of_means, sums=sums, figure=figure),
    )
    # sums that are too large are infinite, and no figure of them is finite
    with np.errstate(over="ignore", invalid="ignore"):
        return estimate(mean_points(sums, figure, name=name), way, rule=rule)


def score_estimate(scores: PairedScores, *, name: str, rule: Rule, row_draws: int = 0) -> Estimate:
    """ROC AUC by DeLong's test; average precision, and ROC AUC in groups or of more than two classes, by the
    infinitesimal jackknife.

    ROC AUC of two classes has a bootstrap beside it, of at most `row_draws` rows drawn. Raises ValueError for
    a name that is neither.
    """
    if name not in RANK_NAMES:
        raise ValueError(f"{name!r} is not a figure of the order of scores")
    figure = score_figure(name)
    points = Points(
        metric=name,
        rows=len(scores.truth),
        challenger=figure(scores.truth, scores.challenger),
        champion=None if scores.champion is None else figure(scores.truth, scores.champion),
        groups=None if scores.groups is None else len(np.unique(scores.groups)),
    )
    return estimate(points, _score_way(scores, name, rule=rule, row_draws=row_draws), rule=rule)


def _score_way(scores: PairedScores, name: str, *, rule: Rule, row_draws: int) -> Way:
    auc = canonical(name) == "roc_auc"
    two_classes = scores.challenger.ndim == 1

    def opinions() -> tuple[SecondOpinion, ...]:
        return auc_opinions(scores, rule=rule, row_draws=row_draws) if auc and two_classes else ()

    contributions = auc_contributions if auc else precision_contributions
    method = f"infinitesimal jackknife of {'rows' if scores.groups is None else 'groups'}"
    spread = partial(_jackknife, scores, rule=rule, contributions=contributions)
    if auc and two_classes and scores.groups is None:
        method, spread = "DeLong", partial(_delong, scores, rule=rule)
    reach = partial(_rank_reach, truth=scores.truth, name=name)
    return Way(method=method, spread=spread, reach=reach, opinions=opinions)


def _rank_reach(missed: float, *, truth: IntArray, name: str) -> tuple[float, float]:
    return rank_reach(truth, name, missed=missed)


def _delong(scores: PairedScores, change: float, *, rule: Rule) -> Spread:
    error = delong_error(scores.truth, champion=scores.reference, challenger=scores.challenger)
    return normal_spread(change, standard_error=error, rule=rule)


def _jackknife(
    scores: PairedScores,
    change: float,
    *,
    rule: Rule,
    contributions: Callable[[IntArray, FloatArray], FloatArray],
) -> Spread:
    new, old = (contributions(scores.truth, model) for model in (scores.challenger, scores.reference))
    return normal_spread(change, standard_error=contribution_error(new - old, scores.groups), rule=rule)


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
