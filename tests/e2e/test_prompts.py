"""Prompts on a real MLflow server: first promotion, a refusal, a good change, a rollback, drift."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from promoter.demo.github.events import schedule_event
from promoter.demo.github.model import MergeMethod
from promoter.demo.job import Finished
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, House, result_of
from tests.e2e.test_history import Desk as HistoryDesk
from tests.registry_worlds import load_fresh

pytestmark = pytest.mark.integration

RULES = """\
version: 1
approvals: {minimum: 1}
drift: {grace_minutes: 0}
models:
  - match: "*"
    aliases: [production]
    checks: {description: {min_length: 1}}
  - match: "*"
    kind: prompt
    aliases: [production]
    on_missing_champion: bootstrap
    checks:
      description: {min_length: 10}
      tags: {required: {owner: ".+"}}
      prompt:
        variables: subset
        max_length: 2000
        forbidden_text: ["[Pp]assword", "sk-[A-Za-z0-9]{10,}"]
        response_format: same
"""


class Desk:
    """One prompt of the house's registry, and the requests for its alias."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.name = f"greet-{uuid4().hex[:10]}"
        self.path = f"promotions/{self.name}/production.yaml"
        house.land({POLICY: RULES.encode()})

    def version(self, template: str | list[dict[str, str]], message: str = "friendlier than before") -> str:
        made = self.house.client.register_prompt(
            self.name, template, commit_message=message, tags={"owner": "support"}
        )
        return str(made.version)

    def holder(self) -> str | None:
        """Who holds the alias, as a caller of MLflow sees it."""
        found = load_fresh(self.house.client, f"prompts:/{self.name}@production")
        return str(found.version) if found else None

    def request(self, version: str, kind: str = "prompt") -> bytes:
        text = f"kind: {kind}\nmodel: {self.name}\nalias: production\nversion: {version}\nreason: asked for\n"
        return text.encode()

    def ask_for(self, version: str) -> int:
        return self.house.propose({self.path: self.request(version)})

    def promote(self, version: str) -> Finished:
        number = self.ask_for(version)
        validated = self.house.validate(number)
        assert validated.outputs["reason-code"] in {"validated", "rollback_validated"}, validated.log
        self.house.approve(number)
        return self.house.apply(self.house.merge(number, method=MergeMethod.SQUASH))


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def reason(finished: Finished) -> str:
    return finished.outputs["reason-code"]


def comment(desk: Desk, number: int) -> str:
    (found,) = desk.house.comments(number)
    return found.body


def test_a_prompt_goes_the_whole_road(desk: Desk) -> None:
    first = desk.version("Say hello to {{name}} from {{city}}.")
    applied = desk.promote(first)
    assert (reason(applied), desk.holder()) == ("applied", first), applied.log

    refused = desk.ask_for(desk.version("Say hello to {{name}}, who is {{age}}."))
    validated = desk.house.validate(refused)
    assert (reason(validated), validated.exit_code) == ("checks_failed", ExitCode.NO), validated.log
    assert "`{{age}}`" in comment(desk, refused)
    assert desk.holder() == first

    good = desk.version("Say a warm hello to {{name}}.\n```\n@octocat <b>\u202e")
    number = desk.ask_for(good)
    assert reason(desk.house.validate(number)) == "validated"
    shown = comment(desk, number)
    assert "-Say hello to {{name}} from {{city}}." in shown
    assert "+Say a warm hello to {{name}}." in shown
    assert "+@octocat <b>\\u202e" in shown
    assert "\n````diff\n" in shown
    desk.house.approve(number)
    assert reason(desk.house.apply(desk.house.merge(number))) == "applied"
    assert desk.holder() == good

    tags = desk.house.client._get_registry_client().get_model_version(desk.name, good).tags
    assert (tags["promoter_verdict"], tags["promoter_previous_version"]) == ("promote", first)

    back = desk.house.propose({desk.path: desk.request(first)})
    validated = desk.house.validate(back)
    assert reason(validated) == "rollback_validated", validated.log
    desk.house.approve(back)
    assert reason(desk.house.apply(desk.house.merge(back))) == "applied"
    assert desk.holder() == first


