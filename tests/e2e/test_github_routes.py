"""Every command asks GitHub for nothing but what docs/github-calls.md says it does."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from promoter.cli import Terminal, run
from promoter.demo.github.events import schedule_event
from promoter.demo.github.model import WORKFLOW_GRANTS, Token, TokenKind, UserKind
from promoter.demo.github.settings import Environment, Protection, Settings, reviewed
from promoter.demo.job import Finished
from promoter.errors import ExitCode
from tests.contract.github_recording import route_of
from tests.docs.github_routes import ROUTES_WE_CALL, Asker
from tests.e2e.house import POLICY, POLICY_TEXT, TOKEN, House

pytestmark = pytest.mark.integration

ADMIN, APP = "e2e-admin-token", "promoter-app[bot]"
MAIN = "refs/heads/main"
SEES_SETTINGS = {"metadata": "read", "contents": "read", "actions": "read", "administration": "read"}
OPENS_PULLS = {"metadata": "read", "contents": "write", "pull_requests": "write"}


def asked_by(house: House, act: Callable[[], object]) -> set[str]:
    """The routes that something asked."""
    before = len(house.standin.requests)
    act()
    return {route_of(one.method, one.path) for one in house.standin.requests[before:]}


def listed(asker: Asker) -> set[str]:
    return {route for route, purpose in ROUTES_WE_CALL.items() if asker in purpose.askers}


def scheduled(house: House, **inputs: str) -> Finished:
    payload = schedule_event(house.standin.view, schedule="0 6 * * *")
    return house.job("schedule", payload, ref=MAIN, commit="f" * 40, **inputs)


@pytest.fixture
def team(house: House) -> House:
    """Git and registry agree on version 1; a better one is there; jobs record deployments."""
    house.adopt(house.version(0.80))
    house.world.add_workflow_token(TOKEN, grants={**WORKFLOW_GRANTS, "deployments": "write"})
    house.world.add_user(APP, kind=UserKind.BOT)
    house.world.tokens[APP] = Token(login=APP, kind=TokenKind.INSTALLATION, grants=OPENS_PULLS)
    house.inputs["deployments"] = "true"
    rules = f'match: "{house.model}"\n    propose: {{from_alias: challenger, to: champion}}'
    text = POLICY_TEXT.replace('match: "*"', rules)
    house.land({POLICY: text.replace("version: 1\n", "version: 1\ndrift: {grace_minutes: 0}\n", 1).encode()})
    return house


def test_from_the_request_to_the_move(team: House) -> None:
    number = team.ask_for(team.version(0.85))
    team.approve(number)
    assert asked_by(team, lambda: team.validate(number)) <= listed(Asker.VALIDATE)
    push = team.merge(number)
    assert asked_by(team, lambda: team.apply(push)) <= listed(Asker.APPLY)
    assert team.champion() == "2"
    assert len(team.world.deployments) == 1


def test_drift_that_comes_and_goes(team: House) -> None:
    team.set_alias(team.version(0.85))
    asked = asked_by(team, lambda: scheduled(team))
    assert [issue.is_open for issue in team.world.issues.values()] == [True]
    team.set_alias("1")
    asked |= asked_by(team, lambda: scheduled(team))
    assert [issue.is_open for issue in team.world.issues.values()] == [False]
    assert asked <= listed(Asker.DRIFT)


def test_a_proposal_that_is_opened_changed_and_closed(team: House) -> None:
    asked: set[str] = set()
    for challenger in (team.version(0.85), team.version(0.90), "1"):
        team.set_alias(challenger, alias="challenger")
        asked |= asked_by(team, lambda: scheduled(team, command="propose", github_token=APP))
    assert [pull.is_open for pull in team.world.pulls.values()] == [False]
    assert asked <= listed(Asker.PROPOSE)


def test_the_doctor(team: House) -> None:
    workflow = b"on: push\njobs: {apply: {runs-on: x, environment: live, steps: [{uses: a/promoter@v1}]}}\n"
    team.land({".github/workflows/apply.yml": workflow, ".github/CODEOWNERS": b"* @alice\n"})
    team.world.add_workflow_token(ADMIN, grants=SEES_SETTINGS)
    live = Environment(id=1, name="live", branches=("main",))
    sound = Settings(rules=reviewed("Validate promotion"), environments=(live,), sha_pinning=True)
    team.world.settings = replace(sound, protection=Protection())
    payload = {"repository": {"default_branch": "main"}, "inputs": {}}

    def look() -> None:
        given = {"command": "doctor", "github_token": ADMIN}
        finished = team.job("workflow_dispatch", payload, ref=MAIN, commit="f" * 40, **given)
        assert "not_looked_at" not in finished.outputs["result"], finished.log

    # Who may start jobs from forks is asked of public repositories only.
    of_public = {"GET /repos/{owner}/{repo}/actions/permissions/fork-pr-contributor-approval"}
    assert asked_by(team, look) == listed(Asker.DOCTOR) - of_public


def typed(house: House, *words: str) -> None:
    """A command in a fresh clone."""
    folder = house.folder / f"clone-{words[0]}"
    house.world.git.run("clone", "--quiet", ".", str(folder))
    environ = {
        "PATH": os.environ["PATH"],
        "GITHUB_TOKEN": APP,
        "GITHUB_REPOSITORY": "acme/models",
        "GITHUB_API_URL": house.standin.api_url,
        "MLFLOW_TRACKING_URI": house.registry,
    }
    out, err = io.StringIO(), io.StringIO()
    code = run([*words, "--directory", str(folder)], Terminal(environ=environ, out=out, err=err))
    assert code is ExitCode.DONE, err.getvalue()


def test_a_request_that_is_typed(team: House) -> None:
    words = ("request", team.model, team.version(0.85), "--alias", "champion", "--pull-request")
    assert asked_by(team, lambda: typed(team, *words)) <= listed(Asker.REQUEST)
    assert [pull.is_open for pull in team.world.pulls.values()] == [True]


def test_history_of_what_was_merged(team: House) -> None:
    number = team.ask_for(team.version(0.85))
    team.approve(number)
    team.apply(team.merge(number))
    words = ("history", team.model, "champion")
    assert asked_by(team, lambda: typed(team, *words)) <= listed(Asker.HISTORY)
