"""What doctor alone needs from outside, as Protocols in our words: see `ports.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from promoter.core.doctor import About, BranchRules, Environment, Rights, WorkflowSettings


class RepositorySettings(Protocol):
    """How the repository is set up. What the token may not see is PERMISSION_DENIED."""

    def about(self) -> About:
        """Repository, token and server."""

    def branch_rules(self, branch: str) -> BranchRules:
        """What holds for a branch; `is_whole` False where a part of it was not shown."""

    def environment(self, name: str) -> Environment | None:
        """A deployment environment; None where there is none of that name."""

    def workflow_settings(self) -> WorkflowSettings:
        """What workflows may do unless they say otherwise."""

    def sha_pinning(self) -> bool:
        """Whether actions have to be pinned by commit."""

    def fork_approval(self) -> str:
        """GitHub's word for whose forks must wait for approval before workflows run."""

    def code_owners_errors(self, commit: str) -> tuple[tuple[int, str], ...]:
        """The lines of CODEOWNERS at a commit that are not taken, each with why."""


class RegistryRights(Protocol):
    """What the credentials of this run may do in the registry; asking changes nothing."""

    def server_version(self) -> str:
        """The version that the server says it has."""

    def rights(self, models: Sequence[str]) -> Rights:
        """Whether an alias of one of the models could be set."""
