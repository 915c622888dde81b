"""The two documents the product grew from, beside the product: where they are right we agree with them, and
where they are wrong their own lines are run here, and ours refuse or decide rightly.

The seed's lines are as they stand there, but for the names of models and aliases, which Promoter takes in
lower case, and for tables, which are pandas here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mlflow import MlflowClient
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import DatasetInput, InputTag
from mlflow.models import infer_signature
from mlflow.pyfunc import load_model
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score

from promoter.adapters.deadline import Deadline
from promoter.commands.moving import Reserve, move_all
from promoter.core.evidence import ToMeasure
from promoter.core.measurement import Measurement
from promoter.core.policy import Environment
from promoter.core.policy_file import parse_policy
from promoter.core.report import RequestReport
from promoter.demo.job import Finished
from promoter.demo.training import Classifier, customers
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.evaluation.figures import Numbers
from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.environments import (
    IMAGE,
    EnvironmentBuilder,
    Interpreter,
    find_installer,
)
from promoter.evaluation.sandbox.launcher import Launch, launch
from promoter.ports import Measurer, RegistryReader
from tests.e2e.house import POLICY, POLICY_TEXT, House, housed, result_of
from tests.integration.bad_models import (
    DATA,
    FAIR,
    GOOD,
    METRICS,
    Desk,
    as_parquet,
    holdout,
    policy,
    told,
    with_a_warm_cache,
)
from tests.mlflow_server import MlflowServer
from tests.model_folders import write_model
from tests.proxy import Answer, Proxy

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

FEATURES = ["tenure_months", "monthly_charges", "support_calls", "is_monthly_contract"]
CHURN = customers()
TRAINING, TEST = CHURN[:2_000], CHURN[2_000:]

# What the seed counts in dollars, the sign of a lost customer corrected.
cost_of_customer_churn = 2000
cost_of_discount = 500
VALUES = {
    "true_negative": 0,
    "false_negative": -cost_of_customer_churn,
    "true_positive": cost_of_customer_churn - cost_of_discount,
    "false_positive": -cost_of_discount,
}
OURS = b"""\
version: 1
approvals: {minimum: 1}
models:
  - match: "*"
    aliases: [champion]
    task: binary_classification
    evaluation:
      source: inference
      data: data/test.parquet
      target: churn
      positive_label: "1"
      environment: image
    statistics: {resamples: 1000}
    checks:
      description: {min_length: 40}
      metrics:
        - {name: f1_score, greater_is_better: true, min_absolute_change: 0.0}
      business_value:
        unit: USD
        values: {true_positive: 1500, false_positive: -500, false_negative: -2000, true_negative: 0}
        min_absolute_change: 0
"""


@pytest.fixture
def house(tmp_path: Path, mlflow_server: MlflowServer) -> Iterator[House]:
    with housed(tmp_path, mlflow_server.url) as made:
        yield made


@pytest.fixture
def desk(mlflow_server: MlflowServer, tmp_path: Path) -> Desk:
    return Desk.at(mlflow_server.url, tmp_path / "environments")


def ended(finished: Finished) -> tuple[ExitCode, str]:
    return finished.exit_code, finished.outputs["reason-code"]


# --- where the seed is right -----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the seed finds, corrected: of each model the F1 and the dollars of 1000 rows."""

    f1: Mapping[str, float]
    dollars: Mapping[str, float]
    promote: bool


def seed_corrected(client: MlflowClient, name: str, table: pd.DataFrame) -> Verdict:
    """The notebook from its description check to its decision, on versions that were looked up once."""
    versions = {role: client.get_model_version_by_alias(name, role) for role in ("champion", "challenger")}
    f1, dollars = {}, {}
    for role, version in versions.items():
        predictions = predicted_by(name, version.version, table)
        f1[role] = float(f1_score(table["churn"], predictions))
        tn, fp, fn, tp = confusion_matrix(table["churn"], predictions, labels=[0, 1]).ravel()
        worth = (
            tn * VALUES["true_negative"]
            + fp * VALUES["false_positive"]
            + fn * VALUES["false_negative"]
            + tp * VALUES["true_positive"]
        )
        dollars[role] = float(worth) * 1000 / len(table)
    has_description = len((versions["challenger"].description or "").strip()) >= 40
    is_better = all(found["challenger"] >= found["champion"] for found in (f1, dollars))
    return Verdict(f1=f1, dollars=dollars, promote=has_description and is_better)


