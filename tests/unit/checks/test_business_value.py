from __future__ import annotations

import math

import pytest

from promoter.checks import business_value
from promoter.core.evidence import CheckResult, MetricComparison, Outcome
from promoter.core.measurement import ValueEstimate
from promoter.core.policy import BusinessValueRule, Inverted, Test
from promoter.text import say
from tests.builders import (
    a_measured_evidence,
    a_measurement,
    a_model_run,
    a_value,
    a_value_rule,
    an_evidence,
)

PASSED, FAILED, INCONCLUSIVE = Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE


def judge(rule: BusinessValueRule, value: ValueEstimate | None, **fields: object) -> CheckResult:
    measurement = a_measurement(value=value, **fields)
    (result,) = business_value.run(rule, a_measured_evidence(measurement=measurement))
    return result


@pytest.mark.parametrize(
    ("parts", "change", "lower", "upper", "outcome"),
    [
        ({"max_absolute_degradation": 50.0}, -50.0, -90.0, -10.0, PASSED),
        ({"max_absolute_degradation": 50.0}, -51.0, -90.0, -10.0, FAILED),
        ({"min_absolute_change": 100.0}, 100.0, 90.0, 110.0, PASSED),
        ({"min_absolute_change": 100.0}, 99.0, 90.0, 110.0, FAILED),
        ({"test": Test.SUPERIORITY}, 100.0, 10.0, 190.0, PASSED),
        ({"test": Test.SUPERIORITY}, 100.0, -10.0, 190.0, INCONCLUSIVE),
        ({"test": Test.SUPERIORITY}, -100.0, -190.0, -10.0, FAILED),
        ({"test": Test.NON_INFERIORITY, "max_absolute_degradation": 50.0}, 5.0, -40.0, 60.0, PASSED),
        ({"test": Test.NON_INFERIORITY, "max_absolute_degradation": 50.0}, -5.0, -40.0, 60.0, FAILED),
        ({"test": Test.NO_REGRESSION}, -5.0, -40.0, 60.0, PASSED),
        ({"test": Test.NO_REGRESSION}, -50.0, -90.0, -10.0, FAILED),
        ({}, -50.0, -90.0, -10.0, Outcome.SKIPPED),
    ],
)
def test_value_is_judged_as_a_metric_is(
    parts: dict[str, object], change: float, lower: float, upper: float, outcome: Outcome
) -> None:
    rule = a_value_rule(**{"max_absolute_degradation": None, **parts})
    value = a_value(champion=1_000.0, challenger=1_000.0 + change, change=change, lower=lower, upper=upper)
    assert judge(rule, value).outcome is outcome


def test_the_message_names_the_unit_and_both_amounts() -> None:
    result = judge(a_value_rule(), a_value(unit="`EUR`"))
    assert (result.check, result.subject) == ("business_value", "")
    assert str(result.message) == (
        "the value of 1,000 rows in `EUR` is 9,030, 910 better than the champion's 8,120 "
        "(with 90 % confidence between 210 and 1,610 better), and keeps the rule (not worse)"
    )


def test_the_comparison_is_a_row_among_the_metrics() -> None:
    assert judge(a_value_rule(), a_value()).comparison == MetricComparison(
        name="business_value",
        greater_is_better=True,
        champion=8_120.0,
        challenger=9_030.0,
        change=910.0,
        rule="not worse",
        source="measured",
        lower=210.0,
        upper=1_610.0,
        rows=1_600,
        least=0.0,
    )


