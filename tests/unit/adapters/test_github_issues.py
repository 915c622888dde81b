"""Our own issues: found by label, login and marker; one each, whatever the network does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from promoter.adapters.github_issues import LABEL, MOST_CHARACTERS, MOST_TITLE_CHARACTERS, GitHubIssues
from promoter.core.issue import Issue
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Issues
from tests.fakes.github_api import REPOSITORY, GitHubApi, github_api

MARKER = "<!-- promoter drift 01 23 -->"
BODY = f"{MARKER}\nThe alias was moved.\n"
TITLE = "churn: champion is version 8"
BOT = "github-actions[bot]"
LIST = f"/repos/{REPOSITORY}/issues"
ASKED_LIST = f"GET {LIST}?labels={LABEL}&per_page=100&state=open"
ASKED_LOGIN = "POST /graphql"
WRITTEN = f"POST {LIST}"
TOO_SLOW = requests.ReadTimeout("Read timed out.")
RESET = requests.ConnectionError("Connection aborted.")
AN_ISSUE = Issue(number=7, marker=MARKER, title=TITLE, body=BODY, url="u")


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as answering:
        answering.graphql((200, {"data": {"viewer": {"login": BOT}}}))
        yield answering


def a_record(
    body: str | None = BODY, *, author: str | None = BOT, number: int = 7, labels: tuple[str, ...] = (LABEL,)
) -> dict[str, Any]:
    return {
        "number": number,
        "title": TITLE,
        "body": body,
        "user": None if author is None else {"login": author},
        "labels": [{"name": name} for name in labels],
        "html_url": f"https://github.example/acme/models/issues/{number}",
    }


def listing(api: GitHubApi, *lists: list[dict[str, Any]]) -> None:
    api.on("GET", "/issues", *((200, issues) for issues in lists))


def issues(api: GitHubApi) -> Issues:
    return GitHubIssues(api.connection())


def opened(api: GitHubApi) -> list[int]:
    return [issue.number for issue in issues(api).opened()]


# --- find ----------------------------------------------------------------------------------------


def test_ours_are_found_with_plain_line_ends(api: GitHubApi) -> None:
    listing(api, [a_record(BODY.replace("\n", "\r\n"))])

    (found,) = issues(api).opened()

    url = "https://github.example/acme/models/issues/7"
    assert found == Issue(number=7, marker=MARKER, title=TITLE, body=BODY.rstrip(), url=url)
    assert api.asked == [ASKED_LIST, ASKED_LOGIN]


@pytest.mark.parametrize(
    "foreign",
    [
        a_record(author="mallory"),
        a_record(author=None),
        a_record(None),
        a_record("The alias was moved."),
        a_record(f"Look:\n{BODY}"),
        a_record("<!-- somebody else -->\nHello"),
        a_record("<!-- promoter drift 01 23\n-->\nHello"),
        a_record() | {"pull_request": {"url": "x"}},
    ],
)
def test_what_is_not_ours_is_left_out(api: GitHubApi, foreign: dict[str, Any]) -> None:
    listing(api, [foreign | {"number": 3}, a_record()])

    assert opened(api) == [7]


def test_all_pages_are_read_and_what_slid_onto_the_next_one_counts_once(api: GitHubApi) -> None:
    api.pages("/issues", [a_record(number=9), a_record(number=8)], [a_record(number=8), a_record(number=7)])

    assert opened(api) == [9, 8, 7]


def test_nobody_asks_who_we_are_where_nothing_is_marked(api: GitHubApi) -> None:
    listing(api, [a_record("plain")])

    assert opened(api) == []
    assert api.asked == [ASKED_LIST]


def test_our_login_is_asked_once(api: GitHubApi) -> None:
    listing(api, [a_record()])
    ours = issues(api)

    assert len(ours.opened()) == len(ours.opened()) == 1
    assert api.asked.count(ASKED_LOGIN) == 1


# --- create --------------------------------------------------------------------------------------


def test_an_issue_is_opened_with_our_label(api: GitHubApi) -> None:
    api.on("POST", "/issues", (201, a_record()))

    assert issues(api).create(title=TITLE, body=BODY).endswith("/issues/7")
    assert api.asked == [WRITTEN]
    assert api.sent() == {"title": TITLE, "body": BODY, "labels": [LABEL]}


@pytest.mark.parametrize("failure", [RESET, TOO_SLOW])
def test_an_answer_that_was_lost_is_looked_for(api: GitHubApi, failure: Exception) -> None:
    api.answers("POST", LIST, failure)
    listing(api, [a_record("plain", number=6), a_record()])

    assert issues(api).create(title=TITLE, body=BODY).endswith("/issues/7")
    assert api.asked == [WRITTEN, ASKED_LIST, ASKED_LOGIN]
    assert api.clock.pauses == [2.0]


def test_one_of_another_run_is_brought_up_to_date(api: GitHubApi) -> None:
    api.answers("POST", LIST, RESET)
    listing(api, [a_record(f"{MARKER}\nOlder words.\n")])
    api.on("PATCH", "/issues/7", (200, a_record()))

    assert issues(api).create(title=TITLE, body=BODY).endswith("/issues/7")
    assert api.asked[-1] == f"PATCH {LIST}/7"
    assert api.sent() == {"title": TITLE, "body": BODY}


def test_a_server_error_without_effect_is_followed_by_another_try(api: GitHubApi) -> None:
    api.on("POST", "/issues", (502, {"message": "Server Error"}), (201, a_record()))
    listing(api, [])

    assert issues(api).create(title=TITLE, body=BODY).endswith("/issues/7")
    assert api.asked == [WRITTEN, ASKED_LIST, WRITTEN]


def test_what_may_still_happen_is_not_asked_for_again(api: GitHubApi) -> None:
    api.answers("POST", LIST, TOO_SLOW)
    listing(api, [a_record(body=f"<!-- promoter drift other -->\n{BODY}")])

    with pytest.raises(PromoterError, match="did not answer in time") as raised:
        issues(api).create(title=TITLE, body=BODY)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert api.asked.count(WRITTEN) == 1


def test_a_label_that_was_dropped_ends_it_because_the_next_run_would_not_find_it(api: GitHubApi) -> None:
    api.on("POST", "/issues", (201, a_record(labels=("bug",))))
    api.on("PATCH", "/issues/7", (200, a_record()))

    with pytest.raises(PromoterError, match=f"did not set the label `{LABEL}`") as raised:
        issues(api).create(title=TITLE, body=BODY)

    assert raised.value.reason is ReasonCode.PERMISSION_DENIED
    assert "issues: write" in str(raised.value.hint)
    assert api.sent() == {"state": "closed", "state_reason": "not_planned"}


def test_a_repository_without_issues_says_so(api: GitHubApi) -> None:
    api.on("POST", "/issues", (410, {"message": "Issues has been disabled in this repository."}))

    with pytest.raises(PromoterError, match="has been disabled") as raised:
        issues(api).create(title=TITLE, body=BODY)

    assert raised.value.reason is ReasonCode.GITHUB_UNAVAILABLE
    assert "Look at its settings" in str(raised.value.hint)


# --- change and close ----------------------------------------------------------------------------


@pytest.mark.parametrize("body", [BODY, BODY.replace("\n", "\r\n"), BODY.rstrip()])
def test_what_does_not_differ_is_not_written(api: GitHubApi, body: str) -> None:
    issues(api).change(AN_ISSUE, title=f"{TITLE} ", body=body)

    assert api.asked == []


@pytest.mark.parametrize(("title", "body"), [("Another title", BODY), (TITLE, f"{BODY}More.\n")])
def test_what_differs_is_changed_in_place(api: GitHubApi, title: str, body: str) -> None:
    api.on("PATCH", "/issues/7", (502, {"message": "Server Error"}), (200, a_record()))

    issues(api).change(AN_ISSUE, title=title, body=body)

    assert api.asked == [f"PATCH {LIST}/7"] * 2
    assert api.sent() == {"title": title, "body": body}


def test_an_issue_is_closed_as_completed_with_its_last_words(api: GitHubApi) -> None:
    api.on("PATCH", "/issues/7", (200, a_record()))

    issues(api).close(AN_ISSUE, body=f"{MARKER}\nGone.")

    assert api.sent() == {"body": f"{MARKER}\nGone.", "state": "closed", "state_reason": "completed"}


# --- our own mistakes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "body"),
    [
        (TITLE, "No marker"),
        (TITLE, f"{MARKER}\n".ljust(MOST_CHARACTERS + 1, "x")),
        ("", BODY),
        ("two\nlines", BODY),
        ("x" * (MOST_TITLE_CHARACTERS + 1), BODY),
    ],
)
def test_what_github_would_refuse_or_we_never_find_is_our_bug(api: GitHubApi, title: str, body: str) -> None:
    with pytest.raises(ValueError, match=r"marker|characters"):
        issues(api).create(title=title, body=body)
    with pytest.raises(ValueError, match=r"marker|characters"):
        issues(api).change(AN_ISSUE, title=title, body=body)
    assert api.asked == []


def test_another_marker_does_not_close_an_issue(api: GitHubApi) -> None:
    with pytest.raises(ValueError, match="marker"):
        issues(api).close(AN_ISSUE, body="<!-- promoter drift other -->\nGone.")
    assert api.asked == []


def test_the_longest_issue_is_sent(api: GitHubApi) -> None:
    api.on("POST", "/issues", (201, a_record()))

    issues(api).create(title="x" * MOST_TITLE_CHARACTERS, body=f"{MARKER}\n".ljust(MOST_CHARACTERS, "x"))

    assert api.asked == [WRITTEN]
