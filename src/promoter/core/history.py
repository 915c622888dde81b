"""Who held an alias and when, as git tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One change of a request file on the first-parent history.

    `when` is the author date in ISO 8601 with zone; `content` is None where the change deleted the file.
    """

    commit: str
    when: str
    author: str
    subject: str
    content: bytes | None


@dataclass(frozen=True, kw_only=True)
class Held:
    """From `when` on, git asked for `version` (None: the alias was unmanaged)."""

    version: str | None
    commit: str
    when: str
    author: str
    subject: str
    reason: str
