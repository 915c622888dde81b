"""What is in place already is noted once, so that a later move by hand can be told from a dropped run."""

from __future__ import annotations

import pytest

from promoter.commands.apply import apply
from promoter.core.report import Report
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say
from tests.fakes.observed import Calls, observed
from tests.fakes.team import POLICY, REQUEST, Team, policy, request

TAG = "promoter_applied_champion"


@pytest.fixture
def team() -> Team:
    team = Team()
    team.registry.set_alias("churn", "champion", version="7")
    return team


def applied(team: Team, before: str) -> tuple[Report, Calls]:
    registry, calls = observed(team.registry)
    return apply(team.apply_world(registry=lambda: registry), branch="main", before=before), calls


def tag(team: Team, version: str = "7") -> str | None:
    return team.registry.model_version("churn", version).tags.get(TAG)


def test_a_merged_request_that_is_in_place_is_noted_with_its_pull_request(team: Team) -> None:
    before = team.main
    team.ask({REQUEST: request("7")})
    report, _ = applied(team, before)
    assert report.reason is ReasonCode.ALREADY_APPLIED
    assert tag(team) == "12 "


def test_a_direct_push_that_is_in_place_is_noted_without_one(team: Team) -> None:
    before = team.main
    team.push({REQUEST: request("7")})
    applied(team, before)
    assert tag(team) == "0 "


def test_what_is_noted_is_not_noted_again(team: Team) -> None:
    before = team.main
    team.ask({REQUEST: request("7")})
    applied(team, before)
    _, calls = applied(team, before)
    assert calls.count("set_tags") == 0


def test_what_the_push_did_not_change_is_not_looked_at(team: Team) -> None:
    team.push({REQUEST: request("7")})
    before = team.main
    team.push({"README.md": b"x"})
    _, calls = applied(team, before)
    assert calls.count("model_version") == 0
    assert tag(team) is None


@pytest.mark.parametrize("before", ["", "0" * 40])
def test_without_a_commit_before_nothing_is_noted(team: Team, before: str) -> None:
    team.ask({REQUEST: request("7")})
    report, _ = applied(team, before)
    assert report.reason is ReasonCode.ALREADY_APPLIED
    assert tag(team) is None


@pytest.mark.parametrize("mode", ["dry_run", "disabled"])
def test_where_the_policy_does_not_enforce_nothing_is_written(team: Team, mode: str) -> None:
    team.push({POLICY: policy("mode: enforce", f"mode: {mode}")})
    before = team.main
    team.ask({REQUEST: request("7")})
    _, calls = applied(team, before)
    assert calls.count("set_tags") == 0


def test_a_note_that_cannot_be_written_changes_no_outcome(team: Team) -> None:
    before = team.main
    team.ask({REQUEST: request("7")})
    registry, calls = observed(team.registry)
    calls.fail("set_tags", PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("down")))
    report = apply(team.apply_world(registry=lambda: registry), branch="main", before=before)
    assert report.reason is ReasonCode.ALREADY_APPLIED
    (note,) = report.requests[0].notes
    assert "could not be noted in the registry: down" in str(note)
