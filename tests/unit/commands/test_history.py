"""Gathering an alias's past: a real clone, GitHub and registry in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from promoter.adapters.local_repository import LocalRepository
from promoter.commands.history import HistoryWorld, Wanted, history
from promoter.commands.history_github import PullFinder
from promoter.commands.history_registry import RegistryPast
from promoter.core.history import Asked
from promoter.core.pull_request import PullRequest
from promoter.core.timeline import History, Kind, LiveState, Pull, Reached, Teller
from promoter.errors import ExitCode, NotOnGitHub, PromoterError, ReasonCode
from promoter.text import say
from tests.builders import a_model_version
from tests.fakes.github import InMemoryPullRequests
from tests.fakes.observed import observed
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import PLACES, REQUEST, Team, request
from tests.git_clone import GitClone

PATH = "/usr/bin:/bin"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
RENAMED = "promotions/churn/renamed.yaml"


@pytest.fixture
def clone(tmp_path: Path) -> GitClone:
    return GitClone(tmp_path / "clone")


@pytest.fixture
def registry() -> InMemoryRegistry:
    made = InMemoryRegistry()
    made.add_model("churn", aliases={"champion": "7"})
    made.add_version(a_model_version(version="6", tags={"promoter_applied_champion": "1 "}))
    made.add_version(a_model_version(version="7", tags={"promoter_applied_champion": "2 6"}))
    return made


def told(clone: GitClone, alias: str = "champion", **changes: object) -> History:
    repository = LocalRepository(clone.folder, environ={"PATH": PATH})
    wanted = Wanted(key=("churn", alias), commit=repository.tip("HEAD"))
    settings = {key: changes.pop(key) for key in ("limit", "moment") if key in changes}
    world = HistoryWorld(repository=repository, places=PLACES, now=NOW)
    return history(
        replace(world, **changes),  # type: ignore[arg-type]
        replace(wanted, **settings),  # type: ignore[arg-type]
    )


def asking(registry: InMemoryRegistry) -> Callable[[tuple[str, str], Sequence[str]], object]:
    return RegistryPast(connect=lambda: registry)


def kinds(found: History) -> list[tuple[str | None, Kind]]:
    return [(one.version, one.kind) for one in found.shown]


def test_every_change_of_the_request_newest_first(clone: GitClone) -> None:
    first = clone.commit({REQUEST: request("6").decode()}, "Begin")
    clone.commit({"README.md": "x"}, "Unrelated")
    clone.commit({REQUEST: "broken: [\n"}, "Break it")
    clone.commit({REQUEST: "broken: {\n"}, "Break it again")
    clone.git("rm", "-q", REQUEST)
    clone.commit({}, "Delete it")
    clone.commit({REQUEST: request("7").decode()}, "Promote 7")
    found = told(clone)
    assert kinds(found) == [("7", Kind.PROMOTION), (None, Kind.UNREADABLE), ("6", Kind.FIRST)]
    assert (found.entries[-1].asked.commit, found.entries[-1].asked.author) == (first, "Ada")
    assert found.live.state is LiveState.NOT_ASKED


def test_a_file_that_is_deleted_at_the_tip_still_has_a_history(clone: GitClone) -> None:
    clone.commit({REQUEST: request("6").decode()}, "Begin")
    clone.git("rm", "-q", REQUEST)
    clone.commit({}, "Delete it")
    assert kinds(told(clone)) == [(None, Kind.DELETION), ("6", Kind.FIRST)]


def test_renames_are_followed_there_and_back(clone: GitClone) -> None:
    """With another file in between, of which the first file's own history knows nothing."""
    clone.commit({REQUEST: request("5").decode()}, "Begin")
    clone.git("mv", REQUEST, RENAMED)
    clone.commit({}, "Rename it")
    clone.commit({RENAMED: request("6").decode()}, "Promote 6")
    clone.git("mv", RENAMED, REQUEST)
    clone.commit({REQUEST: request("7").decode()}, "Promote 7 under the old name")
    assert kinds(told(clone)) == [
        ("7", Kind.PROMOTION),
        ("6", Kind.PROMOTION),
        ("5", Kind.RENAMED),
        ("5", Kind.FIRST),
    ]


