"""What was counted elsewhere makes the same tallies as rows do."""

from __future__ import annotations

import numpy as np
import pytest

from promoter.evaluation.figures import IntArray, regression_rows
from promoter.evaluation.mean_tally import MeanKind, MeanTally
from promoter.evaluation.tallied import GroupedCounts, GroupedSums, Marks, Moments
from promoter.evaluation.tally import LabelTally

NUMBERS = np.random.default_rng(11)
ROWS = 300


def codes(below: int) -> IntArray:
    return NUMBERS.integers(0, below, ROWS)


@pytest.mark.parametrize("is_grouped", [False, True])
@pytest.mark.parametrize("is_paired", [False, True])
def test_entries_that_count_are_as_many_rows(*, is_grouped: bool, is_paired: bool) -> None:
    truth, new, old, slices, groups = codes(3), codes(3), codes(3), codes(4), codes(9)
    rows = np.stack([truth, new, old, slices, groups], axis=1)
    entries, times = np.unique(rows, axis=0, return_counts=True)
    one_by_one, counted = (LabelTally(classes=3, sizes=(4,)) for _ in range(2))
    for tally, (t, n, o, s, g), how_often in (
        (one_by_one, rows.T, None),
        (counted, entries.T, times),
    ):
        tally.add(
            t,
            champion=o if is_paired else None,
            challenger=n,
            marks=Marks(slices=(s,), groups=g if is_grouped else None),
            times=how_often,
        )
    for where in ({}, {0: 2}):
        assert (counted.joint(where) == one_by_one.joint(where)).all()
        assert counted.rows(where) == one_by_one.rows(where)
        found, expected = counted.select(where), one_by_one.select(where)
        if isinstance(expected, GroupedCounts):
            assert isinstance(found, GroupedCounts)
            assert found.count.tolist() == expected.count.tolist()
            assert found.cell.tolist() == expected.cell.tolist()


@pytest.mark.parametrize("is_grouped", [False, True])
def test_sums_of_each_slice_are_those_of_its_rows(*, is_grouped: bool) -> None:
    truth, slices, groups = NUMBERS.normal(50, 9, ROWS), codes(3), codes(7)
    new, old = truth + NUMBERS.normal(0, 2, ROWS), truth + NUMBERS.normal(0, 3, ROWS)
    by_rows, by_sums = (MeanTally(MeanKind.REGRESSION, sizes=(3,)) for _ in range(2))
    of = groups if is_grouped else None
    by_rows.add(truth, champion=old, challenger=new, marks=Marks(slices=(slices,), groups=of))
    pivot = float(np.sort(truth)[ROWS // 2])
    figures = [regression_rows(truth, model, pivot=pivot) for model in (new, old)]
    rows = np.hstack([np.ones((ROWS, 1)), *figures, figures[0] - figures[1]])
    pairs = np.hstack([figures[1], figures[0] - figures[1]])
    for slice_ in range(3):
        for group in range(7) if is_grouped else [None]:
            chosen = (slices == slice_) & (True if group is None else groups == group)
            by_sums.add_sums(
                rows[chosen].sum(axis=0, keepdims=True),
                products=None if is_grouped else (pairs[chosen].T @ pairs[chosen])[np.newaxis],
                marks=Marks(
                    slices=(np.array([slice_]),), groups=None if group is None else np.array([group])
                ),
                is_paired=True,
            )
    assert by_sums.width == 6
    for where in ({}, {0: 1}):
        found, expected = by_sums.select(where), by_rows.select(where)
        assert by_sums.rows(where) == by_rows.rows(where)
        np.testing.assert_allclose(found.challenger, expected.challenger, rtol=1e-12)
        np.testing.assert_allclose(found.change, expected.change, rtol=1e-9, atol=1e-9)
        if isinstance(expected, Moments):
            assert isinstance(found, Moments)
            np.testing.assert_allclose(found.products, expected.products, rtol=1e-9, atol=1e-6)
        else:
            assert isinstance(found, GroupedSums)
            assert found.rows.tolist() == expected.rows.tolist()


def test_a_model_alone_has_no_champion_in_its_sums() -> None:
    tally = MeanTally(MeanKind.PROBABILITY)
    sums = np.array([[4.0, 2.0, 1.0, 2.0, 1.0, 0.0, 0.0]])
    tally.add_sums(sums, products=np.zeros((1, 4, 4)), marks=Marks(), is_paired=False)
    assert tally.select().champion is None
    assert tally.rows() == 4
