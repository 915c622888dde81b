"""One issue for each alias that drifts, healing only where the policy says so, and nothing on a guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.commands.apply import apply
from promoter.commands.drift import MOST_EXAMINED
from promoter.commands.drift_issues import watch
from promoter.core.drift import DriftKind, DriftReport
from promoter.core.drift_issues import MOST_NEW
from promoter.core.plan import MovedOutside, Step
from promoter.core.report import Report
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.text import say
from tests.fakes.issues import InMemoryIssues
from tests.fakes.observed import observed
from tests.fakes.team import NOW, POLICY, REQUEST, SHADOW, Team, policy, request

REGISTRY_DOWN = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"))
GITHUB_DOWN = PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("GitHub did not answer"))
DENIED = PromoterError(ReasonCode.PERMISSION_DENIED, say("no"), hint=say("Give the token `issues: write`."))
HEAL = policy("version: 1\n", "version: 1\ndrift: {heal: true}\n")


@pytest.fixture
def team() -> Team:
    return Team()


@pytest.fixture
def issues() -> InMemoryIssues:
    return InMemoryIssues()


def never() -> NoReturn:
    """Healing that nobody asked for."""
    pytest.fail("the policy does not say that drift is healed")


def watched(team: Team, issues: InMemoryIssues, **changes: object) -> DriftReport:
    return watch(team.drift_world(**changes), issues, branch="main", heal=never)


def healed(team: Team, issues: InMemoryIssues) -> DriftReport:
    def heal() -> Report:
        return apply(team.apply_world(outside=MovedOutside.PUT_BACK), branch="main")

    return watch(team.drift_world(), issues, branch="main", heal=heal)


def promoted(team: Team, number: int = 12) -> None:
    """Version 7, by a pull request that was applied."""
    team.ask({REQUEST: request("7")}, number)
    assert apply(team.apply_world(), branch="main").reason is ReasonCode.APPLIED
    team.registry.writes.clear()


# --- issues ---------------------------------------------------------------------------------------


def test_agreement_touches_no_issue(team: Team, issues: InMemoryIssues) -> None:
    report = watched(team, issues)
    assert (report.reason, issues.writes, team.registry.writes) == (ReasonCode.IN_SYNC, [], [])


def test_drift_opens_one_issue_however_often_it_is_found(team: Team, issues: InMemoryIssues) -> None:
    promoted(team)
    team.registry.set_alias("churn", "champion", version="6")
    for _ in range(3):
        report = watched(team, issues)
        assert report.findings[0].issue == "https://github.example/acme/models/issues/1"
    assert issues.writes == [("create", 1)]
    assert issues.open[1].title == "Drift: churn@champion was moved outside git"


def test_it_is_changed_with_the_drift_and_closed_when_that_is_gone(
    team: Team, issues: InMemoryIssues
) -> None:
    promoted(team)
    team.registry.set_alias("churn", "champion", version="6")
    watched(team, issues)
    team.registry.delete_alias("churn", "champion")
    watched(team, issues)
    assert issues.open[1].title == "Drift: churn@champion was deleted outside git"
    team.registry.set_alias("churn", "champion", version="7")
    report = watched(team, issues)
    assert issues.writes == [("create", 1), ("change", 1), ("close", 1)]
    assert "the registry holds version `7` for `churn@champion`, as git asks" in issues.closed[1].body
    assert [str(note) for note in report.notes] == [
        "issue closed: `https://github.example/acme/models/issues/1`"
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {POLICY: policy("mode: enforce", "mode: dry_run")},
            "the policy does not have this alias moved any more",
        ),
        ({REQUEST: None, SHADOW: request("7", alias="shadow")}, "either both know the alias now, or neither"),
    ],
)
def test_why_an_issue_is_closed(
    team: Team, issues: InMemoryIssues, files: dict[str, bytes | None], said: str
) -> None:
    team.registry.set_alias("churn", "shadow", version="7")
    team.ask({REQUEST: request("7")})
    watched(team, issues)
    team.push(files)
    watched(team, issues)
    assert said in issues.closed[1].body


def test_a_request_that_waits_keeps_the_issue_it_has(team: Team, issues: InMemoryIssues) -> None:
    promoted(team)
    team.registry.set_alias("churn", "champion", version="6")
    watched(team, issues)
    team.version("8", 0.95)
    team.ask({REQUEST: request("8")}, 13)
    team.when[team.main] = NOW.isoformat()
    assert watched(team, issues).reason is ReasonCode.IN_SYNC
    assert watched(team, issues, now=NOW + timedelta(hours=1)).reason is ReasonCode.DRIFT_FOUND
    assert issues.writes == [("create", 1), ("change", 1)]


def test_a_second_issue_of_the_same_alias_is_closed(team: Team, issues: InMemoryIssues) -> None:
    team.ask({REQUEST: request("7")})
    watched(team, issues)
    issues.open[2] = replace(issues.open[1], number=2)
    watched(team, issues)
    assert (list(issues.open), list(issues.closed)) == ([1], [2])
    assert "issue #1 tells the same." in issues.closed[2].body


def test_issues_of_other_requests_are_left_alone(team: Team, issues: InMemoryIssues) -> None:
    marker = "<!-- promoter drift 0123456789abcdef 0123456789abcdef -->"
    issues.create(title="Another team's", body=f"{marker}\nx")
    watched(team, issues)
    assert list(issues.open) == [1]


def test_without_any_request_nothing_is_closed(team: Team, issues: InMemoryIssues) -> None:
    """It may be that the input `requests` is wrong."""
    team.ask({REQUEST: request("7")})
    watched(team, issues)
    team.push({REQUEST: None})
    report = watched(team, issues)
    assert (report.reason, list(issues.open)) == (ReasonCode.NOTHING_TO_PROMOTE, [1])
    assert [str(note) for note in report.notes] == ["1 open issue(s) of Promoter's were left as they are"]


# --- outages --------------------------------------------------------------------------------------


def test_a_registry_that_is_down_touches_no_issue(team: Team, issues: InMemoryIssues) -> None:
    team.ask({REQUEST: request("7")})
    watched(team, issues)
    team.registry.fail("all_aliases", REGISTRY_DOWN)
    report = watched(team, issues)
    assert (report.reason, report.reason.exit_code) == (ReasonCode.REGISTRY_UNAVAILABLE, ExitCode.UNDECIDED)
    assert issues.writes == [("create", 1)]


@pytest.mark.parametrize("method", ["aliases", "model_version"])
def test_what_could_not_be_decided_keeps_its_issue(team: Team, issues: InMemoryIssues, method: str) -> None:
    team.ask({REQUEST: request("7")})
    watched(team, issues)
    registry, calls = observed(team.registry)
    calls.fail(method, REGISTRY_DOWN)
    report = watched(team, issues, registry=lambda: registry)
    assert report.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert issues.writes == [("create", 1)]


def test_where_issues_cannot_be_read_the_drift_is_told_and_none_is_written(
    team: Team, issues: InMemoryIssues
) -> None:
    team.ask({REQUEST: request("7")})
    issues.fail("opened", GITHUB_DOWN)
    report = watched(team, issues)
    assert (report.reason, issues.writes) == (ReasonCode.GITHUB_UNAVAILABLE, [])
    assert "the open issues could not be read" in str(report.message)
    assert [one.kind for one in report.findings] == [DriftKind.NEVER_APPLIED]


def test_what_ended_the_comparison_outweighs_issues_that_cannot_be_read(
    team: Team, issues: InMemoryIssues
) -> None:
    team.push({REQUEST: b"no request"})
    issues.fail("opened", GITHUB_DOWN)
    report = watched(team, issues)
    assert report.reason is ReasonCode.REQUEST_INVALID
    assert "the open issues could not be read" in str(report.notes[-1])


def test_an_issue_that_cannot_be_written_is_told_beside_the_drift(team: Team, issues: InMemoryIssues) -> None:
    team.ask({REQUEST: request("7")})
    issues.fail("create", DENIED)
    report = watched(team, issues)
    assert (report.reason, str(report.hint)) == (
        ReasonCode.PERMISSION_DENIED,
        "Give the token `issues: write`.",
    )
    assert [one.kind for one in report.findings] == [DriftKind.NEVER_APPLIED]


# --- very many ------------------------------------------------------------------------------------


def with_models(team: Team, count: int) -> None:
    for number in range(count):
        team.registry.add_model(f"churn-{number:03}", aliases={"champion": "1"})
    team.push({f"promotions/m/{n:03}.yaml": request("2", model=f"churn-{n:03}") for n in range(count)})


def test_a_broken_registry_does_not_flood_the_repository(team: Team, issues: InMemoryIssues) -> None:
    count = MOST_EXAMINED + 7
    with_models(team, count)
    watched(team, issues)
    assert len(issues.open) == MOST_NEW + 1
    (rest,) = [issue for issue in issues.open.values() if "more aliases differ" in issue.title]
    assert rest.title == f"Drift: {count - MOST_NEW} more aliases differ from git"
    assert "and 32 more" in rest.body
    watched(team, issues)
    assert len(issues.open) == 2 * MOST_NEW + 1
    assert issues.open[rest.number].title == f"Drift: {count - 2 * MOST_NEW} more aliases differ from git"


def test_the_issue_of_the_rest_is_closed_when_all_have_one(team: Team, issues: InMemoryIssues) -> None:
    with_models(team, MOST_NEW + 1)
    watched(team, issues)
    watched(team, issues)
    assert len(issues.open) == MOST_NEW + 1
    (rest,) = issues.closed.values()
    assert "every alias that differs has an issue of its own now" in rest.body


# --- healing --------------------------------------------------------------------------------------


def test_healing_applies_what_was_merged_and_dropped(team: Team, issues: InMemoryIssues) -> None:
    team.push({POLICY: HEAL})
    team.ask({REQUEST: request("7")})
    report = healed(team, issues)
    assert (report.reason, team.champion(), issues.writes) == (ReasonCode.IN_SYNC, "7", [])
    assert report.healed is not None
    assert report.healed.requests[0].reason is ReasonCode.APPLIED
    assert team.registry.model_version("churn", "7").tags["promoter_applied_champion"] == "12 6"


def test_healing_puts_back_what_was_moved(team: Team, issues: InMemoryIssues) -> None:
    team.push({POLICY: HEAL})
    promoted(team)
    team.registry.set_alias("churn", "champion", version="6")
    report = healed(team, issues)
    assert (report.reason, team.champion(), issues.writes) == (ReasonCode.IN_SYNC, "7", [])
    assert report.healed is not None
    (moved,) = report.healed.requests
    assert (moved.step, moved.now, moved.reason) == (Step.PROMOTE, "6", ReasonCode.APPLIED)


@pytest.mark.parametrize(
    ("on_missing", "step", "champion"),
    [(b"bootstrap", Step.FIRST_PROMOTION, "7"), (b"block", Step.MISSING_CHAMPION, None)],
)
def test_healing_sets_a_deleted_alias_where_a_first_promotion_may(
    team: Team, issues: InMemoryIssues, on_missing: bytes, step: Step, champion: str | None
) -> None:
    team.push({POLICY: HEAL.replace(b"on_missing_champion: block", b"on_missing_champion: " + on_missing)})
    promoted(team)
    team.registry.delete_alias("churn", "champion")
    report = healed(team, issues)
    assert report.healed is not None
    assert (report.healed.requests[0].step, team.champion()) == (step, champion)
    assert len(issues.open) == (champion is None)


def test_healing_leaves_what_is_better_than_what_git_asks_for(team: Team, issues: InMemoryIssues) -> None:
    team.push({POLICY: HEAL})
    promoted(team)
    team.version("8", 0.99)
    team.registry.set_alias("churn", "champion", version="8")
    report = healed(team, issues)
    assert (report.reason, team.champion(), len(issues.open)) == (ReasonCode.DRIFT_FOUND, "8", 1)
    assert report.healed is not None
    assert report.healed.reason is ReasonCode.CHECKS_FAILED


def test_healing_puts_a_rollback_back_though_its_figures_are_worse(
    team: Team, issues: InMemoryIssues
) -> None:
    team.push({POLICY: HEAL})
    team.version("8", 0.99)
    for number, version in ((12, "7"), (13, "8"), (14, "7")):
        team.ask({REQUEST: request(version)}, number)
        assert apply(team.apply_world(), branch="main").reason is ReasonCode.APPLIED
    team.registry.set_alias("churn", "champion", version="8")
    assert healed(team, issues).reason is ReasonCode.IN_SYNC
    assert team.champion() == "7"


def test_a_slip_to_a_version_that_was_refused_is_not_healed_back_to(
    team: Team, issues: InMemoryIssues
) -> None:
    team.push({POLICY: HEAL})
    promoted(team)
    team.version("8", 0.80)
    team.ask({REQUEST: request("8")}, 13)
    assert apply(team.apply_world(), branch="main").reason is ReasonCode.CHECKS_FAILED
    team.registry.set_alias("churn", "champion", version="8")
    apply(team.apply_world(), branch="main")
    assert team.registry.model_version("churn", "8").tags["promoter_applied_champion"] == "13 found"
    team.registry.set_alias("churn", "champion", version="7")
    report = healed(team, issues)
    assert (report.reason, team.champion()) == (ReasonCode.DRIFT_FOUND, "7")
    assert report.healed is not None
    assert report.healed.reason is ReasonCode.CONFLICT


def test_a_forged_tag_heals_nothing_that_the_checks_refuse(team: Team, issues: InMemoryIssues) -> None:
    team.push({POLICY: HEAL})
    promoted(team)
    team.version("8", 0.80)
    team.ask({REQUEST: request("8")}, 13)
    for forged in ("13 7", "13 first"):
        team.registry.set_tags("churn", "8", tags={"promoter_applied_champion": forged})
        report = healed(team, issues)
        assert (report.reason, team.champion()) == (ReasonCode.DRIFT_FOUND, "7")
        assert report.healed is not None
        assert report.healed.reason is ReasonCode.CHECKS_FAILED


def test_healing_asks_for_the_approvals_of_now(team: Team, issues: InMemoryIssues) -> None:
    team.push({POLICY: HEAL})
    promoted(team)
    team.registry.set_alias("churn", "champion", version="6")
    team.push({POLICY: HEAL.replace(b"minimum: 1", b"minimum: 2")})
    team.registry.writes.clear()
    report = healed(team, issues)
    assert (report.reason, team.champion(), team.registry.writes) == (ReasonCode.DRIFT_FOUND, "6", [])
    assert report.healed is not None
    assert report.healed.requests[0].reason is ReasonCode.APPROVAL_MISSING
    assert len(issues.open) == 1


def test_without_the_policys_word_apply_still_refuses_what_was_moved_by_hand(team: Team) -> None:
    promoted(team)
    team.registry.set_alias("churn", "champion", version="6")
    assert apply(team.apply_world(), branch="main").reason is ReasonCode.CONFLICT


def test_nothing_is_healed_while_a_request_still_waits(team: Team, issues: InMemoryIssues) -> None:
    team.push({POLICY: HEAL})
    team.ask({REQUEST: request("7")})
    team.when[team.main] = NOW.isoformat()
    assert watched(team, issues).healed is None


# --- properties -----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(moves=st.lists(st.sampled_from(["6", "7", None]), max_size=6))
def test_whatever_happens_there_is_at_most_one_issue_and_agreement_has_none(moves: list[str | None]) -> None:
    team, issues = Team(), InMemoryIssues()
    promoted(team)
    for live in moves:
        if live:
            team.registry.set_alias("churn", "champion", version=live)
        elif team.champion():
            team.registry.delete_alias("churn", "champion")
        watched(team, issues)
        assert len(issues.open) == (0 if team.champion() == "7" else 1)
        written = list(issues.writes)
        watched(team, issues)
        assert issues.writes == written
