"""status: drift's own comparison in a real clone, and what is proposed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from promoter.adapters.local_repository import LocalRepository
from promoter.commands.drift import DriftWorld
from promoter.commands.status import MOST_PULLS, Pending, Shown, StatusWorld, read_pending, status
from promoter.core.fleet import Fleet, Only, State
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.text import say
from tests.fakes.observed import observed
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import NOW, PLACES, POLICY, POLICY_TEXT, REQUEST, SHADOW, Team, request
from tests.git_clone import GitClone

PATH = "/usr/bin:/bin"


@pytest.fixture
def clone(tmp_path: Path) -> GitClone:
    made = GitClone(tmp_path / "clone")
    made.commit({POLICY: POLICY_TEXT, REQUEST: request("6").decode()}, "Begin")
    return made


@pytest.fixture
def team() -> Team:
    return Team()


def looked(
    clone: GitClone, registry: InMemoryRegistry, shown: Shown | None = None, **changes: object
) -> Fleet:
    repository = LocalRepository(clone.folder, environ={"PATH": PATH})
    world = DriftWorld(
        repository=repository, registry=lambda: registry, places=PLACES, now=NOW, tool_version="0"
    )
    asked = replace(StatusWorld(drift=world, repository=repository), **changes)  # type: ignore[arg-type]
    return status(asked, commit=repository.tip("HEAD"), shown=shown or Shown())


def test_agreement_costs_one_question_to_the_registry(clone: GitClone, team: Team) -> None:
    reader, calls = observed(team.registry)
    fleet = looked(clone, reader)
    (row,) = fleet.rows
    assert (row.state, row.asked, row.live, row.commit) == (
        State.IN_SYNC,
        "6",
        "6",
        clone.git("rev-parse", "HEAD"),
    )
    assert row.since
    assert [name for name, _ in calls.made] == ["all_aliases"]
    assert (fleet.out_of_sync, team.registry.writes) == (0, [])


def test_what_differs_and_what_nothing_asks_for(clone: GitClone, team: Team) -> None:
    team.registry.set_alias("churn", "champion", version="7")
    team.registry.set_alias("churn", "shadow", version="7")
    fleet = looked(clone, team.registry)
    assert [(row.alias, row.state) for row in fleet.rows] == [
        ("champion", State.DRIFT),
        ("shadow", State.UNMANAGED),
    ]
    assert fleet.out_of_sync == 1
    only = looked(clone, team.registry, Shown(only=Only.DRIFTED))
    assert (len(only.rows), only.left_out) == (1, 1)


def test_a_registry_that_does_not_answer(clone: GitClone, team: Team) -> None:
    team.registry.fail("all_aliases", PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("it is down")))
    fleet = looked(clone, team.registry)
    assert (fleet.reason, fleet.rows) == (ReasonCode.REGISTRY_UNAVAILABLE, ())


def test_a_policy_that_cannot_be_read(clone: GitClone, team: Team) -> None:
    clone.commit({POLICY: "version: 9\n"}, "Break it")
    fleet = looked(clone, team.registry)
    assert fleet.reason.exit_code is ExitCode.WRONG_INPUT
    assert fleet.problems


def test_what_is_proposed(clone: GitClone, team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.propose(13, {REQUEST: request("8"), SHADOW: request("7", alias="shadow"), "README.md": b"x"})
    pulls, calls = observed(team.pull_requests)
    pending = read_pending(pulls, lambda: "main", places=PLACES)
    assert pending.by_path == {REQUEST: (13, 12), SHADOW: (13,)}
    assert calls.count("open_heads") == 1
    fleet = looked(clone, team.registry, pending=lambda: pending)
    assert fleet.rows[0].pending == (13, 12)
    assert [str(note) for note in fleet.notes] == [f"pull request #13 brings a new request file, `{SHADOW}`"]


def test_of_very_many_only_the_newest_are_looked_into(team: Team) -> None:
    for number in range(1, MOST_PULLS + 4):
        team.propose(number, {REQUEST: request("7")})
    pulls, calls = observed(team.pull_requests)
    pending = read_pending(pulls, lambda: "main", places=PLACES)
    assert (len(pending.by_path[REQUEST]), calls.count("changed_paths")) == (MOST_PULLS, MOST_PULLS)
    assert "3 older open pull request(s)" in str(pending.notes[0])


def test_github_that_does_not_answer_leaves_the_comparison(clone: GitClone, team: Team) -> None:
    def down() -> str:
        raise PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("it is down"))

    pending = read_pending(team.pull_requests, down, places=PLACES)
    assert isinstance(pending, Pending)
    fleet = looked(clone, team.registry, pending=lambda: pending)
    assert (len(fleet.rows), len(fleet.lacking)) == (1, 1)
