"""`business_value`: what the challenger's answers are worth, per 1,000 rows, beside the champion's.

Values by which a wrong answer pays as much as the right one are refused when the policy is read, unless it
allows them: then the result says so first, and warns at best.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from promoter.checks.comparing.measured import Case, judge_estimate
from promoter.checks.comparing.numbers import number
from promoter.checks.comparing.unmeasured import unmeasured
from promoter.core.claims import ROUNDING
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.measurement import Estimate, ValueEstimate
from promoter.core.policy import BusinessValueRule, Inverted, MetricRule
from promoter.text import Message, Part, quote, say

ID = "business_value"

_UNSAFE = "UNSAFE: the policy sets `unsafe_allow_inverted_values`"
_PAIRS = (("true_positive", "false_negative"), ("true_negative", "false_positive"))
_ERRORS = ("under_prediction", "over_prediction")
_MOST_NAMED = 3


def run(rule: BusinessValueRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result. Limits are per 1,000 rows, and tests are those of `metrics`."""
    if rule.unsafe_inverted_values is Inverted.REFUSED:
        return _judged(rule, evidence)
    return tuple(_warned(result, rule) for result in _judged(rule, evidence))


def _judged(rule: BusinessValueRule, evidence: Evidence) -> tuple[CheckResult, ...]:
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
        groups=value.groups,
    )


def _notes(value: ValueEstimate) -> Iterator[str]:
    """What is odd about the values: nobody can earn more than a model that is always right."""
    others = [value.challenger, value.champion, value.predict_all, value.predict_none]
    most = max(other for other in others if other is not None)
    if most > value.perfect + ROUNDING * max(abs(most), abs(value.perfect)):
        yield "; with these values a model that is always right earns less than that: "
        yield "look whether a sign is wrong"


def _warned(result: CheckResult, rule: BusinessValueRule) -> CheckResult:
    """The result, which says first what the policy allows, and is no pass."""
    named = [*_inverted(rule)]
    parts: list[Part] = [_UNSAFE, " though no value is inverted: delete it"]
    if named:
        more = len(named) - _MOST_NAMED
        shown = [part for one in named[:_MOST_NAMED] for part in (", ", *one.parts)]
        rest = [f", and {more} more"] if more > 0 else []
        parts = [_UNSAFE, *shown, *rest, ": a worse model may earn more"]
    outcome = Outcome.WARNED if result.outcome is Outcome.PASSED else result.outcome
    return replace(result, outcome=outcome, message=say(*parts, "; ", *result.message.parts))


def _inverted(rule: BusinessValueRule) -> Iterator[Message]:
    """Each wrong answer that pays at least as much as the right one."""
    values = rule.values
    for right, wrong in _PAIRS:
        if values.get(wrong, -math.inf) >= values.get(right, math.inf):
            yield say(f"`{wrong}` earns {number(values[wrong])}, and `{right}` {number(values[right])}")
    for error in _ERRORS:
        if values.get(error, -math.inf) >= 0:
            yield say(f"`{error}` earns {number(values[error])}")
    for truth, row in rule.matrix.items():
        wrong_ones = {label: worth for label, worth in row.items() if label != truth and worth >= row[truth]}
        for predicted, worth in wrong_ones.items():
            beside = f" earns {number(worth)}, and the right label {number(row[truth])}"
            yield say("for ", quote(truth), " ", quote(predicted), beside)
