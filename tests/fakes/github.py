"""GitHub in memory: both ports, with the contract of the adapters.

    repository = InMemoryRepository({BASE: {"a.yaml": b"1"}, HEAD: {"a.yaml": b"2"}}, branches={"main": BASE})
    pulls = InMemoryPullRequests(pulls=[a_pull_request()], given={12: [a_review()]})

`tests/contract/test_github_calls.py` asks them what it asks the adapters, and holds them to the same answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from promoter.core.files import REGULAR_FILE, Ancestor, FileEntry, FileVersion, Place, matches
from promoter.core.pull_request import BranchMove, Contributor, Permission, PullRequest, Review
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

MOST_FILES = 3000
LARGEST_BYTES = 256 * 1024


@dataclass(frozen=True)
class Irregular:
    """A link (`120000`), a program (`100755`) or a submodule (`160000`, `content` is its commit)."""

    mode: str
    content: bytes


Files = Mapping[str, bytes | Irregular]


def blob_id(content: bytes) -> str:
    """Git's own name for a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def hidden(what: str) -> PromoterError:
    """What a token learns of things that are not there, or not for it."""
    return PromoterError(ReasonCode.PERMISSION_DENIED, say("GitHub has no such thing: ", quote(what)))


class InMemoryRepository:
    """Commits, oldest first, each with all its files. A commit's parent is the one before it, unless
    `parents` says which one (None: it has none); `merged` names the second parent of a merge; `when` is the
    committer's date.

    `history` follows first parents only, where GitHub names commits of merged branches too.
    """

    def __init__(
        self,
        commits: Mapping[str, Files],
        *,
        branches: Mapping[str, str] | None = None,
        parents: Mapping[str, str | None] | None = None,
        merged: Mapping[str, str] | None = None,
        when: Mapping[str, str] | None = None,
    ) -> None:
        self.commits = {commit: dict(files) for commit, files in commits.items()}
        self.branches = dict(branches or {})
        names: list[str | None] = [None, *self.commits]
        self.parents = {**dict(zip(self.commits, names, strict=False)), **(parents or {})}
        self.merged = dict(merged or {})
        self.when = dict(when or {})

    def tip(self, branch: str) -> str:
        if branch not in self.branches:
            raise hidden(branch)
        return self.branches[branch]

    def files(self, commit: str, patterns: Sequence[str]) -> tuple[FileEntry, ...]:
        files = self._files(commit)
        wanted = (path for path in sorted(files) if any(matches(path, pattern) for pattern in patterns))
        return tuple(_entry(path, files[path]) for path in wanted)

    def contents(self, entries: Sequence[FileEntry]) -> Mapping[str, bytes]:
        known = {
            blob_id(_bytes(file)): _bytes(file) for files in self.commits.values() for file in files.values()
        }
        for entry in entries:
            if entry.size is not None and entry.size > LARGEST_BYTES:
                raise PromoterError(ReasonCode.REQUEST_INVALID, say(quote(entry.path), " is too large"))
            if entry.blob_id not in known:
                raise hidden(entry.blob_id)
        return {entry.blob_id: known[entry.blob_id] for entry in entries}

    def data(self, entry: FileEntry) -> bytes:
        return self.contents([replace(entry, size=None)])[entry.blob_id]

    def history(self, commit: str, path: str, *, limit: int) -> tuple[FileVersion, ...]:
        changes: list[FileVersion] = []
        at: str | None = commit
        while at is not None and len(changes) < limit:
            parent = self.parents[at]
            now = self._files(at).get(path)
            if now != (self._files(parent).get(path) if parent else None):
                changes.append(FileVersion(commit=at, content=None if now is None else _bytes(now)))
            at = parent
        return tuple(changes)

    def first_parents(self, commit: str, *, limit: int) -> tuple[Ancestor, ...]:
        self._files(commit)
        chain: list[Ancestor] = []
        at: str | None = commit
        while at is not None and len(chain) < limit:
            chain.append(Ancestor(commit=at, is_merge=at in self.merged, when=self.when.get(at, "")))
            at = self.parents[at]
        return tuple(chain)

    def blob_ids(self, places: Sequence[Place]) -> Mapping[Place, str | None]:
        held = {commit: self.commits.get(commit, {}) for commit, _ in places}
        return {
            (commit, path): _entry(path, held[commit][path]).blob_id if path in held[commit] else None
            for commit, path in places
        }

    def expect(self, places: Sequence[Place]) -> None:
        return None

    def merge_base(self, one: str, other: str) -> str:
        shared = self._reachable(one) & self._reachable(other)
        if not shared:
            raise hidden(f"{one}...{other}")
        return max(shared, key=list(self.commits).index)

    def _reachable(self, commit: str) -> set[str]:
        self._files(commit)
        found: set[str] = set()
        left = [commit]
        while left:
            at = left.pop()
            found.add(at)
            left += [one for one in (self.parents[at], self.merged.get(at)) if one and one not in found]
        return found

    def _files(self, commit: str) -> dict[str, bytes | Irregular]:
        if commit not in self.commits:
            raise hidden(commit)
        return self.commits[commit]


def _bytes(file: bytes | Irregular) -> bytes:
    return file if isinstance(file, bytes) else file.content


