"""From check results to one verdict. Could not decide is neither yes nor no."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from promoter.core.evidence import CheckResult, Outcome


class Verdict(StrEnum):
    """What the checks say about a challenger."""

    PROMOTE = "promote"
    REJECT = "reject"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


# Worst first: a single error hides nothing behind a rejection, and nothing outweighs either.
_WORST_FIRST = (
    (Outcome.ERROR, Verdict.ERROR),
    (Outcome.FAILED, Verdict.REJECT),
    (Outcome.INCONCLUSIVE, Verdict.INCONCLUSIVE),
)
_IN_FAVOUR = frozenset({Outcome.PASSED, Outcome.WARNED})


def decide(results: Sequence[CheckResult]) -> Verdict:
    """The verdict over all results.

    Promote needs at least one check that spoke in favour: an empty list, or one where everything was
    skipped, decides nothing.
    """
    outcomes = {result.outcome for result in results}
    for outcome, verdict in _WORST_FIRST:
        if outcome in outcomes:
            return verdict
    return Verdict.PROMOTE if outcomes & _IN_FAVOUR else Verdict.INCONCLUSIVE
