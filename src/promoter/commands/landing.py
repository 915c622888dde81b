"""Land what was judged: move it, see that the branch still asks for it, record it.

A registry sets an alias on no condition. A run that was slow could write what the branch asked for when it
began, after a newer run found everything in place. So the branch is looked at again just before the first
write and after the last one. What it does not ask for any more goes back, and the run begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from promoter.commands.copying import copy_all
from promoter.commands.moving import (
    Reserve,
    Withdrawal,
    move_all,
    not_begun,
    recorded,
    withdrawn,
)
from promoter.commands.record_tags import Record
from promoter.commands.tracing import Branch
from promoter.core.report import Report, RequestReport
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Registry, Repository
from promoter.text import Message, quote, say

# Each further round needs somebody to merge into the moment in which the last one wrote.
MOST_ROUNDS = 4
READY = frozenset({ReasonCode.VALIDATED, ReasonCode.ROLLBACK_VALIDATED})
_WRITTEN = frozenset({ReasonCode.APPLIED})
_IN_PLACE = frozenset({ReasonCode.APPLIED, ReasonCode.ALREADY_APPLIED})


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """What the rounds before this one did.

    `done`: which reports stand, by path and blob id. `left`, by model and alias: what is asked for no more
    and was not put back. `ours`, by the same: the versions at which an alias is by this run's own last write.
    `notes`: what is worth telling of it.
    """

    done: Mapping[tuple[str, str], RequestReport] = field(default_factory=dict)
    left: Mapping[tuple[str, str], RequestReport] = field(default_factory=dict)
    ours: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()

    def finished(self, reports: Sequence[RequestReport]) -> tuple[RequestReport, ...]:
        """What an earlier round moved is in place by now, and told as moved, as is what the branch has
        changed since; what it left is told until the alias is where the branch asks for it."""
        told = [
            self.done.get((one.request.path, one.request.blob_id), one)
            if one.reason is ReasonCode.ALREADY_APPLIED
            else one
            for one in reports
        ]
        in_place = {one.request.key for one in told if one.reason in _IN_PLACE}
        known = {(one.request.path, one.request.blob_id) for one in reports}
        gone = [one for place, one in self.done.items() if place not in known]
        return (*told, *gone, *(one for key, one in self.left.items() if key not in in_place))

    def told(self, report: Report) -> Report:
        """The report of a run that an error ended, with all that it did before."""
        return replace(
            report,
            requests=(*self.done.values(), *self.left.values()),
            notes=(*report.notes, *(note for note in self.notes if note not in report.notes)),
        )


class Overtaken(Exception):
    """The branch asks for something else by now: the run begins anew."""

    def __init__(self, rounds: Rounds) -> None:
        super().__init__()
        self.rounds = rounds


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where to land: the registry, and the branch as it was when it was judged."""

    registry: Registry
    repository: Repository
    branch: Branch
    policy: str
    may_write: Callable[[], bool]
    reserve: Reserve


def land(
    ground: Ground, judged: Sequence[RequestReport], *, record: Record, rounds: Rounds
) -> tuple[RequestReport, ...]:
    """The reports, what was ready moved and recorded. Raises `Overtaken`.

    `rounds` is what came before.
    """
    ready = [report for report in judged if report.reason in READY]
    if _is_stale(ground, judged, ready=ready):
        raise Overtaken(rounds)
    finished = _moved(ground, judged, ready=ready)
    written = [report for report in finished.values() if report.reason in _WRITTEN]
    late, unread = _late(ground, written)
    for report in written:
        if report.pull_request not in late:
            stands = recorded(ground.registry, report, record=record)
            finished[report.request.path] = replace(stands, notes=(*stands.notes, *unread))
    if late:
        back = [
            withdrawn(ground.registry, report, reserve=ground.reserve)
            for report in written
            if report.pull_request in late
        ]
        left = [_left(ground.registry, one, record=record) for one in back]
        raise Overtaken(_next(rounds, finished=list(finished.values()), back=left))
    return tuple(finished.values())


def all_or_none(reports: Sequence[RequestReport]) -> list[RequestReport]:
    """The reports of one pull request: none of them ready unless all are."""
    blocking = next((r for r in reports if r.reason.exit_code is not ReasonCode.VALIDATED.exit_code), None)
    if blocking is None:
        return list(reports)
    other = quote(f"{blocking.request.model}@{blocking.request.alias}")
    return [
        replace(
            report,
            reason=blocking.reason,
            message=say("not moved, because ", other, " of the same pull request cannot be"),
        )
        if report.reason in READY
        else report
        for report in reports
    ]


