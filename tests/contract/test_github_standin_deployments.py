"""The stand-in's deployments, held to GitHub's OpenAPI description, and what makes one inactive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from promoter.adapters.github_deployments import GitHubDeployments
from promoter.core.deployments import Deployment, Recorded
from promoter.demo.github.model import WORKFLOW_GRANTS
from promoter.demo.github.server import Standin, serve
from tests.contract.github_adapters_world import connected
from tests.contract.github_spec import load_spec
from tests.contract.github_standin_world import (
    READER,
    REPOSITORY,
    WORKFLOW,
    ask,
    ask_wrongly,
    small_world,
)

DEPLOYER = "deployer-token"
AT = f"{REPOSITORY}/deployments"


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    world = small_world(tmp_path)
    world.add_workflow_token(DEPLOYER, grants={**WORKFLOW_GRANTS, "deployments": "write"})
    with serve(world) as running:
        yield running


def post(standin: Standin, body: Mapping[str, object], path: str = "") -> requests.Response:
    """Ask for a deployment or a status, as GitHub describes both."""
    response = ask(standin, AT + path, token=DEPLOYER, method="POST", body=body)
    load_spec().check(response)
    return response


def made(standin: Standin, *, state: str = "success", **changes: object) -> int:
    """A deployment of main that was told; its number."""
    asked = {"ref": "main", "auto_merge": False, "required_contexts": [], **changes}
    number: int = post(standin, asked).json()["id"]
    assert post(standin, {"state": state}, f"/{number}/statuses").status_code == 201
    return number


def read(standin: Standin, path: str = "") -> list[dict[str, object]]:
    response = ask(standin, AT + path, token=DEPLOYER)
    load_spec().check(response)
    found: list[dict[str, object]] = response.json()
    return found


def states(standin: Standin, number: int) -> list[object]:
    return [one["state"] for one in read(standin, f"/{number}/statuses")]


def test_lists_are_newest_first_and_filtered(standin: Standin) -> None:
    first = made(standin, environment="Churn@champion", task="promote", payload={"version": "7"})
    other = made(standin, payload="text")
    assert [one["id"] for one in read(standin)] == [other, first]
    assert [one["id"] for one in read(standin, "?environment=churn@champion&task=promote")] == [first]
    assert [one["environment"] for one in read(standin, "?task=deploy&per_page=1")] == ["production"]
    assert read(standin)[1]["payload"] == {"version": "7"}


def test_a_success_makes_earlier_ones_inactive(standin: Standin) -> None:
    old, failed, elsewhere, production = (
        made(standin, environment="churn@champion"),
        made(standin, environment="churn@champion", state="failure"),
        made(standin, environment="churn@shadow"),
        made(standin, environment="churn@champion", production_environment=True),
    )
    new = made(standin, environment="churn@champion")
    assert states(standin, old) == ["inactive", "success"]
    assert states(standin, failed) == ["failure"]
    assert states(standin, elsewhere) == states(standin, production) == states(standin, new) == ["success"]


def test_earlier_ones_stay_where_that_is_asked_for(standin: Standin) -> None:
    old = made(standin, environment="x")
    number = post(standin, {"ref": "main", "environment": "x"}).json()["id"]
    post(standin, {"state": "success", "auto_inactive": False}, f"/{number}/statuses")
    assert states(standin, old) == ["success"]


@pytest.mark.parametrize(
    ("status", "path", "body"),
    [
        (422, "", {"ref": "nothing"}),
        (422, "", {"ref": "main", "environment": "x" * 256}),
        (404, "/99/statuses", {"state": "success"}),
    ],
)
def test_refuses_as_described(standin: Standin, status: int, path: str, body: Mapping[str, object]) -> None:
    assert post(standin, body, path).status_code == status


@pytest.mark.parametrize("body", [{"state": "success", "description": "x" * 141}, {"state": "great"}])
def test_refuses_statuses(standin: Standin, body: Mapping[str, object]) -> None:
    at, why = f"{AT}/{made(standin)}/statuses", "too long, or no state"
    response = ask_wrongly(standin, at, why=why, token=DEPLOYER, body=body)
    assert response.status_code == 422


@pytest.mark.parametrize("token", [READER, WORKFLOW])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_needs_a_permission_of_its_own(standin: Standin, token: str, method: str) -> None:
    response = ask(standin, AT, token=token, method=method, body={"ref": "main"})
    assert response.status_code == 403
    assert response.headers["X-Accepted-GitHub-Permissions"].startswith("deployments=")


def test_what_our_adapter_sends_is_described_and_shown(standin: Standin) -> None:
    wanted = Deployment(
        environment="churn@champion",
        commit=standin.world.tip("main") or "",
        description="version 7",
        model="churn",
        alias="champion",
        version="7",
        previous=None,
        pull_request=1,
        page="https://mlflow.example/#/models/churn/versions/7",
    )
    with load_spec().watching() as exchanges:
        deployments = GitHubDeployments(connected(standin, DEPLOYER))
        assert [deployments.record(wanted) for _ in range(2)] == [Recorded.NEW, Recorded.KNOWN]
    assert [str(one) for one in load_spec().violations(exchanges)] == []
    (shown,) = read(standin)
    assert (shown["description"], shown["environment"]) == ("version 7", "churn@champion")
