"""What a propose run found and did: the one value that its renderers read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from promoter.core.drift import Key
from promoter.core.report import Links
from promoter.errors import ExitCode, Problem, ReasonCode
from promoter.text import NOTHING, Message, say


class Action(StrEnum):
    """What became of one alias. `none`: there is nothing to propose for it."""

    OPENED = "opened"
    CHANGED = "changed"
    CLOSED = "closed"
    UNCHANGED = "unchanged"
    LEFT = "left"
    UNDECIDED = "undecided"
    NONE = "none"


class Writing(StrEnum):
    """Whether steps are carried out, or only shown."""

    DONE = "done"
    SHOWN = "shown"


_WRITTEN = (Action.OPENED, Action.CHANGED, Action.CLOSED)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One alias. `live` holds it, `version` is what is proposed (empty: none); `number` and `url` are those
    of its pull request (0 and empty: there is none). `reason` says why it is undecided."""

    key: Key
    action: Action
    live: str | None = None
    version: str = ""
    why: Message = NOTHING
    number: int = 0
    url: str = ""
    reason: ReasonCode | None = None
    hint: Message = NOTHING


@dataclass(frozen=True, kw_only=True)
class ProposeReport:
    """A whole propose run."""

    reason: ReasonCode
    message: Message
    hint: Message = NOTHING
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Message, ...] = ()
    writing: Writing = Writing.DONE
    branch: str = ""
    head_commit: str = ""
    policy_path: str = ""
    policy_digest: str = ""
    tool_version: str = ""
    links: Links = field(default_factory=Links)


def concluded(report: ProposeReport) -> ProposeReport:
    """The report with the reason that its entries give."""
    message = counted(report.entries)
    undecided = next((one for one in report.entries if one.action is Action.UNDECIDED), None)
    if undecided is not None:
        reason = undecided.reason or ReasonCode.INTERNAL_ERROR
        return replace(report, reason=reason, message=message, hint=undecided.hint)
    is_done = any(one.action in _WRITTEN for one in report.entries)
    reason = ReasonCode.PROPOSED if is_done else ReasonCode.PROPOSALS_CURRENT
    return replace(report, reason=reason, message=message)


def counted(entries: Iterable[Entry]) -> Message:
    """How many aliases went which way: "1 opened, 2 unchanged"."""
    found = Counter(one.action for one in entries)
    words = [
        f"{found[action]} {action.value}" for action in Action if found[action] and action != Action.NONE
    ]
    return say(", ".join(words) or "there is nothing to propose")


def is_undecided(reason: ReasonCode) -> bool:
    """Whether an error leaves open what should be done, so that a later run may know."""
    return reason.exit_code in {ExitCode.UNDECIDED, ExitCode.BUG, ExitCode.INTERRUPTED}
