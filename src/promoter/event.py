"""The event that started the job, and which command it asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from promoter.errors import PromoterError, ReasonCode
from promoter.inputs import Command
from promoter.text import Message, quote, say


class EventKind(StrEnum):
    """The events we know; every other one asks for nothing."""

    PULL_REQUEST = "pull_request"
    PULL_REQUEST_TARGET = "pull_request_target"
    MERGE_GROUP = "merge_group"
    PUSH = "push"
    SCHEDULE = "schedule"
    WORKFLOW_DISPATCH = "workflow_dispatch"
    REPOSITORY_DISPATCH = "repository_dispatch"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Event:
    """What an event says; fields that its kind does not have are empty.

    `base_commit` and `head_commit`: of a pull request as it was when the event was sent, of a merge group;
    for a push `before` and `after`. `branch`: the branch pushed to, or that would be merged into. `group`:
    the name of a merge group's own branch. `dispatched`: what a `repository_dispatch` was sent for.
    """

    kind: EventKind
    name: str
    default_branch: str = ""
    branch: str = ""
    number: int = 0
    base_commit: str = ""
    head_commit: str = ""
    group: str = ""
    dispatched: str = ""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the job is to do; `command` None: nothing, and `message` says why."""

    command: Command | None
    message: Message


# What whoever hears of the registry's events sends, to have propose run.
PROPOSE_EVENT = "promoter-propose"
_ON_CHANGES = frozenset({EventKind.PULL_REQUEST, EventKind.PULL_REQUEST_TARGET, EventKind.MERGE_GROUP})


def parse_event(name: str, payload: Mapping[str, Any], *, ref: str, commit: str) -> Event:
    """Read an event's JSON. `ref` and `commit` are the runner's own, for events that carry none.

    Raises USAGE_INVALID when a field is missing: then this is not GitHub's payload for that event.
    """
    kind = EventKind(name) if name in set(EventKind) else EventKind.OTHER
    try:
        repository = payload.get("repository")
        default_branch = "" if repository is None else _maybe_text(repository, "default_branch")
        plain = Event(
            kind=kind, name=name, default_branch=default_branch, branch=_branch(ref), head_commit=commit
        )
        read = _READERS.get(kind)
        return read(plain, payload) if read else plain
    except (KeyError, TypeError, AttributeError) as wrong:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("the event file is not the payload of a ", quote(name), " event: ", quote(repr(wrong))),
            hint=say("Run this action on GitHub's own events; see `examples/workflows/`."),
        ) from wrong


def _of_pull_request(event: Event, payload: Mapping[str, Any]) -> Event:
    pull = payload["pull_request"]
    return replace(
        event,
        branch=_text(pull["base"], "ref"),
        number=_number(pull, "number"),
        base_commit=_text(pull["base"], "sha"),
        head_commit=_text(pull["head"], "sha"),
    )


def _of_merge_group(event: Event, payload: Mapping[str, Any]) -> Event:
    group = payload["merge_group"]
    return replace(
        event,
        branch=_text(group, "base_ref").removeprefix("refs/heads/"),
        base_commit=_text(group, "base_sha"),
        head_commit=_text(group, "head_sha"),
        group=_branch(_maybe_text(group, "head_ref")),
    )


def _of_push(event: Event, payload: Mapping[str, Any]) -> Event:
    return replace(
        event,
        branch=_branch(_text(payload, "ref")),
        base_commit=_maybe_text(payload, "before"),
        head_commit=_text(payload, "after"),
    )


def _of_repository_dispatch(event: Event, payload: Mapping[str, Any]) -> Event:
    return replace(event, dispatched=_text(payload, "action"))


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _maybe_text(fields: Mapping[str, Any], name: str) -> str:
    """Empty where the field is missing or null."""
    return "" if fields.get(name) is None else _text(fields, name)


def _number(fields: Mapping[str, Any], name: str) -> int:
    value = fields[name]
    if type(value) is not int:
        raise TypeError(f"{name} is no whole number")
    return value


_READERS = {
    EventKind.PULL_REQUEST: _of_pull_request,
    EventKind.PULL_REQUEST_TARGET: _of_pull_request,
    EventKind.MERGE_GROUP: _of_merge_group,
    EventKind.PUSH: _of_push,
    EventKind.REPOSITORY_DISPATCH: _of_repository_dispatch,
}


def _branch(ref: str) -> str:
    """The branch of a ref; empty for a tag."""
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""


