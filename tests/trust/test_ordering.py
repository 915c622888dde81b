"""T16 to T25: whatever happens between two steps, an alias moves only from where the reviewers saw it."""

from __future__ import annotations

import io
from itertools import chain, combinations
from pathlib import Path

import pytest

from promoter.action import main
from promoter.commands.apply import apply
from promoter.core.report import Report
from promoter.errors import ExitCode, ReasonCode
from promoter.ports import Registry
from tests.e2e.house import House
from tests.fakes.observed import Calls, observed, raising
from tests.fakes.team import REQUEST, SHADOW, Team, request


def applied(team: Team, registry: Registry | None = None) -> Report:
    return apply(team.apply_world(registry=lambda: registry or team.registry), branch="main")


def asked_for(team: Team, version: str, number: int) -> None:
    """A reviewed and merged request of a version, not applied yet."""
    team.ask({REQUEST: request(version)}, number)


def calls_of_an_apply() -> list[tuple[str, int]]:
    """(method, how manieth of it) for every question and write of an apply that moves one alias."""
    team = Team()
    asked_for(team, "7", 12)
    registry, calls = observed(team.registry)
    assert applied(team, registry).reason is ReasonCode.APPLIED
    names = [name for name, _ in calls.made]
    return [(name, names[: at + 1].count(name)) for at, name in enumerate(names)]


ALL_CALLS = calls_of_an_apply()
_RAISES = frozenset({"download", "files"})
# Between the last look at the alias and the write nothing can be known: MLflow has no compare-and-set.
THE_WINDOW = ("before", "set_alias", 1)


def boundaries() -> list[tuple[str, str, int]]:
    """Both sides of every call; this registry has no files of models, so that call does not come back."""
    both = [(when, name, nth) for name, nth in ALL_CALLS for when in ("before", "after")]
    return [boundary for boundary in both if boundary[0] == "before" or boundary[1] not in _RAISES]


def arrange(calls: Calls, boundary: tuple[str, str, int], action: object) -> None:
    when, name, nth = boundary
    assert callable(action)
    (calls.before if when == "before" else calls.after)(name, action, nth=nth)


@pytest.mark.parametrize("boundary", boundaries(), ids=lambda boundary: "-".join(map(str, boundary)))
def test_t16_an_alias_somebody_moves_at_any_step_is_not_taken_from_them(
    boundary: tuple[str, str, int],
) -> None:
    team = Team()
    team.version("5", 0.9)
    asked_for(team, "7", 12)
    registry, calls = observed(team.registry)
    arrange(calls, boundary, lambda: team.registry.set_alias("churn", "champion", version="5"))
    report = applied(team, registry)
    last_look = [name for name, _ in ALL_CALLS].index("set_alias") - 1
    if boundary in (THE_WINDOW, ("after", *ALL_CALLS[last_look])):
        # Nobody can see this one; the other's write is lost as any last write wins. Documented.
        assert (report.reason, team.champion()) == (ReasonCode.APPLIED, "7")
        return
    assert team.champion() == "5"
    wrote = any(write.value == "7" for write in team.registry.writes if write.method == "set_alias")
    if not wrote:
        assert report.reason in {ReasonCode.CHAMPION_MOVED, ReasonCode.CONFLICT}
    elif "set_tags" not in boundary:
        assert report.reason in {ReasonCode.READBACK_MISMATCH, ReasonCode.APPLIED}


def test_t19_every_old_run_that_is_started_again_writes_nothing(house: House) -> None:
    """Each push event of a history with a rollback and a refusal, replayed at its end, in both directions."""
    versions = [house.version(score) for score in (0.80, 0.85, 0.3, 0.90)]
    house.adopt(versions[0])
    pushes = []
    for version in (versions[1], versions[2], versions[3]):
        number = house.ask_for(version)
        house.approve(number)
        pushes.append(house.merge(number))
        house.apply(pushes[-1])
    assert house.champion() == versions[3]
    tags = [house.tags(version) for version in versions]
    for push in (*pushes, *reversed(pushes)):
        replayed = house.apply(push)
        assert replayed.outputs["reason-code"] == "already_applied"
    assert house.champion() == versions[3]
    assert [house.tags(version) for version in versions] == tags


