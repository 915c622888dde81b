"""What is asked of GitHub to weigh approvals, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promoter.commands.weighing import Question, Reviewed, gather_reviews
from promoter.core.approval import ApprovalState, Refusal
from promoter.core.policy import Approvals
from promoter.core.pull_request import BranchMove, Contributor, Permission, ReviewState
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say
from tests.builders import a_policy, a_request, a_request_report, a_review
from tests.fakes.github import blob_id
from tests.fakes.observed import Calls, observed
from tests.fakes.team import REQUEST, SHADOW, Team, request

GONE = "9" * 40


@pytest.fixture
def team() -> Team:
    team = Team()
    team.propose(12, {REQUEST: request("7")})
    return team


def question(team: Team, onto: str | None = None) -> Question:
    """Of pull request 12, merged onto what the branch holds now."""
    return Question(pull=team.pulls[12], onto=team.main if onto is None else onto, paths=(REQUEST,))


def gathered(
    team: Team, rules: Approvals | None = None, *, onto: str | None = None
) -> tuple[Reviewed, Calls, Calls]:
    pulls, asked = observed(team.pull_requests)
    repository, read = observed(team.repository)
    reviewed = gather_reviews(
        question(team, onto), rules or Approvals(), pull_requests=pulls, repository=repository
    )
    return reviewed, asked, read


def proposed() -> PromotionRequest:
    return a_request(path=REQUEST, blob_id=blob_id(request("7")))


def state(team: Team, rules: Approvals | None = None, *, onto: str | None = None) -> ApprovalState:
    return gathered(team, rules, onto=onto)[0].state(proposed())


def test_nobody_reviewed_costs_one_call(team: Team) -> None:
    reviewed, asked, read = gathered(team)
    assert reviewed.state(proposed()) == ApprovalState(needed=1)
    assert [name for name, _ in asked.made] == ["reviews"]
    assert read.made == []


def test_one_approval_costs_six_calls(team: Team) -> None:
    team.approve(12)
    reviewed, asked, read = gathered(team)
    assert reviewed.state(proposed()).counted == ("bob",)
    # Of these, `commits` is known from the contributors.
    assert [name for name, _ in asked.made] == ["reviews", "contributors", "commits", "moves", "permission"]
    head = team.pulls[12].head_commit
    assert read.made == [
        ("merge_base", (team.main, head)),
        ("blob_ids", ([(head, REQUEST), (team.main, REQUEST), (team.main, REQUEST)],)),
    ]


def test_people_who_looked_at_the_same_commit_cost_one_look_at_it(team: Team) -> None:
    team.approve(12)
    team.approve(12, by="carol")
    reviewed, asked, read = gathered(team, Approvals(minimum=2))
    assert reviewed.state(proposed()) == ApprovalState(needed=2, counted=("bob", "carol"))
    assert (asked.count("permission"), read.count("blob_ids")) == (2, 1)


def test_only_an_approval_that_stands_is_asked_about(team: Team) -> None:
    team.approve(12)
    team.approve(12, by="carol")
    withdrawn = a_review(reviewer="BOB", state=ReviewState.CHANGES_REQUESTED)
    team.reviews[12].append(withdrawn)
    _, asked, _ = gathered(team)
    assert asked.asked("permission") == ["carol"]


@pytest.mark.parametrize(
    "contributor",
    [
        Contributor(login="Bob", email=""),
        Contributor(login=None, email="123+bob@users.noreply.github.com"),
    ],
)
def test_nothing_more_is_asked_about_somebody_who_wrote_part_of_it(
    team: Team, contributor: Contributor
) -> None:
    team.people[12].append(contributor)
    team.approve(12)
    reviewed, asked, read = gathered(team)
    assert reviewed.state(proposed()).refused == (("bob", Refusal.AUTHOR),)
    assert (asked.count("permission"), read.count("blob_ids")) == (0, 0)


def test_a_robots_approval_costs_one_call(team: Team) -> None:
    team.reviews[12] = [a_review(reviewer="robot[bot]", is_person=False)]
    reviewed, asked, _ = gathered(team)
    assert reviewed.state(proposed()).refused == (("robot[bot]", Refusal.NOT_A_PERSON),)
    assert [name for name, _ in asked.made] == ["reviews"]


def test_an_author_may_count_where_the_policy_says_so(team: Team) -> None:
    team.approve(12, by="alice")
    assert state(team).refused == (("alice", Refusal.AUTHOR),)
    reviewed, asked, _ = gathered(team, Approvals(author_counts=True))
    assert reviewed.state(proposed()).counted == ("alice",)
    assert asked.count("contributors") == 0


def test_somebody_without_write_access(team: Team) -> None:
    team.permissions["bob"] = Permission.READ
    team.approve(12)
    assert state(team).refused == (("bob", Refusal.NO_WRITE_ACCESS),)


def test_another_content_was_approved(team: Team) -> None:
    team.approve(12)
    reviewed, _, _ = gathered(team)
    changed = replace(proposed(), blob_id=blob_id(request("8")))
    assert reviewed.state(changed).refused == (("bob", Refusal.STALE),)


def test_a_commit_without_the_file_was_approved(team: Team) -> None:
    before = team.push({REQUEST: None})
    team.approve(12, commit=before)
    assert state(team).refused == (("bob", Refusal.STALE),)


@pytest.mark.parametrize("commit", ["", GONE])
@pytest.mark.parametrize("onto", [None, ""])
def test_a_commit_that_is_gone_shows_nothing(team: Team, commit: str, onto: str | None) -> None:
    team.reviews[12] = [a_review(commit_id=commit)]
    assert state(team, onto=onto).refused == (("bob", Refusal.STALE),)


@pytest.mark.parametrize("method", ["merge_base", "blob_ids"])
def test_an_outage_is_not_taken_for_a_commit_that_is_gone(team: Team, method: str) -> None:
    team.approve(12)
    repository, calls = observed(team.repository)
    error = PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("down"))
    calls.fail(method, error)
    with pytest.raises(PromoterError) as raised:
        gather_reviews(question(team), Approvals(), pull_requests=team.pull_requests, repository=repository)
    assert raised.value is error


# --- what the reviewer was shown ------------------------------------------------------------------


def test_an_approval_stands_when_the_branch_moved_on_elsewhere(team: Team) -> None:
    team.approve(12)
    team.push({"README.md": b"x", SHADOW: request("6", alias="shadow")})
    assert state(team).counted == ("bob",)


def test_an_approval_of_the_same_content_is_not_for_another_change(team: Team) -> None:
    """bob saw 6 become 7; main has gone to 8 since, and nobody saw 8 become 7."""
    team.approve(12)
    team.push({REQUEST: request("8")})
    assert state(team).refused == (("bob", Refusal.STALE),)


def test_an_approval_given_after_the_branch_was_brought_up_to_date_counts(team: Team) -> None:
    team.push({REQUEST: request("8")})
    update = team.update(12, {REQUEST: request("7")})
    team.approve(12)
    reviewed, _, read = gathered(team)
    assert reviewed.state(proposed()).counted == ("bob",)
    assert read.made[0] == ("merge_base", (team.main, update))


def test_a_commit_that_left_the_file_as_it_was_shows_no_change_of_it(team: Team) -> None:
    """The content is the proposed one, and was there before: an approval of something else beside it."""
    team.push({REQUEST: request("7")})
    team.propose(12, {"README.md": b"x"})
    team.approve(12)
    assert state(team).refused == (("bob", Refusal.STALE),)


def test_a_file_that_is_new_on_both_sides_was_shown_as_new(team: Team) -> None:
    team.push({REQUEST: None})
    team.propose(12, {REQUEST: request("7")})
    team.approve(12)
    assert state(team).counted == ("bob",)


def test_what_is_merged_onto_nothing_was_shown_whole(team: Team) -> None:
    team.approve(12)
    reviewed, _, read = gathered(team, onto="")
    assert reviewed.state(proposed()).counted == ("bob",)
    assert read.made == [("blob_ids", ([(team.pulls[12].head_commit, REQUEST)],))]


def test_a_commit_that_shares_nothing_with_the_branch_shows_nothing(team: Team) -> None:
    team.approve(12)
    team.parents[team.pulls[12].head_commit] = None
    assert state(team).refused == (("bob", Refusal.STALE),)


# --- the policy's list ----------------------------------------------------------------------------


def test_people_on_the_list_count_in_any_case(team: Team) -> None:
    team.approve(12)
    team.approve(12, by="carol")
    reviewed, asked, _ = gathered(team, Approvals(approvers=("BOB",)))
    assert reviewed.state(proposed()) == ApprovalState(
        needed=1, counted=("bob",), refused=(("carol", Refusal.NOT_LISTED),)
    )
    assert asked.count("is_team_member") == 0


def test_logins_are_the_same_in_any_case(team: Team) -> None:
    team.teams = {"acme/risk": ["dora"]}
    for login in ("Alice", "Bob", "Dora"):
        team.approve(12, by=login)
    team.permissions["dora"] = Permission.WRITE
    reviewed, asked, _ = gathered(team, Approvals(approvers=("bob", "acme/risk")))
    assert reviewed.state(proposed()) == ApprovalState(
        needed=1, counted=("Bob", "Dora"), refused=(("Alice", Refusal.AUTHOR),)
    )
    assert (asked.asked("permission"), asked.asked("is_team_member")) == (["Bob", "Dora"], ["Dora"])


def test_nobody_asks_who_pushed_where_its_author_approved_it_in_other_letters(team: Team) -> None:
    team.approve(12, by="ALICE")
    _, asked, _ = gathered(team)
    assert asked.count("moves") == 0


def test_members_of_a_team_on_the_list_count(team: Team) -> None:
    team.teams = {"acme/risk": ["carol"], "acme/ml": []}
    team.approve(12)
    team.approve(12, by="carol")
    rules = Approvals(approvers=("bob", "acme/ml", "acme/risk"))
    reviewed, asked, _ = gathered(team, rules)
    assert reviewed.state(proposed()).counted == ("bob", "carol")
    assert asked.asked("is_team_member") == ["carol", "carol"]


def test_nobody_on_the_list_approved(team: Team) -> None:
    team.teams = {"acme/risk": []}
    team.approve(12)
    rules = Approvals(approvers=("acme/risk", "dora"))
    assert state(team, rules).refused == (("bob", Refusal.NOT_LISTED),)


def test_a_team_that_cannot_be_seen_decides_nothing(team: Team) -> None:
    team.approve(12)
    with pytest.raises(PromoterError) as refused:
        gathered(team, Approvals(approvers=("acme/secret",)))
    assert refused.value.reason is ReasonCode.PERMISSION_DENIED


def test_files_are_told_apart_by_path(team: Team) -> None:
    team.approve(12)
    reviewed, _, _ = gathered(team)
    assert reviewed.seen == {team.pulls[12].head_commit: {REQUEST: proposed().blob_id}}
    assert reviewed.state(replace(proposed(), path="promotions/other.yaml")).counted == ()


def test_each_report_gets_the_approvals_of_its_own_request(team: Team) -> None:
    team.approve(12)
    reviewed, _, _ = gathered(team)
    other = replace(proposed(), path="promotions/other.yaml")
    reports = [a_request_report(request=one, approval=None) for one in (other, proposed())]
    first, second = reviewed.stated(reports, a_policy())
    assert first.approval == ApprovalState(needed=1, refused=(("bob", Refusal.STALE),))
    assert second.approval == ApprovalState(needed=1, counted=("bob",))
    assert (first.request, second.request) == (other, proposed())


# --- who pushed -----------------------------------------------------------------------------------


def pushed_by(team: Team, *logins: str) -> None:
    head = team.pulls[12].head_commit
    team.pushed[12] = [
        BranchMove(actor=login, before="0" * 40, after=head, is_forced=False) for login in logins
    ]


def test_whoever_pushed_it_does_not_approve_it_and_is_asked_about_no_further(team: Team) -> None:
    team.approve(12)
    pushed_by(team, "BOB")
    reviewed, asked, read = gathered(team)
    assert reviewed.state(proposed()).refused == (("bob", Refusal.PUSHER),)
    assert (asked.count("permission"), read.made) == (0, [])


def test_whoever_pushed_it_may_approve_where_authors_may(team: Team) -> None:
    team.approve(12)
    pushed_by(team, "bob")
    reviewed, asked, _ = gathered(team, Approvals(author_counts=True))
    assert reviewed.state(proposed()).counted == ("bob",)
    assert (asked.count("moves"), asked.count("commits")) == (0, 0)


def test_nobody_asks_who_pushed_where_all_who_approved_wrote_it(team: Team) -> None:
    team.approve(12, by="alice")
    _, asked, _ = gathered(team)
    assert asked.count("moves") == 0


def told(team: Team, *approvals: ApprovalState | None) -> list[str]:
    """The notes of the requests of a pull request, one for each of these approvals."""
    reviewed, _, _ = gathered(team)
    reports = reviewed.noted([a_request_report(approval=one) for one in approvals])
    return [" ".join(map(str, report.notes)) for report in reports]


def test_that_it_is_not_known_who_pushed_is_said_once_and_where_it_matters(team: Team) -> None:
    team.approve(12)
    pushed_by(team)
    counted, none = ApprovalState(needed=1, counted=("bob",)), ApprovalState(needed=1)
    first, second, third = told(team, none, counted, counted)
    assert (first, third) == ("", "")
    assert "GitHub does not tell who pushed" in second
    assert "approval of the most recent push" in second
    assert state(team).counted == ("bob",)


def test_where_no_approval_counts_it_does_not_matter_who_pushed(team: Team) -> None:
    team.approve(12)
    pushed_by(team)
    assert told(team, None, ApprovalState(needed=1)) == ["", ""]


def test_nothing_is_said_where_it_is_known(team: Team) -> None:
    team.approve(12)
    assert told(team, ApprovalState(needed=1, counted=("bob",))) == [""]
