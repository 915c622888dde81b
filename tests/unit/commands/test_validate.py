"""validate: what a change asks for, judged by the policy of its base; nothing is written, by type."""

from __future__ import annotations

import inspect
import typing
from dataclasses import replace
from typing import Any

import pytest

from promoter import ports
from promoter.commands.validate import Change, ValidateWorld, change_of_pull_request, validate
from promoter.core.approval import Refusal
from promoter.core.plan import Step
from promoter.core.pull_request import PullRequest
from promoter.core.report import Phase, Report
from promoter.errors import PromoterError, ReasonCode, Tampered
from promoter.ports import RegistryIndex
from promoter.text import say
from tests.builders import an_approval_state
from tests.fakes.custom_checks import FakeCustomChecks
from tests.fakes.github import Irregular
from tests.fakes.observed import observed
from tests.fakes.team import POLICY, REQUEST, SHADOW, Team, policy, request

FRAUD = "promotions/fraud.yaml"
REGISTRY_DOWN = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"), hint=say("wait"))


@pytest.fixture
def team() -> Team:
    return Team()


def validated(team: Team, files: dict[str, Any] | None = None, **world: object) -> Report:
    """The report of pull request 12; with `files` it is opened first."""
    if files is not None:
        team.propose(12, files)
    return validate(team.validate_world(**world), team.change())


def compared(team: Team, head: str, base: str) -> Report:
    """Two commits without any pull request, as in a local clone."""
    return validate(team.validate_world(pull_requests=None), Change(head=head, base=base))


def notes(report: Report) -> list[str]:
    return [str(note) for note in report.notes]


# --- it cannot write ------------------------------------------------------------------------------


def test_a_reader_has_no_method_that_writes() -> None:
    methods = {name for name, _ in inspect.getmembers(RegistryIndex, inspect.isfunction)}
    public = {name for name in methods if not name.startswith("_")}
    reading = {
        "aliases",
        "all_aliases",
        "download",
        "files",
        "model_version",
        "papers",
        "run_file",
        "signature",
    }
    assert public == {*reading, "versions"}


def test_what_validate_is_handed_is_a_reader() -> None:
    hints = typing.get_type_hints(ValidateWorld)
    assert typing.get_args(hints["registry"]) == ([], RegistryIndex)
    assert ports.Registry not in hints.values()


def test_nothing_is_written_whatever_the_verdict(team: Team) -> None:
    for number, score in (("8", 0.2), ("9", 0.95)):
        team.version(number, score)
        validated(team, {REQUEST: request(number)})
    assert team.registry.writes == []


# --- verdicts -------------------------------------------------------------------------------------


def test_a_good_challenger(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.approve(12)
    report = validated(team)
    (one,) = report.requests
    pull = team.pulls[12]
    assert (report.phase, report.reason, str(report.message)) == (
        Phase.VALIDATE,
        ReasonCode.VALIDATED,
        "all checks that decide have passed",
    )
    assert (report.head_commit, report.base_commit) == (pull.head_commit, pull.base_commit)
    assert (report.policy_path, len(report.policy_digest)) == (POLICY, 64)
    assert (one.step, one.now, one.pull_request) == (Step.PROMOTE, "6", 12)
    assert one.approval == an_approval_state(counted=("bob",), refused=())


def test_a_missing_approval_does_not_change_the_verdict(team: Team) -> None:
    report = validated(team, {REQUEST: request("7")})
    assert report.reason is ReasonCode.VALIDATED
    assert report.requests[0].approval == an_approval_state(counted=(), refused=())


def test_a_local_clone_knows_of_no_approval(team: Team) -> None:
    base = team.main
    report = compared(team, team.push({REQUEST: request("7")}), base)
    assert (report.reason, report.requests[0].approval) == (ReasonCode.VALIDATED, None)


def test_a_rollback(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    team.registry.set_alias("churn", "champion", version="7")
    team.registry.set_tags("churn", "7", tags={"promoter_applied_champion": "12 6"})
    report = validated(team, {REQUEST: request("6")})
    assert (report.reason, report.requests[0].step) == (ReasonCode.ROLLBACK_VALIDATED, Step.ROLLBACK)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({REQUEST: request("8")}, ReasonCode.CHECKS_FAILED),
        ({REQUEST: request("99")}, ReasonCode.VERSION_NOT_FOUND),
        ({REQUEST: request("9")}, ReasonCode.VERSION_NOT_READY),
        ({REQUEST: request("6") + b"# again\n"}, ReasonCode.ALREADY_APPLIED),
        ({SHADOW: request("7", alias="other")}, ReasonCode.ALIAS_NOT_ALLOWED),
        ({SHADOW: request("7", alias="shadow")}, ReasonCode.MISSING_CHAMPION),
        ({FRAUD: request("1", model="churn-x")}, ReasonCode.MODEL_NOT_FOUND),
        ({FRAUD: request("1", model="fraud")}, ReasonCode.ALIAS_NOT_ALLOWED),
    ],
)
def test_one_request_of_each_kind(team: Team, files: dict[str, bytes], reason: ReasonCode) -> None:
    team.version("8", 0.2)
    team.version("9", 0.9, status="PENDING_REGISTRATION")
    report = validated(team, files)
    assert (report.reason, [one.reason for one in report.requests]) == (reason, [reason])
    assert report.hint == report.requests[0].hint


