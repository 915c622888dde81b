"""A repository whose settings can be read, and the addresses of all of them."""

from collections.abc import Mapping
from pathlib import Path

from promoter.demo.github.model import Repository, Visibility
from promoter.demo.github.settings import Environment, Protection, Settings, merge_queue, reviewed
from promoter.demo.github.world import World
from tests.contract.github_standin_world import REPOSITORY, Clock, small_world

ADMIN = "admin-token"
ADMIN_GRANTS: Mapping[str, str] = {
    "metadata": "read",
    "contents": "read",
    "actions": "read",
    "administration": "read",
}
SETTINGS = (
    f"{REPOSITORY}/rules/branches/main",
    f"{REPOSITORY}/branches/main/protection",
    f"{REPOSITORY}/environments/model-registry-write",
    f"{REPOSITORY}/environments/model-registry-write/deployment-branch-policies",
    f"{REPOSITORY}/actions/permissions",
    f"{REPOSITORY}/actions/permissions/workflow",
    f"{REPOSITORY}/actions/permissions/fork-pr-contributor-approval",
    f"{REPOSITORY}/codeowners/errors",
)


def settled_world(directory: Path, *, visibility: Visibility = Visibility.PUBLIC) -> World:
    """A repository with all kinds of settings, and a token that may read them."""
    small_world(directory)
    repository = Repository(owner="acme", name="churn", visibility=visibility)
    world = World.create(directory, repository, clock=Clock())
    world.add_user("alice")
    world.add_workflow_token(ADMIN, grants=ADMIN_GRANTS)
    world.add_workflow_token("narrow", grants={"metadata": "read", "contents": "read"})
    owners = b"* @acme/everybody\n/.github/ nobody\n[a-z].md @alice\n"
    world.commit("main", {".github/CODEOWNERS": owners}, author="alice", message="Name owners")
    world.settings = Settings(
        rules=(*reviewed("Validate promotion"), merge_queue()),
        protection=Protection(checks=("Validate promotion",)),
        environments=(
            Environment(id=1, name="model-registry-write", branches=("main",)),
            Environment(id=20, name="guarded", branches=()),
            Environment(id=40, name="open"),
        ),
    )
    return world
