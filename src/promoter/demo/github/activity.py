"""How branches were moved, and by whom: noticed whenever refs are looked at, whoever moved them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from promoter.demo.github.git import ZERO_SHA

_BRANCHES = "refs/heads/"


class MoveKind(StrEnum):
    """GitHub's own words."""

    PUSH = "push"
    FORCE_PUSH = "force_push"
    BRANCH_CREATION = "branch_creation"
    BRANCH_DELETION = "branch_deletion"
    PR_MERGE = "pr_merge"
    MERGE_QUEUE_MERGE = "merge_queue_merge"


@dataclass(frozen=True, kw_only=True)
class Move:
    """One move of a branch. `kind` is None where it is to be seen from the commits."""

    id: int
    ref: str
    before: str
    after: str
    actor: str | None
    at: datetime
    kind: MoveKind | None


@dataclass(frozen=True, kw_only=True)
class Mover:
    """Who moves branches just now, and how; `login` empty: nobody said so, as after a real `git push`."""

    login: str = ""
    kind: MoveKind | None = None


class Activity:
    """Every move of every branch, oldest first, deleted branches too."""

    def __init__(self) -> None:
        self.moves: list[Move] = []
        self._tips: dict[str, str] = {}

    def notice(
        self,
        tips: Mapping[str, str],
        mover: Mover,
        *,
        now: Callable[[], datetime],
        pusher_of: Callable[[str], str | None],
    ) -> None:
        """Note what differs from the last look. `pusher_of`: whose commit it is, where nobody was named."""
        branches = {ref: sha for ref, sha in tips.items() if ref.startswith(_BRANCHES)}
        if branches == self._tips:
            return
        before, self._tips = self._tips, branches
        for ref in sorted(before.keys() | branches.keys()):
            old, new = before.get(ref, ZERO_SHA), branches.get(ref, ZERO_SHA)
            if old == new:
                continue
            actor = mover.login or pusher_of(old if new == ZERO_SHA else new)
            move = Move(
                id=len(self.moves) + 1,
                ref=ref,
                before=old,
                after=new,
                actor=actor,
                at=now(),
                kind=mover.kind if ZERO_SHA not in {old, new} else None,
            )
            self.moves.append(move)
