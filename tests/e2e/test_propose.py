"""Propose over HTTP: pull requests opened, changed, closed, and not opened again once somebody said no."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from promoter.cli import Terminal, run
from promoter.demo.github.events import schedule_event
from promoter.demo.github.model import PullRequest, Token, TokenKind, UserKind
from promoter.demo.job import Finished
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, TOKEN, House, result_of
from tests.registry_worlds import load_fresh

pytestmark = pytest.mark.integration

MAIN = "refs/heads/main"
APP = "promoter-app[bot]"
APP_TOKEN = "e2e-app-token"
GRANTS = {"metadata": "read", "contents": "write", "pull_requests": "write"}


def rules(house: House, propose: str, *, top: str = "", pattern: str = "") -> None:
    """What is proposed, for this test's models alone."""
    text = POLICY_TEXT.replace('match: "*"', f'match: "{pattern or house.model}"\n    propose: {propose}')
    house.land({POLICY: text.replace("version: 1\n", f"version: 1\n{top}").encode()})


def proposed(house: House, event: str = "schedule", **inputs: str) -> Finished:
    """The scheduled job, with an App's token."""
    payload: Mapping[str, object] = schedule_event(house.standin.view, schedule="0 6 * * *")
    if event == "repository_dispatch":
        payload = {"action": "promoter-propose", "repository": payload["repository"]}
    given = {"github_token": APP_TOKEN, **({"command": "propose"} if event == "schedule" else {}), **inputs}
    return house.job(event, payload, ref=MAIN, commit="f" * 40, **given)


def actions(finished: Finished) -> dict[str, str]:
    """Alias → what became of it."""
    return {f"{one['model']}@{one['alias']}": str(one["action"]) for one in result_of(finished)}


def opened(house: House) -> list[PullRequest]:
    return [pull for pull in house.world.pulls.values() if pull.is_open]


def only(house: House) -> PullRequest:
    (pull,) = opened(house)
    return pull


def held(house: House, pull: PullRequest, path: str = "") -> str:
    """The request file on a pull request's branch."""
    found = house.world.git.objects([f"{pull.head_sha}:{path or house.path}"])[0]
    assert found is not None
    return found.content.decode()


@pytest.fixture
def team(house: House) -> House:
    """Version 1 is the champion; challengers are proposed."""
    house.world.add_user(APP, kind=UserKind.BOT)
    house.world.tokens[APP_TOKEN] = Token(login=APP, kind=TokenKind.INSTALLATION, grants=GRANTS)
    house.adopt(house.version(0.80))
    rules(house, "{from_alias: challenger, to: champion}")
    return house


def test_from_the_alias_to_the_champion(team: House) -> None:
    assert proposed(team).outputs["reason-code"] == "proposals_current"
    assert opened(team) == []

    team.set_alias(team.version(0.85), alias="challenger")
    first = proposed(team)
    assert (first.exit_code, first.outputs["reason-code"]) == (ExitCode.DONE, "proposed"), first.log
    pull = only(team)
    assert (pull.author, pull.title) == (APP, f"Promote {team.model} 1 → 2 as champion")
    assert "Ready to promote" in pull.body
    assert "0.85" in pull.body
    assert held(team, pull) == (
        f"model: {team.model}\nalias: champion\nversion: 2\nreason: challenger names version 2\n"
    )

    again = proposed(team)
    assert (again.outputs["reason-code"], only(team)) == ("proposals_current", pull)

    team.set_alias(team.version(0.90), alias="challenger")
    assert actions(proposed(team, "repository_dispatch")) == {f"{team.model}@champion": "changed"}
    moved = only(team)
    assert (moved.number, moved.title) == (pull.number, f"Promote {team.model} 1 → 3 as champion")
    assert "version: 3\n" in held(team, moved)
    assert team.world.git.is_ancestor(pull.head_sha, moved.head_sha)

    assert team.validate(moved.number).outputs["decision"] == "promote"
    team.approve(moved.number)
    push = team.merge(moved.number)
    assert actions(proposed(team)) == {f"{team.model}@champion": "left"}
    applied = team.apply(push)
    assert (applied.outputs["reason-code"], team.champion()) == ("applied", "3"), applied.log
    after = proposed(team)
    assert (after.outputs["reason-code"], actions(after)) == (
        "proposals_current",
        {f"{team.model}@champion": "none"},
    )
    assert opened(team) == []


def test_what_was_rejected_is_not_proposed_until_it_changes(team: House) -> None:
    version = team.version(0.85)
    team.set_alias(version, alias="challenger")
    proposed(team)
    team.world.close(only(team).number)
    rejected = proposed(team)
    assert (rejected.outputs["reason-code"], opened(team)) == ("proposals_current", [])
    assert "was closed unmerged" in json.dumps(result_of(rejected))

    team.client.set_model_version_tag(team.model, version, "owner", "risk")
    assert actions(proposed(team)) == {f"{team.model}@champion": "opened"}
    assert only(team).number == 2
    team.world.close(2)
    team.set_alias(team.version(0.9), alias="challenger")
    assert actions(proposed(team)) == {f"{team.model}@champion": "opened"}


