"""Curves of scores against scikit-learn's: all points where there are few, the area where there are many, and
of scores in bins what the bins promise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.calibration import calibration_curve

from promoter.core.pictures import Point, ScoreCurves
from promoter.evaluation.figures import FloatArray
from promoter.evaluation.score_bins import LARGEST_ERROR, ScoreBins
from promoter.evaluation.score_curves import (
    CALIBRATION_BINS,
    MOST_POINTS,
    Calibration,
    Steps,
    curves_of,
    steps_of,
    thinned,
)
from tests.unit.evaluation.real_models import LOADERS, classified

EXACT = 1e-12
THINNED = 0.001
MANY = 20_000
Scored = tuple[NDArray[np.bool_], FloatArray]


def real_models() -> Iterator[Scored]:
    """One class of each data set against the rest, by a tree and by naive Bayes."""
    for data in LOADERS:
        found = classified(data)
        for scores in (found.champion_scores, found.challenger_scores):
            for code in range(min(found.classes, 3)):
                yield found.truth == code, scores[:, code]


def made_up(rows: int, *, share: float, noise: float, seed: int = 0) -> Scored:
    numbers = np.random.default_rng(seed)
    is_positive = numbers.random(rows) < share
    is_positive[:2] = (True, False)
    return is_positive, 1 / (1 + np.exp(1.0 - is_positive - numbers.normal(0, noise, rows)))


@st.composite
def any_scores(draw: st.DrawFn) -> Scored:
    """With ties or without, of few rows or of many more than points are drawn of."""
    rows = draw(st.integers(2, 3_000))
    found = made_up(
        rows,
        share=draw(st.floats(0.01, 0.99)),
        noise=draw(st.floats(0.05, 8)),
        seed=draw(st.integers(0, 2**32 - 1)),
    )
    digits = draw(st.integers(1, 16))
    return found[0], found[1].round(digits)


def steps(scored: Scored) -> Steps:
    found = steps_of(*scored)
    assert found is not None
    return found


def area(points: tuple[Point, ...]) -> float:
    x, y = np.array(points).T
    return float(np.trapezoid(y, x))


def areas(scored: Scored) -> tuple[float, float]:
    """scikit-learn's, under both curves."""
    return float(metrics.roc_auc_score(*scored)), float(metrics.average_precision_score(*scored))


