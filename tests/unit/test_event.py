"""Event JSON → Event → which command."""

from __future__ import annotations

from typing import Any

import pytest

from promoter.errors import PromoterError, ReasonCode
from promoter.event import Event, EventKind, order_of, parse_event
from promoter.inputs import Command

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
