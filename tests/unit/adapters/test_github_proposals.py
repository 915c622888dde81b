"""Our own pull requests: whose they are, what is written, and that nobody's commits are written over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from promoter.adapters.github_proposals import GitHubProposals
from promoter.core.proposal import Draft, Proposal
from promoter.errors import PromoterError, ReasonCode
from tests.fakes.github_api import REPOSITORY, SHA, GitHubApi, github_api

BOT = "promoter-app[bot]"
BRANCH = "promoter/propose-churn"
BODY = "<!-- promoter proposal -->\nBetter."
LIST = f"/repos/{REPOSITORY}/pulls"
HEAD, TIP, TREE = "b" * 40, "c" * 40, "d" * 40
DRAFT = Draft(branch=BRANCH, base="main", title="Promote", body=BODY, files={"a.yaml": b"a: 2\n"})


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as answering:
        answering.graphql((200, {"data": {"viewer": {"login": BOT}}}))
        yield answering


def a_record(head: dict[str, Any] | None = None, **changes: object) -> dict[str, Any]:
    known = {"ref": BRANCH, "sha": HEAD, "repo": {"full_name": REPOSITORY}}
    return {
        "number": 7,
        "state": "open",
        "title": "Promote",
        "body": BODY,
        "user": {"login": BOT},
        "merged_at": None,
        "html_url": "u",
        "head": known | (head or {}),
    } | changes


def a_commit(author: str | None = BOT, committer: str | None = "web-flow") -> dict[str, Any]:
    logins = {"author": author, "committer": committer}
    return {role: None if login is None else {"login": login} for role, login in logins.items()}


def a_ref(branch: str, sha: str) -> dict[str, Any]:
    return {"ref": f"refs/heads/{branch}", "object": {"sha": sha}}


def proposals(api: GitHubApi) -> GitHubProposals:
    return GitHubProposals(api.connection())


A_PROPOSAL = Proposal(number=7, branch=BRANCH, title="Promote", body=BODY, url="u", head_commit=HEAD)


@pytest.mark.parametrize(
    "foreign",
    [
        a_record(user={"login": "mallory"}),
        a_record(user=None),
        a_record(head={"ref": "feature"}),
        a_record(head={"repo": None}),
        a_record(head={"repo": {"full_name": "mallory/models"}}),
    ],
)
def test_what_is_not_ours_is_left_out(api: GitHubApi, foreign: dict[str, Any]) -> None:
    api.on("GET", "/pulls", (200, [foreign | {"number": 3}, a_record()]))
    api.on("GET", "/pulls/7/commits", (200, [a_commit()]))
    assert proposals(api).opened() == (A_PROPOSAL,)


@pytest.mark.parametrize(
    ("commit", "people"),
    [
        (a_commit(), ()),
        (a_commit(committer=BOT), ()),
        (a_commit(author=BOT.upper()), ()),
        (a_commit(author="dora"), ("dora",)),
        (a_commit(committer="dora"), ("dora",)),
        (a_commit(author=None), ("somebody without an account",)),
        (a_commit(committer=None), ("somebody without an account",)),
        (a_commit(author="github-actions[bot]"), ("github-actions[bot]",)),
    ],
)
def test_whose_the_branch_is(api: GitHubApi, commit: dict[str, Any], people: tuple[str, ...]) -> None:
    api.on("GET", "/pulls", (200, [a_record()]))
    api.on("GET", "/pulls/7/commits", (200, [a_commit(), commit]))
    assert [one.people for one in proposals(api).opened()] == [people]


def test_closed_and_merged_ones_are_told_apart(api: GitHubApi) -> None:
    closed, merged = a_record(state="closed"), a_record(number=6, state="closed", merged_at="2026-01-01")
    api.on("GET", "/pulls", (200, [closed, merged]))
    assert [one.state for one in proposals(api).listed(BRANCH)] == ["closed", "merged"]
    assert "GET /graphql" not in api.asked
    assert all("/commits" not in asked for asked in api.asked)


def test_somebody_elses_pull_request_from_our_branch_is_a_conflict(api: GitHubApi) -> None:
    api.on("GET", "/pulls", (200, [a_record(user={"login": "dora"})]))
    with pytest.raises(PromoterError, match="dora") as raised:
        proposals(api).create(DRAFT)
    assert raised.value.reason is ReasonCode.CONFLICT
    assert all(asked.startswith(("GET", "POST /graphql")) for asked in api.asked)


def test_a_branch_left_behind_by_somebody_is_a_conflict(api: GitHubApi) -> None:
    api.on("GET", "/pulls", (200, []))
    api.on("GET", f"/git/ref/heads/{BRANCH}", (200, a_ref(BRANCH, HEAD)))
    compared = {"commits": [a_commit("dora")], "total_commits": 1}
    api.on("GET", f"/compare/main...{HEAD}", (200, compared))
    with pytest.raises(PromoterError, match="`dora`") as raised:
        proposals(api).create(DRAFT)
    assert raised.value.reason is ReasonCode.CONFLICT
    api.on("GET", f"/compare/main...{HEAD}", (200, {"commits": [], "total_commits": 300}))


def test_people_and_wrong_drafts_are_refused_before_anything_is_sent(api: GitHubApi) -> None:
    with pytest.raises(PromoterError) as raised:
        proposals(api).change(replace(A_PROPOSAL, people=("dora",)), DRAFT)
    assert raised.value.reason is ReasonCode.CONFLICT
    for wrong in (
        replace(DRAFT, branch="feature"),
        replace(DRAFT, files={}),
        replace(DRAFT, title="two\nlines"),
        replace(DRAFT, body="x" * 60_001),
    ):
        with pytest.raises(ValueError, match=r"title|branch|characters"):
            proposals(api).create(wrong)
    assert api.asked == []


def moved_by_somebody(api: GitHubApi) -> None:
    api.on("GET", "/git/ref/heads/main", (200, a_ref("main", TIP)))
    api.on("GET", f"/compare/{TIP}...{HEAD}", (200, {"merge_base_commit": {"sha": TIP}}))
    api.graphql((200, {"errors": ["no"]}))
    api.on("GET", f"/git/trees/{HEAD}", (200, {"sha": HEAD, "tree": [], "truncated": False}))
    api.on("GET", f"/git/trees/{TIP}", (200, {"sha": TIP, "tree": [], "truncated": False}))
    api.on("GET", f"/git/commits/{TIP}", (200, {"tree": {"sha": TREE}}))
    for kind in ("blobs", "trees", "commits"):
        api.on("POST", f"/git/{kind}", (201, {"sha": SHA}))


def test_a_branch_moved_meanwhile_is_never_forced(api: GitHubApi) -> None:
    moved_by_somebody(api)
    api.on("PATCH", f"/git/refs/heads/{BRANCH}", (422, {"message": "Update is not a fast forward"}))
    api.on("GET", f"/git/ref/heads/{BRANCH}", (200, a_ref(BRANCH, "e" * 40)))
    with pytest.raises(PromoterError, match="somebody else") as raised:
        proposals(api).change(A_PROPOSAL, DRAFT)
    assert raised.value.reason is ReasonCode.CONFLICT
    (patch,) = [at for at, asked in enumerate(api.asked) if asked.startswith("PATCH")]
    assert api.sent(patch) == {"sha": SHA, "force": False}


def test_a_move_whose_answer_was_lost_is_looked_for(api: GitHubApi) -> None:
    moved_by_somebody(api)
    api.answers("PATCH", f"/repos/{REPOSITORY}/git/refs/heads/{BRANCH}", requests.ConnectionError("reset"))
    api.on("PATCH", f"/git/refs/heads/{BRANCH}", (422, {"message": "Update is not a fast forward"}))
    api.on("GET", f"/git/ref/heads/{BRANCH}", (200, a_ref(BRANCH, SHA)))
    assert proposals(api).change(A_PROPOSAL, DRAFT).head_commit == SHA


@pytest.mark.parametrize("people", [(), ("dora",)])
def test_closing_deletes_our_own_branch_only(api: GitHubApi, people: tuple[str, ...]) -> None:
    api.on("PATCH", "/pulls/7", (200, a_record(state="closed")))
    api.on("GET", f"/git/ref/heads/{BRANCH}", (200, a_ref(BRANCH, HEAD)))
    api.on("DELETE", f"/git/refs/heads/{BRANCH}", (422, {"message": "Reference does not exist"}))
    proposals(api).close(replace(A_PROPOSAL, people=people), body=f"{BODY}\nGone.")
    assert any(asked.startswith("DELETE") for asked in api.asked) == (not people)


def test_a_branch_that_moved_meanwhile_is_not_deleted(api: GitHubApi) -> None:
    api.on("PATCH", "/pulls/7", (200, a_record(state="closed")))
    api.on("GET", f"/git/ref/heads/{BRANCH}", (200, a_ref(BRANCH, "e" * 40)))
    proposals(api).close(A_PROPOSAL, body=f"{BODY}\nGone.")
    assert not any(asked.startswith("DELETE") for asked in api.asked)
