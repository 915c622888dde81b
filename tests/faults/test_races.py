"""Two and three applies at once against one registry on PostgreSQL, and people in between.

Half a thousand orders of their calls, each held to the same promises. `make test-faults` plays more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.interleaving_promises import check, told_on_failure
from tests.faults.interleaving_scenes import Scene, set_up
from tests.faults.interleaving_stage import Stage, staged
from tests.faults.postgres import require_postgres, running
from tests.mlflow_server import MlflowServer, serving

pytestmark = pytest.mark.integration

EACH = 36


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """A real MLflow server on a real PostgreSQL."""
    binaries = require_postgres(os.environ)
    with (
        running(binaries) as database,
        serving(tmp_path_factory.mktemp("mlflow-postgres"), database=database) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def stage(server: MlflowServer) -> Iterator[Stage]:
    """The registry, asked by the database's address."""
    with staged(server.database, registry=server.database) as made:
        yield made


@pytest.mark.parametrize("scene", list(Scene), ids=lambda scene: scene.name.lower())
def test_whatever_the_order_no_state_is_lost(stage: Stage, scene: Scene) -> None:
    for seed in range(EACH):
        race = set_up(stage, scene)
        played = race.play(seed)
        with told_on_failure(race, played, seed=seed):
            check(race, played)
