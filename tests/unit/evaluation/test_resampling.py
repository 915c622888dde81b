"""Draws: right in the mean and the spread, the same for the same seed, exact where nothing varies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.evaluation.figures import FloatArray
from promoter.evaluation.resampling import (
    CHUNK,
    MAX_DISTINCT,
    Resampling,
    cell_draws,
    group_draws,
    moment_draws,
    seed_of,
)

HOW = Resampling(resamples=20_000, seed=5)


def together(draws: Iterator[FloatArray]) -> FloatArray:
    return np.concatenate(list(draws))


def test_the_seed_is_of_the_evidence_and_of_its_order() -> None:
    said = (5).to_bytes(8, "big") + b"churn" + (1).to_bytes(8, "big") + b"7"
    assert seed_of("churn", "7") == int(hashlib.sha256(said).hexdigest()[:16], 16)
    assert len({seed_of("churn", "7"), seed_of("7", "churn"), seed_of("churn7"), seed_of("churn7", "")}) == 4


@given(resamples=st.integers(1, 30_000), width=st.integers(0, 5_000_000))
def test_chunks_add_up_and_fit(resamples: int, width: int) -> None:
    chunks = list(Resampling(resamples=min(resamples, 300), seed=0).chunks(width))
    assert sum(chunks) == min(resamples, 300)
    assert all(chunk == 1 or chunk * width <= CHUNK for chunk in chunks)


def test_rows_drawn_are_as_many_as_there_are_with_binomial_spread() -> None:
    counts = np.array([60, 0, 40])
    drawn = together(cell_draws(counts, np.eye(3), how=HOW))
    assert drawn.shape == (20_000, 3)
    assert (drawn.sum(axis=1) == 100).all()
    assert drawn[:, 0].mean() == pytest.approx(60, abs=0.2)
    assert drawn[:, 0].std() == pytest.approx((100 * 0.6 * 0.4) ** 0.5, rel=0.02)


def test_the_same_seed_gives_the_same_draws() -> None:
    counts, sums = np.array([5, 7, 3]), np.eye(3)
    again = together(cell_draws(counts, sums, how=HOW))
    np.testing.assert_array_equal(together(cell_draws(counts, sums, how=HOW)), again)
    other = together(cell_draws(counts, sums, how=Resampling(resamples=20_000, seed=6)))
    assert (other != again).any()


def test_groups_are_drawn_whole() -> None:
    sums = np.array([[1.0, 10.0], [1.0, 10.0], [0.0, 7.0], [5.0, 0.0]])
    drawn = together(group_draws(sums, how=HOW))
    indices = np.random.default_rng(0).integers(0, 4, (20_000, 4))
    by_hand = sums[indices].sum(axis=1)
    np.testing.assert_allclose(drawn.mean(axis=0), by_hand.mean(axis=0), rtol=0.02)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(by_hand.T), rtol=0.05)
    assert {tuple(row) for row in drawn} <= {tuple(row) for row in by_hand}


def test_many_groups_are_drawn_from_the_normal_limit_of_the_same_spread() -> None:
    generator = np.random.default_rng(0)
    sums = np.hstack([generator.exponential(1.0, (MAX_DISTINCT + 1, 2)), np.zeros((MAX_DISTINCT + 1, 1))])
    drawn = together(group_draws(sums, how=HOW))
    one_by_one = together(cell_draws(np.ones(len(sums), dtype=np.int64), sums, how=HOW))
    np.testing.assert_allclose(drawn.mean(axis=0), one_by_one.mean(axis=0), rtol=0.001)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(one_by_one.T), rtol=0.05, atol=2)
    assert not drawn[:, 2].any()


def test_totals_stray_as_sums_of_rows_do_also_when_columns_depend_on_each_other() -> None:
    generator = np.random.default_rng(0)
    first = generator.normal(3.0, 2.0, 500)
    rows = np.stack([first, 2 * first, generator.random(500), np.full(500, 0.1)], axis=1)
    drawn = together(moment_draws(500, total=rows.sum(axis=0), products=rows.T @ rows, how=HOW))
    np.testing.assert_allclose(drawn.mean(axis=0), rows.sum(axis=0), rtol=0.01)
    np.testing.assert_allclose(np.cov(drawn.T), 500 * np.cov(rows.T, ddof=0), rtol=0.05, atol=5)
    np.testing.assert_allclose(drawn[:, 1], 2 * drawn[:, 0], rtol=1e-6)
    assert (drawn[:, 3] == rows.sum(axis=0)[3]).all()


def test_draws_stop_where_the_tick_says_so() -> None:
    left = iter([None, None])

    def tick() -> None:
        next(left)

    how = Resampling(resamples=10 * CHUNK, seed=1, tick=tick)
    chunks = how.chunks(1)
    assert [next(chunks), next(chunks)] == [CHUNK, CHUNK]
    with pytest.raises(RuntimeError):  # what StopIteration becomes inside a generator
        next(chunks)
