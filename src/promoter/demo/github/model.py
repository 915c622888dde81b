"""The values that live on a GitHub: people, tokens, pull requests, reviews, comments, pushes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class UserKind(StrEnum):
    """What an account is."""

    USER = "User"
    BOT = "Bot"
    ORGANIZATION = "Organization"


class Permission(StrEnum):
    """A person's role in the repository, weakest first."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    def allows(self, wanted: "Permission") -> bool:
        """Tell whether somebody with this role may do what `wanted` is needed for."""
        order = list(Permission)
        return order.index(self) >= order.index(wanted)


class Visibility(StrEnum):
    """Who sees a repository: everybody, or those with a role in it."""

    PUBLIC = "public"
    PRIVATE = "private"


class TokenKind(StrEnum):
    """Whose a token is: a person's, or an app's (`GITHUB_TOKEN` is one of the latter)."""

    PERSON = "person"
    INSTALLATION = "installation"


class ReviewState(StrEnum):
    """What a review says."""

    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    COMMENTED = "COMMENTED"
    DISMISSED = "DISMISSED"


class MergeMethod(StrEnum):
    """The three buttons."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The one repository this GitHub keeps."""

    owner: str
    name: str
    default_branch: str = "main"
    visibility: Visibility = Visibility.PRIVATE

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class User:
    """An account."""

    id: int
    login: str
    kind: UserKind
    permission: Permission

    @property
    def email(self) -> str:
        """The address under which GitHub records commits made on its site."""
        return f"{self.id}+{self.login}@users.noreply.github.com"


# What the permissions block of our example workflows grants: no more, so that a route which needs more fails.
WORKFLOW_GRANTS: Mapping[str, str] = MappingProxyType(
    {"metadata": "read", "contents": "read", "pull_requests": "write", "issues": "write"}
)


@dataclass(frozen=True, kw_only=True)
class Token:
    """Who a token acts as, and what it may do: permission name → `read` or `write`."""

    login: str
    kind: TokenKind
    grants: Mapping[str, str] = field(default_factory=lambda: WORKFLOW_GRANTS)

    def allows(self, needed: str) -> bool:
        """Tell whether the token carries `name=level`; `write` includes `read`."""
        name, level = needed.split("=")
        return self.grants.get(name) in {level, "write"}


@dataclass(frozen=True, kw_only=True)
class Merge:
    """How a pull request got into its base; `onto` is the base's tip just before."""

    sha: str
    onto: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A pull request. While it is open `head_sha` follows the branch; afterwards it stays."""

    number: int
    title: str
    body: str
    author: str
    head_owner: str
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    created_at: datetime
    updated_at: datetime
    is_draft: bool
    closed_at: datetime | None = None
    merge: Merge | None = None

    @property
    def is_open(self) -> bool:
        """Neither closed nor merged."""
        return self.closed_at is None

    @property
    def id(self) -> int:
        """GitHub's other number for a pull request: unique over all repositories, never in an address."""
        return 1_700_000_000 + self.number


@dataclass(frozen=True, kw_only=True)
class Review:
    """One review; the list of a pull request keeps the whole history."""

    id: int
    number: int
    author: str
    state: ReviewState
    body: str
    commit_id: str
    submitted_at: datetime


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment in a pull request's conversation."""

    id: int
    number: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Label:
    """A label of the repository; nobody gave it a colour of its own."""

    id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue; `closed` is the reason it was closed for, empty while it is open."""

    id: int
    number: int
    title: str
    body: str
    author: str
    labels: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    closed: str = ""

    @property
    def is_open(self) -> bool:
        """Not closed."""
        return self.closed_at is None


@dataclass(frozen=True, kw_only=True)
class Team:
    """A team of an organization, shown only to tokens granted `members=read`."""

    organization: str
    slug: str
    members: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Push:
    """A branch moved from one commit to another."""

    ref: str
    before: str
    after: str
    by: str


@dataclass(frozen=True, kw_only=True)
class MergeGroup:
    """Pull requests stacked in a merge queue: each one's merge, oldest first, over the base's tip."""

    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    merges: tuple[tuple[int, str], ...]


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that is not plain text: `120000` a link, `100755` a program, `160000` a submodule's commit."""

    mode: str
    content: bytes
