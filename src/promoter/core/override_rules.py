"""The values of an override: what a request asks to have accepted, and what the policy lets it ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

MAX_DAYS = 14


class Overridable(StrEnum):
    """The checks whose failure a policy may let requests override.

    `inference` and `artifacts` are none of them: they say that code ran confined and soundly, and where files
    come from.
    """

    DESCRIPTION = "description"
    TAGS = "tags"
    LINEAGE = "lineage"
    PROMPT = "prompt"
    SIGNATURE = "signature"
    METRICS = "metrics"
    SLICES = "slices"
    BUSINESS_VALUE = "business_value"
    NEGATIVE_FLIPS = "negative_flips"
    CUSTOM = "custom"


@dataclass(frozen=True, kw_only=True)
class OverrideRules:
    """Which checks may be overridden, until how many days from now, with how many approvals at least."""

    checks: tuple[Overridable, ...]
    max_days: int = MAX_DAYS
    minimum_approvals: int = 0


@dataclass(frozen=True, kw_only=True)
class Override:
    """What a request asks for; it counts until the end of the day `expires`, in UTC."""

    checks: tuple[Overridable, ...]
    reason: str
    expires: date
