"""Branches that Promoter itself writes, without a clone: always forward, never over anybody's commits.

Blobs, trees and commits that no branch leads to are seen by nobody, so making one twice is making it once.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from http import HTTPStatus

from promoter.adapters.github_access import PER_PAGE
from promoter.adapters.github_answers import Record, maybe_text, number, records, text
from promoter.adapters.github_blobs import blob_id_of
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_errors import UnclearError
from promoter.adapters.github_own import OwnAccount
from promoter.adapters.github_repository import GitHubRepository
from promoter.adapters.github_retry import Call, Effect
from promoter.core.files import REGULAR_FILE
from promoter.core.proposal import Draft
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

# Commits made by GitHub's own buttons, and by Apps, are committed by this account; it is nobody.
_SITE = "web-flow"
_SOMEBODY = "somebody without an account"


class GitHubBranches:
    """Writes files to branches of the repository."""

    def __init__(self, connection: GitHubConnection, account: OwnAccount) -> None:
        self._connection = connection
        self._account = account
        self._repository = GitHubRepository(connection)

    def head(self, branch: str) -> str | None:
        """The commit a branch points at; None where there is no such branch."""
        at = self._connection.in_repository("git", "ref", "heads", *branch.split("/"))
        what = f"looking for the branch {branch}"
        answer = self._connection.get(at, what=what, accept={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND or text(answer.data, "ref") != f"refs/heads/{branch}":
            return None
        return text(answer.data, "object", "sha")

    def begin(self, draft: Draft) -> str:
        """The branch as the draft wants it, made where it is not there yet; its head.

        Raises CONFLICT where other people have committed to it.
        """
        head = self.head(draft.branch)
        if head is None:
            return self._created(draft)
        # A run that died left it, or a person who closed the pull request.
        strangers = self._strangers_since(draft.base, head)
        if strangers:
            raise theirs(draft.branch, strangers)
        return self.advance(draft, head)

    def advance(self, draft: Draft, head: str) -> str:
        """The branch's new head: one commit more, or the same where it holds what the draft wants.

        Raises CONFLICT where somebody moved the branch meanwhile.
        """
        tip = self._repository.tip(draft.base)
        fork = self._repository.merge_base(tip, head)
        if self._is_current(draft, head=head, tip=tip, fork=fork):
            return head
        parents = [tip] if fork == head else [head] if fork == tip else [head, tip]
        commit = self._committed(draft, tip=tip, parents=parents)
        at = self._connection.in_repository("git", "refs", "heads", *draft.branch.split("/"))
        call = Call(
            verb="PATCH",
            address=at,
            what=f"moving the branch {draft.branch} forward",
            body={"sha": commit, "force": False},
        )
        answer = self._connection.send(call, accept={HTTPStatus.UNPROCESSABLE_ENTITY})
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and self.head(draft.branch) != commit:
            raise theirs(draft.branch, ())
        return commit

    def delete(self, branch: str, *, head: str) -> None:
        """Delete the branch where it still points at the commit."""
        if self.head(branch) != head:
            return
        at = self._connection.in_repository("git", "refs", "heads", *branch.split("/"))
        call = Call(verb="DELETE", address=at, what=f"deleting the branch {branch}")
        gone = {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
        self._connection.send(call, accept=gone)

    def strangers_in(self, commits: list[Record]) -> tuple[str, ...]:
        """Who of the commits' authors and committers is not us, sorted."""
        return tuple(sorted({one for commit in commits for one in self._strangers(commit)}))

    def _strangers(self, commit: Record) -> list[str]:
        author = maybe_text(commit, "author", "login") or _SOMEBODY
        committer = maybe_text(commit, "committer", "login") or _SOMEBODY
        return [one for one in (author, committer) if one != _SITE and not self._account.owns(one)]

    def _strangers_since(self, base: str, head: str) -> tuple[str, ...]:
        what = f"looking who has committed to {head}"
        at = self._connection.in_repository("compare", f"{base}...{head}")
        answer = self._connection.get(at, what=what, parameters={"per_page": str(PER_PAGE)})
        commits = records(answer.data, "commits")
        more = number(answer.data, "total_commits") - len(commits)
        return (*self.strangers_in(commits), *((f"{more} more",) if more else ()))

    def _is_current(self, draft: Draft, *, head: str, tip: str, fork: str) -> bool:
        """Whether the head holds the files, and the base has not changed them since it was left."""
        if fork == head:
            return False
        paths = list(draft.files)
        places = [(commit, path) for commit in dict.fromkeys((head, tip, fork)) for path in paths]
        held = self._repository.blob_ids(places)
        return all(
            held[head, path] == (None if content is None else blob_id_of(content))
            and held[tip, path] == held[fork, path]
            for path, content in draft.files.items()
        )

    def _created(self, draft: Draft) -> str:
        tip = self._repository.tip(draft.base)
        commit = self._committed(draft, tip=tip, parents=[tip])
        call = Call(
            verb="POST",
            address=self._connection.in_repository("git", "refs"),
            what=f"making the branch {draft.branch}",
            body={"ref": f"refs/heads/{draft.branch}", "sha": commit},
            effect=Effect.ANOTHER,
        )
        try:
            answer = self._connection.send(call, accept={HTTPStatus.UNPROCESSABLE_ENTITY})
        except UnclearError:
            if self.head(draft.branch) != commit:
                raise
            return commit
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and self.head(draft.branch) != commit:
            # Another run made it at the same moment, or a name like it is taken.
            raise theirs(draft.branch, ())
        return commit

    def _committed(self, draft: Draft, *, tip: str, parents: list[str]) -> str:
        """A commit with the base's files and the draft's over them, which no branch leads to yet."""
        entries = [self._entry(path, content) for path, content in draft.files.items()]
        what = f"reading commit {tip}"
        found = self._connection.get(self._connection.in_repository("git", "commits", tip), what=what)
        tree = self._object("trees", {"base_tree": text(found.data, "tree", "sha"), "tree": entries})
        return self._object("commits", {"message": draft.title, "tree": tree, "parents": parents})

    def _entry(self, path: str, content: bytes | None) -> Mapping[str, object]:
        entry = {"path": path, "mode": REGULAR_FILE, "type": "blob"}
        if content is None:
            return {**entry, "sha": None}
        given = {"content": base64.b64encode(content).decode("ascii"), "encoding": "base64"}
        return {**entry, "sha": self._object("blobs", given)}

    def _object(self, kind: str, body: Mapping[str, object]) -> str:
        at = self._connection.in_repository("git", kind)
        call = Call(verb="POST", address=at, what=f"writing {kind} for a pull request", body=body)
        return text(self._connection.send(call).data, "sha")


def theirs(branch: str, people: tuple[str, ...]) -> PromoterError:
    """CONFLICT: a branch of ours is somebody else's by now."""
    who = quote(", ".join(people)) if people else "somebody else"
    return PromoterError(
        ReasonCode.CONFLICT,
        say("the branch ", quote(branch), " was written to by ", who, ", so it is theirs"),
        hint=say("Merge or close what is open from it, and delete the branch: then it is made anew."),
    )