def all_points(scored: Scored) -> tuple[set[Point], set[Point]]:
    """scikit-learn's, of both curves; the second with the corners of its steps, as `PrecisionRecallDisplay`
    draws it, and without the point that stands for no threshold."""
    false_alarms, hits, _ = metrics.roc_curve(*scored, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(*scored)
    up, along = precision[:-1].tolist(), recall.tolist()
    corners = {*zip(along[:-1], up, strict=True), *zip(along[1:], up, strict=True)}
    return set(zip(false_alarms.tolist(), hits.tolist(), strict=True)), corners


def assert_drawn(found: ScoreCurves, scored: Scored) -> None:
    """Points of scikit-learn's curves from end to end, few enough, of nearly the same area."""
    for points, every, whole in zip(
        (found.roc, found.precision_recall), all_points(scored), areas(scored), strict=True
    ):
        assert len(points) <= MOST_POINTS
        assert set(points) <= every
        assert [x for x, _ in points] == sorted(x for x, _ in points)
        assert area(points) == pytest.approx(whole, abs=EXACT if len(points) < MOST_POINTS else THINNED)
    assert (found.roc[0], found.roc[-1]) == ((0.0, 0.0), (1.0, 1.0))
    share = float(np.mean(scored[0]))
    assert found.precision_recall[0][0] == 0.0
    assert found.precision_recall[-1] == pytest.approx((1.0, share), abs=EXACT)


# --- of scores that are kept ------------------------------------------------------------------------------


def test_curves_of_real_models_are_scikit_learns() -> None:
    for scored in real_models():
        assert_drawn(curves_of(steps(scored)), scored)


@settings(deadline=None)
@given(any_scores())
def test_whatever_the_scores_points_are_scikit_learns_and_the_area_stays(scored: Scored) -> None:
    assert_drawn(curves_of(steps(scored)), scored)


@pytest.mark.parametrize("share", [0.5, 0.002])
@pytest.mark.parametrize("noise", [0.2, 1.0, 20.0])
def test_many_rows_are_drawn_with_few_points(share: float, noise: float) -> None:
    assert_drawn(curves_of(steps(scored := made_up(MANY, share=share, noise=noise))), scored)


@pytest.mark.parametrize("teeth", [99, 100, 101, 150, 400, 3_000])
@pytest.mark.parametrize("width", [1, 7])
def test_corners_are_not_all_cut_off_on_one_side(teeth: int, width: int) -> None:
    """A saw of equal teeth: thinned by shape alone, its area is off by up to 1 in 400 teeth's."""
    is_positive = np.tile(np.repeat([True, False], width), teeth)
    down: FloatArray = np.arange(len(is_positive), dtype=float)[::-1]
    for truth in (is_positive, ~is_positive):
        assert_drawn(curves_of(steps((truth, down))), (truth, down))


def test_few_points_are_all_kept_and_ends_always() -> None:
    x = np.linspace(0, 1, MOST_POINTS)
    assert thinned(x, x**2).tolist() == list(range(MOST_POINTS))
    x = np.linspace(0, 1, 5 * MOST_POINTS)
    kept = thinned(x, np.sin(40 * x))
    assert (kept[0], kept[-1], len(set(kept.tolist()))) == (0, 5 * MOST_POINTS - 1, MOST_POINTS)


def test_scores_that_are_all_equal_have_one_step() -> None:
    found = curves_of(steps((np.array([True, False, False, True]), np.full(4, 0.3))))
    assert found.roc == ((0.0, 0.0), (1.0, 1.0))
    assert found.precision_recall == ((0.0, 0.5), (1.0, 0.5))


def test_precision_is_no_better_between_two_thresholds_than_at_the_next() -> None:
    """A tree's three leaves; a straight line to the first would promise 0.57 where it has 0.4."""
    rows = [(0.9, 70, 105), (0.3, 20, 300), (0.1, 10, 495)]
    is_positive = np.concatenate([np.repeat([True, False], counts) for _, *counts in rows])
    found = curves_of(steps((is_positive, np.repeat([score for score, *_ in rows], [175, 320, 505]))))
    assert [x for x, _ in found.precision_recall] == pytest.approx([0.0, 0.7, 0.7, 0.9, 0.9, 1.0])
    assert [y for _, y in found.precision_recall] == pytest.approx(
        [0.4, 0.4, 90 / 495, 90 / 495, 0.1, 0.1], abs=EXACT
    )


@pytest.mark.parametrize("truth", [[True, True], [False, False], []])
def test_rows_of_one_kind_have_no_curve(truth: list[bool]) -> None:
    is_positive, scores = np.array(truth, dtype=np.bool_), np.full(len(truth), 0.5)
    assert steps_of(is_positive, scores) is None
    bins = ScoreBins()
    bins.add(is_positive, scores)
    assert bins.steps() is None


def test_the_share_is_that_of_positive_rows() -> None:
    assert steps((np.array([True, False, False, False]), np.array([0.1, 0.1, 0.5, 0.7]))).share == 0.25


# --- calibration ------------------------------------------------------------------------------------------


def calibrated(scored: Scored, batch: int) -> Calibration:
    found = Calibration()
    for first in range(0, len(scored[0]), batch):
        found.add(scored[0][first : first + batch], scored[1][first : first + batch])
    return found


def assert_calibrated(scored: Scored) -> None:
    found = calibrated(scored, 100)
    shares, means = calibration_curve(*scored, n_bins=CALIBRATION_BINS)
    points, rows = found.points()
    assert found.within
    assert np.array(points) == pytest.approx(np.column_stack([means, shares]), rel=EXACT)
    assert sum(rows) == len(scored[0])
    assert min(rows) > 0


def test_calibration_of_real_models_is_scikit_learns() -> None:
    for scored in real_models():
        assert_calibrated(scored)


@settings(deadline=None)
@given(any_scores())
def test_whatever_the_scores_calibration_is_scikit_learns(scored: Scored) -> None:
    assert_calibrated(scored)


@pytest.mark.parametrize("score", [-1e-9, 1 + 1e-9, np.nan, np.inf])
def test_scores_beyond_0_and_1_are_no_probabilities(score: float) -> None:
    found = calibrated((np.array([True, False, True]), np.array([score, 0.5, 1.0])), 1)
    assert not found.within
    assert calibrated((np.array([True, False]), np.array([0.0, 1.0])), 1).within


# --- of scores that pass by -------------------------------------------------------------------------------


def binned(scored: Scored, batch: int = 100) -> tuple[Steps, float]:
    """The steps, and by how much the area of their curves may be off."""
    bins = ScoreBins()
    for first in range(0, len(scored[0]), batch):
        bins.add(scored[0][first : first + batch], scored[1][first : first + batch])
    found = bins.steps()
    assert found is not None
    return found, bins.hidden(found)


def assert_as_near_as_told(scored: Scored) -> float:
    found, hidden = binned(scored)
    curves = curves_of(found)
    off = [
        abs(area(points) - whole)
        for points, whole in zip((curves.roc, curves.precision_recall), areas(scored), strict=True)
    ]
    assert max(off) <= hidden + THINNED
    return hidden


def test_bins_of_real_models_hide_no_more_than_they_tell() -> None:
    """Of a tree's few scores nothing; of a naive Bayes whose scores go down to 1e-300, more than is drawn."""
    hidden = [assert_as_near_as_told(scored) for scored in real_models()]
    assert min(hidden) == 0
    assert max(hidden) > LARGEST_ERROR


@pytest.mark.parametrize("share", [0.5, 0.01])
@pytest.mark.parametrize("noise", [0.2, 1.0, 5.0, 20.0])
def test_bins_of_many_rows_hide_little(share: float, noise: float) -> None:
    assert assert_as_near_as_told(made_up(MANY, share=share, noise=noise)) <= LARGEST_ERROR


@settings(deadline=None)
@given(any_scores())
def test_bins_never_hide_more_than_they_tell(scored: Scored) -> None:
    assert_as_near_as_told(scored)


def test_scores_too_close_together_are_told() -> None:
    is_positive, scores = made_up(1_000, share=0.5, noise=1.0)
    assert assert_as_near_as_told((is_positive, 0.3 + scores * 1e-5)) > LARGEST_ERROR


@pytest.mark.parametrize("score", [0.0, 1e-30, 0.3, 0.5, 1 - 1e-12, 1.0])
def test_equal_scores_hide_nothing_and_batches_make_no_difference(score: float) -> None:
    is_positive = np.arange(300) % 3 == 0
    scored = is_positive, np.where(np.arange(300) % 2, score, 0.7)
    (found, hidden), (again, same) = binned(scored), binned(scored, batch=7)
    assert (hidden, same) == (0.0, 0.0)
    kept = steps(scored)
    for one in (found, again):
        assert (one.positives.tolist(), one.negatives.tolist()) == (
            kept.positives.tolist(),
            kept.negatives.tolist(),
        )


def test_what_is_no_probability_goes_to_the_nearest_end() -> None:
    found, _ = binned((np.array([True, False, True, False]), np.array([1.0005, 0.4, np.nan, -0.0005])))
    assert (found.positives.tolist(), found.negatives.tolist()) == ([1, 0, 1], [0, 1, 1])
