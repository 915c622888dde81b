"""A small GitHub for the tests of our adapters, and a connection to it."""

from pathlib import Path

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_connection import GitHubConnection, connect
from promoter.demo.github.model import ReviewState
from promoter.demo.github.server import Standin
from promoter.demo.github.world import World
from tests.contract.github_standin_world import WORKFLOW, propose, small_world
from tests.fakes.co_authors import TellsCoAuthors
from tests.fakes.team import POLICY, policy, request

GLOBS = ("promotions/**/*.yaml", "promotions/*.yaml")
PATH = "promotions/churn.yaml"
MARKER = "<!-- promoter results acme/churn#2 -->"
BODY = f"{MARKER}\nAll good.\n"
UNKNOWN = "f" * 40
OTHER_REQUESTS = 7
BY_TWO = "More\n\nCo-authored-by: Dave <dave@home.example>"


def adapters_world(directory: Path) -> World:
    """Pull request 1 is merged; 2 is open, approved by bob, with a co-author and seven requests more."""
    made = small_world(directory)
    propose(made, "first", version=2)
    made.merge(1, by="bob")
    propose(made, "feature/second", version=3)
    more = {f"promotions/größe {at}.yaml": f"version: {at}\n".encode() for at in range(7)}
    made.commit("feature/second", {**more}, author="alice", message=BY_TWO)
    made.review(2, "bob", state=ReviewState.APPROVED)
    made.review(2, "carol", state=ReviewState.COMMENTED)
    return made


def dave_is_nobody() -> TellsCoAuthors:
    """What GitHub says of the co-author: the address belongs to no account."""
    return TellsCoAuthors({"dave@home.example": None})


def busy_world(directory: Path, *, message: str = "More") -> World:
    """Pull request 1 asks for one version of churn, approved by bob, its last commit with that message;
    there are a policy and seven requests more, for other models."""
    made = small_world(directory)
    others = {
        f"promotions/churn-{at}.yaml": request("1", model=f"churn-{at}") for at in range(OTHER_REQUESTS)
    }
    made.commit("main", {POLICY: policy(), **others}, author="alice", message="Policy and other models")
    propose(made)
    made.commit("promote-2", {"notes/why.md": b"because\n"}, author="alice", message=message)
    made.review(1, "bob", state=ReviewState.APPROVED)
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
