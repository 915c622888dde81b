"""Drift over HTTP: found, told in one issue for each alias, gone again; healed where the policy says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promoter.demo.github.events import schedule_event
from promoter.demo.github.model import Issue
from promoter.demo.job import Finished
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, House, result_of
from tests.proxy import Proxy

pytestmark = pytest.mark.integration

MAIN = "refs/heads/main"


def drift(house: House, **inputs: str) -> Finished:
    """The scheduled job."""
    payload = schedule_event(house.standin.view, schedule="0 6 * * *")
    return house.job("schedule", payload, ref=MAIN, commit="f" * 40, **inputs)


def rules(house: House, text: str, *, on_missing: str = "block") -> None:
    """How drift is looked for; the policy speaks for this test's model alone."""
    only = f'match: "{house.model}"\n    on_missing_champion: {on_missing}'
    policy = POLICY_TEXT.replace('match: "*"', only)
    house.land({POLICY: policy.replace("version: 1\n", f"version: 1\ndrift: {text}\n").encode()})


def promoted(house: House, version: str) -> int:
    """A pull request that went all the way; its number."""
    number = house.ask_for(version)
    house.approve(number)
    applied = house.apply(house.merge(number))
    assert applied.outputs["reason-code"] == "applied", applied.log
    return number


def issues(house: House) -> list[Issue]:
    """All of the repository, oldest first."""
    return [house.world.issues[number] for number in sorted(house.world.issues)]


def only_issue(house: House) -> Issue:
    (issue,) = issues(house)
    return issue


@pytest.fixture
def watched(house: House) -> House:
    """Versions 1 and 2, of which 2 was promoted by a pull request; no grace."""
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    promoted(house, new)
    rules(house, "{grace_minutes: 0}")
    return house


def test_agreement(watched: House) -> None:
    finished = drift(watched)
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.DONE, "in_sync")
    assert (finished.outputs["decision"], issues(watched)) == ("none", [])
    assert [one["state"] for one in result_of(finished)] == ["in_sync"]
    assert "✓ In sync: git and registry agree on 1 alias" in finished.log


def test_moved_by_hand_is_one_issue_until_it_is_moved_back(watched: House) -> None:
    watched.set_alias("1")
    for said in ("opened", ""):
        finished = drift(watched)
        assert ("issue opened" in finished.log.lower()) == bool(said)
        assert "brought up to date" not in finished.log
        assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.NO, "drift_found")
        (found,) = [one for one in result_of(finished) if one["state"] == "drift"]
        assert (found["kind"], found["version"], found["now"]) == ("alias_moved", "2", "1")
    issue = only_issue(watched)
    assert issue.title == f"Drift: {watched.model}@champion was moved outside git"
    assert str(found["issue"]).endswith(f"/issues/{issue.number}")
    assert "version: 1\n" in issue.body
    assert watched.champion() == "1"
    watched.set_alias("2")
    assert drift(watched).outputs["reason-code"] == "in_sync"
    assert only_issue(watched).closed == "completed"


def test_the_ready_made_change_adopts_what_the_registry_holds(watched: House) -> None:
    watched.set_alias("1")
    drift(watched)
    content = only_issue(watched).body.partition("```yaml\n")[2].partition("```")[0]
    number = watched.propose({watched.path: content.encode()})
    assert watched.validate(number).outputs["reason-code"] == "already_applied"
    watched.merge(number)
    assert drift(watched).outputs["reason-code"] == "in_sync"
    assert (only_issue(watched).closed, watched.champion()) == ("completed", "1")


def test_an_alias_that_was_deleted(watched: House) -> None:
    watched.client.delete_registered_model_alias(watched.model, "champion")
    (found,) = result_of(drift(watched))
    assert (found["kind"], found["now"]) == ("alias_missing", None)


def test_merged_and_never_applied(watched: House) -> None:
    newest = watched.version(0.90)
    number = watched.ask_for(newest)
    watched.approve(number)
    push = watched.merge(number)
    finished = drift(watched)
    assert [one["kind"] for one in result_of(finished)] == ["never_applied"]
    assert only_issue(watched).title.endswith("was merged and never applied")
    assert watched.apply(push).outputs["reason-code"] == "applied"
    assert drift(watched).outputs["reason-code"] == "in_sync"
    assert only_issue(watched).closed == "completed"


