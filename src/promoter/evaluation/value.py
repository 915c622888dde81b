"""What predictions are worth: counts of (truth, predicted) times a matrix of money per row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from promoter.core.measurement import ValueEstimate
from promoter.evaluation.estimates import drawn_spread
from promoter.evaluation.figures import BINARY, FloatArray
from promoter.evaluation.label_draws import filled, joint_of, label_draws, units
from promoter.evaluation.tallied import LabelCounts
from promoter.evaluation.uncertainty import Rule, Spread

PER = 1000
"""Values are told per so many rows."""


def binary_matrix(values: Mapping[str, float], *, positive: int) -> FloatArray:
    """The matrix (truth, predicted) of the keys true_positive, false_positive, false_negative and
    true_negative; `positive` is the positive class's code, 0 or 1."""
    names = [["true_negative", "false_positive"], ["false_negative", "true_positive"]]
    matrix = np.array([[float(values[name]) for name in row] for row in names])
    return matrix if positive == 1 else matrix[::-1, ::-1]


def inverted(matrix: FloatArray) -> tuple[tuple[int, int], ...]:
    """(truth, predicted) of each wrong label that pays at least as much as the right one."""
    wrong = ~np.eye(len(matrix), dtype=np.bool_)
    truth, predicted = np.nonzero(wrong & (matrix >= np.diag(matrix)[:, np.newaxis]))
    return tuple(zip(truth.tolist(), predicted.tolist(), strict=True))


def value_estimate(
    counts: LabelCounts, matrix: FloatArray, *, unit: str, positive: int | None, rule: Rule
) -> ValueEstimate:
    """Value per 1000 rows of both models, of always and never predicting the positive class, and of a model
    that is always right. Raises ValueError when there is no row or the matrix is not (K, K).

    `matrix` (K truth, K predicted) is value per row. `positive` None: no one class is always predicted.
    """
    joint = joint_of(counts)
    rows = int(joint.sum())
    if rows == 0 or matrix.shape != (joint.shape[0], joint.shape[2]):
        raise ValueError("a value needs rows, and a matrix of as many classes as were counted")
    truth, paired = joint.sum(axis=(1, 2)), joint.shape[1] > 1

    def per(total: FloatArray) -> float:
        return float(total / rows * PER)

    def always(code: int | None) -> float | None:
        return None if code is None else per(truth @ matrix[:, code])

    challenger = per((joint.sum(axis=1) * matrix).sum())
    champion = per((joint.sum(axis=2) * matrix).sum()) if paired else None
    spread = _spread(counts, matrix, rule=rule) if paired and rule.resamples > 0 else Spread()
    return ValueEstimate(
        unit=unit,
        rows=rows,
        challenger=challenger,
        champion=champion,
        change=None if champion is None else challenger - champion,
        lower=spread.lower,
        upper=spread.upper,
        predict_all=always(positive),
        predict_none=always(None if positive is None or len(matrix) != BINARY else 1 - positive),
        perfect=per(truth @ np.diag(matrix)),
    )


def _spread(counts: LabelCounts, matrix: FloatArray, *, rule: Rule) -> Spread:
    truth, champion, challenger = filled(joint_of(counts))
    change = matrix[truth, challenger] - matrix[truth, champion]
    sums = np.stack([change, np.ones(len(truth))], axis=1)
    draws = label_draws(counts, sums, how=rule.resampling)
    return drawn_spread(draws, lambda drawn: drawn[:, 0] / drawn[:, 1] * PER, units=units(counts), rule=rule)