def test_a_conflict(team: Team) -> None:
    team.version("9", 0.9)
    team.registry.set_alias("churn", "champion", version="9")
    assert validated(team, {REQUEST: request("7")}).reason is ReasonCode.CONFLICT


def test_a_champion_without_figures_is_inconclusive(team: Team) -> None:
    team.version("6", 0.88, run=None, run_id=None)
    assert validated(team, {REQUEST: request("7")}).reason is ReasonCode.INCONCLUSIVE


def test_a_dry_run(team: Team) -> None:
    team.push({POLICY: policy("mode: enforce", "mode: dry_run")})
    assert validated(team, {REQUEST: request("7")}).reason is ReasonCode.DRY_RUN


def test_several_requests_are_counted(team: Team) -> None:
    files = {
        REQUEST: request("7"),
        SHADOW: request("7", alias="shadow"),
        FRAUD: request("99", model="churn-x"),
    }
    report = validated(team, files)
    assert report.reason is ReasonCode.MODEL_NOT_FOUND
    assert str(report.message) == "1 of 3 requests: model not found"
    assert str(report.hint) == ""


# --- what the change touches ----------------------------------------------------------------------


@pytest.mark.parametrize("files", [{"README.md": b"x"}, {"promotions/notes.md": b"x"}])
def test_a_change_that_is_not_about_models(team: Team, files: dict[str, bytes]) -> None:
    report = validated(team, files)
    assert (report.reason, notes(report), report.policy_digest) == (ReasonCode.NOTHING_TO_PROMOTE, [], "")


def test_the_registry_is_opened_only_when_something_is_judged(team: Team) -> None:
    opened: list[str] = []

    def registry() -> RegistryIndex:
        opened.append("opened")
        return team.registry

    for files in ({"README.md": b"x"}, {REQUEST: b"model: x\n"}, {POLICY: policy("0.5", "0.6")}):
        validated(team, files, registry=registry)
    assert opened == []
    validated(team, {REQUEST: request("7")}, registry=registry)
    assert opened == ["opened"]