def order_of(event: Event, asked: Command) -> Order:
    """Which command an event asks for, or why it asks for none.

    Raises USAGE_INVALID for a command that the event must not start.
    """
    command = asked if asked is not Command.AUTO else _automatic(event)
    if command is None:
        return Order(command=None, message=_why_nothing(event))
    if command is Command.APPLY:
        _refuse_apply_away_from_default_branch(event)
    if command is Command.DRIFT:
        _refuse_drift_away_from_default_branch(event)
    if command is Command.PROPOSE:
        _refuse_propose_away_from_default_branch(event)
    if command is Command.VALIDATE and event.kind not in _ON_CHANGES | {EventKind.WORKFLOW_DISPATCH}:
        raise _not_on(command, event, hint=say("Run validate on `pull_request` and `merge_group`."))
    return Order(command=command, message=say(f"{command} on ", quote(event.name)))


def _automatic(event: Event) -> Command | None:
    if event.kind in _ON_CHANGES:
        return Command.VALIDATE
    if event.kind is EventKind.PUSH and event.branch and event.branch == event.default_branch:
        return Command.APPLY
    if event.kind is EventKind.SCHEDULE:
        return Command.DRIFT
    if event.kind is EventKind.WORKFLOW_DISPATCH:
        return Command.VALIDATE
    if event.kind is EventKind.REPOSITORY_DISPATCH and event.dispatched == PROPOSE_EVENT:
        return Command.PROPOSE
    return None


def _refuse_apply_away_from_default_branch(event: Event) -> None:
    if event.kind not in {EventKind.PUSH, EventKind.WORKFLOW_DISPATCH, EventKind.SCHEDULE}:
        raise _not_on(Command.APPLY, event, hint=say("Run apply on a push to the default branch."))
    if event.kind is not EventKind.SCHEDULE and event.branch != event.default_branch:
        raise _not_on(
            Command.APPLY,
            event,
            hint=say(
                "Run apply from ", quote(event.default_branch), ": only what is merged there is applied."
            ),
        )


def _refuse_drift_away_from_default_branch(event: Event) -> None:
    """What runs on another branch may be somebody's own workflow: it must not keep the team's issues."""
    if event.kind not in {EventKind.WORKFLOW_DISPATCH, EventKind.SCHEDULE}:
        raise _not_on(
            Command.DRIFT, event, hint=say("Run drift on a `schedule`, or by hand (`workflow_dispatch`).")
        )
    if event.kind is not EventKind.SCHEDULE and event.branch != event.default_branch:
        raise _not_on(
            Command.DRIFT,
            event,
            hint=say(
                "Run drift from ",
                quote(event.default_branch),
                ": what is merged there is compared with the registry, by that branch's own workflow.",
            ),
        )


_ON_DEFAULT_BRANCH = frozenset({EventKind.SCHEDULE, EventKind.REPOSITORY_DISPATCH})


def _refuse_propose_away_from_default_branch(event: Event) -> None:
    """What runs on another branch may be somebody's own workflow: it must not open pull requests."""
    if event.kind not in _ON_DEFAULT_BRANCH | {EventKind.WORKFLOW_DISPATCH}:
        on = "Run propose on a `schedule`, on `repository_dispatch`, or by hand (`workflow_dispatch`)."
        raise _not_on(Command.PROPOSE, event, hint=say(on))
    if event.kind not in _ON_DEFAULT_BRANCH and event.branch != event.default_branch:
        hint = say("Run propose from ", quote(event.default_branch), ": the policy that counts is there.")
        raise _not_on(Command.PROPOSE, event, hint=hint)


def _not_on(command: Command, event: Event, *, hint: Message) -> PromoterError:
    return PromoterError(
        ReasonCode.USAGE_INVALID,
        say(f"{command} does not run on ", quote(event.name), " of the branch ", quote(event.branch)),
        hint=hint,
    )


def _why_nothing(event: Event) -> Message:
    if event.kind is EventKind.PUSH:
        return say("a push to ", quote(event.branch or "a tag"), " is not a push to the default branch")
    if event.kind is EventKind.REPOSITORY_DISPATCH:
        asked = f"; sent for `{PROPOSE_EVENT}` it has propose run"
        return say("a `repository_dispatch` for ", quote(event.dispatched), " asks for nothing", asked)
    return say("the event ", quote(event.name), " asks for nothing")
