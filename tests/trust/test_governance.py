"""T01 to T15: who may move an alias, and what counts as a review of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from promoter.commands.apply import apply
from promoter.commands.validate import change_of_pull_request, validate
from promoter.core.pull_request import BranchMove, Contributor, Permission, Review, ReviewState
from promoter.core.report import Report
from promoter.errors import PromoterError, ReasonCode
from tests.fakes.observed import observed
from tests.fakes.team import POLICY, REQUEST, Team, policy, request

ADDRESS = "12345+bob@users.noreply.github.com"
CODEOWNERS = ".github/CODEOWNERS"


def applied(team: Team) -> Report:
    return apply(team.apply_world(), branch="main")


def moves(team: Team) -> bool:
    """Whether apply moves the champion from 6 to 7; nothing else is ever written."""
    report = applied(team)
    moved = team.champion() == "7"
    assert moved is (report.reason is ReasonCode.APPLIED), report.message
    assert moved or team.registry.writes == []
    return moved


# --- T03, T04: which approval stands --------------------------------------------------------------

A, C, R, D = (
    ReviewState.APPROVED,
    ReviewState.COMMENTED,
    ReviewState.CHANGES_REQUESTED,
    ReviewState.DISMISSED,
)


@pytest.mark.parametrize("approved_at", [0, 1, 2])
def test_t03_an_approval_is_for_the_content_that_is_merged_and_for_no_other(
    team: Team, approved_at: int
) -> None:
    """Three pushes: the request, something else, the request again with another version in between."""
    contents = [request("7"), request("6"), request("7")]
    team.propose(12, {REQUEST: contents[0]})
    heads = [team.pulls[12].head_commit]
    heads += [team.update(12, {REQUEST: content}) for content in contents[1:]]
    team.approve(12, commit=heads[approved_at])
    team.merge(12)
    assert moves(team) is (contents[approved_at] == contents[-1])


@pytest.mark.parametrize("sequence", list(product((A, C, R, D), repeat=3)))
def test_t04_the_last_opinion_stands_and_a_comment_is_none(
    team: Team, sequence: tuple[ReviewState, ...]
) -> None:
    team.propose(12, {REQUEST: request("7")})
    at = team.pulls[12].head_commit
    team.reviews[12] = [
        Review(reviewer="bob", is_person=True, state=state, commit_id=at) for state in sequence
    ]
    team.merge(12)
    opinions = [state for state in sequence if state is not C]
    assert moves(team) is (opinions[-1:] == [A])


# --- T05, T06: whose approval counts --------------------------------------------------------------


@pytest.mark.parametrize("now", Permission)
def test_t05_what_counts_is_the_permission_at_apply(team: Team, now: Permission) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.approve(12)
    (judged,) = validate(team.validate_world(), team.change()).requests
    assert judged.approval is not None
    assert judged.approval.is_enough
    team.merge(12)
    team.permissions["bob"] = now
    assert moves(team) is (now in {Permission.WRITE, Permission.ADMIN})


HANDS = {
    "author or committer with an account": Contributor(login="bob", email="b@x.example"),
    "in other capitals": Contributor(login="BoB", email="b@x.example"),
    "co-author by a noreply address": Contributor(login=None, email=ADDRESS),
    "co-author by the old noreply address": Contributor(login=None, email="Bob@users.noreply.github.com"),
    "on an Enterprise Server": Contributor(login=None, email="bob@users.noreply.ghe.example"),
}


@pytest.mark.parametrize("hand", HANDS.values(), ids=HANDS.keys())
def test_t06_whoever_had_a_hand_in_it_does_not_approve_it(team: Team, hand: Contributor) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.people[12] = [*team.people[12], hand]
    team.approve(12)
    team.merge(12)
    report = applied(team)
    assert (report.reason, team.champion()) == (ReasonCode.APPROVAL_SELF, "6")


def test_t06_who_opened_it_does_not_approve_it_whoever_wrote_the_commits(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")}, author="bob")
    team.approve(12)
    team.merge(12)
    assert applied(team).reason is ReasonCode.APPROVAL_SELF
    assert team.champion() == "6"


@pytest.mark.parametrize("login", ["bob", "BoB"])
@pytest.mark.parametrize("earlier", [True, False], ids=["pushed first", "pushed last"])
def test_t06_who_pushed_it_does_not_approve_it_whatever_name_the_commits_carry(
    team: Team, login: str, earlier: bool
) -> None:
    """Every commit says that alice wrote it; the account that pushed is another."""
    team.propose(12, {REQUEST: request("7")})
    head, middle = team.pulls[12].head_commit, "d" * 40
    pushers = ["alice", login] if earlier else [login, "alice"]
    team.pushed[12] = [
        BranchMove(actor=pushers[0], before=middle, after=head, is_forced=True),
        BranchMove(actor=pushers[1], before="0" * 40, after=middle, is_forced=False),
    ]
    team.approve(12)
    (judged,) = validate(team.validate_world(), team.change()).requests
    assert judged.approval is not None
    assert [str(why) for _, why in judged.approval.refused] == ["pushed part of the change"]
    team.merge(12)
    assert applied(team).reason is ReasonCode.APPROVAL_SELF
    assert team.champion() == "6"
    team.approve(12, by="carol")
    assert applied(team).reason is ReasonCode.APPLIED


def test_t06_where_it_is_not_known_who_pushed_that_is_said_and_what_is_known_decides(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.pushed[12] = []
    team.approve(12)
    before = validate(team.validate_world(), team.change())
    team.merge(12)
    after = applied(team)
    for report in (before, after):
        told = [str(note) for note in report.requests[0].notes if "who pushed" in str(note)]
        assert len(told) == 1, report.reason
    assert (after.reason, team.champion()) == (ReasonCode.APPLIED, "7")


def test_t06_a_robot_is_nobody(team: Team) -> None:
    team.permissions["robot[bot]"] = Permission.ADMIN
    team.propose(12, {REQUEST: request("7")})
    at = team.pulls[12].head_commit
    team.reviews[12] = [Review(reviewer="robot[bot]", is_person=False, state=A, commit_id=at)]
    team.merge(12)
    assert applied(team).reason is ReasonCode.APPROVAL_MISSING
    assert team.champion() == "6"


# --- T07: CODEOWNERS is not what decides ----------------------------------------------------------

TRAPS = {
    "last match wins": b"* @carol\npromotions/ @carol\n* @bob\n",
    "one invalid line": b"promotions/ @carol\n[z-a @@\n",
    "over 3 MB": b"promotions/ @carol\n" + b"#" * 3_100_000,
    "an owner is a team": b"promotions/ @acme/risk\n",
    "nobody": b"promotions/\n",
}


@pytest.mark.parametrize("listed", ["bob", "carol"])
@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS.keys())
def test_t07_the_policys_own_list_decides_whatever_codeowners_says(
    team: Team, trap: bytes, listed: str
) -> None:
    team.push({CODEOWNERS: trap, POLICY: policy("{minimum: 1}", f"{{minimum: 1, from: [{listed}]}}")})
    team.ask({REQUEST: request("7")})
    assert moves(team) is (listed == "bob")


# --- T01, T08, T10, T14, T15 ----------------------------------------------------------------------


def test_t08_a_pull_request_that_was_closed_brings_nothing_by_a_direct_push(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.approve(12)
    team.pulls[12] = replace(team.pulls[12], is_open=False)
    team.push({REQUEST: request("7")})
    team.brought[team.main] = [12]
    assert applied(team).reason is ReasonCode.NO_PULL_REQUEST
    assert team.champion() == "6"


def test_t10_nothing_but_content_people_and_reviews_is_asked_of_github(team: Team) -> None:
    """There is no way to ask for a check, a status, a label or a deployment, so none can be forged."""
    team.ask({REQUEST: request("7")})
    pulls, of_pulls = observed(team.pull_requests)
    files, of_files = observed(team.repository)
    report = apply(team.apply_world(pull_requests=pulls, repository=files), branch="main")
    assert report.reason is ReasonCode.APPLIED
    assert {name for name, _ in of_pulls.made} <= {
        "changed_paths",
        "comment",  # its pins are a brake (T17)
        "commits",
        "contributors",
        "get",
        "is_team_member",
        "moves",
        "numbers_of_commit",
        "of_commit",
        "permission",
        "reviews",
    }
    asked = {name for name, _ in of_files.made}
    known = {"blob_ids", "contents", "expect", "files", "first_parents", "history", "merge_base", "tip"}
    assert asked <= known


MEANWHILE: dict[str, tuple[Callable[[Team], object], ReasonCode]] = {
    "policy tightened": (lambda team: team.push({POLICY: policy("0.5", "0.95")}), ReasonCode.CHECKS_FAILED),
    "promotions disabled": (
        lambda team: team.push({POLICY: policy("enforce", "disabled")}),
        ReasonCode.ALIAS_NOT_ALLOWED,
    ),
    "alias moved by hand": (
        lambda team: team.registry.set_alias("churn", "champion", version="5"),
        ReasonCode.CONFLICT,
    ),
    "other figures": (lambda team: team.version("7", 0.4), ReasonCode.CHECKS_FAILED),
    "description emptied": (lambda team: team.version("7", 0.91, description=""), ReasonCode.CHECKS_FAILED),
    "version not ready": (
        lambda team: team.version("7", 0.91, status="PENDING_REGISTRATION"),
        ReasonCode.VERSION_NOT_READY,
    ),
}


@pytest.mark.parametrize(("happens", "reason"), MEANWHILE.values(), ids=MEANWHILE.keys())
@pytest.mark.parametrize("when", ["before the merge", "after the merge"])
def test_t14_what_changed_since_validate_is_judged_again(
    team: Team, happens: Callable[[Team], object], reason: ReasonCode, when: str
) -> None:
    team.version("5", 0.7)
    team.propose(12, {REQUEST: request("7")})
    team.approve(12)
    assert validate(team.validate_world(), team.change()).reason is ReasonCode.VALIDATED
    if when == "before the merge":
        happens(team)
        team.merge(12)
    else:
        team.merge(12)
        happens(team)
    team.registry.writes.clear()
    assert applied(team).reason is reason
    assert [write.method for write in team.registry.writes] == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_merged": False, "merge_commit": None}, ReasonCode.NO_PULL_REQUEST),
        ({"base_branch": "release"}, ReasonCode.NO_PULL_REQUEST),
        ({"merge_commit": "f" * 40}, ReasonCode.NO_PULL_REQUEST),
        ({"head_repository": "mallory/models"}, ReasonCode.FORK_UNSUPPORTED),
        ({"is_draft": True}, ReasonCode.APPLIED),
    ],
)
def test_t15_only_what_was_merged_into_the_default_branch_counts(
    team: Team, changes: dict[str, object], reason: ReasonCode
) -> None:
    """A draft that was merged all the same was approved by people and merged by people."""
    team.ask({REQUEST: request("7")})
    team.pulls[12] = replace(team.pulls[12], **changes)  # type: ignore[arg-type]
    assert applied(team).reason is reason
    assert team.champion() == ("7" if reason is ReasonCode.APPLIED else "6")


def test_t15_a_pull_request_that_was_retargeted_is_judged_by_its_new_base(team: Team) -> None:
    strict = team.push({POLICY: policy("0.5", "0.95")})
    team.branches["release"] = strict
    team.push({POLICY: policy()})
    team.propose(12, {REQUEST: request("7")}, base_branch="release")
    assert validate(team.validate_world(), team.change()).reason is ReasonCode.NOT_DEFAULT_BRANCH
    team.pulls[12] = replace(team.pulls[12], base_branch="main")
    assert validate(team.validate_world(), team.change()).reason is ReasonCode.VALIDATED


def test_t13_a_fork_is_told_so_before_any_registry_or_model_is_touched(team: Team) -> None:
    """The measurer of this world fails when it is asked; so does this registry when it is opened."""

    def opened() -> None:
        pytest.fail("the registry was opened for a fork")

    team.propose(12, {REQUEST: request("7")}, head_repository="mallory/models")
    report = validate(team.validate_world(registry=opened), team.change())
    assert report.reason is ReasonCode.FORK_UNSUPPORTED
    assert "registry credentials" in str(report.message)
    assert "Push the branch to this repository" in str(report.hint)


def test_t12_a_pull_request_whose_files_are_not_all_listed_is_not_read(team: Team) -> None:
    pull = team.propose(12, {REQUEST: request("7")}, changed_files=3001)
    with pytest.raises(PromoterError) as refused:
        change_of_pull_request(
            team.pull_requests, team.repository, number=12, head=pull.head_commit, default_branch="main"
        )
    assert refused.value.reason is ReasonCode.TOO_MANY_FILES
