"""The three kinds of GraphQL query the stand-in answers, and that it refuses every other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import graphql as graphql_core
import pytest
import requests

from promoter.demo.github.graphql import TEXT_LIMIT
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.world import World
from tests.contract.github_graphql_schema import load_schema
from tests.contract.github_recording import ON_PURPOSE
from tests.contract.github_standin_world import ALICE, STRANGER, WORKFLOW, propose, small_world
from tests.contract.github_standin_world import listed as listing

BLOB = "... on Blob { oid byteSize isBinary isTruncated text }"
FILES = f"""
query Files($owner: String!, $name: String!, $first: String!, $second: GitObjectID!) {{
  repository(owner: $owner, name: $name) {{
    a0: object(expression: $first) {{ __typename ...file }}
    a1: object(oid: $second) {{ {BLOB} }}
    a2: object(expression: "main:missing.txt") {{ {BLOB} }}
    a3: object(expression: "main:promotions") {{ __typename oid {BLOB} }}
  }}
}}
fragment file on Blob {{ byteSize text }}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return small_world(tmp_path)


@pytest.fixture
def standin(world: World) -> Iterator[Standin]:
    with serve(world) as running:
        yield running


def query(
    standin: Standin,
    text: object,
    *,
    token: str = WORKFLOW,
    variables: dict[str, object] | None = None,
    wrong: str = "",
) -> dict[str, Any]:
    """The answer; `wrong` says why GitHub's schema does not allow the query."""
    body = {"query": text, "variables": variables or {}}
    headers = {"Authorization": f"bearer {token}", ON_PURPOSE: wrong}
    response = requests.post(
        standin.graphql_url, json=cast(dict[str, Any], body), headers=headers, timeout=10
    )
    assert response.status_code == 200
    return cast(dict[str, Any], response.json())


def objects(text: str) -> str:
    return f'{{ repository(owner: "acme", name: "churn") {{ {text} }} }}'


def test_tells_who_asks(standin: Standin) -> None:
    assert query(standin, "{ viewer { login } }") == {"data": {"viewer": {"login": "github-actions[bot]"}}}
    assert query(standin, "query { me: viewer { login } }", token=ALICE)["data"]["me"]["login"] == "alice"


def test_reads_many_files_at_once(world: World, standin: Standin) -> None:
    readme = world.git.resolve("main:README.md") or ""
    variables: dict[str, object] = {
        "owner": "acme",
        "name": "churn",
        "first": "main:promotions/churn.yaml",
        "second": readme,
    }
    found = query(standin, FILES, variables=variables)["data"]["repository"]
    request = "model: churn\nalias: champion\nversion: 1\n"
    assert found["a0"] == {"__typename": "Blob", "byteSize": len(request), "text": request}
    assert found["a1"] == {
        "oid": readme,
        "byteSize": 8,
        "isBinary": False,
        "isTruncated": False,
        "text": "# churn\n",
    }
    assert found["a2"] is None
    assert found["a3"] == {"__typename": "Tree", "oid": world.git.resolve("main:promotions")}


@pytest.mark.parametrize("name", ["späce and ünicode.yaml", 'quo\\"te.yaml', "tab\\there"])
def test_reads_files_with_unusual_names(world: World, standin: Standin, name: str) -> None:
    real = name.replace('\\"', '"').replace("\\t", "\t")
    world.commit("main", {real: b"here\n"}, author="alice", message="Odd")
    found = query(standin, objects(f'object(expression: "main:{name}") {{ {BLOB} }}'))
    assert found["data"]["repository"]["object"]["text"] == "here\n"


def test_binary_and_large_files_are_marked(world: World, standin: Standin) -> None:
    world.commit("main", {"large.txt": b"x" * (TEXT_LIMIT + 1)}, author="alice", message="Large")
    names = {"a": "model.bin", "b": "large.txt"}
    asked = [f'{alias}: object(expression: "main:{name}") {{ {BLOB} }}' for alias, name in names.items()]
    found = query(standin, objects(" ".join(asked)))["data"]["repository"]
    assert (found["a"]["isBinary"], found["a"]["text"], found["a"]["byteSize"]) == (True, None, 300)
    assert (found["b"]["isTruncated"], len(found["b"]["text"])) == (True, TEXT_LIMIT)
    assert found["b"]["byteSize"] == TEXT_LIMIT + 1


@pytest.mark.parametrize(
    "expression", ["", "-p", "main:a\\nmain:README.md", "nothing:README.md", "main:vendor/lib"]
)
def test_what_names_nothing_is_null(standin: Standin, expression: str) -> None:
    found = query(standin, objects(f'object(expression: "{expression}") {{ {BLOB} }}'))
    assert found == {"data": {"repository": {"object": None}}}


