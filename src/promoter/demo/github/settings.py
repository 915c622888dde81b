"""How the repository is set up: what an administrator clicks together on its settings pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

GITHUB_ACTIONS = 15368
"""The App on github.com that reports workflows' jobs as checks."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of a ruleset, for the default branch."""

    type: str
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Protection:
    """Classic protection of the default branch."""

    approvals: int = 1
    dismiss_stale: bool = False
    last_push: bool = False
    code_owners: bool = False
    checks: tuple[str, ...] = ()
    force_pushes: bool = False


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A deployment environment; `branches` None: open to all, empty: to every protected branch."""

    id: int
    name: str
    branches: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All of it, as GitHub has it for a new repository unless said otherwise."""

    rules: tuple[Rule, ...] = ()
    protection: Protection | None = None
    environments: tuple[Environment, ...] = ()
    default_permissions: str = "read"
    actions_approve: bool = False
    sha_pinning: bool = False
    fork_approval: str = "first_time_contributors"


def reviewed(*checks: str) -> tuple[Rule, ...]:
    """The rules that our documents ask for, with these status checks required, of GitHub Actions."""
    asked = {
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": True,
        "required_approving_review_count": 1,
        "required_review_thread_resolution": False,
    }
    required = {
        "required_status_checks": [{"context": name, "integration_id": GITHUB_ACTIONS} for name in checks],
        "strict_required_status_checks_policy": False,
    }
    return (
        Rule(type="deletion"),
        Rule(type="non_fast_forward"),
        Rule(type="pull_request", parameters=asked),
        Rule(type="required_status_checks", parameters=required),
    )


def merge_queue() -> Rule:
    """A merge queue as GitHub proposes it."""
    return Rule(
        type="merge_queue",
        parameters={
            "check_response_timeout_minutes": 60,
            "grouping_strategy": "ALLGREEN",
            "max_entries_to_build": 5,
            "max_entries_to_merge": 5,
            "merge_method": "MERGE",
            "min_entries_to_merge": 1,
            "min_entries_to_merge_wait_minutes": 5,
        },
    )
