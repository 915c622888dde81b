"""What `severity: warn` lets pass: a limit that is broken or in doubt, never a figure that is not there."""

from __future__ import annotations

import math

import pytest

from promoter.checks import metrics, slices
from promoter.core.evidence import Evidence, Outcome
from promoter.core.measurement import Estimate
from promoter.core.policy import Severity, Test
from promoter.core.verdict import Verdict, decide
from promoter.text import say
from tests.builders import (
    a_measured_evidence,
    a_measurement,
    a_metric_rule,
    a_model_run,
    a_slice,
    a_slice_rule,
    an_estimate,
)

FAILED, INCONCLUSIVE, WARNED = Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.WARNED
LENIENT = a_metric_rule(
    threshold=0.6, max_absolute_degradation=0.01, test=Test.NON_INFERIORITY, severity=Severity.WARN
)
BROKEN = {"challenger": 0.5, "change": -0.31, "lower": -0.4, "upper": -0.2}
IN_DOUBT = {"lower": -0.05}


def measured(estimate: Estimate | None, **fields: object) -> Evidence:
    """An evidence of this F1 alone, over all rows and in one slice."""
    known = {} if estimate is None else {"f1_score": estimate}
    of_slice = a_slice(estimates=known)
    return a_measured_evidence(measurement=a_measurement(estimates=known, slices=(of_slice,), **fields))


def outcomes(found: Evidence) -> set[Outcome]:
    """What `metrics` and `slices` say of it; alike, but for the correction over slices."""
    results = (
        *metrics.run((LENIENT,), found),
        *slices.run((a_slice_rule(metrics=(LENIENT,)),), found),
    )
    return {result.outcome for result in results}


@pytest.mark.parametrize("fields", [BROKEN, IN_DOUBT, {"undefined": 0.5}])
def test_a_limit_that_is_broken_or_in_doubt_is_a_warning(fields: dict[str, float]) -> None:
    assert outcomes(measured(an_estimate(**fields))) == {WARNED}


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"challenger": None}, FAILED),
        ({"challenger": math.nan}, FAILED),
        ({"challenger": math.inf, "champion": math.nan}, FAILED),
        ({"champion": math.nan}, FAILED),
        ({"change": math.nan}, FAILED),
        ({"lower": -math.inf}, FAILED),
        ({"upper": math.nan}, FAILED),
        ({"champion": None}, INCONCLUSIVE),
        ({"change": None}, INCONCLUSIVE),
        # a broken threshold does not hide that nothing could be compared
        ({"challenger": 0.1, "champion": None, "change": None}, INCONCLUSIVE),
    ],
)
def test_a_figure_that_is_not_there_is_no_warning(fields: dict[str, float | None], outcome: Outcome) -> None:
    assert outcomes(measured(an_estimate(**fields))) == {outcome}


def test_what_was_not_measured_is_no_warning() -> None:
    assert outcomes(measured(None)) == {FAILED}
    broken = a_model_run(problem=say("it does not load"))
    assert outcomes(measured(None, challenger=broken)) == {FAILED}


@pytest.mark.parametrize("field", ["challenger", "champion", "change", "lower", "upper"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_one_rule_that_warns_never_promotes_on_no_figure(field: str, value: float) -> None:
    results = metrics.run((LENIENT,), measured(an_estimate(**{field: value})))
    assert decide(results) is Verdict.REJECT
    assert not any("warning only" in str(result.message) for result in results)
