"""Tallies: the same whatever the batches, per slice and per group, and small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.evaluation import figures
from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.keyed_sums import PENDING, KeyedSums
from promoter.evaluation.label_draws import joint_of
from promoter.evaluation.mean_tally import MeanKind, MeanTally
from promoter.evaluation.score_tally import ScoreTally
from promoter.evaluation.slicing import Slicing
from promoter.evaluation.tallied import GroupedCounts, GroupedSums, Marks, Moments
from promoter.evaluation.tally import MAX_CLASSES, LabelTally
from tests.unit.evaluation.real_models import classified, regressed

SIZES = (3, 2)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Made-up rows with two slice columns and groups; `scores` are of the positive class."""

    truth: IntArray
    champion: IntArray
    challenger: IntArray
    scores: tuple[FloatArray, FloatArray]
    marks: Marks


def made_up(rows: int, *, seed: int = 0, classes: int = 2) -> Rows:
    generator = np.random.default_rng(seed)
    truth, champion, challenger = generator.integers(0, classes, (3, rows))
    slices = tuple(generator.integers(0, size, rows) for size in SIZES)
    groups = generator.integers(0, max(1, rows // 3), rows)
    scores = (generator.random(rows), generator.random(rows))
    return Rows(
        truth=truth,
        champion=champion,
        challenger=challenger,
        scores=scores,
        marks=Marks(slices=slices, groups=groups),
    )


def batches(rows: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, rows, size)]


def cut(marks: Marks, part: slice) -> Marks:
    groups = None if marks.groups is None else marks.groups[part]
    return Marks(slices=tuple(codes[part] for codes in marks.slices), groups=groups)


def ungrouped(marks: Marks) -> Marks:
    return Marks(slices=marks.slices)


def counted(rows: Rows, marks: Marks, *, size: int = 7, classes: int = 2) -> LabelTally:
    tally = LabelTally(classes=classes, sizes=SIZES)
    for part in batches(len(rows.truth), size):
        tally.add(
            rows.truth[part],
            champion=rows.champion[part],
            challenger=rows.challenger[part],
            marks=cut(marks, part),
        )
    return tally


def joint_by_hand(rows: Rows, chosen: FloatArray | IntArray, *, classes: int = 2) -> IntArray:
    joint = np.zeros((classes, classes, classes), dtype=np.int64)
    for row in np.flatnonzero(chosen):
        joint[rows.truth[row], rows.champion[row], rows.challenger[row]] += 1
    return joint


@given(rows=st.integers(1, 60), size=st.integers(1, 70), seed=st.integers(0, 99))
def test_joint_counts_are_the_rows_counted_in_any_batches(rows: int, size: int, seed: int) -> None:
    data = made_up(rows, seed=seed, classes=3)
    tally = counted(data, ungrouped(data.marks), size=size, classes=3)
    np.testing.assert_array_equal(tally.joint(), joint_by_hand(data, np.ones(rows), classes=3))
    first, second = data.marks.slices
    for key in tally.slices((0, 1)):
        chosen = (first == key[0]) & (second == key[1])
        expected = joint_by_hand(data, chosen, classes=3)
        np.testing.assert_array_equal(tally.joint({0: key[0], 1: key[1]}), expected)
    assert tally.slices((1,)) == tuple((code,) for code in sorted(set(second.tolist())))


def test_real_models_are_counted_rightly() -> None:
    found = classified("digits")
    tally = LabelTally(classes=10)
    tally.add(found.truth, champion=found.champion, challenger=found.challenger)
    np.testing.assert_array_equal(tally.joint(), found.joint)
    assert tally.joint().dtype == np.int64


def test_counts_of_groups_add_up_to_the_joint_counts() -> None:
    data = made_up(300)
    grouped, whole = counted(data, data.marks), counted(data, ungrouped(data.marks))
    counts = grouped.select()
    assert isinstance(counts, GroupedCounts)
    np.testing.assert_array_equal(joint_of(counts), whole.select())
    np.testing.assert_array_equal(grouped.joint(), whole.joint())
    assert data.marks.groups is not None
    assert counts.groups == len(np.unique(data.marks.groups))
    per_group = np.bincount(counts.group, weights=counts.count)
    np.testing.assert_array_equal(per_group, np.unique(data.marks.groups, return_counts=True)[1])


def test_groups_of_a_slice_are_those_with_rows_in_it() -> None:
    data = made_up(300)
    counts = counted(data, data.marks).select({0: 2})
    assert isinstance(counts, GroupedCounts)
    assert data.marks.groups is not None
    chosen = data.marks.slices[0] == 2
    np.testing.assert_array_equal(joint_of(counts), joint_by_hand(data, chosen))
    assert counts.groups == len(np.unique(data.marks.groups[chosen]))


def test_without_a_champion_the_middle_axis_has_length_1() -> None:
    data = made_up(100, classes=3)
    tally = LabelTally(classes=3)
    tally.add(data.truth, champion=None, challenger=data.challenger)
    joint = tally.joint()
    assert joint.shape == (3, 1, 3)
    expected = joint_by_hand(data, np.ones(100), classes=3).sum(axis=1, keepdims=True)
    np.testing.assert_array_equal(joint, expected)


def test_many_classes_and_slices_are_counted_by_sorting() -> None:
    generator = np.random.default_rng(0)
    truth, champion, challenger = generator.integers(0, 120, (3, 500))
    tally = LabelTally(classes=120)
    tally.add(truth, champion=champion, challenger=challenger)
    assert tally.joint().sum() == 500
    assert tally.joint()[truth[0], champion[0], challenger[0]] >= 1


def test_an_empty_batch_adds_nothing() -> None:
    none = np.empty(0, dtype=np.int64)
    tally, means = LabelTally(classes=2), MeanTally(MeanKind.PROBABILITY)
    tally.add(none, champion=none, challenger=none)
    means.add(none, champion=np.empty(0), challenger=np.empty(0))
    assert tally.joint().tolist() == [[[0, 0], [0, 0]], [[0, 0], [0, 0]]]
    moments = means.select()
    assert isinstance(moments, Moments)
    assert moments.rows == 0


@pytest.mark.parametrize(
    ("truth", "champion", "marks"),
    [
        ([0, 2], [0, 1], Marks()),
        ([0, 1], [0, -1], Marks()),
        ([0, 1], [0], Marks()),
        ([0, 1], [0, 1], Marks(slices=(np.array([0, 3]),))),
        ([0, 1], [0, 1], Marks(slices=(np.array([0, 1]), np.array([0, 1])))),
        ([0, 1], [0, 1], Marks(slices=(np.array([0, 1]),), groups=np.array([0, -1]))),
        ([0, 1], [0, 1], Marks(slices=(np.array([0, 1]),), groups=np.array([0, 1 << 60]))),
    ],
)
def test_codes_that_nobody_knows_are_refused(truth: list[int], champion: list[int], marks: Marks) -> None:
    tally = LabelTally(classes=2, sizes=(3,))
    if not marks.slices:
        marks = Marks(slices=(np.array([0, 1]),))
    with pytest.raises(ValueError, match=r"codes|zip\(\)"):
        tally.add(np.array(truth), champion=np.array(champion), challenger=np.array([0, 1]), marks=marks)


@pytest.mark.parametrize("classes", [0, MAX_CLASSES + 1])
def test_too_many_classes_are_refused(classes: int) -> None:
    with pytest.raises(ValueError, match="can be counted"):
        LabelTally(classes=classes)


@pytest.mark.parametrize("sizes", [(0,), (1 << 31, 1 << 32)])
def test_slices_that_cannot_be_numbered_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="cannot be counted"):
        Slicing(sizes)


