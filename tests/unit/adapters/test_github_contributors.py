"""Who had a hand in a change: nobody may be missed, for whoever is missed could approve their own work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.adapters.github_contributors import GitHubContributors, co_authors
from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.core.pull_request import Contributor
from promoter.errors import PromoterError, ReasonCode
from tests.fakes.github_api import REPOSITORY, GitHubApi, github_api

ALICE = Contributor(login="alice", email="alice@acme.example")


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as answering:
        yield answering


def a_commit(
    message: str = "Promote churn", *, author: str | None = "alice", committer: str | None = "alice"
) -> dict[str, Any]:
    """A commit whose people have `<login>@acme.example`; None: an address that belongs to no account."""
    people = {"author": author, "committer": committer}
    logins = {role: {"login": login} if login else None for role, login in people.items()}
    emails = {role: {"email": f"{login or 'nobody'}@acme.example"} for role, login in people.items()}
    return {**logins, "commit": {**emails, "message": message}}


def people(api: GitHubApi) -> tuple[Contributor, ...]:
    return GitHubPullRequests(api.connection()).contributors(12)


def test_authors_and_committers_of_all_pages_once_each(api: GitHubApi) -> None:
    api.pages("/pulls/12/commits", [a_commit()], [a_commit(author="bob", committer="carol")], [a_commit()])

    assert people(api) == (
        ALICE,
        Contributor(login="bob", email="bob@acme.example"),
        Contributor(login="carol", email="carol@acme.example"),
    )


def test_the_site_s_own_committer_is_nobody(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12/commits", (200, [a_commit(committer="web-flow")]))

    assert people(api) == (ALICE,)


def test_an_author_without_an_account_is_known_by_the_address(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12/commits", (200, [a_commit(author=None)]))

    assert people(api) == (Contributor(login=None, email="nobody@acme.example"), ALICE)
    assert len(api.asked) == 1


def test_github_s_empty_author_is_nobody(api: GitHubApi) -> None:
    commit: dict[str, Any] = {
        "author": {},
        "committer": None,
        "commit": {"author": None, "committer": {}, "message": ""},
    }
    api.on("GET", "/pulls/12/commits", (200, [commit]))

    assert people(api) == ()


def test_a_co_author_s_noreply_address_needs_no_further_question(api: GitHubApi) -> None:
    message = "x\n\nCo-authored-by: Bob <7+bob@users.noreply.github.com>"
    api.on("GET", "/pulls/12/commits", (200, [a_commit(message)]))

    assert people(api) == (Contributor(login=None, email="7+bob@users.noreply.github.com"), ALICE)
    assert len(api.asked) == 1


def authors(*found: tuple[str, str | None], after: str | None = None) -> dict[str, Any]:
    nodes = [{"email": email, "user": login and {"login": login}} for email, login in found]
    page = {"hasNextPage": after is not None, "endCursor": after}
    commits = {"pageInfo": page, "nodes": [{"commit": {"authors": {"nodes": nodes}}}]}
    return {"data": {"repository": {"pullRequest": {"commits": commits}}}}


def test_a_co_author_s_other_address_is_resolved_by_graphql(api: GitHubApi) -> None:
    message = "x\n\nCo-authored-by: Bob <bob@home.example>\nCo-authored-by: Eve <eve@home.example>"
    api.on("GET", "/pulls/12/commits", (200, [a_commit(message)]))
    api.graphql(
        (200, authors(("alice@acme.example", "alice"), ("bob@home.example", "bob"), after="c1")),
        (200, authors(("eve@home.example", None))),
    )

    assert people(api) == (
        Contributor(login=None, email="bob@home.example"),
        Contributor(login=None, email="eve@home.example"),
        ALICE,
        Contributor(login="bob", email="bob@home.example"),
    )
    sent = api.sent()
    assert isinstance(sent, dict)
    assert sent["variables"] == {"owner": "acme", "name": "models", "number": 12, "after": "c1"}


def test_a_co_author_who_is_an_author_too_needs_no_further_question(api: GitHubApi) -> None:
    message = "x\n\nCo-authored-by: Bob <BOB@acme.example>"
    api.on("GET", "/pulls/12/commits", (200, [a_commit(message), a_commit(author="bob")]))

    assert Contributor(login="bob", email="bob@acme.example") in people(api)
    assert len(api.asked) == 1


@pytest.mark.parametrize("answer", [(404, {"message": "Not Found"}), (200, {"errors": [], "data": None})])
def test_without_graphql_a_co_author_is_nobody_who_can_be_left_out(
    api: GitHubApi, answer: tuple[int, object]
) -> None:
    """The account behind the address could be the one that approved."""
    api.on("GET", "/pulls/12/commits", (200, [a_commit("x\n\nco-authored-by: B <bob@home.example>")]))
    api.graphql(answer)

    with pytest.raises(PromoterError, match="accounts of co-authors are not told") as raised:
        people(api)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_an_answer_of_graphql_that_makes_no_sense_is_an_outage(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12/commits", (200, [a_commit("x\n\nco-authored-by: B <bob@home.example>")]))
    api.graphql((200, {"data": {"repository": {"pullRequest": None}}}))

    with pytest.raises(PromoterError, match="makes no sense"):
        people(api)


def test_two_hundred_and_fifty_commits_are_read(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12/commits", (200, [a_commit()] * 250))
    api.on("GET", "/pulls/12", (200, {"commits": 250}))

    assert people(api) == (ALICE,)


def test_more_commits_than_github_lists_are_refused(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12/commits", (200, [a_commit()] * 250))
    api.on("GET", "/pulls/12", (200, {"commits": 251}))

    with pytest.raises(PromoterError, match="has 251 commits, and GitHub lists 250") as raised:
        people(api)

    assert raised.value.reason is ReasonCode.TOO_MANY_FILES
    assert api.asked[-1] == f"GET /repos/{REPOSITORY}/pulls/12"


@pytest.mark.parametrize(("listed", "commits"), [(0, 1), (1, 2), (2, 1), (249, 250)])
def test_a_list_of_another_length_than_the_pull_request_s_is_refused(
    api: GitHubApi, listed: int, commits: int
) -> None:
    api.on("GET", "/pulls/12/commits", (200, [a_commit()] * listed))

    with pytest.raises(PromoterError, match=f"has {commits} commits, and GitHub lists {listed}") as raised:
        GitHubContributors(api.connection()).of(12, expected=commits)

    assert raised.value.reason is ReasonCode.TOO_MANY_FILES


def test_a_list_that_is_as_long_as_said_needs_no_further_question(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12/commits", (200, [a_commit()] * 250))

    assert GitHubContributors(api.connection()).of(12, expected=250) == (ALICE,)
    assert len(api.asked) == 1


def test_a_commit_without_a_message_is_an_outage(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12/commits", (200, [{"author": None, "committer": None, "commit": {}}]))

    with pytest.raises(PromoterError, match=r"commit\.message should be text"):
        people(api)


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("x\n\nCo-authored-by: Bob <bob@a.example>", ["bob@a.example"]),
        ("x\r\n\r\nCO-AUTHORED-BY: Bob <bob@a.example>\r\n", ["bob@a.example"]),
        ("x\rCo-Authored-By: Bob <bob@a.example>\rmore", ["bob@a.example"]),
        ("Co-authored-by:bob@a.example", ["bob@a.example"]),
        ("  co-authored-by : Bob <bob@a.example> ", ["bob@a.example"]),
        ("Co-authored-by: Bob<bob@a.example>, Eve <eve@a.example>", ["bob@a.example", "eve@a.example"]),
        (
            "Co-authored-by: Bob <bob@a.example>\nfix\nCo-authored-by: E <e@a.example>",
            ["bob@a.example", "e@a.example"],
        ),
        ("Co-authored-by: Bob", []),
        ("Thanks to co-authored-by: Bob <bob@a.example>", []),
        ("Signed-off-by: Bob <bob@a.example>", []),
        ("", []),
    ],
)
def test_co_authors_are_found_wherever_they_stand(message: str, found: list[str]) -> None:
    assert list(co_authors(message)) == found


@given(
    before=st.text(),
    after=st.text(),
    name=st.text(st.characters(exclude_characters="@<>\r\n")),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_no_text_around_a_trailer_hides_it(before: str, after: str, name: str, end: str) -> None:
    message = f"{before}{end}Co-authored-by: {name} <bob@a.example>{end}{after}"

    assert "bob@a.example" in co_authors(message)