def predicted_by(name: str, version: str, table: pd.DataFrame) -> np.ndarray[Any, Any]:
    return np.asarray(load_model(f"models:/{name}/{version}").predict(table[FEATURES]))


@contextmanager
def logging_to(url: str) -> Iterator[None]:
    """MLflow's own client set to the server, as in the notebook."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)
        mlflow.set_registry_uri(before)


def train(house: House, estimator: Classifier, description: str) -> str:
    """Train, log and register, as the notebook before the seed's does."""
    fitted = estimator.fit(TRAINING[FEATURES], TRAINING["churn"])
    predicted = fitted.predict(TEST[FEATURES])
    with logging_to(house.registry), mlflow.start_run():
        made = mlflow.sklearn.log_model(
            fitted,
            name="m",
            registered_model_name=house.model,
            signature=infer_signature(TEST[FEATURES], predicted),
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn"],
        )
    version = str(made.registered_model_version)
    house.client.update_model_version(house.model, version, description)
    return version


BOOSTED = "Boosted trees on tenure, charges, support calls and contract."
LINEAR = "Logistic regression on tenure, charges, support calls and contract."


def estimate(finished: Finished, name: str) -> Mapping[str, float]:
    """Both models' figures of a metric or a currency, from the evidence."""
    evidence = json.loads((finished.folder / "evidence.json").read_text(encoding="utf-8"))
    return next(
        one
        for one in _mappings(evidence)
        if {"challenger", "champion", "change"} <= one.keys() and name in (one.get("metric"), one.get("unit"))
    )


