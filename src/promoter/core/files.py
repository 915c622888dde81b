"""Files of a repository at a commit, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

REGULAR_FILE = "100644"


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """A path at a commit: git mode (`100644`, `120000`, `160000`, …), blob id (sha1 hex), size in bytes."""

    path: str
    mode: str
    blob_id: str
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class FileVersion:
    """What a path held after one change: None when that change deleted it.

    `commit` brought the content; it may be one of a branch that was merged, at which the default branch
    itself never stood. `when` is the committer's date in ISO 8601 with zone; empty where it is not known.
    """

    commit: str
    content: bytes | None
    when: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True)
class Ancestor:
    """A commit at which a branch itself once stood; `is_merge` where it has more than one parent.

    `when` is the committer's date in ISO 8601 with zone: when it was merged. Empty where it is not known.
    """

    commit: str
    is_merge: bool
    when: str = ""


# A path at a commit.
Place: TypeAlias = tuple[str, str]


def matches(path: str, pattern: str) -> bool:
    """Whether a path matches a glob: `*` and `?` stop at `/`, `**/` stands for any number of folders."""
    return _compiled(pattern).fullmatch(path) is not None


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    out = ""
    rest = pattern
    while rest:
        if rest.startswith("**/"):
            out, rest = out + r"(?:[^/]+/)*", rest[3:]
        elif rest.startswith("**"):
            out, rest = out + r".*", rest[2:]
        elif rest[0] in "*?":
            out, rest = out + (r"[^/]*" if rest[0] == "*" else r"[^/]"), rest[1:]
        else:
            out, rest = out + re.escape(rest[0]), rest[1:]
    # DOTALL: git allows a line break in a path, and `**` must not be blind to such a file
    return re.compile(out, re.DOTALL)