def test_only_what_the_pull_request_itself_touches_is_judged(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.push({SHADOW: request("6", alias="shadow")})
    report = validated(team)
    assert report.base_commit == team.main != team.pulls[12].base_commit
    assert [one.request.path for one in report.requests] == [REQUEST]
    assert notes(report) == []


def test_a_policy_that_moved_on_at_the_base_is_not_this_changes_doing(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.push({POLICY: policy("0.5", "0.6")})
    assert validated(team).reason is ReasonCode.VALIDATED


def test_a_policy_that_was_tightened_since_decides(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.push({POLICY: policy("0.5", "0.95")})
    assert validated(team).reason is ReasonCode.CHECKS_FAILED


def test_what_was_promoted_since_is_what_the_change_is_compared_with(team: Team) -> None:
    team.version("8", 0.9)
    team.propose(12, {REQUEST: request("7")})
    team.ask({REQUEST: request("8")}, 13)
    team.registry.set_alias("churn", "champion", version="8")
    (one,) = validated(team).requests
    assert (one.reason, one.now) == (ReasonCode.VALIDATED, "8")


def test_an_approval_from_before_something_else_was_promoted_is_stale(team: Team) -> None:
    team.version("8", 0.9)
    team.propose(12, {REQUEST: request("7")})
    team.approve(12)
    team.ask({REQUEST: request("8")}, 13)
    team.registry.set_alias("churn", "champion", version="8")
    (one,) = validated(team).requests
    assert one.approval == an_approval_state(counted=(), refused=(("bob", Refusal.STALE),))


def test_a_mode_that_changes_is_a_change(team: Team) -> None:
    report = validated(team, {REQUEST: Irregular("120000", request("6"))})
    assert report.reason is ReasonCode.REQUEST_INVALID


def test_a_deleted_request_is_told_and_moves_nothing(team: Team) -> None:
    team.push({SHADOW: request("6", alias="shadow")})
    report = validated(team, {SHADOW: None})
    assert report.reason is ReasonCode.NOTHING_TO_PROMOTE
    assert notes(report) == [
        f"`{SHADOW}` is deleted: unless another file asks for its alias, that stays where it is "
        "and is unmanaged"
    ]


def test_all_requests_deleted(team: Team) -> None:
    report = validated(team, {REQUEST: None})
    assert report.reason is ReasonCode.ALL_REQUESTS_DELETED
    assert "deletes all 1 promotion requests" in str(report.message)


def test_the_last_of_several_may_not_be_deleted_either(team: Team) -> None:
    team.push({SHADOW: request("6", alias="shadow")})
    team.propose(12, {REQUEST: None})
    team.push({SHADOW: None})
    assert validated(team).reason is ReasonCode.ALL_REQUESTS_DELETED


def test_all_requests_replaced_by_another_are_not_all_deleted(team: Team) -> None:
    report = validated(team, {REQUEST: None, SHADOW: request("7")})
    assert [one.request.path for one in report.requests] == [SHADOW]


def test_a_first_request_where_there_was_none(team: Team) -> None:
    team.push({REQUEST: None})
    assert validated(team, {REQUEST: request("7")}).reason is ReasonCode.CONFLICT


# --- the policy -----------------------------------------------------------------------------------


def test_the_policy_is_the_bases(team: Team) -> None:
    strict = team.push({POLICY: policy("0.5", "0.95")})
    team.propose(12, {REQUEST: request("7")})
    assert team.pulls[12].base_commit == strict
    assert validated(team).reason is ReasonCode.CHECKS_FAILED


def test_a_policy_that_changes_alone_is_read_for_its_form(team: Team) -> None:
    report = validated(team, {POLICY: policy("0.5", "0.6")})
    assert report.reason is ReasonCode.NOTHING_TO_PROMOTE
    assert str(report.message).startswith("the policy is valid; it counts for pull requests after this one")
    assert len(report.policy_digest) == 64


def test_a_new_policy_that_is_not_valid(team: Team) -> None:
    report = validated(team, {POLICY: policy("threshold", "treshold")})
    assert report.reason is ReasonCode.POLICY_INVALID
    assert report.problems[0].path == POLICY
    assert str(report.hint)


def test_a_deleted_policy_is_told(team: Team) -> None:
    report = validated(team, {POLICY: None})
    assert report.reason is ReasonCode.NOTHING_TO_PROMOTE
    assert "the policy is deleted" in str(report.message)


@pytest.mark.parametrize("change", [{REQUEST: request("7")}, {REQUEST: None}])
def test_policy_and_requests_in_one_change(team: Team, change: dict[str, bytes | None]) -> None:
    report = validated(team, {POLICY: policy("0.5", "0.1"), **change})
    assert report.reason is ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST


def test_a_workflow_and_requests_in_one_change(team: Team) -> None:
    report = validated(team, {".github/workflows/promote.yml": b"on: push\n", REQUEST: request("7")})
    assert (report.reason, report.requests) == (ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST, ())


@pytest.mark.parametrize("path", [".github/workflows/promote.yml", "docs/.github/workflows/a.yml"])
def test_a_workflow_alone_is_no_matter(team: Team, path: str) -> None:
    assert validated(team, {path: b"on: push\n"}).reason is ReasonCode.NOTHING_TO_PROMOTE


def test_no_policy_at_the_base(team: Team) -> None:
    team.push({POLICY: None})
    assert validated(team, {REQUEST: request("7")}).reason is ReasonCode.POLICY_INVALID


def test_the_verdict_depends_on_no_other_byte_of_the_pull_request(team: Team) -> None:
    plain = validated(team, {REQUEST: request("7")})
    others = {"promotions/policy.yml": b"x", ".github/a.yml": b"y", "src/promoter.py": b"z"}
    crowded = validated(team, {REQUEST: request("7"), **others})
    assert crowded.requests == plain.requests
    assert crowded.policy_digest == plain.policy_digest


# --- files that cannot be read --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({REQUEST: b"model: x\n"}, ReasonCode.REQUEST_INVALID),
        ({REQUEST: request("7"), SHADOW: b"model: x\n"}, ReasonCode.REQUEST_INVALID),
        ({SHADOW: request("7")}, ReasonCode.DUPLICATE_REQUEST),
    ],
)
def test_no_request_is_judged_beside_one_that_is_wrong(
    team: Team, files: dict[str, bytes], reason: ReasonCode
) -> None:
    report = validated(team, files)
    assert (report.reason, report.requests) == (reason, ())
    assert report.problems


def test_a_request_that_was_wrong_at_the_base_already_is_told(team: Team) -> None:
    team.push({SHADOW: b"model: x\n"})
    assert validated(team, {REQUEST: request("7")}).reason is ReasonCode.REQUEST_INVALID


# --- pull requests that are not judged ------------------------------------------------------------


def about(team: Team, files: dict[str, bytes], **changes: object) -> Report:
    team.propose(12, files, **changes)
    return validated(team)


def test_a_fork(team: Team) -> None:
    report = about(team, {REQUEST: request("7")}, head_repository="mallory/models")
    assert report.reason is ReasonCode.FORK_UNSUPPORTED
    assert report.requests == ()


def test_a_fork_that_was_deleted(team: Team) -> None:
    report = about(team, {REQUEST: request("7")}, head_repository=None)
    assert report.reason is ReasonCode.FORK_UNSUPPORTED


def test_a_fork_with_a_file_that_is_wrong(team: Team) -> None:
    report = about(team, {REQUEST: b"model: x\n"}, head_repository="mallory/models")
    assert report.reason is ReasonCode.REQUEST_INVALID


def test_a_fork_that_is_not_about_models(team: Team) -> None:
    report = about(team, {"README.md": b"x"}, head_repository="mallory/models")
    assert report.reason is ReasonCode.NOTHING_TO_PROMOTE


def test_another_base_branch(team: Team) -> None:
    team.branches["release"] = team.main
    report = about(team, {REQUEST: request("7")}, base_branch="release")
    assert report.reason is ReasonCode.NOT_DEFAULT_BRANCH
    assert "`main`" in str(report.hint)


def test_a_draft_that_asks_for_something_is_called_one(team: Team) -> None:
    report = about(team, {REQUEST: request("7")}, is_draft=True)
    assert report.reason is ReasonCode.VALIDATED
    assert notes(report) == ["this pull request is a draft: it cannot be merged yet"]


def test_a_draft_that_is_not_about_models_is_left_alone(team: Team) -> None:
    report = about(team, {"README.md": b"x"}, is_draft=True)
    assert (report.reason, notes(report)) == (ReasonCode.NOTHING_TO_PROMOTE, [])


def refused_change(team: Team, pull: PullRequest) -> ReasonCode:
    team.pulls[12] = pull
    with pytest.raises(PromoterError) as refused:
        change_of_pull_request(
            team.pull_requests, team.repository, number=12, head="f" * 40, default_branch="main"
        )
    return refused.value.reason


def test_a_pull_request_that_is_over_or_has_moved_on(team: Team) -> None:
    pull = team.propose(12, {REQUEST: request("7")})
    assert refused_change(team, replace(pull, is_open=False)) is ReasonCode.PULL_REQUEST_CLOSED
    assert refused_change(team, pull) is ReasonCode.SUPERSEDED
    huge = replace(pull, head_commit="f" * 40, changed_files=3001)
    assert refused_change(team, huge) is ReasonCode.TOO_MANY_FILES


def test_the_pull_request_is_read_once(team: Team) -> None:
    pull = team.propose(12, {REQUEST: request("7")})
    pulls, calls = observed(team.pull_requests)
    change = change_of_pull_request(
        pulls, team.repository, number=12, head=pull.head_commit, default_branch="main"
    )
    assert (change.pull, change.paths) == (pull, frozenset({REQUEST}))
    assert (calls.count("get"), calls.count("changed_paths")) == (1, 1)


# --- outages --------------------------------------------------------------------------------------


def test_after_an_outage_the_others_are_not_asked(team: Team) -> None:
    team.push({SHADOW: request("6", alias="shadow")})
    files = {REQUEST: request("7"), SHADOW: request("7", alias="shadow"), FRAUD: request("1", model="fraud")}
    registry, calls = observed(team.registry)
    calls.fail("aliases", REGISTRY_DOWN)
    report = validated(team, files, registry=lambda: registry)
    assert [one.reason for one in report.requests] == [ReasonCode.REGISTRY_UNAVAILABLE] * 3
    assert str(report.requests[2].hint) == "wait"
    assert [name for name, _ in calls.made] == ["aliases"]


def test_a_model_that_may_not_be_seen_does_not_keep_the_others_from_being_judged(team: Team) -> None:
    team.version("1", 0.9, model="churn-a")
    files = {"promotions/a.yaml": request("1", model="churn-a"), REQUEST: request("7")}
    registry, calls = observed(team.registry)
    calls.fail("aliases", PromoterError(ReasonCode.PERMISSION_DENIED, say("not for you")))
    report = validated(team, files, registry=lambda: registry)
    assert [one.reason for one in report.requests] == [ReasonCode.PERMISSION_DENIED, ReasonCode.VALIDATED]


def test_a_registry_that_cannot_be_opened(team: Team) -> None:
    def closed() -> RegistryIndex:
        raise REGISTRY_DOWN

    report = validated(team, {REQUEST: request("7")}, registry=closed)
    assert (report.reason, str(report.hint)) == (ReasonCode.REGISTRY_UNAVAILABLE, "wait")


@pytest.mark.parametrize("method", ["files", "contents", "history"])
def test_an_outage_of_github(team: Team, method: str) -> None:
    team.propose(12, {REQUEST: request("7")})
    repository, calls = observed(team.repository)
    calls.fail(method, PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("down")))
    report = validated(team, repository=repository)
    assert report.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_reviews_that_cannot_be_read(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    pulls, calls = observed(team.pull_requests)
    calls.fail("reviews", PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("down")))
    assert validated(team, pull_requests=pulls).reason is ReasonCode.GITHUB_UNAVAILABLE


def test_what_reached_out_of_the_sandbox_ends_the_run(team: Team) -> None:
    """Nothing else that was judged beside it is believed either."""
    rules = "checks:\n      custom: [{name: fairness, command: [cat]}]"
    team.push({POLICY: policy("checks:", rules), SHADOW: request("6", alias="shadow")})
    error = Tampered(ReasonCode.MODEL_UNSAFE, say("a file changed"), hint=say("replace secrets"))
    asked = FakeCustomChecks(gives=error)
    files = {REQUEST: request("7"), SHADOW: request("7", alias="shadow")}
    report = validated(team, files, custom_checks=asked)
    assert (report.reason, report.requests) == (ReasonCode.MODEL_UNSAFE, ())
    assert (str(report.message), str(report.hint)) == ("a file changed", "replace secrets")
    assert len(asked.asked) == 1
