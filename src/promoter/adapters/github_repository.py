"""Files and history of the repository on GitHub, by API: no clone, no checkout (docs/adr/0003)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from promoter.adapters.github_access import PER_PAGE
from promoter.adapters.github_answers import Record, flag, garbage, maybe_text, number, records, text
from promoter.adapters.github_blobs import GitHubBlobs
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_histories import GitHubHistories
from promoter.core.files import Ancestor, FileEntry, FileVersion, Place, matches
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_WHOLE = {"recursive": "1"}
_ONE_LEVEL: Mapping[str, str] = {}
_FOLDER = "tree"
# How far the chain of first parents is looked for: pages of a hundred.
_MOST_COMMITS = 2_000


class GitHubRepository:
    """Implements `ports.Repository`. What was read once is not asked for again: commits do not change."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection
        self._blobs = GitHubBlobs(connection)
        self._histories = GitHubHistories(connection)
        # Per commit: all files, or None where GitHub does not list them in one answer; then per folder too.
        self._wholes: dict[str, tuple[FileEntry, ...] | None] = {}
        self._parts: dict[tuple[str, str], tuple[FileEntry, ...]] = {}
        # What was asked for by its place: mostly its contents are asked for next, one after the other.
        self._listed_files: dict[str, FileEntry] = {}
        # Per commit the chain as far as it was read, and the rest of it.
        self._chains: dict[str, tuple[list[Ancestor], Iterator[Ancestor]]] = {}
        self._ids = connection.blob_ids
        self._expected: list[Place] = []
        # Everything that was ever expected: whose past may be wanted, too.
        self._foreseen: dict[Place, None] = {}
        self._changed: dict[tuple[str, str, int], tuple[str, ...]] = {}
        self._bases: dict[tuple[str, str], str] = {}
        # When commits were made.
        self._dates: dict[str, str] = {}

    def tip(self, branch: str) -> str:
        """The commit a branch points at now."""
        what = f"reading branch {branch}"
        at = self._connection.in_repository("git", "ref", "heads", *branch.split("/"))
        answer = self._connection.get(at, what=what)
        # Old servers answer with every branch whose name begins like this one.
        if text(answer.data, "ref") != f"refs/heads/{branch}":
            raise garbage(what, f"the answer is about {text(answer.data, 'ref')}")
        return text(answer.data, "object", "sha")

    def default_branch(self) -> str:
        """The branch that promotions are applied from."""
        answer = self._connection.get(self._connection.in_repository(), what="reading the repository")
        return text(answer.data, "default_branch")

    def files(self, commit: str, patterns: Sequence[str]) -> tuple[FileEntry, ...]:
        """Every path at the commit that matches one of the globs, links and submodules too, sorted."""
        found: dict[str, FileEntry] = {}
        for folder in sorted({_folder_of(pattern) for pattern in patterns}):
            found |= {entry.path: entry for entry in self._below(commit, folder)}
        wanted = (path for path in sorted(found) if any(matches(path, pattern) for pattern in patterns))
        entries = tuple(found[path] for path in wanted)
        self._listed_files |= {entry.blob_id: entry for entry in entries}
        return entries

    def contents(self, entries: Sequence[FileEntry]) -> Mapping[str, bytes]:
        """Blob id → bytes, each checked against its id.

        Raises REQUEST_INVALID for a file too large to be a request or policy.
        """
        return self._blobs.of(entries, beside=list(self._listed_files.values()))

    def data(self, entry: FileEntry) -> bytes:
        """One file of data, verified against its blob id; GitHub serves blobs of up to 100 MB."""
        return self._blobs.read(entry.blob_id)

    def history(self, commit: str, path: str, *, limit: int) -> tuple[FileVersion, ...]:
        """The path's changes up to the commit, newest first, at most `limit`."""
        changes = self._changes(commit, path, limit=limit)
        held = self.blob_ids([(change, path) for change in changes])
        return tuple(
            FileVersion(
                commit=commit,
                content=None if blob_id is None else self._blobs.read(blob_id),
                when=self._dates.get(commit, ""),
            )
            for (commit, _), blob_id in held.items()
        )

    def _changes(self, commit: str, path: str, *, limit: int) -> tuple[str, ...]:
        """The commits that changed a path; other paths expected at the commit are asked about with it."""
        if (commit, path, limit) not in self._changed and limit <= PER_PAGE:
            others = [one for at, one in self._foreseen if at == commit and one != path]
            beside = [one for one in others if (commit, one, limit) not in self._changed]
            if beside:
                self._foresee_changes(commit, [path, *beside], limit=limit)
        known = self._changed.get((commit, path, limit))
        return self._listed_changes(commit, path, limit=limit) if known is None else known

    def _foresee_changes(self, commit: str, paths: Sequence[str], *, limit: int) -> None:
        found = self._histories.of(commit, paths, limit=limit)
        if found is None:
            self._foreseen.clear()
            return
        self._changed |= {(commit, path, limit): tuple(changes) for path, changes in found.items()}
        self._dates |= {change: when for changes in found.values() for change, when in changes.items()}
        self.expect([(change, path) for path, changes in found.items() for change in changes])

    def _listed_changes(self, commit: str, path: str, *, limit: int) -> tuple[str, ...]:
        what = f"reading the history of {path}"
        listed = self._connection.items(
            self._connection.in_repository("commits"),
            what=what,
            parameters={"sha": commit, "path": path, "per_page": str(min(limit, PER_PAGE))},
        )
        changes = list(islice(listed, limit))
        for change in changes[:1]:
            self._connection.require_own(change, what=what)
        dates = {text(one, "sha"): maybe_text(one, "commit", "committer", "date") or "" for one in changes}
        self._dates |= dates
        return tuple(dates)

    def first_parents(self, commit: str, *, limit: int) -> tuple[Ancestor, ...]:
        """The commits at which the branch itself stood, the given one first; fewer than `limit`: all.

        GitHub lists all commits, those of merged branches too: the chain of first parents is picked out.
        Raises NO_PULL_REQUEST where so many branches were merged that it is lost among their commits.
        """
        # Taken out while it is read on: a generator that an error has ended would pass for a whole chain.
        known, more = self._chains.pop(commit) if commit in self._chains else ([], self._chain(commit))
        known.extend(islice(more, max(limit - len(known), 0)))
        self._chains[commit] = known, more
        return tuple(known[:limit])

    def _chain(self, commit: str) -> Iterator[Ancestor]:
        what = f"listing the commits before {commit}"
        at = self._connection.in_repository("commits")
        parents: dict[str, list[str]] = {}
        dates: dict[str, str] = {}
        following: str | None = commit
        for record in islice(
            self._connection.items(at, what=what, parameters={"sha": commit}), _MOST_COMMITS
        ):
            if not parents:
                self._connection.require_own(record, what=what)
            parents[text(record, "sha")] = [text(parent, "sha") for parent in records(record, "parents")]
            dates[text(record, "sha")] = maybe_text(record, "commit", "committer", "date") or ""
            while following in parents:
                of = parents[following]
                yield Ancestor(commit=following, is_merge=len(of) > 1, when=dates[following])
                following = of[0] if of else None
        if following is not None and len(parents) < _MOST_COMMITS:
            raise garbage(what, f"the commit {following} is not listed")
        if following is not None:
            raise _too_far(commit)

    def blob_ids(self, places: Sequence[Place]) -> Mapping[Place, str | None]:
        """The blob id at each (commit, path); None where there is no such file."""
        missing = [place for place in dict.fromkeys(places) if place not in self._ids]
        found = self._asked(missing) if missing else {}
        self._ids.update({place: self._listed(*place) for place in missing} if found is None else found)
        return {place: self._ids[place] for place in places}

    def _asked(self, missing: Sequence[Place]) -> Mapping[Place, str | None] | None:
        """The same by GraphQL, with what else is expected to be asked for; None when that does not answer."""
        asked = list(dict.fromkeys([*missing, *(one for one in self._expected if one not in self._ids)]))
        self._expected.clear()
        found = self._blobs.at([f"{commit}:{path}" for commit, path in asked])
        return None if found is None else {place: found[":".join(place)] for place in asked}

    def expect(self, places: Sequence[Place]) -> None:
        """Say whose blob ids, and mostly past, will be wanted: GraphQL tells of many at once."""
        self._expected += places
        self._foreseen |= dict.fromkeys(places)

    def _listed(self, commit: str, path: str) -> str | None:
        """The same without GraphQL: a list of the commit's files proves that one is not there."""
        return next((entry.blob_id for entry in self.files(commit, [path]) if entry.path == path), None)

    def merge_base(self, one: str, other: str) -> str:
        """The newest commit that both have."""
        if (one, other) not in self._bases:
            what = f"comparing {one} with {other}"
            at = self._connection.in_repository("compare", f"{one}...{other}")
            answer = self._connection.get(at, what=what, parameters={"per_page": "1"})
            self._bases[one, other] = text(answer.data, "merge_base_commit", "sha")
        return self._bases[one, other]

    def _below(self, commit: str, folder: str) -> tuple[FileEntry, ...]:
        """Every file below a folder at the commit: all of the commit where GitHub lists it in one answer."""
        if commit not in self._wholes:
            whole = self._listing(commit, _WHOLE)
            self._wholes[commit] = None if whole.is_cut else tuple(whole.files(""))
        everything = self._wholes[commit]
        if everything is not None:
            return everything
        if (commit, folder) not in self._parts:
            self._parts[commit, folder] = tuple(self._walk_to(commit, folder))
        return self._parts[commit, folder]

    def _walk_to(self, commit: str, folder: str) -> Iterator[FileEntry]:
        """The same for a tree too large for one answer: down to the folder, then everything in it."""
        tree = commit
        for name in folder.split("/") if folder else ():
            below = {text(item, "path"): item for item in self._listing(tree, _ONE_LEVEL).folders()}
            if name not in below:
                return
            tree = text(below[name], "sha")
        yield from self._walk(tree, f"{folder}/" if folder else "")

    def _walk(self, tree: str, prefix: str) -> Iterator[FileEntry]:
        whole = self._listing(tree, _WHOLE)
        if not whole.is_cut:
            yield from whole.files(prefix)
            return
        level = self._listing(tree, _ONE_LEVEL)
        if level.is_cut:
            raise garbage(f"listing the folder {prefix}", "GitHub lists only a part of it")
        yield from level.files(prefix)
        for folder in level.folders():
            yield from self._walk(text(folder, "sha"), f"{prefix}{text(folder, 'path')}/")

    def _listing(self, tree: str, parameters: Mapping[str, str]) -> _Listing:
        what = f"listing the files of {tree}"
        at = self._connection.in_repository("git", "trees", tree)
        answer = self._connection.get(at, what=what, parameters=parameters)
        listing = _Listing(items=records(answer.data, "tree"), is_cut=flag(answer.data, "truncated"))
        self._connection.require_own(answer.data, what=what)
        if parameters and not listing.is_cut and listing.lacks_depth():
            raise garbage(what, "folders are listed without their files")
        return listing


