"""Residuals in bins: NumPy's counts, in whatever order and batches rows come."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.core.pictures import Residuals
from promoter.evaluation.figures import FloatArray
from promoter.evaluation.residual_bins import BINS, SHARE, ResidualCounts, residuals
from tests.unit.evaluation.real_models import regressed

LARGEST = np.finfo(np.float64).max


def counted(values: FloatArray, batch: int = 100) -> ResidualCounts:
    """Of residuals, by a truth of 0."""
    found = ResidualCounts()
    for first in range(0, len(values), batch):
        part = values[first : first + batch]
        found.add(np.zeros(len(part)), part)
    return found


def drawn(challenger: FloatArray, champion: FloatArray | None = None, batch: int = 100) -> Residuals:
    found = residuals(counted(challenger, batch), None if champion is None else counted(champion, batch))
    assert found is not None
    return found


def by_numpy(values: FloatArray, edges: tuple[float, ...]) -> tuple[int, ...]:
    """Of magnitudes, so that what lies on an edge is farther from 0 on both sides; open beyond the last."""
    outwards = [*edges[BINS // 2 : -1], np.inf]
    above, below = (
        np.histogram(np.abs(side), outwards)[0] for side in (values[values >= 0], values[values < 0])
    )
    return (*below[::-1].tolist(), *above.tolist())


def assert_counted(found: Residuals, challenger: FloatArray, champion: FloatArray) -> None:
    assert found.champion is not None
    assert len(found.edges) == BINS + 1
    assert found.edges == tuple(-edge for edge in reversed(found.edges))
    assert np.diff(found.edges) == pytest.approx(found.edges[-1] / (BINS // 2))
    for counts, values in ((found.challenger, challenger), (found.champion, champion)):
        assert counts == by_numpy(values, found.edges)
        assert sum(counts) == len(values)


def test_residuals_of_real_models_are_counted_as_numpy_does() -> None:
    rows = regressed()
    challenger, champion = ResidualCounts(), ResidualCounts()
    challenger.add(rows.truth, rows.challenger)
    champion.add(rows.truth, rows.champion)
    found = residuals(challenger, champion)
    assert found is not None
    assert_counted(found, rows.challenger - rows.truth, rows.champion - rows.truth)
    farther = max(np.quantile(np.abs(one - rows.truth), SHARE) for one in (rows.challenger, rows.champion))
    assert farther * 0.99 <= found.edges[-1] <= farther * 1.3


FINITE = st.floats(-1e200, 1e200).filter(lambda value: value == 0 or abs(value) > 1e-200)
SOME = st.lists(FINITE | st.integers(-50, 50).map(float), min_size=1, max_size=60)


@settings(deadline=None)
@given(SOME, SOME, st.integers(1, 60))
def test_counts_are_numpys_in_any_order_and_batches(
    challenger: list[float], champion: list[float], batch: int
) -> None:
    new, old = np.array(challenger), np.array(champion)
    if not (new.any() or old.any()):
        assert residuals(counted(new), counted(old)) is None
        return
    found = drawn(new, old)
    assert_counted(found, new, old)
    assert drawn(new[::-1], np.sort(old), batch) == found
    for values in (new, old):
        within = np.abs(values) <= found.edges[-1]
        assert within.mean() >= SHARE or not values.any()


@pytest.mark.parametrize("width", [2.0**-990, 0.125, 1.0, 1.25, 1.5, 1.75, 7 * 2.0**20, 2.0**990])
def test_what_lies_on_an_edge_is_farther_from_0(width: float) -> None:
    edges: FloatArray = np.arange(-BINS // 2, BINS // 2 + 1, dtype=np.float64) * width
    side = [1] * (BINS // 2 - 2)
    assert counted(edges).between(width) == (2, *side, 0, 1, *side, 2)
    within: FloatArray = edges[edges != 0] * np.float64(1 - 2.0**-50)
    assert counted(within).between(width) == (1,) * BINS


def test_a_few_far_ones_do_not_widen_the_bins() -> None:
    near = np.random.default_rng(1).normal(0, 1.0, 5_000)
    far = np.append(near, [1e12, -1e12])
    found = drawn(far)
    assert found.edges[-1] < 4
    assert found.edges == drawn(near).edges
    assert (found.challenger[0], found.challenger[-1]) == tuple(
        count + 1 for count in (drawn(near).challenger[0], drawn(near).challenger[-1])
    )


def test_sorted_rows_are_drawn_as_shuffled_ones() -> None:
    """The first batch alone would have the bins end far too early."""
    values = np.random.default_rng(2).normal(0, 5, 4_000)
    assert drawn(values[np.argsort(np.abs(values))], batch=50) == drawn(values, batch=4_000)


def test_one_right_model_is_drawn_beside_another_and_none_alone() -> None:
    right, wrong = np.zeros(10), np.linspace(-3, 3, 10)
    found = drawn(right, wrong)
    assert found.challenger[BINS // 2] == 10
    assert residuals(counted(right), None) is None
    assert residuals(counted(right), counted(right)) is None
    assert residuals(ResidualCounts(), None) is None


def test_where_most_are_right_the_farthest_counts() -> None:
    found = drawn(np.append(np.zeros(1_000), -7.0))
    assert found.edges[-1] >= 7
    assert (sum(found.challenger[: BINS // 2]), found.challenger[BINS // 2]) == (1, 1_000)


def test_what_overflows_is_in_an_outermost_bin() -> None:
    found = ResidualCounts()
    found.add(np.append(np.zeros(999), LARGEST), np.append(np.linspace(1, 2, 999), -LARGEST))
    picture = residuals(found, None)
    assert picture is not None
    assert picture.edges[-1] < 3
    assert picture.challenger[0] == 1


@pytest.mark.parametrize("values", [[1.0, math.nan], [math.inf], [LARGEST], [5e-324], [1.0, math.inf]])
def test_what_has_no_bins_is_left_out(values: list[float]) -> None:
    bad = counted(np.array(values))
    assert residuals(bad, None) is None
    assert residuals(counted(np.array([1.0])), bad) is None or values == [5e-324]
