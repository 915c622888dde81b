"""A registry that is not ready, refuses, hangs or loses answers: never a yes, never "no champion yet"."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, House
from tests.mlflow_server import MlflowServer
from tests.proxy import Answer, Hang, LoseAnswer, Proxy, Truncate

pytestmark = pytest.mark.integration

ALIASES = "GET .*/registered-models/get"
SHORT = "0.1"


def asked_for(house: House) -> tuple[int, str]:
    """A pull request for a better version on an adopted alias, under a policy that would bootstrap."""
    text = POLICY_TEXT.replace("    evaluation", "    on_missing_champion: bootstrap\n    evaluation")
    house.land({POLICY: text.encode()})
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    return house.ask_for(new), old


@pytest.mark.parametrize("status", ["PENDING_REGISTRATION", "FAILED_REGISTRATION"])
def test_a_version_that_is_not_ready(house: House, mlflow_server: MlflowServer, status: str) -> None:
    number, _ = asked_for(house)
    version = "2"
    file = mlflow_server.database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, timeout=30)) as store, store:
        store.execute(
            "UPDATE model_versions SET status = ? WHERE name = ? AND version = ?",
            (status, house.model, int(version)),
        )
    finished = house.validate(number)
    assert (finished.exit_code, finished.outputs["reason-code"]) == (
        ExitCode.WRONG_INPUT,
        "version_not_ready",
    )
    assert status in finished.log


@pytest.mark.parametrize(
    "fault",
    [
        Answer(status=500, body=b"<html>oops</html>"),
        Answer(status=503, headers={"Retry-After": "1"}),
        Answer(status=200, body=b"{}"),
        Answer(status=200, body=b"not json"),
        Truncate(),
        Hang(),
    ],
    ids=lambda fault: f"{type(fault).__name__}{getattr(fault, 'status', '')}",
)
def test_a_failing_look_up_of_the_alias_is_never_no_champion(
    house_behind_a_proxy: House, mlflow_proxy: Proxy, fault: Answer | Hang | Truncate
) -> None:
    house = house_behind_a_proxy
    number, old = asked_for(house)
    mlflow_proxy.inject(ALIASES, fault)
    finished = house.validate(number, deadline=SHORT)
    assert finished.exit_code is ExitCode.UNDECIDED, finished.log
    assert finished.outputs["reason-code"] in {"registry_unavailable", "deadline_exceeded"}
    assert finished.outputs["decision"] == "error"
    house.approve(number)
    applied = house.apply(house.merge(number), deadline=SHORT)
    assert applied.exit_code is ExitCode.UNDECIDED
    assert house.champion() == old


@pytest.mark.parametrize("status", [401, 403])
def test_a_registry_that_refuses_the_credential(
    house_behind_a_proxy: House, mlflow_proxy: Proxy, status: int
) -> None:
    number, _ = asked_for(house_behind_a_proxy)
    mlflow_proxy.inject("GET", Answer(status=status, body=b"Permission denied"))
    finished = house_behind_a_proxy.validate(number, deadline="1")
    assert finished.outputs["reason-code"] == "permission_denied", finished.log
    assert finished.exit_code is ExitCode.UNDECIDED


def test_a_write_whose_answer_is_lost_is_read_back(house_behind_a_proxy: House, mlflow_proxy: Proxy) -> None:
    house = house_behind_a_proxy
    number, _ = asked_for(house)
    house.approve(number)
    push = house.merge(number)
    mlflow_proxy.inject("POST .*/registered-models/alias", LoseAnswer())
    finished = house.apply(push, deadline="1")
    assert finished.outputs["reason-code"] == "applied", finished.log
    assert house.champion() == "2"


def test_a_write_that_is_refused_changes_nothing(house_behind_a_proxy: House, mlflow_proxy: Proxy) -> None:
    house = house_behind_a_proxy
    number, old = asked_for(house)
    house.approve(number)
    push = house.merge(number)
    mlflow_proxy.inject("POST .*/registered-models/alias", Answer(status=403, body=b"Permission denied"))
    finished = house.apply(push, deadline="1")
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.UNDECIDED, "apply_failed")
    assert house.champion() == old
    assert "after-merge" in house.comments(number)[-1].body


def test_tags_that_cannot_be_written_change_no_outcome(
    house_behind_a_proxy: House, mlflow_proxy: Proxy
) -> None:
    house = house_behind_a_proxy
    number, _ = asked_for(house)
    house.approve(number)
    push = house.merge(number)
    mlflow_proxy.inject("POST .*/model-versions/set-tag", Answer(status=403, body=b"Permission denied"))
    finished = house.apply(push, deadline="1")
    assert finished.outputs["reason-code"] == "applied"
    assert "tags could not be written" in finished.log
    assert house.champion() == "2"
