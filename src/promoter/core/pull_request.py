"""Pull requests and reviews, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReviewState(StrEnum):
    """What a review says; GitHub's own words."""

    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    COMMENTED = "COMMENTED"
    DISMISSED = "DISMISSED"
    PENDING = "PENDING"


class Permission(StrEnum):
    """A person's permission in the repository; `maintain` counts as write, `triage` as read."""

    ADMIN = "admin"
    WRITE = "write"
    READ = "read"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Review:
    """One entry of the review history, oldest first over all pages. `commit_id` is what was looked at."""

    reviewer: str
    is_person: bool
    state: ReviewState
    commit_id: str


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A pull request as it stands now. `head_repository` is None when the fork was deleted.

    `commits`: how many it has; 0 where that is not told.
    """

    number: int
    author: str
    title: str
    url: str
    is_open: bool
    is_draft: bool
    is_merged: bool
    base_branch: str
    base_commit: str
    head_commit: str
    head_repository: str | None
    base_repository: str
    changed_files: int
    commits: int = 0
    merge_commit: str | None = None
    head_branch: str = ""

    @property
    def is_from_fork(self) -> bool:
        """Whether its commits live outside the repository it asks to change."""
        return self.head_repository != self.base_repository


@dataclass(frozen=True, kw_only=True)
class Contributor:
    """Somebody who had a hand in the commits: GitHub login if one is known, e-mail address otherwise."""

    login: str | None
    email: str


@dataclass(frozen=True, kw_only=True)
class BranchMove:
    """One move of a branch: by whom it was pushed, merged into, created or deleted; from where to where.

    `before` or `after` is zeros where the branch was not there. `actor`: a login, None where GitHub names
    nobody. `is_forced`: what stood at `before` was replaced, not built upon.
    """

    actor: str | None
    before: str
    after: str
    is_forced: bool
