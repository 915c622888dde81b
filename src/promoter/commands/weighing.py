"""Gather what must be known to weigh approvals, then weigh them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promoter.core.approval import ApprovalState, Standing, approvals, authors, weigh
from promoter.core.policy import Approvals
from promoter.core.pull_request import Permission, PullRequest, Review
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import PullRequests, Repository


@dataclass(frozen=True, kw_only=True)
class Question:
    """Of which pull request, merged onto which commit, are which files asked. `onto` may be empty."""

    pull: PullRequest
    onto: str
    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Reviewed:
    """A pull request's approvals with what is known of the people and of what they looked at.

    `seen` maps commit → path → the blob id there, for those files where the reviewer was shown the change
    from what the pull request was merged onto.
    """

    given: tuple[Review, ...]
    authors: frozenset[str]
    permissions: Mapping[str, Permission]
    listed: frozenset[str] | None
    seen: Mapping[str, Mapping[str, str | None]]
    needed: int

    def state(self, request: PromotionRequest) -> ApprovalState:
        """Whether enough people approved exactly this change of the request's file."""
        standing = Standing(
            blob_id=request.blob_id,
            blob_at={commit: paths.get(request.path) for commit, paths in self.seen.items()},
            authors=self.authors,
            permissions=self.permissions,
            listed=self.listed,
            needed=self.needed,
        )
        return weigh(standing, self.given)


def gather_reviews(
    question: Question, rules: Approvals, *, pull_requests: PullRequests, repository: Repository
) -> Reviewed:
    """Read reviews, people and the reviewed changes of a pull request, with as few calls as can be."""
    pull = question.pull
    given = approvals(pull_requests.reviews(pull.number))
    people = [review for review in given if review.is_person]
    wrote: frozenset[str] = frozenset()
    if people and not rules.author_counts:
        wrote = authors(pull, pull_requests.contributors(pull.number))
    weighable = [review for review in people if review.reviewer.casefold() not in wrote]
    commits = sorted({review.commit_id for review in weighable if review.commit_id})
    return Reviewed(
        given=given,
        authors=wrote,
        permissions={r.reviewer.casefold(): pull_requests.permission(r.reviewer) for r in weighable},
        listed=_listed(pull_requests, rules, logins=[review.reviewer for review in weighable]),
        seen={commit: _seen(repository, question, commit=commit) for commit in commits},
        needed=rules.minimum,
    )


def _seen(repository: Repository, question: Question, *, commit: str) -> Mapping[str, str | None]:
    """What a reviewer of the commit was shown: the files whose change began where the merge began.

    Equal content is not enough. A branch from before the last promotion still holds the version before it:
    whoever approved something else on it did not see that version asked for.
    """
    try:
        began = repository.merge_base(question.onto, commit) if question.onto else ""
        commits = [one for one in (commit, began, question.onto) if one]
        ids = repository.blob_ids([(one, path) for one in commits for path in question.paths])
    except PromoterError as error:
        # A commit that was pushed over is gone some day: nobody can show what was approved then.
        if error.reason is ReasonCode.PERMISSION_DENIED:
            return {}
        raise
    return {
        path: ids[commit, path]
        for path in question.paths
        if ids.get((began, path)) == ids.get((question.onto, path)) != ids[commit, path]
    }


def _listed(pull_requests: PullRequests, rules: Approvals, *, logins: Sequence[str]) -> frozenset[str] | None:
    if not rules.approvers:
        return None
    people = {entry.casefold() for entry in rules.approvers if "/" not in entry}
    teams = [entry for entry in rules.approvers if "/" in entry]
    admitted = {login.casefold() for login in logins if login.casefold() in people}
    for login in logins:
        if login.casefold() not in admitted and any(
            pull_requests.is_team_member(login, team) for team in teams
        ):
            admitted.add(login.casefold())
    return frozenset(admitted)
