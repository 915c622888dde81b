"""What predictions are worth: counts of (truth, predicted) times a matrix of money per row, or what each unit
costs that a number is too low or too high."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from promoter.core.measurement import ValueEstimate
from promoter.core.policy import BusinessValueRule, Task
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.estimates import Points, drawn_spread, is_judged
from promoter.evaluation.figures import BINARY, FloatArray, IntArray, Numbers
from promoter.evaluation.label_draws import differing, filled, joint_of, label_draws, units
from promoter.evaluation.mean_draws import mean_points, mean_spread, reach_of_means
from promoter.evaluation.resampling import cell_draws
from promoter.evaluation.tallied import GroupedCounts, GroupedSums, LabelCounts, Moments
from promoter.evaluation.uncertainty import Rule, Spread
from promoter.evaluation.unseen import with_unseen, worth_reach
from promoter.text import Part, quote, say

PER = 1000
"""Values are told per so many rows."""
_MOST_NAMED = 10


def is_of_task(rule: BusinessValueRule, task: Task) -> bool:
    """Whether the rule's worths are of the form that the task has."""
    forms = {
        Task.BINARY: "true_positive" in rule.values,
        Task.MULTICLASS: bool(rule.matrix),
        Task.REGRESSION: "under_prediction" in rule.values,
    }
    return forms[task]


def value_matrix(rule: BusinessValueRule, *, labels: Sequence[str], positive: int | None) -> FloatArray:
    """The matrix (truth, predicted) of a policy, in the order of the data's labels; `positive` is the
    positive class's code, 0 or 1, where the policy has values of two classes."""
    if positive is not None:
        return binary_matrix(rule.values, positive=positive)
    return np.array([[float(rule.matrix[truth][predicted]) for predicted in labels] for truth in labels])


def binary_matrix(values: Mapping[str, float], *, positive: int) -> FloatArray:
    """The matrix (truth, predicted) of the keys true_positive, false_positive, false_negative and
    true_negative; `positive` is the positive class's code, 0 or 1."""
    names = [["true_negative", "false_positive"], ["false_negative", "true_positive"]]
    matrix = np.array([[float(values[name]) for name in row] for row in names])
    return matrix if positive == 1 else matrix[::-1, ::-1]


def refuse_other_labels(rule: BusinessValueRule | None, labels: Sequence[str]) -> None:
    """Raises POLICY_INVALID when the data's labels are not those of the rule's matrix, where it has one."""
    if rule is None or not rule.matrix:
        return
    unpaid = [label for label in labels if label not in rule.matrix]
    unknown = [label for label in rule.matrix if label not in labels]
    if not (unpaid or unknown):
        return
    parts: list[Part] = []
    if unpaid:
        parts += ["the data has ", *_named(unpaid), ", which `matrix` of `business_value` has not"]
    if unknown:
        between = "; " if unpaid else ""
        parts += [f"{between}`matrix` of `business_value` has ", *_named(unknown), ", which the data has not"]
    raise PromoterError(
        ReasonCode.POLICY_INVALID,
        say(*parts),
        hint=say("Write a row and a column for each label of the data, spelled as the data has it."),
    )


def _named(labels: Sequence[str]) -> list[Part]:
    more = len(labels) - _MOST_NAMED
    shown = [part for label in labels[:_MOST_NAMED] for part in (", ", quote(label))][1:]
    return ["the label" + ("s " if len(labels) > 1 else " "), *shown, *([f" and {more} more"] * (more > 0))]


