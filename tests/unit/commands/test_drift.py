"""drift: what git asks for beside what the registry holds; told by cause, and only what is known."""

from __future__ import annotations

import typing
from datetime import timedelta

import pytest

from promoter import ports
from promoter.commands.apply import apply
from promoter.commands.drift import MOST_EXAMINED, DriftWorld, drift
from promoter.core.drift import DriftKind, DriftReport
from promoter.core.drift_issues import Markers
from promoter.core.report import Links
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.ports import RegistryIndex
from promoter.text import say
from tests.builders import a_model_version
from tests.fakes.observed import observed
from tests.fakes.team import NOW, PLACES, POLICY, REQUEST, SHADOW, Team, policy, request

REGISTRY_DOWN = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"), hint=say("Wait."))
GITHUB_DOWN = PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("GitHub did not answer"))
HIDDEN = PromoterError(ReasonCode.PERMISSION_DENIED, say("not for you"))


@pytest.fixture
def team() -> Team:
    return Team()


def looked(team: Team, **changes: object) -> DriftReport:
    return drift(team.drift_world(**changes), branch="main")


def promoted(team: Team, number: int = 12) -> None:
    """Version 7, by a pull request that was applied."""
    team.ask({REQUEST: request("7")}, number)
    assert apply(team.apply_world(), branch="main").reason is ReasonCode.APPLIED
    team.registry.writes.clear()


def kinds(report: DriftReport) -> list[DriftKind]:
    return [one.kind for one in report.findings]


# --- it cannot write ------------------------------------------------------------------------------


def test_what_drift_is_handed_is_a_reader() -> None:
    hints = typing.get_type_hints(DriftWorld)
    assert typing.get_args(hints["registry"]) == ([], RegistryIndex)
    assert ports.Registry not in hints.values()


# --- what is found --------------------------------------------------------------------------------


def test_agreement_costs_one_question_to_the_registry(team: Team) -> None:
    registry, calls = observed(team.registry)
    report = looked(team, registry=lambda: registry)
    assert (report.reason, report.findings, report.head_commit) == (ReasonCode.IN_SYNC, (), team.main)
    assert calls.made == [("all_aliases", ())]


def test_an_alias_that_was_moved_by_hand(team: Team) -> None:
    promoted(team)
    team.registry.set_alias("churn", "champion", version="6")
    report = looked(team)
    (found,) = report.findings
    assert (found.kind, found.live, found.commit) == (DriftKind.MOVED, "6", team.main)
    assert (report.reason, report.reason.exit_code) == (ReasonCode.DRIFT_FOUND, ExitCode.NO)


def test_an_alias_that_was_deleted_by_hand(team: Team) -> None:
    promoted(team)
    team.registry.delete_alias("churn", "champion")
    assert kinds(looked(team)) == [DriftKind.MISSING]


