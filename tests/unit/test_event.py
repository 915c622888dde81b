"""Event JSON → Event → which command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from promoter.errors import PromoterError, ReasonCode
from promoter.event import Event, EventKind, order_of, parse_event
from promoter.inputs import Command
from tests import github_data

REPOSITORY = {"default_branch": "main", "full_name": "o/r"}
PULL: dict[str, Any] = {
    "repository": REPOSITORY,
    "pull_request": {"number": 5, "base": {"ref": "main", "sha": "b" * 40}, "head": {"sha": "a" * 40}},
}
PUSH: dict[str, Any] = {
    "repository": REPOSITORY,
    "ref": "refs/heads/main",
    "before": "0" * 40,
    "after": "c" * 40,
}
GROUP: dict[str, Any] = {
    "repository": REPOSITORY,
    "merge_group": {"base_ref": "refs/heads/main", "base_sha": "b" * 40, "head_sha": "a" * 40},
}
DISPATCH: dict[str, Any] = {"action": "promoter-propose", "repository": REPOSITORY}


def event_of(name: str, payload: dict[str, Any], ref: str = "refs/heads/main") -> Event:
    return parse_event(name, payload, ref=ref, commit="f" * 40)


def test_a_pull_request_is_read_whole() -> None:
    assert event_of("pull_request", PULL) == Event(
        kind=EventKind.PULL_REQUEST,
        name="pull_request",
        default_branch="main",
        branch="main",
        number=5,
        base_commit="b" * 40,
        head_commit="a" * 40,
    )


def test_a_merge_group_names_both_ends() -> None:
    event = event_of("merge_group", GROUP)
    assert (event.base_commit, event.head_commit, event.branch) == ("b" * 40, "a" * 40, "main")


@pytest.mark.parametrize(
    ("name", "payload", "ref", "command"),
    [
        ("pull_request", PULL, "refs/pull/5/merge", Command.VALIDATE),
        ("pull_request_target", PULL, "refs/heads/main", Command.VALIDATE),
        ("merge_group", GROUP, "refs/heads/gh-readonly-queue/main/pr-5", Command.VALIDATE),
        ("push", PUSH, "refs/heads/main", Command.APPLY),
        ("push", PUSH | {"ref": "refs/heads/feature"}, "refs/heads/feature", None),
        ("push", PUSH | {"ref": "refs/tags/main"}, "refs/tags/main", None),
        ("schedule", {"repository": REPOSITORY}, "refs/heads/main", Command.DRIFT),
        ("workflow_dispatch", {"repository": REPOSITORY}, "refs/heads/main", Command.VALIDATE),
        ("issue_comment", {"repository": REPOSITORY}, "refs/heads/main", None),
        ("workflow_run", {"repository": REPOSITORY}, "refs/heads/main", None),
        ("release", {}, "refs/tags/v1", None),
        ("repository_dispatch", DISPATCH, "refs/heads/main", Command.PROPOSE),
        ("repository_dispatch", DISPATCH | {"action": "Promoter-Propose"}, "refs/heads/main", None),
    ],
)
def test_auto_follows_the_event(
    name: str, payload: dict[str, Any], ref: str, command: Command | None
) -> None:
    order = order_of(event_of(name, payload, ref), Command.AUTO)
    assert order.command is command
    assert str(order.message)


@pytest.mark.parametrize(
    ("asked", "name", "payload", "ref"),
    [
        (Command.APPLY, "pull_request", PULL, "refs/heads/main"),
        (Command.APPLY, "pull_request_target", PULL, "refs/heads/main"),
        (Command.APPLY, "merge_group", GROUP, "refs/heads/main"),
        (Command.APPLY, "issue_comment", {"repository": REPOSITORY}, "refs/heads/main"),
        (Command.APPLY, "workflow_dispatch", {"repository": REPOSITORY}, "refs/heads/feature"),
        (Command.APPLY, "push", PUSH | {"ref": "refs/heads/feature"}, "refs/heads/feature"),
        (Command.DRIFT, "pull_request", PULL, "refs/heads/main"),
        (Command.DRIFT, "merge_group", GROUP, "refs/heads/main"),
        (Command.DRIFT, "push", PUSH, "refs/heads/main"),
        (Command.DRIFT, "issue_comment", {"repository": REPOSITORY}, "refs/heads/main"),
        (Command.DRIFT, "workflow_dispatch", {"repository": REPOSITORY}, "refs/heads/feature"),
        (Command.DRIFT, "workflow_dispatch", {"repository": REPOSITORY}, "refs/tags/main"),
        (Command.DRIFT, "repository_dispatch", DISPATCH, "refs/heads/main"),
        (Command.APPLY, "repository_dispatch", DISPATCH, "refs/heads/main"),
        (Command.PROPOSE, "pull_request", PULL, "refs/heads/main"),
        (Command.PROPOSE, "pull_request_target", PULL, "refs/heads/main"),
        (Command.PROPOSE, "push", PUSH, "refs/heads/main"),
        (Command.PROPOSE, "workflow_dispatch", {"repository": REPOSITORY}, "refs/heads/feature"),
        (Command.VALIDATE, "push", PUSH, "refs/heads/main"),
        (Command.VALIDATE, "issue_comment", {"repository": REPOSITORY}, "refs/heads/main"),
    ],
)
def test_a_command_is_refused_where_it_is_not_safe(
    asked: Command, name: str, payload: dict[str, Any], ref: str
) -> None:
    with pytest.raises(PromoterError) as refused:
        order_of(event_of(name, payload, ref), asked)
    assert refused.value.reason is ReasonCode.USAGE_INVALID
    assert str(refused.value.hint)


@pytest.mark.parametrize("name", ["workflow_dispatch", "schedule"])
def test_drift_may_be_asked_for_on_the_default_branch(name: str) -> None:
    assert order_of(event_of(name, PUSH), Command.DRIFT).command is Command.DRIFT


@pytest.mark.parametrize("name", ["workflow_dispatch", "schedule", "repository_dispatch"])
def test_propose_may_be_asked_for_on_the_default_branch(name: str) -> None:
    assert order_of(event_of(name, PUSH | DISPATCH), Command.PROPOSE).command is Command.PROPOSE


@pytest.mark.parametrize("name", ["push", "workflow_dispatch", "schedule"])
def test_apply_may_be_asked_for_on_the_default_branch(name: str) -> None:
    assert order_of(event_of(name, PUSH), Command.APPLY).command is Command.APPLY


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("pull_request", {}),
        ("pull_request", {"pull_request": None}),
        ("pull_request", {"pull_request": {"number": "five", "base": {}, "head": {}}}),
        ("push", {"ref": "refs/heads/main"}),
        ("merge_group", {"merge_group": []}),
        ("schedule", {"repository": "o/r"}),
        ("repository_dispatch", {"repository": {"default_branch": "main"}}),
    ],
)
def test_a_payload_that_is_not_githubs_is_refused(name: str, payload: dict[str, Any]) -> None:
    with pytest.raises(PromoterError) as refused:
        event_of(name, payload)
    assert refused.value.reason is ReasonCode.USAGE_INVALID
    assert f"`{name}`" in str(refused.value.message)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("push", PUSH | {"ref": None}),
        ("push", PUSH | {"before": 0}),
        ("push", PUSH | {"repository": {"default_branch": ["main"]}}),
        ("pull_request", PULL | {"pull_request": PULL["pull_request"] | {"number": True}}),
        ("merge_group", GROUP | {"merge_group": GROUP["merge_group"] | {"head_ref": 5}}),
        ("repository_dispatch", DISPATCH | {"action": None}),
    ],
)
def test_what_is_no_text_is_not_taken_for_one(name: str, payload: dict[str, Any]) -> None:
    with pytest.raises(PromoterError) as refused:
        event_of(name, payload)
    assert refused.value.reason is ReasonCode.USAGE_INVALID


# --- GitHub's own examples -------------------------------------------------------------------------

Path = tuple[str | int, ...]
# Kind → what we take from where; each must be there, a text (a whole number for `number`).
TAKEN: dict[EventKind, dict[str, Path]] = {
    EventKind.PULL_REQUEST: {
        "branch": ("pull_request", "base", "ref"),
        "base_commit": ("pull_request", "base", "sha"),
        "head_commit": ("pull_request", "head", "sha"),
        "number": ("pull_request", "number"),
    },
    EventKind.MERGE_GROUP: {
        "branch": ("merge_group", "base_ref"),
        "base_commit": ("merge_group", "base_sha"),
        "head_commit": ("merge_group", "head_sha"),
    },
    EventKind.PUSH: {"branch": ("ref",), "head_commit": ("after",)},
    EventKind.REPOSITORY_DISPATCH: {"dispatched": ("action",)},
}
TAKEN[EventKind.PULL_REQUEST_TARGET] = TAKEN[EventKind.PULL_REQUEST]
# The same for what may be missing or null, and is empty then.
MAY_LACK: dict[EventKind, dict[str, Path]] = {
    EventKind.MERGE_GROUP: {"group": ("merge_group", "head_ref")},
    EventKind.PUSH: {"base_commit": ("before",)},
}
OF_ALL: dict[str, Path] = {"default_branch": ("repository", "default_branch")}
WRONG_TYPES: tuple[object, ...] = (None, True, 0, 1.5, "text", [], ["text"], {}, {"text": {}})
# Deep changes are made to so many examples of an event; each of their fields is tried.
CHANGED_EXAMPLES = 2


def names() -> list[str]:
    """Every event GitHub has an example of, and those it sends without a payload of its own."""
    return [*github_data.webhook_examples(), "pull_request_target", "schedule"]


def examples_of(name: str) -> list[dict[str, Any]]:
    """Real payloads; a schedule's has the repository and no more."""
    if name == "schedule":
        return [{"repository": examples_of("push")[0]["repository"], "schedule": "0 6 * * *"}]
    return github_data.webhook_examples()["pull_request" if name == "pull_request_target" else name]


