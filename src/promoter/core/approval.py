"""Who approved exactly this content. Comparisons are by content, never by clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from promoter.core.pull_request import (
    BranchMove,
    Contributor,
    Permission,
    PullRequest,
    Review,
    ReviewState,
)


class Refusal(StrEnum):
    """Why an approval does not count."""

    STALE = "approved something else than this change"
    AUTHOR = "wrote part of the change"
    PUSHER = "pushed part of the change"
    NOT_A_PERSON = "is not a person"
    NO_WRITE_ACCESS = "has no write access"
    NOT_LISTED = "is not in the policy's list"


@dataclass(frozen=True, kw_only=True)
class ApprovalState:
    """Whether enough people approved this content.

    `counted` are the logins that count; `refused` those that approved but do not count, with why.
    """

    needed: int
    counted: tuple[str, ...] = ()
    refused: tuple[tuple[str, Refusal], ...] = ()

    @property
    def is_enough(self) -> bool:
        """Whether the number the policy asks for is reached."""
        return len(self.counted) >= self.needed


def latest_opinions(reviews: Iterable[Review]) -> dict[str, Review]:
    """Each person's opinion that stands, by login in lower case.

    A comment says nothing about an earlier approval; a later approval, change request or dismissal
    replaces it.
    """
    standing: dict[str, Review] = {}
    for review in reviews:
        if review.state not in {ReviewState.COMMENTED, ReviewState.PENDING}:
            standing[review.reviewer.casefold()] = review
    return standing


def approvals(reviews: Iterable[Review]) -> tuple[Review, ...]:
    """The approvals that stand, in the order of logins."""
    standing = latest_opinions(reviews)
    return tuple(review for _, review in sorted(standing.items()) if review.state is ReviewState.APPROVED)


def authors(pull: PullRequest, contributors: Iterable[Contributor]) -> frozenset[str]:
    """Logins, in lower case, of everybody who had a hand in the change.

    A co-author is known by an address only; a noreply address carries the login.
    """
    known = {pull.author.casefold()}
    for person in contributors:
        if person.login:
            known.add(person.login.casefold())
        known.update(_login_of(person.email))
    return frozenset(known)


def _login_of(email: str) -> frozenset[str]:
    local, _, domain = email.strip().casefold().partition("@")
    # GitHub Enterprise Server uses its own host: users.noreply.<host>
    if not domain.startswith("users.noreply."):
        return frozenset()
    return frozenset({local.rpartition("+")[2]})


@dataclass(frozen=True, kw_only=True)
class Pushers:
    """Logins, in lower case, of those known to have put commits of a pull request onto its branch; `last`
    pushed the head, None where that is not known."""

    logins: frozenset[str] = frozenset()
    last: str | None = None


def pushers(moves: Iterable[BranchMove], *, head: str, commits: Collection[str]) -> Pushers:
    """Whoever put commits of a pull request onto its branch.

    `moves` are all that is known of the branch, newest first; `commits` those of the pull request. Only moves
    onto such a commit count: what was pushed before the branch left its base, and what came after the merge,
    is none of it. What a forced push replaced counts too: the same content may be in what replaced it.
    """
    found: set[str] = set()
    replaced: set[str] = set()
    last: str | None = None
    for move in moves:
        is_own = move.after == head or move.after in commits
        if not is_own and move.after not in replaced:
            continue
        # Zeros mean that there was no branch: nothing was replaced.
        if (move.is_forced or not is_own) and move.before.strip("0"):
            replaced.add(move.before)
        if move.actor:
            found.add(move.actor.casefold())
            if move.after == head:
                last = move.actor.casefold()
    return Pushers(logins=frozenset(found), last=last)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What must be known to weigh one request's approvals.

    `blob_at` maps a commit to the blob id of the request file there (None: no such file); `listed` holds
    the approvers' logins (lower case) that the policy's list admits, None when it admits everybody.
    """

    blob_id: str
    blob_at: Mapping[str, str | None]
    authors: frozenset[str]
    permissions: Mapping[str, Permission]
    listed: frozenset[str] | None
    needed: int
    pushers: frozenset[str] = frozenset()


def weigh(standing: Standing, given: Sequence[Review]) -> ApprovalState:
    """Which of the approvals count for this content."""
    counted: list[str] = []
    refused: list[tuple[str, Refusal]] = []
    for review in given:
        why = _refusal(standing, review)
        if why is None:
            counted.append(review.reviewer)
        else:
            refused.append((review.reviewer, why))
    return ApprovalState(needed=standing.needed, counted=tuple(counted), refused=tuple(refused))


def _refusal(standing: Standing, review: Review) -> Refusal | None:
    login = review.reviewer.casefold()
    may_write = standing.permissions.get(login) in {Permission.ADMIN, Permission.WRITE}
    is_listed = standing.listed is None or login in standing.listed
    is_current = standing.blob_at.get(review.commit_id) == standing.blob_id
    reasons = (
        (not review.is_person, Refusal.NOT_A_PERSON),
        (login in standing.authors, Refusal.AUTHOR),
        (login in standing.pushers, Refusal.PUSHER),
        (not may_write, Refusal.NO_WRITE_ACCESS),
        (not is_listed, Refusal.NOT_LISTED),
        # Last: to approve again helps only somebody whose approval can count.
        (not is_current, Refusal.STALE),
    )
    return next((why for applies, why in reasons if applies), None)
