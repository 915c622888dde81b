"""Every question that our adapters for GitHub can be asked, by the ports' names: one call each.

A method that a port has and this list lacks fails a test: what is said of all methods is said of new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_deployments import GitHubDeployments
from promoter.adapters.github_issues import GitHubIssues
from promoter.adapters.github_proposals import GitHubProposals
from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.adapters.github_repository import GitHubRepository
from promoter.adapters.github_settings import GitHubSettings
from promoter.commands.doctor_ports import RepositorySettings
from promoter.core.deployments import Deployment
from promoter.core.files import FileEntry
from promoter.core.issue import Issue
from promoter.core.proposal import Draft, Proposal
from promoter.core.pull_request import PullRequest
from promoter.ports import Deployments, Issues, Proposals, PullRequests, Repository
from tests.contract.github_adapters_world import BODY, GLOBS, MARKER, PATH

Question = Callable[[GitHubConnection], object]
PORTS = (Repository, PullRequests, Issues, Proposals, Deployments, RepositorySettings)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the questions are about."""

    tip: str
    entry: FileEntry
    pull: PullRequest
    issue: Issue
    proposal: Proposal
    environment: str


def known(connection: GitHubConnection, *, environment: str) -> Known:
    """Asked of a GitHub that is well: pull request 2 is open."""
    repository, pulls = GitHubRepository(connection), GitHubPullRequests(connection)
    issues = GitHubIssues(connection)
    issues.create(title="Drift", body=BODY)
    tip = repository.tip("main")
    return Known(
        tip=tip,
        entry=repository.files(tip, GLOBS)[0],
        pull=pulls.get(2),
        issue=issues.opened()[0],
        proposal=GitHubProposals(connection).create(draft("known")),
        environment=environment,
    )


def draft(name: str) -> Draft:
    """A pull request of ours."""
    return Draft(branch=f"promoter/{name}", base="main", title=name, body=BODY, files={PATH: b"a: 1\n"})


def questions(about: Known) -> Mapping[str, Question]:
    """`Port.method` → the call."""
    asked = {
        "Repository": _of_repository(about),
        "PullRequests": _of_pull_requests(about),
        "Issues": _of_issues(about),
        "Proposals": _of_proposals(about),
        "Deployments": _of_deployments(about),
        "RepositorySettings": _of_settings(about),
    }
    return {f"{port}.{method}": call for port, calls in asked.items() for method, call in calls.items()}


def _of_repository(about: Known) -> Mapping[str, Question]:
    place = (about.tip, PATH)
    return {
        "tip": lambda c: GitHubRepository(c).tip("main"),
        "files": lambda c: GitHubRepository(c).files(about.tip, GLOBS),
        "contents": lambda c: GitHubRepository(c).contents([about.entry]),
        "data": lambda c: GitHubRepository(c).data(about.entry),
        "history": lambda c: GitHubRepository(c).history(about.tip, PATH, limit=20),
        "first_parents": lambda c: GitHubRepository(c).first_parents(about.tip, limit=20),
        "blob_ids": lambda c: GitHubRepository(c).blob_ids([place]),
        "expect": lambda c: GitHubRepository(c).expect([place]),
        "merge_base": lambda c: GitHubRepository(c).merge_base(about.tip, about.pull.head_commit),
    }


def _of_pull_requests(about: Known) -> Mapping[str, Question]:
    def pulls(connection: GitHubConnection) -> GitHubPullRequests:
        return GitHubPullRequests(connection, looks_again=())

    return {
        "get": lambda c: pulls(c).get(2),
        "changed_paths": lambda c: pulls(c).changed_paths(about.pull),
        "of_commit": lambda c: pulls(c).of_commit(about.tip),
        "numbers_of_commit": lambda c: pulls(c).numbers_of_commit(about.tip),
        "open_heads": lambda c: pulls(c).open_heads("main"),
        "reviews": lambda c: pulls(c).reviews(2),
        "contributors": lambda c: pulls(c).contributors(2),
        "commits": lambda c: pulls(c).commits(2),
        "moves": lambda c: pulls(c).moves(about.pull),
        "permission": lambda c: pulls(c).permission("bob"),
        "is_team_member": lambda c: pulls(c).is_team_member("bob", "acme/risk-ml"),
        "comment": lambda c: pulls(c).comment(2, marker=MARKER),
        "upsert_comment": lambda c: pulls(c).upsert_comment(2, marker=MARKER, body=BODY, unless=""),
        "update_comment": lambda c: pulls(c).update_comment(2, marker=MARKER, body=f"{BODY}More.\n"),
    }


def _of_issues(about: Known) -> Mapping[str, Question]:
    return {
        "opened": lambda c: GitHubIssues(c).opened(),
        "create": lambda c: GitHubIssues(c).create(title="Another", body=BODY),
        "change": lambda c: GitHubIssues(c).change(about.issue, title="Other", body=BODY),
        "close": lambda c: GitHubIssues(c).close(about.issue, body=BODY),
    }


def _of_proposals(about: Known) -> Mapping[str, Question]:
    return {
        "opened": lambda c: GitHubProposals(c).opened(),
        "listed": lambda c: GitHubProposals(c).listed(about.proposal.branch),
        "create": lambda c: GitHubProposals(c).create(draft("new")),
        "change": lambda c: GitHubProposals(c).change(about.proposal, draft("known")),
        "close": lambda c: GitHubProposals(c).close(about.proposal, body=BODY),
    }


def _of_deployments(about: Known) -> Mapping[str, Question]:
    wanted = Deployment(
        environment="churn@champion",
        commit=about.tip,
        description="version 2",
        model="churn",
        alias="champion",
        version="2",
        previous="1",
        pull_request=1,
    )
    return {"record": lambda c: GitHubDeployments(c).record(wanted)}


def _of_settings(about: Known) -> Mapping[str, Question]:
    return {
        "about": lambda c: GitHubSettings(c).about(),
        "branch_rules": lambda c: GitHubSettings(c).branch_rules("main"),
        "environment": lambda c: GitHubSettings(c).environment(about.environment),
        "workflow_settings": lambda c: GitHubSettings(c).workflow_settings(),
        "sha_pinning": lambda c: GitHubSettings(c).sha_pinning(),
        "fork_approval": lambda c: GitHubSettings(c).fork_approval(),
        "code_owners_errors": lambda c: GitHubSettings(c).code_owners_errors(about.tip),
    }
