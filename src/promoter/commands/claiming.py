"""What a change claims for an alias: a request, and what the branch it would land on held before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from promoter.commands.trees import HISTORY_LIMIT, Places, Tree, longer_past, past_of, past_path
from promoter.commands.versions import Claim
from promoter.core.request import PromotionRequest
from promoter.ports import PullRequests, Repository


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """The files that a change would land on; without `pull_requests` only tags tell who brought what."""

    repository: Repository
    pull_requests: PullRequests | None
    places: Places
    base: Tree

    def claim(self, request: PromotionRequest) -> Claim:
        """The request with its file's past, also under the name that the file had before."""
        path = past_path(self.repository, self.base, request=request)
        if path not in self.base.requests:
            return Claim(request=request)
        past = past_of(request, self.repository.history(self.base.commit, path, limit=HISTORY_LIMIT))
        longer = partial(longer_past, self.repository, request, past=past, places=self.places)
        if self.pull_requests is None:
            return Claim(request=request, past=past, longer=longer)
        pulls_of = self.pull_requests.numbers_of_commit
        return Claim(request=request, past=past, longer=longer, pulls_of=pulls_of)
