"""The past of several files in one question, and what is done where nobody answers it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from promoter.adapters.github_histories import BATCH, GitHubHistories
from promoter.adapters.github_repository import GitHubRepository
from promoter.core.files import FileVersion
from promoter.errors import PromoterError
from tests.fakes.github import blob_id
from tests.fakes.github_api import REPOSITORY, SHA, GitHubApi, github_api

BY_REST = f"GET /repos/{REPOSITORY}/commits?path=a.yaml&per_page=20&sha={SHA}"


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as answering:
        yield answering


def told(*histories: Sequence[str], commit: str = SHA) -> dict[str, Any]:
    fields = {
        f"h{at}": {"nodes": [{"oid": one, "committedDate": day(one)} for one in history]}
        for at, history in enumerate(histories)
    }
    return {"data": {"repository": {"object": {"oid": commit, **fields}}}}


def day(commit: str) -> str:
    """When `c2` was made: on the second of the month."""
    return f"2026-03-0{commit[-1]}T12:00:00Z"


def blobs(*contents: bytes | None) -> dict[str, Any]:
    fields = {
        f"f{at}": None if content is None else {"oid": blob_id(content), "text": content.decode()}
        for at, content in enumerate(contents)
    }
    return {"data": {"repository": fields}}


def asked(api: GitHubApi) -> list[dict[str, Any]]:
    return [cast("dict[str, Any]", api.sent(at)) for at in range(len(api.asked))]


def repository(api: GitHubApi, *paths: str) -> GitHubRepository:
    made = GitHubRepository(api.connection())
    made.expect([(SHA, path) for path in paths])
    return made


def test_several_paths_are_one_question(api: GitHubApi) -> None:
    api.graphql((200, told(["c2", "c1"], [])))

    found = GitHubHistories(api.connection()).of(SHA, ["a.yaml", "b.yaml"], limit=20)

    assert found == {"a.yaml": {"c2": day("c2"), "c1": day("c1")}, "b.yaml": {}}
    assert list(found["a.yaml"]) == ["c2", "c1"]
    (sent,) = asked(api)
    assert sent["variables"] == {
        "owner": "acme",
        "name": "models",
        "commit": SHA,
        "limit": 20,
        "p0": "a.yaml",
        "p1": "b.yaml",
    }


def test_more_paths_than_fit_are_more_questions(api: GitHubApi) -> None:
    api.graphql((200, told(*[["c1"]] * BATCH)), (200, told(["c2"])))
    paths = [f"{at}.yaml" for at in range(BATCH + 1)]

    found = GitHubHistories(api.connection()).of(SHA, paths, limit=20)

    assert found == {path: {"c1": day("c1")} for path in paths[:-1]} | {paths[-1]: {"c2": day("c2")}}


def test_no_more_than_the_limit_is_taken(api: GitHubApi) -> None:
    api.graphql((200, told(["c3", "c2", "c1"])))

    found = GitHubHistories(api.connection()).of(SHA, ["a.yaml"], limit=2)

    assert found == {"a.yaml": {"c3": day("c3"), "c2": day("c2")}}


@pytest.mark.parametrize(
    "answer",
    [
        {"data": {"repository": None}},
        {"data": {"repository": {"object": None}}},
        {"data": {"repository": {"object": {}}}},
        told(["c1"], commit="b" * 40),
        {"data": told(["c1"])["data"], "errors": [{"message": "timeout"}]},
    ],
)
def test_an_answer_about_nothing_is_no_answer(api: GitHubApi, answer: dict[str, Any]) -> None:
    api.graphql((200, answer))

    assert GitHubHistories(api.connection()).of(SHA, ["a.yaml"], limit=20) is None


@pytest.mark.parametrize("history", [{}, {"nodes": None}, {"nodes": [{"oid": None}]}, {"nodes": ["c1"]}])
def test_a_past_that_cannot_be_read_is_not_an_empty_one(api: GitHubApi, history: dict[str, Any]) -> None:
    api.graphql((200, {"data": {"repository": {"object": {"oid": SHA, "h0": history}}}}))

    with pytest.raises(PromoterError, match="makes no sense"):
        GitHubHistories(api.connection()).of(SHA, ["a.yaml"], limit=20)


# --- in the repository ---------------------------------------------------------------------------


def test_what_is_expected_comes_along(api: GitHubApi) -> None:
    a, b = b"version: 1\n", b"version: 2\n"
    # What is missing comes first, then what was expected: the two at the tip, b.yaml at c2 and c1.
    api.graphql((200, told(["c1"], ["c2", "c1"])), (200, blobs(a, None, None, b, None)))
    files = repository(api, "a.yaml", "b.yaml")

    (one,) = files.history(SHA, "a.yaml", limit=20)
    older = files.history(SHA, "b.yaml", limit=20)

    assert one == FileVersion(commit="c1", content=a, when=day("c1"))
    assert older == (
        FileVersion(commit="c2", content=b, when=day("c2")),
        FileVersion(commit="c1", content=None, when=day("c1")),
    )
    assert api.asked == ["POST /graphql"] * 2


def test_one_path_alone_is_read_by_rest(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, []))

    assert repository(api, "a.yaml").history(SHA, "a.yaml", limit=20) == ()
    assert api.asked == [BY_REST]


def test_what_is_expected_elsewhere_does_not_count(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, []))
    files = repository(api, "a.yaml")
    files.expect([("b" * 40, "b.yaml")])

    assert files.history(SHA, "a.yaml", limit=20) == ()
    assert api.asked == [BY_REST]


def test_where_graphql_does_not_answer_each_is_read_by_rest_and_it_is_asked_once(api: GitHubApi) -> None:
    api.graphql((200, {"errors": [{"message": "timeout"}]}))
    api.on("GET", "/commits", (200, []))
    files = repository(api, "a.yaml", "b.yaml", "c.yaml")

    assert [files.history(SHA, path, limit=20) for path in ("a.yaml", "b.yaml", "c.yaml")] == [()] * 3
    assert api.asked == [
        "POST /graphql",
        BY_REST,
        BY_REST.replace("a.y", "b.y"),
        BY_REST.replace("a.y", "c.y"),
    ]


def test_more_than_a_page_is_read_by_rest(api: GitHubApi) -> None:
    api.on("GET", "/commits", (200, []))

    assert repository(api, "a.yaml", "b.yaml").history(SHA, "a.yaml", limit=101) == ()
    assert api.asked == [BY_REST.replace("per_page=20", "per_page=100")]
