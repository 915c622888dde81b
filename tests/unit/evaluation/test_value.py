"""Money: from counts and a matrix, against rows added up one by one and the seeds' own figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from promoter.core.measurement import ValueEstimate
from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.statistics import Rule
from promoter.evaluation.tallied import GroupedCounts
from promoter.evaluation.value import binary_matrix, inverted, value_estimate
from tests.unit.evaluation.real_models import classified

RULE = Rule(greater_is_better=True, seed=3)
CHURN = {"true_positive": 1500, "false_positive": -500, "false_negative": -2000, "true_negative": 0}
SEED = {**CHURN, "false_negative": 2000}
"""The seeds' matrix, whose sign is wrong: a churner who is missed pays."""


def churn(*, positive: int = 1) -> IntArray:
    """2000 rows, 545 of which churn; the champion finds 300 of them and the challenger 400."""
    joint = np.zeros((2, 2, 2), dtype=np.int64)
    joint[1, 1, 1], joint[1, 0, 1], joint[1, 0, 0], joint[0, 0, 0] = 300, 100, 145, 1355
    joint[0, 0, 1] = 100
    return joint if positive == 1 else joint[::-1, ::-1, ::-1]


def of_churn(values: dict[str, int], *, positive: int = 1) -> ValueEstimate:
    matrix = binary_matrix(values, positive=positive)
    return value_estimate(churn(positive=positive), matrix, unit="USD", positive=positive, rule=RULE)


@pytest.mark.parametrize("positive", [0, 1])
def test_the_seeds_figures_with_their_sign_and_the_right_one(positive: int) -> None:
    wrong, right = (of_churn(values, positive=positive) for values in (SEED, CHURN))
    assert (wrong.predict_none, wrong.perfect) == (545_000.0, 408_750.0)  # 1,090,000 and 817,500 in 2000 rows
    assert (right.predict_none, right.perfect) == (-545_000.0, 408_750.0)
    assert right.predict_all == (545 * 1500 - 1455 * 500) / 2
    assert right.champion == (300 * 1500 - 245 * 2000) / 2
    assert right.challenger == (400 * 1500 - 145 * 2000 - 100 * 500) / 2
    assert (right.unit, right.rows) == ("USD", 2000)


def test_the_interval_is_that_of_the_mean_difference_of_rows() -> None:
    found = of_churn(CHURN)
    differences = np.zeros(2000)
    differences[:100], differences[100:200] = 3500, -500
    error = differences.std() / 2000**0.5 * 1000
    assert found.change == 1000 * differences.mean()
    assert found.lower == pytest.approx(found.change - 1.645 * error, abs=0.1 * error)
    assert found.upper == pytest.approx(found.change + 1.645 * error, abs=0.1 * error)


def test_classes_have_no_one_to_always_predict() -> None:
    rows = classified("wine")
    matrix: FloatArray = np.random.default_rng(0).normal(size=(3, 3))
    found = value_estimate(rows.joint, matrix, unit="EUR", positive=None, rule=RULE)
    assert (found.predict_all, found.predict_none) == (None, None)
    assert found.challenger == pytest.approx(1000 * matrix[rows.truth, rows.challenger].mean())
    assert found.champion == pytest.approx(1000 * matrix[rows.truth, rows.champion].mean())
    assert found.perfect == pytest.approx(1000 * matrix[rows.truth, rows.truth].mean())
    one = value_estimate(rows.joint, matrix, unit="EUR", positive=2, rule=RULE)
    assert one.predict_all == pytest.approx(1000 * matrix[rows.truth, 2].mean())
    assert one.predict_none is None


def test_groups_that_vary_in_size_are_resampled_whole() -> None:
    joint = churn()
    cells = np.flatnonzero(joint)
    counts = GroupedCounts(  # five groups, each of all rows of one cell
        group=np.arange(5), cell=cells, count=joint.ravel()[cells], groups=5, shape=(2, 2, 2)
    )
    matrix = binary_matrix(CHURN, positive=1)
    found = value_estimate(counts, matrix, unit="USD", positive=1, rule=RULE)
    rows = of_churn(CHURN)
    assert (found.challenger, found.change) == (rows.challenger, rows.change)
    assert found.lower is not None
    assert rows.lower is not None
    assert found.lower < rows.lower


@pytest.mark.parametrize("paired", [2, 1])
def test_points_only(paired: int) -> None:
    joint = churn() if paired == 2 else churn().sum(axis=1, keepdims=True)
    rule = replace(RULE, resamples=0) if paired == 2 else RULE
    matrix = binary_matrix(CHURN, positive=1)
    found = value_estimate(joint, matrix, unit="USD", positive=1, rule=rule)
    assert (found.lower, found.upper) == (None, None)
    assert found.challenger == of_churn(CHURN).challenger
    assert (found.champion is None) == (found.change is None) == (paired == 1)


def test_a_wrong_label_must_not_pay_like_the_right_one() -> None:
    assert inverted(binary_matrix(CHURN, positive=1)) == ()
    assert inverted(binary_matrix(SEED, positive=1)) == ((1, 0),)
    assert inverted(binary_matrix(SEED, positive=0)) == ((0, 1),)
    assert inverted(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 2.0], [0.0, 0.0, 1.0]])) == ((0, 1), (1, 2))


@pytest.mark.parametrize(
    ("joint", "classes"), [(np.zeros((2, 2, 2), dtype=np.int64), 2), (np.ones((2, 2, 2), dtype=np.int64), 3)]
)
def test_no_rows_and_a_matrix_of_other_classes_are_refused(joint: IntArray, classes: int) -> None:
    with pytest.raises(ValueError, match="needs rows, and a matrix"):
        value_estimate(joint, np.eye(classes), unit="USD", positive=1, rule=RULE)
