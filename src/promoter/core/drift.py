"""Drift: where the registry does not hold what the default branch asks for, and of which kind that is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from promoter.core.drift_rules import DriftRules, Unmanaged
from promoter.core.model_version import READY
from promoter.core.policy import Mode, Policy
from promoter.core.prompt import Kind
from promoter.core.report import Links, Report
from promoter.core.request import PromotionRequest, key_name, named_by
from promoter.errors import ExitCode, Problem, ReasonCode
from promoter.text import NOTHING, Message, say

# (model, alias)
Key: TypeAlias = tuple[str, str]
# Name as it stands in a key → alias → version.
Holders: TypeAlias = Mapping[str, Mapping[str, str]]


class DriftKind(StrEnum):
    """What is wrong with one alias."""

    MOVED = "alias_moved"
    MISSING = "alias_missing"
    NEVER_APPLIED = "never_applied"
    VERSION_MISSING = "version_missing"
    VERSION_NOT_READY = "version_not_ready"
    MODEL_MISSING = "model_missing"
    UNMANAGED = "unmanaged"

    @property
    def heals(self) -> bool:
        """Whether a run that may write can put it right."""
        return self in _HEALING


_HEALING = frozenset({DriftKind.MOVED, DriftKind.MISSING, DriftKind.NEVER_APPLIED})


class Exemption(StrEnum):
    """Why a request that git holds is not held against the registry."""

    DRY_RUN = "dry_run"
    DISABLED = "disabled"
    NOT_ALLOWED = "not_allowed"


class Application(StrEnum):
    """Whether the change by which git asks for a version was ever applied."""

    DONE = "done"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One alias that is not what git asks for.

    `live` is the version that holds it (None: nobody), `status` that of the version asked for. `since` is
    when the file became what it is, in ISO 8601, and `commit` by which commit; empty where it is not known.
    `request` is None where git does not ask for the alias at all. `issue` is the address of its issue.
    """

    kind: DriftKind
    model: str
    alias: str
    live: str | None
    request: PromotionRequest | None = None
    status: str = ""
    since: str = ""
    commit: str = ""
    issue: str = ""
    of: Kind = Kind.MODEL

    @property
    def key(self) -> Key:
        """Which alias."""
        return (key_name(self.of, self.model), self.alias)


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """An alias of which nothing can be said, and why."""

    request: PromotionRequest
    reason: ReasonCode
    message: Message
    hint: Message = NOTHING


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Requests beside the registry, before anything is looked at closely. All in the order given.

    `live` is all that the registry holds, as it was listed.
    """

    agreeing: tuple[PromotionRequest, ...] = ()
    differing: tuple[PromotionRequest, ...] = ()
    exempt: Mapping[Exemption, tuple[PromotionRequest, ...]] = field(default_factory=dict)
    unmanaged: tuple[Finding, ...] = ()
    live: Holders = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was read of one alias: the model's aliases (None: there is no such model), the status of the
    version asked for (None: there is no such version), and whether this change was ever applied."""

    aliases: Mapping[str, str] | None
    status: str | None = None
    application: Application = Application.NEVER


