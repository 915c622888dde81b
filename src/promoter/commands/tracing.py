"""Find who asked for what the default branch holds: the merged pull request, and what git held before."""

from __future__ import annotations

from dataclasses import dataclass

from promoter.commands.trees import HISTORY_LIMIT, Places, claim_of
from promoter.commands.versions import Claim
from promoter.core.files import FileVersion
from promoter.core.pull_request import PullRequest
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import PullRequests, Repository
from promoter.text import quote, say


@dataclass(frozen=True, kw_only=True)
class Branch:
    """The default branch, read once: its name and its newest commit."""

    name: str
    tip: str


@dataclass(frozen=True, kw_only=True)
class Traced:
    """A request with the pull request that brought it and what git held before that."""

    claim: Claim
    pull: PullRequest


@dataclass(frozen=True, kw_only=True)
class Tracer:
    """Follows a request's file back through history."""

    repository: Repository
    pull_requests: PullRequests
    places: Places
    branch: Branch

    def trace(self, request: PromotionRequest) -> Traced:
        """Raises NO_PULL_REQUEST or POLICY_CHANGED_IN_PULL_REQUEST."""
        changes = self.repository.history(self.branch.tip, request.path, limit=HISTORY_LIMIT)
        pull = self._carrier(changes, request)
        self._refuse_own_policy(pull)
        older = self._before(changes[1:], pull)
        claim = claim_of(request, older, change=changes[0].commit)
        return Traced(claim=claim, pull=pull)

    def _carrier(self, changes: tuple[FileVersion, ...], request: PromotionRequest) -> PullRequest:
        for pull in self._merged(changes[0].commit) if changes else ():
            if request.path in self.pull_requests.changed_paths(pull):
                return pull
        raise PromoterError(
            ReasonCode.NO_PULL_REQUEST,
            say("no merged pull request brought ", quote(request.path), " to ", quote(self.branch.name)),
            hint=say(
                "Only what a reviewed pull request brought is applied. Revert the direct push and open a "
                "pull request with the same change."
            ),
        )

    def _merged(self, commit: str) -> tuple[PullRequest, ...]:
        return tuple(
            pull
            for pull in self.pull_requests.of_commit(commit)
            if pull.is_merged and pull.base_branch == self.branch.name
        )

    def _before(self, older: tuple[FileVersion, ...], pull: PullRequest) -> tuple[FileVersion, ...]:
        """The changes that this pull request did not bring: it may have edited the file more than once."""
        for index, change in enumerate(older):
            if pull.number not in self.pull_requests.numbers_of_commit(change.commit):
                return older[index:]
        return ()

    def _refuse_own_policy(self, pull: PullRequest) -> None:
        if self.places.policy in self.pull_requests.changed_paths(pull):
            raise PromoterError(
                ReasonCode.POLICY_CHANGED_IN_PULL_REQUEST,
                say(f"pull request #{pull.number} edited the policy together with this request"),
                hint=say("Revert it, merge the policy alone, ask again: no request brings its own rules."),
            )
