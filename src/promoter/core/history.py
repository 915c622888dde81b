"""What git tells of one alias: every change of a request file that spoke of it."""

from __future__ import annotations

from dataclasses import dataclass

from promoter.core.files import FileEntry
from promoter.core.override_rules import Override


@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """A commit at which the branch itself stood, and the request files that it changed.

    `when` is the author's date, `merged_at` the committer's, both in ISO 8601 with zone. `parent` is the
    commit before it on the branch; empty where there is none. `files` maps a path to what it holds from here
    on; None: it was deleted.
    """

    commit: str
    when: str
    merged_at: str
    author: str
    subject: str
    parent: str
    files: dict[str, FileEntry | None]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """From this commit on, git asked for `version` (None: for nothing) in the file `path`.

    `source` is the version of another model that the file asks to copy (`dev.ml.churn/7`); `version` then is
    the copy's number, or the same name as long as no copy is known. `override` is what the request asked to
    have overridden; None where it asked for nothing of that kind. `is_readable` is False where a file that
    had spoken of the alias can no longer be read as a request.
    """

    version: str | None
    path: str
    commit: str
    when: str
    merged_at: str
    author: str
    subject: str
    reason: str = ""
    parent: str = ""
    is_readable: bool = True
    override: Override | None = None
    source: str = ""

    @property
    def wording(self) -> str | None:
        """The version as the file names it."""
        return self.source or self.version
