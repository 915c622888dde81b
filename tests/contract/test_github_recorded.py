"""What is recorded of the calls to GitHub, and that whatever is wrong in it is found and said where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import graphql
import pytest

from promoter.demo.github.exchange import Answer, Request, json_answer
from promoter.demo.github.server import serve
from tests.contract.github_calls_plugin import FOLDER
from tests.contract.github_recorded import Described, Judged, judge, read
from tests.contract.github_recording import ON_PURPOSE, Recording, route_of, shape
from tests.contract.github_spec import load_spec
from tests.contract.github_standin_world import REPOSITORY, ask, small_world
from tests.docs.github_routes import ROUTES_WE_CALL

ROOT = Path(__file__).parents[2]
OURS: Mapping[str, str] = {"user-agent": "promoter"}
SCHEMA = graphql.build_schema("type Query { viewer: User } type User { login: String }")
OPENED = b'{"title": "Drift", "body": "x", "labels": ["promoter-drift"]}'


def request(
    method: str, target: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Request:
    """One as the stand-in gets it."""
    path, _, query = target.partition("?")
    named = dict(pair.split("=") for pair in query.split("&") if pair)
    return Request(method=method, target=target, path=path, query=named, headers=headers or OURS, body=body)


def judged(folder: Path, *exchanges: tuple[Request, Answer | None]) -> Judged:
    """What a process that heard these comes to."""
    recording = Recording(folder)
    for asked, answer in exchanges:
        recording.hear(asked, answer)
    recording.close()
    return judge(read(folder), Described(rest=load_spec(), queries=lambda: SCHEMA))


@pytest.fixture(scope="module")
def answer_to_a_list(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """What the stand-in says of the comments of a pull request: one."""
    world = small_world(tmp_path_factory.mktemp("github"))
    world.commit("work", {"a": b"b"}, author="alice", message="Work")
    world.open_pull_request("work", author="alice", title="Work")
    world.add_comment(1, author="carol", body="Looks fine.")
    with serve(world) as standin:
        return json_answer(ask(standin, f"{REPOSITORY}/issues/1/comments").json())


COMMENTS = request("GET", f"{REPOSITORY}/issues/1/comments?per_page=100")


def spoilt(answer: Answer, **fields: object) -> Answer:
    (one,) = json.loads(answer.body)
    return json_answer([{**one, **fields}])


# --- what is found --------------------------------------------------------------------------------


def test_what_is_as_described_is_counted_and_said_in_one_line(
    tmp_path: Path, answer_to_a_list: Answer
) -> None:
    found = judged(tmp_path, (COMMENTS, answer_to_a_list), (COMMENTS, answer_to_a_list))
    assert found.wrong == ()
    assert found.line == "GitHub calls: 2 exchanges, 1 distinct, 1 routes, all as GitHub describes them"
    assert found.routes == {"GET /repos/{owner}/{repo}/issues/{number:int}/comments": 2}


def test_a_wrong_call_is_found(tmp_path: Path, answer_to_a_list: Answer) -> None:
    unknown = request("GET", f"{REPOSITORY}/issues/1/comments?per_pages=100")
    found = judged(tmp_path, (unknown, answer_to_a_list))
    (what,) = found.wrong
    assert "/issues/{number:int}/comments (200), request: unknown query parameter per_pages" in what
    assert "first made by tests/contract/test_github_recorded.py::test_a_wrong_call_is_found" in what
    assert found.line.endswith("1 routes, 1 NOT as GitHub describes them")


def test_a_wrong_body_is_found(tmp_path: Path) -> None:
    sent = request("POST", f"{REPOSITORY}/issues", body=OPENED.replace(b'"title"', b'"titel"'))
    (what,) = judged(tmp_path, (sent, None)).wrong
    assert what.startswith("POST /repos/{owner}/{repo}/issues (injected), request: ")
    assert "title" in what


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"id": "1"}, "answer: 0/id: '1' is not of type 'integer'"),
        ({"body": 5}, "answer: 0/body: 5 is not of type 'string'"),
        ({"author_association": "FRIEND"}, "answer: 0/author_association: 'FRIEND' is not one of"),
    ],
)
def test_a_wrong_answer_is_found(
    tmp_path: Path, answer_to_a_list: Answer, fields: dict[str, object], complaint: str
) -> None:
    """After a right one of the same route: they are not of one kind."""
    found = judged(tmp_path, (COMMENTS, answer_to_a_list), (COMMENTS, spoilt(answer_to_a_list, **fields)))
    (what,) = found.wrong
    assert complaint in what
    assert found.distinct == 2


def test_an_unknown_route_is_found(tmp_path: Path) -> None:
    asked = request("GET", f"{REPOSITORY}/pull/1", headers={"user-agent": "python-requests"})
    (what,) = judged(tmp_path, (asked, None)).wrong
    assert what.startswith("GET /repos/acme/churn/pull/1 (injected), request: PathNotFound")


def test_a_route_that_our_page_lacks_is_found(tmp_path: Path) -> None:
    asked = request("GET", "/rate_limit")
    (what,) = judged(tmp_path, (asked, None)).wrong
    assert what.startswith("GET /rate_limit: docs/github-calls.md lacks it")


def test_what_a_test_asks_itself_need_not_be_on_our_page(tmp_path: Path) -> None:
    asked = request("GET", "/rate_limit", headers={"user-agent": "python-requests"})
    assert judged(tmp_path, (asked, None)).wrong == ()


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"query": "{ viewer { email } }"}, "Cannot query field 'email' on type 'User'"),
        ({"query": "{ viewer {"}, "Syntax Error"),
        ({"text": "{ viewer { login } }"}, "'query'"),
    ],
)
def test_a_wrong_query_is_found(tmp_path: Path, body: dict[str, Any], complaint: str) -> None:
    asked = request("POST", "/graphql", body=json.dumps(body).encode())
    (what,) = judged(tmp_path, (asked, json_answer({"data": {}}))).wrong
    assert what.startswith("POST /graphql, query: ")
    assert complaint in what


def test_a_query_that_nobody_can_judge_is_said(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.hear(request("POST", "/graphql", body=b'{"query": "{ viewer { login } }"}'), None)
    recording.close()
    found = judge(read(tmp_path), Described(rest=load_spec(), queries=lambda: None))
    assert found.line.endswith("(1 GraphQL queries not judged: no schema)")


# --- what is left out -----------------------------------------------------------------------------


def test_what_is_wrong_on_purpose_is_left_out_and_counted(tmp_path: Path) -> None:
    asked = request("GET", "/nothing", headers={ON_PURPOSE.lower(): "to see it refused"})
    found = judged(tmp_path, (asked, json_answer({}, status=501)))
    assert (found.wrong, found.exchanges) == ((), 1)


def test_an_injected_answer_is_left_out_and_the_request_is_not(tmp_path: Path) -> None:
    assert judged(tmp_path, (COMMENTS, None)).wrong == ()
    unknown = request("GET", f"{REPOSITORY}/issues/1/comments?x=1")
    assert len(judged(tmp_path, (unknown, None)).wrong) == 1


# --- what is one kind -----------------------------------------------------------------------------


def test_a_shape_has_names_types_and_words() -> None:
    one = {"number": 7, "state": "open", "title": "No. 7", "labels": [{"id": 1}, {"id": 2}], "body": None}
    assert shape(one) == shape({**one, "number": 8, "title": "No. 8", "labels": [{"id": 3}]})
    others: list[dict[str, object]] = [{"number": "8"}, {"state": "closed"}, {"labels": []}, {"body": "x"}]
    others.append({"new": True})
    for other in others:
        assert shape(one) != shape({**one, **other})


def test_enterprise_addresses_are_the_same_routes() -> None:
    assert route_of("GET", "/api/v3/user") == route_of("GET", "/user") == "GET /user"
    assert route_of("POST", "/api/graphql") == "POST /graphql"


def test_what_two_processes_heard_is_one_kind_and_counted_twice(
    tmp_path: Path, answer_to_a_list: Answer
) -> None:
    judged(tmp_path, (COMMENTS, answer_to_a_list))
    found = judged(tmp_path, (COMMENTS, answer_to_a_list), (replace(COMMENTS, method="POST"), None))
    assert (found.exchanges, found.distinct) == (3, 2)


def test_every_route_of_our_page_is_one_the_stand_in_serves_and_github_describes() -> None:
    spec = load_spec()
    for route in ROUTES_WE_CALL:
        method, _, template = route.partition(" ")
        example = template.replace("{number:int}", "1").replace("{id:int}", "1").replace(":int}", "}")
        path = "".join("1" if part.startswith("{") else part for part in _parts(example))
        assert route_of(method, path) == route
        assert path == "/graphql" or spec.describes(method, path), route


def _parts(template: str) -> list[str]:
    return template.replace("{", "\0{").replace("}", "}\0").split("\0")


# --- a run of tests -------------------------------------------------------------------------------

CONFTEST = """\
from tests.contract.github_calls_plugin import GitHubCalls

