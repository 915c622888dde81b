"""A house per test on the session's MLflow server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.house import House, housed
from tests.mlflow_server import MlflowServer


@pytest.fixture
def house(tmp_path: Path, mlflow_server: MlflowServer) -> Iterator[House]:
    """GitHub and registry of a small team, over HTTP."""
    with housed(tmp_path, mlflow_server.url) as made:
        yield made
