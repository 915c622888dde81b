"""Old push events again, and runs that never came: only the default branch's tip counts."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from promoter.commands.apply import apply
from promoter.demo.github.events import push_event
from promoter.demo.github.git import ZERO_SHA
from promoter.demo.github.model import MergeMethod, Push
from promoter.demo.job import Finished
from promoter.errors import ExitCode, ReasonCode
from tests.e2e.house import POLICY, POLICY_TEXT, House, housed
from tests.fakes.team import REQUEST, SHADOW, Changed, Team, policy, request
from tests.mlflow_server import MlflowServer
from tests.proxy import Proxy

RENAMED = "promotions/renamed.yaml"
SUBSETS = 200


@dataclass
class History:
    """A house's history: every push as an event, with what its run said."""

    house: House
    events: list[tuple[Push, Mapping[str, Any]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def shadow(self) -> str:
        return f"promotions/{self.house.model}/shadow.yaml"

    def pushed(self, push: Push) -> None:
        """Note the event, and run its job."""
        self.dropped(push)
        payload = self.events[-1][1]
        self.said.append(run(self.house, push, payload).outputs["reason-code"])

    def dropped(self, push: Push) -> None:
        """Note the event only: `[skip ci]`, or a run that was replaced in the queue."""
        self.events.append((push, push_event(self.house.standin.view, push)))

    def merged(self, files: Mapping[str, bytes | None], method: MergeMethod = MergeMethod.MERGE) -> int:
        """A reviewed pull request, merged and applied; its number."""
        number = self.house.propose(files)
        self.house.approve(number)
        self.pushed(self.house.merge(number, method))
        return number

    def reverted(self, number: int) -> None:
        """GitHub's revert button."""
        branch = self.house.world.revert(number, by="dora")
        undo = self.house.world.open_pull_request(branch, author="dora", title="Revert").number
        self.house.approve(undo)
        self.pushed(self.house.merge(undo))


def run(house: House, push: Push, payload: Mapping[str, Any]) -> Finished:
    return house.job("push", payload, ref=push.ref, commit=push.after)


def lived(house: House) -> History:
    """Fifteen merges and five direct pushes, of every kind there is."""
    history = History(house)
    versions = [house.version(0.80 + step / 100) for step in range(12)]
    bad = house.version(0.3)

    def champion(at: int) -> bytes:
        return house.request(versions[at])

    def shadow(at: int) -> bytes:
        return house.request(versions[at], alias="shadow")

    for alias in ("champion", "shadow"):
        house.set_alias(versions[0], alias)
    history.pushed(house.land({house.path: champion(0), history.shadow: shadow(0)}))
    history.merged({house.path: champion(1)})
    second = history.merged({house.path: champion(2)}, MergeMethod.SQUASH)
    history.reverted(second)
    history.merged({house.path: champion(3)}, MergeMethod.REBASE)
    history.merged({house.path: None, RENAMED: champion(4)})
    history.pushed(house.land({POLICY: POLICY_TEXT.replace("0.5", "0.55").encode()}))
    history.merged({RENAMED: champion(5), history.shadow: shadow(5)}, MergeMethod.SQUASH)
    history.merged({history.shadow: None})
    history.merged({history.shadow: shadow(5)})
    history.merged({RENAMED: house.request(bad)})
    number = house.propose({RENAMED: champion(6)})
    house.approve(number)
    history.dropped(house.merge(number))  # its title said [skip ci]
    history.merged({"README.md": b"unrelated\n"})
    numbers = [house.propose({RENAMED: champion(7)}), house.propose({history.shadow: shadow(7)})]
    for number in numbers:
        house.approve(number)
    history.pushed(house.world.land(house.world.enqueue(numbers, by="alice"), by="alice"))
    third = history.merged({RENAMED: champion(8), history.shadow: shadow(8)})
    history.reverted(third)
    forced = house.land({"notes.md": b"pushed by mistake\n"})
    history.pushed(forced)
    house.world.move(forced.ref, forced.before)
    back = replace(forced, before=forced.after, after=forced.before)
    history.pushed(back)
    history.merged({RENAMED: champion(9)})
    return history


def state(house: House) -> tuple[object, ...]:
    """All that may not change: aliases, our tags, comments."""
    model = house.client.get_registered_model(house.model)
    tags = [house.tags(str(number)) for number in range(1, 14)]
    comments = {number: [one.body for one in house.comments(number)] for number in house.world.pulls}
    return dict(model.aliases), tags, comments


@pytest.mark.integration
def test_t19_every_recorded_push_replayed_later_writes_nothing(
    tmp_path: Path, mlflow_server: MlflowServer, mlflow_proxy: Proxy
) -> None:
    with housed(tmp_path, mlflow_server.url) as house:
        house.registry = mlflow_proxy.url
        replayed(house, mlflow_proxy)


def replayed(house: House, mlflow_proxy: Proxy) -> None:
    """Live through the history, then replay every event, forwards and backwards."""
    history = lived(house)
    assert len(history.events) >= 17
    assert set(history.said) == {"applied", "already_applied", "checks_failed"}
    last, payload = history.events[-1]
    assert run(house, last, payload).outputs["reason-code"] == "already_applied"
    before = state(house)
    zeros = {**payload, "before": ZERO_SHA}
    for push, event in [*history.events, (last, zeros), *reversed(history.events)]:
        mlflow_proxy.lines()
        house.standin.requests.clear()
        finished = run(house, push, event)
        assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.DONE, "already_applied")
        written = [line for line in mlflow_proxy.lines() if not line.startswith("GET ")]
        assert [line for line in written if "search" not in line] == []
        changed = [one for one in house.standin.requests if one.method in {"PATCH", "PUT", "DELETE"}]
        assert changed == []
        assert house.standin.count("POST", "/comments") == 0
    assert state(house) == before


# --- runs that never came ---------------------------------------------------------------------------


def _steps() -> list[Callable[[Team], object]]:
    """Twelve merges, each with all that led to it."""

    def asks(number: int, files: Changed) -> Callable[[Team], object]:
        return lambda team: team.ask(files, number)

    def both(version: str) -> Changed:
        return {REQUEST: request(version), SHADOW: request(version, alias="shadow")}

    def queue(team: Team) -> None:
        for number, files in ((31, {REQUEST: request("10")}), (32, {SHADOW: request("10", alias="shadow")})):
            team.propose(number, files)
            team.approve(number)
        team.merge(31, 32)

    return [
        asks(12, {REQUEST: request("7")}),
        asks(13, {REQUEST: request("8")}),
        asks(14, {REQUEST: request("7")}),
        asks(15, {SHADOW: request("7", alias="shadow")}),
        asks(16, both("9")),
        asks(17, {REQUEST: None, RENAMED: request("9")}),
        asks(18, {RENAMED: None, REQUEST: request("8")}),
        lambda team: team.push({POLICY_FILE: policy("threshold: 0.5", "threshold: 0.55")}),
        # A deleted file is not in it: it leaves its alias to people, who have to adopt it again.
        asks(19, {SHADOW: request("8", alias="shadow")}),
        queue,
        asks(21, {REQUEST: request("6")}),
        asks(22, {REQUEST: request("10")}),
        asks(23, both("11")),
    ]


POLICY_FILE = ".github/promotion-policy.yaml"


def _a_team() -> Team:
    team = Team()
    for number in range(7, 12):
        team.version(str(number), 0.88 + number / 1000)
    team.registry.set_alias("churn", "shadow", version="6")
    team.push({SHADOW: request("6", alias="shadow")})
    return team


def a_subset(seed: int) -> None:
    """Drop some runs of the history, few or many; the last one makes good for all."""
    team, drawn = _a_team(), random.Random(seed)
    share = drawn.random()
    ran: list[int] = []
    for at, step in enumerate(_steps()):
        step(team)
        if drawn.random() < share:
            ran.append(at)
            apply(team.apply_world(), branch="main")
    report = apply(team.apply_world(), branch="main")
    assert (team.champion(), team.champion("shadow")) == ("11", "11"), (seed, ran, str(report.message))
    team.registry.writes.clear()
    again = apply(team.apply_world(), branch="main")
    assert (again.reason, team.registry.writes) == (ReasonCode.ALREADY_APPLIED, [])


@pytest.mark.parametrize("part", range(4))
def test_t21_whatever_runs_are_dropped_the_last_one_brings_what_the_tip_asks_for(part: int) -> None:
    for seed in range(part * SUBSETS // 4, (part + 1) * SUBSETS // 4):
        a_subset(seed)
