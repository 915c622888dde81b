"""A pull request of very many promotion requests stays inside the limits of GitHub and of the registry."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.adapters.github_repository import GitHubRepository
from promoter.commands.apply import ApplyWorld, apply
from promoter.commands.validate import ValidateWorld, change_of_pull_request, validate
from promoter.core.pin import results_marker
from promoter.core.report import Report
from promoter.demo.github.exchange import Answer, Request, json_answer
from promoter.demo.github.model import MergeMethod, Push, ReviewState
from promoter.demo.github.server import Standin, serve
from promoter.errors import ReasonCode
from promoter.ports import Registry
from tests.builders import a_model_version, a_run
from tests.contract.github_adapters_world import connected
from tests.contract.github_standin_world import small_world
from tests.fakes.custom_checks import FakeCustomChecks
from tests.fakes.measurer import FakeMeasurer
from tests.fakes.observed import Calls, observed
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import NOW, PLACES, POLICY, policy, request

MARKER = results_marker("acme/churn", 1)


@dataclass(frozen=True, kw_only=True)
class Team:
    """One pull request that asks for version 2 of each of `models`, which are at version 1."""

    standin: Standin
    models: tuple[str, ...]
    registry: Registry
    calls: Calls

    def validated(self) -> Report:
        """A whole validate of the pull request, its comment too."""
        connection = connected(self.standin)
        repository, pulls = GitHubRepository(connection), GitHubPullRequests(connection)
        world = ValidateWorld(
            repository=repository,
            registry=lambda: self.registry,
            pull_requests=pulls,
            places=PLACES,
            measurer=FakeMeasurer(),
            custom_checks=FakeCustomChecks(),
            now=NOW,
        )
        head = self.standin.world.pulls[1].head_sha
        change = change_of_pull_request(pulls, repository, number=1, head=head, default_branch="main")
        report = validate(world, change)
        pulls.upsert_comment(1, marker=MARKER, body=f"{MARKER}\nGood.\n", unless="")
        return report

    def applied(self, push: Push) -> Report:
        """A whole apply after the merge, its comment too."""
        connection = connected(self.standin)
        pulls = GitHubPullRequests(connection)
        world = ApplyWorld(
            repository=GitHubRepository(connection),
            registry=lambda: self.registry,
            pull_requests=pulls,
            places=PLACES,
            measurer=FakeMeasurer(),
            custom_checks=FakeCustomChecks(),
            name="acme/churn",
            now=NOW,
            tool_version="0.1.0",
        )
        report = apply(world, branch="main", before=push.before)
        pulls.upsert_comment(1, marker=MARKER, body=f"{MARKER}\nMoved.\n", unless="")
        return report

    def asked(self) -> tuple[int, int]:
        """How often GitHub and the registry were asked since the last time."""
        counted = len(self.standin.requests), len(self.calls.made)
        self.standin.requests.clear()
        self.calls.made.clear()
        return counted


@contextmanager
def team_of(count: int, folder: Path, *, earlier: int = 0) -> Iterator[Team]:
    """That team; each request was edited so many times before."""
    models = tuple(f"churn-{at:03}" for at in range(count))
    registry = InMemoryRegistry()
    for model in models:
        for version, score in (("1", 0.8), ("2", 0.9)):
            run = a_run(run_id=f"{model}-{version}", metrics={"f1_score": score})
            made = {"source": f"models:/m-{run.run_id}", "run_id": run.run_id, "run": run}
            registry.add_version(a_model_version(model=model, version=version, **made))
        registry.set_alias(model, "champion", version="1")
    paths = {model: f"promotions/{model}/champion.yaml" for model in models}
    world = small_world(folder)
    before = {path: request("1", model=model) for model, path in paths.items()}
    start = {"promotions/churn.yaml": None, POLICY: policy(), **before}
    world.commit("main", start, author="alice", message="Policy and models")
    for at in range(earlier):
        edited = {path: request("1", model=model) + b"# %d\n" % at for model, path in paths.items()}
        world.commit("main", edited, author="alice", message="Why")
    after = {path: request("2", model=model) for model, path in paths.items()}
    world.commit("all", after, author="alice", message="Promote")
    world.open_pull_request("all", author="alice", title="Promote them all")
    world.review(1, "bob", state=ReviewState.APPROVED)
    seen, calls = observed(registry)
    with serve(world) as standin:
        yield Team(standin=standin, models=models, registry=seen, calls=calls)


def merged(team: Team, *, method: MergeMethod = MergeMethod.MERGE) -> Push:
    """The pull request merged; what led there is not counted."""
    push = team.standin.world.merge(1, by="bob", method=method)
    team.asked()
    return push


def questions(count: int) -> int:
    """How many GraphQL questions are enough: each tells of 50 files, or of the past of ten."""
    return math.ceil(count / 10) + 6 * math.ceil(count / 50)


@pytest.mark.parametrize("count", [1, 10, 100])
def test_what_a_validate_asks_hardly_grows_with_the_requests(count: int, tmp_path: Path) -> None:
    with team_of(count, tmp_path) as team:
        report = team.validated()
        github, registry = team.asked()

    assert [one.reason for one in report.requests] == [ReasonCode.VALIDATED] * count
    assert all(one.approval and one.approval.counted == ("bob",) for one in report.requests)
    assert github <= 12 + questions(count)
    assert registry == 4 * count


@pytest.mark.parametrize("count", [1, 10, 100])
def test_what_an_apply_asks_hardly_grows_with_the_requests(count: int, tmp_path: Path) -> None:
    with team_of(count, tmp_path) as team:
        report = team.applied(merged(team))
        github, registry = team.asked()

    assert [one.reason for one in report.requests] == [ReasonCode.APPLIED] * count
    assert {one.pull_request for one in report.requests} == {1}
    assert github <= 17 + questions(count)
    # Before it is judged and again before and after the write: an alias may move at any moment.
    assert registry == 10 * count


@pytest.mark.parametrize("method", [MergeMethod.SQUASH, MergeMethod.REBASE])
def test_the_other_ways_to_merge_ask_about_as_much(method: MergeMethod, tmp_path: Path) -> None:
    with team_of(20, tmp_path) as team:
        report = team.applied(merged(team, method=method))
        github, _ = team.asked()

    assert [one.reason for one in report.requests] == [ReasonCode.APPLIED] * 20
    assert github <= 19 + questions(20)


def test_a_long_past_is_read_in_few_questions_too(tmp_path: Path) -> None:
    with team_of(20, tmp_path, earlier=8) as team:
        assert [one.reason for one in team.validated().requests] == [ReasonCode.VALIDATED] * 20
        github, _ = team.asked()

    assert github <= 12 + questions(20) + math.ceil(20 * 8 / 50)


def test_without_graphql_two_calls_a_request_are_enough(tmp_path: Path) -> None:
    with team_of(20, tmp_path) as team:
        team.standin.interceptor = WithoutGraphQL()
        validated = [one.reason for one in team.validated().requests]
        asked_by_validate, _ = team.asked()
        applied = [one.reason for one in team.applied(merged(team)).requests]
        asked_by_apply, _ = team.asked()

    assert (validated, applied) == ([ReasonCode.VALIDATED] * 20, [ReasonCode.APPLIED] * 20)
    # By REST one call reads a file's past, and one its content.
    assert asked_by_validate <= 25 + 4 * 20
    assert asked_by_apply <= 25 + 4 * 20


class WithoutGraphQL:
    """An Enterprise Server whose GraphQL address is closed."""

    def before(self, request: Request) -> Answer | None:
        """See `Interceptor`."""
        return json_answer({"message": "Not Found"}, status=404) if "graphql" in request.path else None

    def after(self, request: Request, answer: Answer) -> Answer:
        """See `Interceptor`."""
        return answer
