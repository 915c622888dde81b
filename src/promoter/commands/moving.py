"""Carry out the plan: one alias after the other, each read before and after the write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from promoter.commands.record_tags import Record, tags_of
from promoter.core.plan import Move
from promoter.core.report import RequestReport
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Registry
from promoter.text import Message, quote, say


@dataclass(kw_only=True)
class Reserve:
    """The time that a run keeps for its end, which `begin` opens.

    A write that ate all the rest opens it: what was begun is read back, and put back, within it. Nothing
    else is begun then.
    """

    begin: Callable[[], None] = lambda: None
    is_open: bool = False

    def opens(self, error: PromoterError) -> bool:
        """Whether there is time again after this error."""
        if self.is_open or error.reason is not ReasonCode.DEADLINE_EXCEEDED:
            return False
        self.begin()
        self.is_open = True
        return True


def move_of(report: RequestReport) -> Move:
    """The move a judged request asks for."""
    request = report.request
    return Move(model=request.model, alias=request.alias, origin=report.now, target=request.version)


def move_all(registry: Registry, group: Sequence[RequestReport], *, reserve: Reserve) -> list[RequestReport]:
    """Move every alias of one pull request, or none: what was moved goes back when a later write fails.

    APPLIED is what this run wrote; what somebody else had moved there meanwhile is ALREADY_APPLIED.
    """
    done: list[RequestReport] = []
    written: list[RequestReport] = []
    for index, report in enumerate(group):
        try:
            if _move(registry, move_of(report), reserve=reserve):
                written.append(report)
        except PromoterError as error:
            failed = replace(report, reason=error.reason, message=error.message, hint=error.hint)
            reserve.opens(error)
            if len(group) > 1:
                failed = _taken_back(registry, failed, reserve=reserve)
            rest = [_left(other, failed) for other in group[index + 1 :]]
            back = [
                _put_back(registry, other, failed=failed, reserve=reserve)
                if other in written
                else _there_already(other)
                for other in done
            ]
            return [*back, failed, *rest]
        done.append(report)
    return [_moved(report) if report in written else _there_already(report) for report in done]


_NOT_BEGUN = {
    ReasonCode.INTERRUPTED: say("not moved: the job was stopped before"),
    ReasonCode.DEADLINE_EXCEEDED: say("not moved: the deadline was reached before"),
}


def not_begun(group: Sequence[RequestReport], reason: ReasonCode) -> list[RequestReport]:
    """What is validated, and left for the next run: INTERRUPTED or DEADLINE_EXCEEDED."""
    hint = say("Run the job again: it goes on from what is live.")
    return [replace(one, reason=reason, message=_NOT_BEGUN[reason], hint=hint) for one in group]


def _move(registry: Registry, move: Move, *, reserve: Reserve) -> bool:
    """Whether anything had to be written."""
    live = registry.aliases(move.model).get(move.alias)
    if live == move.target:
        return False
    if live != move.origin:
        raise _moved_meanwhile(move, live)
    failure: PromoterError | None = None
    try:
        registry.set_alias(move.model, move.alias, version=move.target)
    except PromoterError as error:
        # The server may have acted before the answer was lost: only reading tells.
        failure = error
        reserve.opens(error)
    after = _read_back(registry, move, reserve=reserve)
    if after == move.target:
        return True
    if failure is not None and after == move.origin:
        message = Message((*failure.message.parts, *_at(after).parts))
        raise PromoterError(ReasonCode.APPLY_FAILED, message, hint=failure.hint) from failure
    raise PromoterError(
        ReasonCode.READBACK_MISMATCH,
        say("after the write ", quote(f"{move.model}@{move.alias}"), " reads ", quote(after or "nobody")),
        hint=say("Somebody else moves this alias at the same time. Find out who, then run the job again."),
    )


def _at(version: str | None) -> Message:
    return say("; it is at ", quote(version or "nobody"))


def _read_back(registry: Registry, move: Move, *, reserve: Reserve) -> str | None:
    try:
        return registry.aliases(move.model).get(move.alias)
    except PromoterError as error:
        if reserve.opens(error):
            return _read_back(registry, move, reserve=reserve)
        alias = quote(f"{move.model}@{move.alias}")
        raise PromoterError(
            ReasonCode.APPLY_FAILED,
            say(alias, " was written and not read back, so it may have moved: ", *error.message.parts),
            hint=say("Run the job again when the registry answers: it goes on from what is live."),
        ) from error


def _moved_meanwhile(move: Move, live: str | None) -> PromoterError:
    return PromoterError(
        ReasonCode.CHAMPION_MOVED,
        say(
            quote(f"{move.model}@{move.alias}"),
            " went to ",
            quote(live or "nobody"),
            " meanwhile, and was at ",
            quote(move.origin or "nobody"),
        ),
        hint=say("Nothing was written. Run the job again: it judges against what is live now."),
    )


def _back(move: Move, origin: str) -> Move:
    return Move(model=move.model, alias=move.alias, origin=move.target, target=origin)


def _put_back(
    registry: Registry, report: RequestReport, *, failed: RequestReport, reserve: Reserve
) -> RequestReport:
    move = move_of(report)
    other = quote(f"{failed.request.model}@{failed.request.alias}")
    if move.origin is None:
        # Deleting an alias is not something apply ever does; a first promotion has nothing to go back to.
        return replace(
            report,
            reason=ReasonCode.APPLY_FAILED,
            message=say("moved, and stays: nobody held it before; the move of ", other, " failed"),
        )
    try:
        is_ours = _move(registry, _back(move, move.origin), reserve=reserve)
    except PromoterError as error:
        message = say("moved, and could not be put back after the move of ", other, " failed: ")
        return replace(
            report, reason=ReasonCode.APPLY_FAILED, message=Message((*message.parts, *error.message.parts))
        )
    if is_ours:
        message = say("put back to version ", quote(move.origin), ", because the move of ", other, " failed")
    else:
        message = say("moved, and somebody else put version ", quote(move.origin), " back meanwhile")
    return replace(report, reason=ReasonCode.APPLY_FAILED, message=message)


def _taken_back(registry: Registry, failed: RequestReport, *, reserve: Reserve) -> RequestReport:
    """Where the write that failed has come through after all, undo it too: all of the group or none.

    The report says where the alias is, as far as anybody can read it.
    """
    if failed.reason is not ReasonCode.APPLY_FAILED:
        return failed
    move = move_of(failed)
    try:
        live = registry.aliases(move.model).get(move.alias)
    except PromoterError:
        return failed
    if live != move.target:
        told = _at(live)
    elif move.origin is None:
        told = say(*_at(live).parts, " by now, and stays: nobody held it before")
    else:
        try:
            _move(registry, _back(move, move.origin), reserve=reserve)
            told = say("; it is at version ", quote(move.origin), " again")
        except PromoterError as error:
            told = say(*_at(live).parts, " by now, and could not be put back: ", *error.message.parts)
    said = failed.message.parts
    known = said[-len(told.parts) :] == told.parts
    return failed if known else replace(failed, message=Message((*said, *told.parts)))


def _there_already(report: RequestReport) -> RequestReport:
    move = move_of(report)
    alias = quote(f"{move.model}@{move.alias}")
    return replace(
        report,
        reason=ReasonCode.ALREADY_APPLIED,
        message=say(alias, " was moved to version ", quote(move.target), " by somebody else, and stays"),
    )


def _left(report: RequestReport, failed: RequestReport) -> RequestReport:
    other = quote(f"{failed.request.model}@{failed.request.alias}")
    return replace(
        report, reason=failed.reason, message=say("not moved, because the move of ", other, " failed")
    )


def _moved(report: RequestReport) -> RequestReport:
    move = move_of(report)
    from_version = say("from version ", quote(move.origin)) if move.origin else say("for the first time")
    alias = quote(f"{move.model}@{move.alias}")
    message = say(alias, " moved ", *from_version.parts, " to version ", quote(move.target))
    return replace(report, reason=ReasonCode.APPLIED, message=message, hint=say())


def recorded(registry: Registry, report: RequestReport, *, record: Record) -> RequestReport:
    """The report of one that was moved, its tags written; another as it is."""
    if report.reason is not ReasonCode.APPLIED:
        return report
    move = move_of(report)
    try:
        registry.set_tags(move.model, move.target, tags=tags_of(report, record))
    except PromoterError as error:
        note = say("the alias is moved; its tags could not be written: ", *error.message.parts)
        return replace(report, notes=(*report.notes, note))
    return report


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """What became of an alias that was moved and is asked for no more.

    `note` tells it. `stands` is its report where it may still be where this run put it; `ours`: the versions
    at which it may be by this run's own last write, none where somebody else has moved it since.
    """

    report: RequestReport
    note: Message
    stands: RequestReport | None = None
    ours: frozenset[str] = frozenset()


def withdrawn(registry: Registry, report: RequestReport, *, reserve: Reserve) -> Withdrawal:
    """Put back one that was moved and is asked for no more; a first promotion stays."""
    move = move_of(report)
    alias = quote(f"{move.model}@{move.alias}")
    told = say(
        alias, " was moved to version ", quote(move.target), ", which the branch asks for no more, and "
    )
    if move.origin is None:
        note = say(*told.parts, "stays: nobody held it before")
        return Withdrawal(report=report, note=note, stands=report, ours=frozenset({move.target}))
    try:
        is_ours = _move(registry, _back(move, move.origin), reserve=reserve)
    except PromoterError as error:
        note = say(*told.parts, "was not put back: ", *error.message.parts)
        if error.reason is ReasonCode.CHAMPION_MOVED:
            return Withdrawal(report=report, note=note)
        hint = say("Run the job again when the registry answers: it goes on from what is live.")
        stands = replace(report, reason=ReasonCode.APPLY_FAILED, message=note, hint=hint)
        ours = frozenset({move.origin, move.target})
        return Withdrawal(report=report, note=note, stands=stands, ours=ours)
    if not is_ours:
        note = say(*told.parts, "somebody else has moved it back to version ", quote(move.origin))
        return Withdrawal(report=report, note=note)
    note = say(*told.parts, "was put back to version ", quote(move.origin))
    return Withdrawal(report=report, note=note, ours=frozenset({move.origin}))
