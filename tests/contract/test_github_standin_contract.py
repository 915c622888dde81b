"""The stand-in for GitHub, held to GitHub's OpenAPI description: every route, answering and refusing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from promoter.demo.github.issues import close_issue, open_issue
from promoter.demo.github.model import ReviewState
from promoter.demo.github.routes import ROUTES
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.world import World
from tests.contract.github_spec import Exchange, GitHubSpec, load_spec
from tests.contract.github_standin_settings import SETTINGS
from tests.contract.github_standin_world import (
    ALICE,
    READER,
    REPOSITORY,
    STRANGER,
    WORKFLOW,
    ask,
    ask_wrongly,
    propose,
    small_world,
)

UNKNOWN_SHA = "f" * 40


@pytest.fixture
def spec() -> GitHubSpec:
    return load_spec()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One merged pull request, one open one with a review, one from a fork."""
    made = small_world(tmp_path_factory.mktemp("github"))
    propose(made, "first", version=2)
    made.merge(1, by="bob")
    propose(made, "feature/second", version=3)
    made.review(2, "bob", state=ReviewState.APPROVED)
    propose(made, "mallory:third", version=4, author="mallory")
    made.add_comment(2, author="carol", body="Looks fine.")
    open_issue(made, "Model card missing", author="rita")
    close_issue(made, open_issue(made, "Old", author="bob", labels=["promoter-drift"]).number)
    return made


@pytest.fixture(scope="module")
def standin(world: World) -> Iterator[Standin]:
    with serve(world) as running:
        yield running


ANSWERED = [
    "/rate_limit",
    "/users/alice",
    "/users/github-actions[bot]",
    REPOSITORY,
    f"{REPOSITORY}/activity",
    f"{REPOSITORY}/activity?ref=refs/heads/feature/second&per_page=1&direction=asc",
    f"{REPOSITORY}/activity?ref=main&activity_type=pr_merge&actor=bob&time_period=year",
    f"{REPOSITORY}/activity?ref=refs/heads/nothing",
    f"{REPOSITORY}/pulls",
    f"{REPOSITORY}/pulls?state=all&per_page=2&page=2",
    f"{REPOSITORY}/pulls?state=closed&base=main&sort=updated&direction=asc",
    f"{REPOSITORY}/pulls?head=acme:feature/second",
    f"{REPOSITORY}/pulls/1",
    f"{REPOSITORY}/pulls/2",
    f"{REPOSITORY}/pulls/3",
    f"{REPOSITORY}/pulls/2/files",
    f"{REPOSITORY}/pulls/2/commits?per_page=1",
    f"{REPOSITORY}/pulls/2/reviews",
    f"{REPOSITORY}/issues/2/comments",
    f"{REPOSITORY}/issues",
    f"{REPOSITORY}/issues?state=closed&labels=promoter-drift&per_page=1",
    f"{REPOSITORY}/issues?state=all&creator=rita&direction=asc",
    f"{REPOSITORY}/issues/2",
    f"{REPOSITORY}/issues/5",
    f"{REPOSITORY}/commits",
    f"{REPOSITORY}/commits?path=promotions/churn.yaml&sha=main&per_page=1",
    f"{REPOSITORY}/commits/main",
    f"{REPOSITORY}/commits/feature/second",
    f"{REPOSITORY}/commits/MERGED/pulls",
    f"{REPOSITORY}/git/trees/main",
    f"{REPOSITORY}/git/trees/feature/second?recursive=1",
    f"{REPOSITORY}/git/blobs/BLOB",
    f"{REPOSITORY}/git/commits/MERGED",
    f"{REPOSITORY}/git/ref/heads/feature/second",
    f"{REPOSITORY}/branches/feature/second",
    f"{REPOSITORY}/contents",
    f"{REPOSITORY}/contents/promotions",
    f"{REPOSITORY}/contents/promotions/churn.yaml?ref=feature/second",
    f"{REPOSITORY}/contents/latest",
    f"{REPOSITORY}/contents/vendor/lib",
    f"{REPOSITORY}/compare/main...feature/second",
    f"{REPOSITORY}/compare/main...mallory:third",
    f"{REPOSITORY}/collaborators/bob/permission",
    f"{REPOSITORY}/collaborators/mallory/permission",
]


