"""Where races are run: a registry on PostgreSQL, a team on GitHub in memory, and what clients of both do.

The registry is MLflow's own store on a real PostgreSQL, asked through our adapter: over HTTP of a server, or,
several times as fast, by the database's address. Between two races three tables are set back by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import psycopg2  # type: ignore[import-untyped]
from mlflow import MlflowClient

from promoter.adapters import mlflow_registry
from promoter.commands.apply import apply
from promoter.core.report import Report
from promoter.ports import PullRequests, Registry, Repository
from tests.fakes.github import Comment
from tests.fakes.team import Team
from tests.faults.interleaving import Client, Held, HeldDeadline, Order, Played, Turns

MODEL = "churn"
VERSIONS = tuple(str(number) for number in range(1, 10))
_SLOTS = 4
# Nothing else changes the registry.
_WRITES = re.compile(r"setting the alias|writing the tag|person")
_DSN = re.compile(r"postgresql\+psycopg2://(\w+)@/(\w+)\?host=(.+)")


@dataclass(frozen=True, kw_only=True)
class State:
    """What the registry holds: who holds which alias, and which versions say of themselves that they were
    applied, by (version, alias), with the tag's text."""

    aliases: Mapping[str, str]
    applied: Mapping[tuple[str, str], str]


@dataclass
class Slot:
    """One client of the registry, used again and again: to open one takes longer than a race."""

    deadline: HeldDeadline
    registry: Registry


@dataclass
class Stage:
    """The registry. `by_hand` is what a person uses."""

    slots: list[Slot]
    by_hand: MlflowClient
    connection: Any

    def reset(self, aliases: Mapping[str, str]) -> None:
        """As if nothing had ever been promoted."""
        with self.connection.cursor() as cursor:
            cursor.execute("DELETE FROM registered_model_aliases WHERE name = %s", (MODEL,))
            cursor.execute("DELETE FROM model_version_tags WHERE name = %s", (MODEL,))
            for alias, version in aliases.items():
                cursor.execute(
                    "INSERT INTO registered_model_aliases (name, alias, version) VALUES (%s, %s, %s)",
                    (MODEL, alias, version),
                )

    def look(self) -> State:
        """The database itself, at this moment."""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT alias, version FROM registered_model_aliases WHERE name = %s", (MODEL,))
            aliases = {alias: str(version) for alias, version in cursor.fetchall()}
            cursor.execute(
                "SELECT version, key, value FROM model_version_tags WHERE name = %s AND key LIKE %s",
                (MODEL, "promoter_applied_%"),
            )
            applied = {
                (str(version), key.removeprefix("promoter_applied_")): value
                for version, key, value in cursor.fetchall()
            }
        return State(aliases=aliases, applied=applied)


@contextmanager
def staged(database: str, *, registry: str) -> Iterator[Stage]:
    """A registered model with nine versions, better and better. `registry` is the address clients use."""
    client = MlflowClient(tracking_uri=registry, registry_uri=registry)
    client.create_registered_model(MODEL)
    for number in VERSIONS:
        run = client.create_run("0")
        client.log_metric(run.info.run_id, "f1_score", 0.8 + int(number) / 100)
        client.update_run(run.info.run_id, status="FINISHED")
        source = f"{run.info.artifact_uri}/model"
        client.create_model_version(
            MODEL, source, run.info.run_id, description="a description of forty characters and more"
        )
    user, name, host = cast(re.Match[str], _DSN.fullmatch(database)).groups()
    connection = psycopg2.connect(user=user, dbname=name, host=host.replace("%2F", "/"))
    connection.autocommit = True
    try:
        yield Stage(slots=[_slot(registry) for _ in range(_SLOTS)], by_hand=client, connection=connection)
    finally:
        connection.close()


def _slot(registry: str) -> Slot:
    deadline = HeldDeadline(lambda _: None)
    opened = mlflow_registry.connect(tracking_uri=registry, registry_uri="", deadline=deadline)
    return Slot(deadline=deadline, registry=opened)


@dataclass
class Race:
    """One play: a team with its history, who acts, and what came of it.

    `reports` holds what each run reported. `person` names the versions people set by hand (None: deleted).
    """

    stage: Stage
    team: Team
    clients: list[Client] = field(default_factory=list)
    reports: dict[str, Report] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    person: list[str | None] = field(default_factory=list)
    before: State | None = None

    def run(self, name: str, *, ready: Callable[[], bool] = lambda: True, before: str = "") -> None:
        """A job that applies."""
        slot = self.stage.slots[len(self.clients) % _SLOTS]

        def work(turn: Callable[[str], None]) -> None:
            slot.deadline.turn = turn
            self.reports[name] = self._apply(slot.registry, turn, before=before)

        self.clients.append(Client(name=name, work=work, ready=ready))

    def steps(
        self, name: str, *steps: Callable[[], object], ready: Callable[[], bool] = lambda: True
    ) -> None:
        """Somebody who does one thing after the other, on GitHub or by hand."""

        def work(turn: Callable[[str], None]) -> None:
            for step in steps:
                turn(name)
                step()

        self.clients.append(Client(name=name, work=work))

    def by_hand(self, version: str | None, alias: str = "champion") -> None:
        """A person moves the alias at some moment."""
        self.person.append(version)

        def move() -> None:
            if version is None:
                self.stage.by_hand.delete_registered_model_alias(MODEL, alias)
            else:
                self.stage.by_hand.set_registered_model_alias(MODEL, alias, version)

        self.steps("person", move)

    def play(self, seed: int) -> list[Played]:
        """Every call in the order of the seed."""
        last = self.before = self.stage.look()

        def look(what: str) -> State:
            nonlocal last
            if _WRITES.match(what):
                last = self.stage.look()
            return last

        return Turns(Order(seed), look).play(self.clients)

    def alone(self) -> Report:
        """One more run, with nobody else about."""
        slot = self.stage.slots[0]
        slot.deadline.turn = lambda _: None
        return self._apply(slot.registry, slot.deadline.turn, before="")

    def _apply(self, registry: Registry, turn: Callable[[str], None], *, before: str) -> Report:
        pulls = Held(lambda: replace(self.team.pull_requests, comments=self.comments), turn)
        world = self.team.apply_world(
            registry=lambda: registry,
            repository=cast(Repository, Held(lambda: self.team.repository, turn)),
            pull_requests=cast(PullRequests, pulls),
        )
        return apply(world, branch="main", before=before)
