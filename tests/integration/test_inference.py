"""A pull request judged by inference: real models of a real registry, run in processes of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

from promoter.demo.job import Finished
from promoter.errors import ExitCode
from tests.e2e.house import GOOD_DESCRIPTION, POLICY, House, housed, result_of
from tests.mlflow_server import MlflowServer, tracked
from tests.model_folders import write_model

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

DATA = "data/holdout.csv"
ROWS = 600
BETTER = 'return numpy.where(frame["x0"] > 0, "Yes", "No")'
TWIN = 'return numpy.where(frame["x0"] * 2 > 0, "Yes", "No")'
FAIR = 'return numpy.where(frame["x0"] + 0.7 * frame["x1"] > 0, "Yes", "No")'
BROKEN: Mapping[str, tuple[str, str]] = {
    "raises": ('raise ValueError("no such feature; columns " + "+".join(frame.columns))', "no such feature"),
    "nan": ('return numpy.where(frame["x0"] > 1, numpy.nan, 1.0)', "NaN"),
    "short": ('return ["Yes"] * (len(frame) - 1)', "599 rows for 600"),
    "unknown_label": ('return ["Perhaps"] * len(frame)', "no label of the data"),
}
A_FLOOR = "{name: f1_score, greater_is_better: true, threshold: 0.5}"
NOT_WORSE = (
    "{name: f1_score, greater_is_better: true, threshold: 0.5, test: non_inferiority, "
    "max_absolute_degradation: 0.02}"
)
BETTER_BY_TEST = "{name: f1_score, greater_is_better: true, test: superiority}"


@dataclass(frozen=True)
class Source:
    """A logged model, of which versions can be made."""

    run: str
    address: str
    model: str | None = None


@pytest.fixture(scope="module")
def sources(mlflow_server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    """Models by name, logged once."""
    with tracked(mlflow_server):
        return _all_logged(mlflow_server, tmp_path_factory)


def _all_logged(server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    client = MlflowClient(tracking_uri=server.url, registry_uri=server.url)
    written = {"better": BETTER, "twin": TWIN, "fair": FAIR}
    written |= {name: body for name, (body, _) in BROKEN.items()}
    found: dict[str, Source] = {}
    for name, body in written.items():
        folder = write_model(tmp_path_factory.mktemp("models") / name, predict=body)
        found[name] = _logged(client, folder)
    folder = tmp_path_factory.mktemp("models") / "unloadable"
    write_model(folder, predict=BETTER, load='raise OSError("a lost weight")')
    found["unloadable"] = _logged(client, folder)
    found["sklearn"] = _of_scikit_learn(server)
    return found


def _logged(client: MlflowClient, folder: Path) -> Source:
    run = client.create_run("0").info
    client.log_artifacts(run.run_id, str(folder), "model")
    client.set_terminated(run.run_id)
    return Source(run.run_id, f"{run.artifact_uri}/model")


def _of_scikit_learn(server: MlflowServer) -> Source:
    frame = holdout()
    fitted = LogisticRegression().fit(frame[["x0", "x1"]], frame["label"])
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.url)
    try:
        with mlflow.start_run() as run:
            made = mlflow.sklearn.log_model(fitted, name="m", pip_requirements=["scikit-learn"])
    finally:
        mlflow.set_tracking_uri(before)
    return Source(run.info.run_id, f"models:/{made.model_id}", made.model_id)


def holdout() -> pd.DataFrame:
    numbers = np.random.default_rng(11)
    x0, x1 = numbers.normal(size=(2, ROWS))
    label = np.where(x0 + numbers.normal(0, 0.2, ROWS) > 0, "Yes", "No")
    return pd.DataFrame({"x0": x0, "x1": x1, "label": label})


def as_csv(frame: pd.DataFrame) -> bytes:
    text: str = frame.to_csv(index=False)
    return text.encode()


def policy(*metrics: str, evaluation: str = "", checks: str = "") -> bytes:
    """A policy of the house's own form; `evaluation` and `checks` are more lines of them."""
    return f"""\
version: 1
approvals: {{minimum: 1}}
models:
  - match: "*"
    aliases: [champion]
    on_missing_champion: bootstrap
    task: binary_classification
    evaluation:
      source: inference
      data: {DATA}
      target: label
      positive_label: "Yes"
      environment: image
{evaluation}
    statistics: {{resamples: 1000}}
    checks:
      metrics: [{", ".join(metrics)}]
{checks}""".encode()


