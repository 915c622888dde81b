"""The three-way rule: what git had, what it asks for now, what the registry holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from promoter.core.policy import OnMissingChampion


class Step(StrEnum):
    """What is to be done for one alias."""

    PROMOTE = "promote"
    FIRST_PROMOTION = "first_promotion"
    ROLLBACK = "rollback"
    ALREADY_APPLIED = "already_applied"
    MISSING_CHAMPION = "missing_champion"
    ADOPT_FIRST = "adopt_first"
    CONFLICT = "conflict"

    @property
    def moves(self) -> bool:
        """Whether the alias is to be set."""
        return self in _MOVES


class MovedOutside(StrEnum):
    """What becomes of an alias that was moved or deleted outside git after its version was applied."""

    REFUSED = "refused"
    PUT_BACK = "put_back"


_MOVES = frozenset({Step.PROMOTE, Step.FIRST_PROMOTION, Step.ROLLBACK})


@dataclass(frozen=True, kw_only=True)
class Move:
    """One alias to set; `origin` is who must still hold it just before the write, None for nobody."""

    model: str
    alias: str
    origin: str | None
    target: str


@dataclass(frozen=True, kw_only=True)
class ThreeWay:
    """B, H and R of one alias, as versions in digits; None where there is none.

    `earlier` holds the versions this file held before B on the default branch, newest first.
    """

    before: str | None
    proposed: str
    live: str | None
    earlier: tuple[str, ...] = ()


def plan_step(versions: ThreeWay, *, on_missing: OnMissingChampion) -> Step:
    """The three-way rule of `docs/promotion-request.md`."""
    before, proposed, live = versions.before, versions.proposed, versions.live
    if live == proposed:
        return Step.ALREADY_APPLIED
    if live is None:
        if before is not None:
            # Git says somebody held it and the registry proves that nobody does: not a first promotion.
            return Step.CONFLICT
        return Step.FIRST_PROMOTION if on_missing is OnMissingChampion.BOOTSTRAP else Step.MISSING_CHAMPION
    if live != before:
        return Step.ADOPT_FIRST if before is None else Step.CONFLICT
    return Step.ROLLBACK if proposed in versions.earlier else Step.PROMOTE