def test_what_one_may_not_see_is_an_error(world: World, standin: Standin) -> None:
    asked = objects(f'object(expression: "main:README.md") {{ {BLOB} }}')
    hidden = query(standin, asked, token=STRANGER)
    assert hidden["data"] == {"repository": None}
    assert hidden["errors"][0]["type"] == "NOT_FOUND"
    world.add_workflow_token("weak", grants={"metadata": "read"})
    assert query(standin, asked, token="weak")["errors"][0]["type"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ viewer { email } }", "Field 'email' doesn't exist on type 'User'"),
        (objects("stargazerCount"), "Field 'stargazerCount' doesn't exist on type 'Repository'"),
        (objects('object(expression: "x:y") { ... on Blob { lines } }'), "Field 'lines' doesn't exist"),
        (objects('object(expression: "x:y") { ... on Blub { oid } }'), "No such type Blub"),
        (objects('object(path: "x") { oid }'), "doesn't accept argument 'path'"),
        ('{ repository(owner: "acme") { name } }', "missing required arguments: name"),
        (objects('object(expression: "x:y")'), "must have selections"),
        ("{ viewer { login { x } } }", "must not have selections"),
        ("query($a: String!) { viewer { login } }", "Variable $a was provided invalid value"),
        ("{ viewer { ...missing } }", "Fragment missing was used, but not defined"),
        ("mutation { addStar { id } }", "Parse error: Expected 'query', found 'mutation'"),
        ("{ viewer { login }", "Parse error: Unexpected end of document"),
        ("{ viewer { } }", "Parse error: Expected at least one field"),
        ("{ viewer { login } } { viewer { login } }", "Parse error: Expected one query, found 2"),
        ("{ a(b: %) }", "Parse error: Unexpected '%' at character 8"),
        ("{ a(b: ]) }", "Parse error: Unexpected ']' where a value belongs"),
        ("{ a: ! }", "Parse error: Expected a name, found '!'"),
        (None, "A query attribute must be specified"),
    ],
)
def test_refuses_what_it_does_not_understand(standin: Standin, text: str | None, message: str) -> None:
    found = query(standin, text, wrong=message)
    assert "data" not in found
    assert message in found["errors"][0]["message"]


def test_defaults_lists_and_comments_are_read(standin: Standin) -> None:
    text = """
      # who and what
      query Q($ref: String = "main:README.md", $unused: [String!]) {
        repository(owner: "acme", name: "churn", followRenames: false) {
          nameWithOwner, object(expression: $ref) { ... { oid } ... on GitObject { abbreviatedOid } }
        }
      }
    """
    found = query(standin, text, wrong="a variable that is not used")["data"]["repository"]
    assert found["nameWithOwner"] == "acme/churn"
    assert found["object"]["oid"].startswith(found["object"]["abbreviatedOid"])


def test_the_queries_above_are_valid_on_github() -> None:
    schema = load_schema()
    for text in (FILES, "{ viewer { login } }", objects('object(expression: "a:b") { __typename oid }')):
        assert graphql_core.validate(schema, graphql_core.parse(text)) == []


def history(arguments: str, expression: str = "main") -> str:
    found = f"{arguments} {{ nodes {{ oid committedDate }} }}"
    return objects(f'c: object(expression: "{expression}") {{ ... on Commit {{ {found} }} }}')


def listed(answer: dict[str, Any]) -> list[tuple[str, str]]:
    nodes = answer["data"]["repository"]["c"]["history"]["nodes"]
    return [(node["oid"], node["committedDate"]) for node in nodes]


def dated(commits: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What REST says of the same."""
    return [(one["sha"], one["commit"]["committer"]["date"]) for one in commits]


def test_a_path_s_past_is_what_the_list_of_commits_says(world: World, standin: Standin) -> None:
    for version in (2, 3, 4):
        propose(world, f"promote-{version}", version=version)
        world.merge(version - 1, by="bob")
    path = "promotions/churn.yaml"
    by_rest = dated(listing(standin, f"/commits?path={path}"))
    assert len(by_rest) > 3
    assert listed(query(standin, history(f'history(first: 20, path: "{path}")'))) == by_rest
    assert listed(query(standin, history(f'history(first: 2, path: "{path}")'))) == by_rest[:2]
    assert listed(query(standin, history('history(first: 20, path: "never/there.yaml")'))) == []
    everything = dated(listing(standin, "/commits"))
    assert listed(query(standin, history("history(first: 100)"))) == everything


@pytest.mark.parametrize(
    "arguments",
    ["history", 'history(path: "a")', "history(first: 0)", "history(first: 101)", "history(skip: 1)"],
)
def test_a_past_that_is_asked_for_wrongly_is_refused(standin: Standin, arguments: str) -> None:
    answer = query(standin, history(arguments), wrong=arguments)
    assert answer["errors"]
    assert "data" not in answer
