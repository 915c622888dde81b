"""Who pushed to a pull request's branch. A commit may carry any name; a push carries the account's own."""

from __future__ import annotations

from http import HTTPStatus
from itertools import islice

from promoter.adapters.github_access import PER_PAGE
from promoter.adapters.github_answers import Record, maybe_text, text
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_errors import limit_is_reached, refused
from promoter.core.pull_request import BranchMove, PullRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

MOST_MOVES = 1_000
# An old Enterprise Server does not have the list, a token may not be allowed it, a ref may be gone.
_NOT_TOLD = frozenset(
    {
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.GONE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)


class GitHubPushes:
    """The repository's activities, those of one branch: they outlive it, and may be listed a little late."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection

    def of(self, pull: PullRequest) -> tuple[BranchMove, ...]:
        """How the head's branch was moved, newest first; empty where GitHub does not tell.

        Raises TOO_MANY_FILES when it was moved so often that the push of the head is not among them.
        """
        if not pull.head_branch or pull.is_from_fork:
            return ()
        what = f"listing the pushes to {pull.head_branch}"
        at = self._connection.in_repository("activity")
        # Without a type: the first push to a branch is a `branch_creation`, not a `push`.
        wanted = {"ref": f"refs/heads/{pull.head_branch}", "per_page": str(PER_PAGE)}
        first = self._connection.get(at, what=what, parameters=wanted, accept=_NOT_TOLD)
        if first.status in _NOT_TOLD:
            if limit_is_reached(first):
                raise refused(first, what=what, said="")
            return ()
        listed = self._connection.items_from(first, what=what)
        moves = tuple(_move(record) for record in islice(listed, MOST_MOVES))
        if len(moves) == MOST_MOVES and all(move.after != pull.head_commit for move in moves):
            raise _too_many(pull)
        return moves


def _move(record: Record) -> BranchMove:
    return BranchMove(
        actor=maybe_text(record, "actor", "login"),
        before=text(record, "before"),
        after=text(record, "after"),
        is_forced=text(record, "activity_type") == "force_push",
    )


def _too_many(pull: PullRequest) -> PromoterError:
    return PromoterError(
        ReasonCode.TOO_MANY_FILES,
        say(
            f"the last {MOST_MOVES:,} pushes to ",
            quote(pull.head_branch),
            f" are all others than the one that pull request {pull.number} ends with",
        ),
        hint=say(
            "Who pushed it cannot be known, so nobody's approval can be counted. "
            "Ask for it again in a pull request from a new branch."
        ),
    )