def test_closed_when_it_is_not_wanted_any_more(team: House) -> None:
    team.set_alias(team.version(0.85), alias="challenger")
    proposed(team)
    branch = only(team).head_ref
    team.client.delete_registered_model_alias(team.model, "challenger")
    closed = proposed(team)
    assert actions(closed) == {f"{team.model}@champion": "closed"}
    assert (opened(team), team.world.tip(branch)) == ([], None)
    assert "nobody holds `challenger`" in team.world.pulls[1].body
    # It was us who closed it: that is no rejection.
    team.set_alias("2", alias="challenger")
    assert actions(proposed(team)) == {f"{team.model}@champion": "opened"}
    rules(team, "{from_alias: other, to: champion}")
    assert actions(proposed(team)) == {f"{team.model}@champion": "closed"}


def test_a_branch_that_somebody_committed_to_is_theirs(team: House) -> None:
    team.set_alias(team.version(0.85), alias="challenger")
    proposed(team)
    pull = only(team)
    team.push_more(pull.number, {team.path: team.request("2", reason="because I say so")})
    before = only(team)
    team.set_alias(team.version(0.90), alias="challenger")
    finished = proposed(team)
    assert (actions(finished), only(team)) == ({f"{team.model}@champion": "left"}, before)
    assert "`dora` committed to the branch" in finished.log
    team.client.delete_registered_model_alias(team.model, "challenger")
    assert (actions(proposed(team)), only(team)) == ({f"{team.model}@champion": "left"}, before)
    # Closed by its owner with the branch left behind: still nobody writes over it.
    team.world.close(before.number)
    team.set_alias("3", alias="challenger")
    left = proposed(team)
    assert (actions(left), opened(team)) == ({f"{team.model}@champion": "left"}, [])
    assert team.world.tip(before.head_ref) == before.head_sha


def test_the_base_changed_the_same_line(team: House) -> None:
    team.set_alias(team.version(0.85), alias="challenger")
    proposed(team)
    old = only(team)
    team.land({team.path: team.request("1", reason="written anew")})
    assert actions(proposed(team)) == {f"{team.model}@champion": "changed"}
    new = only(team)
    assert team.world.test_merge(new) is not None
    assert team.world.git.is_ancestor(old.head_sha, new.head_sha)


def test_two_models_and_a_limit(team: House) -> None:
    other = f"{team.model}-b"
    team.client.create_registered_model(other)
    for score in (0.7, 0.8):
        team.version(score, model=other)
    team.client.set_registered_model_alias(other, "champion", "1")
    team.client.set_registered_model_alias(other, "challenger", "2")
    team.set_alias(team.version(0.85), alias="challenger")
    path = f"promotions/{other}/champion.yaml"
    team.land({path: b"# the other one\n" + team.request("1", model=other)})
    rules(
        team,
        "{from_alias: challenger, to: champion}",
        top="propose: {limit: 1}\n",
        pattern=f"{team.model}*",
    )
    assert actions(proposed(team)) == {f"{team.model}@champion": "opened", f"{other}@champion": "left"}
    assert actions(proposed(team)) == {f"{team.model}@champion": "unchanged", f"{other}@champion": "left"}
    team.world.close(only(team).number)
    assert actions(proposed(team)) == {f"{team.model}@champion": "none", f"{other}@champion": "opened"}
    assert held(team, only(team), path).startswith("# the other one\nmodel: ")


def test_the_newest_with_a_tag(team: House) -> None:
    rules(team, '{newest_with_tag: {ready: "yes"}, to: champion, ignore: [3]}')
    for score in (0.82, 0.84, 0.86):
        team.version(score)
    assert actions(proposed(team)) == {f"{team.model}@champion": "none"}
    for version in ("2", "3"):
        team.client.set_model_version_tag(team.model, version, "ready", "yes")
    assert actions(proposed(team)) == {f"{team.model}@champion": "opened"}
    assert only(team).title.endswith("1 → 2 as champion")


def test_a_first_promotion_has_a_new_file(team: House) -> None:
    text = POLICY_TEXT.replace('match: "*"', f'match: "{team.model}"\n    on_missing_champion: bootstrap')
    text = text.replace("aliases: [", "propose: {from_alias: challenger, to: shadow}\n    aliases: [")
    team.land({POLICY: text.encode()})
    team.set_alias(team.version(0.85), alias="challenger")
    assert actions(proposed(team)) == {f"{team.model}@shadow": "opened"}
    pull = only(team)
    assert held(team, pull, f"promotions/{team.model}/shadow.yaml").startswith(f"model: {team.model}\n")
    assert team.validate(pull.number).outputs["decision"] == "promote"


