"""The challenger beside the policy's reference version, by the rule that it has beside the champion.

Models accepted one after the other, each a little worse than the one before, may end far below where they
began. A version that stays the same shows it.
"""

from __future__ import annotations

from dataclasses import replace

from promoter.checks.comparing.change import Beside, Finding, undecided
from promoter.checks.comparing.measured import Case, comparison, judge_estimate
from promoter.checks.comparing.wording import lenient
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.measurement import Measurement, ReferenceMeasurement
from promoter.core.policy import MetricRule
from promoter.text import quote, say


def judge_beside_reference(
    check: str, rule: MetricRule, *, evidence: Evidence, measurement: Measurement
) -> CheckResult | None:
    """What the reference's figures say of one rule that compares; None where there is no reference.

    The subject is `METRIC against version VERSION`. The threshold is the champion's comparison's part.
    """
    reference = measurement.reference
    if reference is None:
        return None
    case = _case(check, rule, reference=reference)
    missing = without_reference(evidence, reference)
    if missing is None and case.estimate is None and measurement.challenger.finished:
        missing = undecided(say("it was not measured"))
    if missing is None:
        return judge_estimate(case, evidence, measurement=measurement)
    result = CheckResult(
        check=check,
        subject=case.subject,
        outcome=missing.outcome,
        message=say(*case.title, " is not judged: ", *missing.text.parts),
        comparison=comparison(case),
    )
    return lenient(result, rule.severity, without_figure=missing.outcome)


def without_reference(evidence: Evidence, reference: ReferenceMeasurement) -> Finding | None:
    """Why no figure may be compared with the reference's, whichever it is; None where they may."""
    version = quote(reference.version)
    if reference.version == evidence.own_number:
        alone = say("the reference, version ", version, ", is the challenger itself")
        return Finding(outcome=Outcome.SKIPPED, text=alone)
    if not reference.run.finished:
        return undecided(
            say(
                "the reference, version ",
                version,
                f", {reference.run.failure}, so nothing can be compared with it",
            )
        )
    return None


def _case(check: str, rule: MetricRule, *, reference: ReferenceMeasurement) -> Case:
    subject = f"{rule.name} against version {reference.version}"
    return Case(
        check=check,
        subject=subject,
        name=subject,
        title=(quote(subject),),
        rule=replace(rule, threshold=None),
        estimate=reference.estimates.get(rule.name),
        beside=Beside.REFERENCE,
    )
