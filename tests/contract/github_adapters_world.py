"""A small GitHub for the tests of our adapters, and a connection to it."""

from pathlib import Path

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_connection import GitHubConnection, connect
from promoter.demo.github.model import ReviewState
from promoter.demo.github.server import Standin
from promoter.demo.github.world import World
from tests.contract.github_standin_world import WORKFLOW, propose, small_world

GLOBS = ("promotions/**/*.yaml", "promotions/*.yaml")
PATH = "promotions/churn.yaml"
MARKER = "<!-- promoter results acme/churn#2 -->"
BODY = f"{MARKER}\nAll good.\n"
UNKNOWN = "f" * 40


def adapters_world(directory: Path) -> World:
    """Pull request 1 is merged; 2 is open, approved by bob, with a co-author and seven requests more."""
    made = small_world(directory)
    propose(made, "first", version=2)
    made.merge(1, by="bob")
    propose(made, "feature/second", version=3)
    more = {f"promotions/größe {at}.yaml": f"version: {at}\n".encode() for at in range(7)}
    message = "More\n\nCo-authored-by: Dave <dave@home.example>"
    made.commit("feature/second", {**more}, author="alice", message=message)
    made.review(2, "bob", state=ReviewState.APPROVED)
    made.review(2, "carol", state=ReviewState.COMMENTED)
    return made


def connected(
    standin: Standin, token: str = WORKFLOW, *, deadline: Deadline | None = None
) -> GitHubConnection:
    """A connection that waits for nothing longer than two minutes."""
    return connect(
        api_url=standin.api_url,
        token=token,
        repository="acme/churn",
        deadline=deadline or Deadline(120),
        log=lambda _: None,
    )