def test_what_a_file_asked_of_another_alias_is_not_this_ones_history(clone: GitClone) -> None:
    clone.commit({REQUEST: request("3", model="fraud").decode()}, "Another model")
    clone.commit({REQUEST: request("7").decode()}, "Promote 7")
    assert kinds(told(clone)) == [("7", Kind.FIRST)]


def test_a_name_written_with_escapes_is_read(clone: GitClone) -> None:
    text = request("7").decode().replace("champion", r'"champio\u006e"')
    clone.commit({REQUEST: text}, "Promote 7")
    assert kinds(told(clone)) == [("7", Kind.FIRST)]


def test_an_alias_that_nothing_asks_for(clone: GitClone) -> None:
    clone.commit({REQUEST: request("6").decode()}, "Begin")
    with pytest.raises(PromoterError) as refused:
        told(clone, "shadow")
    assert refused.value.reason is ReasonCode.USAGE_INVALID
    assert "`churn@shadow`" in str(refused.value.message)
    assert "promotions/" in str(refused.value.hint)


def test_requests_that_cannot_be_read(clone: GitClone) -> None:
    clone.commit({REQUEST: "model: x\n"}, "Wrong")
    with pytest.raises(PromoterError) as refused:
        told(clone)
    assert refused.value.reason is ReasonCode.REQUEST_INVALID


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Merge pull request #12 from acme/x", 12),
        ("Promote churn (#7)", 7),
        ("Fix #7", None),
        ("Merge pull request #12345678901 from acme/x", None),
    ],
)
def test_the_number_is_taken_from_the_commit(clone: GitClone, subject: str, number: int | None) -> None:
    clone.commit({REQUEST: request("6").decode()}, subject)
    expected = Pull(number=number, told_by=Teller.COMMIT) if number else None
    assert told(clone).entries[0].pull == expected


def test_a_shallow_clone_says_so(clone: GitClone, tmp_path: Path) -> None:
    clone.commit({REQUEST: request("6").decode()}, "Begin")
    clone.commit({REQUEST: request("7").decode()}, "Promote 7")
    shallow = tmp_path / "shallow"
    clone.git("clone", "-q", "--depth", "1", f"file://{clone.folder}", str(shallow))
    repository = LocalRepository(shallow, environ={"PATH": PATH})
    world = HistoryWorld(repository=repository, places=PLACES, now=NOW)
    found = history(world, Wanted(key=("churn", "champion"), commit=repository.tip("HEAD")))
    assert kinds(found) == [("7", Kind.FIRST)]
    assert "git fetch --unshallow" in str(found.notes)


# --- registry -------------------------------------------------------------------------------------


def two(clone: GitClone) -> None:
    clone.commit({REQUEST: request("6").decode()}, "Begin (#1)")
    clone.commit({REQUEST: request("7").decode()}, "Promote (#2)")


def test_one_read_for_each_version(clone: GitClone, registry: InMemoryRegistry) -> None:
    two(clone)
    clone.commit({REQUEST: request("6").decode()}, "Back (#3)")
    reader, calls = observed(registry)
    found = told(clone, registered=RegistryPast(connect=lambda: reader))
    assert [name for name, _ in calls.made] == ["aliases", "model_version", "model_version"]
    assert (found.live.version, registry.writes) == ("7", [])
    assert [one.reached for one in found.entries] == [Reached.NEVER, Reached.APPLIED, Reached.IN_PLACE]


def test_only_what_is_shown_is_looked_up(clone: GitClone, registry: InMemoryRegistry) -> None:
    for version in range(1, 8):
        clone.commit({REQUEST: request(str(version)).decode()}, f"Promote (#{version})")
    reader, calls = observed(registry)
    found = told(clone, registered=RegistryPast(connect=lambda: reader), limit=1)
    assert (len(found.shown), len(found.entries), found.notes) == (1, 7, ())
    assert [name for name, _ in calls.made].count("model_version") == 2