@dataclass(frozen=True, kw_only=True)
class DriftReport:
    """A whole drift run.

    `waiting` are requests so young that their apply may still be on its way; `unexamined` are more that
    differ and were not looked at closely; `compared` is None where nothing was compared. `healed` is
    what healing did, where it was tried.
    """

    reason: ReasonCode
    message: Message
    hint: Message = NOTHING
    findings: tuple[Finding, ...] = ()
    waiting: tuple[Finding, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    compared: Comparison | None = None
    unexamined: tuple[PromotionRequest, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Message, ...] = ()
    rules: DriftRules = field(default_factory=DriftRules)
    branch: str = ""
    head_commit: str = ""
    policy_path: str = ""
    policy_digest: str = ""
    tool_version: str = ""
    links: Links = field(default_factory=Links)
    healed: Report | None = None


def compare(requests: Sequence[PromotionRequest], policy: Policy, *, live: Holders) -> Comparison:
    """Which requests the registry fulfils, which not, and which are none of its business."""
    exempt: dict[Exemption, list[PromotionRequest]] = {}
    agreeing: list[PromotionRequest] = []
    differing: list[PromotionRequest] = []
    for request in requests:
        why = _exemption(policy, request)
        if why is not None:
            exempt.setdefault(why, []).append(request)
        elif live.get(request.key[0], {}).get(request.alias) == request.version:
            agreeing.append(request)
        else:
            differing.append(request)
    return Comparison(
        agreeing=tuple(agreeing),
        differing=tuple(differing),
        exempt={why: tuple(requests) for why, requests in exempt.items()},
        unmanaged=_unmanaged(policy, live, asked={request.key for request in requests}),
        live=live,
    )


def _exemption(policy: Policy, request: PromotionRequest) -> Exemption | None:
    rule = policy.rule_for(request.model, request.kind)
    if rule is None or request.alias not in rule.aliases or not rule.sources.allow(request.source):
        return Exemption.NOT_ALLOWED
    return {Mode.DRY_RUN: Exemption.DRY_RUN, Mode.DISABLED: Exemption.DISABLED}.get(rule.mode)


def _unmanaged(policy: Policy, live: Holders, *, asked: Collection[Key]) -> tuple[Finding, ...]:
    """Aliases that requests may move and none asks for, by name."""
    if policy.drift.unmanaged is Unmanaged.IGNORE:
        return ()
    found: list[Finding] = []
    for name, aliases in sorted(live.items()):
        of, model = named_by(name)
        rule = policy.rule_for(model, of)
        watched = rule.aliases if rule is not None and rule.mode is Mode.ENFORCE else ()
        found += [
            Finding(kind=DriftKind.UNMANAGED, model=model, alias=alias, of=of, live=version)
            for alias, version in sorted(aliases.items())
            if alias in watched and (name, alias) not in asked
        ]
    return tuple(found)


def kind_of(request: PromotionRequest, facts: Facts) -> DriftKind | None:
    """What is wrong, told by its cause: a version that is gone also leaves its alias without a holder."""
    if facts.aliases is None:
        return DriftKind.MODEL_MISSING
    live = facts.aliases.get(request.alias)
    if live == request.version:
        return None
    if facts.status is None:
        return DriftKind.VERSION_MISSING
    if facts.status != READY:
        return DriftKind.VERSION_NOT_READY
    if facts.application is Application.NEVER:
        return DriftKind.NEVER_APPLIED
    return DriftKind.MISSING if live is None else DriftKind.MOVED


_WAITING = frozenset({DriftKind.NEVER_APPLIED, DriftKind.VERSION_NOT_READY})


def is_waiting(finding: Finding, *, now: datetime, grace: timedelta) -> bool:
    """Whether its apply may still be on its way. A date far ahead of now is nobody's merge, and what was
    applied, or is gone, waits for nothing."""
    if finding.kind not in _WAITING:
        return False
    try:
        since = datetime.fromisoformat(finding.since)
    except ValueError:
        return False
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    return abs(now - since) < grace


def concluded(report: DriftReport) -> DriftReport:
    """The report with its reason: what could not be decided outweighs drift, drift outweighs agreement."""
    differing = len(report.findings) + len(report.unexamined)
    agreeing = len(report.compared.agreeing) if report.compared else 0
    if report.undecided:
        worst = min(report.undecided, key=lambda one: one.reason.exit_code is not ExitCode.UNDECIDED)
        message = say(f"{_aliases(len(report.undecided))} could not be decided: ", *worst.message.parts)
        return _with_reason(report, worst.reason, message=message, hint=worst.hint)
    if differing:
        message = say(f"{differing} of {_aliases(differing + agreeing)} differ from git")
        return _with_reason(report, ReasonCode.DRIFT_FOUND, message=message)
    message = say(f"git and registry agree on {_aliases(agreeing)}")
    return _with_reason(report, ReasonCode.IN_SYNC, message=message)


def _with_reason(
    report: DriftReport, reason: ReasonCode, *, message: Message, hint: Message = NOTHING
) -> DriftReport:
    return replace(report, reason=reason, message=message, hint=hint)


def _aliases(count: int) -> str:
    return "1 alias" if count == 1 else f"{count:,} aliases"