def test_a_version_that_was_deleted(watched: House) -> None:
    watched.client.delete_model_version(watched.model, "2")
    assert [one["kind"] for one in result_of(drift(watched))] == ["version_missing"]


def test_a_model_that_was_deleted(watched: House) -> None:
    watched.client.delete_registered_model(watched.model)
    assert [one["kind"] for one in result_of(drift(watched))] == ["model_missing"]


def test_an_alias_that_no_request_asks_for(watched: House) -> None:
    watched.set_alias("1", alias="shadow")
    assert drift(watched).outputs["reason-code"] == "in_sync"
    rules(watched, "{grace_minutes: 0, unmanaged: report}")
    finished = drift(watched)
    (found,) = [one for one in result_of(finished) if one["state"] == "drift"]
    assert (found["kind"], found["alias"], found["path"]) == ("unmanaged", "shadow", None)
    assert finished.outputs["reason-code"] == "drift_found"


def test_a_request_that_was_just_merged_waits(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    rules(house, "{grace_minutes: 10080}")
    number = house.ask_for(new)
    house.merge(number)
    finished = drift(house)
    assert (finished.outputs["reason-code"], issues(house)) == ("in_sync", [])
    assert [one["state"] for one in result_of(finished)] == ["waiting"]


def test_a_registry_that_is_down_touches_no_issue(house_behind_a_proxy: House, mlflow_proxy: Proxy) -> None:
    house = house_behind_a_proxy
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    promoted(house, new)
    rules(house, "{grace_minutes: 0}")
    house.set_alias(old)
    drift(house)
    before = only_issue(house)
    house.set_alias(new)
    house.registry = "http://127.0.0.1:9"
    finished = drift(house, deadline="0.2")
    assert finished.exit_code is ExitCode.UNDECIDED
    assert finished.outputs["decision"] == "error"
    assert only_issue(house) == before


def test_healing_puts_back_what_was_moved_and_says_so(watched: House) -> None:
    rules(watched, "{grace_minutes: 0, heal: true}")
    watched.set_alias("1")
    finished = drift(watched)
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.DONE, "in_sync")
    assert (watched.champion(), issues(watched)) == ("2", [])
    (done,) = json.loads(finished.outputs["result"])["healing"]
    assert done["reason_code"] == "applied"
    assert "healing:" in finished.log.lower()
    assert watched.tags("2")["promoter_previous_version"] == "1"
    assert (finished.folder / "evidence.json").exists()
    assert Path(finished.outputs["report"]) == finished.folder / "drift.json"


def test_healing_sets_what_was_deleted_only_where_a_first_promotion_may(watched: House) -> None:
    rules(watched, "{grace_minutes: 0, heal: true}")
    watched.client.delete_registered_model_alias(watched.model, "champion")
    (refused,) = json.loads(drift(watched).outputs["result"])["healing"]
    assert (refused["reason_code"], watched.champion()) == ("missing_champion", None)
    rules(watched, "{grace_minutes: 0, heal: true}", on_missing="bootstrap")
    assert drift(watched).outputs["reason-code"] == "in_sync"
    assert watched.champion() == "2"


def test_healing_applies_what_was_dropped_and_refuses_what_nobody_approved(watched: House) -> None:
    rules(watched, "{grace_minutes: 0, heal: true}")
    newest = watched.version(0.90)
    number = watched.ask_for(newest)
    watched.merge(number)
    assert drift(watched).outputs["reason-code"] == "drift_found"
    assert (watched.champion(), only_issue(watched).closed) == ("2", "")
    watched.approve(number)
    assert drift(watched).outputs["reason-code"] == "in_sync"
    assert (watched.champion(), only_issue(watched).closed) == (newest, "completed")


def test_by_hand_from_another_branch_it_is_refused(watched: House) -> None:
    payload = {"repository": {"default_branch": "main"}}
    finished = watched.job(
        "workflow_dispatch", payload, ref="refs/heads/mine", commit="f" * 40, command="drift"
    )
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.WRONG_INPUT, "usage_invalid")
    assert "rift does not run on `workflow_dispatch` of the branch `mine`" in finished.log
    by_hand = watched.job("workflow_dispatch", payload, ref=MAIN, commit="f" * 40, command="drift")
    assert by_hand.outputs["reason-code"] == "in_sync"
