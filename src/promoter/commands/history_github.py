"""What GitHub tells of an alias's past: the pull requests, who asked, and whose approvals count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from promoter.commands.trees import Places, read_policy, read_tree
from promoter.commands.weighing import Question, gather_reviews
from promoter.core.history import Asked
from promoter.core.pull_request import PullRequest
from promoter.core.request import PromotionRequest
from promoter.core.timeline import Lack, Pull, Teller
from promoter.errors import ExitCode, NotOnGitHub, PromoterError
from promoter.ports import PullRequests, Repository
from promoter.text import Message, quote, say


@dataclass(frozen=True, kw_only=True)
class FoundPulls:
    """By commit."""

    pulls: Mapping[str, Pull] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()
    lacking: tuple[Lack, ...] = ()


# The changes to look up and the alias (model, alias) → what was found.
PullRequestsOf: TypeAlias = Callable[[Sequence[Asked], tuple[str, str]], FoundPulls]


def no_pulls(_: Sequence[Asked], __: tuple[str, str]) -> FoundPulls:
    """Where GitHub is not to be asked."""
    return FoundPulls()


@dataclass(frozen=True, kw_only=True)
class PullFinder:
    """Finds the pull request of each change. `repository` is GitHub's: it has the heads that were reviewed,
    which a clone may lack. `branch` tells the default branch."""

    pull_requests: PullRequests
    repository: Repository
    places: Places
    branch: Callable[[], str]

    def __call__(self, asked: Sequence[Asked], key: tuple[str, str]) -> FoundPulls:
        """About ten questions a change. Once GitHub does not answer it is not asked again."""
        found: dict[str, Pull] = {}
        notes: list[Message] = []
        for one in asked:
            try:
                merged = self._merged(one)
                if merged is not None:
                    found[one.commit] = self._told(one, merged, key=key)
            except NotOnGitHub:
                notes.append(say(quote(one.commit[:12]), " is not on GitHub yet"))
            except PromoterError as error:
                message = say("GitHub did not tell of ", quote(one.commit[:12]), ": ", *error.message.parts)
                if error.exit_code is ExitCode.UNDECIDED:
                    lack = Lack(message=message, exit_code=error.exit_code)
                    return FoundPulls(pulls=found, notes=tuple(notes), lacking=(lack,))
                notes.append(message)
        return FoundPulls(pulls=found, notes=tuple(notes))

    def _merged(self, asked: Asked) -> PullRequest | None:
        """The one that was merged as this commit; of a rebase, the one that has it among its commits."""
        merged = [
            one
            for one in self.pull_requests.of_commit(asked.commit)
            if one.is_merged and one.base_branch == self.branch()
        ]
        exact = [one for one in merged if one.merge_commit == asked.commit]
        return next(iter(exact or merged), None)

    def _told(self, asked: Asked, pull: PullRequest, *, key: tuple[str, str]) -> Pull:
        return Pull(
            number=pull.number,
            told_by=Teller.GITHUB,
            title=pull.title,
            author=pull.author,
            url=pull.url,
            approved_by=self._approved_by(asked, pull, key=key),
        )

    def _approved_by(
        self, asked: Asked, pull: PullRequest, *, key: tuple[str, str]
    ) -> tuple[str, ...] | None:
        """Whose approvals count now, by the policy it was merged onto; None: there was no policy."""
        tree = read_tree(self.repository, asked.commit, places=self.places)
        entry = tree.requests.get(asked.path)
        if not asked.parent or entry is None or asked.version is None:
            return None
        onto = read_tree(self.repository, asked.parent, places=self.places)
        if onto.policy is None:
            return None
        policy = read_policy(self.repository, onto, places=self.places)
        request = PromotionRequest(
            path=asked.path, model=key[0], alias=key[1], version=asked.version, blob_id=entry.blob_id
        )
        reviewed = gather_reviews(
            Question(pull=pull, onto=asked.parent, paths=(asked.path,)),
            policy.approvals,
            pull_requests=self.pull_requests,
            repository=self.repository,
        )
        return reviewed.state(request).counted