def at(value: Any, path: Path) -> Any:  # noqa: ANN401 - JSON
    """What lies there; None where nothing does."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def branch_of(ref: str) -> str:
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""


def meant(name: str, payload: dict[str, Any]) -> Event:
    """The event that a payload describes, taken from its own fields."""
    kind = EventKind(name) if name in set(EventKind) else EventKind.OTHER
    taken = {**OF_ALL, **TAKEN.get(kind, {}), **MAY_LACK.get(kind, {})}
    found: dict[str, Any] = {"branch": "main", "head_commit": "f" * 40}
    told = {field: at(payload, path) for field, path in taken.items()}
    found |= {field: value for field, value in told.items() if value is not None}
    if kind is EventKind.PUSH:
        found["branch"] = branch_of(found["branch"])
    if kind is EventKind.MERGE_GROUP:
        found["branch"] = found["branch"].removeprefix("refs/heads/")
        found["group"] = branch_of(found.get("group", ""))
    return Event(kind=kind, name=name, **found)


def test_every_one_of_githubs_examples_is_read_as_its_own_fields_say() -> None:
    read = 0
    for name in names():
        for payload in examples_of(name):
            assert event_of(name, payload) == meant(name, payload), name
            read += 1
    assert read > 300


def paths_in(value: object, below: Path = ()) -> Iterator[Path]:
    """Every field of a payload, inner ones too; of a list the first entry."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*below, key)
            yield from paths_in(inner, (*below, key))
    if isinstance(value, list) and value:
        yield from paths_in(value[0], (*below, 0))


