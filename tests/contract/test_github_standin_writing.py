"""Writing to the stand-in without a clone, held to GitHub's OpenAPI description."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from requests import Response

from promoter.demo.github.server import Standin, serve
from promoter.demo.github.world import World
from tests.contract.github_spec import GitHubSpec, load_spec
from tests.contract.github_standin_world import REPOSITORY, ask, propose, small_world

UNKNOWN_SHA = "f" * 40
WRITER = "writer-token"


@pytest.fixture
def spec() -> GitHubSpec:
    return load_spec()


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = small_world(tmp_path)
    propose(made, "feature/first", version=2)
    propose(made, "feature/second", version=3)
    return made


@pytest.fixture
def standin(world: World) -> Iterator[Standin]:
    with serve(world) as running:
        yield running


def written(standin: Standin, path: str, body: dict[str, object], *, method: str = "POST") -> Response:
    return ask(standin, REPOSITORY + path, token=WRITER, method=method, body=body)


@pytest.fixture
def base(world: World) -> str:
    world.add_token(WRITER, "alice", grants={"contents": "write", "pull_requests": "write"})
    return world.tip("main") or ""


def test_a_pull_request_without_a_clone_is_written_as_described(
    world: World, standin: Standin, spec: GitHubSpec, base: str
) -> None:
    blob = written(standin, "/git/blobs", {"content": "Y2h1cm4K", "encoding": "base64"})
    text = written(standin, "/git/blobs", {"content": "churn\n"})
    assert blob.json()["sha"] == text.json()["sha"]
    entries = [
        {"path": "promotions/a b.yaml", "mode": "100644", "type": "blob", "sha": blob.json()["sha"]},
        {"path": "README.md", "mode": "100644", "type": "blob", "sha": None},
    ]
    tree = written(standin, "/git/trees", {"base_tree": world.git.commit(base).tree, "tree": entries})
    made = {"message": "Promote", "tree": tree.json()["sha"], "parents": [base]}
    commit = written(standin, "/git/commits", made)
    sha = commit.json()["sha"]
    ref = written(standin, "/git/refs", {"ref": "refs/heads/promoter/one", "sha": sha})
    asked: dict[str, object] = {"title": "One", "head": "promoter/one", "base": "main", "body": "x"}
    opened = written(standin, "/pulls", asked)
    spec.check(blob, text, tree, commit, ref, opened)
    assert {one.status_code for one in (blob, text, tree, commit, ref, opened)} == {201}
    changed = {change.path: change.status for change in world.changes_between(base, sha)}
    assert changed == {"promotions/a b.yaml": "added", "README.md": "removed"}
    assert commit.json()["author"]["name"] == "alice"

    number = opened.json()["number"]
    again = written(standin, "/pulls", asked)
    reworded = written(standin, f"/pulls/{number}", {"title": "Two", "body": "y"}, method="PATCH")
    backwards = written(standin, "/git/refs/heads/promoter/one", {"sha": base}, method="PATCH")
    forward = written(standin, "/git/refs/heads/promoter/one", {"sha": sha, "force": False}, method="PATCH")
    closed = written(standin, f"/pulls/{number}", {"state": "closed"}, method="PATCH")
    reopened = written(standin, f"/pulls/{number}", {"state": "open"}, method="PATCH")
    gone = ask(standin, f"{REPOSITORY}/git/refs/heads/promoter/one", token=WRITER, method="DELETE")
    twice = ask(standin, f"{REPOSITORY}/git/refs/heads/promoter/one", token=WRITER, method="DELETE")
    spec.check(again, reworded, backwards, forward, closed, reopened, gone, twice)
    found = [one.status_code for one in (again, reworded, backwards, forward, closed, reopened, gone, twice)]
    assert found == [422, 200, 422, 200, 200, 200, 204, 422]
    assert (reworded.json()["title"], reworded.json()["body"]) == ("Two", "y")
    assert (closed.json()["state"], reopened.json()["state"]) == ("closed", "open")


@pytest.mark.parametrize(
    ("status", "method", "path", "body"),
    [
        (422, "POST", "/git/blobs", {"content": "a", "encoding": "base64"}),
        (422, "POST", "/git/trees", {"tree": []}),
        (422, "POST", "/git/trees", {"tree": [{"path": "a", "mode": "100644", "sha": UNKNOWN_SHA}]}),
        (404, "POST", "/git/trees", {"base_tree": UNKNOWN_SHA, "tree": [{"path": "a", "content": "x"}]}),
        (422, "POST", "/git/commits", {"message": "x", "tree": UNKNOWN_SHA}),
        (422, "POST", "/git/refs", {"ref": "refs/heads/new", "sha": UNKNOWN_SHA}),
        (422, "POST", "/git/refs", {"ref": "new", "sha": UNKNOWN_SHA}),
        (422, "PATCH", "/git/refs/heads/nothing", {"sha": UNKNOWN_SHA}),
        (422, "POST", "/pulls", {"title": "x", "head": "nothing", "base": "main"}),
        (422, "POST", "/pulls", {"title": "", "head": "feature/second", "base": "main"}),
        (422, "PATCH", "/pulls/2", {"title": "x" * 257}),
        (404, "PATCH", "/pulls/99", {"title": "x"}),
    ],
)
def test_writing_is_refused_as_described(  # noqa: PLR0917 - one parameter a column
    standin: Standin,
    spec: GitHubSpec,
    base: str,
    status: int,
    method: str,
    path: str,
    body: dict[str, object],
) -> None:
    response = written(standin, path, body, method=method)
    assert response.status_code == status, response.text
    if (status, path) != (422, "/pulls/2") and body.get("encoding") != "base64":
        spec.check(response)


def test_writing_needs_leave_and_a_job_opens_nothing(world: World, standin: Standin, base: str) -> None:
    made: dict[str, object] = {"ref": "refs/heads/new", "sha": base}
    assert ask(standin, f"{REPOSITORY}/git/refs", method="POST", body=made).status_code == 403
    asked: dict[str, object] = {"title": "x", "head": "feature/second", "base": "main"}
    refused = ask(standin, f"{REPOSITORY}/pulls", method="POST", body=asked)
    assert (refused.status_code, "not permitted" in refused.text) == (403, True)