def pytest_configure(config):
    config.pluginmanager.register(GitHubCalls(), "github-calls")
"""
TEST = """\
import pytest
import requests
from promoter.demo.github.server import serve
from tests.contract.github_standin_world import WORKFLOW, small_world

@pytest.mark.parametrize("path", {paths})
def test_asks(path, tmp_path):
    with serve(small_world(tmp_path)) as standin:
        headers = {{"Authorization": "Bearer " + WORKFLOW}}
        requests.get(standin.api_url + path, headers=headers, timeout=10)
"""


def run(folder: Path, paths: list[str], *options: str) -> tuple[int, str]:
    """Exit code and output of a run of tests of its own."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_some.py").write_text(TEST.format(paths=paths))
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", FOLDER))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", *options, "."],
        cwd=folder,
        env={**environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "in two workers"])
def test_a_run_that_passes_fails_for_one_wrong_call(tmp_path: Path, options: tuple[str, ...]) -> None:
    load_spec()
    right, wrong = f"{REPOSITORY}/issues", f"{REPOSITORY}/issues?colour=red"
    code, said = run(tmp_path, [right, wrong], *options)
    assert (code, "2 passed" in said) == (1, True), said
    assert "GitHub calls: 2 exchanges, 2 distinct, 0 routes, 1 NOT as GitHub describes them" in said
    assert "request: unknown query parameter colour" in said
    assert "first made by test_some.py::test_asks[" in said


@pytest.mark.slow
def test_a_run_without_a_wrong_call_passes_and_says_so(tmp_path: Path) -> None:
    load_spec()
    code, said = run(tmp_path, [f"{REPOSITORY}/issues", "/users/bob"])
    assert (code, "2 exchanges, 2 distinct" in said) == (0, True), said
    assert "all as GitHub describes them" in said
