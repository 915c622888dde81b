"""Join git's changes of one alias with pull requests and the registry's tags.

A version's tags tell of its newest promotion. Whether they speak of a given change is decided by the number
of the pull request. A version whose tags were written over is still known to have held the alias where its
successor's tag says from whom it was taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from promoter.core.history import Asked
from promoter.core.timeline import (
    Entry,
    Kind,
    LiveState,
    Pull,
    Reached,
    Record,
    Sources,
    Teller,
    intervals,
    moment_of,
)

# How much a runner's clock may be behind that of whoever made the merge.
_SKEW = timedelta(minutes=10)
_HELD = frozenset({Reached.APPLIED, Reached.IN_PLACE})
_SAME = frozenset({Kind.EDITED, Kind.RENAMED})


def timeline(sources: Sources) -> tuple[Entry, ...]:
    """One entry for each change, newest first as given."""
    spans = intervals(sources.asked)
    found: list[Entry] = []
    # From the oldest on: what a change was depends on what was before it.
    for at in reversed(range(len(sources.asked))):
        found.append(_Joining(sources, at, older=found[::-1]).entry(*spans[at]))
    return tuple(reversed(found))


class _Joining:
    """One change with its surroundings; `older` are the entries before it, newest first."""

    def __init__(self, sources: Sources, at: int, *, older: Sequence[Entry]) -> None:
        self._sources = sources
        self._at = at
        self._older = older
        self._asked = sources.asked[at]
        self._record = sources.records.get(self._asked.version or "")
        self._number = _number(sources, self._asked)
        self._newer = [one for one in sources.asked[:at] if one.version == self._asked.version]

    def entry(self, since: datetime, until: datetime | None) -> Entry:
        record = self._record if self._record and self._speaks(self._record) else None
        applied_at = _time(record, since) if record else None
        kind = self._kind()
        reached = self._reached(kind, record, applied_at=applied_at)
        if reached is Reached.IN_PLACE and kind is Kind.FIRST:
            kind = Kind.ADOPTION
        before = self._before()
        if kind in _SAME and record is None and before is not None and before.reached is reached:
            applied_at = before.applied_at
        return Entry(
            asked=self._asked,
            kind=kind,
            since=since,
            until=until,
            reached=reached,
            applied_at=applied_at,
            pull=self._pull(record),
            record=record,
            outside=self._outside(record),
        )

    def _kind(self) -> Kind:
        asked = self._asked
        if asked.version is None:
            return Kind.DELETION if asked.is_readable else Kind.UNREADABLE
        before = self._before()
        if before is None:
            return Kind.FIRST
        if before.version == asked.version:
            return Kind.EDITED if before.asked.path == asked.path else Kind.RENAMED
        return Kind.ROLLBACK if asked.version in {one.version for one in self._older} else Kind.PROMOTION

    def _before(self) -> Entry | None:
        """The newest older change that asked for a version: to delete a file moves nothing."""
        return next((one for one in self._older if one.version is not None), None)

    def _speaks(self, record: Record) -> bool:
        """Whether the tag of this alias is of this very change; where nobody can tell, of the newest one."""
        if record.pull is None:
            return False
        if self._number is None or not record.pull:
            return not self._newer
        return record.pull == self._number

    def _reached(self, kind: Kind, record: Record | None, *, applied_at: datetime | None) -> Reached:
        if self._asked.version is None:
            return Reached.NOTHING
        if record is not None:
            is_new = kind is Kind.FIRST and not record.origin and applied_at is None
            return Reached.IN_PLACE if is_new or not record.pull else Reached.APPLIED
        if self._sources.live.state is LiveState.NOT_ASKED:
            return Reached.NOT_ASKED
        return Reached.APPLIED if self._was_taken_over() else self._by_surroundings(kind)

    def _by_surroundings(self, kind: Kind) -> Reached:
        """What follows from who holds the alias now, and from the same version's entry before."""
        if self._at == 0 and self._sources.live.version == self._asked.version:
            return Reached.IN_PLACE
        before = self._before()
        if kind in _SAME and before is not None and before.reached in _HELD:
            return before.reached
        return self._untold()

    def _untold(self) -> Reached:
        """No tag speaks of this change: it was never applied, or the tags are gone or tell of a newer one."""
        known = self._asked.version in self._sources.records and self._record is not None
        if not known or self._record is None:
            return Reached.UNKNOWN
        if self._record.pull is None:
            return Reached.NEVER
        if any(one.record is self._record for one in self._older):
            return Reached.NEVER
        return Reached.UNKNOWN if self._newer else Reached.NEVER

    def _was_taken_over(self) -> bool:
        """Whether a newer version's tag says that it took the alias from this one."""
        for one in reversed(self._sources.asked[: self._at]):
            if one.version == self._asked.version:
                return False
            record = self._sources.records.get(one.version or "")
            if record is None or record.origin != self._asked.version:
                continue
            number = _number(self._sources, one)
            if record.pull and (number is None or record.pull == number):
                return True
        return False

    def _pull(self, record: Record | None) -> Pull | None:
        known = self._sources.pulls.get(self._asked.commit)
        if known is None and record is not None and record.pull:
            return Pull(number=record.pull, told_by=Teller.REGISTRY)
        return known

    def _outside(self, record: Record | None) -> str | None:
        """The version it took the alias from, where git had not asked for that one."""
        if record is None or not record.origin:
            return None
        return None if record.origin in set(self._may_have_held()) else record.origin

    def _may_have_held(self) -> Iterator[str | None]:
        for one in self._older:
            if one.reached is not Reached.NEVER:
                yield one.version
            if one.reached in _HELD and one.version != self._asked.version:
                return


def _number(sources: Sources, asked: Asked) -> int | None:
    pull = sources.pulls.get(asked.commit)
    return pull.number if pull else None


def _time(record: Record, since: datetime) -> datetime | None:
    """When it was promoted; None where the tag of the time speaks of another promotion."""
    if record.pull_request != str(record.pull):
        return None
    told = moment_of(record.promoted_at)
    return told if told is not None and told >= since - _SKEW else None