@pytest.mark.parametrize("field", ["challenger", "champion", "change", "lower", "upper"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_fails(field: str, value: float) -> None:
    for test in Test:
        assert judge(a_value_rule(test=test), a_value(**{field: value})).outcome is FAILED


def test_a_value_nobody_computed_fails() -> None:
    result = judge(a_value_rule(), None)
    assert result.outcome is FAILED
    assert str(result.message).startswith("the value of 1,000 rows in `EUR` was not measured: Promoter")
    broken = a_model_run(problem=say("it does not load"))
    assert judge(a_value_rule(), None, challenger=broken).outcome is FAILED


def test_without_a_champion_there_is_nothing_to_compare() -> None:
    alone = a_value(champion=None, change=None, lower=None, upper=None)
    evidence = a_measured_evidence(champion=None, measurement=a_measurement(champion=None, value=alone))
    (result,) = business_value.run(a_value_rule(), evidence)
    assert result.outcome is Outcome.SKIPPED
    assert "is 9,030; no version holds the alias yet" in str(result.message)


def test_nothing_measured_decides_nothing() -> None:
    (result,) = business_value.run(a_value_rule(), an_evidence())
    assert result.outcome is INCONCLUSIVE


@pytest.mark.parametrize(
    ("fields", "odd"),
    [
        ({}, False),
        ({"predict_none": 16_000.0}, False),
        ({"predict_none": 16_001.0}, True),
        ({"predict_all": None, "predict_none": None, "perfect": 9_030.0}, False),
        ({"predict_all": None, "predict_none": None, "perfect": 9_029.0}, True),
    ],
)
def test_values_by_which_a_perfect_model_earns_less_are_told(fields: dict[str, object], odd: bool) -> None:
    text = str(judge(a_value_rule(), a_value(**fields)).message)
    assert (
        text.endswith("a model that is always right earns less than that: look whether a sign is wrong")
        == odd
    )


# --- values by which a wrong answer pays ----------------------------------------------------------

UNSAFE = "UNSAFE: the policy sets `unsafe_allow_inverted_values`"
FOUR = {"true_positive": 1500.0, "false_positive": -500.0, "false_negative": -2000.0, "true_negative": 0.0}


def allowed(**fields: object) -> BusinessValueRule:
    return a_value_rule(unsafe_inverted_values=Inverted.ALLOWED, **fields)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"values": {**FOUR, "false_negative": 2000.0}},
            ", `false_negative` earns 2,000, and `true_positive` 1,500: a worse model may earn more; ",
        ),
        (
            {"values": {"under_prediction": 0.0, "over_prediction": 1.5}},
            ", `under_prediction` earns 0, `over_prediction` earns 1.5: a worse model may earn more; ",
        ),
        (
            {"matrix": {"cat": {"cat": 1.0, "dog": 1.0}, "dog": {"cat": -1.0, "dog": 2.0}}},
            ", for `cat` `dog` earns 1, and the right label 1: a worse model may earn more; ",
        ),
        ({"values": FOUR}, " though no value is inverted: delete it; "),
        ({"values": {"under_prediction": -1.0, "over_prediction": -1.5}}, " though no value is inverted: "),
    ],
)
def test_inverted_values_that_the_policy_allows_are_told_first_and_warn_at_best(
    fields: dict[str, object], told: str
) -> None:
    safe = judge(a_value_rule(**fields), a_value())
    result = judge(allowed(**fields), a_value())
    assert (safe.outcome, result.outcome) == (PASSED, Outcome.WARNED)
    assert str(result.message).startswith(UNSAFE + told)
    assert str(result.message).endswith(str(safe.message))
    assert "UNSAFE" not in str(safe.message)


def test_of_many_inverted_values_the_first_three_are_named() -> None:
    labels = ("ant", "bee", "cat")
    matrix = {truth: dict.fromkeys(labels, 1.0) for truth in labels}
    text = str(judge(allowed(matrix=matrix), a_value()).message)
    assert text.count("earns") == 3
    assert "and the right label 1, and 3 more: a worse model may earn more" in text


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (a_value(change=-5.0, challenger=8_115.0, lower=-9.0, upper=-1.0), FAILED),
        (a_value(challenger=math.nan), FAILED),
        (None, FAILED),
    ],
)
def test_what_is_not_passed_stays_so_and_is_told_too(value: ValueEstimate | None, outcome: Outcome) -> None:
    result = judge(allowed(values=FOUR), value)
    assert result.outcome is outcome
    assert str(result.message).startswith(UNSAFE)


def test_that_inverted_values_are_allowed_is_told_where_nothing_was_measured() -> None:
    (result,) = business_value.run(allowed(values=FOUR), an_evidence())
    assert result.outcome is INCONCLUSIVE
    assert str(result.message).startswith(UNSAFE)