@pytest.mark.parametrize("path", ANSWERED)
def test_answers_as_described(world: World, standin: Standin, spec: GitHubSpec, path: str) -> None:
    blob = world.git.resolve("main:README.md") or ""
    response = ask(standin, path.replace("MERGED", world.tip("main") or "").replace("BLOB", blob))
    assert response.status_code == 200
    spec.check(response)


@pytest.mark.parametrize(
    "path",
    ["/user", "/orgs/acme/teams/risk-ml/members?per_page=1", "/orgs/acme/teams/risk-ml/memberships/bob"],
)
def test_answers_people_as_described(standin: Standin, spec: GitHubSpec, path: str) -> None:
    response = ask(standin, path, token=ALICE)
    assert response.status_code == 200
    spec.check(response)


REFUSED = [
    (404, "/users/nobody"),
    (404, "/repos/acme/other"),
    (404, f"{REPOSITORY}/pulls/99"),
    (404, f"{REPOSITORY}/pulls/99/files"),
    (404, f"{REPOSITORY}/pulls/99/commits"),
    (404, f"{REPOSITORY}/pulls/99/reviews"),
    (404, f"{REPOSITORY}/issues/99/comments"),
    (404, f"{REPOSITORY}/issues/99"),
    (404, f"{REPOSITORY}/commits?sha=nothing"),
    (422, f"{REPOSITORY}/commits/{UNKNOWN_SHA}"),
    (422, f"{REPOSITORY}/commits/{UNKNOWN_SHA}/pulls"),
    (404, f"{REPOSITORY}/git/trees/{UNKNOWN_SHA}"),
    (404, f"{REPOSITORY}/git/blobs/{UNKNOWN_SHA}"),
    (422, f"{REPOSITORY}/git/blobs/short"),
    (404, f"{REPOSITORY}/git/commits/{UNKNOWN_SHA}"),
    (404, f"{REPOSITORY}/git/ref/heads/nothing"),
    (404, f"{REPOSITORY}/branches/nothing"),
    (404, f"{REPOSITORY}/contents/nothing"),
    (404, f"{REPOSITORY}/contents/README.md?ref=nothing"),
    (404, f"{REPOSITORY}/compare/main...nothing"),
    (404, f"{REPOSITORY}/collaborators/nobody/permission"),
    (404, f"{REPOSITORY}/collaborators/renovate[bot]/permission"),
    (404, f"{REPOSITORY}/issues/comments/99"),
    (403, "/user"),
    (403, "/orgs/acme/teams/risk-ml/members"),
    (403, "/orgs/acme/teams/risk-ml/memberships/bob"),
]


@pytest.mark.parametrize(("status", "path"), REFUSED)
def test_refuses_as_described(standin: Standin, spec: GitHubSpec, status: int, path: str) -> None:
    response = ask(standin, path)
    assert response.status_code == status
    assert response.json()["status"] == str(status)
    spec.check(response)


@pytest.mark.parametrize(
    ("status", "path", "token"),
    [
        (404, "/orgs/acme/teams/nothing/members", ALICE),
        (404, "/orgs/acme/teams/risk-ml/memberships/alice", ALICE),
        (404, "/orgs/acme/teams/risk-ml/memberships/nobody", ALICE),
        (404, REPOSITORY, STRANGER),
        (403, f"{REPOSITORY}/collaborators/bob/permission", READER),
        (401, REPOSITORY, "unheard-of"),
        (401, "/user", "unheard-of"),
    ],
)
def test_refuses_people_as_described(
    standin: Standin, spec: GitHubSpec, status: int, path: str, token: str
) -> None:
    response = ask(standin, path, token=token)
    assert response.status_code == status
    spec.check(response)


