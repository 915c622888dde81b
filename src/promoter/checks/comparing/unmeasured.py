"""Nothing was measured, and a check needs it."""

from __future__ import annotations

from promoter.core.evidence import CheckResult, Outcome
from promoter.text import say


def unmeasured(check: str) -> tuple[CheckResult, ...]:
    """The one result of a check that has nothing to judge: neither yes nor no."""
    message = say("nothing was measured, so there is nothing to judge")
    return (CheckResult(check=check, outcome=Outcome.INCONCLUSIVE, message=message),)