def _moved(
    ground: Ground, judged: Sequence[RequestReport], *, ready: Sequence[RequestReport]
) -> dict[str, RequestReport]:
    """By path: each pull request's moves are begun unless somebody asked the job to stop."""
    finished = {report.request.path: report for report in judged}
    for group in _groups(ready):
        done = _land_group(ground, group)
        finished |= {report.request.path: report for report in done}
    return finished


def _land_group(ground: Ground, group: Sequence[RequestReport]) -> list[RequestReport]:
    """The reports of one pull request: copies first, for which no alias has to be put back."""
    if ground.reserve.is_open:
        return not_begun(group, ReasonCode.DEADLINE_EXCEEDED)
    if not ground.may_write():
        return not_begun(group, ReasonCode.INTERRUPTED)
    copied = all_or_none(copy_all(ground.registry, group))
    if any(report.reason not in READY for report in copied):
        return copied
    if not ground.may_write():
        return not_begun(copied, ReasonCode.INTERRUPTED)
    return move_all(ground.registry, copied, reserve=ground.reserve)


def too_often() -> PromoterError:
    """Why a run that was overtaken again and again ends."""
    return PromoterError(
        ReasonCode.SUPERSEDED,
        say(f"the branch asked for something else {MOST_ROUNDS} times while this run wrote"),
        hint=say("The run of the newest push goes on from what is live."),
    )


def _groups(ready: Sequence[RequestReport]) -> list[list[RequestReport]]:
    """By pull request; in each, what nobody holds goes last: it alone has nothing to be put back to."""
    return [
        sorted((one for one in ready if one.pull_request == number), key=lambda one: one.now is None)
        for number in dict.fromkeys(report.pull_request for report in ready)
    ]


def _is_stale(ground: Ground, judged: Sequence[RequestReport], *, ready: Sequence[RequestReport]) -> bool:
    """Whether what would be written, or refused, is asked for no more. Where that cannot be read, nothing is
    written."""
    concerned = [report for report in judged if report.reason is not ReasonCode.ALREADY_APPLIED]
    try:
        return bool(concerned and _no_longer_asked(ground, concerned))
    except PromoterError:
        if ready:
            raise
        return False


def _no_longer_asked(ground: Ground, reports: Sequence[RequestReport]) -> frozenset[str]:
    """The paths of those that the branch does not ask for by now, or by another policy."""
    tip = ground.repository.tip(ground.branch.name)
    if tip == ground.branch.tip:
        return frozenset()
    paths = [report.request.path for report in reports]
    rules = [(commit, ground.policy) for commit in (ground.branch.tip, tip)]
    held = ground.repository.blob_ids([*rules, *((tip, path) for path in paths)])
    if held[rules[0]] != held[rules[1]]:
        return frozenset(paths)
    return frozenset(
        one.request.path for one in reports if held[tip, one.request.path] != one.request.blob_id
    )


def _late(
    ground: Ground, written: Sequence[RequestReport]
) -> tuple[frozenset[int | None], tuple[Message, ...]]:
    """The pull requests of which something written is asked for no more; a note where nobody knows."""
    if not written:
        return frozenset(), ()
    try:
        late = _no_longer_asked(ground, written)
    except PromoterError as error:
        note = say("whether the branch has moved on since could not be read: ", *error.message.parts)
        return frozenset(), (note,)
    return frozenset(one.pull_request for one in written if one.request.path in late), ()


def _left(registry: Registry, back: Withdrawal, *, record: Record) -> Withdrawal:
    """What may stand is recorded: pull request and checks had brought it there."""
    if back.stands is None:
        return back
    notes = recorded(registry, back.report, record=record).notes
    return replace(back, stands=replace(back.stands, notes=notes))


def _next(rounds: Rounds, *, finished: Sequence[RequestReport], back: Sequence[Withdrawal]) -> Rounds:
    undone = {one.report.request.path for one in back}
    stands = [one for one in finished if one.reason in _WRITTEN and one.request.path not in undone]
    left, ours = dict(rounds.left), dict(rounds.ours)
    for report in stands:
        left.pop(report.request.key, None)
    for one in back:
        key = one.report.request.key
        # Only its last write tells where this run itself has put an alias.
        ours[key] = one.ours
        left.pop(key, None)
        if one.stands is not None:
            left[key] = one.stands
    return Rounds(
        done={**rounds.done, **{(one.request.path, one.request.blob_id): one for one in stands}},
        left=left,
        ours=ours,
        notes=(*rounds.notes, *(one.note for one in back)),
    )
