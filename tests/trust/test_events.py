"""Which event may start what, over GitHub's own example payloads; whatever else comes does nothing (T13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from promoter.demo.github.events import pull_request_event
from promoter.demo.github.model import Permission, UserKind
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.event import Event, order_of, parse_event
from promoter.inputs import Command
from tests import github_data
from tests.e2e.house import House

REFUSED = "refused"
NOTHING = "nothing"
DEFAULT, OTHER, MERGE = "refs/heads/{}", "refs/heads/feature/x", "refs/pull/2/merge"
OF_CHANGES = {"pull_request", "pull_request_target", "merge_group"}


def asked(event: Event, command: Command) -> str:
    """What a job would do, and it always says why."""
    try:
        order = order_of(event, command)
    except PromoterError as error:
        refusal = error
    else:
        assert str(order.message)
        return NOTHING if order.command is None else order.command.value
    assert refusal.reason is ReasonCode.USAGE_INVALID
    assert str(refusal.message)
    assert str(refusal.hint)
    return REFUSED


def event_of(name: str, payload: dict[str, Any], ref: str) -> Event:
    default = (payload.get("repository") or {}).get("default_branch", "")
    return parse_event(name, payload, ref=ref.format(default), commit="f" * 40)


def payload_of(name: str) -> dict[str, Any]:
    """A real one; GitHub publishes none of a schedule."""
    if name == "schedule":
        return {"repository": payload_of("push")["repository"], "schedule": "0 6 * * *"}
    return github_data.webhook_examples()[name][0]


# event, ref → what `auto`, `validate` and `apply` do
TABLE: dict[tuple[str, str], tuple[str, str, str]] = {
    ("pull_request", MERGE): ("validate", "validate", REFUSED),
    ("pull_request_target", DEFAULT): ("validate", "validate", REFUSED),
    ("merge_group", OTHER): ("validate", "validate", REFUSED),
    ("schedule", DEFAULT): ("drift", REFUSED, "apply"),
    ("workflow_dispatch", DEFAULT): ("validate", "validate", "apply"),
    ("workflow_dispatch", OTHER): ("validate", "validate", REFUSED),
    ("workflow_dispatch", "refs/tags/v1"): ("validate", "validate", REFUSED),
    ("workflow_run", DEFAULT): (NOTHING, REFUSED, REFUSED),
    ("issue_comment", DEFAULT): (NOTHING, REFUSED, REFUSED),
    ("pull_request_review", MERGE): (NOTHING, REFUSED, REFUSED),
    ("repository_dispatch", DEFAULT): (NOTHING, REFUSED, REFUSED),
    ("release", "refs/tags/v1"): (NOTHING, REFUSED, REFUSED),
    ("deployment", DEFAULT): (NOTHING, REFUSED, REFUSED),
    ("check_run", DEFAULT): (NOTHING, REFUSED, REFUSED),
}


@pytest.mark.parametrize(("where", "expected"), TABLE.items(), ids="-".join)
def test_t13_each_event_does_the_safe_thing_in_each_mode(
    where: tuple[str, str], expected: tuple[str, str, str]
) -> None:
    name, ref = where
    source = "pull_request" if name == "pull_request_target" else name
    event = event_of(name, payload_of(source), ref)
    modes = (Command.AUTO, Command.VALIDATE, Command.APPLY)
    assert tuple(asked(event, mode) for mode in modes) == expected


def real_events() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, examples in github_data.webhook_examples().items():
        for payload in examples:
            yield name, payload


def test_t13_of_all_of_githubs_examples_none_applies_but_pushes_to_the_default_branch() -> None:
    """Every example of every event, with a ref of the default branch, as an old workflow would have it."""
    seen = 0
    for name, payload in real_events():
        event = event_of(name, payload, DEFAULT)
        seen += 1
        may_write = name in {"push", "workflow_dispatch"}
        if name == "push":
            may_write = payload["ref"] == f"refs/heads/{payload['repository']['default_branch']}"
        assert (asked(event, Command.APPLY) == "apply") is may_write, name
        automatic = asked(event, Command.AUTO)
        assert (automatic == "apply") is (may_write and name == "push"), name
        assert automatic != "validate" or name in OF_CHANGES | {"workflow_dispatch"}
        assert asked(event, Command.VALIDATE) == REFUSED or name in OF_CHANGES | {"workflow_dispatch"}
    assert seen > 300


@pytest.mark.parametrize("broken", [{}, {"repository": None}, {"repository": {"default_branch": ""}}])
def test_t13_a_payload_without_a_default_branch_applies_nothing_by_itself(broken: dict[str, Any]) -> None:
    payload = {**payload_of("push"), "ref": "refs/heads/main", **broken}
    event = parse_event("push", payload, ref="refs/heads/main", commit="f" * 40)
    assert asked(replace(event, default_branch=""), Command.AUTO) == NOTHING


# --- over HTTP: nothing is written, and it says why -----------------------------------------------


def of_dependabot(house: House) -> int:
    house.world.add_user("dependabot[bot]", Permission.WRITE, kind=UserKind.BOT)
    house.adopt(house.version(0.8))
    return house.propose({house.path: house.request(house.version(0.85))}, author="dependabot[bot]")


def test_t13_what_dependabot_opens_is_not_judged_without_credentials_and_says_so(house: House) -> None:
    """Its jobs get no secrets and a token that may only read."""
    number = of_dependabot(house)
    house.world.add_workflow_token("read-only", grants={"metadata": "read", "contents": "read"})
    house.world.tokens["read-only"] = replace(
        house.world.tokens["read-only"],
        grants={"metadata": "read", "contents": "read", "pull_requests": "read"},
    )
    finished = house.validate(number, **{"github-token": "read-only", "tracking-uri": " "})
    assert finished.exit_code is not ExitCode.DONE
    assert finished.outputs["decision"] != "promote"
    assert "tracking URI" in finished.summary
    assert house.comments(number) == []


def test_t13_a_pull_request_of_dependabot_about_packages_needs_no_credentials(house: House) -> None:
    of_dependabot(house)
    number = house.propose({"requirements.txt": b"x==2\n"}, author="dependabot[bot]")
    finished = house.validate(number, **{"tracking-uri": " "})
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.DONE, "nothing_to_promote")


@pytest.mark.parametrize("name", ["issue_comment", "workflow_run", "pull_request_review"])
def test_t13_other_events_on_a_real_pull_request_write_nothing(house: House, name: str) -> None:
    first = house.version(0.8)
    house.adopt(first)
    number = house.ask_for(house.version(0.85))
    house.approve(number)
    payload = pull_request_event(house.standin.view, number, action="opened")
    before = len(house.standin.requests)
    plain = house.job(name, payload, ref="refs/heads/main", commit="f" * 40)
    told = house.job(name, payload, ref="refs/heads/main", commit="f" * 40, command="apply")
    assert (plain.exit_code, plain.outputs["reason-code"]) == (ExitCode.DONE, "nothing_to_promote")
    assert "asks for nothing" in plain.summary
    assert (told.exit_code, told.outputs["reason-code"]) == (ExitCode.WRONG_INPUT, "usage_invalid")
    assert len(house.standin.requests) == before
    assert (house.champion(), house.comments(number)) == (first, [])


def test_t13_apply_started_by_hand_on_another_branch_writes_nothing(house: House) -> None:
    first, second = house.version(0.8), house.version(0.85)
    house.adopt(first)
    number = house.ask_for(second)
    house.approve(number)
    house.merge(number)
    branch = house.world.pulls[number].head_ref
    payload = {"repository": {"default_branch": "main"}, "ref": f"refs/heads/{branch}"}
    finished = house.job(
        "workflow_dispatch", payload, ref=f"refs/heads/{branch}", commit="f" * 40, command="apply"
    )
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.WRONG_INPUT, "usage_invalid")
    assert "Run apply from `main`" in finished.log
    assert house.champion() == first
