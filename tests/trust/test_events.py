"""Which event may start what, over GitHub's own example payloads; whatever else comes does nothing (T13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from promoter.commands.validate import validate
from promoter.demo.github.events import pull_request_event
from promoter.demo.github.model import Permission, UserKind
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.event import Event, order_of, parse_event
from promoter.inputs import Command
from promoter.text import say
from tests import github_data
from tests.e2e.house import House
from tests.fakes.team import POLICY, REQUEST, Team, policy, request

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


# event, ref → what `auto`, `validate`, `apply` and `drift` do
TABLE: dict[tuple[str, str], tuple[str, str, str, str]] = {
    ("pull_request", MERGE): ("validate", "validate", REFUSED, REFUSED),
    ("pull_request_target", DEFAULT): ("validate", "validate", REFUSED, REFUSED),
    ("merge_group", OTHER): ("validate", "validate", REFUSED, REFUSED),
    ("schedule", DEFAULT): ("drift", REFUSED, "apply", "drift"),
    ("workflow_dispatch", DEFAULT): ("validate", "validate", "apply", "drift"),
    ("workflow_dispatch", OTHER): ("validate", "validate", REFUSED, REFUSED),
    ("workflow_dispatch", "refs/tags/v1"): ("validate", "validate", REFUSED, REFUSED),
    ("workflow_run", DEFAULT): (NOTHING, REFUSED, REFUSED, REFUSED),
    ("issue_comment", DEFAULT): (NOTHING, REFUSED, REFUSED, REFUSED),
    ("pull_request_review", MERGE): (NOTHING, REFUSED, REFUSED, REFUSED),
    ("repository_dispatch", DEFAULT): (NOTHING, REFUSED, REFUSED, REFUSED),
    ("release", "refs/tags/v1"): (NOTHING, REFUSED, REFUSED, REFUSED),
    ("deployment", DEFAULT): (NOTHING, REFUSED, REFUSED, REFUSED),
    ("check_run", DEFAULT): (NOTHING, REFUSED, REFUSED, REFUSED),
}


@pytest.mark.parametrize(("where", "expected"), TABLE.items(), ids="-".join)
def test_t13_each_event_does_the_safe_thing_in_each_mode(
    where: tuple[str, str], expected: tuple[str, str, str, str]
) -> None:
    name, ref = where
    source = "pull_request" if name == "pull_request_target" else name
    event = event_of(name, payload_of(source), ref)
    modes = (Command.AUTO, Command.VALIDATE, Command.APPLY, Command.DRIFT)
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
        assert asked(event, Command.DRIFT) == ("drift" if name == "workflow_dispatch" else REFUSED), name
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
    assert "Jobs of Dependabot's pull requests get no secret but Dependabot's own" in finished.summary
    assert "Secrets and variables, Dependabot" in finished.summary
    assert house.comments(number) == []


class _Denied:
    """A registry that lets nobody in without a password; nothing but its aliases may be asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> object:
        self.asked.append(name)
        raise PromoterError(ReasonCode.PERMISSION_DENIED, say("no credentials"), hint=say("Give a password."))


@pytest.mark.parametrize("author", ["dependabot[bot]", "alice"])
def test_t13_with_half_of_its_configuration_no_model_is_loaded(team: Team, author: str) -> None:
    """The registry's address is a plain variable and its password a secret that did not come."""
    asked = "{source: inference, data: data/h.csv, target: label}\n    task: regression"
    source = policy("{source: run_metrics}", asked)
    team.push({POLICY: source, "data/h.csv": b"a,label\n1,0\n"})
    team.propose(12, {REQUEST: request("7")}, author=author)
    registry: Any = _Denied()
    report = validate(team.validate_world(registry=lambda: registry), team.change())
    (one,) = report.requests
    assert (report.reason, one.reason) == (ReasonCode.PERMISSION_DENIED, ReasonCode.PERMISSION_DENIED)
    assert registry.asked == ["aliases"]
    is_dependabot = author == "dependabot[bot]"
    assert ("get no secret but Dependabot's own" in str(one.hint)) is is_dependabot
    assert str(report.hint) == str(one.hint)


def test_t13_dependabots_other_refusals_keep_their_own_hints(team: Team) -> None:
    team.push({POLICY: policy("0.5", "0.95")})
    team.propose(12, {REQUEST: request("7")}, author="dependabot[bot]")
    report = validate(team.validate_world(), team.change())
    assert report.reason is ReasonCode.CHECKS_FAILED
    assert "Dependabot" not in str(report.hint)


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


@pytest.mark.parametrize("name", ["workflow_dispatch", "push", "pull_request", "repository_dispatch"])
def test_t13_drift_that_another_branch_or_event_starts_touches_no_issue(house: House, name: str) -> None:
    """Whoever may push a branch may write its workflows: the team's issues are not theirs to keep."""
    house.adopt(house.version(0.8))
    house.set_alias(house.version(0.85))
    number = house.ask_for(house.version(0.86))
    ref = f"refs/heads/{house.world.pulls[number].head_ref}"
    of_pull = pull_request_event(house.standin.view, number, action="opened")
    payload = {**of_pull, "ref": ref, "before": "e" * 40, "after": "f" * 40, "action": "promoter"}
    if name != "pull_request":
        del payload["pull_request"]
    before = len(house.standin.requests)
    finished = house.job(name, payload, ref=ref, commit="f" * 40, command="drift")
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.WRONG_INPUT, "usage_invalid")
    assert f"Drift does not run on `{name}`" in finished.log
    assert "Run drift" in finished.summary
    assert len(house.standin.requests) == before
    assert house.world.issues == {}


def test_t13_the_schedule_of_a_fork_has_no_registry_and_says_so(house: House) -> None:
    """A fork's own schedule gets none of the secrets and variables: it cannot tell drift from health."""
    house.adopt(house.version(0.8))
    house.set_alias(house.version(0.85))
    payload = {"repository": {"default_branch": "main", "fork": True}, "schedule": "0 6 * * *"}
    finished = house.job("schedule", payload, ref="refs/heads/main", commit="f" * 40, tracking_uri=" ")
    assert finished.exit_code not in {ExitCode.DONE, ExitCode.NO}
    assert "tracking URI" in finished.summary
    assert finished.outputs["reason-code"] not in {"in_sync", "drift_found"}
    assert house.world.issues == {}


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_t13_a_fork_is_told_so_whatever_event_started_the_job(house: House, name: str) -> None:
    """On `pull_request_target` the job has every secret; no registry is asked for a fork all the same."""
    house.adopt(house.version(0.8))
    house.world.add_user("stranger")
    files = {house.path: house.request(house.version(0.85))}
    house.world.commit("stranger:try", files, author="stranger", message="Promote")
    number = house.world.open_pull_request("stranger:try", author="stranger", title="Promote").number
    finished = house.validate(number, event=name, **{"tracking-uri": "http://localhost:9"})
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.NO, "fork_unsupported")
    assert "comes from a fork" in finished.summary
    assert house.comments(number) == []


def test_t13_a_job_that_is_started_again_after_the_merge_says_that_there_is_nothing_to_judge(
    house: House,
) -> None:
    house.adopt(house.version(0.8))
    number = house.ask_for(house.version(0.85))
    payload = pull_request_event(house.standin.view, number, action="opened")
    house.merge(number)
    finished = house.job("pull_request", payload, ref=f"refs/pull/{number}/merge", commit="f" * 40)
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.DONE, "pull_request_closed")
    assert house.comments(number) == []
