"""A pinned reference version against slow decay: real models of a real registry, judged beside it too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from promoter.demo.job import Finished
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, House, housed
from tests.integration.test_inference import (
    A_FLOOR,
    DATA,
    NOT_WORSE,
    Source,
    as_csv,
    ended,
    evidence_text,
    holdout,
    policy,
    version,
)
from tests.mlflow_server import MlflowServer
from tests.model_folders import write_model

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

# Each hardly worse than the one before: no step is refused, and the last is far below the first.
CUTS = {"first": 0.0, "second": 0.3, "third": 0.31}
MOODY = """
found = numpy.where(frame["x0"] > 0, "Yes", "No")
if self.calls > 1:
    found[:3] = ["Yes", "No", "Yes"] if found[0] == "No" else ["No", "No", "No"]
return found
"""


@pytest.fixture(scope="module")
def sources(mlflow_server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    """Models by name, logged once."""
    client = MlflowClient(tracking_uri=mlflow_server.url, registry_uri=mlflow_server.url)
    written = {name: f'return numpy.where(frame["x0"] > {cut}, "Yes", "No")' for name, cut in CUTS.items()}
    folders = tmp_path_factory.mktemp("models")
    found: dict[str, Source] = {}
    for name, body in {**written, "moody": MOODY, "broken": 'raise ValueError("tired")'}.items():
        folder = write_model(folders / name, predict=body)
        run = client.create_run("0").info
        client.log_artifacts(run.run_id, str(folder), "model")
        client.set_terminated(run.run_id)
        found[name] = Source(run.run_id, f"{run.artifact_uri}/model")
    return found


@pytest.fixture
def house(tmp_path: Path, mlflow_server: MlflowServer) -> Iterator[House]:
    """A team whose policy pins version 1."""
    with housed(tmp_path, mlflow_server.url) as made:
        made.land({POLICY: pinned("1"), DATA: as_csv(holdout())})
        yield made


def pinned(reference: str, rule: str = NOT_WORSE) -> bytes:
    return policy(rule.replace("0.02", "0.03"), evaluation=f'      reference: "{reference}"')


def asked_for(house: House, new: Source) -> Finished:
    return house.validate(house.ask_for(version(house, new)))


def results(finished: Finished) -> dict[str, str]:
    """The outcome of each subject of `metrics`."""
    (request,) = json.loads(evidence_text(finished))["requests"]
    found: list[dict[str, Any]] = request["checks"]
    return {one["subject"]: one["outcome"] for one in found if one["check"] == "metrics"}


def test_what_no_step_shows_the_reference_does(house: House, sources: dict[str, Source]) -> None:
    version(house, sources["first"])
    house.adopt(version(house, sources["second"]))
    # As good as the champion by all that can be seen of these rows: better is as likely as worse.
    house.land({POLICY: pinned("1", NOT_WORSE.replace("non_inferiority", "no_regression"))})
    finished = asked_for(house, sources["third"])
    assert ended(finished) == (ExitCode.NO, "checks_failed"), finished.log
    assert results(finished) == {"f1_score": "passed", "f1_score against version 1": "failed"}
    assert "worse than the reference's" in finished.log


def test_a_challenger_that_keeps_up_with_the_reference_is_promoted(
    house: House, sources: dict[str, Source]
) -> None:
    version(house, sources["first"])
    house.adopt(version(house, sources["second"]))
    finished = asked_for(house, sources["first"])
    assert ended(finished) == (ExitCode.DONE, "validated"), finished.log
    assert set(results(finished).values()) == {"passed"}
    (request,) = json.loads(evidence_text(finished))["requests"]
    reference = request["measurement"]["reference"]
    assert reference["version"] == "1"
    assert reference["estimates"]["f1_score"]["change"] == 0


def test_a_first_model_is_compared_with_the_reference(house: House, sources: dict[str, Source]) -> None:
    version(house, sources["first"])
    finished = asked_for(house, sources["third"])
    assert ended(finished) == (ExitCode.NO, "checks_failed"), finished.log
    assert results(finished)["f1_score against version 1"] == "failed"


def test_a_reference_that_does_not_run_leaves_it_undecided(house: House, sources: dict[str, Source]) -> None:
    version(house, sources["broken"])
    house.adopt(version(house, sources["second"]))
    finished = asked_for(house, sources["first"])
    assert ended(finished) == (ExitCode.NO, "inconclusive"), finished.log
    assert results(finished) == {"f1_score": "passed", "f1_score against version 1": "inconclusive"}
    assert "the reference, version" in finished.log.casefold()
    assert "tired" in finished.log


def test_a_reference_that_is_not_there_is_said(house: House, sources: dict[str, Source]) -> None:
    house.land({POLICY: pinned("99")})
    house.adopt(version(house, sources["second"]))
    finished = asked_for(house, sources["first"])
    assert ended(finished)[1] == "policy_invalid", finished.log
    assert "the policy's `reference` is version `99`" in finished.log


def test_predictions_that_differ_from_one_time_to_the_next_are_warned_of(
    house: House, sources: dict[str, Source]
) -> None:
    house.land({POLICY: policy(A_FLOOR)})
    house.adopt(version(house, sources["second"]))
    finished = asked_for(house, sources["moody"])
    assert ended(finished) == (ExitCode.DONE, "validated"), finished.log
    assert "of 600 rows were predicted differently the second time" in finished.log
