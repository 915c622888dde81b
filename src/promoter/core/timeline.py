"""Who held an alias and when: what git asked for, joined with pull requests and with the registry's tags.

Git's order is what counts. Dates are claims of whoever made the commits: where they contradict the order,
the newer commit wins, and the older one was in force for a shorter time or for none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from promoter.core.history import Asked
from promoter.errors import ExitCode
from promoter.text import Message


class Kind(StrEnum):
    """What a change of the request file was."""

    FIRST = "first"
    PROMOTION = "promotion"
    ROLLBACK = "rollback"
    ADOPTION = "adoption"
    EDITED = "edited"
    RENAMED = "renamed"
    DELETION = "deletion"
    UNREADABLE = "unreadable"


class Reached(StrEnum):
    """Whether what git asked for ever was so in the registry, as far as its tags tell."""

    APPLIED = "applied"
    IN_PLACE = "in_place"
    NEVER = "never"
    UNKNOWN = "unknown"
    NOT_ASKED = "not_asked"
    NOTHING = "nothing"


class Teller(StrEnum):
    """Who says which pull request it was."""

    GITHUB = "github"
    COMMIT = "commit"
    REGISTRY = "registry"


@dataclass(frozen=True, kw_only=True)
class Pull:
    """The pull request that brought a change. Only GitHub knows more than the number.

    `approved_by` are the approvers that count now, by the policy it was merged onto; None: not known.
    """

    number: int
    told_by: Teller
    title: str = ""
    author: str = ""
    url: str = ""
    approved_by: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Record:
    """Promoter's tags on a version, as they are now. They tell of its newest promotion only, and anybody who
    may write to the registry can edit them.

    `pull` and `origin` are from the tag of this alias: by which pull request (0: none did), taken from which
    version; None where there is no such tag. The others may speak of another alias of the same version.
    """

    pull: int | None = None
    origin: str = ""
    pull_request: str = ""
    promoted_at: str = ""
    approved_by: str = ""
    previous_version: str = ""
    commit: str = ""
    evidence: str = ""
    verdict: str = ""


class LiveState(StrEnum):
    """What is known of who holds the alias now."""

    HELD = "held"
    NOBODY = "nobody"
    NO_MODEL = "no_model"
    NOT_ASKED = "not_asked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Live:
    """Who holds the alias now; `version` where somebody does."""

    state: LiveState = LiveState.NOT_ASKED
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The three sources. `asked` is newest first; `pulls` goes by commit; `records` by version, with None for
    one that is gone, and without those that were not read."""

    asked: Sequence[Asked]
    pulls: Mapping[str, Pull] = field(default_factory=dict)
    records: Mapping[str, Record | None] = field(default_factory=dict)
    live: Live = field(default_factory=Live)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One stretch of time in which git asked for the same thing: from `since` until `until` (None: still).

    `applied_at` is when the registry's tag says it was promoted; None where no tag tells. `record` is None
    where the tags speak of something else. `took_from` is who held the alias before, by the tag; `outside`
    the same where git had not asked for that version: somebody had moved the alias by hand.
    """

    asked: Asked
    kind: Kind
    since: datetime
    until: datetime | None
    reached: Reached
    applied_at: datetime | None = None
    pull: Pull | None = None
    record: Record | None = None
    outside: str | None = None

    @property
    def version(self) -> str | None:
        """What git asked for."""
        return self.asked.version

    @property
    def is_empty(self) -> bool:
        """Whether it was in force for no time at all."""
        return self.until is not None and self.until <= self.since

    @property
    def took_from(self) -> str | None:
        """Who held the alias before, by the tag."""
        return (self.record.origin or None) if self.record else None


class Certainty(StrEnum):
    """How well it is known which version had been applied by a moment."""

    DATED = "dated"
    UNDATED = "undated"
    NOBODY = "nobody"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class AsOf:
    """Who held the alias at a moment: by git, and as far as the registry's tags tell what was applied.

    `applied` is None unless `certainty` is DATED or UNDATED; UNDATED: it was applied, no tag tells when.
    """

    moment: datetime
    asked: Entry | None
    applied: Entry | None
    certainty: Certainty


@dataclass(frozen=True, kw_only=True)
class Lack:
    """Something that was asked for and could not be told; `exit_code` is the run's."""

    message: Message
    exit_code: ExitCode


@dataclass(frozen=True, kw_only=True)
class History:
    """The whole answer. `entries` are newest first; `shown` of them are told.

    `as_of` is None where no day was asked about; `lacking` is what was asked for and could not be told.
    """

    model: str
    alias: str
    commit: str
    entries: tuple[Entry, ...]
    live: Live
    now: datetime
    shown: tuple[Entry, ...] = ()
    as_of: AsOf | None = None
    notes: tuple[Message, ...] = ()
    lacking: tuple[Lack, ...] = ()
    tool_version: str = ""


def moment_of(when: str) -> datetime | None:
    """An ISO 8601 date and time, in UTC; None for anything else."""
    try:
        read = datetime.fromisoformat(when)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def intervals(asked: Sequence[Asked]) -> tuple[tuple[datetime, datetime | None], ...]:
    """From when until when each was in force, newest first as given: without gap and without overlap.

    A commit counts from its committer's date, but never longer than until a newer one says it began.
    """
    found: list[tuple[datetime, datetime | None]] = []
    until: datetime | None = None
    for one in asked:
        since = moment_of(one.merged_at) or datetime.min.replace(tzinfo=UTC)
        if until is not None:
            since = min(since, until)
        found.append((since, until))
        until = since
    return tuple(found)


def in_force(entries: Sequence[Entry], moment: datetime) -> Entry | None:
    """What git asked for at a moment; None before the first."""
    return next((one for one in entries if one.since <= moment and not one.is_empty), None)
