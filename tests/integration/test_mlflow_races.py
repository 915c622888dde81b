"""Two clients at one registry."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.errors import PromoterError, ReasonCode
from tests.mlflow_server import MlflowServer
from tests.proxy import Answer, Proxy
from tests.registry_worlds import HttpWorld, VersionAsked

pytestmark = pytest.mark.integration

SET_ALIAS = "POST /api/2.0/mlflow/registered-models/alias"
# What MLflow 3.17 answers on PostgreSQL when two clients set a new alias at once.
UNIQUE = Answer(
    status=400,
    body=json.dumps(
        {
            "error_code": "BAD_REQUEST",
            "message": "(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint "
            '"registered_model_alias_pk"\nDETAIL:  Key (name, alias)=(churn, champion) already exists.\n'
            "\n[SQL: INSERT INTO registered_model_aliases (name, alias, version) VALUES (%(name)s, ...)]",
        }
    ).encode(),
    headers={"Content-Type": "application/json"},
)


@pytest.fixture
def world(mlflow_server: MlflowServer, a_minute: Deadline) -> HttpWorld:
    return HttpWorld(mlflow_server, deadline=a_minute)


@pytest.fixture
def registry(mlflow_proxy: Proxy, a_minute: Deadline) -> mlflow_registry.MlflowRegistry:
    return mlflow_registry.connect(tracking_uri=mlflow_proxy.url, registry_uri="", deadline=a_minute)


@pytest.fixture
def model(world: HttpWorld) -> str:
    """A model with versions 1 and 2."""
    made = world.new_model()
    for _ in range(2):
        world.new_version(made, VersionAsked())
    return made


def posts(proxy: Proxy) -> int:
    return proxy.lines().count(SET_ALIAS)


def test_who_loses_the_race_for_a_new_alias_writes_again(
    world: HttpWorld, registry: mlflow_registry.MlflowRegistry, mlflow_proxy: Proxy, model: str
) -> None:
    world.registry.set_alias(model, "champion", version="1")
    mlflow_proxy.inject(SET_ALIAS, UNIQUE, times=1)
    registry.set_alias(model, "champion", version="2")
    assert posts(mlflow_proxy) == 2
    assert world.registry.aliases(model) == {"champion": "2"}


def test_who_loses_it_to_one_with_the_same_aim_is_done(
    world: HttpWorld, registry: mlflow_registry.MlflowRegistry, mlflow_proxy: Proxy, model: str
) -> None:
    world.registry.set_alias(model, "champion", version="2")
    mlflow_proxy.inject(SET_ALIAS, UNIQUE, times=1)
    registry.set_alias(model, "champion", version="2")
    assert posts(mlflow_proxy) == 1


def test_who_loses_it_twice_says_so_without_the_databases_text(
    registry: mlflow_registry.MlflowRegistry, mlflow_proxy: Proxy, model: str
) -> None:
    mlflow_proxy.inject(SET_ALIAS, UNIQUE)
    with pytest.raises(PromoterError) as caught:
        registry.set_alias(model, "champion", version="2")
    assert posts(mlflow_proxy) == 2
    assert caught.value.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert "INSERT" not in str(caught.value)
    assert "DETAIL" not in str(caught.value)


def test_while_two_move_an_alias_nobody_ever_sees_it_gone(
    mlflow_server: MlflowServer, world: HttpWorld, model: str, a_minute: Deadline
) -> None:
    world.registry.set_alias(model, "champion", version="1")
    done = threading.Event()

    def move(version: str) -> None:
        mover = mlflow_registry.connect(tracking_uri=mlflow_server.url, registry_uri="", deadline=a_minute)
        for _ in range(8):
            mover.set_alias(model, "champion", version=version)

    def watch() -> set[str | None]:
        reader = mlflow_registry.connect_reader(
            tracking_uri=mlflow_server.url, registry_uri="", deadline=a_minute
        )
        seen: set[str | None] = set()
        while not done.is_set():
            seen.add(reader.aliases(model).get("champion"))
        return seen

    with ThreadPoolExecutor(3) as pool:
        watcher = pool.submit(watch)
        movers = [pool.submit(move, version) for version in ("1", "2")]
        for mover in movers:
            mover.result()
        done.set()
        assert watcher.result() <= {"1", "2"}
    assert world.registry.aliases(model)["champion"] in {"1", "2"}
