"""How the doctor looks: what cannot be seen is noted, and takes nothing from what can."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from promoter.core.doctor import Unseen
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, Part, say

# By which nobody can be asked: whether all is well is not known then.
_OUTAGES = frozenset(
    {ReasonCode.GITHUB_UNAVAILABLE, ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.DEADLINE_EXCEEDED}
)
_T = TypeVar("_T")


class Looking:
    """Notes what could not be looked at; `outage` is the first error by which nobody could be asked."""

    def __init__(self) -> None:
        self.unseen: list[Unseen] = []
        self.outage: PromoterError | None = None

    def at(self, what: str, look: Callable[[], _T]) -> _T | None:
        """The answer, None where there is none. Raises INTERRUPTED."""
        try:
            return look()
        except PromoterError as error:
            if error.reason is ReasonCode.INTERRUPTED:
                raise
            if error.reason in _OUTAGES:
                self.outage = self.outage or error
            self.miss(what, why=say(*error.message.parts, *_spaced(error.hint)))
        return None

    def miss(self, what: str, *, why: Message) -> None:
        """Something was not looked at."""
        self.unseen.append(Unseen(what=what, why=why))


def _spaced(hint: Message) -> tuple[Part, ...]:
    return (". ", *hint.parts) if hint.parts else ()
