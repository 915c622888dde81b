"""Who held an alias at a moment, by git and by what was really applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from promoter.core.timeline import AsOf, Certainty, Entry, Reached, in_force
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_HELD = frozenset({Reached.APPLIED, Reached.IN_PLACE})
_UNTOLD = frozenset({Reached.UNKNOWN, Reached.NOT_ASKED})


def read_moment(date: str) -> datetime:
    """A date or a time in ISO 8601. A date without a time means its end, a time without a zone UTC.

    Raises USAGE_INVALID.
    """
    try:
        moment = datetime.fromisoformat(date if "T" in date else f"{date}T23:59:59")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say(quote(date), " is not a date"),
            hint=say("Write it like 2026-03-01 or 2026-03-01T12:00:00+01:00."),
        ) from error


def as_of(entries: Sequence[Entry], moment: datetime) -> AsOf:
    """What git asked for then, and what had been applied by then."""
    certainty, applied = _applied(entries, moment)
    return AsOf(moment=moment, asked=in_force(entries, moment), applied=applied, certainty=certainty)


def _applied(entries: Sequence[Entry], moment: datetime) -> tuple[Certainty, Entry | None]:
    for one in entries:
        if one.since > moment:
            continue
        if one.reached in _UNTOLD:
            return Certainty.UNKNOWN, None
        if one.reached in _HELD and one.applied_at is None:
            return Certainty.UNDATED, one
        if one.reached in _HELD and one.applied_at is not None and one.applied_at <= moment:
            return Certainty.DATED, one
    return Certainty.NOBODY, None


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A stretch of time in which a version held the alias, as far as dated tags tell; `until` None: still."""

    version: str
    since: datetime
    until: datetime | None


def holdings(entries: Sequence[Entry]) -> tuple[Holding, ...]:
    """Oldest first, only those whose beginning a tag tells; each lasts until the next one that was applied.

    One that was applied at an unknown time ends those before it when git began to ask for it: from there on
    nothing is known.
    """
    found: list[Holding] = []
    end: datetime | None = None
    for one in _perhaps_held(entries):
        if one.applied_at is None:
            end = one.since if end is None else min(end, one.since)
            continue
        since = one.applied_at
        if end is not None and since >= end:
            continue
        found.append(Holding(version=one.version or "", since=since, until=end))
        end = since
    return tuple(reversed(found))


def _perhaps_held(entries: Sequence[Entry]) -> Iterator[Entry]:
    return (one for one in entries if one.version is not None and one.reached in _HELD | _UNTOLD)
