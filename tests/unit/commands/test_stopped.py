"""A run that is asked to stop, or whose time is spent: what it did, and what it knew, is in its report."""

from __future__ import annotations

import pytest

from promoter.commands.apply import apply
from promoter.commands.validate import validate
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.ports import Registry
from promoter.text import say
from tests.fakes.observed import observed
from tests.fakes.team import REQUEST, SHADOW, Team, request

LATE = PromoterError(ReasonCode.DEADLINE_EXCEEDED, say("the deadline was reached"))


@pytest.fixture
def team() -> Team:
    """Two pull requests are merged; each asks for version 7 under another alias."""
    made = Team()
    made.registry.set_alias("churn", "shadow", version="6")
    made.push({SHADOW: request("6", alias="shadow")})
    made.ask({REQUEST: request("7")})
    made.ask({SHADOW: request("7", alias="shadow")}, 13)
    return made


def test_asked_to_stop_no_further_pull_request_is_begun(team: Team) -> None:
    answers = [True, True, False]
    report = apply(team.apply_world(may_write=lambda: answers.pop(0)), branch="main")
    assert {one.request.path: one.reason for one in report.requests} == {
        REQUEST: ReasonCode.APPLIED,
        SHADOW: ReasonCode.INTERRUPTED,
    }
    assert (team.champion(), team.champion("shadow")) == ("7", "6")
    assert report.reason.exit_code is ExitCode.INTERRUPTED
    assert apply(team.apply_world(), branch="main").reason is ReasonCode.APPLIED
    assert team.champion("shadow") == "7"


def test_the_registry_is_opened_once_so_that_no_move_goes_untold(team: Team) -> None:
    opened: list[Registry] = []

    def open_it() -> Registry:
        if opened:
            raise LATE
        opened.append(team.registry)
        return team.registry

    report = apply(team.apply_world(registry=open_it), branch="main")
    assert [one.reason for one in report.requests] == [ReasonCode.APPLIED] * 2


def test_what_was_judged_is_told_though_approvals_could_not_be_read() -> None:
    team = Team()
    team.propose(12, {REQUEST: request("7")})
    pull_requests, calls = observed(team.pull_requests)
    calls.fail("reviews", LATE)
    report = validate(team.validate_world(pull_requests=pull_requests), team.change())
    assert (report.reason, str(report.message)) == (LATE.reason, "the deadline was reached")
    assert [one.reason for one in report.requests] == [ReasonCode.VALIDATED]
    assert [str(note) for note in report.notes] == ["approvals were not looked at: the deadline was reached"]
