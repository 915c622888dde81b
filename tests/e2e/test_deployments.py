"""What GitHub shows as deployed: each move once, with its version; nothing unless the team asked for it."""

from __future__ import annotations

import pytest

from promoter.demo.github.exchange import Answer, Request
from promoter.demo.github.model import WORKFLOW_GRANTS, Push
from promoter.demo.github.server import DropConnection
from promoter.demo.job import Finished
from promoter.errors import ExitCode
from tests.e2e.house import TOKEN, House

pytestmark = pytest.mark.integration

DEPLOYER = {**WORKFLOW_GRANTS, "deployments": "write"}


@pytest.fixture
def deploying(house: House) -> House:
    """Git and registry agree on version 1; jobs record deployments, and may."""
    house.adopt(house.version(0.80))
    house.world.add_workflow_token(TOKEN, grants=DEPLOYER)
    house.inputs["deployments"] = "true"
    return house


def merged(house: House, version: str) -> Push:
    number = house.ask_for(version)
    house.approve(number)
    return house.merge(number)


def applied(house: House, push: Push) -> Finished:
    finished = house.apply(push)
    assert finished.exit_code is ExitCode.DONE, finished.log
    return finished


def shown(house: House) -> list[tuple[str, str]]:
    """Description and state of every deployment, oldest first."""
    told = {one.deployment: one.state for one in house.world.deployment_statuses}
    return [(one.description, told.get(one.id, "")) for one in house.world.deployments.values()]


def test_without_being_asked_for_nothing_is_called(house: House) -> None:
    house.adopt(house.version(0.80))
    assert applied(house, merged(house, house.version(0.85))).outputs["reason-code"] == "applied"
    assert (house.standin.count("GET", "/deployments"), house.standin.count("POST", "/deployments")) == (0, 0)


def test_a_move_is_a_deployment_of_its_version(deploying: House) -> None:
    house = deploying
    push = merged(house, house.version(0.85))
    applied(house, push)

    (made,) = house.world.deployments.values()
    assert (made.environment, made.sha) == (f"{house.model}@champion", push.after)
    assert (made.description, made.task, made.is_production) == ("version 2", "promote", False)
    assert made.payload == {
        "model": house.model,
        "alias": "champion",
        "version": "2",
        "previous_version": "1",
        "pull_request": 1,
    }
    (told,) = house.world.deployment_statuses
    assert told.state == "success"
    assert told.environment_url == f"{house.registry}/#/models/{house.model}/versions/2"
    assert told.log_url == f"{house.standin.web_url}/acme/models/actions/runs/1"


def test_the_next_one_takes_its_place_and_a_rollback_is_one_of_the_older_version(deploying: House) -> None:
    house = deploying
    applied(house, merged(house, house.version(0.85)))
    applied(house, merged(house, house.version(0.90)))
    back = merged(house, "2")
    assert applied(house, back).outputs["reason-code"] == "applied"
    assert shown(house) == [
        ("version 2", "inactive"),
        ("version 3", "inactive"),
        ("version 2, rolled back from version 3", "success"),
    ]


def test_another_attempt_makes_no_second_one(deploying: House) -> None:
    push = merged(deploying, deploying.version(0.85))
    for _ in range(2):
        applied(deploying, push)
    assert shown(deploying) == [("version 2", "success")]
    assert deploying.standin.count("POST", "/deployments") == 2


def test_what_a_run_left_out_that_died_before_it_told_is_made_good(deploying: House) -> None:
    push = merged(deploying, deploying.version(0.85))
    deploying.set_alias("2")  # all that it came to
    assert applied(deploying, push).outputs["reason-code"] == "already_applied"
    assert shown(deploying) == [("version 2", "success")]


def test_a_deployment_that_was_never_told_is_told_by_the_next_attempt(deploying: House) -> None:
    push = merged(deploying, deploying.version(0.85))
    applied(deploying, push)
    deploying.world.deployment_statuses.clear()
    applied(deploying, push)
    assert shown(deploying) == [("version 2", "success")]


def test_an_alias_in_sync_is_not_asked_about_by_later_pushes(deploying: House) -> None:
    applied(deploying, merged(deploying, deploying.version(0.85)))
    before = deploying.standin.count("GET", "/deployments")
    applied(deploying, deploying.land({"README.md": b"unrelated\n"}))
    assert deploying.standin.count("GET", "/deployments") == before


def test_a_move_that_was_refused_deployed_nothing(deploying: House) -> None:
    finished = deploying.apply(merged(deploying, deploying.version(0.30)))
    assert finished.outputs["reason-code"] == "checks_failed"
    assert (shown(deploying), deploying.standin.count("GET", "/deployments")) == ([], 0)


def test_a_token_that_may_not_changes_no_outcome(deploying: House) -> None:
    deploying.world.add_workflow_token(TOKEN)
    finished = applied(deploying, merged(deploying, deploying.version(0.85)))
    assert (finished.outputs["reason-code"], deploying.champion()) == ("applied", "2")
    assert "could not be recorded" in finished.log
    assert "`deployments: read`" in finished.log
    assert "could not be recorded" in finished.summary


class LosesFirstAnswer:
    """The first creation happens, and nobody hears of it."""

    def __init__(self) -> None:
        self.lost = 0

    def before(self, request: Request) -> Answer | None:
        return None

    def after(self, request: Request, answer: Answer) -> Answer:
        if request.method == "POST" and request.path.endswith("/deployments") and not self.lost:
            self.lost += 1
            raise DropConnection
        return answer


def test_an_answer_that_was_lost_makes_no_second_one(deploying: House) -> None:
    losing = LosesFirstAnswer()
    deploying.standin.interceptor = losing
    applied(deploying, merged(deploying, deploying.version(0.85)))
    assert (losing.lost, shown(deploying)) == (1, [("version 2", "success")])
