"""Session fixtures: real servers, started when the first test of a worker asks for one."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from promoter.adapters import mlflow_client
from promoter.adapters.deadline import Deadline
from tests.contract.github_calls_plugin import GitHubCalls
from tests.mlflow_server import Access, MlflowServer, serving
from tests.proxy import Proxy, proxied

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts us in the background has us ignore it, and so would whatever a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# No test fails because a machine is slow.
settings.register_profile("patient", parent=settings(), deadline=None)
settings.load_profile("patient")

TESTS = Path(__file__).parent
# What the gate needs is reached by the unit tests; to measure others makes them a quarter slower, or worse.
MEASURED = TESTS / "unit"
# The slowest first: what is slow at the end of a run keeps one process busy and the other waiting.
SLOWEST = ("image", "faults", "sandbox", "package", "compat", "integration", "e2e")


def pytest_configure(config: pytest.Config) -> None:
    """Hold every call to GitHub, in whatever test, to GitHub's own descriptions."""
    config.pluginmanager.register(GitHubCalls(), "github-calls")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say what the coverage gate measures, and put the slowest first."""
    for item in items:
        if not item.path.is_relative_to(MEASURED):
            item.add_marker("no_cover")
    items.sort(key=_place)


def pytest_collection_finish() -> None:
    """Have the garbage collector leave alone what collecting made, a million objects that stay: a tenth of
    the unit tests' time went into walking through them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _place(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
    return SLOWEST.index(folder) if folder in SLOWEST else len(SLOWEST)


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """An MLflow server that anybody may use; every test makes its own registered models."""
    mlflow_client.prefetch(os.environ)
    with serving(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture(scope="session")
def mlflow_server_with_passwords(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """An MLflow server with basic auth, where nobody may do anything until it is granted."""
    mlflow_client.prefetch(os.environ)
    with serving(tmp_path_factory.mktemp("mlflow-auth"), access=Access.BASIC_AUTH) as server:
        yield server


@pytest.fixture
def mlflow_proxy(mlflow_server: MlflowServer) -> Iterator[Proxy]:
    """A proxy before the open server."""
    with proxied(mlflow_server.url) as proxy:
        yield proxy


@pytest.fixture
def a_minute() -> Deadline:
    """A deadline that no test should meet."""
    return Deadline(60)
