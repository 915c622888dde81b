"""A commit with a few files changed, as a `Repository`: what a change would be, before there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha1

from promoter.core.files import REGULAR_FILE, Ancestor, FileEntry, FileVersion, Place, matches
from promoter.ports import Repository

# The name of what is not committed yet; no commit's.
PROPOSED = "proposed"


class Overlay:
    """Answers for PROPOSED, which is `commit` with `files` in it, and for everything else as `repository`."""

    def __init__(self, repository: Repository, commit: str, *, files: Mapping[str, bytes]) -> None:
        self._repository = repository
        self._commit = commit
        self._entries = {path: _entry(path, data) for path, data in files.items()}
        self._contents = {self._entries[path].blob_id: data for path, data in files.items()}

    def tip(self, branch: str) -> str:
        """See `Repository`."""
        return self._repository.tip(branch)

    def files(self, commit: str, patterns: Sequence[str]) -> tuple[FileEntry, ...]:
        """See `Repository`."""
        found = self._repository.files(self._at(commit), patterns)
        if commit != PROPOSED:
            return found
        changed = [
            entry
            for entry in self._entries.values()
            if any(matches(entry.path, pattern) for pattern in patterns)
        ]
        kept = (entry for entry in found if entry.path not in self._entries)
        return tuple(sorted((*kept, *changed), key=lambda entry: entry.path))

    def contents(self, entries: Sequence[FileEntry]) -> Mapping[str, bytes]:
        """See `Repository`."""
        others = [entry for entry in entries if entry.blob_id not in self._contents]
        found = self._repository.contents(others) if others else {}
        return {**found, **self._contents}

    def data(self, entry: FileEntry) -> bytes:
        """See `Repository`."""
        own = self._contents.get(entry.blob_id)
        return self._repository.data(entry) if own is None else own

    def history(self, commit: str, path: str, *, limit: int) -> tuple[FileVersion, ...]:
        """See `Repository`; of PROPOSED, what there was before it."""
        return self._repository.history(self._at(commit), path, limit=limit)

    def first_parents(self, commit: str, *, limit: int) -> tuple[Ancestor, ...]:
        """See `Repository`; of PROPOSED, what there was before it."""
        return self._repository.first_parents(self._at(commit), limit=limit)

    def blob_ids(self, places: Sequence[Place]) -> Mapping[Place, str | None]:
        """See `Repository`."""
        own = [(at, path) for at, path in places if at == PROPOSED and path in self._entries]
        asked = {(self._at(at), path): (at, path) for at, path in places if (at, path) not in own}
        found = self._repository.blob_ids(list(asked)) if asked else {}
        answered = {(at, path): found.get((self._at(at), path)) for at, path in asked.values()}
        return {**answered, **{(at, path): self._entries[path].blob_id for at, path in own}}

    def expect(self, places: Sequence[Place]) -> None:
        """See `Repository`."""
        self._repository.expect([(at, path) for at, path in places if at != PROPOSED])

    def merge_base(self, one: str, other: str) -> str:
        """See `Repository`."""
        return self._repository.merge_base(self._at(one), self._at(other))

    def _at(self, commit: str) -> str:
        return self._commit if commit == PROPOSED else commit


def _entry(path: str, data: bytes) -> FileEntry:
    blob_id = sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return FileEntry(path=path, mode=REGULAR_FILE, blob_id=blob_id, size=len(data))