def test_comments_are_written_as_described(standin: Standin, spec: GitHubSpec) -> None:
    conversation = f"{REPOSITORY}/issues/2/comments"
    written = ask(standin, conversation, method="POST", body={"body": "One"})
    address = urlsplit(written.json()["url"]).path
    read = ask(standin, address)
    changed = ask(standin, address, method="PATCH", body={"body": "Two"})
    removed = ask(standin, address, method="DELETE")
    gone = ask(standin, address, method="DELETE")
    spec.check(written, read, changed, removed)
    assert [r.status_code for r in (written, read, changed, removed, gone)] == [201, 200, 200, 204, 404]
    assert (written.json()["body"], changed.json()["body"]) == ("One", "Two")
    assert written.json()["user"]["login"] == "github-actions[bot]"


@pytest.mark.parametrize("body", ["", "x" * 65_537])
def test_comments_are_refused_as_described(standin: Standin, spec: GitHubSpec, body: str) -> None:
    conversation = f"{REPOSITORY}/issues/2/comments"
    mine = ask(standin, conversation, method="POST", body={"body": "One"}).json()["url"]
    written = ask(standin, conversation, method="POST", body={"body": body})
    changed = ask(standin, urlsplit(mine).path, method="PATCH", body={"body": body})
    assert (written.status_code, changed.status_code) == (422, 422)
    spec.check(written, changed)


def test_issues_are_written_as_described(standin: Standin, spec: GitHubSpec) -> None:
    asked = {"title": "Drift", "body": "One", "labels": ["promoter-drift", "Promoter-Drift"]}
    written = ask(standin, f"{REPOSITORY}/issues", method="POST", body=asked)
    address = urlsplit(written.json()["url"]).path
    changed = ask(standin, address, method="PATCH", body={"title": "Drifted", "body": "Two"})
    closing = {"body": "Three", "state": "closed", "state_reason": "completed"}
    closed = ask(standin, address, method="PATCH", body=closing)
    reopened = ask(standin, address, method="PATCH", body={"state": "open"})
    spec.check(written, changed, closed, reopened, ask(standin, address))
    assert [label["name"] for label in written.json()["labels"]] == ["promoter-drift"]
    assert written.json()["user"]["login"] == "github-actions[bot]"
    told = [
        (one.json()["title"], one.json()["body"], one.json()["state"]) for one in (changed, closed, reopened)
    ]
    assert told == [("Drifted", "Two", "open"), ("Drifted", "Three", "closed"), ("Drifted", "Three", "open")]
    assert [one.json()["state_reason"] for one in (changed, closed, reopened)] == [None, "completed", None]


@pytest.mark.parametrize(
    ("status", "token", "method", "number", "body"),
    [
        (422, WORKFLOW, "POST", "", {"title": " "}),
        (422, WORKFLOW, "POST", "", {"title": "x" * 257}),
        (422, WORKFLOW, "POST", "", {"title": "x", "body": "x" * 65_537}),
        (404, WORKFLOW, "PATCH", "/99", {"title": "x"}),
        (403, READER, "PATCH", "/5", {"title": "x"}),
        (404, STRANGER, "POST", "", {"title": "x"}),
    ],
)
def test_issues_are_refused_as_described(  # noqa: PLR0917 - one parameter a column
    standin: Standin,
    spec: GitHubSpec,
    status: int,
    token: str,
    method: str,
    number: str,
    body: dict[str, object],
) -> None:
    response = ask(standin, f"{REPOSITORY}/issues{number}", token=token, method=method, body=body)
    assert response.status_code == status
    spec.check(response)


def test_labels_of_somebody_who_may_not_set_them_are_dropped(standin: Standin, spec: GitHubSpec) -> None:
    asked: dict[str, object] = {"title": "Drift", "labels": ["promoter-drift"]}
    response = ask(standin, f"{REPOSITORY}/issues", token=READER, method="POST", body=asked)
    assert (response.status_code, response.json()["labels"]) == (201, [])
    spec.check(response)