def value_estimate(
    counts: LabelCounts, matrix: FloatArray, *, unit: str, positive: int | None, rule: Rule
) -> ValueEstimate:
    """Value per 1000 rows of both models, of always and never predicting the positive class, and of a model
    that is always right. Raises ValueError when there is no row or the matrix is not (K, K).

    `matrix` (K truth, K predicted) is value per row. `positive` None: `predict_all` is of the one class that
    earns most when it is always predicted, and `predict_none` None.
    """
    joint = joint_of(counts)
    rows = int(joint.sum())
    if rows == 0 or matrix.shape != (joint.shape[0], joint.shape[2]):
        raise ValueError("a value needs rows, and a matrix of as many classes as were counted")
    truth, paired = joint.sum(axis=(1, 2)), joint.shape[1] > 1
    always = truth @ matrix / rows * PER

    challenger = float((joint.sum(axis=1) * matrix).sum() / rows * PER)
    champion = float((joint.sum(axis=2) * matrix).sum() / rows * PER) if paired else None
    groups = counts.groups if isinstance(counts, GroupedCounts) else None
    points = Points(
        metric=unit,
        rows=rows,
        challenger=challenger,
        champion=champion,
        groups=groups,
        differing=differing(joint),
    )
    spread = Spread()
    if is_judged(points, rule):
        found = _spread(counts, matrix, rule=rule)
        spread = with_unseen(found, points.seen, rule=rule, reach=partial(_reach, joint=joint, matrix=matrix))
    predict_all, predict_none = _constant(always, positive)
    return ValueEstimate(
        unit=unit,
        rows=rows,
        challenger=challenger,
        champion=champion,
        change=points.change,
        groups=groups,
        lower=spread.lower,
        upper=spread.upper,
        predict_all=predict_all,
        predict_none=predict_none,
        perfect=float(truth @ np.diag(matrix) / rows * PER),
    )


def _reach(missed: float, *, joint: IntArray, matrix: FloatArray) -> tuple[float, float]:
    down, up = worth_reach(joint.sum(axis=1), matrix, missed=missed)
    rows = int(joint.sum())
    return down / rows * PER, up / rows * PER


def _constant(always: FloatArray, positive: int | None) -> tuple[float, float | None]:
    """The value of predicting everywhere the positive class, and of never; or the best class, and nothing."""
    if positive is None:
        return float(always.max()), None
    return float(always[positive]), float(always[1 - positive]) if len(always) == BINARY else None


def _spread(counts: LabelCounts, matrix: FloatArray, *, rule: Rule) -> Spread:
    truth, champion, challenger = filled(joint_of(counts))
    change = matrix[truth, challenger] - matrix[truth, champion]
    if isinstance(counts, GroupedCounts):
        sums = np.stack([change, np.ones(len(truth))], axis=1)
        draws = label_draws(counts, sums, how=rule.resampling)
        return drawn_spread(
            draws, lambda drawn: drawn[:, 0] / drawn[:, 1] * PER, units=units(counts), rule=rule
        )
    # cells whose rows are worth the same are drawn as one, which is exact and, of many classes, far quicker
    rows = int(counts.sum())
    worth, cell = np.unique(change, return_inverse=True)
    merged = np.bincount(cell, weights=counts[counts > 0]).astype(np.int64)
    draws = cell_draws(merged, worth[:, np.newaxis], how=rule.resampling)
    return drawn_spread(draws, lambda drawn: drawn[:, 0] / rows * PER, units=rows, rule=rule)


def error_value_estimate(
    sums: Moments | GroupedSums, values: Mapping[str, float], *, unit: str, rule: Rule
) -> ValueEstimate:
    """Value per 1000 rows of numbers: `under_prediction` and `over_prediction` are the worth of each unit a
    prediction is below or above the truth. A model that is always right has 0; which number earns most when
    it is always predicted is not known from sums.

    Raises ValueError when there is no row.
    """
    under, over = float(values["under_prediction"]), float(values["over_prediction"])

    def worth(means: Numbers) -> FloatArray:
        lacking = means[..., 5]
        return np.asarray((under * lacking + over * (means[..., 2] - lacking)) * PER)

    points = mean_points(sums, worth, name=unit)
    if points.rows == 0:
        raise ValueError("a value needs rows")
    spread = Spread()
    if is_judged(points, rule):
        found = mean_spread(sums, worth, rule=rule)
        spread = with_unseen(
            found, points.seen, rule=rule, reach=partial(reach_of_means, sums=sums, figure=worth)
        )
    return ValueEstimate(
        unit=unit,
        rows=points.rows,
        challenger=points.challenger,
        champion=points.champion,
        change=points.change,
        lower=spread.lower,
        upper=spread.upper,
        predict_all=None,
        predict_none=None,
        perfect=0.0,
        groups=points.groups,
    )
