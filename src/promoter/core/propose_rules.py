"""For which versions a policy has pull requests opened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class ProposeRule:
    """Which version is proposed for the alias `to`: the holder of `from_alias`, or where that is empty the
    newest version whose `tags` match. Versions younger than `cooldown` wait; those in `ignore` never come."""

    to: str
    from_alias: str = ""
    tags: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    cooldown: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True)
class ProposeLimits:
    """At most `limit` of our proposals are open at once."""

    limit: int = 5
