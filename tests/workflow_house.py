"""A team whose repository is one of our examples: its files as they are, a GitHub stand-in, a real registry.

Where the registry asks for passwords, which secret a workflow hands to a step decides what the step can do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import requests

from promoter.adapters.deadline import Deadline
from promoter.core.model_version import Column, Dataset, Signature
from promoter.demo.github.events import (
    merge_group_event,
    pull_request_event,
    push_event,
    schedule_event,
)
from promoter.demo.github.model import MergeGroup, Push, UserKind
from promoter.demo.github.server import Standin
from promoter.demo.github.world import World
from promoter.demo.job import Trigger
from tests.e2e.house import House, housed
from tests.mlflow_server import ADMIN, ADMIN_PASSWORD, MlflowServer
from tests.registry_worlds import HttpWorld, RunAsked, VersionAsked
from tests.workflow_actions import App
from tests.workflow_runner import Environment, Kept, Ran, Runner

EXAMPLES = Path(__file__).parents[1] / "examples"
MAIN = "refs/heads/main"
PASSWORD = "canary-Passw0rd-of-examples"
APP = App(
    login="promoter-app[bot]",
    client_id="Iv23liexample",
    private_key="the key of the tests' App",
    grants={"contents": "write", "pull_requests": "write", "metadata": "read"},
)
_SIGNATURE = Signature(
    inputs=(Column(name="tenure", kind="long", required=True),),
    outputs=(Column(name="", kind="long", required=True),),
)


def example(path: str) -> bytes:
    """One file of the examples."""
    return (EXAMPLES / path).read_bytes()


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The server, and its users with the permission of each; without users it asks nobody who they are."""

    server: MlflowServer
    world: HttpWorld
    users: Mapping[str, str] = field(default_factory=dict)

    def create(self, model: str) -> None:
        """A registered model that the users may use, each as far as it may."""
        self.world.client.create_registered_model(model)
        self._grant("registered_model", model)

    def version(self, model: str, f1_score: float) -> str:
        """A version that has all that the examples' policies ask for."""
        run = RunAsked(
            metrics={"f1_score": f1_score, "log_loss": 0.4, "roc_auc": f1_score},
            git_commit="c" * 40,
            datasets=(Dataset(name="holdout", digest="abc", context="evaluation"),),
        )
        asked = VersionAsked(
            description="Gradient boosting on the contract data of the third quarter.",
            tags={"owner": "growth"},
            run=run,
            signature=_SIGNATURE,
        )
        return self.world.new_version(model, asked)

    def add_users(self) -> None:
        """Each with its permission on the experiment of all runs."""
        for user in self.users:
            self._post("2.0/mlflow/users/create", {"username": user, "password": PASSWORD})
        self._grant("experiment", "0")

    def _grant(self, kind: str, resource: str) -> None:
        for user, permission in self.users.items():
            asked = {"username": user, "resource_type": kind, "resource_id": resource}
            self._post("3.0/mlflow/users/permissions/grant", {**asked, "permission": permission})

    def _post(self, path: str, asked: Mapping[str, str]) -> None:
        auth = (ADMIN, ADMIN_PASSWORD)
        requests.post(f"{self.server.url}/api/{path}", json=asked, auth=auth, timeout=30).raise_for_status()