def test_issues_and_pull_requests_share_numbers_and_lists(standin: Standin) -> None:
    listed = ask(standin, f"{REPOSITORY}/issues?state=all&direction=asc&per_page=5").json()
    assert [(one["number"], "pull_request" in one) for one in listed] == [
        (1, True),
        (2, True),
        (3, True),
        (4, False),
        (5, False),
    ]
    closed = ask(standin, f"{REPOSITORY}/issues?state=closed&labels=Promoter-Drift").json()
    assert [one["number"] for one in closed] == [5]


def test_a_comment_may_be_as_long_as_the_limit(standin: Standin) -> None:
    conversation = f"{REPOSITORY}/issues/2/comments"
    assert ask(standin, conversation, method="POST", body={"body": "x" * 65_536}).status_code == 201


def test_an_empty_repository_has_no_commits(tmp_path: Path, spec: GitHubSpec) -> None:
    world = small_world(tmp_path)
    world.delete_branch("main")
    with serve(world) as standin:
        response = ask(standin, f"{REPOSITORY}/commits")
    assert response.status_code == 409
    spec.check(response)


def test_a_deleted_fork_is_null(tmp_path: Path, spec: GitHubSpec) -> None:
    world = small_world(tmp_path)
    propose(world, "mallory:second", author="mallory")
    world.delete_fork("mallory")
    with serve(world) as standin:
        response = ask(standin, f"{REPOSITORY}/pulls/1")
    assert response.json()["head"]["repo"] is None
    spec.check(response)


def test_every_route_of_the_table_is_tried_here() -> None:
    tried = {urlsplit(path).path for path in ANSWERED} | {
        "/user",
        "/orgs/acme/teams/risk-ml/members",
        "/orgs/acme/teams/risk-ml/memberships/bob",
        f"{REPOSITORY}/issues/comments/1",
        *(f"{REPOSITORY}/git/{kind}" for kind in ("blobs", "trees", "commits", "refs")),
        f"{REPOSITORY}/git/refs/heads/new",
        *(f"{REPOSITORY}/deployments{rest}" for rest in ("", "/1/statuses")),
        *SETTINGS,
    }
    # GraphQL has tests of its own; OpenAPI does not describe it.
    untried = [
        route.template
        for route in ROUTES
        if route.template != "/graphql" and not any(route.pattern.match(path) for path in tried)
    ]
    assert untried == []


def _spoilt(response: requests.Response, old: bytes, new: bytes) -> Exchange:
    seen = Exchange.of(response)
    assert old in seen.received
    return Exchange(
        method=seen.method,
        url=seen.url,
        sent=seen.sent,
        status=seen.status,
        kind=seen.kind,
        received=seen.received.replace(old, new),
    )


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda r: _spoilt(r, b'"number": 2', b'"number": "2"'), "number: '2' is not of type 'integer'"),
        (lambda r: _spoilt(r, b'"title": ', b'"name": '), ".: 'title' is a required property"),
        (lambda r: _spoilt(r, b'"state": "open"', b'"state": "ajar"'), "state: 'ajar' is not one of"),
    ],
)
def test_the_description_would_notice(
    standin: Standin, spec: GitHubSpec, spoil: Callable[[requests.Response], Exchange], complaint: str
) -> None:
    exchange = spoil(ask(standin, f"{REPOSITORY}/pulls/2"))
    assert [complaint in str(violation) for violation in spec.violations([exchange])] == [True]


def test_the_description_would_notice_an_unknown_parameter(standin: Standin, spec: GitHubSpec) -> None:
    response = ask_wrongly(standin, f"{REPOSITORY}/pulls?author=alice", why="an unknown parameter")
    found = spec.violations([Exchange.of(response)])
    assert [violation.what for violation in found] == ["unknown query parameter author"]


def test_the_description_would_notice_an_unknown_route(standin: Standin, spec: GitHubSpec) -> None:
    response = ask_wrongly(standin, f"{REPOSITORY}/pull/2", why="an unknown route")
    assert response.status_code == 501
    assert spec.violations([Exchange.of(response)])
