"""Pull requests, reviews and people: over all pages, and failing closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.core.pull_request import Permission, Review, ReviewState
from promoter.errors import NotOnGitHub, PromoterError, ReasonCode
from tests.builders import BASE_COMMIT, HEAD_COMMIT, MERGE_COMMIT, a_pull_request
from tests.fakes.github_api import REPOSITORY, SHA, GitHubApi, github_api


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as answering:
        yield answering


def pulls(api: GitHubApi, *, looks_again: tuple[float, ...] = (1.0, 2.0)) -> GitHubPullRequests:
    return GitHubPullRequests(api.connection(), looks_again=looks_again)


def a_pull(number: int = 12, **changed: object) -> dict[str, Any]:
    """A pull request in GitHub's words; the one of `a_pull_request()` unless changed."""
    return {
        "number": number,
        "user": {"login": "alice", "type": "User"},
        "title": "Promote churn 7",
        "html_url": "https://github.example/acme/models/pull/12",
        "state": "open",
        "draft": False,
        "merged": False,
        "merge_commit_sha": SHA,
        "base": {"ref": "main", "sha": BASE_COMMIT, "repo": {"full_name": REPOSITORY}},
        "head": {"ref": "promote", "sha": HEAD_COMMIT, "repo": {"full_name": REPOSITORY}},
        "changed_files": 1,
        "commits": 1,
        **changed,
    }


# --- get -----------------------------------------------------------------------------------------


def test_a_pull_request_is_read_in_our_words(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12", (200, a_pull()))

    assert pulls(api).get(12) == a_pull_request(commits=1)


def test_a_merged_one_names_its_merge_commit(api: GitHubApi) -> None:
    merged = a_pull(state="closed", merged=True, merge_commit_sha=MERGE_COMMIT)
    api.on("GET", "/pulls/12", (200, merged))

    found = pulls(api).get(12)

    assert (found.is_open, found.is_merged, found.merge_commit) == (False, True, MERGE_COMMIT)


def test_a_fork_that_was_deleted_and_an_author_who_left(api: GitHubApi) -> None:
    gone = a_pull(user=None, head={"ref": "x", "sha": HEAD_COMMIT, "repo": None}, draft=True)
    api.on("GET", "/pulls/12", (200, gone))

    found = pulls(api).get(12)

    assert (found.author, found.head_repository, found.is_from_fork, found.is_draft) == (
        "ghost",
        None,
        True,
        True,
    )


@pytest.mark.parametrize(
    "missing", ["number", "title", "html_url", "state", "draft", "merged", "base", "head", "changed_files"]
)
def test_a_field_that_is_missing_is_an_outage(api: GitHubApi, missing: str) -> None:
    api.on("GET", "/pulls/12", (200, {name: value for name, value in a_pull().items() if name != missing}))

    with pytest.raises(PromoterError, match="makes no sense") as raised:
        pulls(api).get(12)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_another_pull_request_than_the_one_asked_for_is_an_outage(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12", (200, a_pull(13)))

    with pytest.raises(PromoterError, match="about pull request 13"):
        pulls(api).get(12)


def test_a_pull_request_that_is_not_shown_is_denied(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12", (404, {"message": "Not Found"}))

    with pytest.raises(PromoterError, match="reading pull request 12") as raised:
        pulls(api).get(12)

    assert raised.value.reason is ReasonCode.PERMISSION_DENIED


# --- changed paths -------------------------------------------------------------------------------


def files(*paths: str, ref: str = HEAD_COMMIT) -> list[dict[str, Any]]:
    at = f"https://api.github.com/repos/{REPOSITORY}/contents"
    return [{"filename": path, "contents_url": f"{at}/{path}?ref={ref}"} for path in paths]


def test_paths_come_from_all_pages_renames_with_both_names(api: GitHubApi) -> None:
    renamed = {**files("b.yaml")[0], "previous_filename": "a.yaml"}
    api.pages("/pulls/12/files", files("x", "y"), [renamed])
    found = pulls(api)

    assert found.changed_paths(a_pull_request(changed_files=3)) == {"x", "y", "a.yaml", "b.yaml"}
    assert found.changed_paths(a_pull_request(changed_files=3)) == {"x", "y", "a.yaml", "b.yaml"}
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, {(HEAD_COMMIT, "x"): SHA}),
        ({"status": "renamed", "previous_filename": "w"}, {(HEAD_COMMIT, "x"): SHA}),
        ({"status": "removed"}, {}),
        ({"status": "unchanged"}, {}),
        ({"sha": None}, {}),
        ({"sha": "not-an-id"}, {}),
        ({"contents_url": "https://api.github.com/x?ref=main"}, {}),
        ({"contents_url": None}, {}),
    ],
)
def test_what_the_head_holds_is_known_where_the_list_tells_it(
    api: GitHubApi, changed: dict[str, Any], told: dict[tuple[str, str], str]
) -> None:
    api.on("GET", "/pulls/12/files", (200, [{**files("x")[0], "status": "modified", "sha": SHA, **changed}]))
    connection = api.connection()

    assert "x" in GitHubPullRequests(connection).changed_paths(a_pull_request())
    assert connection.blob_ids == told


