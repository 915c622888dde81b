"""What the attacks of docs/security.md are tried on: a team in memory, and one over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.house import House, housed
from tests.fakes.team import Team
from tests.mlflow_server import MlflowServer


@pytest.fixture
def team() -> Team:
    """A repository, its people and a registry in memory."""
    return Team()


@pytest.fixture
def house(tmp_path: Path, mlflow_server: MlflowServer) -> Iterator[House]:
    """GitHub over real git and a real MLflow server, over HTTP."""
    with housed(tmp_path, mlflow_server.url) as made:
        yield made
