"""Figures of scores in bins, against those of the scores themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.evaluation.engines.binned_scores import (
    Binned,
    BinnedScores,
    BinnedScoreTally,
    binned_estimate,
    binned_figure,
    steps_of_bins,
)
from promoter.evaluation.figures import FloatArray, IntArray, average_precision, roc_auc
from promoter.evaluation.score_curves import steps_of
from promoter.evaluation.statistics import Rule, score_estimate
from promoter.evaluation.tallied import Marks, PairedScores

NAMES = ("roc_auc", "average_precision_score")
RULE = Rule(greater_is_better=True, margin=0.01)


def counted(
    truth: IntArray, new: IntArray, old: IntArray | None, groups: IntArray | None = None
) -> BinnedScores:
    """Rows as entries that count; no bin holds more than one score."""
    columns = [truth, new, *([] if old is None else [old]), *([] if groups is None else [groups])]
    entries, times = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)
    nothing = np.zeros(len(entries), dtype=np.bool_)
    return BinnedScores(
        truth=entries[:, 0],
        times=times,
        challenger=Binned(bins=entries[:, 1], mixed=nothing),
        champion=None if old is None else Binned(bins=entries[:, 2], mixed=nothing),
        groups=None if groups is None else entries[:, -1],
    )


def some_rows(seed: int, rows: int = 400, bins: int = 12) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    numbers = np.random.default_rng(seed)
    truth = (numbers.random(rows) < 0.3).astype(np.int64)
    new, old = ((truth * 2 + numbers.integers(0, bins, rows)) for _ in range(2))
    return truth, new, old, numbers.integers(0, 60, rows)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_grouped", [False, True])
@pytest.mark.parametrize("is_paired", [False, True])
def test_estimates_are_those_of_the_rows(*, name: str, is_grouped: bool, is_paired: bool) -> None:
    truth, new, old, groups = some_rows(1)
    before, of = (old if is_paired else None), (groups if is_grouped else None)
    scores = PairedScores(
        truth=truth,
        challenger=new.astype(float),
        champion=None if before is None else before.astype(float),
        groups=of,
    )
    expected = score_estimate(scores, name=name, rule=RULE)
    found = binned_estimate(counted(truth, new, before, of), name=name, rule=RULE)
    for field in ("challenger", "champion", "change", "lower", "upper", "standard_error", "p_worse"):
        of_rows = getattr(expected, field)
        close = None if of_rows is None else pytest.approx(of_rows, rel=1e-9)
        assert getattr(found, field) == close, field
    assert (found.rows, found.groups) == (expected.rows, expected.groups)
    if is_paired:
        assert found.method == f"{expected.method}, of scores in bins, which hide 0 at most"


@pytest.mark.parametrize("name", NAMES)
def test_an_interval_reaches_as_much_farther_as_the_bins_may_hide(name: str) -> None:
    truth, new, old, _ = some_rows(2)
    exact = counted(truth, new, old)
    mixed = np.ones(len(exact.truth), dtype=np.bool_)
    hiding = replace(exact, challenger=replace(exact.challenger, mixed=mixed))
    sure, unsure = (binned_estimate(one, name=name, rule=RULE) for one in (exact, hiding))
    value, hidden = binned_figure(hiding, hiding.challenger, name=name)
    assert hidden > 0
    assert unsure.challenger == sure.challenger == value
    assert sure.lower is not None
    assert unsure.lower == pytest.approx(sure.lower - hidden)
    assert unsure.upper == pytest.approx((sure.upper or 0.0) + hidden)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=2, max_size=60), st.integers(1, 9))
def test_what_bins_hide_is_never_more_than_said(rows: list[tuple[bool, float]], bins: int) -> None:
    truth = np.array([is_positive for is_positive, _ in rows], dtype=np.int64)
    scores: FloatArray = np.array([score for _, score in rows])
    if not 0 < truth.sum() < len(truth):
        return
    place = np.floor(scores * bins).astype(np.int64)
    mixed = np.array([len(set(scores[place == one])) > 1 for one in place])
    entries = BinnedScores(
        truth=truth,
        times=np.ones(len(truth), dtype=np.int64),
        challenger=Binned(bins=place, mixed=mixed),
        champion=None,
        groups=None,
    )
    for name, exact in zip(NAMES, (roc_auc, average_precision), strict=True):
        value, hidden = binned_figure(entries, entries.challenger, name=name)
        assert abs(value - exact(truth, scores)) <= hidden + 1e-12


def test_a_slice_has_its_own_rows() -> None:
    truth, new, old, groups = some_rows(3)
    entries = counted(truth, new, old, groups)
    half = entries.groups % 2 if entries.groups is not None else None
    assert half is not None
    tally = BinnedScoreTally(entries, marks=Marks(slices=(half,), groups=entries.groups), sizes=(2,))
    of_slice = groups % 2 == 1
    expected = counted(truth[of_slice], new[of_slice], old[of_slice], groups[of_slice])
    found = tally.select({0: 1})
    assert (found.rows, found.positives) == (expected.rows, expected.positives)
    assert binned_estimate(found, name="roc_auc", rule=RULE) == binned_estimate(
        expected, name="roc_auc", rule=RULE
    )
    assert tally.select().rows == len(truth)


def test_curves_are_drawn_of_the_same_steps() -> None:
    truth, new, old, _ = some_rows(4)
    entries = counted(truth, new, old)
    expected = steps_of(truth == 1, new.astype(float))
    assert expected is not None
    found = steps_of_bins(entries, entries.challenger)
    assert found.positives.tolist() == expected.positives.tolist()
    assert found.negatives.tolist() == expected.negatives.tolist()


@pytest.mark.parametrize(
    ("truth", "auc", "precision"), [([1, 1], None, 1.0), ([0, 0], None, None), ([1, 0], 1.0, 1.0)]
)
def test_rows_of_one_class_have_the_value_that_they_have(
    truth: list[int], auc: float | None, precision: float | None
) -> None:
    bins = np.array([5, 3])
    entries = counted(np.array(truth), bins, None)
    found = [binned_estimate(entries, name=name, rule=RULE).challenger for name in NAMES]
    assert found == [auc, precision]


def test_one_row_of_a_class_tells_no_spread() -> None:
    truth, bins = np.array([1, 0, 0, 0]), np.array([3, 2, 1, 0])
    for groups in (None, np.array([0, 0, 1, 1])):
        found = binned_estimate(counted(truth, bins, bins[::-1], groups), name="roc_auc", rule=RULE)
        assert found.standard_error is None
        assert found.undefined == 1.0


def test_an_equal_model_reaches_as_far_as_rows_may_have_missed() -> None:
    truth, new, _, _ = some_rows(5)
    same = PairedScores(truth=truth, challenger=new.astype(float), champion=new.astype(float), groups=None)
    found = binned_estimate(counted(truth, new, new), name="roc_auc", rule=RULE)
    expected = score_estimate(same, name="roc_auc", rule=RULE)
    assert (found.lower, found.upper) == (expected.lower, expected.upper)
    assert found.upper is not None
    assert found.upper > 0


def test_another_figure_is_none_of_scores() -> None:
    entries = counted(np.array([1, 0]), np.array([1, 0]), None)
    with pytest.raises(ValueError, match="'f1_score' is not a figure of the order"):
        binned_figure(entries, entries.challenger, name="f1_score")
