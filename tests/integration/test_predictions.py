"""Predictions logged by real MLflow runs, of real data: our figures are scikit-learn's."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_registry import MlflowReader, connect_reader
from promoter.core.evidence import ToMeasure
from promoter.core.measurement import Measurement
from promoter.core.metric_names import GREATER_IS_BETTER
from promoter.core.model_version import ModelVersion
from promoter.core.policy_file import parse_policy
from promoter.evaluation.measuring import LocalMeasurer
from tests.fakes.github import InMemoryRepository
from tests.mlflow_server import MlflowServer, tracked

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

COMMIT = "c" * 40
PREDICTIONS = "predictions.parquet"
Figures = dict[str, Callable[[pd.DataFrame, pd.Series], float]]


@dataclass(frozen=True, kw_only=True)
class Team:
    """A registered model, and what is measured by."""

    client: MlflowClient
    registry: MlflowReader
    model: str
    cache: Path

    def version(self, table: pd.DataFrame, *, path: str = PREDICTIONS) -> ModelVersion:
        """A version whose run logged the table."""
        run = self.client.create_run("0").info
        if path.endswith(".parquet"):
            self.client.log_table(run.run_id, table, path)
        else:
            file = self.cache / Path(path).name
            table.to_csv(file, index=False)
            self.client.log_artifact(run.run_id, str(file), str(Path(path).parent))
        return self._registered(run.run_id)

    def silent_version(self) -> ModelVersion:
        """A version whose run logged nothing."""
        return self._registered(self.client.create_run("0").info.run_id)

    def _registered(self, run_id: str) -> ModelVersion:
        source = f"{self.client.get_run(run_id).info.artifact_uri}/model"
        made = self.client.create_model_version(self.model, source, run_id)
        return self.registry.model_version(self.model, str(made.version))

    def measure(self, evaluation: str, holdout: pd.DataFrame, *versions: ModelVersion) -> Measurement:
        """Challenger, champion and reference, as far as they are given, on the holdout."""
        task, _, rest = evaluation.partition("|")
        good = {name: str(name in GREATER_IS_BETTER).lower() for name in FIGURES[task]}
        asked = (f"{{name: {n}, greater_is_better: {good[n]}, test: superiority}}" for n in good)
        policy = f"""\
version: 1
models:
  - match: "*"
    aliases: [champion]
    task: {task}
    evaluation: {{source: predictions, data: h.parquet, target: truth, id: key{rest}}}
    statistics: {{resamples: 1000}}
    checks:
      metrics: [{", ".join(asked)}]
"""
        (rule,) = parse_policy(policy.encode(), path="p").models
        content = BytesIO()
        holdout.to_parquet(content, index=False)
        challenger, champion, reference = (*versions, None, None)[:3]
        assert challenger is not None
        measurer = LocalMeasurer(
            repository=InMemoryRepository({COMMIT: {"h.parquet": content.getvalue()}}),
            variables={},
            cache=self.cache,
            deadline=Deadline(120),
            log=lambda _: None,
        )
        to_measure = ToMeasure(
            rule=rule, challenger=challenger, champion=champion, reference=reference, commit=COMMIT
        )
        return measurer.measure(to_measure, self.registry)


@pytest.fixture
def team(mlflow_server: MlflowServer, tmp_path: Path) -> Iterator[Team]:
    client = MlflowClient(mlflow_server.url, mlflow_server.url)
    model = f"model {uuid.uuid4().hex[:12]}"
    client.create_registered_model(model)
    registry = connect_reader(tracking_uri=mlflow_server.url, registry_uri="", deadline=Deadline(120))
    with tracked(mlflow_server):
        yield Team(client=client, registry=registry, model=model, cache=tmp_path)


def one_column(table: pd.DataFrame) -> pd.Series:
    return table.drop(columns="key").iloc[:, 0]


FIGURES: dict[str, Figures] = {
    "binary_classification": {
        "f1_score": lambda table, y: metrics.f1_score(y, said(table), pos_label="benign"),
        "accuracy_score": lambda table, y: metrics.accuracy_score(y, said(table)),
        "matthews_corrcoef": lambda table, y: metrics.matthews_corrcoef(y, said(table)),
    },
    "multiclass_classification": {
        "accuracy_score": lambda table, y: metrics.accuracy_score(y, said(table)),
        "f1_macro": lambda table, y: metrics.f1_score(y, said(table), average="macro"),
    },
    "regression": {
        "mean_absolute_error": lambda table, y: metrics.mean_absolute_error(y, one_column(table)),
        "r2_score": lambda table, y: metrics.r2_score(y, one_column(table)),
    },
}


def said(table: pd.DataFrame) -> pd.Series:
    """The labels that a table says, in the holdout's order."""
    rows = table.sort_values("key").drop(columns="key")
    if rows.shape[1] > 1:
        return rows.idxmax(axis=1)
    found = rows.iloc[:, 0]
    return found if found.dtype.kind != "f" else pd.Series(np.where(found >= 0.5, "benign", "malignant"))