def test_a_template_that_was_changed_after_the_review_is_not_applied(desk: Desk) -> None:
    """MLflow keeps templates in tags, which whoever may write can set anew."""
    desk.promote(desk.version("Say hello to {{name}}."))
    version = desk.version("Say good day to {{name}}.")
    number = desk.ask_for(version)
    assert reason(desk.house.validate(number)) == "validated"
    desk.house.approve(number)
    store = desk.house.client._get_registry_client()
    store.set_model_version_tag(desk.name, version, "mlflow.prompt.text", "Insult {{name}}.")
    applied = desk.house.apply(desk.house.merge(number))
    assert reason(applied) == "artifacts_changed", applied.log
    assert desk.holder() == "1"


def test_what_is_asked_for_as_another_kind_is_refused(desk: Desk) -> None:
    version = desk.version("Say hello to {{name}}.")
    as_model = desk.house.propose({desk.path: desk.request(version, "model")})
    found = desk.house.validate(as_model)
    assert (reason(found), found.exit_code) == ("model_not_found", ExitCode.WRONG_INPUT), found.log
    assert "kind: prompt" in str(result_of(found)[0]["hint"])

    made = desk.house.version(0.9)
    text = f"kind: prompt\nmodel: {desk.house.model}\nalias: production\nversion: {made}\n"
    as_prompt = desk.house.propose({"promotions/other.yaml": text.encode()})
    found = desk.house.validate(as_prompt)
    assert reason(found) == "model_not_found", found.log
    assert "it is a registered model" in str(result_of(found)[0]["message"])


def test_a_secret_in_a_template_is_refused(desk: Desk) -> None:
    number = desk.ask_for(desk.version("Use sk-abcdefABCDEF0123 for {{name}}."))
    assert reason(desk.house.validate(number)) == "checks_failed"


def test_drift_of_a_prompt_is_found(desk: Desk) -> None:
    first, second = desk.version("Hello, {{name}}."), desk.version("Good day, {{name}}.")
    desk.promote(first)

    def drift() -> Finished:
        payload = schedule_event(desk.house.standin.view, schedule="0 6 * * *")
        return desk.house.job("schedule", payload, ref="refs/heads/main", commit="f" * 40)

    agreed = drift()
    assert (reason(agreed), agreed.exit_code) == ("in_sync", ExitCode.DONE), agreed.log
    desk.house.client.set_prompt_alias(desk.name, "production", int(second))
    found = drift()
    assert (reason(found), found.exit_code) == ("drift_found", ExitCode.NO), found.log
    (entry,) = [one for one in result_of_drift(found) if one["state"] != "in_sync"]
    assert (entry["request_kind"], entry["kind"], entry["now"]) == ("prompt", "alias_moved", second)
    (issue,) = desk.house.world.issues.values()
    assert "kind: prompt" in issue.body


def result_of_drift(finished: Finished) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(finished.outputs["result"])["requests"]
    return found


def test_a_prompt_is_rolled_back_by_the_name_that_mlflow_has_for_it(desk: Desk) -> None:
    first, second = desk.version("Say hello to {{name}}."), desk.version("Say a warm hello to {{name}}.")
    for version in (first, second):
        assert reason(desk.promote(version)) == "applied"
    grants = {"metadata": "read", "contents": "write", "pull_requests": "write"}
    desk.house.world.add_token("doras-own", "dora", grants=grants)
    typed = HistoryDesk(desk.house)
    key = (f"prompts:/{desk.name}", "production")
    assert typed.type("history", *key, "--json") is ExitCode.DONE, typed.err
    assert [one["version"] for one in json.loads(typed.out)] == [second, first]
    assert typed.type("rollback", *key, "--pull-request", GITHUB_TOKEN="doras-own") is ExitCode.DONE, (
        typed.err
    )
    (pull,) = [one for one in desk.house.world.pulls.values() if one.head_ref.startswith("promoter/")]
    assert pull.title == f"Roll back prompts:/{desk.name} production from {second} to {first}"
    assert reason(desk.house.validate(pull.number)) == "rollback_validated"
    desk.house.approve(pull.number)
    assert reason(desk.house.apply(desk.house.merge(pull.number))) == "applied"
    assert desk.holder() == first
