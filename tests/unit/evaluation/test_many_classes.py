"""Figures of the probabilities of many classes: scikit-learn's, with intervals against resampled rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap
from sklearn import metrics
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from promoter.core.policy import Task
from promoter.evaluation.delong import auc_contributions
from promoter.evaluation.figures import CLASS_RANK_NAMES, FloatArray, IntArray, roc_auc
from promoter.evaluation.mean_tally import MeanKind, MeanTally
from promoter.evaluation.readings import Meaning, Reader
from promoter.evaluation.sandbox.answers import Kind, Predicted
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.score_tally import ScoreTally
from promoter.evaluation.statistics import ROW_DRAWS, Rule, mean_estimate, score_estimate
from promoter.evaluation.tallied import Marks, PairedScores
from tests.unit.evaluation.real_models import Classified, classified

RULE = Rule(greater_is_better=True, confidence_level=0.975, seed=5)
STEP = 1e-6
DATA = ("iris", "wine", "digits")


def models(data: str) -> Classified:
    if data != "iris":
        return classified(data)
    features, target = load_iris(return_X_y=True)
    champion, challenger = (
        cross_val_predict(model, features, target, cv=4, method="predict_proba")
        for model in (DecisionTreeClassifier(max_depth=2, random_state=0), GaussianNB())
    )
    return Classified(
        truth=target.astype(np.int64),
        champion=champion.argmax(axis=1),
        challenger=challenger.argmax(axis=1),
        champion_scores=champion,
        challenger_scores=challenger,
        classes=3,
    )


def scored(rows: Classified, groups: IntArray | None = None) -> PairedScores:
    """Through a tally, in batches."""
    tally = ScoreTally(classes=rows.classes)
    for part in (slice(0, 50), slice(50, None)):
        tally.add(
            rows.truth[part],
            champion=rows.champion_scores[part],
            challenger=rows.challenger_scores[part],
            marks=Marks(groups=None if groups is None else groups[part]),
        )
    return tally.select()


def ovr(truth: IntArray, found: FloatArray) -> float:
    return float(metrics.roc_auc_score(truth, found, multi_class="ovr", average="macro"))


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", sorted(CLASS_RANK_NAMES))
def test_roc_auc_is_scikit_learns_of_each_class_against_the_rest(data: str, name: str) -> None:
    rows = models(data)
    found = score_estimate(scored(rows), name=name, rule=RULE, row_draws=ROW_DRAWS)
    assert found.champion == pytest.approx(ovr(rows.truth, rows.champion_scores), rel=1e-12)
    assert found.challenger == pytest.approx(ovr(rows.truth, rows.challenger_scores), rel=1e-12)
    assert (found.method, found.opinions) == ("infinitesimal jackknife of rows", ())


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", ["log_loss", "brier_score_loss"])
def test_losses_are_scikit_learns(data: str, name: str) -> None:
    rows, tally = models(data), MeanTally(MeanKind.PROBABILITY)
    score = getattr(metrics, name)
    tally.add(rows.truth, champion=rows.champion_scores, challenger=rows.challenger_scores)
    found = mean_estimate(tally.select(), name=name, rule=RULE)
    assert found.champion == pytest.approx(score(rows.truth, rows.champion_scores), rel=1e-12)
    assert found.challenger == pytest.approx(score(rows.truth, rows.challenger_scores), rel=1e-12)
    assert found.lower is not None


@pytest.mark.parametrize("data", DATA)
def test_the_interval_is_that_of_resampled_rows(data: str) -> None:
    rows = models(data)
    found = score_estimate(scored(rows), name="roc_auc", rule=RULE)
    expected = bootstrap(
        (np.arange(len(rows.truth)),),
        lambda drawn: (
            roc_auc(rows.truth[drawn], rows.challenger_scores[drawn])
            - roc_auc(rows.truth[drawn], rows.champion_scores[drawn])
        ),
        vectorized=False,
        n_resamples=400,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    # the standard error of 400 resamples is known to 1 in 28
    assert found.standard_error == pytest.approx(expected.standard_error, rel=0.15)


@given(st.integers(0, 200))
def test_contributions_are_derivatives_by_a_rows_weight(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth = np.append([0, 0, 1, 1, 2, 2], generator.integers(0, 3, 20))
    found = generator.integers(0, 9, (26, 3)) / 9
    moved = auc_contributions(truth, found)
    assert moved.sum() == pytest.approx(0, abs=1e-12)
    row = int(generator.integers(26))
    sides = []
    for step in (STEP, -STEP):
        weights = np.ones(26)
        weights[row] += step
        of_classes = (
            metrics.roc_auc_score(truth == code, found[:, code], sample_weight=weights) for code in range(3)
        )
        sides.append(np.mean(list(of_classes)))
    assert moved[row] == pytest.approx((sides[0] - sides[1]) / (2 * STEP), abs=1e-8)


def test_rows_said_twice_are_no_surer_in_groups() -> None:
    rows = models("wine")
    twice = replace(
        rows,
        truth=np.tile(rows.truth, 2),
        champion_scores=np.tile(rows.champion_scores, (2, 1)),
        challenger_scores=np.tile(rows.challenger_scores, (2, 1)),
    )
    once = score_estimate(scored(rows), name="roc_auc", rule=RULE)
    found = score_estimate(scored(twice, np.tile(np.arange(178), 2)), name="roc_auc", rule=RULE)
    assert found.change == pytest.approx(once.change)
    assert found.standard_error == pytest.approx(once.standard_error, rel=1e-9)
    assert found.method == "infinitesimal jackknife of groups"


def test_equal_rankings_differ_by_no_more_than_may_have_been_missed() -> None:
    rows = models("digits")
    same = scored(replace(rows, challenger_scores=np.sqrt(rows.champion_scores)))
    found = score_estimate(same, name="roc_auc", rule=RULE)
    assert (found.change, found.standard_error) == (0.0, 0.0)
    missed = -np.log(1 - RULE.confidence_level) / np.bincount(rows.truth).min()
    assert (found.lower, found.upper) == pytest.approx((-missed, missed))


@pytest.mark.parametrize("rows_of_the_rarest", [0, 1])
def test_a_class_of_one_row_or_none_leaves_it_undefined(rows_of_the_rarest: int) -> None:
    rows = models("iris")
    truth = np.where(rows.truth == 2, 1, rows.truth)
    truth[:rows_of_the_rarest] = 2
    found = score_estimate(scored(replace(rows, truth=truth)), name="roc_auc", rule=RULE)
    assert (found.lower, found.undefined) == (None, 1.0)
    assert (found.challenger is None) == (rows_of_the_rarest == 0)


# --- how they are read ----------------------------------------------------------------------------

COLOURS = Meaning(task=Task.MULTICLASS, labels=("blue", "green", "red"), positive=None)


def columns(rows: list[list[float]], *names: str) -> Predicted:
    return Predicted(kind=Kind.PROBABILITIES, seconds=0.0, labels=names, values=np.array(rows))


def test_each_label_has_its_column_whatever_their_order_and_none_where_the_model_has_none() -> None:
    swapped = Reader(COLOURS, scored=True).read(columns([[0.7, 0.2, 0.1]], "red", "blue", "green"))
    assert swapped.probabilities is not None
    assert swapped.probabilities.tolist() == [[0.2, 0.1, 0.7]]
    missing = Reader(COLOURS, scored=True).read(columns([[0.7, 0.3]], "red", "green"))
    assert missing.probabilities is not None
    assert missing.probabilities.tolist() == [[0.0, 0.3, 0.7]]
    assert missing.scores is None


@pytest.mark.parametrize("row", [[2.0, -0.5, -0.5], [0.5, 0.4, 0.3], [1.2, -0.1, -0.1]])
def test_what_adds_up_to_something_else_is_no_probability(row: list[float]) -> None:
    with pytest.raises(ModelProblem, match="its columns are no probabilities"):
        Reader(COLOURS, scored=True).read(columns([[0.2, 0.3, 0.5], row]))
    reading = Reader(COLOURS).read(columns([row]))
    assert reading.codes is not None
    assert reading.codes.tolist() == [0]


def test_single_precision_is_near_enough() -> None:
    softmax = np.array([[1 / 3, 1 / 3, 1 / 3]], dtype=np.float32).astype(float)
    assert Reader(COLOURS, scored=True).read(columns(softmax.tolist())).probabilities is not None


def test_two_columns_of_one_name_mean_nothing() -> None:
    with pytest.raises(ModelProblem, match="same name"):
        Reader(COLOURS).read(columns([[0.2, 0.3, 0.5]], "red", "red", "blue"))
