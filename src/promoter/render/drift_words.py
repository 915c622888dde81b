"""The words of drift: the same in issue, log, summary and annotations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from promoter.core.drift import DriftKind, DriftReport, Finding, Key, Undecided
from promoter.errors import ExitCode, ReasonCode
from promoter.render.figures import ABSENT
from promoter.render.words import REASONS, Tone, capital
from promoter.text import Message, say

# How a title goes on after the alias.
KIND_WORDS: dict[DriftKind, str] = {
    DriftKind.MOVED: "was moved outside git",
    DriftKind.MISSING: "was deleted outside git",
    DriftKind.NEVER_APPLIED: "was merged and never applied",
    DriftKind.VERSION_MISSING: "asks for a version that does not exist",
    DriftKind.VERSION_NOT_READY: "asks for a version that is not ready",
    DriftKind.MODEL_MISSING: "asks for a model that does not exist",
    DriftKind.UNMANAGED: "is held in the registry, and git does not ask for it",
}
WAITS = "merged just now, waits for its apply"
NOT_LOOKED_AT = "differs, not looked at closely in this run"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One alias of the table. `asked` is None where git asks for nothing, `live` where `live_word` speaks."""

    tone: Tone
    model: str
    alias: str
    asked: str | None
    live: str | None
    since: str
    what: Message
    path: str = ""
    line: int = 1
    live_word: str = ABSENT

    @property
    def key(self) -> Key:
        """Which alias."""
        return (self.model, self.alias)


def rows(report: DriftReport) -> tuple[Row, ...]:
    """Every alias that does not simply agree; what has to be done first."""
    return (
        *(_of_finding(one, Tone.BAD, what=KIND_WORDS[one.kind]) for one in report.findings),
        *(_of_undecided(one) for one in report.undecided),
        *(_of_finding(one, Tone.WAITING, what=WAITS) for one in report.waiting),
        *(
            Row(
                tone=Tone.BAD,
                model=one.model,
                alias=one.alias,
                asked=one.version,
                live=None,
                since="",
                what=say(NOT_LOOKED_AT),
                path=one.path,
                line=one.version_line,
            )
            for one in report.unexamined
        ),
    )


def _of_finding(finding: Finding, tone: Tone, *, what: str) -> Row:
    request = finding.request
    return Row(
        tone=tone,
        model=finding.model,
        alias=finding.alias,
        asked=request.version if request else None,
        live=finding.live,
        since=moment(finding.since),
        what=say(what),
        path=request.path if request else "",
        line=request.version_line if request else 1,
        live_word="no such model" if finding.kind is DriftKind.MODEL_MISSING else "nobody",
    )


def _of_undecided(one: Undecided) -> Row:
    return Row(
        tone=Tone.UNSURE,
        model=one.request.model,
        alias=one.request.alias,
        asked=one.request.version,
        live=None,
        since="",
        what=say("could not be decided: ", *one.message.parts),
        path=one.request.path,
        line=one.request.version_line,
    )


def headline(report: DriftReport) -> tuple[Tone, Message]:
    """The whole run in one line."""
    reason = report.reason
    if reason.exit_code is ExitCode.UNDECIDED:
        return Tone.UNSURE, say("Could not decide: ", *report.message.parts)
    if reason is ReasonCode.IN_SYNC:
        return Tone.GOOD, say("In sync: ", *report.message.parts)
    words = REASONS[reason]
    return words.tone, say(f"{words.lead or capital(words.title)}: ", *report.message.parts)


def healing(report: DriftReport) -> Sequence[Message]:
    """What healing did: of every request it moved or refused to move, why."""
    healed = report.healed
    if healed is None:
        return ()
    if not healed.requests:
        return (say("healing: ", *healed.message.parts),)
    return [
        say("healing: ", *one.message.parts)
        for one in healed.requests
        if one.reason is not ReasonCode.ALREADY_APPLIED
    ]


def moment(when: str) -> str:
    """An ISO 8601 time as people read it, in UTC; empty for none."""
    try:
        read = datetime.fromisoformat(when)
    except ValueError:
        return ""
    read = read if read.tzinfo else read.replace(tzinfo=UTC)
    return f"{read.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
