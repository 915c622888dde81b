"""A working tree in memory."""

from __future__ import annotations

from collections.abc import Mapping

from promoter.core.files import REGULAR_FILE, FileEntry, matches


class InMemoryFolder:
    """A `Folder`; `written` are the paths written, in order."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.files = dict(files or {})
        self.written: list[str] = []

    def listed(self, pattern: str) -> tuple[tuple[FileEntry, bytes], ...]:
        """See `Folder`."""
        return tuple(
            (FileEntry(path=path, mode=REGULAR_FILE, blob_id=str(hash(data))), data)
            for path, data in sorted(self.files.items())
            if matches(path, pattern)
        )

    def read(self, path: str) -> bytes | None:
        """See `Folder`."""
        return self.files.get(path)

    def write(self, path: str, data: bytes) -> None:
        """See `Folder`."""
        self.files[path] = data
        self.written.append(path)
