"""The report of a promotion outlives its job: among the artifacts of the run whose version was promoted."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from promoter.demo.github.events import push_event
from promoter.demo.github.model import Push
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, House
from tests.e2e.test_across_models import Across
from tests.mlflow_server import MlflowServer
from tests.proxy import Answer, Hang, LoseAnswer, Proxy

pytestmark = pytest.mark.integration

PUT = "PUT .*/mlflow-artifacts/artifacts/"


class Logged:
    """What a run's artifacts hold of Promoter's."""

    def __init__(self, house: House, version: str, *, model: str = "") -> None:
        self.house = house
        self.run_id = str(house.client.get_model_version(model or house.model, version).run_id)

    def folders(self) -> list[str]:
        return [file.path for file in self.house.client.list_artifacts(self.run_id, "promoter")]

    def names(self, folder: str) -> list[str]:
        return [Path(file.path).name for file in self.house.client.list_artifacts(self.run_id, folder)]

    def text(self, path: str) -> str:
        from mlflow.artifacts import download_artifacts  # noqa: PLC0415 - slow

        address = f"runs:/{self.run_id}/{path}"
        return Path(download_artifacts(address, tracking_uri=self.house.client.tracking_uri)).read_text()


def merged(house: House, version: str) -> tuple[int, Push]:
    number = house.ask_for(version)
    house.validate(number)
    house.approve(number)
    return number, house.merge(number)


def test_apply_logs_report_and_evidence_to_the_run_and_the_comment_leads_there(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    number, push = merged(house, new)
    assert Logged(house, new).folders() == []
    applied = house.apply(push)
    assert applied.outputs["reason-code"] == "applied"

    folder = f"promoter/{number}-champion"
    logged = Logged(house, new)
    assert logged.folders() == [folder]
    assert logged.names(folder) == ["evidence.json", "report.html"]
    assert f"<code>{house.model}</code>" in logged.text(f"{folder}/report.html")
    assert "Content-Security-Policy" in logged.text(f"{folder}/report.html")
    evidence = logged.text(f"{folder}/evidence.json")
    assert json.loads(evidence)["requests"][0]["version"] == new
    assert hashlib.sha256(evidence.encode()).hexdigest() == house.tags(new)["promoter_evidence"]
    (comment,) = house.comments(number)
    assert f"/#/experiments/0/runs/{logged.run_id}/artifacts/promoter/{number}-champion)" in comment.body
    assert Logged(house, old).folders() == []


def test_a_second_run_logs_nothing_and_leaves_what_is_there(
    house_behind_a_proxy: House, mlflow_proxy: Proxy
) -> None:
    house = house_behind_a_proxy
    house.adopt(house.version(0.80))
    new = house.version(0.85)
    number, push = merged(house, new)
    house.apply(push)
    report = Logged(house, new).text(f"promoter/{number}-champion/report.html")
    comments = [one.body for one in house.comments(number)]
    mlflow_proxy.lines()
    again = house.job("push", push_event(house.standin.view, push), ref=push.ref, commit=push.after)
    assert again.outputs["reason-code"] == "already_applied"
    assert [line for line in mlflow_proxy.lines() if line.startswith("PUT")] == []
    assert Logged(house, new).text(f"promoter/{number}-champion/report.html") == report
    assert [one.body for one in house.comments(number)] == comments


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Answer(status=403, body=b"Permission denied"), "Permission denied"),
        (Answer(status=503), "503"),
        (LoseAnswer(), "not logged to MLflow"),
    ],
)
def test_what_cannot_be_logged_is_told_and_changes_nothing(
    house_behind_a_proxy: House, mlflow_proxy: Proxy, fault: Answer | LoseAnswer, words: str
) -> None:
    house = house_behind_a_proxy
    house.adopt(house.version(0.80))
    new = house.version(0.85)
    number, push = merged(house, new)
    mlflow_proxy.inject(PUT, fault)
    applied = house.apply(push)
    assert (applied.exit_code, applied.outputs["reason-code"]) == (ExitCode.DONE, "applied")
    assert house.champion() == new
    assert house.tags(new)["promoter_verdict"] == "promote"
    (comment,) = house.comments(number)
    assert "This report was not logged to MLflow" in comment.body
    assert words in comment.body
    assert f"/artifacts/promoter/{number}-champion" not in comment.body


def test_a_store_that_hangs_costs_the_run_its_time_and_nothing_else(
    house_behind_a_proxy: House, mlflow_proxy: Proxy
) -> None:
    house = house_behind_a_proxy
    house.adopt(house.version(0.80))
    new = house.version(0.85)
    number, push = merged(house, new)
    mlflow_proxy.inject(PUT, Hang())
    applied = house.apply(push, deadline="0.25")
    assert (applied.exit_code, applied.outputs["reason-code"]) == (ExitCode.DONE, "applied")
    assert house.tags(new)["promoter_verdict"] == "promote"
    (comment,) = house.comments(number)
    assert comment.body.splitlines()[1].startswith("### ✅ Promoted")
    assert "This report was not logged to MLflow" in comment.body


def test_the_policy_can_have_it_left_out(house: House) -> None:
    house.land(
        {POLICY: POLICY_TEXT.replace("    evaluation", "    log_report: false\n    evaluation").encode()}
    )
    house.adopt(house.version(0.80))
    new = house.version(0.85)
    number, push = merged(house, new)
    assert house.apply(push).outputs["reason-code"] == "applied"
    assert Logged(house, new).folders() == []
    (comment,) = house.comments(number)
    assert "not logged" not in comment.body


def test_a_copy_is_told_of_in_the_run_of_its_source(house: House, mlflow_server: MlflowServer) -> None:
    across = Across(house, mlflow_server)
    source = across.version(0.85)
    number = across.approved(source)
    applied = house.apply(house.merge(number))
    assert applied.outputs["reason-code"] == "applied"
    (copy,) = across.copies(source)
    assert Logged(house, source, model=across.dev).folders() == [f"promoter/{number}-champion"]
    assert Logged(house, copy).run_id == Logged(house, source, model=across.dev).run_id


def test_what_differs_is_in_the_comment(house: House, mlflow_server: MlflowServer) -> None:
    across = Across(house, mlflow_server)
    versions = [across.old, across.version(0.85, model=house.model)]
    for version, package in zip(versions, ("1.4.2", "1.5.0"), strict=True):
        folder = across.folder_of(version, model=house.model)
        (folder / "requirements.txt").write_text(f"scikit-learn=={package}\nmlflow==3.17.2\n")
    number, push = merged(house, versions[1])
    told = "- Packages: `scikit-learn` `1.4.2` → `1.5.0`"
    (comment,) = house.comments(number)
    assert "<summary>What differs between the versions: 1 package</summary>" in comment.body
    assert told in comment.body
    house.apply(push)
    (comment,) = house.comments(number)
    assert told in comment.body
    page = Logged(house, versions[1]).text(f"promoter/{number}-champion/report.html")
    assert "Packages that differ" in page
