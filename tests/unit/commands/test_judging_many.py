"""Many requests in one change: some at once, told in order, and none asked after an outage."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Barrier, Event, Lock

import pytest

from promoter.adapters.side_by_side import AT_ONCE, some_at_once
from promoter.commands.validate import validate
from promoter.core.prompt import Kind
from promoter.core.report import Report
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say
from tests.fakes.custom_checks import FakeCustomChecks
from tests.fakes.measurer import FakeMeasurer
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import POLICY, Team, policy, request

SECONDS = 20.0
DOWN = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"))
MODELS = [f"churn-{letter}" for letter in "abcdefghijklm"]


class Crowd(InMemoryRegistry):
    """Lets nobody go before `size` of them wait; the first one alone. `most` is how many waited at once."""

    def __init__(self, *, size: int) -> None:
        super().__init__()
        self._barrier = Barrier(size)
        self._lock = Lock()
        self.asked: list[str] = []
        self._inside = 0
        self.most = 0

    def aliases(self, model: str, *, kind: Kind | None = None) -> Mapping[str, str]:
        with self._lock:
            self.asked.append(model)
            is_first = len(self.asked) == 1
            self._inside += 1
            self.most = max(self.most, self._inside)
        if not is_first:
            self._barrier.wait(SECONDS)
        with self._lock:
            self._inside -= 1
        return super().aliases(model, kind=kind)


class Failing(InMemoryRegistry):
    """Answers until the model `churn-c` is asked for; the others at that time wait until it has failed."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._has_failed = Event()

    def aliases(self, model: str, *, kind: Kind | None = None) -> Mapping[str, str]:
        self.asked.append(model)
        if model == "churn-c":
            self._has_failed.set()
            raise DOWN
        assert model == MODELS[0] or self._has_failed.wait(SECONDS)
        raise DOWN if model != MODELS[0] else PromoterError(ReasonCode.MODEL_NOT_FOUND, say("not there"))


def a_team(registry: InMemoryRegistry, *, requests: int, rules: bytes = policy()) -> Team:
    """A pull request that asks for version 7 of so many models, each with a champion."""
    team = Team()
    team.registry = registry
    for model in MODELS[:requests]:
        registry.add_model(model, aliases={"champion": "6"})
        team.version("6", 0.88, model=model)
        team.version("7", 0.91, model=model)
    live = {f"promotions/{model}.yaml": request("6", model=model) for model in MODELS[:requests]}
    team.push({POLICY: rules, **live})
    team.propose(12, {path: text.replace(b"version: 6", b"version: 7") for path, text in live.items()})
    return team


def judged(team: Team, **world: object) -> Report:
    return validate(team.validate_world(several=some_at_once, **world), team.change())


def test_four_at_once_after_the_first_and_never_more() -> None:
    registry = Crowd(size=AT_ONCE)
    report = judged(a_team(registry, requests=1 + 3 * AT_ONCE))
    assert report.reason is ReasonCode.VALIDATED
    assert [one.request.model for one in report.requests] == MODELS
    assert registry.most == AT_ONCE
    assert registry.asked[0] == MODELS[0]


@pytest.mark.parametrize("requests", [1, 2])
def test_one_or_two_wait_for_nobody(requests: int) -> None:
    report = judged(a_team(Crowd(size=1), requests=requests))
    assert [one.reason for one in report.requests] == [ReasonCode.VALIDATED] * requests


def measuring(match: str) -> bytes:
    """A policy that has models of that name judged by tables of predictions, before the team's own entry."""
    entry = f"""\
  - match: "{match}"
    aliases: [champion]
    task: binary_classification
    evaluation:
      {{source: predictions, data: d.csv, target: left, positive_label: "1", id: key, predictions: p.csv}}
    checks:
      negative_flips: {{max_rate: 0.2}}
"""
    return policy("models:\n", f"models:\n{entry}")


def test_whatever_runs_something_runs_alone() -> None:
    registry = Crowd(size=1)
    error = PromoterError(ReasonCode.DATA_UNAVAILABLE, say("no table"))
    team = a_team(registry, requests=5, rules=measuring("churn-*"))
    report = judged(team, measurer=FakeMeasurer(gives=error))
    assert registry.most == 1
    assert [one.reason for one in report.requests] == [ReasonCode.DATA_UNAVAILABLE] * 5


def test_custom_checks_run_alone_too() -> None:
    text = policy("min_length: 40}", "min_length: 40}\n      custom: [{name: fair, command: [python, c.py]}]")
    registry = Crowd(size=1)
    error = PromoterError(ReasonCode.CHECK_UNAVAILABLE, say("no python"))
    report = judged(a_team(registry, requests=5, rules=text), custom_checks=FakeCustomChecks(gives=error))
    assert (registry.most, {one.reason for one in report.requests}) == (1, {ReasonCode.CHECK_UNAVAILABLE})


def test_those_that_only_ask_need_not_stand_together() -> None:
    asked = FakeMeasurer(gives=PromoterError(ReasonCode.DATA_UNAVAILABLE, say("no table")))
    report = judged(a_team(Crowd(size=1), requests=5, rules=measuring("churn-c")), measurer=asked)
    reasons = {one.request.model: one.reason for one in report.requests}
    assert [*reasons] == MODELS[:5]
    assert reasons.pop("churn-c") is ReasonCode.DATA_UNAVAILABLE
    assert {*reasons.values()} == {ReasonCode.VALIDATED}


def test_a_world_that_cannot_do_several_does_one_after_the_other() -> None:
    registry = Crowd(size=1)
    report = validate((team := a_team(registry, requests=5)).validate_world(), team.change())
    assert (registry.most, registry.asked) == (1, MODELS[:5])
    assert [one.reason for one in report.requests] == [ReasonCode.VALIDATED] * 5


def test_an_outage_ends_the_asking_of_those_that_wait() -> None:
    registry = Failing()
    report = judged(a_team(registry, requests=13))
    reasons = [one.reason for one in report.requests]
    assert reasons == [ReasonCode.MODEL_NOT_FOUND, *[ReasonCode.REGISTRY_UNAVAILABLE] * 12]
    # The first, four side by side of which each may have one more in hand, and the one that tells.
    assert len(registry.asked) <= 1 + AT_ONCE * 2 + 1
