"""`metrics`: the figures Promoter measured; where it measured none, those logged at training.

Every test is a positive assertion on finite numbers, so that NaN can never pass one.
"""

from __future__ import annotations

from collections.abc import Iterator

from promoter.checks.comparing.claimed import judge_claims
from promoter.checks.comparing.limits import asks_for_comparison
from promoter.checks.comparing.measured import Case, judge_estimate
from promoter.checks.comparing.reference import judge_beside_reference
from promoter.core.evidence import CheckResult, Evidence
from promoter.core.measurement import Measurement
from promoter.core.policy import MetricRule
from promoter.text import quote

ID = "metrics"


def run(rules: tuple[MetricRule, ...], evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result per metric, in the policy's order; its subject is the metric's name. Behind each that
    compares there is one more where the policy names a reference version."""
    measurement = evidence.measurement
    if measurement is None:
        return tuple(judge_claims(ID, rule, evidence=evidence) for rule in rules)
    return tuple(result for rule in rules for result in _judge(rule, evidence, measurement=measurement))


def _judge(rule: MetricRule, evidence: Evidence, *, measurement: Measurement) -> Iterator[CheckResult]:
    yield judge_estimate(_case(rule, measurement), evidence, measurement=measurement)
    if asks_for_comparison(rule):
        beside = judge_beside_reference(ID, rule, evidence=evidence, measurement=measurement)
        yield from () if beside is None else (beside,)


def _case(rule: MetricRule, measurement: Measurement) -> Case:
    return Case(
        check=ID,
        subject=rule.name,
        name=rule.name,
        title=(quote(rule.name),),
        rule=rule,
        estimate=measurement.estimates.get(rule.name),
    )
