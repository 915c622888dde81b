"""A repository's settings and a registry's rights, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from promoter.core.doctor import About, BranchRules, Environment, Rights, Visibility, WorkflowSettings
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say


@dataclass
class InMemorySettings:
    """A `RepositorySettings`; `failing`: method → the reason with which it fails."""

    told: About = field(default_factory=lambda: About(default_branch="main", visibility=Visibility.PRIVATE))
    rules: BranchRules = field(default_factory=BranchRules)
    environments: Mapping[str, Environment] = field(default_factory=dict)
    errors: tuple[tuple[int, str], ...] = ()
    failing: Mapping[str, ReasonCode] = field(default_factory=dict)

    def about(self) -> About:
        self._answer("about")
        return self.told

    def branch_rules(self, branch: str) -> BranchRules:
        self._answer("branch_rules")
        assert branch == self.told.default_branch
        return self.rules

    def environment(self, name: str) -> Environment | None:
        self._answer("environment")
        return self.environments.get(name)

    def workflow_settings(self) -> WorkflowSettings:
        self._answer("workflow_settings")
        return WorkflowSettings(token_writes=False, may_approve=False)

    def sha_pinning(self) -> bool:
        self._answer("sha_pinning")
        return True

    def fork_approval(self) -> str:
        self._answer("fork_approval")
        return "first_time_contributors"

    def code_owners_errors(self, commit: str) -> tuple[tuple[int, str], ...]:
        assert commit
        self._answer("code_owners_errors")
        return self.errors

    def _answer(self, method: str) -> None:
        if method in self.failing:
            raise PromoterError(self.failing[method], say(f"{method} is refused"), hint=say("Ask for more."))


@dataclass
class InMemoryRights:
    """A `RegistryRights`; `asked` are the models it was asked about."""

    right: Rights = Rights.READ
    version: str = "3.17.2"
    asked: list[str] = field(default_factory=list)
    failing: ReasonCode | None = None

    def server_version(self) -> str:
        return self.version

    def rights(self, models: Sequence[str]) -> Rights:
        self.asked += models
        if self.failing is not None:
            raise PromoterError(self.failing, say("no rights are told"))
        if not models and self.right is not Rights.OPEN:
            raise PromoterError(ReasonCode.NOT_AVAILABLE, say("no model's rights are asked"))
        return self.right
