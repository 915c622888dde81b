"""Find who asked for what the default branch holds: the merged pull request, and what git held before it.

Only commits at which the branch itself stood are believed. GitHub's history of a path also names commits of
merged branches: one of them may have been approved long ago, undone, and brought back by somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from promoter.commands.judging import brings_workflows, own_rules
from promoter.commands.trees import Places, longer_past, past_at, past_of
from promoter.commands.versions import Claim
from promoter.core.files import Ancestor
from promoter.core.plan import MovedOutside
from promoter.core.pull_request import PullRequest
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import PullRequests, Repository
from promoter.text import Message, quote, say

# How many commits of the default branch are looked through for the one that changed a file.
FARTHEST = 500
_AT_ONCE = 24
# A rebase of three commits is looked through in one question, as a merge is.
_AT_FIRST = 4
# How far back a change is looked for of what is noted already, and how many files at how many commits.
MOST_MERGES = 12
_PLACES = 48


@dataclass(frozen=True, kw_only=True)
class Branch:
    """The default branch, read once: its name and its newest commit."""

    name: str
    tip: str


@dataclass(frozen=True, kw_only=True)
class Traced:
    """A request with the pull request that brought it; `onto` is the branch's commit just before that one,
    empty where there is none."""

    claim: Claim
    pull: PullRequest
    onto: str


@dataclass(frozen=True, kw_only=True)
class Trail:
    """Follows a request's file back along the default branch."""

    repository: Repository
    places: Places
    branch: Branch

    def newest_change(self, request: PromotionRequest) -> Ancestor:
        """The commit at which the branch's file became what it is; NO_PULL_REQUEST: too far away."""
        return self._stretch(self._newest_change(request) + 1)[-1]

    def changed_since(self, asked: Mapping[PromotionRequest, str]) -> frozenset[str]:
        """The paths of those that the branch changed after the commit given with each, or lately where that
        one is not among the newest. The more requests, the fewer commits are looked at, in one question."""
        limit = max(_AT_FIRST, min(MOST_MERGES, _PLACES // max(len(asked), 1)))
        chain = [ancestor.commit for ancestor in self._stretch(limit)]
        held = self.repository.blob_ids([(commit, one.path) for commit in chain for one in asked])
        newer = {
            one: chain[: chain.index(since) + 1] if since in chain else chain for one, since in asked.items()
        }
        return frozenset(
            one.path for one in asked if any(held[commit, one.path] != one.blob_id for commit in newer[one])
        )

    def _stretch(self, limit: int) -> tuple[Ancestor, ...]:
        """The branch's newest commits; fewer than `limit`: all. To look farther is to ask GitHub again."""
        return self.repository.first_parents(self.branch.tip, limit=limit)

    def _newest_change(self, request: PromotionRequest) -> int:
        """How many commits before the tip the file became what it is."""
        for start, end in _windows():
            chain = self._stretch(end)
            held = self._held(chain[start:], request.path)
            if start == 0 and held[0] != request.blob_id:
                raise _contradiction(request)
            other = next((at for at, blob_id in enumerate(held) if blob_id != request.blob_id), None)
            if other is not None:
                return start + other - 1
            if len(chain) < end:
                return len(chain) - 1
        raise _no_pull_request(
            say(quote(request.path), f" was last changed more than {FARTHEST} commits ago"),
            say("Ask for it again in a pull request that edits the reason."),
        )

    def _held(self, window: tuple[Ancestor, ...], path: str) -> list[str | None]:
        """The file's blob id at each commit; the policy's is read with it, for later."""
        commits = [ancestor.commit for ancestor in window]
        ids = self.repository.blob_ids([(one, at) for one in commits for at in (path, self.places.policy)])
        return [ids[commit, path] for commit in commits]


@dataclass(frozen=True, kw_only=True)
class Tracer(Trail):
    """Finds the pull request that brought a request's file, too. `outside` goes into what it finds, `ours` as
    well: the versions that this run has put on an alias, by model and alias."""

    pull_requests: PullRequests
    outside: MovedOutside = MovedOutside.REFUSED
    ours: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    # Requests of one pull request mostly came with one commit: what was before it is found once.
    _befores: dict[tuple[str, int], str] = field(default_factory=dict, init=False, compare=False)

    def foresee(self, requests: Sequence[PromotionRequest]) -> None:
        """Say which requests will be traced: of many at once GitHub tells in few answers."""
        newest = self._stretch(_AT_FIRST)
        paths = [request.path for request in requests]
        self.repository.expect([(ancestor.commit, path) for ancestor in newest for path in paths])

    def trace(self, request: PromotionRequest) -> Traced:
        """Raises NO_PULL_REQUEST, FORK_UNSUPPORTED or POLICY_CHANGED_IN_PULL_REQUEST."""
        at = self._newest_change(request)
        newer = self._stretch(at + 1)
        pull = self._carrier(newer, request)
        key = (newer[-1].commit, pull.number)
        if key not in self._befores:
            self._befores[key] = self._before(newer, pull)
        onto = self._befores[key]
        self._refuse_own_rules(pull, newer[-1].commit, onto=onto)
        # Mostly it is the head that was reviewed: what it holds is told along with the past.
        self.repository.expect([(pull.head_commit, request.path)])
        before = past_at(self.repository, onto, request=request, places=self.places) if onto else ()
        past = past_of(request, before)
        claim = Claim(
            request=request,
            past=past,
            pull=pull.number,
            pulls_of=self.pull_requests.numbers_of_commit,
            outside=self.outside,
            ours=self.ours.get(request.key, frozenset()),
            longer=lambda: longer_past(self.repository, request, past=past, places=self.places),
        )
        return Traced(claim=claim, pull=pull, onto=onto)

    def _carrier(self, newer: tuple[Ancestor, ...], request: PromotionRequest) -> PullRequest:
        """The pull request whose merge is the last of these commits; of a rebase, or one after it."""
        stood = {ancestor.commit for ancestor in newer}
        for pull in self.pull_requests.of_commit(newer[-1].commit):
            is_merge = pull.is_merged and pull.base_branch == self.branch.name and pull.merge_commit in stood
            if is_merge and request.path in self.pull_requests.changed_paths(pull):
                if pull.is_from_fork:
                    raise _from_fork(pull)
                return pull
        raise _no_pull_request(
            say("no merged pull request brought ", quote(request.path), " to ", quote(self.branch.name)),
            say(
                "Only what a reviewed pull request brought is applied. Revert the direct push and open a "
                "pull request with the same change."
            ),
        )

    def _before(self, newer: tuple[Ancestor, ...], pull: PullRequest) -> str:
        """The first commit that the pull request did not bring; of a rebase it may have brought several.

        A merge commit is the only one. A pull request brings no more commits than it has, the newest of them
        at its merge: only about others is GitHub asked.
        """
        merge = [ancestor.commit for ancestor in newer].index(pull.merge_commit or newer[-1].commit)
        is_last = newer[-1].is_merge
        at = len(newer)
        while len(chain := self._stretch(at + 1)) > at:
            older = chain[at].commit
            is_last = is_last or at - merge == pull.commits
            if is_last or pull.number not in self.pull_requests.numbers_of_commit(older):
                return older
            at += 1
        return ""

    def _refuse_own_rules(self, pull: PullRequest, merge: str, *, onto: str) -> None:
        """No request brings the rules it is judged by: not in its files, not in the merge commit itself."""
        policy = self.places.policy
        touched = self.pull_requests.changed_paths(pull)
        ids = self.repository.blob_ids([(commit, policy) for commit in (merge, onto) if commit])
        if policy in touched or len(set(ids.values())) > 1:
            what = say(f"pull request #{pull.number} changed the policy together with this request")
        elif brings_workflows(touched):
            what = say(f"pull request #{pull.number} changed a workflow together with this request")
        else:
            return
        raise own_rules(what)


def _windows() -> Iterator[tuple[int, int]]:
    """Stretches of the branch, each beginning with the last one's end. Mostly the first will do."""
    yield 0, _AT_FIRST
    for start in range(_AT_FIRST - 1, FARTHEST - 1, _AT_ONCE - 1):
        yield start, min(start + _AT_ONCE, FARTHEST)


def _no_pull_request(message: Message, hint: Message) -> PromoterError:
    return PromoterError(ReasonCode.NO_PULL_REQUEST, message, hint=hint)


def _from_fork(pull: PullRequest) -> PromoterError:
    return PromoterError(
        ReasonCode.FORK_UNSUPPORTED,
        say(f"pull request #{pull.number} came from a fork, and was not judged before it was merged"),
        hint=say("Ask for it again in a pull request from a branch of this repository."),
    )


def _contradiction(request: PromotionRequest) -> PromoterError:
    return PromoterError(
        ReasonCode.GITHUB_UNAVAILABLE,
        say("GitHub gave two contents of ", quote(request.path), " at one commit"),
        hint=say("Nothing was decided. Run the job again."),
    )
