"""Pull requests, reviews and people on GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from promoter.adapters.github_access import address
from promoter.adapters.github_answers import Record, flag, garbage, maybe_text, number, text
from promoter.adapters.github_comments import GitHubComments
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_contributors import GitHubContributors
from promoter.adapters.github_pushes import GitHubPushes
from promoter.core.files import Place
from promoter.core.pull_request import (
    BranchMove,
    Contributor,
    Permission,
    PullRequest,
    Review,
    ReviewState,
)
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

MOST_FILES = 3000
# After a squash merge GitHub knows the commit's pull request only seconds later.
_LOOKS_AGAIN = (1.0, 2.0)
# GitHub's name for an account that was deleted
_GHOST = "ghost"
_OBJECT_ID = re.compile(r"[0-9a-f]{40}")
# What a file that the head holds may be listed as
_THERE = frozenset({"added", "changed", "copied", "modified", "renamed"})
_PERMISSIONS = {
    "admin": Permission.ADMIN,
    "maintain": Permission.WRITE,
    "write": Permission.WRITE,
    "triage": Permission.READ,
    "read": Permission.READ,
    "none": Permission.NONE,
}


class GitHubPullRequests:
    """Implements `ports.PullRequests`.

    `looks_again`: seconds to wait before each further look for the pull requests of a commit.
    """

    def __init__(self, connection: GitHubConnection, *, looks_again: Sequence[float] = _LOOKS_AGAIN) -> None:
        self._connection = connection
        self._contributors = GitHubContributors(connection)
        self._pushes = GitHubPushes(connection)
        self._comments = GitHubComments(connection)
        self._looks_again = tuple(looks_again)
        self._commits: dict[int, int] = {}
        self._of_commits: dict[str, tuple[PullRequest, ...]] = {}
        self._paths: dict[PullRequest, frozenset[str]] = {}

    def get(self, number: int) -> PullRequest:
        """One pull request as it stands."""
        what = f"reading pull request {number}"
        answer = self._connection.get(self._connection.in_repository("pulls", str(number)), what=what)
        pull = _pull_request(answer.data)
        if pull.number != number:
            raise garbage(what, f"the answer is about pull request {pull.number}")
        self._commits[pull.number] = pull.commits
        return pull

    def changed_paths(self, pull: PullRequest) -> frozenset[str]:
        """Every path it adds, changes, deletes or renames (both names).

        Raises TOO_MANY_FILES when GitHub does not list them all, SUPERSEDED when new commits came.
        """
        if pull not in self._paths:
            self._paths[pull] = self._listed_paths(pull)
        return self._paths[pull]

    def _listed_paths(self, pull: PullRequest) -> frozenset[str]:
        if pull.changed_files > MOST_FILES:
            raise _not_all_listed(pull, f"GitHub lists at most {MOST_FILES:,}")
        at = self._connection.in_repository("pulls", str(pull.number), "files")
        files = list(self._connection.items(at, what=f"listing the files of pull request {pull.number}"))
        for file in files:
            _require_head(file, pull)
        if len(files) != pull.changed_files:
            raise _not_all_listed(pull, f"GitHub lists {len(files):,}")
        self._connection.blob_ids.update(held for file in files for held in _held(file, pull))
        before = (maybe_text(file, "previous_filename") for file in files)
        return frozenset(text(file, "filename") for file in files) | {path for path in before if path}

    def of_commit(self, commit: str) -> tuple[PullRequest, ...]:
        """The pull requests that brought a commit, each read again by number; empty when there is none."""
        if commit not in self._of_commits:
            self._of_commits[commit] = tuple(self.get(one) for one in self._looked_for(commit))
        return self._of_commits[commit]

    def numbers_of_commit(self, commit: str) -> tuple[int, ...]:
        """The numbers of the pull requests that have a commit, as listed now, sorted."""
        at = self._connection.in_repository("commits", commit, "pulls")
        listed = self._connection.items(at, what=f"looking for the pull requests of {commit}")
        ours = f"{self._connection.owner}/{self._connection.name}".casefold()
        # A commit of a fork network can be in pull requests of other repositories too.
        mine = [record for record in listed if text(record, "base", "repo", "full_name").casefold() == ours]
        return tuple(sorted({number(record, "number") for record in mine}))

    def open_heads(self, branch: str) -> Mapping[int, str]:
        """Number → head commit of every open pull request that would be merged into the branch."""
        what = f"listing the open pull requests into {branch}"
        at = self._connection.in_repository("pulls")
        wanted = {"state": "open", "base": branch}
        listed = self._connection.items(at, what=what, parameters=wanted)
        return {number(record, "number"): text(record, "head", "sha") for record in listed}

    def reviews(self, number: int) -> tuple[Review, ...]:
        """The whole review history over all pages, oldest first."""
        at = self._connection.in_repository("pulls", str(number), "reviews")
        what = f"listing the reviews of pull request {number}"
        return tuple(_review(record) for record in self._connection.items(at, what=what))

    def contributors(self, number: int) -> tuple[Contributor, ...]:
        """Authors, committers and co-authors of its commits."""
        return self._contributors.of(number, expected=self._commits.get(number))

    def commits(self, number: int) -> frozenset[str]:
        """The ids of its commits."""
        return self._contributors.commits(number, expected=self._commits.get(number))

    def moves(self, pull: PullRequest) -> tuple[BranchMove, ...]:
        """How the branch of its head was moved, newest first; empty where GitHub does not tell."""
        return self._pushes.of(pull)

    def permission(self, login: str) -> Permission:
        """A person's permission now. GitHub counts `maintain` as write and `triage` as read."""
        what = f"reading the permission of {login}"
        at = self._connection.in_repository("collaborators", login, "permission")
        answer = self._connection.get(at, what=what, accept={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            return Permission.NONE
        word = text(answer.data, "permission")
        if word not in _PERMISSIONS:
            raise garbage(what, f"there is no permission {word}")
        return _PERMISSIONS[word]

    def is_team_member(self, login: str, team: str) -> bool:
        """Whether a person is an active member of `org/team`.

        Raises PERMISSION_DENIED when the token may not know: the job's own token never may.
        """
        organization, _, slug = team.partition("/")
        teams = address("orgs", organization, "teams", slug)
        answer = self._connection.get(
            teams + address("memberships", login),
            what=f"asking whether {login} is in the team {team}",
            accept={HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN},
        )
        if answer.status == HTTPStatus.FORBIDDEN:
            raise _team_hidden(team)
        if answer.status == HTTPStatus.NOT_FOUND:
            self._require_visible(teams, team)
            return False
        return text(answer.data, "state") == "active"

    def comment(self, number: int, *, marker: str) -> str | None:
        """The text of our comment whose first line is `marker`; None where there is none."""
        return self._comments.read(number, marker=marker)

    def upsert_comment(self, number: int, *, marker: str, body: str, unless: str) -> str:
        """Write the one comment whose first line is `marker`, found by own login; its address.

        No write happens when the text is the same, or when it holds `unless` (where that is not empty).
        """
        return self._comments.upsert(number, marker=marker, body=body, unless=unless)

    def update_comment(self, number: int, *, marker: str, body: str) -> str | None:
        """The same, but only where the comment exists already; None where it does not."""
        return self._comments.update(number, marker=marker, body=body)

    def _looked_for(self, commit: str) -> tuple[int, ...]:
        numbers = self.numbers_of_commit(commit)
        for seconds in self._looks_again:
            if numbers:
                break
            self._connection.pause(seconds, before=f"looking again for the pull request of {commit}")
            numbers = self.numbers_of_commit(commit)
        return numbers

    def _require_visible(self, teams: str, team: str) -> None:
        """Tell "not a member" from "cannot see the team": GitHub says 404 to both."""
        refusals = {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}
        what = f"asking whether the team {team} can be seen"
        one = {"per_page": "1"}
        answer = self._connection.get(teams + address("members"), what=what, parameters=one, accept=refusals)
        if answer.status in refusals:
            raise _team_hidden(team)


def _pull_request(data: object) -> PullRequest:
    is_merged = flag(data, "merged")
    return PullRequest(
        number=number(data, "number"),
        author=maybe_text(data, "user", "login") or _GHOST,
        title=text(data, "title"),
        url=text(data, "html_url"),
        is_open=text(data, "state") == "open",
        is_draft=flag(data, "draft"),
        is_merged=is_merged,
        base_branch=text(data, "base", "ref"),
        base_commit=text(data, "base", "sha"),
        head_commit=text(data, "head", "sha"),
        head_branch=text(data, "head", "ref"),
        head_repository=maybe_text(data, "head", "repo", "full_name"),
        base_repository=text(data, "base", "repo", "full_name"),
        changed_files=number(data, "changed_files"),
        commits=number(data, "commits"),
        # Before the merge this is GitHub's test merge, which says nothing about what will be merged.
        merge_commit=maybe_text(data, "merge_commit_sha") if is_merged else None,
    )


def _review(record: Record) -> Review:
    state = text(record, "state").upper()
    if state not in set(ReviewState):
        raise garbage("reading a review", f"there is no review state {state}")
    return Review(
        reviewer=maybe_text(record, "user", "login") or _GHOST,
        is_person=maybe_text(record, "user", "type") == "User",
        state=ReviewState(state),
        commit_id=maybe_text(record, "commit_id") or "",
    )


def _require_head(file: Record, pull: PullRequest) -> None:
    """The list of files is of the head as it is now; `contents_url` says which commit that is."""
    ref = _ref_of(file)
    if ref and ref != pull.head_commit:
        raise PromoterError(
            ReasonCode.SUPERSEDED,
            say(f"pull request {pull.number} got new commits while it was read: ", quote(ref)),
            hint=say("The run that those commits started decides; this one need not be repeated."),
        )


def _ref_of(file: Record) -> str:
    """The commit that a file was listed at; empty where that is not told."""
    try:
        refs = parse_qs(urlsplit(maybe_text(file, "contents_url") or "").query).get("ref", [])
    except ValueError as error:
        raise garbage("listing files", "a file's address is none") from error
    return next((ref for ref in refs if _OBJECT_ID.fullmatch(ref)), "")


def _held(file: Record, pull: PullRequest) -> Iterator[tuple[Place, str]]:
    """The blob id of a file at the head, where the list tells it: nobody needs to ask for it again."""
    blob_id = maybe_text(file, "sha") or ""
    is_there = maybe_text(file, "status") in _THERE and _OBJECT_ID.fullmatch(blob_id)
    if is_there and _ref_of(file) == pull.head_commit:
        yield (pull.head_commit, text(file, "filename")), blob_id


def _not_all_listed(pull: PullRequest, listed: str) -> PromoterError:
    return PromoterError(
        ReasonCode.TOO_MANY_FILES,
        say(f"pull request {pull.number} changes {pull.changed_files:,} files, and {listed}"),
        hint=say(
            "A request could hide among the others. Put promotion requests into a pull request of their own."
        ),
    )


def _team_hidden(team: str) -> PromoterError:
    return PromoterError(
        ReasonCode.PERMISSION_DENIED,
        say("GitHub has no team ", quote(team), ", or does not let this token see who is in it"),
        hint=say(
            "The job's own token never may. Give the input `github-token` a GitHub App's token with the "
            "organization permission `members: read`, or list people in the policy's `approvals.from`."
        ),
    )