REMOVED = object()


def changed(value: Any, path: Path, new: object) -> Any:  # noqa: ANN401 - JSON
    """A copy with another value there, or without the field."""
    copy = value.copy()
    if len(path) > 1:
        copy[path[0]] = changed(copy[path[0]], path[1:], new)
    elif new is REMOVED:
        del copy[path[0]]
    else:
        copy[path[0]] = new
    return copy


def is_right(field: str, value: object) -> bool:
    return type(value) is int if field == "number" else isinstance(value, str)


def is_readable(name: str, payload: dict[str, Any]) -> bool:
    """Whether everything that is needed is there, and what may be missing is a text where it is not."""
    kind = EventKind(name) if name in set(EventKind) else EventKind.OTHER
    for field, path in TAKEN.get(kind, {}).items():
        if not is_right(field, at(payload, path)):
            return False
    for field, path in {**OF_ALL, **MAY_LACK.get(kind, {})}.items():
        outer = at(payload, path[:-1])
        if not isinstance(outer, Mapping | None):
            return False
        if at(payload, path) is not None and not is_right(field, at(payload, path)):
            return False
    return True


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "merge_group", "push"])
def test_what_is_broken_anywhere_is_read_without_it_or_refused(name: str) -> None:
    """A field removed, null, or of another type: nothing else comes out, and never another exception."""
    refused = 0
    for payload in examples_of(name)[:CHANGED_EXAMPLES]:
        for path in [*paths_in(payload)]:
            for new in (REMOVED, *WRONG_TYPES):
                refused += is_refused(name, changed(payload, path, new))
    assert refused > 50


@pytest.mark.parametrize("new", [REMOVED, *WRONG_TYPES])
def test_what_is_broken_at_the_top_of_any_event_is_read_without_it_or_refused(new: object) -> None:
    seen = 0
    for name in names():
        for payload in examples_of(name):
            for key in payload:
                is_refused(name, changed(payload, (key,), new))
                seen += 1
    assert seen > 1000


def is_refused(name: str, payload: dict[str, Any]) -> bool:
    """Whether it is; anything but what its own fields say, and that refusal, fails."""
    try:
        event = event_of(name, payload)
    except PromoterError as error:
        refusal = error
    else:
        assert is_readable(name, payload), (name, event)
        assert event == meant(name, payload)
        return False
    assert refusal.reason is ReasonCode.USAGE_INVALID
    assert "examples/workflows" in str(refusal.hint)
    assert not is_readable(name, payload), str(refusal.message)
    return True