def _entry(path: str, file: bytes | Irregular) -> FileEntry:
    content = _bytes(file)
    if isinstance(file, bytes):
        return FileEntry(path=path, mode=REGULAR_FILE, blob_id=blob_id(content), size=len(content))
    if file.mode == "160000":
        return FileEntry(path=path, mode=file.mode, blob_id=content.decode(), size=None)
    return FileEntry(path=path, mode=file.mode, blob_id=blob_id(content), size=len(content))


@dataclass
class Comment:
    """A comment on a pull request."""

    number: int
    author: str
    body: str
    url: str


@dataclass(kw_only=True)
class InMemoryPullRequests:
    """Pull requests and people. Everything not given is empty; logins are compared as GitHub does.

    `paths`: number → changed paths, a rename as `(old, new)`. `brought`: commit → numbers. `given`: number →
    reviews, oldest first. `people`: number → contributors. `shas`: number → commits, else the head alone.
    `pushed`: number → moves of the head's branch, newest first, else one push by the author. `teams`:
    `org/team` → logins; a team that is not in it cannot be seen. `writes` counts comments written or changed.
    """

    pulls: Sequence[PullRequest] = ()
    paths: Mapping[int, Sequence[str | tuple[str, str]]] = field(default_factory=dict)
    brought: Mapping[str, Sequence[int]] = field(default_factory=dict)
    given: Mapping[int, Sequence[Review]] = field(default_factory=dict)
    people: Mapping[int, Sequence[Contributor]] = field(default_factory=dict)
    shas: Mapping[int, Sequence[str]] = field(default_factory=dict)
    pushed: Mapping[int, Sequence[BranchMove]] = field(default_factory=dict)
    permissions: Mapping[str, Permission] = field(default_factory=dict)
    teams: Mapping[str, Sequence[str]] = field(default_factory=dict)
    login: str = "github-actions[bot]"
    comments: list[Comment] = field(default_factory=list)
    writes: int = 0

    def get(self, number: int) -> PullRequest:
        found = next((pull for pull in self.pulls if pull.number == number), None)
        if found is None:
            raise hidden(f"pull request {number}")
        return found

    def changed_paths(self, pull: PullRequest) -> frozenset[str]:
        listed = self.paths.get(pull.number, ())
        if pull.changed_files > MOST_FILES or pull.changed_files != len(listed):
            raise PromoterError(
                ReasonCode.TOO_MANY_FILES,
                say(
                    f"pull request {pull.number} changes {pull.changed_files} files, {len(listed)} are listed"
                ),
            )
        return frozenset(path for item in listed for path in ([item] if isinstance(item, str) else item))

    def of_commit(self, commit: str) -> tuple[PullRequest, ...]:
        return tuple(self.get(number) for number in self.numbers_of_commit(commit))

    def numbers_of_commit(self, commit: str) -> tuple[int, ...]:
        return tuple(sorted(self.brought.get(commit, ())))

    def open_heads(self, branch: str) -> Mapping[int, str]:
        found = sorted(self.pulls, key=lambda pull: -pull.number)
        return {one.number: one.head_commit for one in found if one.is_open and one.base_branch == branch}

    def reviews(self, number: int) -> tuple[Review, ...]:
        return tuple(self.given.get(number, ()))

    def contributors(self, number: int) -> tuple[Contributor, ...]:
        found = set(self.people.get(number, ()))
        return tuple(sorted(found, key=lambda person: (person.login or "", person.email)))

    def commits(self, number: int) -> frozenset[str]:
        return frozenset(self.shas.get(number, (self.get(number).head_commit,)))

    def moves(self, pull: PullRequest) -> tuple[BranchMove, ...]:
        one = BranchMove(actor=pull.author, before="0" * 40, after=pull.head_commit, is_forced=False)
        return tuple(self.pushed.get(pull.number, (one,)))

    def permission(self, login: str) -> Permission:
        known = {name.casefold(): level for name, level in self.permissions.items()}
        return known.get(login.casefold(), Permission.NONE)

    def is_team_member(self, login: str, team: str) -> bool:
        if team not in self.teams:
            raise hidden(f"the team {team}")
        return login.casefold() in {member.casefold() for member in self.teams[team]}

    def comment(self, number: int, *, marker: str) -> str | None:
        found = self._own(number, marker, marker)
        return None if found is None else found.body.replace("\r\n", "\n").rstrip()

    def upsert_comment(self, number: int, *, marker: str, body: str, unless: str) -> str:
        found = self._own(number, marker, body)
        if found is None:
            url = f"https://github.example/acme/models/pull/{number}#issuecomment-{len(self.comments) + 1}"
            found = Comment(number=number, author=self.login, body="", url=url)
            self.comments.append(found)
        elif unless and unless in found.body:
            return found.url
        return self._write(found, body)

    def update_comment(self, number: int, *, marker: str, body: str) -> str | None:
        found = self._own(number, marker, body)
        return None if found is None else self._write(found, body)

    def _own(self, number: int, marker: str, body: str) -> Comment | None:
        if body.split("\n", 1)[0] != marker:
            raise ValueError("a comment that does not begin with its marker would not be found again")
        for comment in self.comments:
            marked = comment.number == number and comment.body.split("\n", 1)[0].rstrip("\r") == marker
            if marked and comment.author.casefold() == self.login.casefold():
                return comment
        return None

    def _write(self, comment: Comment, body: str) -> str:
        if comment.body != body:
            comment.body = body
            self.writes += 1
        return comment.url
