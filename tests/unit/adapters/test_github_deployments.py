"""Deployments on GitHub: found again, never doubled, told once, whatever the network does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from promoter.adapters.github_deployments import GitHubDeployments
from promoter.core.deployments import Deployment, Recorded
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Deployments
from tests.fakes.github_api import REPOSITORY, SHA, GitHubApi, github_api

AT = f"/repos/{REPOSITORY}/deployments"
LISTED = f"GET {AT}?environment=churn%40champion&per_page=100&task=promote"
MADE = f"POST {AT}"
READ = f"GET {AT}/5/statuses?per_page=100"
TOLD = f"POST {AT}/5/statuses"
RESET = requests.ConnectionError("Connection aborted.")
WANTED = Deployment(
    environment="churn@champion",
    commit=SHA,
    description="version 7",
    model="churn",
    alias="champion",
    version="7",
    previous="6",
    pull_request=12,
    page="https://mlflow.example/#/models/churn/versions/7",
    log="https://github.example/run",
)
SUCCESS = {"id": 9, "state": "success"}


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as answering:
        yield answering


def a_record(number: int = 5, payload: object = None, **changes: object) -> dict[str, Any]:
    return {"id": number, "payload": {**WANTED.identity, **changes} if payload is None else payload}


def record(api: GitHubApi, wanted: Deployment = WANTED) -> Recorded:
    deployments: Deployments = GitHubDeployments(api.connection())
    return deployments.record(wanted)


def test_a_new_one_is_made_and_told(api: GitHubApi) -> None:
    api.on("GET", "/deployments", (200, []))
    api.on("POST", "/deployments", (201, a_record()))
    api.on("POST", "/deployments/5/statuses", (201, SUCCESS))

    assert record(api) is Recorded.NEW
    assert api.asked == [LISTED, MADE, TOLD]
    assert api.sent(1) == {
        "ref": SHA,
        "task": "promote",
        "environment": "churn@champion",
        "description": "version 7",
        "payload": {
            "model": "churn",
            "alias": "champion",
            "version": "7",
            "pull_request": 12,
            "previous_version": "6",
        },
        "auto_merge": False,
        "required_contexts": [],
        "production_environment": False,
    }
    assert api.sent() == {
        "state": "success",
        "description": "version 7",
        "auto_inactive": True,
        "environment_url": WANTED.page,
        "log_url": WANTED.log,
    }


def test_an_address_nobody_knows_is_not_sent(api: GitHubApi) -> None:
    api.on("GET", "/deployments", (200, []))
    api.on("POST", "/deployments", (201, a_record()))
    api.on("POST", "/deployments/5/statuses", (201, SUCCESS))
    record(api, replace(WANTED, page="", log=""))
    assert api.sent() == {"state": "success", "description": "version 7", "auto_inactive": True}


@pytest.mark.parametrize("payload", [None, json.dumps(WANTED.identity)])
@pytest.mark.parametrize("state", ["success", "inactive"])
def test_one_that_is_there_and_told_is_left_alone(api: GitHubApi, payload: object, state: str) -> None:
    api.on("GET", "/deployments", (200, [a_record(payload=payload)]))
    api.on("GET", "/deployments/5/statuses", (200, [{"state": "queued"}, {"state": state}]))
    assert record(api) is Recorded.KNOWN
    assert api.asked == [LISTED, READ]


def test_one_that_was_never_told_is_told(api: GitHubApi) -> None:
    api.on("GET", "/deployments", (200, [a_record()]))
    api.on("GET", "/deployments/5/statuses", (200, [{"state": "pending"}]))
    api.on("POST", "/deployments/5/statuses", (201, SUCCESS))
    assert record(api) is Recorded.KNOWN
    assert api.asked == [LISTED, READ, TOLD]


@pytest.mark.parametrize(
    "listed",
    [
        [a_record(4, version="6")],
        [a_record(4, pull_request=11)],
        [a_record(4), a_record(3, version="6", pull_request=11), a_record(8, version="8", pull_request=13)],
        [a_record(4, model="Churn")],
        [a_record(4, payload="")],
        [a_record(4, payload="{cut")],
        [a_record(4, payload=["7"])],
        [a_record(4, payload={})],
    ],
)
def test_others_and_older_ones_are_not_it(api: GitHubApi, listed: list[dict[str, Any]]) -> None:
    api.on("GET", "/deployments", (200, listed))
    api.on("POST", "/deployments", (201, a_record()))
    api.on("POST", "/deployments/5/statuses", (201, SUCCESS))
    assert record(api) is Recorded.NEW


def test_another_model_whose_name_differs_in_case_does_not_hide_ours(api: GitHubApi) -> None:
    api.on("GET", "/deployments", (200, [a_record(6, model="Churn"), a_record()]))
    api.on("GET", "/deployments/5/statuses", (200, [SUCCESS]))
    assert record(api) is Recorded.KNOWN


def test_a_creation_of_which_nobody_knows_is_looked_for(api: GitHubApi) -> None:
    api.on("GET", "/deployments", (200, []), (200, [a_record()]))
    api.answers("POST", AT, RESET)
    api.on("POST", "/deployments/5/statuses", (201, SUCCESS))
    assert record(api) is Recorded.NEW
    assert api.asked == [LISTED, MADE, LISTED, TOLD]
    assert api.clock.pauses == [2.0]


def test_a_creation_that_did_not_happen_is_tried_again(api: GitHubApi) -> None:
    api.on("GET", "/deployments", (200, [a_record(4, version="6")]))
    api.on("POST", "/deployments", (502, {"message": "Server Error"}), (201, a_record()))
    api.on("POST", "/deployments/5/statuses", (201, SUCCESS))
    assert record(api) is Recorded.NEW
    assert api.asked == [LISTED, MADE, LISTED, MADE, TOLD]


def test_a_status_of_which_nobody_knows_is_looked_for(api: GitHubApi) -> None:
    api.on("GET", "/deployments", (200, []))
    api.on("POST", "/deployments", (201, a_record()))
    api.answers("POST", f"{AT}/5/statuses", RESET)
    api.on("GET", "/deployments/5/statuses", (200, [SUCCESS]))
    assert record(api) is Recorded.NEW
    assert api.asked == [LISTED, MADE, TOLD, READ]


@pytest.mark.parametrize("answer", [{"message": "Auto-merged main into topic"}, [], {"id": "5"}])
def test_an_answer_that_is_no_deployment_is_not_believed(api: GitHubApi, answer: object) -> None:
    api.on("GET", "/deployments", (200, []))
    api.on("POST", "/deployments", (202, answer))
    with pytest.raises(PromoterError) as raised:
        record(api)
    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_a_token_that_may_not_is_told_what_it_lacks(api: GitHubApi) -> None:
    lacking = {"X-Accepted-GitHub-Permissions": "deployments=write"}
    api.on("GET", "/deployments", (200, []))
    api.answers("POST", AT, {"message": "Resource not accessible"}, status=403, headers=lacking)
    with pytest.raises(PromoterError) as raised:
        record(api)
    assert raised.value.reason is ReasonCode.PERMISSION_DENIED
    assert "`deployments: write`" in str(raised.value.hint)