@pytest.fixture
def house(tmp_path: Path, mlflow_server: MlflowServer) -> Iterator[House]:
    """A team that judges by inference."""
    with housed(tmp_path, mlflow_server.url) as made:
        made.land({POLICY: policy(NOT_WORSE), DATA: as_csv(holdout())})
        yield made


def version(house: House, source: Source) -> str:
    made = house.client.create_model_version(
        house.model,
        source=source.address,
        run_id=source.run,
        model_id=source.model,
        description=GOOD_DESCRIPTION,
    )
    return str(made.version)


def ended(finished: Finished) -> tuple[ExitCode, str]:
    return finished.exit_code, finished.outputs["reason-code"]


def judged(house: House, new: Source, old: Source | None) -> Finished:
    """The validation of a request for `new` where `old` is champion."""
    if old is not None:
        house.adopt(version(house, old))
    return house.validate(house.ask_for(version(house, new)))


def evidence_text(finished: Finished) -> str:
    return (finished.folder / "evidence.json").read_text(encoding="utf-8")


def figure(finished: Finished) -> dict[str, float]:
    """What the evidence says of the F1 score, with its interval."""
    found = [one for one in _mappings(json.loads(evidence_text(finished))) if "f1_score" in one.values()]
    one: dict[str, float] = next(one for one in found if one.get("lower") is not None)
    return one


def _mappings(value: object) -> Iterator[dict[str, Any]]:
    """All mappings within a JSON value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _mappings(inner)


def test_a_better_model_is_promoted_with_its_interval(house: House, sources: dict[str, Source]) -> None:
    old, new = version(house, sources["fair"]), version(house, sources["sklearn"])
    house.land({POLICY: policy(NOT_WORSE, checks="      negative_flips: {max_rate: 0.5}\n")})
    house.adopt(old)
    number = house.ask_for(new)
    finished = house.validate(number)
    assert ended(finished) == (ExitCode.DONE, "validated"), finished.log
    (comment,) = house.comments(number)
    assert "600 rows" in comment.body
    found = figure(finished)
    assert 0 < found["lower"] < found["change"] < found["upper"]
    assert f"{found['change']:.4f}" in comment.body
    assert hashlib.sha256(as_csv(holdout())).hexdigest() in evidence_text(finished)
    house.approve(number)
    assert ended(house.apply(house.merge(number))) == (ExitCode.DONE, "applied")
    assert house.champion() == new


def test_a_worse_model_is_rejected(house: House, sources: dict[str, Source]) -> None:
    assert ended(judged(house, sources["fair"], sources["better"])) == (ExitCode.NO, "checks_failed")


def test_a_tie_is_no_proof_of_being_better(house: House, sources: dict[str, Source]) -> None:
    house.land({POLICY: policy(BETTER_BY_TEST)})
    finished = judged(house, sources["twin"], sources["better"])
    assert ended(finished) == (ExitCode.NO, "inconclusive"), finished.log
    assert figure(finished)["change"] == 0


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_model_that_does_not_answer_is_rejected_with_its_problem(
    name: str, house: House, sources: dict[str, Source]
) -> None:
    finished = judged(house, sources[name], sources["better"])
    assert ended(finished) == (ExitCode.NO, "checks_failed")
    assert "the challenger did not finish" in finished.log
    assert BROKEN[name][1] in finished.log
    # what the model was given: never the target
    assert name != "raises" or "columns x0+x1" in finished.log


@pytest.mark.parametrize("name", ["unloadable", "unknown_label"])
def test_a_champion_that_does_not_run_leaves_it_undecided(
    name: str, house: House, sources: dict[str, Source]
) -> None:
    finished = judged(house, sources["better"], sources[name])
    assert ended(finished) == (ExitCode.NO, "inconclusive"), finished.log
    assert "did not finish" in finished.log
    assert "The challenger loaded and answered every row" in finished.log
    (request,) = result_of(finished)
    assert request["verdict"] == "inconclusive"


NO_INFERENCE = b"""\
version: 1
approvals: {minimum: 1}
models:
  - match: "*"
    aliases: [champion]
    checks: {description: {min_length: 10}}
