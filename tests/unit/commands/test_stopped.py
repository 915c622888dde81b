"""A run that is asked to stop, or whose time is spent: what it did, and what it knew, is in its report."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from promoter.commands.apply import apply
from promoter.commands.validate import validate
from promoter.core.prompt import Kind
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


def test_asked_to_stop_while_copies_are_made_nothing_is_moved(team: Team) -> None:
    answers = [True, False, False]
    report = apply(team.apply_world(may_write=lambda: answers.pop(0)), branch="main")
    assert [one.reason for one in report.requests] == [ReasonCode.INTERRUPTED] * 2
    assert (answers, team.champion(), team.champion("shadow")) == ([], "6", "6")


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


class Silent:
    """The registry, whose n-th write acts and eats all the time there is; what comes after it hears nothing
    until the time that was kept is opened."""

    def __init__(self, team: Team, *, write: int, acts: str = "acts") -> None:
        self._inner, self._before, self._acts = team.registry, write - 1, acts
        self._is_silent = False
        self.opened = 0

    def open_reserve(self) -> None:
        self.opened += 1
        self._is_silent = False

    def aliases(self, model: str, *, kind: Kind | None = None) -> Mapping[str, str]:
        if self._is_silent:
            raise LATE
        return self._inner.aliases(model, kind=kind)

    def set_alias(self, model: str, alias: str, *, version: str) -> None:
        if self._is_silent:
            raise LATE
        self._before -= 1
        if self._before == -1:
            if self._acts:
                self._inner.set_alias(model, alias, version=version)
            self._is_silent = True
            raise LATE
        self._inner.set_alias(model, alias, version=version)

    def __getattr__(self, name: str) -> object:
        attribute: object = getattr(self._inner, name)
        return attribute


@pytest.fixture
def both() -> Team:
    """One pull request asks for version 7 under two aliases."""
    made = Team()
    made.registry.set_alias("churn", "shadow", version="6")
    made.push({SHADOW: request("6", alias="shadow")})
    made.ask({REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    return made


@pytest.mark.parametrize("write", [1, 2])
def test_a_write_that_ate_the_time_is_read_back_in_what_was_kept(both: Team, write: int) -> None:
    silent = Silent(both, write=write)
    world = both.apply_world(registry=lambda: silent, open_reserve=silent.open_reserve)
    report = apply(world, branch="main")
    assert [one.reason for one in report.requests] == [ReasonCode.APPLIED] * 2
    assert (both.champion(), both.champion("shadow"), silent.opened) == ("7", "7", 1)


def test_what_was_moved_before_a_write_that_ate_the_time_goes_back_in_what_was_kept(both: Team) -> None:
    silent = Silent(both, write=2, acts="")
    world = both.apply_world(registry=lambda: silent, open_reserve=silent.open_reserve)
    report = apply(world, branch="main")
    assert report.reason is ReasonCode.APPLY_FAILED
    assert (both.champion(), both.champion("shadow"), silent.opened) == ("6", "6", 1)


def test_where_nothing_was_kept_it_is_told_that_it_may_have_moved(both: Team) -> None:
    silent = Silent(both, write=2)
    report = apply(both.apply_world(registry=lambda: silent), branch="main")
    assert report.reason is ReasonCode.APPLY_FAILED
    assert any("may have moved" in str(one.message) for one in report.requests)


def test_once_what_was_kept_is_begun_no_further_pull_request_is(team: Team) -> None:
    silent = Silent(team, write=1)
    world = team.apply_world(registry=lambda: silent, open_reserve=silent.open_reserve)
    report = apply(world, branch="main")
    assert {one.request.path: one.reason for one in report.requests} == {
        REQUEST: ReasonCode.APPLIED,
        SHADOW: ReasonCode.DEADLINE_EXCEEDED,
    }
    assert report.reason.exit_code is ExitCode.UNDECIDED
    assert (team.champion(), team.champion("shadow")) == ("7", "6")
