"""From a policy's words to figures: what only many labels or only numbers have, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from promoter.core.measurement import SecondOpinion
from promoter.core.policy import BusinessValueRule, Checks, MetricRule, SliceRule, Statistics, Task
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.dataset import Dataset, DatasetSpec, open_dataset
from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.readings import Meaning, Reading
from promoter.evaluation.tallies import Asked, Tallies, refuse_unknown
from tests.unit.evaluation.real_models import classified, regressed

BATCH = 60
WINES = ("a", "b", "c")
MATRIX = {
    "c": {"a": -3.0, "b": -2.0, "c": 9.0},
    "a": {"a": 5.0, "b": -1.0, "c": -2.0},
    "b": {"a": -4.0, "b": 7.0, "c": -6.0},
}


def metric(name: str) -> MetricRule:
    return MetricRule(name=name, greater_is_better=True)


def a_dataset(folder: Path, task: Task) -> Dataset:
    """Wines or diabetes in the order of `real_models`, halved by a slice column."""
    truth = regressed().truth if task is Task.REGRESSION else np.array(WINES)[classified("wine").truth]
    frame = pd.DataFrame({"age": 1.0, "half": np.where(np.arange(len(truth)) % 2, "odd", "even")})
    frame.assign(target=truth).to_parquet(folder / "holdout.parquet", index=False)
    return open_dataset(
        DatasetSpec(
            path=folder / "holdout.parquet",
            name="holdout.parquet",
            target="target",
            task=task,
            slice_columns=("half",),
        )
    )


def asked(task: Task, checks: Checks) -> Asked:
    labels = () if task is Task.REGRESSION else WINES
    return Asked(
        checks=checks,
        statistics=Statistics(resamples=300),
        meaning=Meaning(task=task, labels=labels, positive=None),
        columns=("half",),
        seed=1,
    )


def readings(scores: FloatArray) -> Iterator[Reading]:
    """Batch by batch: numbers (n,), or probabilities (n, K)."""
    for start in range(0, len(scores), BATCH):
        part = scores[start : start + BATCH]
        yield (
            Reading(values=part) if part.ndim == 1 else Reading(codes=part.argmax(axis=1), probabilities=part)
        )


def filled(folder: Path, task: Task, checks: Checks) -> Tallies:
    dataset = a_dataset(folder, task)
    tallies = Tallies(asked(task, checks), dataset)
    rows, numbers = classified("wine"), regressed()
    both = (
        (numbers.challenger, numbers.champion)
        if task is Task.REGRESSION
        else (rows.challenger_scores, rows.champion_scores)
    )
    for batch, new, old in zip(dataset.batches(BATCH), *map(readings, both), strict=True):
        tallies.add(batch, new, champion=old)
    return tallies


def test_many_labels_have_figures_of_probabilities_overall_and_in_slices(tmp_path: Path) -> None:
    names = ("roc_auc_score", "log_loss", "accuracy", "brier_score_loss")
    slices = (SliceRule(by=("half",), metrics=(metric("roc_auc_ovr"), metric("log_loss")), min_rows=1),)
    checks = Checks(metrics=tuple(metric(name) for name in names), slices=slices)
    tallies, rows = filled(tmp_path, Task.MULTICLASS, checks), classified("wine")
    found = tallies.overall()
    assert list(found) == list(names)
    auc = sk.roc_auc_score(rows.truth, rows.challenger_scores, multi_class="ovr")
    assert found["roc_auc_score"].challenger == pytest.approx(auc, rel=1e-12)
    assert found["log_loss"].champion == pytest.approx(sk.log_loss(rows.truth, rows.champion_scores))
    assert found["accuracy"].opinions == (
        SecondOpinion(method="exact McNemar", p_value=found["accuracy"].opinions[0].p_value),
    )
    for one, start in zip(tallies.slices(), (0, 1), strict=True):
        truth, scores = rows.truth[start::2], rows.challenger_scores[start::2]
        auc = sk.roc_auc_score(truth, scores, multi_class="ovr")
        assert one.estimates["roc_auc_ovr"].challenger == pytest.approx(auc, rel=1e-12)
        assert one.estimates["log_loss"].challenger == pytest.approx(sk.log_loss(truth, scores))


def test_what_many_labels_earn_is_added_up_row_by_row(tmp_path: Path) -> None:
    rule = BusinessValueRule(unit="EUR", matrix=MATRIX)
    value = filled(tmp_path, Task.MULTICLASS, Checks(business_value=rule)).value()
    rows = classified("wine")
    assert value is not None

    def earned(codes: IntArray) -> float:
        pairs = zip(rows.truth, codes, strict=True)
        return float(1000 * np.mean([MATRIX[WINES[truth]][WINES[int(code)]] for truth, code in pairs]))

    assert value.challenger == pytest.approx(earned(rows.challenger))
    assert value.champion == pytest.approx(earned(rows.champion))
    assert value.perfect == pytest.approx(earned(rows.truth))
    assert value.predict_all == pytest.approx(max(earned(np.full(178, code)) for code in range(3)))
    assert value.lower is not None


def test_what_numbers_earn_is_added_up_row_by_row(tmp_path: Path) -> None:
    costs = {"under_prediction": -3.0, "over_prediction": -1.0}
    rule = BusinessValueRule(unit="EUR", values=costs)
    value = filled(tmp_path, Task.REGRESSION, Checks(business_value=rule)).value()
    data = regressed()
    assert value is not None
    for found, predicted in ((value.challenger, data.challenger), (value.champion, data.champion)):
        lacking = data.truth - predicted
        worth = -3 * np.maximum(lacking, 0) - np.maximum(-lacking, 0)
        assert found == pytest.approx(1000 * worth.mean())
    assert value.lower is not None


@pytest.mark.parametrize("task", [Task.MULTICLASS, Task.REGRESSION])
def test_worths_of_another_task_are_worth_nothing_known(task: Task, tmp_path: Path) -> None:
    of_two = dict.fromkeys(("true_positive", "false_positive", "false_negative", "true_negative"), 1.0)
    rule = BusinessValueRule(unit="EUR", values=of_two)
    assert filled(tmp_path, task, Checks(business_value=rule)).value() is None


def test_a_matrix_of_other_labels_is_refused_before_any_model_runs() -> None:
    matrix = {"a": {"a": 1.0, "z": 0.0}, "z": {"a": 0.0, "z": 1.0}}
    checks = Checks(business_value=BusinessValueRule(unit="EUR", matrix=matrix))
    with pytest.raises(PromoterError, match="the labels `b`, `c`, which") as caught:
        refuse_unknown(asked(Task.MULTICLASS, checks))
    assert caught.value.reason is ReasonCode.POLICY_INVALID
    assert "the label `z`" in str(caught.value)


@pytest.mark.parametrize("name", ["average_precision", "r2_score"])
def test_what_many_labels_have_not_is_refused_with_what_they_have(name: str) -> None:
    with pytest.raises(PromoterError, match=f"`{name}` is not computed for multiclass") as caught:
        refuse_unknown(asked(Task.MULTICLASS, Checks(metrics=(metric(name),))))
    assert "roc_auc_ovr" in str(caught.value.hint)
