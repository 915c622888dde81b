"""A team's set-up for end-to-end tests: a GitHub stand-in over real git, and a real MLflow registry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from mlflow import MlflowClient

from promoter.demo.github.events import merge_group_event, pull_request_event, push_event
from promoter.demo.github.model import (
    Comment,
    MergeGroup,
    MergeMethod,
    Permission,
    Push,
    Repository,
    ReviewState,
    UserKind,
)
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.world import World
from promoter.demo.job import Finished, Trigger, run_job

POLICY = ".github/promotion-policy.yaml"
TOKEN = "e2e-workflow-token"
GOOD_DESCRIPTION = "Gradient boosting on the contract data of the third quarter."

POLICY_TEXT = """\
version: 1
approvals: {minimum: 1}
models:
  - match: "*"
    aliases: [champion, shadow]
    evaluation: {source: run_metrics}
    checks:
      description: {min_length: 40}
      tags: {required: {owner: ".+"}}
      lineage: {run_status: FINISHED}
      metrics:
        - {name: f1_score, greater_is_better: true, threshold: 0.5, max_absolute_degradation: 0.01}
"""


@dataclass
class House:
    """dora writes requests, alice reviews; versions are made with `version()`, jobs run with the rest."""

    folder: Path
    world: World
    standin: Standin
    registry: str
    model: str
    client: MlflowClient
    inputs: dict[str, str] = field(default_factory=dict)
    branches: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def path(self) -> str:
        """Where the request for this model's champion lies."""
        return f"promotions/{self.model}/champion.yaml"

    # --- registry ------------------------------------------------------------------------------

    def version(self, f1_score: float | None, **changes: str) -> str:
        """Log a run and register a version of it; its number."""
        name = changes.get("model", self.model)
        run = self.client.create_run("0")
        if f1_score is not None:
            self.client.log_metric(run.info.run_id, "f1_score", f1_score)
        self.client.set_terminated(run.info.run_id)
        made = self.client.create_model_version(
            name,
            source=f"{run.info.artifact_uri}/model",
            run_id=run.info.run_id,
            tags={"owner": "growth"},
            description=changes.get("description", GOOD_DESCRIPTION),
        )
        return str(made.version)

    def set_alias(self, version: str, alias: str = "champion") -> None:
        """Move an alias by hand."""
        self.client.set_registered_model_alias(self.model, alias, version)

    def champion(self, alias: str = "champion") -> str | None:
        """Who holds the alias, asked of the registry itself."""
        held = self.client.get_registered_model(self.model).aliases.get(alias)
        return None if held is None else str(held)

    def tags(self, version: str) -> dict[str, str]:
        """Promoter's own tags of a version."""
        tags = self.client.get_model_version(self.model, version).tags
        return {key: value for key, value in tags.items() if key.startswith("promoter_")}

    # --- repository ----------------------------------------------------------------------------

    def request(self, version: str, **changes: str) -> bytes:
        """The text of a request for this model."""
        model, alias = changes.get("model", self.model), changes.get("alias", "champion")
        reason = changes.get("reason", "better on everything")
        return f"model: {model}\nalias: {alias}\nversion: {version}\nreason: {reason}\n".encode()

    def land(self, files: Mapping[str, bytes | None], author: str = "alice") -> Push:
        """A direct push to main."""
        return self.world.commit("main", dict(files), author=author, message="Direct push")

    def adopt(self, version: str) -> None:
        """Start from an alias that git and registry agree on."""
        self.set_alias(version)
        self.land({self.path: self.request(version)})

    def propose(self, files: Mapping[str, bytes | None], author: str = "dora") -> int:
        """Open a pull request with these files; its number."""
        branch = f"work-{next(self.branches)}"
        self.world.commit(branch, dict(files), author=author, message="Promote")
        return self.world.open_pull_request(branch, author=author, title="Promote").number

    def ask_for(self, version: str) -> int:
        """Open a pull request that asks for a version."""
        return self.propose({self.path: self.request(version)})

    def push_more(self, number: int, files: Mapping[str, bytes | None], author: str = "dora") -> None:
        """Add a commit to a pull request."""
        branch = self.world.pulls[number].head_ref
        self.world.commit(branch, dict(files), author=author, message="More")

    def approve(self, number: int, by: str = "alice") -> None:
        """Approve what the head holds now."""
        self.world.review(number, by, state=ReviewState.APPROVED)

    def merge(self, number: int, method: MergeMethod = MergeMethod.MERGE) -> Push:
        """Merge as alice."""
        return self.world.merge(number, by="alice", method=method)

    def comments(self, number: int) -> list[Comment]:
        """The comments of a pull request."""
        return self.world.comments_on(number)

    # --- jobs ----------------------------------------------------------------------------------

    def job(self, name: str, payload: Mapping[str, Any], *, ref: str, commit: str, **inputs: str) -> Finished:
        """Run the Action as the runner would; `inputs` with `_` for `-`."""
        given = {"github-token": TOKEN, "tracking-uri": self.registry, **self.inputs}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        trigger = Trigger(name=name, payload=dict(payload), ref=ref, commit=commit)
        return run_job(self.standin, trigger, folder=self.folder, inputs=given)

    def validate(self, number: int, event: str = "pull_request", **inputs: str) -> Finished:
        """The job of a pull request's event."""
        payload = pull_request_event(self.standin.view, number, action="opened")
        return self.job(event, payload, ref=f"refs/pull/{number}/merge", commit="f" * 40, **inputs)

    def apply(self, push: Push, **inputs: str) -> Finished:
        """The job of a push."""
        payload = push_event(self.standin.view, push)
        return self.job("push", payload, ref=push.ref, commit=push.after, **inputs)

    def validate_group(self, group: MergeGroup) -> Finished:
        """The job of a merge queue."""
        payload = merge_group_event(self.standin.view, group, sender="alice")
        return self.job("merge_group", payload, ref=group.head_ref, commit=group.head_sha)


def result_of(finished: Finished) -> list[dict[str, object]]:
    """The requests of the `result` output."""
    requests: list[dict[str, object]] = json.loads(finished.outputs["result"])["requests"]
    return requests


@contextmanager
def housed(folder: Path, registry: str, *, base_path: str = "") -> Iterator[House]:
    """A fresh repository with a policy on main, and a fresh registered model in a running registry."""
    client = MlflowClient(tracking_uri=registry, registry_uri=registry)
    model = f"churn-{uuid4().hex[:10]}"
    client.create_registered_model(model)
    world = World.create(folder / "repository.git", Repository(owner="acme", name="models"))
    for login, permission in (
        ("dora", Permission.WRITE),
        ("alice", Permission.MAINTAIN),
        ("bob", Permission.WRITE),
        ("rita", Permission.READ),
        ("robot[bot]", Permission.WRITE),
    ):
        kind = UserKind.BOT if login.endswith("[bot]") else UserKind.USER
        world.add_user(login, permission, kind=kind)
    world.add_workflow_token(TOKEN)
    world.commit("main", {POLICY: POLICY_TEXT.encode()}, author="alice", message="Add the policy")
    with serve(world, base_path=base_path) as standin:
        yield House(
            folder=folder, world=world, standin=standin, registry=registry, model=model, client=client
        )
