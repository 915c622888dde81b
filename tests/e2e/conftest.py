"""A house per test on the session's MLflow server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.house import House, housed
from tests.mlflow_server import MlflowServer
from tests.proxy import Proxy
from tests.workflow_process import Launcher, launching


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow's client tries as often as ever, at once: it sleeps in real time, unlike our own clock."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")


@pytest.fixture
def house(tmp_path: Path, mlflow_server: MlflowServer) -> Iterator[House]:
    """GitHub and registry of a small team, over HTTP."""
    with housed(tmp_path, mlflow_server.url) as made:
        yield made


@pytest.fixture
def house_behind_a_proxy(tmp_path: Path, mlflow_server: MlflowServer, mlflow_proxy: Proxy) -> Iterator[House]:
    """The same, where the Action reaches the registry through a proxy that can fail."""
    with housed(tmp_path, mlflow_server.url) as made:
        made.registry = mlflow_proxy.url
        yield made


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """What starts `promoter action` in processes of their own."""
    with launching() as made:
        yield made