@dataclass(kw_only=True)
class Team:
    """The team at work: dora asks, alice reviews and merges, and GitHub starts what the files say."""

    house: House
    registry: Registry
    runner: Runner
    models: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        """Their GitHub."""
        return self.house.world

    def register(self, model: str, *scores: float) -> None:
        """A registered model with these versions, of which the first is the champion."""
        self.models.append(model)
        self.registry.create(model)
        for score in scores:
            self.registry.version(model, score)
        self.set_alias(model, "1")

    def set_alias(self, model: str, version: str, alias: str = "champion") -> None:
        """By hand."""
        self.registry.world.client.set_registered_model_alias(model, alias, version)

    def champion(self, model: str) -> str:
        """Who holds the alias, asked of the registry itself."""
        return str(self.registry.world.client.get_registered_model(model).aliases.get("champion"))

    def tags(self, model: str, version: str) -> Mapping[str, str]:
        """All of a version."""
        return dict(self.registry.world.client.get_model_version(model, version).tags)

    def adopt(self, files: Mapping[str, bytes]) -> None:
        """The example's files on the default branch."""
        self.house.land(dict(files))

    # --- what happens on GitHub ---------------------------------------------------------------------

    def opened(self, number: int, action: str = "opened") -> list[Ran]:
        """The event of a pull request."""
        view = self.house.standin.view
        payload = pull_request_event(view, number, action=action)
        merge = self.world.test_merge(self.world.pulls[number])
        assert merge is not None
        ref = f"refs/pull/{number}/merge"
        return self.runner.run(Trigger(name="pull_request", payload=payload, ref=ref, commit=merge))

    def queued(self, group: MergeGroup) -> list[Ran]:
        """The event of a merge queue."""
        payload = merge_group_event(self.house.standin.view, group, sender="alice")
        commit = group.head_sha
        return self.runner.run(
            Trigger(name="merge_group", payload=payload, ref=group.head_ref, commit=commit)
        )

    def pushed(self, push: Push) -> list[Ran]:
        """The event of a push."""
        payload = push_event(self.house.standin.view, push)
        return self.runner.run(Trigger(name="push", payload=payload, ref=push.ref, commit=push.after))

    def scheduled(self, cron: str) -> list[Ran]:
        """The event of a schedule: of the default branch."""
        payload = schedule_event(self.house.standin.view, schedule=cron)
        commit = self.world.tip("main")
        assert commit is not None
        return self.runner.run(Trigger(name="schedule", payload=payload, ref=MAIN, commit=commit))

    def reviewed(self, number: int) -> Push:
        """Approved and merged by alice."""
        self.house.approve(number)
        return self.house.merge(number)


def only(ran: list[Ran]) -> Ran:
    """The one job that was started."""
    (one,) = ran
    return one


def with_passwords(server: MlflowServer) -> Registry:
    """Users as docs/credentials.md says: one reads, the other may also set aliases and tags."""
    admin = server.url.replace("http://", f"http://{ADMIN}:{ADMIN_PASSWORD}@")
    users = {f"reader-{uuid4().hex[:8]}": "READ", f"writer-{uuid4().hex[:8]}": "EDIT"}
    world = HttpWorld(replace(server, url=admin), deadline=Deadline(600))
    registry = Registry(server=server, world=world, users=users)
    registry.add_users()
    return registry


def kept_for(registry: Registry) -> Kept:
    """Secrets and variables where docs/credentials.md says that they belong."""
    reader, writer = registry.users
    writing = {"MLFLOW_WRITER_USERNAME": writer, "MLFLOW_WRITER_PASSWORD": PASSWORD}
    proposing = {"PROMOTER_APP_PRIVATE_KEY": APP.private_key}
    return Kept(
        variables={
            "MLFLOW_TRACKING_URI": registry.server.url,
            "PROMOTER_APP_CLIENT_ID": APP.client_id,
        },
        secrets={"MLFLOW_READER_USERNAME": reader, "MLFLOW_READER_PASSWORD": PASSWORD},
        environments={
            "model-registry-write": Environment(branches=("main",), secrets=writing),
            "model-proposals": Environment(branches=("main",), secrets=proposing),
        },
        app=APP,
    )


@contextmanager
def teamed(
    folder: Path, registry: Registry, equip: Callable[[Standin], Runner], *, base_path: str = ""
) -> Iterator[Team]:
    """A repository without a file of ours, on a GitHub whose runner is as `equip` says."""
    with housed(folder, registry.world.server.url, base_path=base_path) as house:
        house.world.add_user(APP.login, kind=UserKind.BOT)
        team = Team(house=house, registry=registry, runner=equip(house.standin))
        try:
            yield team
        finally:
            for model in (house.model, *team.models):
                house.client.delete_registered_model(model)