def test_a_registry_that_does_not_answer_leaves_what_git_tells(
    clone: GitClone, registry: InMemoryRegistry
) -> None:
    two(clone)
    registry.fail("model_version", PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("it is down")))
    found = told(clone, registered=asking(registry))
    assert [one.version for one in found.shown] == ["7", "6"]
    assert found.live.version == "7"
    assert [one.exit_code for one in found.lacking] == [ExitCode.UNDECIDED]


def test_a_model_with_the_name_of_a_prompt_that_is_gone_tells_nothing_of_it() -> None:
    registry = InMemoryRegistry()
    registry.add_model("greeting", aliases={"champion": "3"})
    registry.add_version(a_model_version(model="greeting", version="3"))
    found = RegistryPast(connect=lambda: registry)(("prompts:/greeting", "champion"), ["3"])
    assert (found.live.state, found.live.version, found.records) == (LiveState.NO_MODEL, None, {})


def test_a_model_that_is_gone(clone: GitClone) -> None:
    two(clone)
    found = told(clone, registered=asking(InMemoryRegistry()))
    assert found.live.state is LiveState.NO_MODEL
    assert [one.reached for one in found.entries] == [Reached.UNKNOWN, Reached.UNKNOWN]


# --- GitHub ---------------------------------------------------------------------------------------


@pytest.fixture
def team() -> Team:
    made = Team()
    made.ask({REQUEST: request("7")}, 12)
    return made


def finder(team: Team) -> PullFinder:
    world = team.apply_world()
    return PullFinder(
        pull_requests=world.pull_requests,
        repository=world.repository,
        places=PLACES,
        branch=lambda: "main",
    )


def change(team: Team) -> Asked:
    return Asked(
        version="7",
        path=REQUEST,
        commit=team.main,
        when="",
        merged_at="2026-03-01T00:00:00+00:00",
        author="alice",
        subject="s",
        parent=team.parents[team.main] or "",
    )


def test_who_asked_and_whose_approval_counts(team: Team) -> None:
    found = finder(team)([change(team)], ("churn", "champion"))
    pull = found.pulls[team.main]
    assert (pull.number, pull.told_by, pull.author, pull.approved_by) == (
        12,
        Teller.GITHUB,
        team.pulls[12].author,
        ("bob",),
    )


def test_an_approval_that_counts_no_more_is_not_told(team: Team) -> None:
    team.reviews[12] = []
    assert finder(team)([change(team)], ("churn", "champion")).pulls[team.main].approved_by == ()


def test_a_direct_push_has_no_pull_request(team: Team) -> None:
    team.push({REQUEST: request("6")})
    assert finder(team)([change(team)], ("churn", "champion")).pulls == {}


def test_a_commit_that_was_not_pushed_yet_keeps_nobody_from_asking_for_the_others(team: Team) -> None:
    local = replace(change(team), commit="f" * 40)

    class Github(InMemoryPullRequests):
        def of_commit(self, commit: str) -> tuple[PullRequest, ...]:
            if commit == local.commit:
                raise NotOnGitHub(ReasonCode.GITHUB_UNAVAILABLE, say("No commit found"))
            return team.pull_requests.of_commit(commit)

    asked = replace(finder(team), pull_requests=Github())
    found = asked([local, change(team)], ("churn", "champion"))
    assert [str(note) for note in found.notes] == ["`ffffffffffff` is not on GitHub yet"]
    assert (list(found.pulls), found.lacking) == ([team.main], ())


def test_github_that_does_not_answer_is_asked_once(team: Team) -> None:
    def down() -> str:
        raise PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("it is down"))

    found = replace(finder(team), branch=down)([change(team), change(team)], ("churn", "champion"))
    assert (found.pulls, [one.exit_code for one in found.lacking]) == ({}, [ExitCode.UNDECIDED])
