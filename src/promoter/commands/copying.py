"""Make the copies that requests ask for with `from`, before any alias is moved to them.

A copy is no promotion: no alias points at it. One that was made before something failed stays, and the next
run finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promoter.commands.copies import Copies, hold_new_copy
from promoter.core.model_version import ModelVersion
from promoter.core.report import RequestReport
from promoter.core.request import SourceVersion
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Registry
from promoter.text import Message, quote, say

# Each time with a look at what the one before has done.
_TRIES = 2
# After one of these a copy may have been made all the same.
_AMBIGUOUS = frozenset({ReasonCode.REGISTRY_UNAVAILABLE})


def copy_all(registry: Registry, group: Sequence[RequestReport]) -> list[RequestReport]:
    """The reports, each with the number of its copy for a version; from one that fails on, none is copied.

    What was made is said in the report.
    """
    done: list[RequestReport] = []
    for at, report in enumerate(group):
        try:
            done.append(_copied(registry, report))
        except PromoterError as error:
            failed = replace(report, reason=error.reason, message=error.message, hint=error.hint)
            return [*done, failed, *group[at + 1 :]]
    return done


def _copied(registry: Registry, report: RequestReport) -> RequestReport:
    request, evidence = report.request, report.evidence
    source, files = request.source, evidence.challenger_files if evidence else None
    if source is None or evidence is None or files is None or evidence.challenger.model == request.model:
        return report
    found = Copies(registry, request.model).chosen(source, live=report.now)
    notes: tuple[Message, ...] = ()
    if found is None:
        found, notes = _made(registry, evidence.challenger, model=request.model)
    hold_new_copy(registry, found, original=evidence.challenger, files=files)
    return replace(report, request=replace(request, version=found.version), notes=(*report.notes, *notes))


def _made(
    registry: Registry, challenger: ModelVersion, *, model: str
) -> tuple[ModelVersion, tuple[Message, ...]]:
    """A new copy, read back. Where another run copied at the same moment, the older copy is taken."""
    source = SourceVersion(model=challenger.model, version=challenger.version)
    name = quote(str(source))
    failure: PromoterError | None = None
    for _ in range(_TRIES):
        try:
            registry.copy(challenger, model)
            failure = None
        except PromoterError as error:
            failure = error
        # Whatever was answered, or not: only reading tells what is there.
        found = Copies(registry, model).of(source)
        if found:
            number = quote(found[0].version)
            made = say("version ", number, " of ", quote(model), " was made as a copy of ", name)
            return found[0], (made, *_spare(found[1:], source))
        if failure is None or failure.reason not in _AMBIGUOUS:
            break
    if failure is not None:
        message = Message((*failure.message.parts, "; no copy is there, and no alias was moved"))
        raise PromoterError(failure.reason, message, hint=failure.hint) from failure
    raise PromoterError(
        ReasonCode.VERSION_NOT_READY,
        say("the copy of ", name, " in ", quote(model), " was made, and is not ready yet"),
        hint=say("Run the job again: it takes the copy as soon as the registry says READY."),
    )


def _spare(copies: Sequence[ModelVersion], source: SourceVersion) -> tuple[Message, ...]:
    return tuple(
        say(
            "version ",
            quote(one.version),
            " is a copy of ",
            quote(str(source)),
            " too, made at the same moment by another run: nothing points at it, and it can be deleted",
        )
        for one in copies
    )
