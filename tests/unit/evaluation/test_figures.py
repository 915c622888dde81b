"""Every figure against scikit-learn's, on real models of real data sets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from promoter.evaluation import figures
from promoter.evaluation.figures import FloatArray, IntArray
from tests.unit.evaluation.real_models import LOADERS, classified, regressed

EXACT = 1e-12
ANY_CLASSES = {
    "accuracy_score": metrics.accuracy_score,
    "balanced_accuracy_score": metrics.balanced_accuracy_score,
    "matthews_corrcoef": metrics.matthews_corrcoef,
    **{
        f"{name}_{average}": lambda truth, predicted, score=score, average=average: score(
            truth, predicted, average=average
        )
        for name, score in (
            ("precision", metrics.precision_score),
            ("recall", metrics.recall_score),
            ("f1", metrics.f1_score),
        )
        for average in ("macro", "weighted")
    },
}
POSITIVE = {
    "precision_score": metrics.precision_score,
    "recall_score": metrics.recall_score,
    "f1_score": metrics.f1_score,
}


def confusion(truth: IntArray, predicted: IntArray, *, classes: int) -> IntArray:
    counts: IntArray = metrics.confusion_matrix(truth, predicted, labels=range(classes))
    return counts


@pytest.mark.parametrize("data", LOADERS)
@pytest.mark.parametrize("name", ANY_CLASSES)
def test_label_figures_are_those_of_scikit_learn(data: str, name: str) -> None:
    found = classified(data)
    for predicted in (found.champion, found.challenger):
        counts = confusion(found.truth, predicted, classes=found.classes)
        expected = ANY_CLASSES[name](found.truth, predicted)
        assert figures.label_figure(name, positive=None)(counts) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize("name", POSITIVE)
@pytest.mark.parametrize("data", LOADERS)
def test_figures_of_a_positive_class_are_those_of_scikit_learn(data: str, name: str) -> None:
    found = classified(data)
    counts = confusion(found.truth, found.challenger, classes=found.classes)
    for code in range(found.classes):
        expected = POSITIVE[name](found.truth == code, found.challenger == code)
        assert figures.label_figure(name, positive=code)(counts) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize("name", POSITIVE)
def test_without_a_positive_class_the_mean_is_weighted_as_in_mlflow(name: str) -> None:
    found = classified("digits")
    counts = confusion(found.truth, found.challenger, classes=found.classes)
    expected = POSITIVE[name](found.truth, found.challenger, average="weighted")
    assert figures.label_figure(name, positive=None)(counts) == pytest.approx(expected, rel=EXACT)


@given(seed=st.integers(0, 10_000), classes=st.integers(2, 5), rows=st.integers(1, 30))
def test_label_figures_of_small_data_are_undefined_or_those_of_scikit_learn(
    seed: int, classes: int, rows: int
) -> None:
    generator = np.random.default_rng(seed)
    truth, predicted = generator.integers(0, classes, (2, rows))
    counts = confusion(truth, predicted, classes=classes)
    for name in ("accuracy_score", "f1_macro", "f1_weighted"):
        expected = ANY_CLASSES[name](truth, predicted)
        assert figures.label_figure(name, positive=None)(counts) == pytest.approx(expected, rel=EXACT)
    for name in ("precision_macro", "precision_weighted", "recall_macro"):
        value = figures.label_figure(name, positive=None)(counts)
        never = (counts.sum(axis=0) == 0) & (counts.sum(axis=1) > 0)
        unseen = (counts.sum(axis=1) == 0) & (counts.sum(axis=0) > 0)
        if (unseen if name == "recall_macro" else never).any():
            assert np.isnan(value)
        else:
            assert value == pytest.approx(ANY_CLASSES[name](truth, predicted), rel=EXACT)


@pytest.mark.parametrize("name", sorted(figures.LABEL_NAMES))
def test_label_figures_take_leading_axes(name: str) -> None:
    counts = np.random.default_rng(0).integers(1, 50, (4, 3, 3, 3))
    figure = figures.label_figure(name, positive=1)
    values = figure(counts)
    assert values.shape == (4, 3)
    assert values[2, 1] == pytest.approx(figure(counts[2, 1]), rel=EXACT)
    assert values[2, 1] == pytest.approx(figure(counts[2, 1].astype(float)), rel=EXACT)


@pytest.mark.parametrize("name", sorted(figures.LABEL_NAMES))
def test_label_figures_of_no_rows_are_undefined(name: str) -> None:
    assert np.isnan(figures.label_figure(name, positive=1)(np.zeros((2, 2), dtype=np.int64)))


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("precision_score", [[5, 0], [3, 0]]),
        ("recall_score", [[5, 2], [0, 0]]),
        ("f1_score", [[5, 0], [0, 0]]),
        ("matthews_corrcoef", [[5, 0], [3, 0]]),
        ("precision_macro", [[5, 0], [3, 0]]),
        ("precision_weighted", [[5, 0], [3, 0]]),
    ],
)
def test_nought_by_nought_is_undefined_and_no_made_up_0(name: str, counts: list[list[int]]) -> None:
    assert np.isnan(figures.label_figure(name, positive=1)(np.array(counts)))


@given(permutation=st.permutations(range(4)), seed=st.integers(0, 100))
def test_figures_do_not_depend_on_the_order_of_labels(permutation: list[int], seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 20, (4, 4))
    moved = counts[np.ix_(permutation, permutation)]
    for name in ANY_CLASSES:
        figure = figures.label_figure(name, positive=None)
        assert figure(moved) == pytest.approx(figure(counts), rel=EXACT, nan_ok=True)
    positive = figures.label_figure("f1_score", positive=permutation[0])(counts)
    assert figures.label_figure("f1_score", positive=0)(moved) == pytest.approx(positive, nan_ok=True)


@pytest.mark.parametrize(
    ("alias", "name"),
    [("accuracy", "accuracy_score"), ("f1", "f1_score"), ("balanced_accuracy", "balanced_accuracy_score")],
)
def test_aliases_name_the_same_figure(alias: str, name: str) -> None:
    counts = np.array([[50, 10], [7, 33]])
    assert figures.label_figure(alias, positive=1)(counts) == figures.label_figure(name, positive=1)(counts)


REGRESSION: dict[str, Callable[[FloatArray, FloatArray], float]] = {
    "mean_absolute_error": metrics.mean_absolute_error,
    "mean_squared_error": metrics.mean_squared_error,
    "root_mean_squared_error": metrics.root_mean_squared_error,
    "mean_absolute_percentage_error": metrics.mean_absolute_percentage_error,
    "r2_score": metrics.r2_score,
}


@pytest.mark.parametrize("name", REGRESSION)
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_regression_figures_are_those_of_scikit_learn(name: str, shift: float) -> None:
    data = regressed()
    truth, predicted = data.truth + shift, data.challenger + shift
    means = figures.regression_rows(truth, predicted, pivot=float(truth[0])).mean(axis=0)
    expected = REGRESSION[name](truth, predicted)
    assert figures.regression_figure(name)(means) == pytest.approx(expected, rel=EXACT)


def test_relative_error_at_a_truth_of_0_is_that_of_scikit_learn() -> None:
    truth, predicted = np.array([0.0, 2.0]), np.array([1.0, 1.0])
    means = figures.regression_rows(truth, predicted, pivot=0.0).mean(axis=0)
    expected = metrics.mean_absolute_percentage_error(truth, predicted)
    assert figures.regression_figure("mape")(means) == pytest.approx(expected, rel=EXACT)


def test_r2_of_a_constant_truth_is_undefined() -> None:
    truth = np.full(7, 0.1)
    means = figures.regression_rows(truth, truth + 1, pivot=0.1).mean(axis=0)
    assert np.isnan(figures.regression_figure("r2_score")(means))


def test_the_root_of_a_drawn_mean_below_0_is_undefined() -> None:
    means = np.array([[0.0, 1.0, 1.0, -0.5, 1.0], [0.0, 1.0, 1.0, 4.0, 1.0]])
    np.testing.assert_array_equal(figures.regression_figure("rmse")(means), [np.nan, 2.0])


SCORES = {
    "roc_auc": metrics.roc_auc_score,
    "average_precision_score": metrics.average_precision_score,
    "log_loss": metrics.log_loss,
    "brier_score_loss": metrics.brier_score_loss,
}


@pytest.mark.parametrize("name", SCORES)
def test_score_figures_are_those_of_scikit_learn(name: str) -> None:
    found = classified("breast_cancer")
    for scores in (found.champion_scores[:, 1], found.challenger_scores[:, 1]):
        expected = SCORES[name](found.truth, scores)
        assert figures.score_figure(name)(found.truth, scores) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize("name", ["log_loss", "brier_score_loss"])
@pytest.mark.parametrize("data", LOADERS)
def test_losses_of_all_classes_are_those_of_scikit_learn(name: str, data: str) -> None:
    found = classified(data)
    means = figures.probability_rows(found.truth, found.challenger_scores).mean(axis=0)
    expected = SCORES[name](found.truth, found.challenger_scores)
    assert figures.mean_figure(name)(means) == pytest.approx(expected, rel=EXACT)


@given(seed=st.integers(0, 10_000), rows=st.integers(2, 40), steps=st.integers(1, 8))
def test_ranks_with_ties_are_those_of_scikit_learn(seed: int, rows: int, steps: int) -> None:
    generator = np.random.default_rng(seed)
    truth = np.append([0, 1], generator.integers(0, 2, rows))
    scores = generator.integers(0, steps, rows + 2) / steps
    for name in ("roc_auc", "average_precision"):
        expected = SCORES[figures.canonical(name)](truth, scores)
        assert figures.score_figure(name)(truth, scores) == pytest.approx(expected, rel=EXACT)


def test_ranks_of_one_class_are_undefined() -> None:
    scores = np.array([0.1, 0.2])
    for truth in (np.array([0, 0]), np.array([1, 1])):
        assert np.isnan(figures.score_figure("roc_auc")(truth, scores))
    assert np.isnan(figures.score_figure("average_precision")(np.array([0, 0]), scores))


@pytest.mark.parametrize(
    "ask",
    [
        lambda: figures.label_figure("roc_auc", positive=1),
        lambda: figures.score_figure("f1_score"),
        lambda: figures.regression_figure("log_loss"),
        lambda: figures.mean_figure("made_up"),
    ],
)
def test_an_unknown_figure_is_refused(ask: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="is not a figure of"):
        ask()


def test_no_name_is_of_two_kinds() -> None:
    assert not figures.LABEL_NAMES & figures.SCORE_NAMES
    assert not (figures.LABEL_NAMES | figures.SCORE_NAMES) & figures.REGRESSION_NAMES
