"""Gather what must be known to weigh approvals, then weigh them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from promoter.core.approval import (
    ApprovalState,
    Pushers,
    Standing,
    approvals,
    authors,
    pushers,
    weigh,
)
from promoter.core.override import approvals_asked
from promoter.core.policy import Approvals, Policy
from promoter.core.pull_request import Permission, PullRequest, Review
from promoter.core.report import RequestReport
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import PullRequests, Repository
from promoter.text import say


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
    from what the pull request was merged onto. `pushed` is None where nobody was asked, because the answer
    would decide nothing.
    """

    given: tuple[Review, ...]
    authors: frozenset[str]
    permissions: Mapping[str, Permission]
    listed: frozenset[str] | None
    seen: Mapping[str, Mapping[str, str | None]]
    needed: int
    pushed: Pushers | None = None

    def state(self, request: PromotionRequest, *, at_least: int = 0) -> ApprovalState:
        """Whether enough people approved exactly this change of the request's file; `at_least` so many."""
        standing = Standing(
            blob_id=request.blob_id,
            blob_at={commit: paths.get(request.path) for commit, paths in self.seen.items()},
            authors=self.authors,
            permissions=self.permissions,
            listed=self.listed,
            needed=max(self.needed, at_least),
            pushers=self.pushed.logins if self.pushed else frozenset(),
        )
        return weigh(standing, self.given)

    def states(self, requests: Sequence[PromotionRequest], policy: Policy) -> list[ApprovalState]:
        """The same of each; one with an override may need more approvals."""
        return [self.state(one, at_least=approvals_asked(policy, one)) for one in requests]

    def stated(self, reports: Sequence[RequestReport], policy: Policy) -> list[RequestReport]:
        """The reports, each with the approvals of its request."""
        states = self.states([report.request for report in reports], policy)
        return [replace(one, approval=state) for one, state in zip(reports, states, strict=True)]

    def noted(self, reports: Sequence[RequestReport]) -> list[RequestReport]:
        """The reports of the pull request's requests; the first that has approvals says what is not known."""
        told = list(reports)
        if self.pushed is None or self.pushed.last is not None:
            return told
        for at, report in enumerate(told):
            if report.approval and report.approval.counted:
                told[at] = replace(report, notes=(*report.notes, _PUSHER_UNKNOWN))
                break
        return told


_PUSHER_UNKNOWN = say(
    "GitHub does not tell who pushed the branch, so an approval by somebody who pushed commits under another "
    "name could count: have the branch's protection require approval of the most recent push"
)


def gather_reviews(
    question: Question, rules: Approvals, *, pull_requests: PullRequests, repository: Repository
) -> Reviewed:
    """Read reviews, people and the reviewed changes of a pull request, with as few calls as can be."""
    pull = question.pull
    given = approvals(pull_requests.reviews(pull.number))
    people = [review for review in given if review.is_person]
    wrote, pushed = _hands(pull, people, rules=rules, pull_requests=pull_requests)
    own = wrote | (pushed.logins if pushed else frozenset())
    weighable = [review for review in people if review.reviewer.casefold() not in own]
    commits = sorted({review.commit_id for review in weighable if review.commit_id})
    return Reviewed(
        given=given,
        authors=wrote,
        permissions={r.reviewer.casefold(): pull_requests.permission(r.reviewer) for r in weighable},
        listed=_listed(pull_requests, rules, logins=[review.reviewer for review in weighable]),
        seen={commit: _seen(repository, question, commit=commit) for commit in commits},
        needed=rules.minimum,
        pushed=pushed,
    )


def _hands(
    pull: PullRequest, people: Sequence[Review], *, rules: Approvals, pull_requests: PullRequests
) -> tuple[frozenset[str], Pushers | None]:
    """Who wrote the change, and who pushed it; nobody is asked about where the answer decides nothing."""
    if not people or rules.author_counts:
        return frozenset(), None
    wrote = authors(pull, pull_requests.contributors(pull.number))
    if wrote.issuperset(review.reviewer.casefold() for review in people):
        return wrote, None
    commits = pull_requests.commits(pull.number)
    return wrote, pushers(pull_requests.moves(pull), head=pull.head_commit, commits=commits)


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
