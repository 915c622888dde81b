"""Estimates: against scipy's bootstrap of rows, figures simulated before, and what holds of all models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap
from sklearn import metrics

from promoter.core.measurement import Estimate, SecondOpinion
from promoter.evaluation.figures import IntArray, label_figure
from promoter.evaluation.mean_tally import MeanKind, MeanTally
from promoter.evaluation.statistics import (
    LabelFigure,
    Rule,
    flip_estimate,
    label_estimate,
    label_estimates,
    mean_estimate,
    score_estimate,
)
from promoter.evaluation.tallied import GroupedCounts, GroupedSums, Marks, Moments, PairedScores
from promoter.evaluation.tally import LabelTally
from tests.benchmarks.coverage_simulation import (
    TWO_SIDED_95,
    accepted,
    coverage,
    samples,
    slices_blocked,
    world,
)
from tests.unit.evaluation.real_models import Classified, Regressed, classified, regressed

Score = Callable[[Any, Any], float]

RULE = Rule(greater_is_better=True, confidence_level=TWO_SIDED_95, seed=7)
LOSS = replace(RULE, greater_is_better=False)
POINT = replace(RULE, resamples=0)
JOINTS = st.lists(st.integers(0, 30), min_size=27, max_size=27).map(lambda x: np.array(x).reshape(3, 3, 3))


def by_scipy(rows: Classified | Regressed, score: Score) -> tuple[float, float, float]:
    """Ends of the 95 % interval of the change, and its standard error, by resampling rows."""
    found = bootstrap(
        (rows.truth, rows.champion, rows.challenger),
        lambda truth, old, new: score(truth, new) - score(truth, old),
        paired=True,
        vectorized=False,
        n_resamples=5000,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    return (*found.confidence_interval, found.standard_error)


def f1(truth: IntArray, predicted: IntArray) -> float:
    return float(2 * (truth & predicted).sum() / (truth.sum() + predicted.sum()))


def f1_macro(truth: IntArray, predicted: IntArray) -> float:
    right, of_truth, of_predicted = (
        np.bincount(codes, minlength=10) for codes in (truth[truth == predicted], truth, predicted)
    )
    return float((2 * right / (of_truth + of_predicted)).mean())


def ends(found: Estimate) -> tuple[float, float]:
    assert found.lower is not None
    assert found.upper is not None
    return found.lower, found.upper


@pytest.mark.parametrize(
    ("data", "name", "score"), [("breast_cancer", "f1_score", f1), ("digits", "f1_macro", f1_macro)]
)
def test_the_interval_is_that_of_resampled_rows(data: str, name: str, score: Score) -> None:
    rows = classified(data)
    found = label_estimate(rows.joint, name=name, positive=1, rule=RULE)
    lower, upper, error = by_scipy(rows, score)
    change = score(rows.truth, rows.challenger) - score(rows.truth, rows.champion)
    assert found.change == pytest.approx(change, rel=1e-12)
    assert found.standard_error == pytest.approx(error, rel=0.05)
    # a 2.5 % quantile of 5000 resamples has a standard error of 0.04 of that
    assert ends(found) == pytest.approx((lower, upper), abs=0.13 * error)
    assert found.rows == len(rows.truth)
    assert found.metric == name


@pytest.mark.parametrize(
    ("rows", "points"), [(200, 6.5), (500, 4.1), (1000, 2.9), (2000, 2.0), (5000, 1.3), (20_000, 0.65)]
)
def test_the_interval_is_as_wide_as_simulated_before(rows: int, points: float) -> None:
    widths = []
    for joint in samples(world(), rows, count=40, seed=rows):
        lower, upper = ends(
            label_estimate(joint, name="f1_score", positive=1, rule=replace(RULE, resamples=1000))
        )
        widths.append((upper - lower) / 2)
    assert 100 * np.mean(widths) == pytest.approx(points, rel=0.06)


def test_the_models_together_are_surer_than_each_alone() -> None:
    joint = np.round(world() * 5000).astype(np.int64)
    figure = label_figure("f1_score", positive=1)
    alone = [
        np.random.default_rng(0).multinomial(5000, joint.sum(axis=axis).ravel() / joint.sum(), 5000)
        for axis in (1, 2)
    ]
    separate = np.hypot(*(figure(drawn.reshape(-1, 2, 2)).std() for drawn in alone))
    together = label_estimate(joint, name="f1_score", positive=1, rule=RULE).standard_error
    assert together is not None
    assert separate / together > 2


@pytest.mark.parametrize("rows", [200, 1000])
def test_intervals_hold_the_true_change_about_95_times_in_100(rows: int) -> None:
    # 400 simulations: a true 95 % gives 91.7 to 98.3 % but for three times in a thousand
    assert 0.917 <= coverage(rows, simulations=400, resamples=800) <= 0.983


def test_false_promotions_are_as_many_as_simulated_before() -> None:
    equal, worse = (accepted(1000, loss=loss, simulations=300) for loss in (0.0, 0.01))
    assert equal[">="] == pytest.approx(0.5, abs=0.09)
    assert worse[">="] == pytest.approx(0.26, abs=0.08)
    assert equal["superiority"] <= 0.09
    assert worse["within the margin"] <= 0.09


def test_holm_keeps_ten_slices_from_blocking_an_equal_model() -> None:
    blocked = slices_blocked(simulations=100)
    assert blocked["lower on a slice"] >= 0.97
    assert blocked["worse on a slice"] == pytest.approx(0.398, abs=0.15)
    assert blocked["worse by Holm"] <= 0.1


# --- what must hold of any two models -------------------------------------------------------------


@settings(max_examples=30)
@given(joint=JOINTS)
def test_swapping_the_models_negates_the_change(joint: IntArray) -> None:
    joint, rule = joint + 3, replace(RULE, resamples=4000)
    there = label_estimate(joint, name="accuracy", positive=None, rule=rule)
    back = label_estimate(joint.swapaxes(1, 2), name="accuracy", positive=None, rule=rule)
    assert there.change is not None
    assert back.change == -there.change
    assert (back.champion, back.challenger) == (there.challenger, there.champion)
    low, high = ends(back)
    # five standard errors of the difference of two such quantiles, and accuracy's own step of one row
    noise = 0.3 * (there.standard_error or 0) + 1 / there.rows
    assert ends(there) == pytest.approx((-high, -low), abs=noise)


@settings(max_examples=30)
@given(joint=JOINTS, permutation=st.permutations(range(3)))
def test_new_names_for_the_labels_change_no_figure(joint: IntArray, permutation: list[int]) -> None:
    moved = joint[np.ix_(permutation, permutation, permutation)]
    for name, positive in (("f1_macro", None), ("f1_score", 0)):
        code = None if positive is None else permutation[positive]
        old = label_estimate(joint, name=name, positive=code, rule=POINT)
        new = label_estimate(moved, name=name, positive=positive, rule=POINT)
        for after, before in ((new.challenger, old.challenger), (new.champion, old.champion)):
            assert after == (None if before is None else pytest.approx(before, rel=1e-12))


@settings(max_examples=20)
@given(counts=st.lists(st.integers(1, 50), min_size=9, max_size=9))
def test_identical_models_differ_by_no_more_than_may_have_been_missed(counts: list[int]) -> None:
    joint = np.zeros((3, 3, 3), dtype=np.int64)
    for cell, count in enumerate(counts):
        joint[cell // 3, cell % 3, cell % 3] = count
    for name in ("accuracy", "f1_macro", "matthews_corrcoef"):
        found = label_estimate(joint, name=name, positive=None, rule=replace(RULE, resamples=200))
        assert (found.change, found.standard_error, found.p_worse) == (0.0, 0.0, 1.0)
        low, high = ends(found)
        assert low < 0 < high


def test_the_same_seed_gives_the_same_estimate_and_another_one_nearly() -> None:
    joint = classified("digits").joint
    once, again = (label_estimate(joint, name="f1_macro", positive=None, rule=RULE) for _ in range(2))
    other = label_estimate(joint, name="f1_macro", positive=None, rule=replace(RULE, seed=8))
    assert once == again != other
    assert other.lower == pytest.approx(once.lower, abs=0.1 * (once.standard_error or 0))


def test_direction_decides_what_is_worse() -> None:
    joint = np.round(world(0.05) * 4000).astype(np.int64)
    up = label_estimate(joint, name="f1_score", positive=1, rule=RULE)
    down = label_estimate(joint, name="f1_score", positive=1, rule=LOSS)
    assert up.change == down.change
    assert (up.p_worse or 1) < 0.01
    assert (down.p_worse or 0) > 0.99
    wide = label_estimate(joint, name="f1_score", positive=1, rule=replace(RULE, margin=0.1))
    assert (wide.p_worse or 0) > 0.99


# --- what has no value ----------------------------------------------------------------------------


def test_without_a_champion_only_the_challenger_is_told() -> None:
    joint = classified("wine").joint.sum(axis=1, keepdims=True)
    found = label_estimate(joint, name="accuracy", positive=None, rule=RULE)
    expected = metrics.accuracy_score(classified("wine").truth, classified("wine").challenger)
    rows = len(classified("wine").truth)
    assert found == Estimate(metric="accuracy", greater_is_better=True, rows=rows, challenger=expected)


def test_points_only() -> None:
    found = label_estimate(classified("wine").joint, name="accuracy", positive=None, rule=POINT)
    assert found.change is not None
    assert (found.lower, found.standard_error, found.p_worse, found.method) == (None, None, None, "")


def test_a_figure_without_a_value_is_told_as_undefined() -> None:
    joint = np.zeros((2, 2, 2), dtype=np.int64)
    joint[:, 0, 0] = 50  # neither model ever predicts 1
    joint[1, 1, 0] = 1  # but the champion, once
    found = label_estimate(joint, name="precision_score", positive=1, rule=RULE)
    assert (found.challenger, found.champion, found.change, found.undefined) == (None, 1.0, None, 1.0)
    assert found.lower is None


def test_resamples_without_a_value_are_counted() -> None:
    joint = np.zeros((2, 2, 2), dtype=np.int64)
    joint[0, 0, 0], joint[1, 1, 1], joint[1, 0, 1] = 97, 2, 1
    found = label_estimate(joint, name="precision_score", positive=1, rule=RULE)
    assert found.undefined == pytest.approx(0.98**100, abs=0.01)  # the champion's two are not drawn


@pytest.mark.parametrize("rows", [0, 1])
def test_of_no_row_and_of_one_nothing_is_known(rows: int) -> None:
    joint = np.zeros((2, 2, 2), dtype=np.int64)
    joint[1, 1, 1] = rows
    found = label_estimate(joint, name="accuracy", positive=1, rule=RULE)
    assert (found.undefined, found.lower, found.p_worse) == (1.0, None, None)


# --- groups ---------------------------------------------------------------------------------------


def grouped(rows: Classified, groups: IntArray) -> GroupedCounts:
    tally = LabelTally(classes=rows.classes)
    tally.add(rows.truth, champion=rows.champion, challenger=rows.challenger, marks=Marks(groups=groups))
    counts = tally.select()
    assert isinstance(counts, GroupedCounts)
    return counts


def repeated(rows: Classified, times: int) -> Classified:
    return replace(
        rows,
        truth=np.tile(rows.truth, times),
        champion=np.tile(rows.champion, times),
        challenger=np.tile(rows.challenger, times),
    )


def test_each_row_a_group_of_its_own_is_no_group() -> None:
    rows = classified("wine")
    alone = grouped(rows, np.arange(len(rows.truth)))
    found = label_estimate(alone, name="f1_macro", positive=None, rule=RULE)
    expected = label_estimate(rows.joint, name="f1_macro", positive=None, rule=RULE)
    assert found.change == expected.change
    assert found.standard_error == pytest.approx(expected.standard_error, rel=0.05)
    assert found.method == "paired bootstrap of groups"


def test_rows_said_four_times_are_no_surer_when_grouped() -> None:
    rows = classified("breast_cancer")
    counts = grouped(repeated(rows, 4), np.tile(np.arange(len(rows.truth)), 4))
    once, fourfold = (
        label_estimate(each, name="accuracy", positive=1, rule=RULE) for each in (rows.joint, counts)
    )
    assert fourfold.change == pytest.approx(once.change)
    assert fourfold.standard_error == pytest.approx(once.standard_error, rel=0.05)
    assert fourfold.rows == 4 * once.rows
    flips, of_groups = flip_estimate(rows.joint, rule=RULE), flip_estimate(counts, rule=RULE)
    assert of_groups.rate == flips.rate
    assert (of_groups.lower, of_groups.upper) == pytest.approx((flips.lower, flips.upper), rel=0.02)


def test_one_group_tells_nothing_of_its_change() -> None:
    rows = classified("wine")
    found = label_estimate(
        grouped(rows, np.zeros(len(rows.truth), dtype=np.int64)), name="accuracy", positive=None, rule=RULE
    )
    assert found.undefined == 1.0
    assert found.change is not None


# --- flips ----------------------------------------------------------------------------------------


def test_flips_are_told_with_an_exact_interval() -> None:
    joint = np.zeros((2, 2, 2), dtype=np.int64)
    joint[1, 1, 0], joint[0, 1, 0], joint[0, 0, 0] = 5, 20, 75
    found = flip_estimate(joint, rule=RULE)
    assert (found.rows, found.count, found.rate) == (100, 5, 0.05)
    assert (found.lower, found.upper) == pytest.approx((0.0164, 0.1128), abs=1e-4)


def test_flips_of_groups_without_variance_count_as_many_as_there_are_groups() -> None:
    none = Classified(
        truth=np.ones(40, dtype=np.int64),
        champion=np.ones(40, dtype=np.int64),
        challenger=np.ones(40, dtype=np.int64),
        champion_scores=np.empty(0),
        challenger_scores=np.empty(0),
        classes=2,
    )
    found = flip_estimate(grouped(none, np.arange(40) // 4), rule=RULE)
    assert (found.rate, found.lower) == (0.0, 0.0)
    assert found.upper == pytest.approx(1 - 0.025 ** (1 / 10))


@pytest.mark.parametrize("joint", [np.zeros((2, 2, 2), dtype=np.int64), np.ones((2, 1, 2), dtype=np.int64)])
def test_flips_need_rows_and_a_champion(joint: IntArray) -> None:
    with pytest.raises(ValueError, match="both models predicted"):
        flip_estimate(joint, rule=RULE)


# --- means and scores -----------------------------------------------------------------------------


def sums_of(kind: MeanKind, *, groups: IntArray | None = None) -> Moments | GroupedSums:
    tally, marks = MeanTally(kind), Marks(groups=groups)
    if kind is MeanKind.REGRESSION:
        data = regressed()
        tally.add(data.truth, champion=data.champion, challenger=data.challenger, marks=marks)
    else:
        found = classified("breast_cancer")
        old, new = found.champion_scores[:, 1], found.challenger_scores[:, 1]
        tally.add(found.truth, champion=old, challenger=new, marks=marks)
    return tally.select()


REGRESSION: dict[str, Score] = {
    "mean_absolute_error": lambda truth, found: np.abs(truth - found).mean(),
    "root_mean_squared_error": lambda truth, found: ((truth - found) ** 2).mean() ** 0.5,
    "mean_absolute_percentage_error": lambda truth, found: np.abs(1 - found / truth).mean(),
    "r2_score": lambda truth, found: 1 - ((truth - found) ** 2).mean() / truth.var(),
}


@pytest.mark.parametrize("name", REGRESSION)
@pytest.mark.parametrize("groups", [None, np.arange(442)])
def test_regression_figures_stray_as_those_of_resampled_rows(name: str, groups: IntArray | None) -> None:
    data, score = regressed(), REGRESSION[name]
    found = mean_estimate(sums_of(MeanKind.REGRESSION, groups=groups), name=name, rule=LOSS)
    lower, upper, error = by_scipy(data, score)
    assert found.champion == pytest.approx(score(data.truth, data.champion), rel=1e-12)
    assert found.challenger == pytest.approx(score(data.truth, data.challenger), rel=1e-12)
    assert found.standard_error == pytest.approx(error, rel=0.05)
    assert ends(found) == pytest.approx((lower, upper), abs=0.2 * error)


@pytest.mark.parametrize(
    ("name", "score"), [("log_loss", metrics.log_loss), ("brier_score_loss", metrics.brier_score_loss)]
)
def test_losses_are_told_with_the_normal_interval_of_their_mean(name: str, score: Score) -> None:
    rows = classified("breast_cancer")
    found = mean_estimate(sums_of(MeanKind.PROBABILITY), name=name, rule=LOSS)
    change = score(rows.truth, rows.challenger_scores[:, 1]) - score(rows.truth, rows.champion_scores[:, 1])
    assert found.change == pytest.approx(change, rel=1e-10)
    error = found.standard_error or 0
    assert ends(found) == pytest.approx((change - 1.96 * error, change + 1.96 * error), abs=0.06 * error)
    assert found.method == "paired bootstrap of rows, normal limit"


@pytest.mark.parametrize("groups", [None, np.arange(442) // 3])
@pytest.mark.parametrize("name", ["rmse", "r2_score", "mape"])
def test_the_same_predictions_differ_by_no_more_than_may_have_been_missed(
    groups: IntArray | None, name: str
) -> None:
    data = regressed()
    tally = MeanTally(MeanKind.REGRESSION)
    tally.add(data.truth, champion=data.champion, challenger=data.champion, marks=Marks(groups=groups))
    found = mean_estimate(tally.select(), name=name, rule=replace(RULE, resamples=500))
    assert (found.change, found.standard_error) == (0.0, 0.0)
    low, high = ends(found)
    assert low < 0 < high
    assert found.groups == (None if groups is None else 148)


def test_means_of_no_rows_are_undefined_and_without_a_champion_only_points() -> None:
    nothing = mean_estimate(MeanTally(MeanKind.PROBABILITY).select(), name="log_loss", rule=LOSS)
    assert (nothing.challenger, nothing.undefined, nothing.rows) == (None, 1.0, 0)
    tally = MeanTally(MeanKind.PROBABILITY)
    tally.add(np.array([0, 1]), champion=None, challenger=np.array([0.2, 0.6]))
    found = mean_estimate(tally.select(), name="brier_score_loss", rule=LOSS)
    assert found.challenger == pytest.approx(0.1)
    assert (found.champion, found.change, found.undefined) == (None, None, 0.0)


def pairs(groups: IntArray | None = None) -> PairedScores:
    rows = classified("breast_cancer")
    champion, challenger = rows.champion_scores[:, 1], rows.challenger_scores[:, 1]
    return PairedScores(truth=rows.truth, champion=champion, challenger=challenger, groups=groups)


@pytest.mark.parametrize(
    ("name", "groups", "method"),
    [
        ("roc_auc", None, "DeLong"),
        ("roc_auc_score", np.arange(569) // 2, "infinitesimal jackknife of groups"),
        ("average_precision_score", None, "infinitesimal jackknife of rows"),
    ],
)
def test_scores_are_told_with_a_normal_interval(name: str, groups: IntArray | None, method: str) -> None:
    scores = pairs(groups)
    score = metrics.average_precision_score if "precision" in name else metrics.roc_auc_score
    found = score_estimate(scores, name=name, rule=RULE)
    assert found.champion == pytest.approx(score(scores.truth, scores.champion), rel=1e-12)
    assert found.challenger == pytest.approx(score(scores.truth, scores.challenger), rel=1e-12)
    lower, upper = ends(found)
    assert lower < (found.change or 0) < upper
    assert upper - lower == pytest.approx(2 * 1.959964 * (found.standard_error or 0), rel=1e-6)
    assert found.method == method


def test_scores_of_one_class_are_undefined_and_without_a_champion_only_points() -> None:
    scores = pairs()
    negative = score_estimate(replace(scores, truth=np.zeros(569, dtype=np.int64)), name="roc_auc", rule=RULE)
    assert (negative.challenger, negative.undefined) == (None, 1.0)
    found = score_estimate(replace(scores, champion=None), name="roc_auc", rule=RULE)
    assert (found.change, found.lower, found.undefined, found.method) == (None, None, 0.0, "")
    assert found.challenger == pytest.approx(metrics.roc_auc_score(scores.truth, scores.challenger))


def test_a_loss_is_not_of_the_order_of_scores() -> None:
    with pytest.raises(ValueError, match="order of scores"):
        score_estimate(pairs(), name="log_loss", rule=LOSS)


@pytest.mark.parametrize(("lost", "won", "p_value"), [(300, 220, 0.00052), (3, 3, 1.0), (6, 0, 2 / 64)])
def test_accuracy_has_mcnemars_test_beside_it(lost: int, won: int, p_value: float) -> None:
    joint = np.zeros((2, 2, 2), dtype=np.int64)
    joint[1, 1, 0], joint[1, 0, 1], joint[0, 0, 0] = lost, won, 1000
    found = label_estimate(joint, name="accuracy", positive=1, rule=RULE)
    (opinion,) = found.opinions
    assert opinion == SecondOpinion(method="exact McNemar", p_value=opinion.p_value)
    assert opinion.p_value == pytest.approx(p_value, rel=0.01)
    assert found.method == "paired bootstrap of rows"
    for other in (
        label_estimate(joint, name="f1_score", positive=1, rule=RULE),
        label_estimate(joint, name="accuracy", positive=1, rule=POINT),
        label_estimate(joint.sum(axis=1, keepdims=True), name="accuracy", positive=1, rule=RULE),
        label_estimate(
            grouped(classified("wine"), np.arange(178)), name="accuracy", positive=None, rule=RULE
        ),
    ):
        assert other.opinions == ()


# --- draws that figures share ---------------------------------------------------------------------

SHARED = ("accuracy", "f1_macro", "recall_weighted", "matthews_corrcoef")


@pytest.mark.parametrize("in_groups", [True, False])
def test_figures_that_share_their_draws_are_those_drawn_alone(in_groups: bool) -> None:
    rows = classified("digits")
    counts = grouped(rows, np.arange(len(rows.truth)) // 9) if in_groups else rows.joint
    rules = [replace(RULE, margin=margin) for margin in (0.0, 0.1, 0.2, 0.3)]
    asked = [
        LabelFigure(name=name, positive=None, rule=rule) for name, rule in zip(SHARED, rules, strict=True)
    ]
    together = label_estimates(counts, asked)
    assert [one.metric for one in together] == list(SHARED)
    for one, name, rule in zip(together, SHARED, rules, strict=True):
        assert one == label_estimate(counts, name=name, positive=None, rule=rule)
        assert one.lower is not None


def test_some_may_be_points_only_and_some_have_no_value() -> None:
    joint = np.zeros((2, 2, 2), dtype=np.int64)
    joint[0, 0, 0], joint[1, 0, 0], joint[1, 1, 0] = 60, 30, 10
    how = {"f1_score": RULE, "precision_score": RULE, "recall_score": POINT, "accuracy": RULE}
    asked = [LabelFigure(name=name, positive=1, rule=rule) for name, rule in how.items()]
    f1_score, precision, recall, accuracy = label_estimates(joint, asked)
    assert (precision.change, precision.undefined) == (None, 1.0)  # the challenger never predicts 1
    assert (recall.lower, recall.change) == (None, -0.25)
    for found in (f1_score, accuracy):
        assert found == label_estimate(joint, name=found.metric, positive=1, rule=RULE)
    assert label_estimates(joint, []) == ()


def test_figures_that_would_draw_differently_share_nothing() -> None:
    joint = classified("wine").joint
    asked = [LabelFigure(name="accuracy", positive=None, rule=replace(RULE, seed=seed)) for seed in (1, 2)]
    with pytest.raises(ValueError, match="must draw alike"):
        label_estimates(joint, asked)
