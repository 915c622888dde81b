"""Drift of very many aliases: how often git, GitHub and the registry are asked, and what is told."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.adapters.github_repository import GitHubRepository
from promoter.adapters.local_repository import LocalRepository
from promoter.commands.drift import MOST_EXAMINED, DriftWorld, drift
from promoter.commands.status import Shown, StatusWorld, status
from promoter.core.drift import DriftKind
from promoter.demo.github.model import File
from promoter.demo.github.server import serve
from promoter.errors import ReasonCode
from promoter.ports import RegistryIndex, Repository
from promoter.render.drift_json import drift_result
from promoter.render.drift_summary import drift_summary
from tests.benchmarks.drift_world import (
    POLICY,
    POLICY_PATH,
    commit_requests,
    names,
    request_of,
    request_path,
    seed_registry,
)
from tests.contract.github_adapters_world import connected
from tests.contract.github_standin_world import small_world
from tests.fakes.team import NOW, PLACES
from tests.git_clone import GitClone
from tests.mlflow_server import serving
from tests.proxy import Proxy, proxied

pytestmark = pytest.mark.integration

ALIASES = 2_100
MODELS = names(0, ALIASES)
LIST = "GET /api/2.0/mlflow/registered-models/search"
# GitHub's limits are 1 MiB for all outputs of a job, and 1 MiB for a step's summary.
MOST_OUTPUT, MOST_SUMMARY = 512 * 1024, 900 * 1024
# Of each alias that differs: its model, the version asked for with its run and LoggedModel.
MOST_A_DIFFERENCE = 4


@dataclass(frozen=True, kw_only=True)
class Registry:
    """A real server with two versions of each model, the newer one champion; `proxy` counts."""

    database: Path
    proxy: Proxy

    def reader(self) -> RegistryIndex:
        return mlflow_registry.connect_reader(
            tracking_uri=self.proxy.url, registry_uri="", deadline=Deadline(300)
        )


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("many-aliases")
    with serving(folder) as server, proxied(server.url) as proxy:
        seed_registry(folder / "mlflow.db", MODELS)
        yield Registry(database=folder / "mlflow.db", proxy=proxy)


@pytest.fixture
def clone(tmp_path: Path) -> GitClone:
    made = GitClone(tmp_path / "clone")
    commit_requests(made, MODELS)
    return made


@dataclass(frozen=True, kw_only=True)
class Git:
    """A clone as a repository; git itself writes down each process that is started."""

    folder: Path
    trace: Path

    def repository(self) -> LocalRepository:
        environ = {"PATH": os.environ["PATH"], "GIT_TRACE2_EVENT": str(self.trace)}
        return LocalRepository(self.folder, environ=environ)

    def started(self) -> list[str]:
        """The first word of every git command so far."""
        events = [json.loads(line) for line in self.trace.read_text(encoding="utf-8").splitlines()]
        return [event["argv"][1] for event in events if event["event"] == "start"]


@pytest.fixture
def git(clone: GitClone, tmp_path: Path) -> Git:
    return Git(folder=clone.folder, trace=tmp_path / "trace.json")


def world_of(repository: Repository, registry: Registry) -> DriftWorld:
    return DriftWorld(
        repository=repository, registry=registry.reader, places=PLACES, now=NOW, tool_version="0.1.0"
    )


def test_a_clone_and_a_registry_that_agree_are_three_pages_and_five_commands(
    git: Git, registry: Registry
) -> None:
    registry.proxy.lines()
    report = drift(world_of(git.repository(), registry), branch="main")

    assert (report.reason, str(report.message)) == (
        ReasonCode.IN_SYNC,
        f"git and registry agree on {ALIASES:,} aliases",
    )
    assert registry.proxy.lines() == [LIST] * 3
    # Where it is, its tip, its files, the policy, and all requests in one.
    assert git.started() == ["rev-parse", "rev-parse", "ls-tree", "cat-file", "cat-file"]
    assert len(drift_result(report)) <= MOST_OUTPUT
    assert len(drift_summary(report).encode()) <= MOST_SUMMARY


def test_the_status_of_all_is_one_look_at_the_log_more(git: Git, registry: Registry) -> None:
    registry.proxy.lines()
    repository = git.repository()
    world = StatusWorld(drift=world_of(repository, registry), repository=repository)
    fleet = status(world, commit="main", shown=Shown())

    assert len(fleet.rows) == ALIASES
    assert {row.since for row in fleet.rows} == {"2023-11-14T22:13:20+00:00"}
    assert registry.proxy.lines() == [LIST] * 3
    assert git.started()[5:] == ["-c"]  # -c log.showRoot=true log


def test_when_all_differ_so_many_are_looked_at_and_what_is_told_stays_bounded(
    clone: GitClone, git: Git, registry: Registry
) -> None:
    commit_requests(clone, MODELS, version="1")
    registry.proxy.lines()
    report = drift(world_of(git.repository(), registry), branch="main")

    assert report.reason is ReasonCode.DRIFT_FOUND
    assert str(report.message) == f"{ALIASES} of {ALIASES:,} aliases differ from git"
    assert [finding.kind for finding in report.findings] == [DriftKind.MOVED] * MOST_EXAMINED
    assert len(report.unexamined) == ALIASES - MOST_EXAMINED
    assert len(registry.proxy.lines()) <= 3 + MOST_EXAMINED * MOST_A_DIFFERENCE
    assert len(git.started()) <= 5 + MOST_EXAMINED * MOST_A_DIFFERENCE
    assert len(drift_result(report)) <= MOST_OUTPUT
    assert len(drift_summary(report).encode()) <= MOST_SUMMARY


def test_by_api_two_hundred_files_are_one_question(tmp_path: Path, registry: Registry) -> None:
    made = small_world(tmp_path)
    files: dict[str, bytes | File | None] = {
        "promotions/churn.yaml": None,
        POLICY_PATH: POLICY.encode(),
        **{request_path(model): request_of(model).encode() for model in MODELS},
    }
    made.commit("main", files, author="alice", message="Adopt")
    registry.proxy.lines()
    with serve(made) as standin:
        report = drift(world_of(GitHubRepository(connected(standin)), registry), branch="main")
        asked = [seen.path for seen in standin.requests]

    assert report.reason is ReasonCode.IN_SYNC
    # The tip, the tree, the policy with the first files, the others two hundred at a time.
    assert len(asked) <= 3 + math.ceil(ALIASES / 200), asked
    assert registry.proxy.lines() == [LIST] * 3
