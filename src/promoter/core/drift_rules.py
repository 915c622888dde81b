"""How a policy has drift looked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Healing(StrEnum):
    """Whether a drift run puts right what it finds (`apply`), or only tells it (`never`)."""

    NEVER = "never"
    APPLY = "apply"


class Unmanaged(StrEnum):
    """What becomes of an alias that the policy has moved and no request asks for."""

    IGNORE = "ignore"
    REPORT = "report"


@dataclass(frozen=True, kw_only=True)
class DriftRules:
    """A request whose file is younger than `grace` still waits for its apply."""

    healing: Healing = Healing.NEVER
    grace: timedelta = timedelta(minutes=30)
    unmanaged: Unmanaged = Unmanaged.IGNORE