def _mappings(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _mappings(inner)


def in_a_process(house: House, version: str, folder: Path) -> list[str]:
    """What our worker predicts of the features alone."""
    desk = Desk(url=house.registry, client=house.client, model=house.model, cache=folder)
    registry = desk.registry()
    registry.download(registry.model_version(house.model, version), folder / version)
    return labels_of(folder / version, TEST[FEATURES], interpreter=IMAGE)


def labels_of(model: Path, features: pd.DataFrame, *, interpreter: Interpreter) -> list[str]:
    asked = Launch(interpreter=interpreter, model=model, wanted=Kind.LABELS)
    with launch(asked, deadline=Deadline(120)) as worker:
        found = worker.predict(pa.RecordBatch.from_pandas(features, preserve_index=False))
    return [found.labels[code] for code in found.codes]


@pytest.mark.slow
def test_corrected_the_seed_and_ours_agree(house: House, tmp_path: Path) -> None:
    linear = train(house, LogisticRegression(max_iter=1_000), LINEAR)
    boosted = train(house, GradientBoostingClassifier(random_state=7), BOOSTED)
    house.land({POLICY: OURS, "data/test.parquet": as_parquet(TEST)})
    for champion, challenger in ((linear, boosted), (boosted, linear)):
        house.adopt(champion)
        house.set_alias(challenger, "challenger")
        with logging_to(house.registry):
            seed = seed_corrected(house.client, house.model, TEST)
            theirs = predicted_by(house.model, challenger, TEST)
        finished = house.validate(house.ask_for(challenger))
        f1, dollars = estimate(finished, "f1_score"), estimate(finished, "USD")
        for role in ("champion", "challenger"):
            assert f1[role] == pytest.approx(seed.f1[role], abs=1e-12)
            assert dollars[role] == pytest.approx(seed.dollars[role], abs=1e-9)
        assert seed.promote is (challenger == boosted)
        expected = (ExitCode.DONE, "validated") if seed.promote else (ExitCode.NO, "checks_failed")
        assert ended(finished) == expected, finished.log
        assert in_a_process(house, challenger, tmp_path) == [str(label) for label in theirs]


# --- a: an outage is not "no champion" -------------------------------------------------------------


def seed_promotes(client: Any, model_name: str) -> None:  # noqa: ANN401 - the seed knows no types
    """The notebook's F1 check, its tags and its promotion, as they are."""
    model_details = client.get_model_version_by_alias(model_name, "challenger")
    model_version = int(model_details.version)
    model_run_id = model_details.run_id
    f1_score = client.get_run(model_run_id).data.metrics["f1_score"]

    try:
        # Compare the challenger f1 score to the existing champion if it exists
        champion_model = client.get_model_version_by_alias(model_name, "champion")
        champion_f1 = client.get_run(champion_model.run_id).data.metrics["f1_score"]
        metric_f1_passed = f1_score >= champion_f1
    except:  # noqa: E722
        # "No Champion found. Accept the model as it's the first one."
        metric_f1_passed = True

    client.set_model_version_tag(
        name=model_name, version=model_details.version, key="metric_f1_passed", value=metric_f1_passed
    )
    results = client.get_model_version(model_name, model_version)
    if results.tags["metric_f1_passed"] == "True":
        client.set_registered_model_alias(name=model_name, alias="champion", version=model_version)
    else:
        raise Exception("Model not ready for promotion")


CLAIMED = POLICY_TEXT.replace("    evaluation", "    on_missing_champion: bootstrap\n    evaluation")
# A gateway's page, which no client asks for again
MAINTENANCE = Answer(status=200, body=b"<html>Back in a minute</html>")


def test_an_outage_is_not_the_absence_of_a_champion(
    house: House, mlflow_proxy: Proxy, mlflow_server: MlflowServer
) -> None:
    good, worse = house.version(0.923), house.version(0.747)
    house.land({POLICY: CLAIMED.encode()})
    house.adopt(good)
    house.set_alias(worse, "challenger")
    behind = MlflowClient(tracking_uri=mlflow_proxy.url, registry_uri=mlflow_proxy.url)

    mlflow_proxy.inject("GET .*alias=champion", MAINTENANCE, times=1)
    seed_promotes(behind, house.model)
    assert house.champion() == worse, "F1 0.747 took the place of 0.923"

    house.set_alias(good, "champion")
    number = house.ask_for(worse)
    mlflow_proxy.inject("GET .*/registered-models/get", MAINTENANCE)
    house.registry = mlflow_proxy.url
    finished = house.validate(number)
    assert ended(finished) == (ExitCode.UNDECIDED, "registry_unavailable"), finished.log
    house.registry = mlflow_server.url
    assert ended(house.validate(number)) == (ExitCode.NO, "checks_failed"), (
        "when it is back, the answer is no"
    )
    house.registry = mlflow_proxy.url
    house.approve(number)
    assert ended(house.apply(house.merge(number))) == (ExitCode.UNDECIDED, "registry_unavailable")
    assert house.champion() == good


# --- b: money ---------------------------------------------------------------------------------------


def seed_dollars(model_predictions: pd.DataFrame) -> float:
    """The notebook's costs and its sum, as they are."""
    cost_true_negative = 0  # did not churn, we did not give him the discount
    cost_false_negative = cost_of_customer_churn  # did churn, we lost the customer
    cost_true_positive = cost_of_customer_churn - cost_of_discount  # We avoided churn with the discount
    cost_false_positive = -cost_of_discount  # doesn't churn, we gave the discount for free
    tn, fp, fn, tp = confusion_matrix(model_predictions["churn"], model_predictions["predictions"]).ravel()
    return float(
        tn * cost_true_negative
        + fp * cost_false_positive
        + fn * cost_false_negative
        + tp * cost_true_positive
    )


def test_a_lost_customer_is_no_gain() -> None:
    perfect = pd.DataFrame({"churn": TEST["churn"], "predictions": TEST["churn"]})
    assert seed_dollars(perfect.assign(predictions=0)) > seed_dollars(perfect), "never predicting churn wins"
    with pytest.raises(PromoterError) as caught:
        parse_policy(OURS.replace(b"false_negative: -2000", b"false_negative: 2000"), path="policy.yaml")
    assert caught.value.reason is ReasonCode.POLICY_INVALID
    (problem,) = caught.value.problems
    assert "`false_negative` 2,000, `true_positive` 1,500" in str(problem)
    assert "what a wrong label costs is negative" in str(problem)


BUT_FOR_ONE = 'return numpy.where(numpy.arange(len(frame)) == 0, "{}", "{}")'


def dollars(truth: Numbers, said: Numbers) -> float:
    lost, called = truth == "Leaves", said == "Leaves"
    return float(1500 * (lost & called).sum() - 500 * (~lost & called).sum() - 2000 * (lost & ~called).sum())


MONEY = (
    "business_value: {unit: USD, test: superiority, values: "
    "{true_positive: 1500, false_positive: -500, false_negative: -2000, true_negative: 0}}"
)


def test_the_positive_label_is_not_the_one_that_sorts_last(desk: Desk, tmp_path: Path) -> None:
    """`confusion_matrix(...).ravel()` takes "Stays" for the customer who is lost."""
    table = holdout()
    churn = np.where(table["label"] == "Yes", "Leaves", "Stays")
    all_stay = pd.DataFrame({"churn": churn, "predictions": ["Stays"] * len(table)})
    # But for one row: who says the same of all of them is rejected for that alone.
    first = np.arange(len(table)) == 0
    by_hand = {
        "stay": dollars(churn, np.where(first, "Leaves", "Stays")),
        "leave": dollars(churn, np.where(first, "Stays", "Leaves")),
    }
    assert by_hand["leave"] > by_hand["stay"]
    assert seed_dollars(all_stay) > 0 > by_hand["stay"]
    versions = [
        desk.version(write_model(tmp_path / said, predict=BUT_FOR_ONE.format(other, said)))
        for said, other in (("Stays", "Leaves"), ("Leaves", "Stays"))
    ]
    text = policy(checks=MONEY).replace(b'"Yes"', b"Leaves")
    files = {DATA: as_parquet(table.assign(label=churn))}
    report = desk.judged(text, files=files, challenger=versions[1], champion=versions[0])
    assert report.reason is ReasonCode.VALIDATED, told(report)
    value = measured(report).value
    assert value is not None
    assert value.champion == pytest.approx(by_hand["stay"] * 1000 / len(table))
    assert value.challenger == pytest.approx(by_hand["leave"] * 1000 / len(table))


def test_one_class_is_not_the_absence_of_a_champion(desk: Desk, tmp_path: Path) -> None:
    """The notebook unpacks four counts of a table of one, and takes the error for "No Champion found"."""
    table = pd.DataFrame({"churn": ["Yes"] * 9, "predictions": ["Yes"] * 9})
    with pytest.raises(ValueError, match="not enough values to unpack"):
        seed_dollars(table)
    version = desk.version(write_model(tmp_path / "model", predict=GOOD))
    files = {DATA: as_parquet(holdout().assign(label="Yes"))}
    report = desk.judged(policy(checks=MONEY), files=files, challenger=version)
    assert (report.reason, report.verdict) == (ReasonCode.DATA_UNAVAILABLE, None)
    assert "one label only" in told(report)


def measured(report: RequestReport) -> Measurement:
    assert report.evidence is not None
    assert report.evidence.measurement is not None
    return report.evidence.measurement


# --- c: figures of different data -------------------------------------------------------------------


def log_data(house: House, version: str, rows: pd.DataFrame) -> None:
    """Note in a version's run which rows its figures are of."""
    run = str(house.client.get_model_version(house.model, version).run_id)
    dataset = from_pandas(rows, name="holdout")._to_mlflow_entity()
    tags = [InputTag(key="mlflow.data.context", value="eval")]
    house.client.log_inputs(run, datasets=[DatasetInput(dataset=dataset, tags=tags)])


def test_figures_of_different_data_say_nothing_about_each_other(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    log_data(house, old, TEST)
    log_data(house, new, TEST[TEST["support_calls"] > 1])  # rows on which churn is easy to tell
    house.land({POLICY: CLAIMED.encode()})
    house.adopt(old)
    house.set_alias(new, "challenger")
    number = house.ask_for(new)
    finished = house.validate(number)
    assert ended(finished) == (ExitCode.NO, "inconclusive"), finished.log
    assert "from different data" in finished.log
    house.approve(number)
    assert ended(house.apply(house.merge(number))) == (ExitCode.NO, "inconclusive")
    assert house.champion() == old
    (request,) = result_of(finished)
    assert request["verdict"] == "inconclusive"

    seed_promotes(house.client, house.model)
    assert house.champion() == new, "the seed compares them all the same"


# --- d: the alias is read once ----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Meanwhile:
    """A Measurer during whose work somebody else gives the alias to another version."""

    desk: Desk
    measurer: Measurer
    to: str

    def measure(self, asked: ToMeasure, registry: RegistryReader) -> Measurement:
        self.desk.hold(self.to)
        return self.measurer.measure(asked, registry)


def test_an_alias_that_moves_in_between_is_neither_followed_nor_overwritten(
    desk: Desk, mlflow_proxy: Proxy, tmp_path: Path
) -> None:
    fair, good, best = (
        desk.version(write_model(tmp_path / name, predict=body), metrics={"f1_score": score})
        for name, body, score in (
            ("fair", FAIR, 0.75),
            ("good", GOOD, 0.94),
            ("best", f"{GOOD}  # best", 0.99),
        )
    )

    # The seed reads `@champion` for the F1, again for the dollars, and sets it without a third look.
    seen = []
    for holder in (fair, best):
        desk.hold(holder)
        seen.append(str(desk.client.get_model_version_by_alias(desk.model, "champion").version))
    assert seen == [fair, best], "one decision, two champions"
    desk.client.set_registered_model_alias(name=desk.model, alias="champion", version=good)
    assert desk.registry().aliases(desk.model) == {"champion": good}, "and who moved it is overwritten"

    desk.hold(fair)
    registry = desk.registry(mlflow_proxy.url)
    measurer = Meanwhile(
        desk=desk, measurer=desk.measurer({DATA: as_parquet(holdout())}, with_a_warm_cache()), to=best
    )
    mlflow_proxy.lines()
    report = desk.asked(policy(checks=METRICS), registry=registry, measurer=measurer, versions=(good, fair))
    reads = [line for line in mlflow_proxy.lines() if line.endswith("/registered-models/get")]
    assert len(reads) == 1
    assert report.reason is ReasonCode.VALIDATED, told(report)
    assert report.evidence is not None
    assert report.evidence.champion is not None
    assert report.evidence.champion.version == fair
    expected = f1_score(holdout()["label"], predicted(FAIR), pos_label="Yes")
    assert measured(report).estimates["f1_score"].champion == pytest.approx(expected)

    (moved,) = move_all(registry, [report], reserve=Reserve())
    assert moved.reason is ReasonCode.CHAMPION_MOVED
    assert registry.aliases(desk.model) == {"champion": best}


def predicted(body: str) -> np.ndarray[Any, Any]:
    """What a body of `predict` says of the holdout."""
    space: dict[str, Any] = {"numpy": np}
    exec(f"def predict(frame):\n    {body}", space)
    found: np.ndarray[Any, Any] = space["predict"](holdout())
    return found


# --- e: one environment for two models -------------------------------------------------------------

# A model whose labels hang on the version of a library, as trees and tokenizers do.
BY_VERSION = """\
import six
weight = 0.0 if six.__version__ == "{version}" else 3.0
return numpy.where(frame["x0"] + weight * frame["x1"] > 0, "Yes", "No")
"""


def pinned(folder: Path, version: str) -> Path:
    """A model that is right with one version of six alone, and asks for it."""
    model = write_model(folder, predict=BY_VERSION.format(version=version))
    requirements = f"mlflow=={mlflow.__version__}\nsix=={version}\n"
    (model / "requirements.txt").write_text(requirements, encoding="utf-8")
    return model


@pytest.mark.slow
def test_each_model_has_an_environment_of_its_own(desk: Desk, tmp_path: Path) -> None:
    old, new = pinned(tmp_path / "old", "1.16.0"), pinned(tmp_path / "new", "1.17.0")
    files, truth = {DATA: as_parquet(holdout())}, holdout()["label"]
    report = desk.judged(
        policy(checks=METRICS, environment="model"),
        files=files,
        challenger=desk.version(new),
        champion=desk.version(old),
    )
    assert report.reason is ReasonCode.VALIDATED, told(report)
    found = measured(report).estimates["f1_score"]
    right = f1_score(truth, predicted(GOOD), pos_label="Yes")
    assert found.champion == found.challenger == pytest.approx(right)
    runs = measured(report)
    assert runs.champion is not None
    assert runs.champion.environment != runs.challenger.environment

    # The seed: `%pip install -r` of the challenger's list, then both models in that one interpreter.
    builder = EnvironmentBuilder(
        desk.cache,
        installer=find_installer(with_a_warm_cache()),
        log=lambda _: None,
        deadline=Deadline(300),
    )
    one = builder.build(new, Environment.MODEL)
    features = holdout()[["x0", "x1"]]
    champion = f1_score(truth, labels_of(old, features, interpreter=one), pos_label="Yes")
    challenger = f1_score(truth, labels_of(new, features, interpreter=one), pos_label="Yes")
    assert challenger == pytest.approx(right)
    assert champion < right - 0.2, "an even match looks like a landslide"
