"""`metrics`: the figures Promoter measured; where it measured none, those logged at training.

Every test is a positive assertion on finite numbers, so that NaN can never pass one.
"""

from __future__ import annotations

from promoter.checks.comparing.claimed import judge_claims
from promoter.checks.comparing.measured import Case, judge_estimate
from promoter.core.evidence import CheckResult, Evidence
from promoter.core.measurement import Measurement
from promoter.core.policy import MetricRule
from promoter.text import quote

ID = "metrics"


def run(rules: tuple[MetricRule, ...], evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result per metric, in the policy's order; its subject is the metric's name."""
    measurement = evidence.measurement
    if measurement is None:
        return tuple(judge_claims(ID, rule, evidence=evidence) for rule in rules)
    return tuple(
        judge_estimate(_case(rule, measurement), evidence, measurement=measurement) for rule in rules
    )


def _case(rule: MetricRule, measurement: Measurement) -> Case:
    return Case(
        check=ID,
        subject=rule.name,
        name=rule.name,
        title=(quote(rule.name),),
        rule=rule,
        estimate=measurement.estimates.get(rule.name),
    )