def test_without_leave_nothing_is_opened_and_it_says_why(team: House) -> None:
    team.set_alias(team.version(0.85), alias="challenger")
    finished = proposed(team, github_token=TOKEN)
    assert (finished.exit_code, finished.outputs["reason-code"]) == (ExitCode.UNDECIDED, "permission_denied")
    assert "contents: write" in finished.log
    team.world.add_workflow_token("more", grants=GRANTS)
    finished = proposed(team, github_token="more")
    assert (finished.exit_code, opened(team)) == (ExitCode.UNDECIDED, [])
    assert "starts no workflow" in finished.log
    # The branch that was made before the refusal is used by the next run, of the same account only.
    assert actions(proposed(team)) == {f"{team.model}@champion": "left"}
    team.world.settings = replace(team.world.settings, actions_approve=True)
    assert actions(proposed(team, github_token="more")) == {f"{team.model}@champion": "opened"}


def test_by_hand_it_first_shows_and_then_does(team: House) -> None:
    team.set_alias(team.version(0.85), alias="challenger")
    environ = {
        "GITHUB_TOKEN": APP_TOKEN,
        "GITHUB_API_URL": team.standin.api_url,
        "GITHUB_SERVER_URL": team.standin.web_url,
        "MLFLOW_TRACKING_URI": team.registry,
    }

    def typed(*arguments: str) -> tuple[ExitCode, str]:
        terminal = Terminal(environ=dict(environ), out=io.StringIO(), err=io.StringIO())
        exit_code = run(["propose", *arguments], terminal)
        assert isinstance(terminal.out, io.StringIO)
        return exit_code, terminal.out.getvalue()

    assert typed()[0] is ExitCode.WRONG_INPUT
    exit_code, text = typed("--repository", "acme/models", "--dry-run")
    assert (exit_code, opened(team)) == (ExitCode.DONE, [])
    assert "would be opened" in text
    exit_code, text = typed("--repository", "acme/models", "--json")
    assert (exit_code, json.loads(text)["reason_code"]) == (ExitCode.DONE, "proposed")
    assert only(team).author == APP


def test_only_from_the_default_branch(team: House) -> None:
    payload = {"repository": {"default_branch": "main"}}
    finished = team.job(
        "workflow_dispatch", payload, ref="refs/heads/mine", commit="f" * 40, command="propose"
    )
    assert finished.outputs["reason-code"] == "usage_invalid"
    other = team.job(
        "repository_dispatch", {**payload, "action": "something-else"}, ref=MAIN, commit="f" * 40
    )
    assert other.outputs["reason-code"] == "nothing_to_promote"


def test_a_registry_that_is_down_touches_nothing(team: House) -> None:
    team.set_alias(team.version(0.85), alias="challenger")
    proposed(team)
    before = only(team)
    team.registry = "http://127.0.0.1:9"
    finished = proposed(team, deadline="0.2")
    assert (finished.exit_code, only(team)) == (ExitCode.UNDECIDED, before)


def test_a_prompt_is_proposed_reviewed_and_applied(team: House) -> None:
    name = f"greet-{team.model}"
    for text in ("Say hello.", "Say hello, warmly."):
        team.client.register_prompt(name, text, commit_message="for the mobile app")
    team.client.set_prompt_alias(name, "production", 1)
    team.client.set_prompt_alias(name, "challenger", 2)
    policy = (
        "version: 1\napprovals: {minimum: 1}\nmodels:\n"
        f'  - {{match: "{name}", kind: prompt, aliases: [production], propose: {{from_alias: challenger}}, '
        "checks: {prompt: {variables: subset}}}\n"
    )
    path = f"promotions/{name}/production.yaml"
    asks = f"kind: prompt\nmodel: {name}\nalias: production\nversion: 1\n"
    team.land({POLICY: policy.encode(), path: asks.encode()})
    assert actions(proposed(team)) == {f"prompts:/{name}@production": "opened"}
    pull = only(team)
    assert pull.title == f"Promote prompts:/{name} 1 → 2 as production"
    assert "+Say hello, warmly." in pull.body
    assert f"{asks.replace('version: 1', 'version: 2')}reason:" in held(team, pull, path)
    assert team.validate(pull.number).outputs["decision"] == "promote"
    team.approve(pull.number)
    assert team.apply(team.merge(pull.number)).outputs["reason-code"] == "applied"
    found = load_fresh(team.client, f"prompts:/{name}@production")
    assert found is not None
    assert found.version == 2
    assert actions(proposed(team)) == {f"prompts:/{name}@production": "none"}


def test_a_request_that_copies_is_left_and_told(team: House) -> None:
    team.set_alias(team.version(0.85), alias="challenger")
    team.land({team.path: f"model: {team.model}\nalias: champion\nfrom: dev.churn/7\n".encode()})
    finished = proposed(team)
    assert (finished.exit_code, actions(finished)) == (ExitCode.DONE, {f"{team.model}@champion": "left"})
    assert "copies a version of another model" in finished.summary
    assert opened(team) == []