def test_what_was_merged_and_never_applied(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    (found,) = looked(team).findings
    assert (found.kind, found.live, found.request) == (DriftKind.NEVER_APPLIED, "6", found.request)


def test_an_earlier_application_of_the_same_version_is_not_this_one(team: Team) -> None:
    """7 was applied, 6 again after it, and 7 once more, which was never applied."""
    promoted(team, 12)
    team.ask({REQUEST: request("6")}, 13)
    apply(team.apply_world(), branch="main")
    team.ask({REQUEST: request("7")}, 14)
    assert kinds(looked(team)) == [DriftKind.NEVER_APPLIED]
    # Where nobody can tell which pull request it was, the tag alone speaks.
    assert kinds(looked(team, pulls_of=lambda _: None)) == [DriftKind.MOVED]


def test_a_version_that_is_gone(team: Team) -> None:
    team.ask({REQUEST: request("99")})
    assert kinds(looked(team)) == [DriftKind.VERSION_MISSING]


def test_a_version_that_is_not_ready(team: Team) -> None:
    team.registry.add_version(a_model_version(version="8", status="FAILED_REGISTRATION"))
    team.ask({REQUEST: request("8")})
    (found,) = looked(team).findings
    assert (found.kind, found.status) == (DriftKind.VERSION_NOT_READY, "FAILED_REGISTRATION")


def test_a_model_that_is_gone(team: Team) -> None:
    team.push({SHADOW: request("1", model="churn-eu")})
    (found,) = looked(team).findings
    assert (found.kind, found.model, found.live) == (DriftKind.MODEL_MISSING, "churn-eu", None)


def test_an_alias_that_git_does_not_know(team: Team) -> None:
    team.registry.set_alias("churn", "shadow", version="7")
    assert looked(team).reason is ReasonCode.IN_SYNC
    team.push({POLICY: policy("version: 1\n", "version: 1\ndrift: {unmanaged: report}\n")})
    (found,) = looked(team).findings
    assert (found.kind, found.key, found.live) == (DriftKind.UNMANAGED, ("churn", "shadow"), "7")


def test_what_was_put_right_since_the_list_was_read_is_no_drift(team: Team) -> None:
    team.registry.set_alias("churn", "champion", version="7")
    registry, calls = observed(team.registry)
    calls.after("all_aliases", lambda: team.registry.set_alias("churn", "champion", version="6"))
    report = looked(team, registry=lambda: registry)
    assert report.reason is ReasonCode.IN_SYNC
    assert str(report.message) == "git and registry agree on 1 alias"


# --- what is none ---------------------------------------------------------------------------------


def test_a_request_that_was_just_merged_waits(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    team.when[team.main] = (NOW - timedelta(minutes=29)).isoformat()
    report = looked(team)
    assert (report.reason, report.findings) == (ReasonCode.IN_SYNC, ())
    assert [one.kind for one in report.waiting] == [DriftKind.NEVER_APPLIED]
    later = looked(team, now=NOW + timedelta(minutes=1))
    assert kinds(later) == [DriftKind.NEVER_APPLIED]


def test_the_clock_starts_when_the_file_was_merged_not_with_a_later_commit(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    team.when[team.main] = (NOW - timedelta(days=2)).isoformat()
    team.push({"README.md": b"hello"})
    team.when[team.main] = NOW.isoformat()
    (found,) = looked(team).findings
    assert found.since == (NOW - timedelta(days=2)).isoformat()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("mode: enforce", "mode: dry_run", "`mode: dry_run`"),
        ("mode: enforce", "mode: disabled", "`mode: disabled`"),
        ("[champion, shadow]", "[shadow]", "no rule of the policy lets requests move their alias"),
    ],
)
def test_what_the_policy_does_not_have_moved_is_only_said(team: Team, old: str, new: str, said: str) -> None:
    team.push({POLICY: policy(old, new), REQUEST: request("7")})
    report = looked(team)
    assert report.reason is ReasonCode.IN_SYNC
    (note,) = report.notes
    assert "1 request(s) left aside" in str(note)
    assert said in str(note)


def test_no_request_at_all(team: Team) -> None:
    team.push({REQUEST: None})
    report = looked(team, registry=lambda: pytest.fail("nothing is asked of the registry"))
    assert (report.reason, report.compared) == (ReasonCode.NOTHING_TO_PROMOTE, None)


# --- what cannot be known -------------------------------------------------------------------------


def test_a_registry_that_does_not_answer(team: Team) -> None:
    team.registry.fail("all_aliases", REGISTRY_DOWN)
    report = looked(team)
    assert (report.reason, report.compared) == (ReasonCode.REGISTRY_UNAVAILABLE, None)
    assert str(report.hint) == "Wait."


def test_an_outage_in_the_middle_leaves_the_rest_undecided_and_asks_no_more(team: Team) -> None:
    team.push({REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    registry, calls = observed(team.registry)
    calls.fail("aliases", REGISTRY_DOWN)
    report = looked(team, registry=lambda: registry)
    assert (report.reason, report.findings) == (ReasonCode.REGISTRY_UNAVAILABLE, ())
    assert [one.request.path for one in report.undecided] == [REQUEST, SHADOW]
    assert calls.count("aliases") == 1


def test_a_model_that_may_not_be_seen_says_nothing_of_the_others(team: Team) -> None:
    team.push({REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    registry, calls = observed(team.registry)
    calls.fail("aliases", HIDDEN)
    report = looked(team, registry=lambda: registry)
    assert (report.reason, report.reason.exit_code) == (ReasonCode.PERMISSION_DENIED, ExitCode.UNDECIDED)
    assert [one.request.path for one in report.undecided] == [REQUEST]
    assert [one.alias for one in report.findings] == ["shadow"]


def test_github_that_does_not_tell_the_pull_request(team: Team) -> None:
    promoted(team)
    team.registry.set_alias("churn", "champion", version="6")
    pulls, calls = observed(team.pull_requests)
    calls.fail("numbers_of_commit", GITHUB_DOWN)
    report = looked(team, pulls_of=pulls.numbers_of_commit)
    assert (report.reason, report.findings) == (ReasonCode.GITHUB_UNAVAILABLE, ())


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({POLICY: None}, ReasonCode.POLICY_INVALID),
        ({SHADOW: b"model: x\n"}, ReasonCode.REQUEST_INVALID),
        ({SHADOW: request("7")}, ReasonCode.DUPLICATE_REQUEST),
    ],
)
def test_files_that_are_wrong(team: Team, files: dict[str, bytes | None], reason: ReasonCode) -> None:
    team.push(files)
    report = looked(team)
    assert (report.reason, report.compared) == (reason, None)
    assert report.reason.exit_code is ExitCode.WRONG_INPUT


def test_a_change_too_far_back_is_old_and_the_tag_alone_speaks(team: Team) -> None:
    promoted(team)
    team.registry.set_alias("churn", "champion", version="6")
    for number in range(500):
        team.push({"README.md": str(number).encode()})
    (found,) = looked(team).findings
    assert (found.kind, found.since, found.commit) == (DriftKind.MOVED, "", "")


# --- very many ------------------------------------------------------------------------------------


def test_of_very_many_those_with_an_issue_are_looked_at_first(team: Team) -> None:
    count = MOST_EXAMINED + 5
    files = {f"promotions/m/{n:03}.yaml": request("2", model=f"churn-{n:03}") for n in range(count)}
    for number in range(count):
        team.registry.add_model(f"churn-{number:03}", aliases={"champion": "1"})
    team.push(files)
    last = Markers.of(PLACES.requests, PLACES.policy).marker(("churn-104", "champion"))
    report = drift(team.drift_world(links=Links()), branch="main", first={last})
    assert (len(report.findings), len(report.unexamined)) == (MOST_EXAMINED, 5)
    assert report.findings[0].model == "churn-104"
    assert str(report.message) == "105 of 106 aliases differ from git"
    assert report.unexamined[0].model == "churn-099"


def test_a_change_of_the_reason_does_not_make_an_applied_version_one_that_never_was(team: Team) -> None:
    promoted(team)
    team.ask({REQUEST: request("7").replace(b"better", b"better, see the ticket")}, 13)
    team.registry.set_alias("churn", "champion", version="6")
    assert kinds(looked(team)) == [DriftKind.MOVED]


def test_a_version_asked_for_again_was_not_applied_because_it_once_was(team: Team) -> None:
    promoted(team)
    team.ask({REQUEST: request("6")}, 13)
    apply(team.apply_world(), branch="main")
    team.ask({REQUEST: request("7")}, 14)
    assert kinds(looked(team)) == [DriftKind.NEVER_APPLIED]


def test_what_was_applied_and_then_moved_by_hand_is_told_at_once(team: Team) -> None:
    promoted(team)
    team.when[team.main] = NOW.isoformat()
    team.registry.delete_alias("churn", "champion")
    assert kinds(looked(team)) == [DriftKind.MISSING]


def test_an_unmanaged_alias_is_found_where_there_is_no_request_at_all(team: Team) -> None:
    watching = policy("version: 1\n", "version: 1\ndrift: {unmanaged: report}\n")
    team.push({POLICY: watching, REQUEST: None})
    assert kinds(looked(team)) == [DriftKind.UNMANAGED]


def test_without_policy_and_requests_there_is_nothing_to_compare(team: Team) -> None:
    team.push({POLICY: None, REQUEST: None})
    assert looked(team).reason is ReasonCode.NOTHING_TO_PROMOTE