def test_memory_grows_with_keys_not_with_rows() -> None:
    sums = KeyedSums(1)
    for _ in range(40):
        sums.add(np.arange(5000), np.ones((5000, 1)))
        waiting = sum(len(keys) for keys, _ in sums._waiting)
        assert waiting <= PENDING + 5000
    keys, totals = sums.totals()
    assert len(keys) == 5000
    assert totals.sum() == 200_000


# --- means ----------------------------------------------------------------------------------------


def summed(marks: Marks, *, size: int = 50) -> MeanTally:
    data = regressed()
    tally = MeanTally(MeanKind.REGRESSION, sizes=SIZES)
    for part in batches(len(data.truth), size):
        tally.add(
            data.truth[part],
            champion=data.champion[part],
            challenger=data.challenger[part],
            marks=cut(marks, part),
        )
    return tally


def marks_of(rows: int) -> Marks:
    return made_up(rows).marks


def test_sums_are_those_of_all_rows_in_any_batches() -> None:
    data = regressed()
    marks = ungrouped(marks_of(len(data.truth)))
    moments, small = summed(marks, size=442).select(), summed(marks).select()
    assert isinstance(moments, Moments)
    assert isinstance(small, Moments)
    pivot = float(np.sort(data.truth[:50])[25])
    new = figures.regression_rows(data.truth, data.challenger, pivot=pivot)
    old = figures.regression_rows(data.truth, data.champion, pivot=pivot)
    both = np.hstack([old, new - old])
    np.testing.assert_allclose(small.challenger, new.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(small.products, both.T @ both, rtol=1e-12)
    np.testing.assert_allclose(small.change, (new - old).sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.change[2:], small.change[2:], rtol=1e-12)
    assert moments.rows == small.rows == len(data.truth)


def test_sums_of_slices_and_groups_add_up() -> None:
    rows = len(regressed().truth)
    marks = marks_of(rows)
    whole, grouped = summed(ungrouped(marks)), summed(marks)
    parts = [whole.select({0: first, 1: second}) for first, second in whole.slices((0, 1))]
    total, of_groups = whole.select(), grouped.select({0: 1})
    assert isinstance(total, Moments)
    assert sum(int(np.sum(part.rows)) for part in parts) == rows
    np.testing.assert_allclose(sum(part.change for part in parts), total.change)
    products = [part.products for part in parts if isinstance(part, Moments)]
    np.testing.assert_allclose(sum(products), total.products)
    assert isinstance(of_groups, GroupedSums)
    assert of_groups.champion is not None
    expected = whole.select({0: 1})
    np.testing.assert_allclose(of_groups.challenger.sum(axis=0), expected.challenger)
    assert of_groups.rows.sum() == expected.rows
    assert marks.groups is not None
    assert len(of_groups.rows) == len(np.unique(marks.groups[marks.slices[0] == 1]))


@pytest.mark.parametrize("groups", [None, np.array([0, 0, 1])])
def test_without_a_champion_there_are_no_sums_of_it(groups: IntArray | None) -> None:
    tally = MeanTally(MeanKind.PROBABILITY)
    tally.add(
        np.array([0, 1, 1]),
        champion=None,
        challenger=np.array([0.1, 0.8, 0.6]),
        marks=Marks(groups=groups),
    )
    sums = tally.select()
    assert sums.champion is None
    assert not sums.change.any()


@pytest.mark.parametrize("champion", [None, np.array([0.5, 0.5])])
def test_losses_of_other_lengths_are_refused(champion: FloatArray | None) -> None:
    challenger = np.array([0.5, 0.5] if champion is None else [0.5])
    with pytest.raises(ValueError, match="differ in length"):
        MeanTally(MeanKind.PROBABILITY).add(np.array([1]), champion=champion, challenger=challenger)


# --- scores ---------------------------------------------------------------------------------------


def test_scores_of_a_slice_are_kept_as_they_are() -> None:
    data = made_up(100)
    tally = ScoreTally(sizes=SIZES)
    champion, challenger = data.scores
    for part in batches(100, 30):
        tally.add(
            data.truth[part],
            champion=champion[part],
            challenger=challenger[part],
            marks=cut(data.marks, part),
        )
    found, chosen = tally.select({1: 1}), data.marks.slices[1] == 1
    assert data.marks.groups is not None
    np.testing.assert_array_equal(found.truth, data.truth[chosen])
    np.testing.assert_array_equal(found.challenger, challenger[chosen])
    np.testing.assert_array_equal(found.reference, champion[chosen])
    np.testing.assert_array_equal(found.groups, data.marks.groups[chosen])
    assert tally.slices((0,)) == ((0,), (1,), (2,))


def test_scores_without_champion_and_groups() -> None:
    tally = ScoreTally()
    tally.add(np.array([0, 1]), champion=None, challenger=np.array([0.3, 0.4]))
    found = tally.select()
    assert found.champion is None
    assert found.groups is None
    np.testing.assert_array_equal(found.reference, found.challenger)


@pytest.mark.parametrize(
    ("truth", "champion"), [([0, 2], [0.1, 0.2]), ([0, 1, 1], [0.1, 0.2]), ([0, 1], [0.1])]
)
def test_scores_that_do_not_match_are_refused(truth: list[int], champion: list[float]) -> None:
    with pytest.raises(ValueError, match=r"codes|shape"):
        ScoreTally().add(np.array(truth), champion=np.array(champion), challenger=np.array([0.3, 0.4]))
