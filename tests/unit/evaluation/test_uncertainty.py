"""Intervals, tests and planning, against scipy and figures worked out before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm, t

from promoter.evaluation.figures import IntArray
from promoter.evaluation.uncertainty import (
    UNDEFINED,
    Rule,
    exact_share,
    flips,
    holm,
    mcnemar,
    minimum_detectable_effect,
    normal_spread,
    resampled_spread,
    rows_to_decide,
)
from tests.unit.evaluation.real_models import classified

UP = Rule(greater_is_better=True)
DOWN = Rule(greater_is_better=False)


def one_way(lost: int, won: int) -> IntArray:
    """Joint counts in which so many rows are lost and won, and 100 stay right."""
    joint = np.zeros((2, 2, 2), dtype=np.int64)
    joint[1, 1, 0], joint[1, 0, 1], joint[0, 0, 0] = lost, won, 100
    return joint


def test_mcnemar_is_the_exact_binomial_test() -> None:
    assert mcnemar(one_way(300, 220)) == pytest.approx(0.00052, abs=5e-6)
    assert mcnemar(one_way(220, 300)) == pytest.approx(0.00052, abs=5e-6)
    assert mcnemar(one_way(0, 0)) == 1.0


def test_six_rows_all_one_way_are_the_fewest_that_tell() -> None:
    assert mcnemar(one_way(6, 0)) < 0.05 < mcnemar(one_way(5, 0))


def test_flips_are_counted_over_all_classes() -> None:
    found = classified("digits")
    right, still = found.champion == found.truth, found.challenger == found.truth
    assert flips(found.joint) == (int((right & ~still).sum()), int((~right & still).sum()))


@given(count=st.integers(0, 40), rows=st.integers(40, 400), alpha=st.sampled_from([0.01, 0.05, 0.1]))
def test_the_exact_interval_is_that_of_scipy(count: int, rows: int, alpha: float) -> None:
    expected = binomtest(count, rows).proportion_ci(1 - 2 * alpha, method="exact")
    assert exact_share(count, rows, alpha=alpha) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.9, 0.4]) == pytest.approx((0.9, 0.8))
    assert holm([]) == ()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_keeps_order_and_lies_between_none_and_bonferroni(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    for p_value, after in zip(p_values, adjusted, strict=True):
        assert p_value <= after <= min(1.0, p_value * len(p_values)) + 1e-12 or after == max(
            a for p, a in zip(p_values, adjusted, strict=True) if p < p_value
        )
    ordered = [after for _, after in sorted(zip(p_values, adjusted, strict=True))]
    assert ordered == sorted(ordered)
    assert adjusted[p_values.index(min(p_values))] == min(1.0, min(p_values) * len(p_values))


def test_the_minimum_detectable_effect_is_about_two_and_a_half_errors() -> None:
    assert minimum_detectable_effect(1.0) == pytest.approx(2.4865, abs=1e-4)
    effect = minimum_detectable_effect(0.02, confidence_level=0.99, power=0.9)
    assert effect == pytest.approx(0.02 * (2.3263 + 1.2816), abs=1e-5)


@pytest.mark.parametrize(("margin", "expected"), [(0.01, 6186), (0.02, 1547)])
def test_rows_to_show_that_equal_models_are_equal(margin: float, expected: int) -> None:
    error = (0.10 / 500) ** 0.5  # of accuracy at 10 % disagreement and 500 rows
    rows = rows_to_decide(500, standard_error=error, distance=margin)
    assert rows == pytest.approx(expected, rel=0.001)


@given(distance=st.floats(0.001, 1), rows=st.integers(10, 100_000))
def test_at_the_rows_to_decide_the_distance_is_detectable(distance: float, rows: int) -> None:
    needed = rows_to_decide(rows, standard_error=0.03, distance=-distance)
    assert needed is not None
    error = 0.03 * (rows / needed) ** 0.5
    assert minimum_detectable_effect(error) <= distance * (1 + 1e-9)
    assert needed >= rows or minimum_detectable_effect(0.03) < distance


def test_no_number_of_rows_shows_a_change_that_lies_on_the_limit() -> None:
    assert rows_to_decide(100, standard_error=0.1, distance=0.0) is None


# --- spreads --------------------------------------------------------------------------------------


def test_the_spread_of_resamples() -> None:
    changes = np.arange(-99, 101) / 100
    spread = resampled_spread(changes, UP)
    assert spread.lower == pytest.approx(np.quantile(changes, 0.05))
    assert spread.upper == pytest.approx(np.quantile(changes, 0.95))
    assert spread.standard_error == pytest.approx(changes.std(ddof=1))
    assert spread.p_worse == pytest.approx((1 + 101) / 201)
    assert resampled_spread(changes, DOWN).p_worse == pytest.approx((1 + 100) / 201)


def test_a_margin_makes_it_harder_to_be_worse() -> None:
    changes = np.tile([-0.03, -0.02, -0.01, 0.0], 10)
    shares = [resampled_spread(changes, Rule(greater_is_better=True, margin=m)).p_worse for m in (0, 0.02, 1)]
    assert shares == pytest.approx([11 / 41, 31 / 41, 1.0])


def test_a_loss_of_exactly_the_margin_is_within_it_whatever_binary_makes_of_it() -> None:
    changes = np.full(9, 0.2 - 0.3)  # a little more than 0.1 below
    assert resampled_spread(changes, Rule(greater_is_better=True, margin=0.1)).p_worse == 1.0
    spread = normal_spread(0.2 - 0.3, standard_error=0.0, rule=Rule(greater_is_better=True, margin=0.1))
    assert spread.p_worse == 1.0


@given(
    loss=st.floats(0.2, 1),
    spread=st.floats(0.001, 0.02),
    resamples=st.integers(100, 400),
    units=st.integers(30, 99),
)
def test_the_farther_a_loss_the_smaller_its_p_value_however_few_the_resamples(
    loss: float, spread: float, resamples: int, units: int
) -> None:
    changes = np.random.default_rng(resamples).normal(-loss, spread, resamples)
    (near, far) = (resampled_spread(changes - away, UP, units=units).p_worse or 0.0 for away in (0.0, 0.1))
    assert far < near < 1 / (1 + resamples)


def test_a_p_value_of_few_resamples_is_the_tail_of_students_t() -> None:
    changes = np.linspace(-0.3, 0.01, 300)
    held = int((changes >= 0).sum())
    assert held == 10
    assert resampled_spread(changes, UP).p_worse == pytest.approx(11 / 301)
    farther = changes - 0.01
    tail = t.cdf(farther.mean() / farther.std(ddof=1), 39)
    assert resampled_spread(farther, UP, units=40).p_worse == pytest.approx(tail)


def test_undefined_resamples_are_told_and_left_out() -> None:
    changes = np.array([0.1, np.nan, 0.1, 0.1])
    spread = resampled_spread(changes, UP)
    assert spread.undefined == 0.25
    assert (spread.lower, spread.upper, spread.p_worse) == pytest.approx((0.1, 0.1, 1.0))


@pytest.mark.parametrize("changes", [[np.nan, np.nan], [0.1, np.nan], [np.inf, -np.inf], []])
def test_of_resamples_without_values_nothing_is_known(changes: list[float]) -> None:
    assert resampled_spread(np.array(changes), UP) == UNDEFINED


def test_the_normal_spread() -> None:
    spread = normal_spread(-0.05, standard_error=0.02, rule=Rule(greater_is_better=True, margin=0.01))
    assert (spread.lower, spread.upper) == pytest.approx((-0.05 - 1.644854 * 0.02, -0.05 + 1.644854 * 0.02))
    assert spread.p_worse == pytest.approx(norm.cdf(-2.0))
    better = normal_spread(-0.05, standard_error=0.02, rule=DOWN)
    assert better.p_worse == pytest.approx(norm.cdf(2.5))


def test_without_spread_a_loss_is_sure_and_an_unknown_error_tells_nothing() -> None:
    assert normal_spread(-0.1, standard_error=0.0, rule=UP).p_worse == 0.0
    assert normal_spread(0.0, standard_error=0.0, rule=UP).p_worse == 1.0
    assert normal_spread(0.0, standard_error=float("nan"), rule=UP) == UNDEFINED
