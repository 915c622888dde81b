"""Which requests may use an override, and that it is told of what was measured."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from promoter.checks import negative_flips
from promoter.commands.overriding import Overriding, weigh_override
from promoter.core.evidence import Outcome
from promoter.core.override_rules import Overridable, Override, OverrideRules
from promoter.core.plan import Step
from promoter.core.policy import NegativeFlipsRule
from promoter.core.report import RequestReport
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say
from tests.builders import a_measured_evidence, a_measurement, a_model_rule, a_request, some_flips

NOW = datetime(2026, 3, 20, tzinfo=UTC)
OVERRIDE = Override(checks=(Overridable.NEGATIVE_FLIPS,), reason="x", expires=date(2026, 3, 31))
ALLOWING = OverrideRules(checks=(Overridable.NEGATIVE_FLIPS,))


@pytest.mark.parametrize("rules", [ALLOWING, None])
def test_no_rollback_uses_one(rules: OverrideRules | None) -> None:
    rule, request = a_model_rule(override=rules), a_request(override=OVERRIDE)
    found = weigh_override(rule, request, step=Step.ROLLBACK, now=NOW)
    assert found.override is None
    assert [str(note) for note in found.notes] == [
        "the override in this file does not count: a rollback does without"
    ]


def test_without_one_nothing_is_told() -> None:
    rule = a_model_rule(override=ALLOWING)
    assert weigh_override(rule, a_request(), step=Step.ROLLBACK, now=NOW) == Overriding()


def test_a_promotion_uses_what_the_policy_allows_and_is_refused_otherwise() -> None:
    request = a_request(override=OVERRIDE)
    allowed = weigh_override(a_model_rule(override=ALLOWING), request, step=Step.PROMOTE, now=NOW)
    assert allowed == Overriding(override=OVERRIDE)
    with pytest.raises(PromoterError) as refused:
        weigh_override(a_model_rule(), request, step=Step.PROMOTE, now=NOW)
    assert refused.value.reason is ReasonCode.OVERRIDE_REFUSED


def test_counted_flips_are_accepted_by_what_the_report_measured() -> None:
    measurement = a_measurement(flips=some_flips(count=400, rate=0.25))
    evidence = a_measured_evidence(measurement=measurement)
    request = a_request(override=OVERRIDE)
    report = RequestReport(
        request=request, reason=ReasonCode.VALIDATED, message=say("judged"), evidence=evidence
    )
    results = negative_flips.run(NegativeFlipsRule(max_rate=0.05), evidence)
    (after,) = Overriding(override=OVERRIDE).judged(report, results).results
    assert (after.outcome, after.overridden) == (Outcome.WARNED, Outcome.FAILED)
