"""T13, T01: a merge group names no pull request, and is judged for those of this repository only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from promoter.commands.admission import MergeGroup
from promoter.commands.validate import Change, validate
from promoter.core.report import Report
from promoter.demo.github.model import MergeMethod
from promoter.errors import ReasonCode
from promoter.ports import RegistryReader
from tests.e2e.house import POLICY as HOUSE_POLICY
from tests.e2e.house import POLICY_TEXT, House
from tests.fakes.observed import observed
from tests.fakes.team import POLICY, REQUEST, SHADOW, Team, policy, request

SEVEN, SHADOW_SEVEN = request("7"), request("7", alias="shadow")
FORK = {"head_repository": "mallory/models"}


def of_group(team: Team, files: Mapping[str, bytes], last: str = "pr-12") -> Change:
    """What a merge group with these files asks for; its own branch is that of no pull request."""
    trial = team.propose(99, files)
    del team.pulls[99]
    name = f"gh-readonly-queue/main/{last}-{'b' * 40}"
    return Change(head=trial.head_commit, base=team.main, group=MergeGroup(branch="main", name=name))


def closed() -> RegistryReader:
    pytest.fail("the registry was opened")


def refused(team: Team, change: Change) -> Report:
    """The report, where neither a registry was opened nor a model measured."""
    report = validate(team.validate_world(registry=closed), change)
    assert report.requests == ()
    assert str(report.hint)
    return report


@pytest.mark.parametrize("last", ["pr-12", "pr-13", ""])
def test_t13_a_forks_request_in_a_merge_group_is_refused_before_any_registry_is_opened(
    team: Team, last: str
) -> None:
    """Whether the group is named after it, after another one, or after nothing that we know."""
    team.propose(12, {REQUEST: SEVEN}, **FORK)
    team.propose(13, {SHADOW: SHADOW_SEVEN})
    report = refused(team, of_group(team, {REQUEST: SEVEN, SHADOW: SHADOW_SEVEN}, last))
    assert report.reason is ReasonCode.FORK_UNSUPPORTED
    assert "#12" in str(report.message)


def test_t13_what_a_branch_of_this_repository_holds_too_is_of_this_repository(team: Team) -> None:
    team.propose(12, {REQUEST: SEVEN}, **FORK)
    team.propose(13, {REQUEST: SEVEN})
    change = of_group(team, {REQUEST: SEVEN})
    assert validate(team.validate_world(), change).reason is ReasonCode.VALIDATED


@pytest.mark.parametrize("changes", [{"is_open": False}, {"base_branch": "release"}])
def test_t13_what_no_open_pull_request_holds_is_not_judged_in_a_merge_group(
    team: Team, changes: dict[str, object]
) -> None:
    pull = team.propose(13, {REQUEST: SEVEN})
    team.pulls[13] = replace(pull, **changes)  # type: ignore[arg-type]
    team.propose(12, {REQUEST: request("7") + b"# other\n"})
    report = refused(team, of_group(team, {REQUEST: SEVEN}))
    assert report.reason is ReasonCode.NO_PULL_REQUEST
    assert "queue it again" in str(report.hint)


def test_t13_a_group_of_one_asks_github_about_that_one_only(team: Team) -> None:
    team.propose(12, {REQUEST: SEVEN})
    change = of_group(team, {REQUEST: SEVEN})
    pulls, asked = observed(team.pull_requests)
    assert validate(team.validate_world(pull_requests=pulls), change).reason is ReasonCode.VALIDATED
    assert (asked.asked("get"), asked.count("open_heads")) == ([12], 0)


def test_t13_a_fork_that_asks_for_nothing_holds_up_no_merge_group(team: Team) -> None:
    team.propose(12, {"README.md": b"typo\n"}, **FORK)
    team.propose(13, {REQUEST: SEVEN})
    both, alone = (of_group(team, {"README.md": b"typo\n", **more}) for more in ({REQUEST: SEVEN}, {}))
    assert validate(team.validate_world(), both).reason is ReasonCode.VALIDATED
    report = validate(team.validate_world(registry=closed), alone)
    assert report.reason is ReasonCode.NOTHING_TO_PROMOTE


def test_t01_a_policy_and_requests_of_two_pull_requests_in_one_merge_group(team: Team) -> None:
    """Apply would judge by the new policy, so a yes by the old one would be none."""
    team.propose(12, {REQUEST: SEVEN})
    team.propose(13, {POLICY: policy("0.5", "0.95")})
    report = refused(team, of_group(team, {REQUEST: SEVEN, POLICY: policy("0.5", "0.95")}))
    assert report.reason is ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST
    assert "this merge group changes the policy" in str(report.message)
    assert "Queue the pull request with the policy alone" in str(report.hint)


def test_t01_a_policy_ahead_in_the_queue_is_the_one_that_counts_for_the_group_behind_it(team: Team) -> None:
    """GitHub begins each group where the one ahead of it ends."""
    team.propose(12, {REQUEST: SEVEN})
    ahead = team.propose(98, {POLICY: policy("0.5", "0.95")}).head_commit
    change = of_group(team, {POLICY: policy("0.5", "0.95"), REQUEST: SEVEN})
    report = validate(team.validate_world(), replace(change, base=ahead))
    assert report.reason is ReasonCode.CHECKS_FAILED


# --- over HTTP ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", MergeMethod)
def test_t13_a_forks_request_is_refused_in_a_merge_queue_and_after_it(
    house: House, method: MergeMethod
) -> None:
    first, version = house.version(0.8), house.version(0.85)
    house.adopt(first)
    house.world.add_user("stranger")
    files = {house.path: house.request(version)}
    house.world.commit("stranger:try", files, author="stranger", message="Promote")
    number = house.world.open_pull_request("stranger:try", author="stranger", title="Promote").number
    house.approve(number)
    other = house.propose({"README.md": b"typo\n"})
    group = house.world.enqueue([number, other], by="alice", method=method)

    told = house.validate_group(group)

    assert told.outputs["reason-code"] == "fork_unsupported"
    assert f"#{number} from a fork" in told.summary
    push = house.world.land(group, by="alice")
    assert house.apply(push).outputs["reason-code"] == "fork_unsupported"
    assert house.champion() == first


def test_t01_a_policy_in_a_merge_group_with_a_request_is_told_over_http(house: House) -> None:
    first, version = house.version(0.8), house.version(0.85)
    house.adopt(first)
    strict = POLICY_TEXT.replace("threshold: 0.5", "threshold: 0.99").encode()
    numbers = [house.propose({HOUSE_POLICY: strict}), house.ask_for(version)]
    group = house.world.enqueue(numbers, by="alice")
    told = house.validate_group(group)
    assert told.outputs["reason-code"] == "policy_changed_in_pull_request"
    assert "This merge group changes the policy" in told.summary


def test_t13_an_old_branch_that_still_holds_the_content_does_not_ask_for_it(team: Team) -> None:
    old = request("6")
    team.propose(11, {"README.md": b"opened before the request changed\n"})
    team.push({REQUEST: request("7")})
    team.propose(12, {REQUEST: old}, **FORK)
    report = refused(team, of_group(team, {REQUEST: old}))
    assert report.reason is ReasonCode.FORK_UNSUPPORTED