def test_three_thousand_files_are_read(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12/files", (200, files(*map(str, range(3000)))))

    assert len(pulls(api).changed_paths(a_pull_request(changed_files=3000))) == 3000


def test_three_thousand_and_one_files_are_refused_unread(api: GitHubApi) -> None:
    with pytest.raises(PromoterError, match="changes 3,001 files, and GitHub lists at most 3,000") as raised:
        pulls(api).changed_paths(a_pull_request(changed_files=3001))

    assert raised.value.reason is ReasonCode.TOO_MANY_FILES
    assert api.asked == []


@pytest.mark.parametrize("changed_files", [0, 1, 3])
def test_a_list_of_another_length_is_refused_with_both_numbers(api: GitHubApi, changed_files: int) -> None:
    api.on("GET", "/pulls/12/files", (200, files("a", "b")))

    with pytest.raises(PromoterError, match=f"changes {changed_files} files, and GitHub lists 2") as raised:
        pulls(api).changed_paths(a_pull_request(changed_files=changed_files))

    assert raised.value.reason is ReasonCode.TOO_MANY_FILES


def test_files_of_another_head_than_the_one_read_are_refused(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12/files", (200, files("a", ref="e" * 40)))

    with pytest.raises(PromoterError, match="new commits") as raised:
        pulls(api).changed_paths(a_pull_request())

    assert raised.value.reason is ReasonCode.SUPERSEDED


@pytest.mark.parametrize("url", [None, "", "https://h/contents/a", "https://h/contents/a?ref=main"])
def test_a_server_that_does_not_name_the_head_is_taken(api: GitHubApi, url: str | None) -> None:
    api.on("GET", "/pulls/12/files", (200, [{"filename": "a", "contents_url": url}]))

    assert pulls(api).changed_paths(a_pull_request()) == {"a"}


# --- the pull requests of a commit ---------------------------------------------------------------

BASE = {"base": {"repo": {"full_name": "Acme/Models"}}}


def test_each_pull_request_of_a_commit_is_read_again_by_number(api: GitHubApi) -> None:
    api.on(
        "GET",
        f"/commits/{SHA}/pulls",
        (200, [{"number": 12, **BASE}, {"number": 3, **BASE}, {"number": 12, **BASE}]),
    )
    api.on("GET", "/pulls/3", (200, a_pull(3)))
    api.on("GET", "/pulls/12", (200, a_pull(12, merged=True, merge_commit_sha=SHA)))
    found = pulls(api)

    assert [(pull.number, pull.is_merged) for pull in found.of_commit(SHA)] == [(3, False), (12, True)]
    found.of_commit(SHA)
    assert len(api.asked) == 3


def test_a_pull_request_of_another_repository_is_not_ours(api: GitHubApi) -> None:
    other = {"number": 12, "base": {"repo": {"full_name": "evil/models"}}}
    api.on("GET", f"/commits/{SHA}/pulls", (200, [other]))

    assert pulls(api, looks_again=()).of_commit(SHA) == ()
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("said", "kind"), [(f"No commit found for SHA: {SHA}", NotOnGitHub), ("Validation Failed", PromoterError)]
)
def test_a_commit_that_github_does_not_have_is_an_outage_by_its_own_name(
    api: GitHubApi, said: str, kind: type[PromoterError]
) -> None:
    api.on("GET", f"/commits/{SHA}/pulls", (422, {"message": said}))

    with pytest.raises(PromoterError) as caught:
        pulls(api).of_commit(SHA)
    assert type(caught.value) is kind
    assert caught.value.reason is ReasonCode.GITHUB_UNAVAILABLE


def test_after_a_squash_merge_it_is_looked_for_again(api: GitHubApi) -> None:
    api.on("GET", f"/commits/{SHA}/pulls", (200, []), (200, []), (200, [{"number": 12, **BASE}]))
    api.on("GET", "/pulls/12", (200, a_pull()))

    assert [pull.number for pull in pulls(api).of_commit(SHA)] == [12]
    assert api.clock.pauses == [1.0, 2.0]


def test_a_commit_without_a_pull_request_is_looked_for_three_times_once(api: GitHubApi) -> None:
    api.on("GET", f"/commits/{SHA}/pulls", (200, []))
    found = pulls(api)

    assert found.of_commit(SHA) == ()
    assert found.of_commit(SHA) == ()
    assert len(api.asked) == 3


# --- reviews -------------------------------------------------------------------------------------


def a_review_of(login: str, state: str = "APPROVED", *, kind: str = "User") -> dict[str, Any]:
    return {"user": {"login": login, "type": kind}, "state": state, "commit_id": SHA}


def test_reviews_keep_their_order_over_all_pages(api: GitHubApi) -> None:
    first = [a_review_of("bob"), a_review_of("carol", "CHANGES_REQUESTED")]
    api.pages(
        "/pulls/12/reviews", first, [a_review_of("bob", "DISMISSED")], [a_review_of("carol", "commented")]
    )

    found = pulls(api).reviews(12)

    assert [(review.reviewer, review.state) for review in found] == [
        ("bob", ReviewState.APPROVED),
        ("carol", ReviewState.CHANGES_REQUESTED),
        ("bob", ReviewState.DISMISSED),
        ("carol", ReviewState.COMMENTED),
    ]


@pytest.mark.parametrize("kind", ["Bot", "Organization", "Mannequin"])
def test_only_a_user_is_a_person(api: GitHubApi, kind: str) -> None:
    api.on("GET", "/pulls/12/reviews", (200, [a_review_of("renovate[bot]", kind=kind)]))

    assert not pulls(api).reviews(12)[0].is_person


def test_a_review_by_nobody_of_nothing(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12/reviews", (200, [{"user": None, "state": "APPROVED", "commit_id": None}]))

    assert pulls(api).reviews(12) == (
        Review(reviewer="ghost", is_person=False, state=ReviewState.APPROVED, commit_id=""),
    )


def test_a_state_nobody_knows_is_an_outage(api: GitHubApi) -> None:
    api.on("GET", "/pulls/12/reviews", (200, [a_review_of("bob", "APPROVED_BY_ROBOT")]))

    with pytest.raises(PromoterError, match="no review state") as raised:
        pulls(api).reviews(12)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE


# --- people --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "permission"),
    [
        ("admin", Permission.ADMIN),
        ("maintain", Permission.WRITE),
        ("write", Permission.WRITE),
        ("triage", Permission.READ),
        ("read", Permission.READ),
        ("none", Permission.NONE),
    ],
)
def test_a_permission_is_read_as_github_counts_it(api: GitHubApi, word: str, permission: Permission) -> None:
    api.on("GET", "/collaborators/bob/permission", (200, {"permission": word, "role_name": "custom"}))

    assert pulls(api).permission("bob") is permission


def test_whoever_is_no_collaborator_has_no_permission(api: GitHubApi) -> None:
    api.on("GET", "/collaborators/renovate%5Bbot%5D/permission", (404, {"message": "is not a user"}))

    assert pulls(api).permission("renovate[bot]") is Permission.NONE


def test_a_permission_that_may_not_be_asked_for_is_denied(api: GitHubApi) -> None:
    api.on("GET", "/collaborators/bob/permission", (403, {"message": "Must have push access"}))

    with pytest.raises(PromoterError) as raised:
        pulls(api).permission("bob")

    assert raised.value.reason is ReasonCode.PERMISSION_DENIED


@pytest.mark.parametrize("word", ["owner", ""])
def test_a_permission_nobody_knows_is_an_outage(api: GitHubApi, word: str) -> None:
    api.on("GET", "/collaborators/bob/permission", (200, {"permission": word}))

    with pytest.raises(PromoterError, match="no permission"):
        pulls(api).permission("bob")


@pytest.mark.parametrize("login", ["..", "../../user", "a/b"])
def test_a_login_cannot_lead_the_question_elsewhere(api: GitHubApi, login: str) -> None:
    api.mock.add("GET", "https://api.github.com:443/user/permission", json={"permission": "admin"})

    with pytest.raises(PromoterError):
        pulls(api).permission(login)


TEAM = "/orgs/acme/teams/risk-ml"


@pytest.mark.parametrize(("state", "is_member"), [("active", True), ("pending", False)])
def test_only_an_active_member_is_one(api: GitHubApi, state: str, is_member: bool) -> None:
    api.answers("GET", f"{TEAM}/memberships/bob", {"state": state})

    assert pulls(api).is_team_member("bob", "acme/risk-ml") is is_member


def test_not_found_in_a_team_that_is_seen_is_no_member(api: GitHubApi) -> None:
    api.answers("GET", f"{TEAM}/memberships/bob", {"message": "Not Found"}, status=404)
    api.answers("GET", f"{TEAM}/members", [])

    assert not pulls(api).is_team_member("bob", "acme/risk-ml")


@pytest.mark.parametrize(("membership", "team"), [(404, 404), (404, 403), (403, 200)])
def test_a_team_that_is_not_seen_is_denied_with_the_token_it_needs(
    api: GitHubApi, membership: int, team: int
) -> None:
    refusal = {"message": "Resource not accessible by integration"}
    api.answers("GET", f"{TEAM}/memberships/bob", refusal, status=membership)
    api.answers("GET", f"{TEAM}/members", refusal, status=team)

    with pytest.raises(PromoterError, match="acme/risk-ml") as raised:
        pulls(api).is_team_member("bob", "acme/risk-ml")

    assert raised.value.reason is ReasonCode.PERMISSION_DENIED
    assert "`members: read`" in str(raised.value.hint)


# --- contributors --------------------------------------------------------------------------------


def test_the_list_of_commits_is_held_to_the_pull_request_s_own_count(api: GitHubApi) -> None:
    """Whoever wrote a commit that is not listed could approve it."""
    api.on("GET", "/pulls/12", (200, a_pull(commits=2)))
    api.on("GET", "/pulls/12/commits", (200, []))
    pulls = GitHubPullRequests(api.connection())
    pulls.get(12)

    with pytest.raises(PromoterError, match="has 2 commits, and GitHub lists 0") as raised:
        pulls.contributors(12)

    assert raised.value.reason is ReasonCode.TOO_MANY_FILES