@dataclass(frozen=True, kw_only=True)
class _Listing:
    """One answer about a tree; `is_cut` when GitHub left entries out."""

    items: list[Record]
    is_cut: bool

    def files(self, prefix: str) -> Iterator[FileEntry]:
        for item in self.items:
            if text(item, "type") != _FOLDER:
                yield FileEntry(
                    path=prefix + text(item, "path"),
                    mode=text(item, "mode"),
                    blob_id=text(item, "sha"),
                    size=number(item, "size") if item.get("size") is not None else None,
                )

    def folders(self) -> Iterator[Record]:
        return (item for item in self.items if text(item, "type") == _FOLDER)

    def lacks_depth(self) -> bool:
        """Whether there are folders and nothing in any of them: git keeps no empty folders."""
        return any(self.folders()) and not any("/" in text(item, "path") for item in self.items)


def _folder_of(pattern: str) -> str:
    """The folder that everything matching the glob is in: the names before the first with a wildcard."""
    names = pattern.split("/")[:-1]
    wild = next((i for i, name in enumerate(names) if "*" in name or "?" in name), len(names))
    return "/".join(names[:wild])


def _too_far(commit: str) -> PromoterError:
    return PromoterError(
        ReasonCode.NO_PULL_REQUEST,
        say(f"{_MOST_COMMITS:,} commits before ", quote(commit[:12]), " do not reach the change looked for"),
        hint=say("Ask for it again in a pull request that edits the reason."),
    )