"""


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("better", (ExitCode.DONE, "rollback_validated")),
        ("nan", (ExitCode.NO, "checks_failed")),
    ],
)
def test_a_rollback_from_a_broken_champion_still_needs_a_model_that_runs(
    name: str, ending: tuple[ExitCode, str], house: House, sources: dict[str, Source]
) -> None:
    earlier, broken = version(house, sources[name]), version(house, sources["unloadable"])
    house.adopt(earlier)
    house.land({POLICY: NO_INFERENCE})
    number = house.ask_for(broken)
    house.approve(number)
    assert ended(house.apply(house.merge(number))) == (ExitCode.DONE, "applied")
    house.land({POLICY: policy(NOT_WORSE)})
    finished = house.validate(house.ask_for(earlier))
    assert ended(finished) == ending, finished.log


def test_a_first_model_is_judged_by_floors_alone(house: House, sources: dict[str, Source]) -> None:
    house.land({POLICY: policy(A_FLOOR)})
    finished = judged(house, sources["better"], None)
    assert ended(finished) == (ExitCode.DONE, "validated"), finished.log
    house.land({POLICY: policy(A_FLOOR.replace("0.5", "0.999"))})
    finished = judged(house, sources["better"], None)
    assert ended(finished) == (ExitCode.NO, "checks_failed"), finished.log


ONE_CLASS = as_csv(holdout().assign(label="Yes"))
NO_TARGET = as_csv(holdout().rename(columns={"label": "churned"}))
PINNED = f'      sha256: "{"0" * 64}"'


@pytest.mark.parametrize(
    ("files", "ending", "told"),
    [
        ({DATA: None}, (ExitCode.UNDECIDED, "data_unavailable"), "there is no file"),
        (
            {POLICY: policy(NOT_WORSE, evaluation=PINNED)},
            (ExitCode.UNDECIDED, "data_unavailable"),
            "not what the policy pins",
        ),
        ({DATA: NO_TARGET}, (ExitCode.WRONG_INPUT, "policy_invalid"), "label"),
        ({DATA: ONE_CLASS}, (ExitCode.UNDECIDED, "data_unavailable"), "label"),
        (
            {POLICY: policy(NOT_WORSE.replace("f1_score", "f1_skore"))},
            (ExitCode.WRONG_INPUT, "policy_invalid"),
            "f1_skore",
        ),
    ],
    ids=["missing", "pin", "target", "one class", "metric"],
)
def test_what_cannot_be_judged_says_why(
    files: dict[str, bytes | None],
    ending: tuple[ExitCode, str],
    told: str,
    house: House,
    sources: dict[str, Source],
) -> None:
    house.land(files)
    finished = judged(house, sources["better"], sources["fair"])
    assert ended(finished) == ending, finished.log
    assert told in finished.log


def test_data_of_the_pull_request_itself_is_not_used(house: House, sources: dict[str, Source]) -> None:
    house.land({DATA: None})
    house.adopt(version(house, sources["fair"]))
    new = version(house, sources["better"])
    number = house.propose({house.path: house.request(new), DATA: as_csv(holdout())})
    finished = house.validate(number)
    assert finished.exit_code is not ExitCode.DONE, finished.log
