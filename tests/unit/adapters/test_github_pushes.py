"""Who pushed to a branch: as GitHub lists it, over all pages, and where it does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from promoter.adapters.github_pushes import MOST_MOVES, GitHubPushes
from promoter.core.pull_request import BranchMove
from promoter.errors import PromoterError, ReasonCode
from tests.builders import HEAD_COMMIT, a_pull_request
from tests.fakes.github_api import GitHubApi, github_api

ZEROS = "0" * 40
OTHER = "9" * 40


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as answering:
        yield answering


def an_activity(**changed: object) -> dict[str, Any]:
    """A push of the head by bob, in GitHub's words."""
    return {
        "actor": {"login": "bob"},
        "before": ZEROS,
        "after": HEAD_COMMIT,
        "activity_type": "push",
        **changed,
    }


def moves(api: GitHubApi) -> tuple[BranchMove, ...]:
    return GitHubPushes(api.connection()).of(a_pull_request())


@pytest.mark.parametrize("kind", ["push", "branch_creation", "pr_merge", "force_push", "something_new"])
def test_a_move_is_read_in_our_words(api: GitHubApi, kind: str) -> None:
    api.on("GET", "/activity", (200, [an_activity(activity_type=kind)]))

    (found,) = moves(api)

    forced = kind == "force_push"
    assert found == BranchMove(actor="bob", before=ZEROS, after=HEAD_COMMIT, is_forced=forced)
    assert "ref=refs%2Fheads%2Fpromote" in api.asked[0]
    assert "activity_type" not in api.asked[0]


def test_somebody_whose_account_is_gone_is_nobody(api: GitHubApi) -> None:
    api.on("GET", "/activity", (200, [an_activity(actor=None)]))

    assert [move.actor for move in moves(api)] == [None]


@pytest.mark.parametrize("status", [403, 404, 410, 422, 501])
def test_where_it_is_not_told_nothing_is_known(api: GitHubApi, status: int) -> None:
    api.on("GET", "/activity", (status, {"message": "Not Found"}))

    assert moves(api) == ()


def test_a_rate_limit_is_not_taken_for_a_list_that_is_not_there(api: GitHubApi) -> None:
    api.on("GET", "/activity", (403, {"message": "API rate limit exceeded"}))

    with pytest.raises(PromoterError) as raised:
        moves(api)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


@pytest.mark.parametrize("spoilt", [{"after": None}, {"before": 7}, {"actor": {"login": 7}}])
def test_what_makes_no_sense_is_refused(api: GitHubApi, spoilt: dict[str, object]) -> None:
    api.on("GET", "/activity", (200, [an_activity(**spoilt)]))

    with pytest.raises(PromoterError) as raised:
        moves(api)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


@pytest.mark.parametrize("changes", [{"head_branch": ""}, {"head_repository": "mallory/models"}])
def test_of_a_branch_elsewhere_nothing_is_asked(api: GitHubApi, changes: dict[str, str]) -> None:
    pull = replace(a_pull_request(), **changes)  # type: ignore[arg-type]

    assert GitHubPushes(api.connection()).of(pull) == ()
    assert api.asked == []


@pytest.mark.parametrize("listed", [True, False])
def test_pushes_without_end_do_not_hide_that_of_the_head(api: GitHubApi, listed: bool) -> None:
    """Whoever pushes on after the merge, to bury an own push, has nobody's approval counted."""
    junk = [an_activity(after=OTHER) for _ in range(MOST_MOVES - 1)]
    api.on("GET", "/activity", (200, [*junk, an_activity(after=HEAD_COMMIT if listed else OTHER)]))

    if listed:
        assert len(moves(api)) == MOST_MOVES
        return
    with pytest.raises(PromoterError) as raised:
        moves(api)
    assert raised.value.reason is ReasonCode.TOO_MANY_FILES
    assert "new branch" in str(raised.value.hint)
