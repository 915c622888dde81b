"""What a run found and did: the one value that every renderer reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from promoter.core.approval import ApprovalState
from promoter.core.differences import Difference
from promoter.core.evidence import CheckResult, Evidence
from promoter.core.plan import Step
from promoter.core.policy import Mode
from promoter.core.request import PromotionRequest
from promoter.core.verdict import Verdict
from promoter.errors import Problem, ReasonCode
from promoter.text import NOTHING, Message


class Phase(StrEnum):
    """Which command the report is of."""

    VALIDATE = "validate"
    APPLY = "apply"


class CommentMode(StrEnum):
    """When the results comment is written.

    `always`: on every run over a pull request that changes a request or the policy. `on-change`: only when
    the result differs from what the comment already shows, commit ids aside. `never`: not at all.
    """

    ALWAYS = "always"
    ON_CHANGE = "on-change"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Links:
    """Addresses known to this run, without any user name or password in them; empty when unknown. `report` is
    the run's too, where its workflow keeps the report folder. `tracking` is where training runs are; None: on
    the registry's server."""

    registry: str = ""
    tracking: str | None = None
    repository: str = ""
    run: str = ""
    report: str = ""


NO_LINKS = Links()


@dataclass(frozen=True, kw_only=True)
class RequestReport:
    """One request: what it asks for, what was found, what follows.

    `now` is the version that holds the alias (None: nobody); after an apply, the one that held it before.
    `verdict` is None when nothing was judged (already applied, conflict, refused before the checks).
    `message` says in a sentence why the reason code was given. `differences` are between champion and
    challenger. `logged` is the folder among the artifacts of the challenger's run that holds this report;
    empty where there is none.
    """

    request: PromotionRequest
    reason: ReasonCode
    message: Message
    step: Step | None = None
    now: str | None = None
    mode: Mode = Mode.ENFORCE
    verdict: Verdict | None = None
    results: tuple[CheckResult, ...] = ()
    evidence: Evidence | None = None
    approval: ApprovalState | None = None
    pull_request: int | None = None
    hint: Message = NOTHING
    notes: tuple[Message, ...] = ()
    differences: tuple[Difference, ...] = ()
    logged: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole run. Commits are full sha1 ids, digests sha256 in hex; empty where there is none.

    `problems` are what is wrong in files; `notes` are sentences worth knowing (a deleted request file, a
    draft). `reason` is the overall one: the worst of all requests, or why nothing was judged.
    """

    phase: Phase
    reason: ReasonCode
    message: Message
    hint: Message = NOTHING
    requests: tuple[RequestReport, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Message, ...] = ()
    head_commit: str = ""
    base_commit: str = ""
    policy_path: str = ""
    policy_digest: str = ""
    evidence_digest: str = ""
    tool_version: str = ""
    links: Links = NO_LINKS
