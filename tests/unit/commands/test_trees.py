"""Which files count at a commit, and what git held before."""

from __future__ import annotations

import pytest

from promoter.commands.trees import (
    Places,
    Tree,
    past_of,
    past_path,
    read_policy,
    read_request_set,
    read_tree,
)
from promoter.commands.versions import Past
from promoter.errors import PromoterError, ReasonCode
from tests.builders import a_file_version, a_request
from tests.fakes.github import Files, InMemoryRepository, Irregular
from tests.fakes.observed import observed
from tests.fakes.team import PLACES, POLICY, REQUEST, SHADOW, policy, request

COMMIT = "a" * 40


def repository_of(files: Files) -> InMemoryRepository:
    return InMemoryRepository({COMMIT: files})


def tree_of(repository: InMemoryRepository, places: Places = PLACES) -> Tree:
    return read_tree(repository, COMMIT, places=places)


def refused_policy(files: Files) -> PromoterError:
    repository = repository_of(files)
    with pytest.raises(PromoterError) as refused:
        read_policy(repository, tree_of(repository), places=PLACES)
    assert refused.value.reason is ReasonCode.POLICY_INVALID
    return refused.value


def refused_requests(files: Files) -> PromoterError:
    repository = repository_of(files)
    with pytest.raises(PromoterError) as refused:
        read_request_set(repository, tree_of(repository))
    return refused.value


def test_requests_and_policy_are_told_apart() -> None:
    repository = repository_of(
        {REQUEST: request("7"), "promotions/notes.md": b"", "x.yaml": b"", POLICY: policy()}
    )
    tree = tree_of(repository)
    assert (tree.commit, list(tree.requests)) == (COMMIT, [REQUEST])
    assert tree.policy is not None
    assert list(tree.by_path()) == [REQUEST, POLICY]


def test_a_policy_among_the_requests_is_no_request() -> None:
    places = Places(requests="promotions/**/*.yaml", policy="promotions/policy.yaml")
    tree = tree_of(repository_of({"promotions/policy.yaml": policy(), REQUEST: request("7")}), places)
    assert list(tree.requests) == [REQUEST]


def test_a_tree_without_either_is_empty() -> None:
    assert tree_of(repository_of({})).by_path() == {}


def test_a_policy_is_read_with_its_path() -> None:
    repository = repository_of({POLICY: policy()})
    assert read_policy(repository, tree_of(repository), places=PLACES).path == POLICY


def test_no_policy_says_where_and_how_to_begin() -> None:
    error = refused_policy({})
    assert f"no policy `{POLICY}` at commit `{COMMIT[:12]}`" in str(error)
    assert "a pull request of its own" in str(error.hint)


@pytest.mark.parametrize("mode", ["120000", "100755", "160000"])
def test_a_policy_must_be_a_regular_file(mode: str) -> None:
    assert f"(mode {mode})" in str(refused_policy({POLICY: Irregular(mode, b"a" * 40)}))


def test_requests_are_read_in_one_call() -> None:
    memory = repository_of({REQUEST: request("7"), SHADOW: request("6", alias="shadow")})
    repository, calls = observed(memory)
    found = read_request_set(repository, tree_of(memory))
    assert [one.path for one in found.requests] == [REQUEST, SHADOW]
    assert calls.count("contents") == 1


def test_a_tree_without_requests_is_not_read() -> None:
    repository, calls = observed(repository_of({}))
    assert read_request_set(repository, tree_of(repository)).requests == ()
    assert calls.count("contents") == 0


@pytest.mark.parametrize("mode", ["120000", "160000", "100755"])
def test_a_request_must_be_a_regular_file_and_is_not_followed(mode: str) -> None:
    memory = repository_of({REQUEST: Irregular(mode, b"b" * 40)})
    repository, calls = observed(memory)
    with pytest.raises(PromoterError) as refused:
        read_request_set(repository, tree_of(memory))
    assert refused.value.reason is ReasonCode.REQUEST_INVALID
    assert calls.count("contents") == 0


def test_every_problem_of_every_file_is_told() -> None:
    error = refused_requests({REQUEST: b"model: x\n", SHADOW: b"alias: y\n"})
    assert error.reason is ReasonCode.REQUEST_INVALID
    assert {problem.path for problem in error.problems} == {REQUEST, SHADOW}
    assert str(error) == f"{len(error.problems)} problem(s) in promotion requests"


def test_two_requests_for_one_alias() -> None:
    error = refused_requests({REQUEST: request("7"), SHADOW: request("8")})
    assert (error.reason, error.problems[0].path) == (ReasonCode.DUPLICATE_REQUEST, SHADOW)


def test_the_past_of_a_file_is_what_it_asked_for_this_alias() -> None:
    held = [
        request("6"),
        None,
        b"not: a request\n",
        request("5", model="fraud"),
        request("5", alias="shadow"),
        request("4"),
    ]
    older = [a_file_version(commit=f"c{index}", content=content) for index, content in enumerate(held)]
    versions = ["6", None, None, None, None, "4"]
    assert past_of(a_request(), older) == tuple(
        Past(commit=f"c{index}", version=one) for index, one in enumerate(versions)
    )


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({REQUEST: request("6"), SHADOW: request("5", alias="shadow")}, REQUEST),
        ({REQUEST: b"not: a request\n", "promotions/old.yaml": request("6")}, REQUEST),
        ({"promotions/old.yaml": request("6"), SHADOW: request("5", alias="shadow")}, "promotions/old.yaml"),
        ({SHADOW: request("5", alias="shadow")}, REQUEST),
        ({"promotions/old.yaml": Irregular("120000", request("6"))}, REQUEST),
        ({}, REQUEST),
    ],
)
def test_an_alias_was_asked_for_at_the_same_path_or_the_one_it_was_renamed_from(
    files: Files, path: str
) -> None:
    repository = repository_of(files)
    found = past_path(repository, tree_of(repository), request=a_request(path=REQUEST))
    assert found == path
