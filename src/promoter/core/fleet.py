"""Every alias at once: what git asks for beside what the registry holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from promoter.core.drift import DriftKind, DriftReport, Exemption, Finding, Holders
from promoter.core.report import Links
from promoter.core.request import PromotionRequest
from promoter.core.timeline import Lack
from promoter.errors import Problem, ReasonCode
from promoter.text import NOTHING, Message


class State(StrEnum):
    """How one alias stands; in the order in which somebody has to look at it."""

    DRIFT = "drift"
    DIFFERS = "differs"
    UNDECIDED = "undecided"
    WAITING = "waiting"
    EXEMPT = "exempt"
    UNMANAGED = "unmanaged"
    IN_SYNC = "in_sync"

    @property
    def is_out_of_sync(self) -> bool:
        """Whether git and registry are known to differ where they should not."""
        return self in {State.DRIFT, State.DIFFERS}


class Only(StrEnum):
    """Which aliases are wanted."""

    DRIFTED = "drifted"
    PENDING = "pending"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One alias. `asked` is None where git asks for nothing, `live` where nobody holds it. `source` is the
    version of another model that git wants copied; `asked` then is the copy's number as far as it is known.

    `since` is when git began to ask for this, in ISO 8601, by `commit`; `pending` are open pull requests
    that change its file. `why` says more where the state is UNDECIDED.
    """

    model: str
    alias: str
    state: State
    asked: str | None = None
    live: str | None = None
    kind: DriftKind | None = None
    exemption: Exemption | None = None
    since: str = ""
    commit: str = ""
    path: str = ""
    pending: tuple[int, ...] = ()
    why: Message = NOTHING
    source: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Which alias."""
        return (self.model, self.alias)


@dataclass(frozen=True, kw_only=True)
class Changed:
    """When, and by which commit, a request file became what it is."""

    when: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The whole answer. `left_out` counts the aliases that a filter left aside; `lacking` is what was asked
    for and could not be told. `reason` is that of the comparison."""

    reason: ReasonCode
    message: Message
    hint: Message = NOTHING
    rows: tuple[Row, ...] = ()
    left_out: int = 0
    problems: tuple[Problem, ...] = ()
    notes: tuple[Message, ...] = ()
    lacking: tuple[Lack, ...] = ()
    head_commit: str = ""
    policy_digest: str = ""
    tool_version: str = ""
    links: Links = field(default_factory=Links)

    @property
    def out_of_sync(self) -> int:
        """How many of the rows are known to differ."""
        return sum(row.state.is_out_of_sync for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What is known besides the comparison, by path of the request file."""

    changed: Mapping[str, Changed] = field(default_factory=dict)
    pending: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def fleet_rows(report: DriftReport, beside: Beside) -> tuple[Row, ...]:
    """One row for each alias that git asks for or the registry holds; by model and alias."""
    live: Holders = report.compared.live if report.compared else {}
    rows = [_beside(row, beside, live=live) for row in (*_differing(report), *_others(report))]
    asked = {row.key for row in rows}
    rows += [
        Row(model=model, alias=alias, state=State.UNMANAGED, live=version)
        for model, aliases in live.items()
        for alias, version in aliases.items()
        if (model, alias) not in asked
    ]
    return tuple(sorted(rows, key=lambda row: row.key))


def _differing(report: DriftReport) -> Iterator[Row]:
    for finding in report.findings:
        yield _of_finding(finding, State.DRIFT)
    for finding in report.waiting:
        yield _of_finding(finding, State.WAITING)
    for one in report.undecided:
        yield replace(_of_request(one.request, State.UNDECIDED), why=one.message)
    for request in report.unexamined:
        yield _of_request(request, State.DIFFERS)


def _others(report: DriftReport) -> Iterator[Row]:
    if report.compared is None:
        return
    for why, requests in report.compared.exempt.items():
        for request in requests:
            yield replace(_of_request(request, State.EXEMPT), exemption=why)
    for request in report.compared.agreeing:
        yield replace(_of_request(request, State.IN_SYNC), live=request.version)


def _of_finding(finding: Finding, state: State) -> Row:
    row = Row(model=finding.key[0], alias=finding.alias, state=state, live=finding.live, kind=finding.kind)
    if finding.request is None:
        return row
    asked = _of_request(finding.request, state)
    return replace(asked, live=finding.live, kind=finding.kind, since=finding.since, commit=finding.commit)


def _of_request(request: PromotionRequest, state: State) -> Row:
    return Row(
        model=request.key[0],
        alias=request.alias,
        state=state,
        asked=request.version,
        path=request.path,
        source=str(request.source or ""),
    )


def _beside(row: Row, beside: Beside, *, live: Holders) -> Row:
    """Who holds it, where that was not read more closely, and what its file's history tells."""
    changed = beside.changed.get(row.path)
    if row.live is None and row.state in {State.UNDECIDED, State.DIFFERS, State.EXEMPT}:
        row = replace(row, live=live.get(row.model, {}).get(row.alias))
    if not row.since and changed is not None:
        row = replace(row, since=changed.when, commit=changed.commit)
    return replace(row, pending=beside.pending.get(row.path, ()))


def chosen(rows: Iterable[Row], *, models: str = "*", only: Only | None = None) -> tuple[Row, ...]:
    """The rows whose model matches the glob, and that are as wanted."""
    named = (row for row in rows if fnmatchcase(row.model, models))
    if only is Only.DRIFTED:
        return tuple(row for row in named if row.state.is_out_of_sync)
    if only is Only.PENDING:
        return tuple(row for row in named if row.pending or row.state is State.WAITING)
    return tuple(named)
