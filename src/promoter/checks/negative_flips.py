"""`negative_flips`: rows that the champion gets right and the challenger gets wrong.

Their share itself is held against the limit; its interval is shown. A limit for the upper end would ask for
more rows the nearer a good challenger is to it.
"""

from __future__ import annotations

from promoter.checks.comparing.limits import reaches
from promoter.checks.comparing.measured import without_champion
from promoter.checks.comparing.numbers import percent
from promoter.checks.comparing.unmeasured import unmeasured
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.measurement import FlipEstimate, Measurement
from promoter.core.policy import NegativeFlipsRule
from promoter.text import Message, say

ID = "negative_flips"


def run(rule: NegativeFlipsRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result."""
    measurement = evidence.measurement
    if measurement is None:
        return unmeasured(ID)
    outcome, message = _judge(rule, evidence, measurement=measurement)
    return (CheckResult(check=ID, outcome=outcome, message=message),)


def _judge(
    rule: NegativeFlipsRule, evidence: Evidence, *, measurement: Measurement
) -> tuple[Outcome, Message]:
    if not measurement.challenger.finished:
        return Outcome.FAILED, say(
            f"they were not counted, because the challenger {measurement.challenger.failure}"
        )
    missing = without_champion(evidence, measurement)
    if missing is not None:
        return missing.outcome, missing.text
    if measurement.flips is None:
        return Outcome.INCONCLUSIVE, say("rows that turn from right to wrong were not counted")
    kept = reaches(-measurement.flips.rate, -rule.max_rate, scale=1.0)
    verb = "and" if kept else "but"
    message = say(
        f"{_in_words(measurement.flips)}, {verb} the policy allows at most {percent(rule.max_rate)}"
    )
    return (Outcome.PASSED if kept else Outcome.FAILED), message


def _in_words(flips: FlipEstimate) -> str:
    span = f"{percent(flips.rate)}; interval {percent(flips.lower)} to {percent(flips.upper)}"
    return f"{flips.count:,} of {flips.rows:,} rows turn from right to wrong ({span})"