def test_t19_a_run_that_was_started_again_says_so(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text("{}", encoding="utf-8")
    log = io.StringIO()
    environ = {"GITHUB_EVENT_NAME": "release", "GITHUB_EVENT_PATH": str(tmp_path / "event.json")}
    assert main({**environ, "GITHUB_RUN_ATTEMPT": "2"}, log) is ExitCode.DONE
    assert "this is attempt `2` of this run" in log.getvalue()


def test_t19_a_run_of_an_old_commit_reads_the_tip_even_when_the_alias_was_moved_by_hand(team: Team) -> None:
    for number, version in ((12, "7"), (13, "8")):
        team.version(version, 0.95)
        asked_for(team, version, number)
        assert applied(team).reason is ReasonCode.APPLIED
    team.registry.set_alias("churn", "champion", version="7")
    team.registry.writes.clear()
    report = applied(team)
    assert (report.reason, team.registry.writes) == (ReasonCode.CONFLICT, [])


@pytest.mark.parametrize("boundary", boundaries(), ids=lambda boundary: "-".join(map(str, boundary)))
def test_t20_a_second_run_inside_of_the_first_ends_in_what_git_says_or_in_a_conflict(
    boundary: tuple[str, str, int],
) -> None:
    """The first run has read its tip when another merge lands; that one's whole run happens at any step."""
    team = Team()
    team.version("8", 0.95)
    asked_for(team, "7", 12)
    world = team.apply_world()
    registry, calls = observed(team.registry)

    def other() -> None:
        asked_for(team, "8", 13)
        applied(team)

    arrange(calls, boundary, other)
    first = apply(team.apply_world(repository=world.repository, registry=lambda: registry), branch="main")
    held = team.champion()
    assert held in {"7", "8"}
    again = applied(team)
    if held == "8":
        assert again.reason is ReasonCode.ALREADY_APPLIED
    else:
        assert again.reason.exit_code is ExitCode.NO or team.champion() == "8", (first.message, again.message)


@pytest.mark.parametrize("ran", list(chain.from_iterable(combinations(range(4), n) for n in range(5))))
def test_t21_whichever_runs_are_dropped_the_last_one_brings_the_alias_to_the_tip(
    team: Team, ran: tuple[int, ...]
) -> None:
    for index in range(4):
        version = str(7 + index)
        team.version(version, 0.91 + index / 100)
        asked_for(team, version, 12 + index)
        if index in ran:
            applied(team)
            assert team.champion() == version
    applied(team)
    assert team.champion() == "10"
    assert applied(team).reason is ReasonCode.ALREADY_APPLIED


@pytest.mark.parametrize("boundary", boundaries(), ids=lambda boundary: "-".join(map(str, boundary)))
def test_t22_a_job_that_is_stopped_at_any_step_is_finished_by_the_next(
    boundary: tuple[str, str, int],
) -> None:
    """SIGINT and SIGTERM raise KeyboardInterrupt; a kill is the same without the message."""
    team = Team()
    before = team.main
    asked_for(team, "7", 12)
    registry, calls = observed(team.registry)
    arrange(calls, boundary, raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        applied(team, registry)
    assert team.champion() in {"6", "7"}
    report = apply(team.apply_world(), branch="main", before=before)
    assert report.reason in {ReasonCode.APPLIED, ReasonCode.ALREADY_APPLIED}
    assert team.champion() == "7"
    assert team.registry.model_version("churn", "7").tags["promoter_applied_champion"].startswith("12 ")


def test_t23_everything_is_judged_at_the_commit_that_was_the_tip(team: Team) -> None:
    asked_for(team, "7", 12)
    files, calls = observed(team.repository)
    tip = team.main
    calls.after("tip", lambda: team.push({REQUEST: request("8")}))
    report = apply(team.apply_world(repository=files), branch="main")
    # Besides the one that counts: before the first write and after the last.
    assert calls.count("tip") == 3
    assert (report.head_commit, report.reason, team.champion()) == (tip, ReasonCode.APPLIED, "7")


def test_t24_a_rollback_is_named_so_and_needs_an_approval_like_anything_else(team: Team) -> None:
    asked_for(team, "7", 12)
    applied(team)
    team.propose(13, {REQUEST: request("6")})
    team.merge(13)
    assert applied(team).reason is ReasonCode.APPROVAL_MISSING
    assert team.champion() == "7"
    team.approve(13)
    assert applied(team).reason is ReasonCode.APPLIED
    assert team.champion() == "6"


def test_t16_of_two_aliases_of_one_pull_request_none_moves_when_one_was_moved_by_somebody(team: Team) -> None:
    team.version("5", 0.9)
    team.registry.set_alias("churn", "shadow", version="6")
    team.push({SHADOW: request("6", alias="shadow")})
    team.ask({REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    team.registry.set_alias("churn", "shadow", version="5")
    team.registry.writes.clear()
    assert applied(team).reason is ReasonCode.CONFLICT
    assert (team.champion(), team.champion("shadow"), team.registry.writes) == ("6", "5", [])
