"""The second opinion on ROC AUC: against scikit-learn on the rows drawn, scipy's bootstrap, and DeLong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap, norm
from sklearn.metrics import roc_auc_score

from promoter.evaluation.auc_bootstrap import (
    FEWEST_RESAMPLES,
    MOST_RESAMPLES,
    ROW_DRAWS,
    auc_changes,
    auc_opinions,
    weighted_auc,
)
from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.statistics import Rule, score_estimate
from promoter.evaluation.tallied import PairedScores
from tests.benchmarks.coverage_simulation import scores
from tests.unit.evaluation.real_models import classified

RULE = Rule(greater_is_better=True, seed=11)


def pairs(groups: IntArray | None = None) -> PairedScores:
    rows = classified("breast_cancer")
    old, new = rows.champion_scores[:, 1], rows.challenger_scores[:, 1]
    return PairedScores(truth=rows.truth, champion=old, challenger=new, groups=groups)


def few(rows: int = 40) -> PairedScores:
    truth, old, new = scores(rows, np.random.default_rng(5))
    return PairedScores(truth=truth, champion=old, challenger=new, groups=None)


@given(seed=st.integers(0, 500), rows=st.integers(2, 30), steps=st.integers(1, 9))
def test_a_resample_has_the_figure_of_its_rows_written_out(seed: int, rows: int, steps: int) -> None:
    generator = np.random.default_rng(seed)
    truth, found = generator.integers(0, 2, rows), generator.integers(0, steps, rows) / steps
    times = generator.integers(0, 3, rows)
    drawn, expected = np.repeat(np.arange(rows), times), float("nan")
    if len(set(truth[drawn].tolist())) == 2:
        expected = roc_auc_score(truth[drawn], found[drawn])
    assert weighted_auc(truth, found)(times) == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_the_changes_are_those_of_scipys_bootstrap() -> None:
    sample = few()

    def change(truth: IntArray, old: FloatArray, new: FloatArray) -> float:
        wins = (np.sign(model[truth == 1][:, np.newaxis] - model[truth == 0]) for model in (new, old))
        return float(np.subtract(*(np.mean(won) for won in wins)) / 2)

    expected = bootstrap(
        (sample.truth, sample.champion, sample.challenger),
        change,
        paired=True,
        vectorized=False,
        n_resamples=2000,
        method="percentile",
        confidence_level=0.9,
        rng=np.random.default_rng(0),
    )
    found = auc_changes(sample, rule=Rule(greater_is_better=True, seed=1), resamples=10_000)
    noise = 0.13 * expected.standard_error
    ends = np.nanquantile(found, [0.05, 0.95])
    assert np.nanstd(found, ddof=1) == pytest.approx(expected.standard_error, rel=0.08)
    assert ends.tolist() == pytest.approx(list(expected.confidence_interval), abs=noise)


@pytest.mark.parametrize(
    ("groups", "of"), [(None, "rows"), (np.arange(569) // 2, "groups"), (np.arange(569) + 7, "groups")]
)
def test_on_real_models_it_agrees_with_what_is_judged_by(groups: IntArray | None, of: str) -> None:
    found = score_estimate(pairs(groups), name="roc_auc", rule=RULE, row_draws=ROW_DRAWS)
    (other,) = found.opinions
    assert other.method == f"paired bootstrap of {of}, 1,000 resamples"
    assert other.p_value is None
    assert found.method != other.method
    error = found.standard_error or 0
    # four standard errors of a 5 % quantile of 1000 resamples, and what a normal interval leaves out
    assert (other.lower, other.upper) == pytest.approx((found.lower, found.upper), abs=0.4 * error)


def test_over_many_holdouts_it_is_as_wide_as_delong() -> None:
    generator, widths = np.random.default_rng(0), []
    for _ in range(20):
        truth, old, new = scores(500, generator)
        sample = PairedScores(truth=truth, champion=old, challenger=new, groups=None)
        found = score_estimate(sample, name="roc_auc", rule=RULE, row_draws=ROW_DRAWS)
        (other,) = found.opinions
        assert other.upper is not None
        assert other.lower is not None
        widths.append((other.upper - other.lower) / (2 * norm.ppf(0.95) * (found.standard_error or 1)))
    assert np.mean(widths) == pytest.approx(1, abs=0.05)


def test_the_judgement_is_the_same_with_a_second_opinion_and_without() -> None:
    with_one = score_estimate(pairs(), name="roc_auc", rule=RULE, row_draws=ROW_DRAWS)
    without = score_estimate(pairs(), name="roc_auc", rule=RULE)
    assert replace(with_one, opinions=()) == without
    assert without.opinions == ()


def test_the_seed_decides_the_resamples() -> None:
    once, again = (auc_opinions(few(), rule=RULE, row_draws=ROW_DRAWS) for _ in range(2))
    assert once == again != auc_opinions(few(), rule=replace(RULE, seed=12), row_draws=ROW_DRAWS)


@pytest.mark.parametrize(
    ("asked", "row_draws", "done"),
    [
        (10_000, ROW_DRAWS, MOST_RESAMPLES),
        (10_000, 40 * 300, 300),
        (10_000, 40 * FEWEST_RESAMPLES, FEWEST_RESAMPLES),
        (10_000, 40 * FEWEST_RESAMPLES - 1, 0),
        (100, ROW_DRAWS, 100),
        (10_000, 0, 0),
    ],
)
def test_resamples_are_as_many_as_the_row_draws_allow(asked: int, row_draws: int, done: int) -> None:
    found = auc_opinions(few(), rule=replace(RULE, resamples=asked), row_draws=row_draws)
    told = [f"paired bootstrap of rows, {done:,} resamples"] if done else []
    assert [one.method for one in found] == told


def test_equal_rankings_differ_by_exactly_nothing() -> None:
    sample = few()
    sample = replace(sample, challenger=np.exp(sample.reference))
    (found,) = auc_opinions(sample, rule=RULE, row_draws=ROW_DRAWS)
    assert (found.lower, found.upper) == (0.0, 0.0)


def test_what_never_has_a_value_has_no_opinion() -> None:
    one_class = replace(few(), truth=np.zeros(40, dtype=np.int64))
    assert auc_opinions(one_class, rule=RULE, row_draws=ROW_DRAWS) == ()
    one_group = replace(few(), groups=np.zeros(40, dtype=np.int64))
    assert auc_opinions(one_group, rule=RULE, row_draws=ROW_DRAWS) == ()


@pytest.mark.parametrize("fields", [{"name": "average_precision", "rule": RULE}, {"name": "roc_auc"}])
def test_only_a_judged_roc_auc_has_one(fields: dict[str, object]) -> None:
    how = {"rule": replace(RULE, resamples=0), "row_draws": ROW_DRAWS, **fields}
    assert score_estimate(pairs(), **how).opinions == ()  # type: ignore[arg-type]