def halves(data: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features and target, every second row for the holdout."""
    features, target = data
    return features[::2], features[1::2], target[::2], target[1::2]


def breast_cancer() -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """The holdout, and the probabilities of being benign of two models."""
    data = load_breast_cancer()
    names = np.asarray(data.target_names)[data.target]
    before, after, learned, truth = halves((data.data, names))
    keys = [f"case {row}" for row in range(1000, 1000 + len(after))]
    tables = []
    for model in (make_pipeline(StandardScaler(), LogisticRegression()), DecisionTreeClassifier(max_depth=2)):
        scores = model.fit(before, learned).predict_proba(after)
        tables.append(pd.DataFrame({"key": keys, "benign": scores[:, 0], "malignant": scores[:, 1]}))
    return pd.DataFrame({"key": keys, "truth": truth}), tables


def shuffled(table: pd.DataFrame) -> pd.DataFrame:
    return table.sample(frac=1, random_state=7)


def equal_to_scikit_learn(
    found: Measurement, tables: list[pd.DataFrame], *, task: str, truth: pd.Series
) -> None:
    assert found.challenger.finished
    for name, figure in FIGURES[task].items():
        estimate = found.estimates[name]
        assert estimate.challenger == pytest.approx(figure(tables[0], truth), abs=1e-12)
        assert estimate.champion == pytest.approx(figure(tables[1], truth), abs=1e-12)
        assert estimate.lower is not None


BENIGN = "binary_classification|, positive_label: benign"


@pytest.mark.parametrize("form", ["labels", "one score", "probabilities"])
def test_two_labels(form: str, team: Team) -> None:
    holdout, tables = breast_cancer()
    if form == "one score":
        tables = [table[["key", "benign"]].rename(columns={"benign": "score"}) for table in tables]
    if form == "labels":
        tables = [pd.DataFrame({"key": table["key"], "said": said(table)}) for table in tables]
    found = team.measure(BENIGN, holdout, *(team.version(shuffled(table)) for table in tables))
    equal_to_scikit_learn(found, tables, task="binary_classification", truth=holdout["truth"])
    assert found.data.rows == len(holdout) == 284


def test_many_labels_that_are_numbers_and_a_reference(team: Team) -> None:
    data = load_wine()
    before, after, learned, truth = halves((data.data, data.target))
    keys = np.arange(len(after)) + 10**12
    holdout = pd.DataFrame({"key": keys, "truth": truth})
    tables = [
        pd.DataFrame({"key": keys, "said": model.fit(before, learned).predict(after)})
        for model in (
            make_pipeline(StandardScaler(), LogisticRegression()),
            DecisionTreeClassifier(max_depth=2, random_state=0),
            DecisionTreeClassifier(max_depth=1, random_state=0),
        )
    ]
    found = team.measure(
        "multiclass_classification|, reference: 3", holdout, *(team.version(shuffled(t)) for t in tables)
    )
    equal_to_scikit_learn(found, tables, task="multiclass_classification", truth=holdout["truth"])
    assert found.reference is not None
    worst = metrics.accuracy_score(truth, said(tables[2]))
    assert found.reference.estimates["accuracy_score"].champion == pytest.approx(worst)


def test_values_of_a_regression_in_a_csv_of_a_folder(team: Team) -> None:
    before, after, learned, truth = halves(load_diabetes(return_X_y=True))
    keys = np.arange(len(after))
    tables = [
        pd.DataFrame({"key": keys, "value": model.fit(before, learned).predict(after)})
        for model in (LinearRegression(), DecisionTreeRegressor(max_depth=3))
    ]
    path = "tables/holdout.csv"
    found = team.measure(
        f"regression|, predictions: {path}",
        pd.DataFrame({"key": keys, "truth": truth}),
        *(team.version(shuffled(table), path=path) for table in tables),
    )
    equal_to_scikit_learn(found, tables, task="regression", truth=pd.Series(truth))


def test_a_run_that_logged_no_table_is_told_with_what_to_do(team: Team) -> None:
    holdout, (table, _) = breast_cancer()
    found = team.measure(BENIGN, holdout, team.silent_version(), team.version(table))
    assert "its run logged no such file" in str(found.challenger.problem)
    assert "mlflow.log_table" in str(found.challenger.problem)
    assert found.champion is not None
    assert found.champion.finished
    assert found.estimates == {}


def test_a_table_that_was_logged_twice_has_every_id_twice(team: Team) -> None:
    """`log_table` appends to what is there."""
    holdout, (table, other) = breast_cancer()
    twice = team.version(table)
    assert twice.run_id is not None
    team.client.log_table(twice.run_id, table, PREDICTIONS)
    found = team.measure(BENIGN, holdout, twice, team.version(other))
    assert "of its rows have the id of an earlier row" in str(found.challenger.problem)
