"""A team in memory: a repository with a policy, pull requests, and a registry with versions of `churn`.

alice writes requests, bob reviews; git and registry agree on version 6 of `churn` at the beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from promoter.commands.apply import ApplyWorld
from promoter.commands.drift import DriftWorld
from promoter.commands.trees import Places
from promoter.commands.validate import Change, ValidateWorld, change_of_pull_request
from promoter.core.model_version import ModelVersion
from promoter.core.pull_request import BranchMove, Contributor, Permission, PullRequest, Review, ReviewState
from tests.builders import a_model_version, a_pull_request, a_run
from tests.fakes.custom_checks import FakeCustomChecks
from tests.fakes.github import Files, InMemoryPullRequests, InMemoryRepository, Irregular
from tests.fakes.measurer import FakeMeasurer
from tests.fakes.registry import InMemoryRegistry

REQUEST = "promotions/churn/champion.yaml"
SHADOW = "promotions/churn/shadow.yaml"
POLICY = ".github/promotion-policy.yaml"
PLACES = Places(requests="promotions/**/*.yaml", policy=POLICY)
NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
POLICY_TEXT = """\
version: 1
approvals: {minimum: 1}
models:
  - match: "churn*"
    aliases: [champion, shadow]
    mode: enforce
    on_missing_champion: block
    evaluation: {source: run_metrics}
    checks:
      description: {min_length: 40}
      metrics:
        - {name: f1_score, greater_is_better: true, threshold: 0.5, max_absolute_degradation: 0.01}
"""

Changed = Mapping[str, bytes | Irregular | None]


def request(version: str, *, model: str = "churn", alias: str = "champion") -> bytes:
    """The text of a request file."""
    return f"model: {model}\nalias: {alias}\nversion: {version}\nreason: better\n".encode()


def policy(old: str = "", new: str = "") -> bytes:
    """The team's policy, with one thing changed."""
    assert old in POLICY_TEXT
    return POLICY_TEXT.replace(old, new).encode()


