"""apply: from the tip of the default branch, all or none of a pull request, and only what was reviewed."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from promoter.commands.apply import ApplyWorld, apply
from promoter.core.plan import Step
from promoter.core.pull_request import Permission
from promoter.core.report import Phase, Report
from promoter.errors import PromoterError, ReasonCode, Tampered
from promoter.render.evidence_json import evidence
from promoter.text import say
from tests.builders import a_custom_answer, a_measurement, an_approval_state
from tests.fakes.custom_checks import FakeCustomChecks
from tests.fakes.github import Irregular
from tests.fakes.measurer import FakeMeasurer
from tests.fakes.observed import observed
from tests.fakes.team import POLICY, REQUEST, SHADOW, Team, policy, request

GITHUB_DOWN = PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("GitHub did not answer"))
LATE = PromoterError(ReasonCode.DEADLINE_EXCEEDED, say("the deadline was reached"))
REGISTRY_DOWN = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"))
CHECK = "checks/fairness.py"
FRAUD = "promotions/fraud/champion.yaml"


@pytest.fixture
def team() -> Team:
    return Team()


def applied(team: Team, world: ApplyWorld | None = None, before: str = "") -> Report:
    return apply(world or team.apply_world(), branch="main", before=before)


def reasons(report: Report) -> dict[str, ReasonCode]:
    return {one.request.path: one.reason for one in report.requests}


def with_shadow(team: Team) -> None:
    """A second alias that git and registry agree on."""
    team.registry.set_alias("churn", "shadow", version="6")
    team.push({SHADOW: request("6", alias="shadow")})
    team.registry.writes.clear()


# --- the main way ---------------------------------------------------------------------------------


def test_what_was_reviewed_is_moved_and_recorded(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    report = applied(team)
    (moved,) = report.requests
    assert (report.phase, report.reason, moved.reason) == (
        Phase.APPLY,
        ReasonCode.APPLIED,
        ReasonCode.APPLIED,
    )
    assert (moved.step, moved.now, moved.pull_request) == (Step.PROMOTE, "6", 12)
    assert moved.approval == an_approval_state(counted=("bob",), refused=())
    assert (report.head_commit, report.base_commit, report.tool_version) == (team.main, team.main, "0.1.0")
    assert team.champion() == "7"
    tags = team.registry.model_version("churn", "7").tags
    assert tags["promoter_evidence"] == report.evidence_digest
    assert tags["promoter_applied_champion"] == "12 6"
    assert tags["promoter_promoted_at"] == "2026-03-01T12:30:00+00:00"


def test_the_digest_in_the_tags_is_of_the_evidence_that_is_left_behind(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    report = applied(team)
    assert sha256(evidence(report).encode()).hexdigest() == report.evidence_digest


def test_running_again_writes_nothing(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    applied(team)
    team.registry.writes.clear()
    report = applied(team)
    assert reasons(report) == {REQUEST: ReasonCode.ALREADY_APPLIED}
    assert team.registry.writes == []


def test_what_is_in_place_and_noted_costs_no_question_to_github(team: Team) -> None:
    applied(team)
    pulls, calls = observed(team.pull_requests)
    report = applied(team, team.apply_world(pull_requests=pulls))
    assert report.reason is ReasonCode.ALREADY_APPLIED
    assert str(report.message) == "`churn@champion` is version `6` already"
    assert calls.made == []


def test_a_first_promotion(team: Team) -> None:
    team.push({POLICY: policy("block", "bootstrap")})
    team.version("1", 0.9, model="churn-eu")
    path = "promotions/churn-eu.yaml"
    team.ask({path: request("1", model="churn-eu")})
    report = applied(team)
    assert reasons(report)[path] is ReasonCode.APPLIED
    assert team.champion(model="churn-eu") == "1"


def test_a_revert_moves_back_though_the_figures_are_worse(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    applied(team)
    team.ask({REQUEST: request("6")}, 13)
    report = applied(team)
    assert report.requests[0].step is Step.ROLLBACK
    assert reasons(report) == {REQUEST: ReasonCode.APPLIED}
    assert team.champion() == "6"


def test_a_run_that_was_dropped_is_made_good_by_the_next(team: Team) -> None:
    team.version("8", 0.92)
    team.ask({REQUEST: request("7")})
    team.ask({REQUEST: request("8")}, 13)
    report = applied(team)
    assert (report.reason, report.requests[0].now, team.champion()) == (ReasonCode.APPLIED, "6", "8")


# --- nothing to do, or nothing to be believed -----------------------------------------------------


@pytest.mark.parametrize("before", ["", "0" * 40])
def test_no_requests_and_nothing_known_of_before(team: Team, before: str) -> None:
    team.push({REQUEST: None})
    report = applied(team, before=before)
    assert report.reason is ReasonCode.NOTHING_TO_PROMOTE
    assert str(report.message) == "there is no promotion request on `main`"


def test_no_requests_before_and_after(team: Team) -> None:
    before = team.push({REQUEST: None})
    team.push({"README.md": b"hello"})
    assert applied(team, before=before).reason is ReasonCode.NOTHING_TO_PROMOTE


def test_all_requests_vanished_with_the_push(team: Team) -> None:
    before = team.main
    team.push({REQUEST: None})
    report = applied(team, before=before)
    assert report.reason is ReasonCode.ALL_REQUESTS_DELETED
    assert "all 1 promotion requests vanished" in str(report.message)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({POLICY: None}, ReasonCode.POLICY_INVALID),
        ({POLICY: b"version: 1\n"}, ReasonCode.POLICY_INVALID),
        ({POLICY: Irregular("120000", b"x")}, ReasonCode.POLICY_INVALID),
        ({SHADOW: b"model: x\n"}, ReasonCode.REQUEST_INVALID),
        ({SHADOW: request("7")}, ReasonCode.DUPLICATE_REQUEST),
    ],
)
def test_a_tip_that_cannot_be_read_moves_nothing(
    team: Team, files: dict[str, bytes | None], reason: ReasonCode
) -> None:
    team.ask({REQUEST: request("7")})
    team.push(files)
    report = applied(team)
    assert (report.reason, report.requests) == (reason, ())
    assert report.head_commit == team.main
    assert team.registry.writes == []


def test_a_branch_that_cannot_be_read(team: Team) -> None:
    report = apply(team.apply_world(), branch="gone", before="b" * 40)
    assert (report.reason, report.head_commit) == (ReasonCode.PERMISSION_DENIED, "")


def test_what_is_judged_is_what_the_tip_held_at_the_beginning(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    first = team.main
    memory = team.repository
    repository, calls = observed(memory)
    team.push({"README.md": b"unrelated"})

    def moves_on() -> None:
        memory.commits[team.main] = dict(team.commits[team.main])
        memory.branches["main"] = team.main

    calls.after("tip", moves_on)
    report = applied(team, team.apply_world(repository=repository))
    assert (report.reason, report.head_commit, team.main != first) == (ReasonCode.APPLIED, first, True)
    assert calls.count("tip") == 3  # at the beginning, before the first write, after the last


def test_the_registry_is_not_opened_without_a_request(team: Team) -> None:
    team.push({REQUEST: None})
    opened: list[str] = []
    applied(team, team.apply_world(registry=lambda: opened.append("opened")))
    assert opened == []


def test_what_the_pull_request_brought_does_not_judge_it(team: Team) -> None:
    """Data and commands are read as they were before it; its policy could not have changed."""
    rules = "checks:\n      custom: [{name: fairness, command: [python, checks/fairness.py]}]"
    team.push({POLICY: policy("checks:", rules), CHECK: b"strict"})
    before = team.main
    team.ask({REQUEST: request("7"), CHECK: b"lenient"})
    team.push({CHECK: b"more lenient"})
    asked = FakeCustomChecks(gives=(a_custom_answer(),))
    report = applied(team, team.apply_world(custom_checks=asked))
    assert report.reason is ReasonCode.APPLIED
    ((commit, text),) = asked.asked
    assert commit == before
    assert json.loads(text)["commits"] == {"base": before, "head": team.main}


def test_what_reached_out_of_the_sandbox_ends_the_run_and_moves_nothing(team: Team) -> None:
    """Not even what was judged ready before it."""
    rules = "checks:\n      custom: [{name: fairness, command: [cat]}]"
    team.registry.add_model("churn-a", aliases={"champion": "1"})
    team.version("1", 0.9, model="churn-a")
    team.version("2", 0.95, model="churn-a")
    first = "promotions/a.yaml"
    team.push({POLICY: policy("checks:", rules), first: request("1", model="churn-a")})
    team.ask({first: request("2", model="churn-a")})
    team.ask({REQUEST: request("7")}, 13)
    error = Tampered(ReasonCode.MODEL_UNSAFE, say("a file changed"))
    asked = FakeCustomChecks(gives=(a_custom_answer(),), then=error)
    report = applied(team, team.apply_world(custom_checks=asked))
    assert (report.reason, report.requests, len(asked.asked)) == (ReasonCode.MODEL_UNSAFE, (), 2)
    assert team.registry.aliases("churn-a") == {"champion": "1"}
    assert team.registry.aliases("churn") == {"champion": "6"}


def test_data_is_read_as_it_was_before_the_pull_request(team: Team) -> None:
    source = "{source: inference, data: rows.csv, target: label, positive_label: hit}"
    task = f"task: binary_classification\n    evaluation: {source}"
    team.push({POLICY: policy("evaluation: {source: run_metrics}", task), "rows.csv": b"honest"})
    before = team.main
    team.ask({REQUEST: request("7"), "rows.csv": b"easier"})
    measurer = FakeMeasurer(gives=a_measurement())
    applied(team, team.apply_world(measurer=measurer))
    assert measurer.asked == [before]


# --- who asked, and who approved ------------------------------------------------------------------


def test_a_direct_push_moves_nothing(team: Team) -> None:
    team.push({REQUEST: request("7")})
    report = applied(team)
    assert reasons(report) == {REQUEST: ReasonCode.NO_PULL_REQUEST}
    assert team.registry.writes == []


def test_a_pull_request_that_also_edits_the_policy_moves_nothing(team: Team) -> None:
    team.ask({REQUEST: request("7"), POLICY: policy("0.5", "0.1")})
    assert reasons(applied(team)) == {REQUEST: ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST}
    assert team.registry.writes == []


def test_nobody_approved(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.merge(12)
    report = applied(team)
    assert reasons(report) == {REQUEST: ReasonCode.APPROVAL_MISSING}
    assert str(report.message) == "0 of 1 approvals count for this content"
    assert "pull request #12" in str(report.requests[0].hint)
    assert team.registry.writes == []


def test_only_the_author_approved(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.approve(12, by="alice")
    team.merge(12)
    assert reasons(applied(team)) == {REQUEST: ReasonCode.APPROVAL_SELF}


def test_an_earlier_content_was_approved(team: Team) -> None:
    earlier = team.propose(11, {REQUEST: request("5")}).head_commit
    team.propose(12, {REQUEST: request("7")})
    team.approve(12, commit=earlier)
    team.approve(12, by="alice")
    team.merge(12)
    assert reasons(applied(team)) == {REQUEST: ReasonCode.APPROVAL_STALE}


def test_the_content_was_approved_when_the_branch_held_another(team: Team) -> None:
    """bob saw 6 become 7; when it was merged, 8 became 7."""
    team.version("8", 0.9)
    team.propose(12, {REQUEST: request("7")})
    team.approve(12)
    team.ask({REQUEST: request("8")}, 13)
    applied(team)
    team.merge(12)
    assert reasons(applied(team)) == {REQUEST: ReasonCode.APPROVAL_STALE}
    assert team.champion() == "8"


def test_an_approval_of_a_merged_pull_request_counts_for_its_merge_commit(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.merge_commit(12)
    assert reasons(applied(team)) == {REQUEST: ReasonCode.APPROVAL_MISSING}
    team.approve(12)
    assert reasons(applied(team)) == {REQUEST: ReasonCode.APPLIED}


def test_a_pull_request_that_also_edits_a_workflow_moves_nothing(team: Team) -> None:
    team.ask({REQUEST: request("7"), ".github/workflows/promote.yml": b"on: push\n"})
    assert reasons(applied(team)) == {REQUEST: ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST}
    assert team.registry.writes == []


def test_a_merged_fork_moves_nothing(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")}, head_repository="mallory/models")
    team.approve(12)
    team.merge(12)
    assert reasons(applied(team)) == {REQUEST: ReasonCode.FORK_UNSUPPORTED}
    assert team.registry.writes == []


def test_a_reader_approved(team: Team) -> None:
    team.permissions["bob"] = Permission.READ
    team.ask({REQUEST: request("7")})
    assert reasons(applied(team)) == {REQUEST: ReasonCode.APPROVAL_MISSING}


def test_what_nobody_approved_is_not_even_judged(team: Team) -> None:
    team.version("8", 0.2)
    team.propose(12, {REQUEST: request("8")})
    team.merge(12)
    report = applied(team)
    assert reasons(report) == {REQUEST: ReasonCode.APPROVAL_MISSING}
    assert report.requests[0].approval == an_approval_state(counted=(), refused=())
    assert report.requests[0].results == ()


# --- the policy's word ----------------------------------------------------------------------------


def test_a_dry_run_moves_nothing(team: Team) -> None:
    team.push({POLICY: policy("mode: enforce", "mode: dry_run")})
    team.ask({REQUEST: request("7")})
    report = applied(team)
    assert (report.reason, reasons(report)) == (ReasonCode.DRY_RUN, {REQUEST: ReasonCode.DRY_RUN})
    assert team.registry.writes == []


def test_a_disabled_entry_moves_nothing(team: Team) -> None:
    team.push({POLICY: policy("mode: enforce", "mode: disabled")})
    team.ask({REQUEST: request("7")})
    assert reasons(applied(team)) == {REQUEST: ReasonCode.ALIAS_NOT_ALLOWED}
    assert team.registry.writes == []


def test_what_git_asked_for_in_vain_stays_where_it_is(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    team.version("9", 0.9)
    team.registry.set_alias("churn", "champion", version="9")
    team.registry.writes.clear()
    report = applied(team)
    assert reasons(report) == {REQUEST: ReasonCode.CONFLICT}
    assert team.registry.writes == []


# --- several requests -----------------------------------------------------------------------------


def test_all_of_a_pull_request_move(team: Team) -> None:
    with_shadow(team)
    team.ask({REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    assert reasons(applied(team)) == dict.fromkeys((REQUEST, SHADOW), ReasonCode.APPLIED)


def test_first_promotions_are_moved_last(team: Team) -> None:
    team.push({POLICY: policy("block", "bootstrap")})
    team.version("1", 0.9, model="churn-a")
    team.ask({"promotions/a.yaml": request("1", model="churn-a"), REQUEST: request("7")})
    team.registry.writes.clear()
    applied(team)
    set_in_order = [write.model for write in team.registry.writes if write.method == "set_alias"]
    assert set_in_order == ["churn", "churn-a"]


@pytest.mark.parametrize(
    ("other", "files", "reason"),
    [
        ("a failed check", {SHADOW: request("8", alias="shadow")}, ReasonCode.CHECKS_FAILED),
        ("no such version", {SHADOW: request("99", alias="shadow")}, ReasonCode.VERSION_NOT_FOUND),
        ("no such model", {FRAUD: request("1", model="churn-x")}, ReasonCode.MODEL_NOT_FOUND),
        ("an alias not allowed", {FRAUD: request("7", alias="other")}, ReasonCode.ALIAS_NOT_ALLOWED),
        ("no entry in the policy", {FRAUD: request("1", model="fraud")}, ReasonCode.ALIAS_NOT_ALLOWED),
    ],
)
def test_none_of_a_pull_request_moves_when_one_cannot(
    team: Team, other: str, files: dict[str, bytes], reason: ReasonCode
) -> None:
    with_shadow(team)
    team.version("8", 0.2)
    team.version("1", 0.9, model="fraud")
    team.ask({REQUEST: request("7"), **files})
    report = applied(team)
    assert reasons(report)[next(iter(files))] is reason, other
    assert reasons(report)[REQUEST] is reason
    held_up = next(one for one in report.requests if one.request.path == REQUEST)
    assert "not moved, because" in str(held_up.message)
    assert team.champion() == "6"
    assert [write for write in team.registry.writes if write.method == "set_alias"] == []


def test_pull_requests_do_not_hold_each_other_up(team: Team) -> None:
    with_shadow(team)
    team.version("8", 0.2)
    team.propose(12, {REQUEST: request("7")})
    team.propose(13, {SHADOW: request("8", alias="shadow")})
    team.approve(12)
    team.approve(13)
    team.merge(12, 13)
    report = applied(team)
    assert reasons(report) == {REQUEST: ReasonCode.APPLIED, SHADOW: ReasonCode.CHECKS_FAILED}
    assert (team.champion(), team.champion("shadow")) == ("7", "6")
    assert report.reason is ReasonCode.CHECKS_FAILED


def test_one_approval_too_few_holds_up_the_whole_pull_request(team: Team) -> None:
    with_shadow(team)
    only_one = team.propose(11, {REQUEST: request("7")}).head_commit
    team.propose(12, {REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    team.approve(12, commit=only_one)
    team.merge(12)
    report = applied(team)
    assert reasons(report) == dict.fromkeys((REQUEST, SHADOW), ReasonCode.APPROVAL_STALE)
    assert team.registry.writes == []


# --- outages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["of_commit", "changed_paths", "reviews", "contributors", "permission"])
@pytest.mark.parametrize("error", [GITHUB_DOWN, LATE])
def test_an_outage_of_github_writes_nothing(team: Team, method: str, error: PromoterError) -> None:
    team.ask({REQUEST: request("7")})
    pulls, calls = observed(team.pull_requests)
    calls.fail(method, error)
    report = applied(team, team.apply_world(pull_requests=pulls))
    assert reasons(report) == {REQUEST: error.reason}
    assert team.registry.writes == []


@pytest.mark.parametrize("nth", [1, 2])
def test_an_outage_while_tracing_one_request_holds_up_what_may_belong_to_it(team: Team, nth: int) -> None:
    with_shadow(team)
    team.ask({REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    pulls, calls = observed(team.pull_requests)
    calls.fail("changed_paths", GITHUB_DOWN, nth=nth)
    report = applied(team, team.apply_world(pull_requests=pulls))
    assert set(reasons(report).values()) == {ReasonCode.GITHUB_UNAVAILABLE}
    assert team.registry.writes == []


@pytest.mark.parametrize(
    "method", ["history", "files", "contents", "first_parents", "blob_ids", "merge_base"]
)
def test_an_outage_of_the_repository_writes_nothing(team: Team, method: str) -> None:
    team.ask({REQUEST: request("7")})
    repository, calls = observed(team.repository)
    calls.fail(method, GITHUB_DOWN)
    report = applied(team, team.apply_world(repository=repository))
    assert report.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert team.registry.writes == []


@pytest.mark.parametrize("method", ["aliases", "model_version"])
def test_an_outage_of_the_registry_writes_nothing(team: Team, method: str) -> None:
    team.ask({REQUEST: request("7")})
    team.registry.fail(method, REGISTRY_DOWN)
    report = applied(team)
    assert reasons(report) == {REQUEST: ReasonCode.REGISTRY_UNAVAILABLE}
    assert team.registry.writes == []


def test_a_registry_that_cannot_be_opened(team: Team) -> None:
    team.ask({REQUEST: request("7")})

    def closed() -> None:
        raise REGISTRY_DOWN

    report = applied(team, team.apply_world(registry=closed))
    assert (report.reason, report.requests) == (ReasonCode.REGISTRY_UNAVAILABLE, ())


def test_a_write_that_fails_half_way_goes_back_and_leaves_the_next_pull_request_alone(team: Team) -> None:
    with_shadow(team)
    team.version("1", 0.9, model="churn-a")
    team.registry.set_alias("churn-a", "champion", version="1")
    team.version("2", 0.9, model="churn-a")
    third = "promotions/z.yaml"
    team.push({third: request("1", model="churn-a")})
    team.propose(12, {REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    team.propose(13, {third: request("2", model="churn-a")})
    for number in (12, 13):
        team.approve(number)
    team.merge(12, 13)
    registry, calls = observed(team.registry)
    calls.fail("set_alias", REGISTRY_DOWN, nth=2)
    report = applied(team, team.apply_world(registry=lambda: registry))
    assert reasons(report) == {
        REQUEST: ReasonCode.APPLY_FAILED,
        SHADOW: ReasonCode.APPLY_FAILED,
        third: ReasonCode.APPLIED,
    }
    assert (team.champion(), team.champion("shadow"), team.champion(model="churn-a")) == ("6", "6", "2")


def test_the_alias_moved_between_judging_and_writing(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    team.version("9", 0.9)
    registry, calls = observed(team.registry)
    calls.before("aliases", lambda: team.registry.set_alias("churn", "champion", version="9"), nth=3)
    report = applied(team, team.apply_world(registry=lambda: registry))
    assert reasons(report) == {REQUEST: ReasonCode.CHAMPION_MOVED}
    assert team.champion() == "9"


def test_the_alias_got_there_by_itself_between_looking_and_judging(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    registry, calls = observed(team.registry)
    calls.before("aliases", lambda: team.registry.set_alias("churn", "champion", version="7"), nth=2)
    report = applied(team, team.apply_world(registry=lambda: registry))
    assert reasons(report) == {REQUEST: ReasonCode.ALREADY_APPLIED}


def test_a_report_is_the_same_whatever_the_clock_says(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    world = team.apply_world()
    later = replace(world, now=world.now.replace(year=2031))
    first = applied(team, world)
    team.registry.set_alias("churn", "champion", version="6")
    team.version("7", 0.91)
    assert applied(team, later).evidence_digest == first.evidence_digest


def test_a_registry_that_does_not_answer_is_not_asked_again(team: Team) -> None:
    with_shadow(team)
    team.ask({REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    registry, calls = observed(team.registry)
    calls.fail("aliases", REGISTRY_DOWN)
    report = applied(team, team.apply_world(registry=lambda: registry))
    assert reasons(report) == dict.fromkeys((REQUEST, SHADOW), ReasonCode.REGISTRY_UNAVAILABLE)
    assert calls.count("aliases") == 1
