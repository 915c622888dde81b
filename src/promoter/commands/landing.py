"""Land what was judged: move it, see that the branch still asks for it, record it.

A registry sets an alias on no condition. A run that was slow could write what the branch asked for when it
began, after a newer run found everything in place. So the branch is looked at again just before the first
write and after the last one. What it does not ask for any more goes back, and the run begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from promoter.commands.copying import copy_all
from promoter.commands.moving import Record, move_all, move_of, not_begun, recorded, withdrawn
from promoter.commands.tracing import Branch
from promoter.core.report import RequestReport
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Registry, Repository
from promoter.text import Message, quote, say

# Each further round needs somebody to merge into the moment in which the last one wrote.
MOST_ROUNDS = 4
READY = frozenset({ReasonCode.VALIDATED, ReasonCode.ROLLBACK_VALIDATED})
_WRITTEN = frozenset({ReasonCode.APPLIED})


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """What the rounds before this one did: which reports stand, by path and blob id; the versions that this
    run itself has put on an alias, by model and alias; and what is worth telling of it."""

    done: Mapping[tuple[str, str], RequestReport] = field(default_factory=dict)
    ours: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()

    def standing(self, report: RequestReport) -> RequestReport:
        """What an earlier round moved is in place by now, and told as moved."""
        key = (report.request.path, report.request.blob_id)
        return self.done.get(key, report) if report.reason is ReasonCode.ALREADY_APPLIED else report


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
        back = [withdrawn(ground.registry, report) for report in written if report.pull_request in late]
        raise Overtaken(_next(rounds, finished=list(finished.values()), back=back))
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
    if not ground.may_write():
        return not_begun(group)
    copied = all_or_none(copy_all(ground.registry, group))
    if any(report.reason not in READY for report in copied):
        return copied
    return move_all(ground.registry, copied) if ground.may_write() else not_begun(copied)


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


def _next(
    rounds: Rounds, *, finished: Sequence[RequestReport], back: Sequence[tuple[RequestReport, Message]]
) -> Rounds:
    undone = {report.request.path for report, _ in back}
    stands = [one for one in finished if one.reason in _WRITTEN and one.request.path not in undone]
    ours = dict(rounds.ours)
    for report, _ in back:
        move, key = move_of(report), (report.request.model, report.request.alias)
        ours[key] = ours.get(key, frozenset()) | {
            version for version in (move.origin, move.target) if version
        }
    return Rounds(
        done={**rounds.done, **{(one.request.path, one.request.blob_id): one for one in stands}},
        ours=ours,
        notes=(*rounds.notes, *(note for _, note in back)),
    )
