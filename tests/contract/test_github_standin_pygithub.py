"""The stand-in, asked by the library the product uses; both sides held to GitHub's description."""

from collections.abc import Iterator
from pathlib import Path

import github
import pytest
from github.Repository import Repository

from promoter.demo.github.model import MergeMethod, ReviewState
from promoter.demo.github.server import Standin, serve
from promoter.demo.github.world import World
from tests.contract.github_spec import load_spec
from tests.contract.github_standin_world import ALICE, STRANGER, WORKFLOW, propose, small_world


def connect(standin: Standin, token: str = WORKFLOW) -> github.Github:
    return github.Github(
        base_url=standin.api_url,
        auth=github.Auth.Token(token),
        retry=None,
        per_page=2,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = small_world(tmp_path)
    propose(made)
    return made


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "enterprise"])
def standin(world: World, request: pytest.FixtureRequest) -> Iterator[Standin]:
    with serve(world, base_path=request.param) as running:
        yield running


@pytest.fixture
def repository(standin: Standin) -> Iterator[Repository]:
    """The repository, every exchange held to GitHub's description afterwards."""
    spec = load_spec()
    with spec.watching() as exchanges:
        yield connect(standin).get_repo("acme/churn")
    assert exchanges
    assert spec.violations(exchanges) == []


def test_reads_a_pull_request(world: World, repository: Repository) -> None:
    for _ in range(5):
        world.review(1, "bob", state=ReviewState.COMMENTED)
    pull = repository.get_pull(1)
    assert (pull.head.sha, pull.base.ref, pull.user.login) == (world.tip("promote-2"), "main", "alice")
    assert [file.filename for file in pull.get_files()] == ["notes/promote-2.md", "promotions/churn.yaml"]
    assert [commit.commit.message[:7] for commit in pull.get_commits()] == ["Promote", "Say why"]
    assert [review.user.login for review in pull.get_reviews()] == ["bob"] * 5
    assert pull.get_reviews().totalCount == 5
    assert [found.number for found in repository.get_pulls(state="open", base="main")] == [1]


def test_writes_and_rewrites_a_comment(repository: Repository) -> None:
    pull = repository.get_pull(1)
    comment = pull.create_issue_comment("One")
    for number in range(4):
        pull.create_issue_comment(f"Another {number}")
    comment.edit("Two")
    assert [found.body for found in pull.get_issue_comments()][:2] == ["Two", "Another 0"]
    comment.delete()
    assert len(list(pull.get_issue_comments())) == 4
    with pytest.raises(github.GithubException, match="too long") as refused:
        pull.create_issue_comment("x" * 65_537)
    assert refused.value.status == 422


def test_reads_files_and_history(world: World, repository: Repository) -> None:
    push = world.merge(1, by="bob", method=MergeMethod.SQUASH)
    tree = {entry.path: entry for entry in repository.get_git_tree("main", recursive=True).tree}
    assert tree["promotions/churn.yaml"].mode == "100644"
    blob = repository.get_git_blob(tree["promotions/churn.yaml"].sha)
    assert (blob.encoding, blob.size) == ("base64", 40)
    content = repository.get_contents("promotions/churn.yaml", ref="main")
    assert not isinstance(content, list)
    assert content.decoded_content == b"model: churn\nalias: champion\nversion: 2\n"
    assert isinstance(repository.get_contents("", ref="main"), list)
    history = list(repository.get_commits(path="promotions/churn.yaml"))
    assert [commit.sha for commit in history] == [push.after, push.before]
    assert [pull.number for pull in history[0].get_pulls()] == [1]
    assert repository.compare(push.before, push.after).ahead_by == 1
    assert repository.get_branch("main").commit.sha == push.after
    assert repository.get_git_commit(push.after).parents[0].sha == push.before


def test_reads_permissions(repository: Repository) -> None:
    people = ("alice", "bob", "carol", "dave", "rita", "mallory")
    assert {login: repository.get_collaborator_permission(login) for login in people} == {
        "alice": "admin",
        "bob": "write",
        "carol": "read",
        "dave": "write",
        "rita": "read",
        "mallory": "none",
    }
    assert repository.get_collaborator_role_name("carol") == "triage"


def test_tells_who_asks(standin: Standin) -> None:
    assert connect(standin, ALICE).get_user().login == "alice"
    with pytest.raises(github.GithubException, match="Resource not accessible by integration"):
        _ = connect(standin).get_user().login
    with pytest.raises(github.BadCredentialsException):
        connect(standin, "unheard-of").get_repo("acme/churn")
    with pytest.raises(github.UnknownObjectException):
        connect(standin, STRANGER).get_repo("acme/churn")


def test_shows_teams_to_whom_it_may(standin: Standin) -> None:
    organization = connect(standin, ALICE).requester
    _, members = organization.requestJsonAndCheck("GET", "/orgs/acme/teams/risk-ml/members")
    assert [member["login"] for member in members] == ["bob", "carol"]
    with pytest.raises(github.GithubException, match="403"):
        connect(standin).requester.requestJsonAndCheck("GET", "/orgs/acme/teams/risk-ml/members")
