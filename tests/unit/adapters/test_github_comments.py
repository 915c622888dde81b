"""One comment, ours, changed in place; never two, whatever the network does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.errors import PromoterError, ReasonCode
from tests.fakes.github_api import REPOSITORY, GitHubApi, github_api

MARKER = "<!-- promoter results acme/models#12 -->"
BODY = f"{MARKER}\n## Promote\n\nAll good.\n"
OTHER = f"{MARKER}\n## Reject\n"
BOT = "github-actions[bot]"
LIST = f"/repos/{REPOSITORY}/issues/12/comments"
ASKED_LIST = f"GET {LIST}?per_page=100"
ASKED_LOGIN = "POST /graphql"
WRITTEN = f"POST {LIST}"
TOO_SLOW = requests.ReadTimeout("Read timed out.")
RESET = requests.ConnectionError("Connection aborted.")


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as answering:
        answering.graphql((200, {"data": {"viewer": {"login": BOT}}}))
        yield answering


def a_comment(body: str | None, *, author: str | None = BOT, number: int = 1) -> dict[str, Any]:
    url = f"https://github.example/acme/models/pull/12#issuecomment-{number}"
    user = None if author is None else {"login": author}
    return {"id": number, "body": body, "user": user, "html_url": url}


def listing(api: GitHubApi, *lists: list[dict[str, Any]]) -> None:
    api.on("GET", "/issues/12/comments", *((200, comments) for comments in lists))


def upsert(api: GitHubApi, body: str = BODY, *, unless: str = "") -> str:
    return GitHubPullRequests(api.connection()).upsert_comment(12, marker=MARKER, body=body, unless=unless)


def update(api: GitHubApi, body: str = BODY) -> str | None:
    return GitHubPullRequests(api.connection()).update_comment(12, marker=MARKER, body=body)


# --- find ----------------------------------------------------------------------------------------


def test_the_first_comment_is_created_without_asking_who_we_are(api: GitHubApi) -> None:
    listing(api, [])
    api.on("POST", "/issues/12/comments", (201, a_comment(BODY, number=7)))

    assert upsert(api).endswith("#issuecomment-7")
    assert api.asked == [ASKED_LIST, WRITTEN, ASKED_LIST]
    assert api.sent(1) == {"body": BODY}


def test_our_comment_is_changed_in_place(api: GitHubApi) -> None:
    listing(api, [a_comment("hello", author="ann", number=1), a_comment(OTHER, number=2)])
    api.on("PATCH", "/issues/comments/2", (200, a_comment(BODY, number=2)))

    assert upsert(api).endswith("#issuecomment-2")
    assert api.asked == [ASKED_LIST, ASKED_LOGIN, f"PATCH /repos/{REPOSITORY}/issues/comments/2"]
    assert api.sent() == {"body": BODY}


@pytest.mark.parametrize("kept", [BODY, BODY.replace("\n", "\r\n"), BODY.rstrip(), BODY + "\n\n"])
def test_the_same_text_is_not_written_again(api: GitHubApi, kept: str) -> None:
    listing(api, [a_comment(kept)])

    assert upsert(api).endswith("#issuecomment-1")
    assert api.asked == [ASKED_LIST, ASKED_LOGIN]


@pytest.mark.parametrize("kept", [BODY, BODY.replace("\n", "\r\n"), BODY + "\n\n"])
def test_our_comment_is_read_with_plain_line_ends(api: GitHubApi, kept: str) -> None:
    listing(api, [a_comment(BODY, author="ann", number=1), a_comment(kept, number=2)])

    assert GitHubPullRequests(api.connection()).comment(12, marker=MARKER) == BODY.rstrip()
    assert api.asked == [ASKED_LIST, ASKED_LOGIN]


def test_a_comment_of_others_is_none_of_ours(api: GitHubApi) -> None:
    listing(api, [a_comment(BODY, author="ann", number=1)])

    assert GitHubPullRequests(api.connection()).comment(12, marker=MARKER) is None


def test_a_comment_that_holds_the_fingerprint_stays(api: GitHubApi) -> None:
    listing(api, [a_comment(f"{OTHER}<!-- result 12ab -->")])

    assert upsert(api, unless="<!-- result 12ab -->").endswith("#issuecomment-1")
    assert api.asked == [ASKED_LIST, ASKED_LOGIN]


def test_a_comment_with_another_fingerprint_is_changed(api: GitHubApi) -> None:
    listing(api, [a_comment(f"{OTHER}<!-- result 12ab -->")])
    api.on("PATCH", "/issues/comments/1", (200, a_comment(BODY)))

    upsert(api, unless="<!-- result 99ff -->")

    assert api.sent() == {"body": BODY}


def test_a_comment_is_looked_for_on_all_pages(api: GitHubApi) -> None:
    strangers = [a_comment("hello", author="ann", number=at) for at in range(100)]
    api.pages("/issues/12/comments", strangers, strangers, [a_comment(BODY, number=300)])

    assert upsert(api).endswith("#issuecomment-300")
    assert [one for one in api.asked if one.startswith("GET")] == [
        ASKED_LIST,
        f"GET {LIST}?page=2",
        f"GET {LIST}?page=3",
    ]


@pytest.mark.parametrize(
    "spoof",
    [
        a_comment(OTHER, author="mallory"),
        a_comment(OTHER, author="github-actions"),
        a_comment(OTHER, author=None),
        a_comment(f"> {MARKER}\n"),
        a_comment(f"\n{MARKER}\n"),
        a_comment(f"{MARKER} and more\n"),
        a_comment(f"text\n{MARKER}\n"),
        a_comment(None),
        a_comment("<!-- promoter results acme/models#1 -->\n"),
    ],
)
def test_somebody_else_s_comment_and_another_marker_are_left_alone(
    api: GitHubApi, spoof: dict[str, Any]
) -> None:
    listing(api, [spoof])
    api.on("POST", "/issues/12/comments", (201, a_comment(BODY, number=7)))

    assert upsert(api).endswith("#issuecomment-7")
    assert not any(one.startswith("PATCH") for one in api.asked)


def test_a_stranger_s_marker_before_ours_does_not_hide_ours(api: GitHubApi) -> None:
    listing(api, [a_comment(BODY, author="mallory", number=1), a_comment(BODY, number=2)])

    assert upsert(api).endswith("#issuecomment-2")


def test_of_two_of_ours_the_first_is_changed_and_the_other_left(api: GitHubApi) -> None:
    listing(api, [a_comment(OTHER, number=1), a_comment(OTHER, number=2)])
    api.on("PATCH", "/issues/comments/1", (200, a_comment(BODY)))

    assert upsert(api).endswith("#issuecomment-1")
    assert len([one for one in api.asked if one.startswith("PATCH")]) == 1


def test_update_changes_what_is_there(api: GitHubApi) -> None:
    listing(api, [a_comment(OTHER)])
    api.on("PATCH", "/issues/comments/1", (200, a_comment(BODY)))

    assert update(api) == a_comment(BODY)["html_url"]


def test_update_creates_nothing(api: GitHubApi) -> None:
    listing(api, [a_comment(BODY, author="mallory")])

    assert update(api) is None
    assert api.asked == [ASKED_LIST, ASKED_LOGIN]


# --- who we are ----------------------------------------------------------------------------------


def owner(api: GitHubApi, author: str) -> str:
    """What became of a comment with our marker by that author."""
    listing(api, [a_comment(BODY, author=author)])
    return "ours" if update(api) else "a stranger's"


def test_our_login_is_asked_for_once_a_run(api: GitHubApi) -> None:
    listing(api, [a_comment(BODY)])
    pulls = GitHubPullRequests(api.connection())

    for _ in range(3):
        pulls.update_comment(12, marker=MARKER, body=BODY)

    assert api.asked.count(ASKED_LOGIN) == 1


@pytest.mark.parametrize(("author", "whose"), [("Ann", "ours"), (BOT, "a stranger's")])
def test_without_graphql_rest_says_who_we_are(author: str, whose: str) -> None:
    with github_api() as api:
        api.graphql((404, {"message": "Not Found"}))
        api.answers("GET", "/user", {"login": "ann"})

        assert owner(api, author) == whose


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_that_may_not_ask_is_a_workflow_s(status: int) -> None:
    with github_api() as api:
        api.graphql((200, {"errors": [{"message": "Resource not accessible by integration"}]}))
        api.answers("GET", "/user", {"message": "Resource not accessible by integration"}, status=status)

        assert owner(api, BOT) == "ours"


# --- when it is not known whether it was written --------------------------------------------------


@pytest.mark.parametrize(
    "answer", [(502, {"message": "Server Error"}), (201, TOO_SLOW), (201, RESET), (201, '{"i')]
)
def test_a_comment_that_was_written_without_an_answer_is_found_and_not_written_again(
    api: GitHubApi, answer: tuple[int, object]
) -> None:
    listing(api, [], [a_comment(BODY, number=7)])
    api.on("POST", "/issues/12/comments", answer)

    assert upsert(api).endswith("#issuecomment-7")
    assert api.asked == [ASKED_LIST, WRITTEN, ASKED_LIST, ASKED_LOGIN, ASKED_LIST]
    assert api.clock.pauses == [2.0]


def test_a_comment_that_was_not_written_is_written_after_looking(api: GitHubApi) -> None:
    listing(api, [])
    api.on("POST", "/issues/12/comments", (502, {}), (201, RESET), (201, a_comment(BODY, number=7)))

    assert upsert(api).endswith("#issuecomment-7")
    assert api.asked == [ASKED_LIST, WRITTEN] * 3 + [ASKED_LIST]


def test_it_is_tried_three_times(api: GitHubApi) -> None:
    listing(api, [])
    api.on("POST", "/issues/12/comments", (502, {}))

    with pytest.raises(PromoterError) as raised:
        upsert(api)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert api.asked.count(WRITTEN) == 3
    assert api.asked[-1] == ASKED_LIST


def test_a_comment_that_may_still_be_on_its_way_is_not_written_again(api: GitHubApi) -> None:
    listing(api, [])
    api.on("POST", "/issues/12/comments", (201, TOO_SLOW))

    with pytest.raises(PromoterError, match="did not answer in time"):
        upsert(api)

    assert api.asked == [ASKED_LIST, WRITTEN, ASKED_LIST]


def test_a_limit_is_waited_for(api: GitHubApi) -> None:
    listing(api, [])
    path = f"/repos/{REPOSITORY}/issues/12/comments"
    api.answers("POST", path, {"message": "secondary rate limit"}, status=403, headers={"Retry-After": "5"})
    api.answers("POST", path, a_comment(BODY), status=201)

    upsert(api)

    assert api.asked == [ASKED_LIST, WRITTEN, WRITTEN, ASKED_LIST]
    assert api.clock.pauses == [5]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, ReasonCode.PERMISSION_DENIED),
        (404, ReasonCode.PERMISSION_DENIED),
        (410, ReasonCode.GITHUB_UNAVAILABLE),
        (422, ReasonCode.GITHUB_UNAVAILABLE),
    ],
)
def test_a_refused_comment_is_said_and_not_tried_again(
    api: GitHubApi, status: int, reason: ReasonCode
) -> None:
    listing(api, [])
    api.on("POST", "/issues/12/comments", (status, {"message": "Validation Failed"}))

    with pytest.raises(PromoterError) as raised:
        upsert(api)

    assert raised.value.reason is reason
    assert api.asked == [ASKED_LIST, WRITTEN]


# --- when two runs write at once ------------------------------------------------------------------


def test_of_two_runs_that_found_none_the_later_ones_comment_gives_way(api: GitHubApi) -> None:
    listing(api, [], [a_comment("hello", number=5), a_comment(OTHER, number=6), a_comment(BODY, number=7)])
    api.on("POST", "/issues/12/comments", (201, a_comment(BODY, number=7)))
    api.on("DELETE", "/issues/comments/7", (204, ""))
    api.on("PATCH", "/issues/comments/6", (200, a_comment(BODY, number=6)))

    assert upsert(api).endswith("#issuecomment-6")
    assert [line.split()[0] for line in api.asked] == ["GET", "POST", "GET", "DELETE", "PATCH"]
    assert api.sent() == {"body": BODY}


def test_the_earlier_one_stays(api: GitHubApi) -> None:
    listing(api, [], [a_comment(BODY, number=7), a_comment(OTHER, number=8)])
    api.on("POST", "/issues/12/comments", (201, a_comment(BODY, number=7)))

    assert upsert(api).endswith("#issuecomment-7")
    assert [line.split()[0] for line in api.asked] == ["GET", "POST", "GET"]


def test_somebody_else_s_comment_with_our_marker_does_not_make_ours_give_way(api: GitHubApi) -> None:
    listing(api, [], [a_comment(OTHER, author="ann", number=6), a_comment(BODY, number=7)])
    api.on("POST", "/issues/12/comments", (201, a_comment(BODY, number=7)))

    assert upsert(api).endswith("#issuecomment-7")
    assert [line.split()[0] for line in api.asked] == ["GET", "POST", "GET"]


def test_a_look_that_fails_does_not_undo_what_is_written(api: GitHubApi) -> None:
    api.on("GET", "/issues/12/comments", (200, []), (403, {"message": "no"}))
    api.on("POST", "/issues/12/comments", (201, a_comment(BODY, number=7)))

    assert upsert(api).endswith("#issuecomment-7")


# --- our own mistakes ----------------------------------------------------------------------------


@pytest.mark.parametrize("body", [f"{MARKER}\n{'x' * 65_536}", f"hello\n{MARKER}\n", ""])
def test_a_text_that_github_would_not_take_or_we_not_find_is_our_bug(api: GitHubApi, body: str) -> None:
    with pytest.raises(ValueError, match=r"characters|marker"):
        upsert(api, body)
    with pytest.raises(ValueError, match=r"characters|marker"):
        update(api, body)
    assert api.asked == []


def test_the_longest_text_is_sent(api: GitHubApi) -> None:
    listing(api, [])
    api.on("POST", "/issues/12/comments", (201, a_comment(BODY)))
    body = f"{MARKER}\n".ljust(65_536, "x")

    upsert(api, body)

    assert api.sent(1) == {"body": body}
