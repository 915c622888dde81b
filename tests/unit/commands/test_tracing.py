"""Who asked: the merged pull request behind a file, and what git held before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from promoter.commands.tracing import FARTHEST, Branch, Traced, Tracer
from promoter.commands.trees import HISTORY_LIMIT
from promoter.commands.versions import Past
from promoter.core.prompt import Kind
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Repository
from tests.builders import a_request
from tests.fakes.github import blob_id
from tests.fakes.observed import observed
from tests.fakes.team import PLACES, POLICY, REQUEST, Team, policy, request


@pytest.fixture
def team() -> Team:
    return Team()


def traced(
    team: Team, repository: Repository | None = None, *, path: str = REQUEST, alias: str = "champion"
) -> Traced:
    held = team.commits[team.main].get(path, b"")
    assert isinstance(held, bytes)
    tracer = Tracer(
        repository=repository or team.repository,
        pull_requests=team.pull_requests,
        places=PLACES,
        branch=Branch(name="main", tip=team.main),
    )
    return tracer.trace(a_request(path=path, alias=alias, blob_id=blob_id(held)))


def refusal(team: Team) -> ReasonCode:
    with pytest.raises(PromoterError) as refused:
        traced(team)
    assert str(refused.value.hint)
    return refused.value.reason


def pushed(team: Team, times: int) -> None:
    """So many commits that leave the requests alone."""
    for at in range(times):
        team.push({"README.md": f"{at}".encode()})


# --- the pull request -----------------------------------------------------------------------------


def test_the_pull_request_and_the_past(team: Team) -> None:
    start = team.main
    team.ask({REQUEST: request("7")})
    found = traced(team)
    assert (found.pull.number, found.claim.pull, found.onto) == (12, 12, start)
    assert found.claim.past == (Past(commit=start, version="6"),)
    assert found.claim.pulls_of(team.main) == (12,)


@pytest.mark.parametrize("later", [1, 2, 22, 23, 24, 25, 46, 47, 60])
def test_a_change_is_found_however_far_back(team: Team, later: int) -> None:
    start = team.main
    team.ask({REQUEST: request("7")})
    pushed(team, later)
    found = traced(team)
    assert (found.pull.number, found.onto) == (12, start)


def test_the_branch_is_read_no_farther_than_needed(team: Team) -> None:
    pushed(team, 100)
    team.ask({REQUEST: request("7")})
    repository, calls = observed(team.repository)
    traced(team, repository)
    limits = [arguments[1] for name, arguments in calls.made if name == "first_parents"]
    assert max(limits) == 4
    assert calls.count("blob_ids") <= 3


def test_the_farthest_change_that_is_found_and_the_first_that_is_not(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    pushed(team, FARTHEST - 2)
    assert traced(team).pull.number == 12
    pushed(team, 1)
    with pytest.raises(PromoterError, match=rf"was last changed more than {FARTHEST} commits ago") as refused:
        traced(team)
    assert refused.value.reason is ReasonCode.NO_PULL_REQUEST


@pytest.mark.parametrize("later", [0, 1, 23, 30])
def test_the_first_commit_of_all_may_have_brought_it(team: Team, later: int) -> None:
    team.propose(11, {REQUEST: request("6")})
    team.close(11)
    pushed(team, later)
    found = traced(team)
    assert (found.pull.number, found.onto, found.claim.past) == (11, "", ())


def test_a_change_that_was_undone_and_brought_again_is_the_later_ones(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    team.ask({REQUEST: request("6")}, 13)
    before = team.main
    team.ask({REQUEST: request("7")}, 14)
    found = traced(team)
    assert (found.pull.number, found.onto) == (14, before)


def test_a_merge_commit_counts_and_not_what_it_merged(team: Team) -> None:
    start = team.main
    team.propose(12, {REQUEST: request("7")})
    team.propose(13, {REQUEST: request("7")})
    team.brought[team.pulls[12].head_commit] = [12, 13]
    team.merge_commit(12)
    pushed(team, 1)
    assert (traced(team).pull.number, traced(team).onto) == (12, start)


def test_what_a_foxtrot_merge_brought_was_no_pull_requests_doing(team: Team) -> None:
    """A push whose first parent is the branch's own commit and not main: main's merges are second parents."""
    start = team.main
    team.propose(12, {REQUEST: request("7")})
    merge = team.merge_commit(12)
    team.main = start
    team.main = team.push({REQUEST: request("7")})
    team.merged[team.main] = merge
    assert refusal(team) is ReasonCode.NO_PULL_REQUEST


def test_a_direct_push(team: Team) -> None:
    team.push({REQUEST: request("7")})
    assert refusal(team) is ReasonCode.NO_PULL_REQUEST


def test_a_direct_push_of_what_a_pull_request_has_asked_for_and_not_merged_here(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.push({REQUEST: request("7")})
    team.brought[team.main] = [12]
    team.pulls[12] = replace(team.pulls[12], is_merged=True, merge_commit="d" * 40)
    assert refusal(team) is ReasonCode.NO_PULL_REQUEST


@pytest.mark.parametrize(
    "changes", [{"is_merged": False}, {"base_branch": "release"}, {"merge_commit": None}]
)
def test_a_pull_request_that_did_not_bring_it_here(team: Team, changes: dict[str, Any]) -> None:
    team.ask({REQUEST: request("7")})
    team.pulls[12] = replace(team.pulls[12], **changes)
    assert refusal(team) is ReasonCode.NO_PULL_REQUEST


def test_a_pull_request_that_was_merged_before_the_change(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    team.push({REQUEST: request("6")})
    team.push({REQUEST: request("7")})
    team.brought[team.main] = [12]
    assert refusal(team) is ReasonCode.NO_PULL_REQUEST


def test_a_pull_request_of_the_commit_that_does_not_touch_the_file(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    team.propose(11, {"README.md": b"x"})
    team.pulls[11] = replace(team.pulls[11], is_merged=True, merge_commit=team.main)
    team.brought[team.main] = [11, 12]
    assert traced(team).pull.number == 12
    team.brought[team.main] = [11]
    assert refusal(team) is ReasonCode.NO_PULL_REQUEST


def test_a_pull_request_from_a_fork(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")}, head_repository="mallory/models")
    team.merge(12)
    assert refusal(team) is ReasonCode.FORK_UNSUPPORTED


@pytest.mark.parametrize(("kind", "name"), [(Kind.MODEL, "churn"), (Kind.PROMPT, "prompts:/churn")])
def test_what_the_run_itself_wrote_last_is_known_by_the_requests_key(
    team: Team, kind: Kind, name: str
) -> None:
    team.ask({REQUEST: request("7")})
    tracer = Tracer(
        repository=team.repository,
        pull_requests=team.pull_requests,
        places=PLACES,
        branch=Branch(name="main", tip=team.main),
        ours={(name, "champion"): frozenset({"5"})},
    )
    asked = a_request(kind=kind, path=REQUEST, blob_id=blob_id(request("7")))
    assert tracer.trace(asked).claim.ours == {"5"}


# --- its own rules --------------------------------------------------------------------------------


def test_a_pull_request_that_edited_the_policy_too(team: Team) -> None:
    team.ask({REQUEST: request("7"), POLICY: policy("0.5", "0.1")})
    assert refusal(team) is ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST


def test_a_merge_that_edited_the_policy_where_the_pull_request_did_not(team: Team) -> None:
    team.propose(12, {REQUEST: request("7")})
    team.push({REQUEST: request("7"), POLICY: policy("0.5", "0.1")})
    team.close(12)
    assert refusal(team) is ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST


def test_a_pull_request_that_edited_a_workflow_too(team: Team) -> None:
    team.ask({REQUEST: request("7"), ".github/workflows/promote.yml": b"on: push\n"})
    assert refusal(team) is ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST


def test_a_policy_that_was_edited_before_or_after_is_no_matter(team: Team) -> None:
    team.push({POLICY: policy("0.5", "0.6")})
    team.ask({REQUEST: request("7")})
    team.push({POLICY: policy("0.5", "0.7")})
    assert traced(team).pull.number == 12


# --- what was before ------------------------------------------------------------------------------


def rebased(team: Team, *files: bytes, commits: int = 0) -> None:
    """Merge pull request 12 commit by commit; GitHub names the last one as its merge."""
    team.propose(12, {REQUEST: files[-1]}, commits=commits)
    for content in files:
        team.push({REQUEST: content})
        team.close(12)


def test_a_rebase_of_two_commits_has_the_past_before_both(team: Team) -> None:
    start = team.main
    rebased(team, request("5"), request("7"))
    assert traced(team).onto == start
    assert traced(team).claim.past == (Past(commit=start, version="6"),)


def test_the_first_of_two_rebased_commits_may_have_changed_the_file(team: Team) -> None:
    start = team.main
    rebased(team, request("7"), request("7"))
    found = traced(team)
    assert (found.pull.number, found.onto) == (12, start)


def test_a_rebase_from_the_first_line_has_no_past(team: Team) -> None:
    team.brought[team.main] = [12]
    team.ask({REQUEST: request("7")})
    assert (traced(team).onto, traced(team).claim.past) == ("", ())


@pytest.mark.parametrize("contents", [("7",), ("5", "7"), ("7", "7"), ("6", "7", "7")])
def test_a_pull_request_brings_no_more_commits_than_it_has(team: Team, contents: tuple[str, ...]) -> None:
    """About the commit before the first of them GitHub is not even asked."""
    start = team.main
    team.brought[start] = [12]
    rebased(team, *(request(content) for content in contents), commits=len(contents))
    assert traced(team).onto == start


def test_of_fewer_commits_than_it_has_github_tells_where_they_begin(team: Team) -> None:
    """Squashed into one, or those left out that were on the branch already."""
    start = team.main
    rebased(team, request("7"), commits=3)
    assert traced(team).onto == start


def test_a_merge_commit_is_the_only_one_its_pull_request_brought(team: Team) -> None:
    """What GitHub lists for the commit before it is not even asked."""
    start = team.main
    team.propose(12, {REQUEST: request("7")})
    team.merge_commit(12)
    team.brought[start] = [12]
    assert traced(team).onto == start


def test_the_past_of_a_renamed_request_is_its_old_files(team: Team) -> None:
    start, other = team.main, "promotions/elsewhere.yaml"
    team.ask({REQUEST: None, other: request("7")})
    assert traced(team, path=other).claim.past == (Past(commit=start, version="6"),)


def test_a_request_for_another_alias_has_no_past(team: Team) -> None:
    other = "promotions/churn/shadow.yaml"
    team.ask({other: request("7", alias="shadow")})
    assert traced(team, path=other, alias="shadow").claim.past == ()


def test_history_is_asked_for_once_and_never_whole(team: Team) -> None:
    for number in range(HISTORY_LIMIT + 5):
        team.push({REQUEST: request(str(100 + number))})
    onto = team.main
    team.ask({REQUEST: request("7")})
    repository, calls = observed(team.repository)
    found = traced(team, repository)
    asked = [arguments for name, arguments in calls.made if name == "history"]
    assert asked == [(onto, REQUEST, HISTORY_LIMIT)]
    assert len(found.claim.past) == HISTORY_LIMIT


def test_two_contents_at_one_commit_are_an_outage(team: Team) -> None:
    tracer = Tracer(
        repository=team.repository,
        pull_requests=team.pull_requests,
        places=PLACES,
        branch=Branch(name="main", tip=team.main),
    )
    with pytest.raises(PromoterError, match=r"two contents of `promotions/never\.yaml`") as refused:
        tracer.trace(a_request(path="promotions/never.yaml"))
    assert refused.value.reason is ReasonCode.GITHUB_UNAVAILABLE
