"""Standard errors of ROC AUC and average precision, against their definitions, scipy and simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap
from sklearn.metrics import average_precision_score, roc_auc_score

from promoter.evaluation.delong import (
    auc_components,
    auc_contributions,
    contribution_error,
    delong_error,
    precision_contributions,
)
from promoter.evaluation.figures import FloatArray, IntArray
from tests.benchmarks.coverage_simulation import score_coverage, scores
from tests.unit.evaluation.real_models import classified

STEP = 1e-6
TRUE_CHANGES = (-0.02024, -0.03399)
"""Of ROC AUC and average precision in a world of two million rows."""


def tied(seed: int, rows: int = 40) -> tuple[IntArray, FloatArray]:
    generator = np.random.default_rng(seed)
    return np.append([0, 0, 1, 1], generator.integers(0, 2, rows)), generator.integers(0, 12, rows + 4) / 12


@given(st.integers(0, 1000))
def test_components_are_shares_of_rows_of_the_other_class(seed: int) -> None:
    truth, found = tied(seed)
    above = np.sign(found[truth == 1][:, np.newaxis] - found[truth == 0]) / 2 + 0.5
    of_positive, of_negative = auc_components(truth, found)
    np.testing.assert_allclose(of_positive, above.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(of_negative, above.mean(axis=0), atol=1e-12)


@pytest.mark.parametrize(
    ("contributions", "figure"),
    [(auc_contributions, roc_auc_score), (precision_contributions, average_precision_score)],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_contributions_are_derivatives_by_a_rows_weight(
    seed: int, contributions: Callable[[IntArray, FloatArray], FloatArray], figure: Callable[..., float]
) -> None:
    truth, found = tied(seed)
    moved = contributions(truth, found)
    assert moved.sum() == pytest.approx(0, abs=1e-12)
    for row in range(len(truth)):
        more, less = np.ones((2, len(truth)))
        more[row] += STEP
        less[row] -= STEP
        rise = figure(truth, found, sample_weight=more) - figure(truth, found, sample_weight=less)
        assert moved[row] == pytest.approx(rise / (2 * STEP), abs=1e-8)


def test_delong_on_real_models_is_the_bootstrap_of_rows() -> None:
    found = classified("breast_cancer")
    old, new = found.champion_scores[:, 1], found.challenger_scores[:, 1]
    error = delong_error(found.truth, champion=old, challenger=new)
    resampled = bootstrap(
        (found.truth, old, new),
        lambda truth, old, new: roc_auc_score(truth, new) - roc_auc_score(truth, old),
        paired=True,
        vectorized=False,
        n_resamples=600,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    assert error == pytest.approx(resampled.standard_error, rel=0.1)


def test_the_jackknife_of_average_precision_is_the_bootstrap_of_rows() -> None:
    truth, old, new = scores(800, np.random.default_rng(1))
    moved = precision_contributions(truth, new) - precision_contributions(truth, old)
    resampled = bootstrap(
        (truth, old, new),
        lambda truth, old, new: average_precision_score(truth, new) - average_precision_score(truth, old),
        paired=True,
        vectorized=False,
        n_resamples=600,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    assert contribution_error(moved, None) == pytest.approx(resampled.standard_error, rel=0.1)


def test_the_jackknife_of_roc_auc_is_delong() -> None:
    truth, old, new = scores(2000, np.random.default_rng(2))
    moved = auc_contributions(truth, new) - auc_contributions(truth, old)
    delong = delong_error(truth, champion=old, challenger=new)
    assert contribution_error(moved, None) == pytest.approx(delong, rel=0.005)


def test_delong_at_500_rows_is_as_wide_as_simulated_before() -> None:
    generator = np.random.default_rng(0)
    errors = [
        delong_error(truth, champion=old, challenger=new)
        for truth, old, new in (scores(500, generator) for _ in range(50))
    ]
    assert np.mean(errors) == pytest.approx(0.0445 / (2 * 1.96), rel=0.25)


def test_intervals_of_scores_hold_the_true_change_about_95_times_in_100() -> None:
    # 300 simulations: a true 95 % gives 91.2 to 98.8 % but for three times in a thousand
    for share in score_coverage(500, simulations=300, truth=TRUE_CHANGES).values():
        assert 0.912 <= share <= 0.988


@given(st.integers(0, 500))
def test_equal_rankings_differ_by_exactly_nothing(seed: int) -> None:
    truth, found = tied(seed)
    assert delong_error(truth, champion=found, challenger=np.exp(3 * found) - 7) == 0.0
    moved = precision_contributions(truth, found) - precision_contributions(truth, np.exp(found))
    assert contribution_error(moved, None) == 0.0


def test_one_row_of_a_class_or_one_group_tells_nothing() -> None:
    found = np.array([0.1, 0.2, 0.3])
    assert np.isnan(delong_error(np.array([0, 0, 1]), champion=found, challenger=found))
    assert np.isnan(contribution_error(found, np.array([4, 4, 4])))


def test_rows_said_twice_in_groups_are_as_sure_as_said_once() -> None:
    truth, old, new = scores(400, np.random.default_rng(3))
    groups = np.tile(np.arange(400), 2)
    once = auc_contributions(truth, new) - auc_contributions(truth, old)
    doubled = np.tile(truth, 2)
    twice = auc_contributions(doubled, np.tile(new, 2)) - auc_contributions(doubled, np.tile(old, 2))
    assert contribution_error(twice, groups) == pytest.approx(contribution_error(once, None), rel=1e-9)
    assert contribution_error(twice, None) == pytest.approx(contribution_error(once, None) / 2**0.5, rel=0.01)
