"""Who asked: the merged pull request behind a file, and what git held before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from promoter.commands.tracing import Branch, Traced, Tracer
from promoter.commands.trees import HISTORY_LIMIT
from promoter.commands.versions import Past
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Repository
from tests.builders import a_request
from tests.fakes.observed import observed
from tests.fakes.team import PLACES, POLICY, REQUEST, Team, policy, request


@pytest.fixture
def team() -> Team:
    return Team()


def traced(team: Team, repository: Repository | None = None) -> Traced:
    tracer = Tracer(
        repository=repository or team.repository,
        pull_requests=team.pull_requests,
        places=PLACES,
        branch=Branch(name="main", tip=team.main),
    )
    return tracer.trace(a_request(path=REQUEST))


def refusal(team: Team) -> ReasonCode:
    with pytest.raises(PromoterError) as refused:
        traced(team)
    assert str(refused.value.hint)
    return refused.value.reason


def test_the_pull_request_and_the_past(team: Team) -> None:
    start = team.main
    team.ask({REQUEST: request("7")})
    found = traced(team)
    assert (found.pull.number, found.claim.change) == (12, team.main)
    assert found.claim.past == (Past(commit=start, version="6"),)


def test_later_commits_that_leave_the_file_alone_do_not_count(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    change = team.main
    team.push({"README.md": b"x"})
    assert traced(team).claim.change == change


def test_a_file_that_the_branch_does_not_have(team: Team) -> None:
    team.push({REQUEST: None})
    tracer = Tracer(
        repository=team.repository,
        pull_requests=team.pull_requests,
        places=PLACES,
        branch=Branch(name="main", tip=team.main),
    )
    with pytest.raises(PromoterError, match=r"no merged pull request brought `promotions/never\.yaml`"):
        tracer.trace(a_request(path="promotions/never.yaml"))


def test_a_direct_push(team: Team) -> None:
    team.push({REQUEST: request("7")})
    assert refusal(team) is ReasonCode.NO_PULL_REQUEST


@pytest.mark.parametrize("changes", [{"is_merged": False}, {"base_branch": "release"}])
def test_a_pull_request_that_did_not_bring_it_here(team: Team, changes: dict[str, Any]) -> None:
    team.ask({REQUEST: request("7")})
    team.pulls[12] = replace(team.pulls[12], **changes)
    assert refusal(team) is ReasonCode.NO_PULL_REQUEST


def test_a_pull_request_of_the_commit_that_does_not_touch_the_file(team: Team) -> None:
    team.propose(11, {"README.md": b"x"})
    team.merge(11)
    team.ask({REQUEST: request("7")})
    team.brought[team.main] = [11, 12]
    assert traced(team).pull.number == 12
    team.brought[team.main] = [11]
    assert refusal(team) is ReasonCode.NO_PULL_REQUEST


def test_a_pull_request_that_edited_the_policy_too(team: Team) -> None:
    team.ask({REQUEST: request("7"), POLICY: policy("0.5", "0.1")})
    assert refusal(team) is ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST


def test_a_file_edited_twice_in_one_pull_request_has_the_past_before_both(team: Team) -> None:
    start = team.main
    team.ask({REQUEST: request("5")})
    team.push({REQUEST: request("7")})
    team.brought[team.main] = [12]
    assert traced(team).claim.past == (Past(commit=start, version="6"),)


def test_a_file_that_one_pull_request_brought_from_its_first_line_has_no_past(team: Team) -> None:
    team.brought[team.main] = [12]
    team.ask({REQUEST: request("7")})
    assert traced(team).claim.past == ()


def test_history_is_asked_for_once_and_never_whole(team: Team) -> None:
    for number in range(HISTORY_LIMIT + 5):
        team.push({REQUEST: request(str(100 + number))})
    team.ask({REQUEST: request("7")})
    repository, calls = observed(team.repository)
    found = traced(team, repository)
    assert calls.made == [("history", (team.main, REQUEST, HISTORY_LIMIT))]
    assert len(found.claim.past) == HISTORY_LIMIT - 1
