"""The contract of the engines: the same models on the same rows say the same, here and in Spark.

Spark runs on this machine, in one session for all tests.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mlflow.sklearn
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from promoter.adapters.deadline import Deadline
from promoter.checks.catalog import run_checks
from promoter.core.engine import Engine
from promoter.core.evidence import CheckResult, Evidence, Outcome, ToMeasure
from promoter.core.layers import Strictness
from promoter.core.measurement import Estimate, Measurement
from promoter.core.policy import (
    BusinessValueRule,
    Checks,
    Environment,
    Evaluation,
    InferenceRule,
    MetricRule,
    ModelRule,
    NegativeFlipsRule,
    SliceRule,
    Source,
    Statistics,
    Task,
    Test,
)
from promoter.core.verdict import Verdict, decide
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.ahead import Runnable
from promoter.evaluation.dataset import DatasetSpec, open_dataset
from promoter.evaluation.engines import spark
from promoter.evaluation.engines.spark_measuring import SparkMeasurer
from promoter.evaluation.engines.spark_models import ClusterModel, Reach, Workers
from promoter.evaluation.engines.spark_process import Cluster, Place, cluster
from promoter.evaluation.engines.spark_table import TableSpec, open_table
from promoter.evaluation.local import Case, evaluate
from promoter.evaluation.sandbox.environments import IMAGE
from tests.builders import a_champion, a_model_rule, a_model_version
from tests.fakes.registry import InMemoryRegistry
from tests.model_folders import Unlimited, write_model

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]
ROWS = 2_000
SEED = 7
MEANS = ("log_loss", "brier_score_loss", "mean_absolute_error", "root_mean_squared_error", "r2_score")


def _missing() -> str:
    gone = [name for name in ("pyspark", "grpc") if find_spec(name) is None]
    return ", ".join([*gone, *([] if shutil.which("java") else ["java"])])


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if gone := _missing():
        if os.environ.get("PROMOTER_REQUIRE_SPARK"):
            pytest.fail(f"PROMOTER_REQUIRE_SPARK is set, and there is no {gone}")
        pytest.skip(f"there is no {gone}: install requirements/spark.txt, and Java 17")
    with cluster(Place(variables=dict(os.environ)), deadline=Unlimited(900)) as opened:
        opened.do(
            "start",
            master="local[2]",
            settings={
                "spark.ui.enabled": "false",
                "spark.python.worker.reuse": "false",
                "spark.sql.shuffle.partitions": "2",
                "spark.sql.session.timeZone": "UTC",
                "spark.driver.host": "127.0.0.1",
            },
        )
        yield opened


# --- rows and models --------------------------------------------------------------------------------------


def rows() -> pd.DataFrame:
    """Four features, a segment with gaps, households of three rows, and what should be predicted."""
    numbers = np.random.default_rng(3)
    frame = pd.DataFrame(numbers.normal(size=(ROWS, 4)), columns=["a", "b", "c d", "e`e"])
    found = frame["a"] + 0.5 * frame["b"] + numbers.normal(0, 0.8, ROWS)
    segment = np.where(frame["c d"] > 0, "north", "south").astype(object)
    segment[::50] = None
    return frame.assign(
        segment=segment,
        household=np.arange(ROWS) // 3,
        churn=np.where(found > 0, "it's `Yes`\\", "No"),
        level=np.select([found < -1, found < 0.5], [1, 2], 3),
        amount=10 * found + 1_000,
    )


FEATURES = ["a", "b", "c d", "e`e"]


@dataclass(frozen=True)
class Kind:
    """A task, what is predicted, and how a model does it."""

    task: Task
    target: str
    predict: str
    metrics: tuple[str, ...]
    group: str | None = None
    positive: str | None = None


YES = "it's `Yes`\\"
KINDS = {
    "labels": Kind(Task.BINARY, "churn", "predict", ("f1_score", "accuracy_score"), positive=YES),
    "labels in groups": Kind(Task.BINARY, "churn", "predict", ("f1_score",), group="household", positive=YES),
    "probabilities": Kind(
        Task.BINARY,
        "churn",
        "predict_proba",
        ("roc_auc", "average_precision_score", "log_loss", "brier_score_loss", "recall_score"),
        positive=YES,
    ),
    "probabilities in groups": Kind(
        Task.BINARY,
        "churn",
        "predict_proba",
        ("roc_auc", "average_precision_score", "log_loss"),
        group="household",
        positive=YES,
    ),
    "classes": Kind(Task.MULTICLASS, "level", "predict_proba", ("log_loss", "brier_score_loss", "f1_macro")),
    "labels that are numbers": Kind(Task.MULTICLASS, "level", "predict", ("matthews_corrcoef",)),
    "numbers": Kind(
        Task.REGRESSION,
        "amount",
        "predict",
        ("mean_absolute_error", "root_mean_squared_error", "r2_score"),
    ),
}


@dataclass(frozen=True)
class Bench:
    """Where the rows are, and both models of each way to predict."""

    folder: Path
    data: Path

    def model(self, kind: Kind, which: str) -> Path:
        """The folder of a model, made once."""
        folder = self.folder / f"{kind.target}-{kind.predict}-{which}"
        if not folder.exists():
            _save(folder, kind, which=which)
        return folder


def _save(folder: Path, kind: Kind, *, which: str) -> None:
    frame = rows()
    is_number = kind.task is Task.REGRESSION
    simple: Any = LinearRegression() if is_number else LogisticRegression()
    tree: Any = (DecisionTreeRegressor if is_number else DecisionTreeClassifier)(max_depth=4, random_state=0)
    model = (simple if which == "new" else tree).fit(frame[FEATURES], frame[kind.target])
    predicted = getattr(model, kind.predict)(frame[FEATURES])
    mlflow.sklearn.save_model(
        model,
        str(folder),
        signature=infer_signature(frame[FEATURES], predicted),
        pyfunc_predict_fn=kind.predict,
        pip_requirements=["scikit-learn"],
        serialization_format="cloudpickle",
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("spark")
    data = folder / "holdout.parquet"
    rows().to_parquet(data, index=False)
    return Bench(folder, data)


def rule_of(kind: Kind) -> ModelRule:
    def metric(name: str) -> MetricRule:
        return MetricRule(
            name=name,
            greater_is_better=not name.endswith(("loss", "error")),
            test=Test.NON_INFERIORITY,
            max_absolute_degradation=0.02,
        )

    worth = {"true_positive": 5.0, "false_positive": -1.0, "false_negative": -3.0, "true_negative": 0.0}
    of_errors = {"under_prediction": -2.0, "over_prediction": -1.0}
    is_number = kind.task is Task.REGRESSION
    value = (
        None
        if kind.task is Task.MULTICLASS
        else BusinessValueRule(unit="USD", values=of_errors if is_number else worth)
    )
    return a_model_rule(
        task=kind.task,
        unsafe_sandbox=Strictness.BEST_EFFORT,
        statistics=Statistics(resamples=1_000),
        evaluation=Evaluation(
            source=Source.INFERENCE,
            data="data/holdout.parquet",
            target=kind.target,
            positive_label=kind.positive,
            group=kind.group,
            environment=Environment.IMAGE,
        ),
        checks=Checks(
            metrics=tuple(metric(name) for name in kind.metrics),
            slices=(SliceRule(by=("segment",), metrics=(metric(kind.metrics[-1]),), min_rows=100),),
            business_value=value,
            negative_flips=None if is_number else NegativeFlipsRule(max_rate=0.2),
            inference=InferenceRule(),
        ),
    )


def here(kind: Kind, place: Bench) -> Measurement:
    """What the local engine measures."""
    spec = DatasetSpec(
        path=place.data,
        name="holdout",
        target=kind.target,
        task=kind.task,
        positive_label=kind.positive,
        group=kind.group,
        slice_columns=("segment",),
    )
    case = Case(
        rule=rule_of(kind),
        dataset=open_dataset(spec),
        columns=("segment",),
        challenger=Runnable(files=place.model(kind, "new"), interpreter=IMAGE, digest="new"),
        champion=Runnable(files=place.model(kind, "old"), interpreter=IMAGE, digest="old"),
        seed=SEED,
    )
    return evaluate(case, deadline=Unlimited(), log=lambda _: None)


def in_spark(kind: Kind, place: Bench, session: Cluster, **models: ClusterModel | None) -> Measurement:
    """What Spark does; the same seed, so that only counts could make a difference."""
    spec = TableSpec(
        name="holdout",
        path=str(place.data),
        format="parquet",
        target=kind.target,
        task=kind.task,
        positive_label=kind.positive,
        group=kind.group,
        slice_columns=("segment",),
    )
    both: dict[str, Any] = {
        "challenger": ClusterModel(files=place.model(kind, "new"), digest="new"),
        "champion": ClusterModel(files=place.model(kind, "old"), digest="old"),
        **models,
    }
    case = spark.SparkCase(
        rule=rule_of(kind),
        cluster=session,
        table=open_table(session, spec),
        columns=("segment",),
        seed=SEED,
        reach=Reach.SAME_FILES,
        workers=Workers.NEW,
        environment="Spark",
        **both,
    )
    return spark.evaluate(case, log=lambda _: None, tick=lambda: None)


def judged(rule: ModelRule, found: Measurement) -> tuple[CheckResult, ...]:
    evidence = Evidence(challenger=a_model_version(), champion=a_champion(), measurement=found)
    return run_checks(rule, evidence)


# --- the contract -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_both_engines_say_the_same_of_the_same_models_and_rows(
    name: str, place: Bench, session: Cluster
) -> None:
    kind = KINDS[name]
    local, there = here(kind, place), in_spark(kind, place, session)
    assert (there.data.rows, there.data.columns) == (local.data.rows, local.data.columns)
    assert local.challenger.finished
    assert there.challenger.problem == local.challenger.problem
    assert there.estimates.keys() == local.estimates.keys() == set(kind.metrics)
    for metric in kind.metrics:
        same_estimate(there.estimates[metric], local.estimates[metric])
    assert [(one.values, one.rows) for one in there.slices] == [
        (one.values, one.rows) for one in local.slices
    ]
    assert len(there.slices) == 3
    for one, other in zip(there.slices, local.slices, strict=True):
        assert one.estimates.keys() == other.estimates.keys()
        for metric, found in one.estimates.items():
            same_estimate(found, other.estimates[metric])
    assert there.flips == local.flips
    if kind.task is Task.REGRESSION:
        assert there.value is not None
        assert local.value is not None
        assert there.value.change == pytest.approx(local.value.change, rel=1e-9)
    else:
        assert there.value == local.value
        assert there.pictures.confusion == local.pictures.confusion
    rule = rule_of(kind)
    ours, theirs = (
        [one for one in judged(rule, found) if one.subject != "sandbox"] for found in (local, there)
    )
    assert [(one.check, one.subject, one.outcome) for one in theirs] == [
        (one.check, one.subject, one.outcome) for one in ours
    ]
    assert decide(theirs) is decide(ours)


def same_estimate(there: Estimate, local: Estimate) -> None:
    """Exact for labels; for means but for the order in which a computer adds; within their error for bins."""
    exact = replace(there, method="", opinions=(), no_value=local.no_value)
    if there.metric in ("roc_auc", "average_precision_score"):
        assert "of scores in bins, which hide" in there.method
        hidden = 2 * float(there.method.split("hide ")[1].split()[0])
        assert hidden < 0.001
        assert there.challenger == pytest.approx(local.challenger, abs=hidden)
        assert there.champion == pytest.approx(local.champion, abs=hidden)
        assert there.standard_error == pytest.approx(local.standard_error, rel=0.01)
        assert None not in (there.lower, local.lower, there.upper, local.upper)
        assert there.lower == pytest.approx(local.lower, abs=2 * hidden)
        return
    if there.metric in MEANS:
        for field in ("challenger", "champion", "change"):
            assert getattr(there, field) == pytest.approx(getattr(local, field), rel=1e-9), field
        # What adds up otherwise in the last digit is drawn otherwise: equal but for the chance of the draws.
        error = local.standard_error
        assert error is not None
        assert there.standard_error == pytest.approx(error, rel=0.15)
        assert there.lower == pytest.approx(local.lower, abs=0.4 * error)
        assert there.upper == pytest.approx(local.upper, abs=0.4 * error)
        return
    assert exact == replace(local, method="", opinions=())


# --- what goes wrong --------------------------------------------------------------------------------------


def a_model(place: Bench, name: str, predict: str) -> ClusterModel:
    folder = place.folder / name
    return ClusterModel(
        files=folder if folder.exists() else write_model(folder, predict=predict), digest=name
    )


def test_no_layer_of_the_sandbox_is_claimed_and_rows_were_asked_twice(place: Bench, session: Cluster) -> None:
    found = in_spark(KINDS["labels"], place, session)
    (told,) = [one for one in judged(rule_of(KINDS["labels"]), found) if one.subject == "sandbox"]
    assert told.outcome is Outcome.WARNED
    assert "their code was not confined" in str(told.message)
    assert (found.challenger.asked_twice, found.challenger.differing) == (1_000, 0)
    assert found.challenger.ran
    assert found.challenger.size > 0


@pytest.mark.parametrize(
    ("predict", "why"),
    [
        ('raise OSError("a lost weight")', "OSError: a lost weight"),
        ('return numpy.where(frame["a"] > 5, "Yes", "Perhaps")', "`Perhaps`, which is no label of the data"),
        ('return numpy.where(frame["a"] > 1, numpy.nan, 0.5)', "NaN, null or an infinite number for"),
        ('return frame[["a", "b"]]', "has no signature that says which is which"),
    ],
)
def test_a_champion_that_fails_is_told_and_the_challenger_is_judged_alone(
    place: Bench, session: Cluster, predict: str, why: str
) -> None:
    champion = a_model(place, f"bad-{abs(hash(predict))}", predict)
    found = in_spark(KINDS["probabilities"], place, session, champion=champion)
    assert found.champion is not None
    assert why in str(found.champion.problem)
    assert found.challenger.finished
    assert found.estimates["log_loss"].challenger is not None
    assert found.estimates["log_loss"].champion is None


def test_a_challenger_that_fails_on_a_later_row_is_found_out_among_two(
    place: Bench, session: Cluster
) -> None:
    late = """
    if len(frame) > 1000:
        raise ValueError("late")
    return numpy.where(frame["a"] > 0, "it's `Yes`\\\\", "No")
    """
    found = in_spark(KINDS["labels"], place, session, challenger=a_model(place, "late", late))
    assert "ValueError: late" in str(found.challenger.problem)
    assert not found.estimates


def test_a_model_that_says_the_same_of_every_row_is_recognised(place: Bench, session: Cluster) -> None:
    same = a_model(place, "same", 'return numpy.full(len(frame), "No")')
    found = in_spark(KINDS["labels"], place, session, challenger=same)
    assert str(found.challenger.constant) == "`No`"
    assert found.champion is not None
    assert not found.champion.constant.parts


def test_a_reference_is_compared_with_too(place: Bench, session: Cluster) -> None:
    kind = KINDS["labels"]
    reference = a_model(place, "reference", 'return numpy.where(frame["b"] > 0, "it\'s `Yes`\\\\", "No")')
    found = in_spark(kind, place, session, reference=reference)
    alone = in_spark(kind, place, session, champion=reference)
    assert found.reference is not None
    assert found.reference.estimates["f1_score"] == alone.estimates["f1_score"]
    assert found.reference.estimates["f1_score"] != found.estimates["f1_score"]


@pytest.mark.parametrize(
    ("changes", "reason", "why"),
    [
        ({"path": "", "table": "ml.nope"}, ReasonCode.DATA_UNAVAILABLE, "Spark finds no `holdout`"),
        ({"path": "/nowhere/x.parquet"}, ReasonCode.DATA_UNAVAILABLE, "Spark finds no `holdout`"),
        ({"target": "nope"}, ReasonCode.POLICY_INVALID, "has no column `nope`"),
        ({"positive_label": "Maybe"}, ReasonCode.DATA_UNAVAILABLE, "the positive label `Maybe` is not in"),
        ({"target": "segment"}, ReasonCode.DATA_UNAVAILABLE, "no usable value in 40 of 2,000 rows"),
        ({"task": Task.REGRESSION}, ReasonCode.DATA_UNAVAILABLE, "where we need numbers for a regression"),
        ({"target": "amount"}, ReasonCode.DATA_UNAVAILABLE, "more than 200 labels"),
        ({"slice_columns": ("amount",)}, ReasonCode.POLICY_INVALID, "too many for `slices`"),
    ],
)
def test_data_that_cannot_be_judged_by_is_refused_as_by_the_local_engine(
    place: Bench, session: Cluster, changes: dict[str, Any], reason: ReasonCode, why: str
) -> None:
    spec = TableSpec(name="holdout", path=str(place.data), format="parquet", target="churn", task=Task.BINARY)
    with pytest.raises(PromoterError) as refused:
        open_table(session, replace(spec, **changes))
    assert refused.value.reason is reason
    assert why in str(refused.value.message)


def test_the_digest_is_that_of_the_rows_whatever_their_order(place: Bench, session: Cluster) -> None:
    def digest(frame: pd.DataFrame) -> str:
        path = place.folder / f"again-{len(list(place.folder.iterdir()))}.parquet"
        frame.to_parquet(path, index=False)
        spec = TableSpec(name="h", path=str(path), format="parquet", target="churn", task=Task.BINARY)
        return open_table(session, spec).data.digest

    frame = rows()
    as_it_is = digest(frame)
    assert digest(frame.sample(frac=1, random_state=1)) == as_it_is
    assert digest(pd.concat([frame, frame.iloc[:1]])) != as_it_is
    other = frame.copy()
    other.loc[3, "a"] += 1e-9
    assert digest(other) != as_it_is
    moved = frame.copy()
    moved.loc[1, "segment"] = None
    assert digest(moved) != as_it_is


def test_the_whole_way_from_a_policy_to_a_measurement(place: Bench, session: Cluster) -> None:
    kind, registry = KINDS["labels"], InMemoryRegistry()
    challenger, champion = a_model_version(), a_champion()
    for version, which in ((challenger, "new"), (champion, "old")):
        registry.add_version(version)
        registry.add_files(version, place.model(kind, which))
    rule = rule_of(kind)
    assert rule.evaluation is not None
    rule = replace(rule, evaluation=replace(rule.evaluation, engine=Engine.SPARK))
    measurer = SparkMeasurer(
        variables=dict(os.environ),
        deadline=Deadline(600),
        log=lambda _: None,
        fetch=lambda name, folder: place.data,
    )
    asked = ToMeasure(rule=rule, challenger=challenger, champion=champion, commit="c" * 40)
    folder = place.folder / "whole"
    folder.mkdir()
    found = measurer.measure(asked, registry, folder=folder)
    assert found.challenger.environment.startswith("Spark ")
    assert found.challenger_files is not None
    assert found.challenger.digest == found.challenger_files.digest
    assert decide(judged(rule, found)) in (Verdict.PROMOTE, Verdict.REJECT, Verdict.INCONCLUSIVE)
    strict = replace(asked, rule=replace(rule, unsafe_sandbox=Strictness.REQUIRED))
    with pytest.raises(PromoterError) as refused:
        measurer.measure(strict, registry, folder=folder)
    assert refused.value.reason is ReasonCode.CHECK_UNAVAILABLE
