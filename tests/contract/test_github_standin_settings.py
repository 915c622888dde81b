"""What the stand-in says of settings, held to GitHub's description, and our reading of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_connection import connect
from promoter.adapters.github_settings import GitHubSettings
from promoter.core.doctor import BranchRules, Environment, WorkflowSettings
from promoter.demo.github.model import Repository, Visibility
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.settings import Protection, Settings
from promoter.demo.github.world import World
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message
from tests.contract.github_spec import load_spec
from tests.contract.github_standin_settings import ADMIN, SETTINGS, settled_world
from tests.contract.github_standin_world import REPOSITORY, ask


def ignored(message: Message) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with serve(settled_world(tmp_path_factory.mktemp("github"))) as running:
        yield running


def settings(standin: Standin, token: str = ADMIN) -> GitHubSettings:
    return GitHubSettings(
        connect(
            api_url=standin.api_url,
            token=token,
            repository="acme/churn",
            deadline=Deadline(60),
            log=ignored,
        )
    )


@pytest.mark.parametrize("path", SETTINGS)
def test_answers_as_described(standin: Standin, path: str) -> None:
    response = ask(standin, path, token=ADMIN)
    assert response.status_code == 200
    load_spec().check(response)


@pytest.mark.parametrize("name", ["guarded", "open"])
def test_environments_are_shown_as_described(standin: Standin, name: str) -> None:
    response = ask(standin, f"{REPOSITORY}/environments/{name}", token=ADMIN)
    assert response.status_code == 200
    load_spec().check(response)


def test_only_who_may_read_settings_is_shown_them(standin: Standin) -> None:
    statuses = {
        path.removeprefix(REPOSITORY): ask(standin, path, token="narrow").status_code for path in SETTINGS
    }
    assert {path for path, status in statuses.items() if status == 200} == {
        "/rules/branches/main",
        "/codeowners/errors",
    }
    assert set(statuses.values()) == {200, 403}


def test_what_is_not_there_is_not_found(standin: Standin, tmp_path: Path) -> None:
    for path in ("/branches/none/protection", "/environments/none"):
        assert ask(standin, REPOSITORY + path, token=ADMIN).status_code == 404
    world = settled_world(tmp_path)
    world.settings = Settings()
    with serve(world) as bare:
        answer = ask(bare, f"{REPOSITORY}/branches/main/protection", token=ADMIN)
    assert (answer.status_code, answer.json()["message"]) == (404, "Branch not protected")


# --- our reading of it ----------------------------------------------------------------------------


def test_rulesets_and_classic_protection_add_up(standin: Standin) -> None:
    with load_spec().watching() as exchanges:
        rules = settings(standin).branch_rules("main")
    assert load_spec().violations(exchanges) == []
    assert rules == BranchRules(
        is_protected=True,
        approvals=1,
        dismisses_stale=True,
        last_push_needs_approval=True,
        code_owners_review=True,
        refuses_force_push=True,
        has_merge_queue=True,
        required_checks=frozenset({"Validate promotion"}),
        sourced_checks=frozenset({"Validate promotion"}),
    )


def test_classic_protection_that_is_not_shown_leaves_the_rules_open(standin: Standin) -> None:
    assert settings(standin).branch_rules("main").is_whole
    assert not settings(standin, "narrow").branch_rules("main").is_whole


@pytest.mark.parametrize(
    ("protection", "expected"),
    [
        (None, BranchRules()),
        (
            Protection(approvals=2, dismiss_stale=True, last_push=True, code_owners=True, checks=("a",)),
            BranchRules(
                is_protected=True,
                approvals=2,
                dismisses_stale=True,
                last_push_needs_approval=True,
                code_owners_review=True,
                refuses_force_push=True,
                required_checks=frozenset({"a"}),
            ),
        ),
        (Protection(force_pushes=True), BranchRules(is_protected=True, approvals=1)),
    ],
)
def test_classic_protection_alone(
    tmp_path: Path, protection: Protection | None, expected: BranchRules
) -> None:
    world = settled_world(tmp_path)
    world.settings = Settings(protection=protection)
    with serve(world) as running:
        assert settings(running).branch_rules("main") == expected


def test_environments(standin: Standin) -> None:
    ask_for = settings(standin).environment
    assert ask_for("model-registry-write") == Environment(
        name="model-registry-write", branches=frozenset({"main"})
    )
    assert ask_for("guarded") == Environment(name="guarded", branches=frozenset(), protected_branches=True)
    assert ask_for("open") == Environment(name="open")
    assert ask_for("none") is None


def test_all_pages_of_an_environments_branches_are_read(tmp_path: Path) -> None:
    world = settled_world(tmp_path)
    names = tuple(f"release/{number}" for number in range(230))
    first = world.settings.environments[0]
    world.settings = Settings(environments=(replace(first, branches=names),))
    with serve(world) as running:
        found = settings(running).environment("model-registry-write")
    assert found is not None
    assert found.branches == frozenset(names)


def test_the_rest(standin: Standin) -> None:
    asked = settings(standin)
    about = asked.about()
    assert (about.default_branch, about.visibility.value, about.scopes) == ("main", "public", None)
    assert about.date is not None
    assert asked.workflow_settings() == WorkflowSettings(token_writes=False, may_approve=False)
    assert (asked.sha_pinning(), asked.fork_approval()) == (False, "first_time_contributors")
    assert asked.code_owners_errors("main") == (
        (2, "Invalid owner: /.github/ nobody"),
        (3, "Invalid pattern: [a-z].md @alice"),
    )


@pytest.mark.parametrize("name", ["workflow_settings", "sha_pinning", "fork_approval"])
def test_what_the_token_may_not_see_is_refused(standin: Standin, name: str) -> None:
    with pytest.raises(PromoterError) as caught:
        getattr(settings(standin, "narrow"), name)()
    assert caught.value.reason is ReasonCode.PERMISSION_DENIED


def test_a_repository_of_no_settings_is_as_github_makes_it(tmp_path: Path) -> None:
    world = World.create(tmp_path, Repository(owner="acme", name="churn"))
    assert world.settings == Settings()


def test_a_private_repository_has_no_forks_to_approve_and_no_owners_are_not_found(tmp_path: Path) -> None:
    world = settled_world(tmp_path, visibility=Visibility.PRIVATE)
    world.commit("main", {".github/CODEOWNERS": None}, author="alice", message="Remove it")
    with serve(world) as running:
        for path in ("actions/permissions/fork-pr-contributor-approval", "codeowners/errors"):
            assert ask(running, f"{REPOSITORY}/{path}", token=ADMIN).status_code == 404
