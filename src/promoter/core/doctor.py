"""What the doctor looks at, and what it finds: values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from promoter.core.doctor_workflow import Use, Workflow, uses
from promoter.core.policy import Policy
from promoter.core.request import PromotionRequest
from promoter.core.schema import FileKind
from promoter.errors import Problem, ReasonCode
from promoter.text import NOTHING, Message, Part, say


class Severity(StrEnum):
    """How bad a finding is; only an error makes the run fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Visibility(StrEnum):
    """Who sees the repository."""

    PUBLIC = "public"
    PRIVATE = "private"
    INTERNAL = "internal"


@dataclass(frozen=True, kw_only=True)
class About:
    """What GitHub tells of itself, the token and the repository.

    `scopes`: of a classic token, None for every other kind. `enterprise`: an Enterprise Server's version,
    else empty. `date`: GitHub's clock.
    """

    default_branch: str
    visibility: Visibility
    scopes: frozenset[str] | None = None
    enterprise: str = ""
    date: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BranchRules:
    """What holds for the default branch, by rulesets and classic protection together.

    Where not `is_whole`, the classic protection could not be read: what is said to hold does hold, and of the
    rest nothing is known. `approvals`: how many a merge needs. `sourced_checks`: those of the required checks
    that count only when one certain app reports them.
    """

    is_whole: bool = True
    is_protected: bool = False
    approvals: int = 0
    dismisses_stale: bool = False
    last_push_needs_approval: bool = False
    code_owners_review: bool = False
    refuses_force_push: bool = False
    has_merge_queue: bool = False
    required_checks: frozenset[str] = frozenset()
    sourced_checks: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A deployment environment; `branches` are the patterns it is limited to, None where it is not limited.

    `protected_branches`: it is limited to whatever branch is protected.
    """

    name: str
    branches: frozenset[str] | None = None
    protected_branches: bool = False


@dataclass(frozen=True, kw_only=True)
class WorkflowSettings:
    """What every workflow's token may do unless the workflow says otherwise."""

    token_writes: bool
    may_approve: bool


@dataclass(frozen=True, kw_only=True)
class CodeOwnersFile:
    """The CODEOWNERS that GitHub takes; `text` None: it is too large to be taken. `errors`: (line, what)."""

    path: str
    size: int
    text: str | None
    errors: tuple[tuple[int, str], ...] = ()


class Rights(StrEnum):
    """What the credentials of this run may do in the registry."""

    READ = "read"
    WRITE = "write"
    # Anybody may: the server asks for no credentials.
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Something that could not be looked at, and why."""

    what: str
    why: Message


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that was looked at. None: it could not be, and `unseen` says why.

    `environments` has each that a workflow names; None in it: GitHub has none of that name. `models` and
    `prompts`: the names of all of them. `gone_layers`: what the sandbox lacks here, each with why.
    """

    now: datetime
    policy_path: str
    requests_glob: str
    about: About | None = None
    branch_rules: BranchRules | None = None
    environments: Mapping[str, Environment | None] = field(default_factory=dict)
    workflow_settings: WorkflowSettings | None = None
    sha_pinning: bool | None = None
    fork_approval: str | None = None
    workflows: tuple[Workflow, ...] = ()
    unread_workflows: tuple[str, ...] = ()
    has_policy: bool = True
    policy: Policy | None = None
    policy_problem: Message = NOTHING
    requests: tuple[PromotionRequest, ...] = ()
    request_problems: tuple[Problem, ...] = ()
    has_requests: bool = True
    stale_schemas: tuple[FileKind, ...] = ()
    code_owners: CodeOwnersFile | None = None
    models: frozenset[str] | None = None
    prompts: frozenset[str] | None = None
    rights: Rights | None = None
    server_version: str | None = None
    gone_layers: Mapping[str, str] | None = None
    unseen: tuple[Unseen, ...] = ()

    @property
    def uses(self) -> tuple[Use, ...]:
        """Every step that runs Promoter."""
        return uses(self.workflows)

    def running(self, command: str) -> tuple[Use, ...]:
        """Every step that may run a command of ours."""
        return tuple(use for use in self.uses if command in use.commands)


@dataclass(frozen=True, kw_only=True)
class Found:
    """One thing that a rule does not like; where it is, as far as it is in a file."""

    message: Message
    path: str = ""
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule: its id is its name in reports and its heading in `docs/doctor.md`. `paste`: lines to copy."""

    id: str
    severity: Severity
    why: str
    fix: str
    look: Callable[[Facts], Iterable[Found]]
    paste: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule found."""

    rule: Rule
    found: Found


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """All findings, worst first. `reason` gives the exit code; `commit` is what was looked at."""

    reason: ReasonCode
    message: Message
    findings: tuple[Finding, ...] = ()
    rules: int = 0
    repository: str = ""
    commit: str = ""
    tool_version: str = ""

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity."""
        return tuple(one for one in self.findings if one.rule.severity is severity)


def found(*parts: Part, path: str = "", line: int = 0) -> Found:
    """Put a finding together: ours as text, everybody else's by `quote`."""
    return Found(message=say(*parts), path=path, line=line)
