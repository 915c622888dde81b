"""Money: from counts and a matrix, or from errors, against rows added up one by one and seeds' figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from promoter.core.measurement import ValueEstimate
from promoter.core.policy import BusinessValueRule
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.mean_tally import MeanKind, MeanTally
from promoter.evaluation.statistics import Rule
from promoter.evaluation.tallied import GroupedCounts, GroupedSums, Marks, Moments
from promoter.evaluation.value import (
    binary_matrix,
    error_value_estimate,
    refuse_other_labels,
    value_estimate,
    value_matrix,
)
from tests.unit.evaluation.real_models import classified, regressed

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


def test_of_many_classes_the_best_one_is_always_predicted() -> None:
    rows = classified("wine")
    matrix: FloatArray = np.random.default_rng(0).normal(size=(3, 3))
    found = value_estimate(rows.joint, matrix, unit="EUR", positive=None, rule=RULE)
    best = max(1000 * matrix[rows.truth, code].mean() for code in range(3))
    assert found.predict_all == pytest.approx(best)
    assert found.predict_none is None
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


def test_of_many_classes_the_interval_is_that_of_resampled_rows() -> None:
    rows = classified("digits")
    matrix: FloatArray = np.random.default_rng(1).normal(size=(10, 10)) + 5 * np.eye(10)
    found = value_estimate(rows.joint, matrix, unit="EUR", positive=None, rule=RULE)
    differences = 1000 * (matrix[rows.truth, rows.challenger] - matrix[rows.truth, rows.champion])
    expected = bootstrap(
        (differences,),
        np.mean,
        n_resamples=5000,
        confidence_level=0.9,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    noise = 0.13 * expected.standard_error
    assert found.change == pytest.approx(differences.mean(), rel=1e-9)
    assert (found.lower, found.upper) == pytest.approx(tuple(expected.confidence_interval), abs=noise)


def test_models_that_earn_alike_differ_by_no_more_than_may_have_been_missed() -> None:
    joint = np.zeros((3, 3, 3), dtype=np.int64)
    joint[0, 1, 2], joint[1, 1, 1], joint[2, 0, 1] = 7, 20, 13  # other labels, and worth the same
    matrix = np.where(np.eye(3) > 0, 2.0, -0.1)
    found = value_estimate(joint, matrix, unit="EUR", positive=None, rule=RULE)
    missed = -np.log(1 - RULE.confidence_level) / 40 * 2.1 * 1000  # a right label worth 2 turns into -0.1
    assert found.change == 0.0
    assert (found.lower, found.upper) == pytest.approx((-missed, missed))


PETS = ("bird", "cat", "dog")
OF_PETS = {
    "dog": {"dog": 9.0, "cat": -4.0, "bird": -6.0},
    "cat": {"dog": -5.0, "cat": 8.0, "bird": -7.0},
    "bird": {"dog": -1.0, "cat": -2.0, "bird": 3.0},
}


def test_a_matrix_is_put_into_the_order_of_the_datas_labels() -> None:
    rule = BusinessValueRule(unit="EUR", matrix=OF_PETS)
    matrix = value_matrix(rule, labels=PETS, positive=None)
    assert matrix.tolist() == [[3.0, -2.0, -1.0], [-7.0, 8.0, -5.0], [-6.0, -4.0, 9.0]]
    refuse_other_labels(rule, PETS)
    of_two = BusinessValueRule(unit="EUR", values=CHURN)
    assert value_matrix(of_two, labels=("a", "b"), positive=0).tolist() == [[1500, -2000], [-500, 0]]
    refuse_other_labels(of_two, ("a", "b"))
    refuse_other_labels(None, PETS)


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (
            (*PETS, "fish", "newt"),
            "the data has the labels `fish`, `newt`, which `matrix` of `business_value` has not",
        ),
        (PETS[1:], "`matrix` of `business_value` has the label `bird`, which the data has not"),
        (
            ("Bird", *PETS[1:]),
            "the data has the label `Bird`, which `matrix` of `business_value` has not; "
            "`matrix` of `business_value` has the label `bird`, which the data has not",
        ),
    ],
)
def test_labels_that_the_data_and_the_matrix_do_not_share_are_named(
    labels: tuple[str, ...], told: str
) -> None:
    with pytest.raises(PromoterError) as caught:
        refuse_other_labels(BusinessValueRule(unit="EUR", matrix=OF_PETS), labels)
    assert caught.value.reason is ReasonCode.POLICY_INVALID
    assert str(caught.value) == told


def test_of_very_many_labels_the_first_are_named() -> None:
    labels = tuple(str(code) for code in range(30))
    with pytest.raises(PromoterError, match=r"`0`, .*`9` and 20 more") as caught:
        refuse_other_labels(BusinessValueRule(unit="EUR", matrix={"cat": {"cat": 1.0}}), labels)
    assert "`10`" not in str(caught.value)


# --- of numbers -----------------------------------------------------------------------------------

COSTS = {"under_prediction": -2.0, "over_prediction": -0.5}


def errors(groups: IntArray | None = None, *, paired: int = 2) -> Moments | GroupedSums:
    tally, data = MeanTally(MeanKind.REGRESSION), regressed()
    champion = data.champion if paired == 2 else None
    tally.add(data.truth, champion=champion, challenger=data.challenger, marks=Marks(groups=groups))
    return tally.select()


def earned(truth: FloatArray, predicted: FloatArray) -> FloatArray:
    """What 1000 rows like each would earn, one at a time."""
    return np.array(
        [
            1000 * (-2 * (one - other) if other < one else -0.5 * (other - one))
            for one, other in zip(truth, predicted, strict=True)
        ]
    )


@pytest.mark.parametrize("groups", [None, np.arange(442)])
def test_what_numbers_are_worth_is_added_up_row_by_row(groups: IntArray | None) -> None:
    data = regressed()
    found = error_value_estimate(errors(groups), COSTS, unit="EUR", rule=RULE)
    challenger, champion = earned(data.truth, data.challenger), earned(data.truth, data.champion)
    assert found.challenger == pytest.approx(challenger.mean(), rel=1e-10)
    assert found.champion == pytest.approx(champion.mean(), rel=1e-10)
    assert found.change == pytest.approx((challenger - champion).mean(), rel=1e-9)
    expected = bootstrap(
        (challenger - champion,),
        np.mean,
        n_resamples=5000,
        confidence_level=0.9,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    noise = 0.15 * expected.standard_error
    assert (found.lower, found.upper) == pytest.approx(tuple(expected.confidence_interval), abs=noise)
    assert (found.unit, found.rows, found.perfect) == ("EUR", 442, 0.0)
    assert (found.predict_all, found.predict_none) == (None, None)


def test_rows_of_one_household_are_resampled_together() -> None:
    alone = error_value_estimate(errors(), COSTS, unit="EUR", rule=RULE)
    order = np.argsort(np.argsort(earned(regressed().truth, regressed().challenger)))
    together = error_value_estimate(errors(order // 20), COSTS, unit="EUR", rule=RULE)
    assert together.change == pytest.approx(alone.change)
    assert together.lower is not None
    assert alone.lower is not None
    assert together.lower < alone.lower


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=30))
def test_being_right_earns_nothing_and_nobody_earns_more(rows: list[tuple[float, float]]) -> None:
    truth, predicted = np.array(rows).T
    tally = MeanTally(MeanKind.REGRESSION)
    tally.add(truth, champion=truth, challenger=predicted)
    found = error_value_estimate(tally.select(), COSTS, unit="EUR", rule=replace(RULE, resamples=0))
    assert found.champion == 0.0
    assert found.challenger <= found.perfect == 0.0
    assert found.challenger == pytest.approx(earned(truth, predicted).mean(), rel=1e-9, abs=1e-6)
    assert (found.lower, found.upper) == (None, None)


def test_without_a_champion_numbers_have_a_worth_and_no_change() -> None:
    found = error_value_estimate(errors(paired=1), COSTS, unit="EUR", rule=RULE)
    assert (found.champion, found.change, found.lower) == (None, None, None)
    assert found.challenger == pytest.approx(earned(regressed().truth, regressed().challenger).mean())


def test_no_rows_have_no_worth() -> None:
    with pytest.raises(ValueError, match="needs rows"):
        error_value_estimate(MeanTally(MeanKind.REGRESSION).select(), COSTS, unit="EUR", rule=RULE)


@pytest.mark.parametrize(
    ("joint", "classes"), [(np.zeros((2, 2, 2), dtype=np.int64), 2), (np.ones((2, 2, 2), dtype=np.int64), 3)]
)
def test_no_rows_and_a_matrix_of_other_classes_are_refused(joint: IntArray, classes: int) -> None:
    with pytest.raises(ValueError, match="needs rows, and a matrix"):
        value_estimate(joint, np.eye(classes), unit="USD", positive=1, rule=RULE)