class Team:
    """`push`, `propose`, `approve`, `merge` as on GitHub; the two worlds see what came of it."""

    def __init__(self) -> None:
        self.registry = InMemoryRegistry()
        self.commits: dict[str, Files] = {}
        self.parents: dict[str, str | None] = {}
        self.merged: dict[str, str] = {}
        self.when: dict[str, str] = {}
        self.main = ""
        self.branches: dict[str, str] = {}
        self.pulls: dict[int, PullRequest] = {}
        self.changed: dict[int, Changed] = {}
        self.brought: dict[str, list[int]] = {}
        self.reviews: dict[int, list[Review]] = {}
        self.people: dict[int, list[Contributor]] = {}
        self.pushed: dict[int, list[BranchMove]] = {}
        self.permissions = dict.fromkeys(("alice", "bob", "carol"), Permission.WRITE)
        self.teams: dict[str, list[str]] = {}
        self.registry.add_model("churn", aliases={"champion": "6"})
        self.version("6", 0.88)
        self.version("7", 0.91)
        self.push({POLICY: policy(), REQUEST: request("6")})

    def version(self, number: str, f1_score: float, **changes: object) -> ModelVersion:
        """Register a version whose run logged this figure."""
        run = a_run(run_id=f"{changes.get('model', 'churn')}-{number}", metrics={"f1_score": f1_score})
        given = {"source": f"models:/m-{run.run_id}", "run_id": run.run_id, "run": run, **changes}
        return self.registry.add_version(a_model_version(version=number, **given))

    # --- git and GitHub ---------------------------------------------------------------------------

    def push(self, files: Changed) -> str:
        """A commit straight to the default branch."""
        self.main = self._commit(files, parent=self.main or None)
        return self.main

    def propose(self, number: int, files: Changed, **changes: object) -> PullRequest:
        """Open a pull request on what the default branch holds now."""
        head = self._commit(files, parent=self.main)
        given = {
            "number": number,
            "base_commit": self.main,
            "head_commit": head,
            "changed_files": len(files),
            **changes,
        }
        self.pulls[number] = a_pull_request(**given)
        self.changed[number] = files
        self.people[number] = [Contributor(login="alice", email="alice@acme.example")]
        return self.pulls[number]

    def update(self, number: int, files: Changed) -> str:
        """Merge the default branch into a pull request's, with the files as given; its new head."""
        old = self.pulls[number].head_commit
        head = self._commit({**self.commits[self.main], **files}, parent=old)
        self.merged[head] = self.main
        self.pulls[number] = replace(self.pulls[number], head_commit=head)
        self.changed[number] = {**self.changed[number], **files}
        return head

    def approve(self, number: int, by: str = "bob", *, commit: str = "") -> None:
        """Approve what the head holds."""
        at = commit or self.pulls[number].head_commit
        review = Review(reviewer=by, is_person=True, state=ReviewState.APPROVED, commit_id=at)
        self.reviews.setdefault(number, []).append(review)

    def merge(self, *numbers: int) -> str:
        """Squash and merge pull requests in one push; the new tip."""
        for number in numbers:
            self.push(self.changed[number])
            self.close(number)
        return self.main

    def merge_commit(self, number: int) -> str:
        """Merge a pull request with a merge commit; the new tip."""
        head = self.pulls[number].head_commit
        self.push(self.changed[number])
        self.merged[self.main] = head
        self.brought[head] = [number]
        self.close(number)
        return self.main

    def close(self, number: int) -> None:
        """What GitHub notes once the tip has merged a pull request."""
        self.brought[self.main] = [number]
        self.pulls[number] = replace(
            self.pulls[number], is_open=False, is_merged=True, merge_commit=self.main
        )

    def ask(self, files: Changed, number: int = 12) -> PullRequest:
        """Propose, have bob approve, merge."""
        self.propose(number, files)
        self.approve(number)
        self.merge(number)
        return self.pulls[number]

    def _commit(self, files: Changed, parent: str | None) -> str:
        name = f"c{len(self.commits) + 1:039x}"
        tree = {**(self.commits[parent] if parent else {}), **files}
        self.commits[name] = {path: file for path, file in tree.items() if file is not None}
        self.parents[name] = parent
        return name

    # --- ports and worlds -------------------------------------------------------------------------

    @property
    def repository(self) -> InMemoryRepository:
        """The repository as it stands."""
        return InMemoryRepository(
            self.commits,
            branches={**self.branches, "main": self.main},
            parents=self.parents,
            merged=self.merged,
            when=self.when,
        )

    @property
    def pull_requests(self) -> InMemoryPullRequests:
        """Pull requests and people as they stand."""
        return InMemoryPullRequests(
            pulls=list(self.pulls.values()),
            paths={number: list(files) for number, files in self.changed.items()},
            brought=self.brought,
            given=self.reviews,
            people=self.people,
            pushed=self.pushed,
            permissions=self.permissions,
            teams=self.teams,
        )

    def apply_world(self, **changes: object) -> ApplyWorld:
        """What apply is handed."""
        given: dict[str, Any] = {
            "repository": self.repository,
            "registry": lambda: self.registry,
            "pull_requests": self.pull_requests,
            "places": PLACES,
            "measurer": FakeMeasurer(),
            "custom_checks": FakeCustomChecks(),
            "name": "acme/models",
            "now": NOW,
            "tool_version": "0.1.0",
        }
        return ApplyWorld(**{**given, **changes})

    def drift_world(self, **changes: object) -> DriftWorld:
        """What drift is handed."""
        given: dict[str, Any] = {
            "repository": self.repository,
            "registry": lambda: self.registry,
            "places": PLACES,
            "now": NOW,
            "tool_version": "0.1.0",
            "pulls_of": self.pull_requests.numbers_of_commit,
        }
        return DriftWorld(**{**given, **changes})

    def validate_world(self, **changes: object) -> ValidateWorld:
        """What validate is handed."""
        given: dict[str, Any] = {
            "repository": self.repository,
            "registry": lambda: self.registry,
            "pull_requests": self.pull_requests,
            "places": PLACES,
            "measurer": FakeMeasurer(),
            "custom_checks": FakeCustomChecks(),
            "name": "acme/models",
            "now": NOW,
        }
        return ValidateWorld(**{**given, **changes})

    def change(self, number: int = 12) -> Change:
        """What an open pull request asks for."""
        head = self.pulls[number].head_commit
        return change_of_pull_request(
            self.pull_requests, self.repository, number=number, head=head, default_branch="main"
        )

    def champion(self, alias: str = "champion", *, model: str = "churn") -> str | None:
        """Who holds the alias."""
        return self.registry.aliases(model).get(alias)
