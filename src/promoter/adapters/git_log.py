"""`git log --raw -z`: commits with the files they changed, as values."""

from __future__ import annotations

from collections.abc import Iterator

from promoter.core.files import FileEntry
from promoter.core.history import LogEntry

# One line each; the subject comes last.
LOG_FORMAT = "%H%n%cI%n%aI%n%P%n%an%n%s"
_LINES = 6


def parse_log(text: str) -> tuple[LogEntry, ...]:
    """Commits in git's order, each with its files."""
    return tuple(_entries(iter(text.split("\0"))))


def _entries(parts: Iterator[str]) -> Iterator[LogEntry]:
    """A commit's lines are one part; each of its files two: what became of it, and its path."""
    newest: LogEntry | None = None
    for part in parts:
        if newest is not None and part.lstrip("\n").startswith(":"):
            path = next(parts)
            newest.files[path] = _file(part, path)
            continue
        if newest is not None:
            yield newest
        lines = part.split("\n", _LINES - 1)
        newest = _commit(lines) if len(lines) == _LINES else None
    if newest is not None:
        yield newest


def _commit(lines: list[str]) -> LogEntry:
    commit, merged_at, when, parents, author, subject = lines
    return LogEntry(
        commit=commit.strip(),
        when=when,
        merged_at=merged_at,
        author=author,
        subject=subject,
        parent=parents.partition(" ")[0],
        files={},
    )


def _file(part: str, path: str) -> FileEntry | None:
    """From `:100644 100644 <old> <new> M`."""
    _, mode, _, blob_id, _ = part.lstrip("\n:").split(" ")
    return FileEntry(path=path, mode=mode, blob_id=blob_id) if blob_id.strip("0") else None
