"""`business_value`: what the challenger's answers are worth, per 1,000 rows, beside the champion's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from promoter.checks.comparing.measured import Case, judge_estimate
from promoter.checks.comparing.unmeasured import unmeasured
from promoter.core.claims import ROUNDING
from promoter.core.evidence import CheckResult, Evidence
from promoter.core.measurement import Estimate, ValueEstimate
from promoter.core.policy import BusinessValueRule, MetricRule
from promoter.text import quote, say

ID = "business_value"


def run(rule: BusinessValueRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result. Limits are per 1,000 rows, and tests are those of `metrics`."""
    measurement = evidence.measurement
    if measurement is None:
        return unmeasured(ID)
    value = measurement.value
    case = Case(
        check=ID,
        subject="",
        name=ID,
        title=("the value of 1,000 rows in ", quote(rule.unit)),
        rule=_as_metric(rule),
        estimate=_as_estimate(value) if value is not None else None,
    )
    result = judge_estimate(case, evidence, measurement=measurement)
    notes = _notes(value) if value is not None else ()
    return (replace(result, message=say(*result.message.parts, *notes)),)


def _as_metric(rule: BusinessValueRule) -> MetricRule:
    return MetricRule(
        name=ID,
        greater_is_better=True,
        min_absolute_change=rule.min_absolute_change,
        max_absolute_degradation=rule.max_absolute_degradation,
        test=rule.test,
    )


def _as_estimate(value: ValueEstimate) -> Estimate:
    return Estimate(
        metric=ID,
        greater_is_better=True,
        rows=value.rows,
        challenger=value.challenger,
        champion=value.champion,
        change=value.change,
        lower=value.lower,
        upper=value.upper,
    )


def _notes(value: ValueEstimate) -> Iterator[str]:
    """What is odd about the values: nobody can earn more than a model that is always right."""
    others = [value.challenger, value.champion, value.predict_all, value.predict_none]
    most = max(other for other in others if other is not None)
    if most > value.perfect + ROUNDING * max(abs(most), abs(value.perfect)):
        yield "; with these values a model that is always right earns less than that: "
        yield "look whether a sign is wrong"
