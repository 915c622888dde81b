"""A pull request that Promoter itself opens: found again by the branch it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# How the names of our branches begin.
BRANCHES = "promoter/"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One of our own pull requests. `branch` begins with `promoter/`; `body` has plain line ends.

    `state` is `open`, `closed` or `merged`. `people` are those who have committed to the branch of an open
    one besides us: then it is theirs to change.
    """

    number: int
    branch: str
    title: str
    body: str
    url: str
    head_commit: str
    state: str = "open"
    people: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a pull request of ours shall be: one commit on `branch`, on top of `base`, a branch's name.

    `files` maps a path to its new bytes; None deletes it.
    """

    branch: str
    base: str
    title: str
    body: str
    files: Mapping[str, bytes | None]
