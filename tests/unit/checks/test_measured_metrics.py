"""`metrics` on what Promoter measured."""

from __future__ import annotations

import math
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.checks import metrics
from promoter.core.evidence import CheckResult, Evidence, MetricComparison, Outcome
from promoter.core.measurement import Estimate, Measurement
from promoter.core.policy import MetricRule, Severity, Test
from promoter.text import say
from tests.builders import (
    a_champion,
    a_measured_evidence,
    a_measurement,
    a_metric_rule,
    a_model_run,
    a_model_version,
    a_run,
    an_estimate,
    an_evidence,
)

PASSED, FAILED, INCONCLUSIVE = Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE
SKIPPED, WARNED = Outcome.SKIPPED, Outcome.WARNED
SILENT = a_model_version(run=a_run(metrics={}))
POINT, SUPERIORITY = Test.POINT, Test.SUPERIORITY
NON_INFERIORITY, NO_REGRESSION = Test.NON_INFERIORITY, Test.NO_REGRESSION
STATISTICAL = (SUPERIORITY, NON_INFERIORITY, NO_REGRESSION)


def rule(**parts: object) -> MetricRule:
    """A rule that asks only what is given."""
    return a_metric_rule(**{"threshold": None, "max_absolute_degradation": None, **parts})


def estimate(change: float, lower: float | None, upper: float | None, **fields: object) -> Estimate:
    """A change from 0.5."""
    return an_estimate(
        champion=0.5, challenger=0.5 + change, change=change, lower=lower, upper=upper, **fields
    )


def found(one: Estimate | None, **fields: object) -> Evidence:
    """Evidence with this one estimate, and runs that claim nothing."""
    known = {} if one is None else {"f1_score": one}
    measurement: Measurement = a_measurement(estimates=known, **fields)
    return a_measured_evidence(challenger=SILENT, measurement=measurement)


def judge(asked: MetricRule, evidence: Evidence) -> CheckResult:
    (result,) = metrics.run((asked,), evidence)
    return result


def compared(result: CheckResult) -> MetricComparison:
    assert result.comparison is not None
    return result.comparison


# --- the four tests ----------------------------------------------------------------------------------

_Case: TypeAlias = tuple[Test, dict[str, float], float, float | None, float | None, Outcome]
TABLE: list[_Case] = [
    # test, limits, change, lower, upper, outcome
    (POINT, {"min_absolute_change": 0.02}, 0.02, -0.1, 0.1, PASSED),
    (POINT, {"min_absolute_change": 0.02}, 0.01, 0.005, 0.1, FAILED),
    (POINT, {"max_absolute_degradation": 0.02}, -0.02, -0.1, -0.001, PASSED),
    (POINT, {"max_absolute_degradation": 0.02}, -0.03, -0.1, 0.1, FAILED),
    (POINT, {"max_relative_degradation": 0.04}, -0.02, -0.1, 0.1, PASSED),
    (POINT, {"max_relative_degradation": 0.04}, -0.03, -0.1, 0.1, FAILED),
    (POINT, {"min_absolute_change": 0.02}, 0.02, None, None, PASSED),
    (SUPERIORITY, {}, 0.05, 0.01, 0.09, PASSED),
    (SUPERIORITY, {}, 0.05, 0.0, 0.09, INCONCLUSIVE),
    (SUPERIORITY, {}, 0.05, -0.01, 0.11, INCONCLUSIVE),
    (SUPERIORITY, {}, -0.05, -0.09, -0.01, FAILED),
    (SUPERIORITY, {}, -0.05, -0.09, 0.0, INCONCLUSIVE),
    (SUPERIORITY, {}, 0.0, 0.0, 0.0, INCONCLUSIVE),
    (SUPERIORITY, {"min_absolute_change": 0.02}, 0.05, 0.021, 0.09, PASSED),
    (SUPERIORITY, {"min_absolute_change": 0.02}, 0.05, 0.02, 0.09, INCONCLUSIVE),
    (SUPERIORITY, {"min_absolute_change": 0.02}, 0.015, 0.012, 0.018, FAILED),
    (SUPERIORITY, {"min_relative_change": 0.04}, 0.05, 0.021, 0.09, PASSED),
    (SUPERIORITY, {"min_relative_change": 0.04}, 0.05, 0.019, 0.09, INCONCLUSIVE),
    (SUPERIORITY, {"max_absolute_degradation": 0.5}, 0.05, -0.01, 0.09, INCONCLUSIVE),
    (NON_INFERIORITY, {"max_absolute_degradation": 0.02}, 0.0, -0.01, 0.01, PASSED),
    (NON_INFERIORITY, {"max_absolute_degradation": 0.02}, 0.01, -0.02, 0.04, INCONCLUSIVE),
    (NON_INFERIORITY, {"max_absolute_degradation": 0.02}, -0.005, -0.01, 0.004, FAILED),
    (NON_INFERIORITY, {"max_absolute_degradation": 0.02}, -0.005, -0.03, 0.02, FAILED),
    (NON_INFERIORITY, {"max_absolute_degradation": 0.02}, -0.05, -0.07, -0.03, FAILED),
    (NON_INFERIORITY, {"max_relative_degradation": 0.04}, 0.0, -0.019, 0.01, PASSED),
    (NON_INFERIORITY, {"max_relative_degradation": 0.04}, 0.0, -0.021, 0.01, INCONCLUSIVE),
    (
        NON_INFERIORITY,
        {"max_absolute_degradation": 0.02, "max_relative_degradation": 0.02},
        *(0.0, -0.015, 0.01, INCONCLUSIVE),
    ),
    (NON_INFERIORITY, {}, 0.02, 0.001, 0.03, PASSED),
    (NON_INFERIORITY, {}, 0.02, -0.001, 0.03, INCONCLUSIVE),
    (
        NON_INFERIORITY,
        {"max_absolute_degradation": 0.02, "min_absolute_change": 0.01},
        *(0.01, -0.01, 0.03, PASSED),
    ),
    (
        NON_INFERIORITY,
        {"max_absolute_degradation": 0.02, "min_absolute_change": 0.01},
        *(0.009, -0.01, 0.03, FAILED),
    ),
    (NO_REGRESSION, {"max_absolute_degradation": 0.02}, -0.05, -0.12, 0.02, PASSED),
    (NO_REGRESSION, {"max_absolute_degradation": 0.02}, -0.05, -0.12, -0.02, PASSED),
    (NO_REGRESSION, {"max_absolute_degradation": 0.02}, -0.05, -0.07, -0.021, FAILED),
    (NO_REGRESSION, {}, -0.05, -0.07, -0.001, FAILED),
    (NO_REGRESSION, {}, -0.05, -0.07, 0.0, PASSED),
    (NO_REGRESSION, {"min_absolute_change": 0.01}, 0.005, -0.07, 0.08, FAILED),
    (NO_REGRESSION, {"min_absolute_change": 0.01}, 0.01, -0.07, 0.08, PASSED),
]


@pytest.mark.parametrize("case", TABLE)
def test_a_test_decides_by_the_interval(case: _Case) -> None:
    test, limits, change, lower, upper, outcome = case
    asked = rule(test=test, **limits)
    assert judge(asked, found(estimate(change, lower, upper))).outcome is outcome
    # Where lower is better, losses have the other sign, and the interval's ends change places.
    turned = estimate(-change, None if upper is None else -upper, None if lower is None else -lower)
    mirrored = rule(test=test, greater_is_better=False, **limits)
    assert judge(mirrored, found(turned)).outcome is outcome


_size = st.floats(min_value=0, max_value=0.2)
_small = st.floats(min_value=-0.4, max_value=0.4)


@settings(deadline=None)
@given(
    st.sampled_from(STATISTICAL),
    st.tuples(st.none() | _size, st.none() | _size),
    _small,
    st.tuples(_size, _size),
    st.floats(min_value=1e-3, max_value=0.3),
)
def test_a_better_challenger_never_fails_where_a_worse_one_passed(
    test: Test,
    limits: tuple[float | None, float | None],
    change: float,
    reach: tuple[float, float],
    more: float,
) -> None:
    asked = rule(test=test, min_absolute_change=limits[0], max_absolute_degradation=limits[1])
    worse = estimate(change, change - reach[0], change + reach[1])
    better = estimate(change + more, change + more - reach[0], change + more + reach[1])
    order = {FAILED: 0, INCONCLUSIVE: 1, PASSED: 2}
    assert order[judge(asked, found(better)).outcome] >= order[judge(asked, found(worse)).outcome]


@settings(deadline=None)
@given(_small, st.tuples(_size, _size), st.none() | _size)
def test_the_tests_are_ordered_by_what_they_ask(
    change: float, reach: tuple[float, float], loss: float | None
) -> None:
    one = found(estimate(change, change - reach[0], change + reach[1]))
    passes = {
        test: judge(rule(test=test, max_absolute_degradation=loss), one).outcome is PASSED
        for test in STATISTICAL
    }
    assert not passes[SUPERIORITY] or passes[NON_INFERIORITY]
    assert not passes[NON_INFERIORITY] or passes[NO_REGRESSION]


def test_rounding_decides_nothing() -> None:
    one = found(an_estimate(champion=0.2, challenger=0.3, change=0.3 - 0.2, lower=0.1 - 1e-17, upper=0.2))
    assert judge(rule(min_absolute_change=0.1), one).outcome is PASSED
    assert judge(rule(min_absolute_change=0.1, test=SUPERIORITY), one).outcome is INCONCLUSIVE


# --- floors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("greater", "threshold", "outcome"),
    [(True, 0.55, PASSED), (True, 0.56, FAILED), (False, 0.55, PASSED), (False, 0.54, FAILED)],
)
def test_a_floor_holds_for_the_challengers_figure(greater: bool, threshold: float, outcome: Outcome) -> None:
    asked = rule(threshold=threshold, greater_is_better=greater)
    assert judge(asked, found(estimate(0.05, 0.01, 0.09))).outcome is outcome


def test_a_floor_decides_beside_a_test() -> None:
    asked = rule(threshold=0.6, test=SUPERIORITY)
    assert judge(asked, found(estimate(0.05, 0.01, 0.09))).outcome is FAILED
    assert (
        judge(rule(threshold=0.5, test=SUPERIORITY), found(estimate(0.05, -0.01, 0.09))).outcome
        is INCONCLUSIVE
    )


def test_a_rule_that_asks_nothing_is_no_yes() -> None:
    result = judge(rule(), found(estimate(0.05, 0.01, 0.09)))
    assert result.outcome is SKIPPED
    assert str(result.message).endswith("and the rule asks nothing of it")


# --- what is missing, undefined or no number (T73) ------------------------------------------------------

NO_FIGURE = (math.nan, math.inf, -math.inf)


@pytest.mark.parametrize("test", Test)
@pytest.mark.parametrize("value", [*NO_FIGURE, None])
def test_a_challenger_without_a_finite_figure_fails(test: Test, value: float | None) -> None:
    asked = rule(threshold=0.0, max_absolute_degradation=1.0, test=test)
    result = judge(asked, found(an_estimate(challenger=value)))
    assert result.outcome is FAILED
    assert compared(result).challenger is None


@pytest.mark.parametrize("test", Test)
@pytest.mark.parametrize("field", ["champion", "change", "lower", "upper"])
@pytest.mark.parametrize("value", NO_FIGURE)
def test_a_number_that_is_none_fails(test: Test, field: str, value: float) -> None:
    asked = rule(max_absolute_degradation=1.0, test=test)
    result = judge(asked, found(an_estimate(**{field: value})))
    assert result.outcome is FAILED
    assert "asks for a change that is a finite number" in str(result.message)
    assert getattr(compared(result), field) is None


@pytest.mark.parametrize("test", Test)
@pytest.mark.parametrize("field", ["champion", "change"])
def test_a_champion_without_a_figure_decides_nothing(test: Test, field: str) -> None:
    result = judge(rule(max_absolute_degradation=1.0, test=test), found(an_estimate(**{field: None})))
    assert result.outcome is INCONCLUSIVE
    assert "no value for the champion" in str(result.message)


@pytest.mark.parametrize("test", STATISTICAL)
@pytest.mark.parametrize("field", ["lower", "upper"])
def test_without_an_interval_no_test_decides(test: Test, field: str) -> None:
    result = judge(rule(max_absolute_degradation=1.0, test=test), found(an_estimate(**{field: None})))
    assert result.outcome is INCONCLUSIVE
    assert "no interval" in str(result.message)


@pytest.mark.parametrize("test", Test)
@pytest.mark.parametrize(
    ("share", "outcome"), [(0.0, PASSED), (0.01, PASSED), (0.0101, INCONCLUSIVE), (math.nan, INCONCLUSIVE)]
)
def test_a_figure_often_undefined_decides_nothing(test: Test, share: float, outcome: Outcome) -> None:
    result = judge(rule(max_absolute_degradation=1.0, test=test), found(an_estimate(undefined=share)))
    assert result.outcome is outcome
    assert ("too few rows" in str(result.message)) == (outcome is INCONCLUSIVE)


@pytest.mark.parametrize("test", STATISTICAL)
def test_a_relative_limit_beside_zero_has_no_meaning(test: Test) -> None:
    one = an_estimate(champion=0.0, challenger=0.1, change=0.1, lower=0.05, upper=0.2)
    result = judge(rule(max_relative_degradation=0.1, test=test), found(one))
    assert result.outcome is INCONCLUSIVE
    assert "has no meaning" in str(result.message)


@pytest.mark.parametrize("test", STATISTICAL)
@pytest.mark.parametrize("key", ["min_absolute_change", "min_relative_change", "max_absolute_degradation"])
@pytest.mark.parametrize("limit", [math.nan, math.inf])
def test_a_limit_that_is_no_number_is_never_kept(test: Test, key: str, limit: float) -> None:
    asked = rule(**{key: limit, "test": test})
    assert judge(asked, found(estimate(0.3, 0.2, 0.4))).outcome is FAILED


def test_a_metric_nobody_measured_fails() -> None:
    result = judge(a_metric_rule(), found(None))
    assert result.outcome is FAILED
    assert str(result.message) == "`f1_score` was not measured: Promoter has no such figure for these rows"
    assert compared(result).challenger is None


# --- models that did not run, or are not there --------------------------------------------------------

BROKEN = a_model_run(problem=say("it does not load"))


@pytest.mark.parametrize("test", Test)
def test_a_challenger_that_did_not_run_fails(test: Test) -> None:
    result = judge(rule(max_absolute_degradation=1.0, test=test), found(None, challenger=BROKEN))
    assert result.outcome is FAILED
    assert str(result.message) == "`f1_score` was not measured, because the challenger did not finish"


@pytest.mark.parametrize("test", Test)
@pytest.mark.parametrize("champion", [BROKEN, None], ids=["broken", "not measured"])
def test_a_champion_that_did_not_run_decides_nothing(test: Test, champion: object) -> None:
    evidence = found(an_estimate(), champion=champion)
    result = judge(rule(max_absolute_degradation=1.0, test=test), evidence)
    assert result.outcome is INCONCLUSIVE
    assert "the champion, version `6`, " in str(result.message)
    assert judge(rule(threshold=0.6), evidence).outcome is PASSED


@pytest.mark.parametrize("test", Test)
def test_without_a_champion_floors_apply_and_comparisons_do_not(test: Test) -> None:
    alone = an_estimate(champion=None, change=None, lower=None, upper=None)
    evidence = a_measured_evidence(
        champion=None, measurement=a_measurement(champion=None, estimates={"f1_score": alone})
    )
    limits = {"max_absolute_degradation": 1.0, "test": test}
    assert judge(rule(**limits), evidence).outcome is SKIPPED
    assert judge(rule(threshold=0.6, **limits), evidence).outcome is PASSED
    assert judge(rule(threshold=0.9, **limits), evidence).outcome is FAILED


def test_a_copy_of_the_champion_is_not_compared() -> None:
    evidence = a_measured_evidence(
        champion=a_champion(source=a_model_version().source), measurement=a_measurement()
    )
    result = judge(rule(max_absolute_degradation=0.1, test=SUPERIORITY), evidence)
    assert result.outcome is INCONCLUSIVE
    assert "it is the same model as the champion, version `6`" in str(result.message)


def test_claims_have_no_interval_to_test() -> None:
    for test in STATISTICAL:
        result = judge(rule(test=test), an_evidence())
        assert result.outcome is INCONCLUSIVE
        assert "no rows were scored" in str(result.message)


# --- severity, words, figures ---------------------------------------------------------------------------


def test_a_rule_may_only_warn() -> None:
    asked = rule(test=SUPERIORITY, severity=Severity.WARN)
    for lower, upper, outcome in ((0.01, 0.09, PASSED), (-0.01, 0.09, WARNED), (-0.09, -0.01, WARNED)):
        assert judge(asked, found(estimate(0.0, lower, upper))).outcome is outcome


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"test": SUPERIORITY}, "a clear gain"),
        (
            {"test": SUPERIORITY, "min_absolute_change": 0.01, "threshold": 0.6},
            "≥ 0.6; a clear gain above 0.01",
        ),
        (
            {"test": SUPERIORITY, "min_absolute_change": 0.01, "min_relative_change": 0.02},
            "a clear gain above 0.01 or 2 %",
        ),
        ({"test": NON_INFERIORITY}, "not worse; clearly no loss"),
        (
            {"test": NON_INFERIORITY, "max_absolute_degradation": 0.01},
            "not worse; clearly no loss above 0.01",
        ),
        (
            {"test": NON_INFERIORITY, "max_relative_degradation": 0.01, "min_absolute_change": 0.02},
            "at least 0.02 better; clearly no loss above 1 %",
        ),
        ({"test": NO_REGRESSION, "max_absolute_degradation": 0.0}, "no clear loss"),
        ({"test": NO_REGRESSION, "min_absolute_change": 0.02}, "at least 0.02 better; no clear loss"),
    ],
)
def test_the_rule_in_words(parts: dict[str, object], words: str) -> None:
    assert compared(judge(rule(**parts), found(an_estimate()))).rule == words


@pytest.mark.parametrize(
    ("asked", "one", "message"),
    [
        (
            rule(threshold=0.5, test=SUPERIORITY),
            estimate(0.05, 0.01, 0.09),
            "0.55, 0.05 better than the champion's 0.5 (with 90 % confidence between 0.01 and 0.09 better), "
            "and keeps the rule (≥ 0.5; a clear gain)",
        ),
        (
            rule(max_absolute_degradation=0.02, test=NO_REGRESSION),
            estimate(-0.05, -0.07, -0.03),
            "0.45, 0.05 worse than the champion's 0.5 (with 90 % confidence between 0.03 and 0.07 worse), "
            "but the rule asks for no clear loss above 0.02",
        ),
        (
            rule(max_absolute_degradation=0.02, test=NON_INFERIORITY),
            estimate(-0.005, -0.01, 0.004),
            "0.495, 0.005 worse than the champion's 0.5 (with 90 % confidence between 0.01 worse and 0.004 "
            "better), but the rule asks for a figure that is itself not worse",
        ),
        (
            rule(test=SUPERIORITY),
            estimate(0.012, -0.012, 0.036, standard_error=0.011),
            "0.512, 0.012 better than the champion's 0.5 "
            "(with 90 % confidence between 0.012 worse and 0.036 better); "
            "whether there is a clear gain cannot be told yet: "
            "on 1,600 rows, a difference below about 0.027 is hard to tell from chance; "
            "if the difference is what it looks like, about 8,400 rows would decide",
        ),
        (
            rule(test=SUPERIORITY),
            estimate(0.0, 0.0, 0.0, standard_error=0.0),
            "0.5, the same as the champion's 0.5; whether there is a clear gain cannot be told yet: "
            "both models come out the same on every one of these 1,600 rows",
        ),
        (
            rule(min_absolute_change=0.0),
            estimate(0.05, None, None),
            "0.55, 0.05 better than the champion's 0.5, and keeps the rule (not worse)",
        ),
    ],
)
def test_the_message_tells_figures_interval_and_rule(asked: MetricRule, one: Estimate, message: str) -> None:
    assert str(judge(asked, found(one)).message) == f"`f1_score` is {message}"


def test_what_the_run_claims_is_told_where_it_differs() -> None:
    claiming = a_measured_evidence(measurement=a_measurement())
    assert str(judge(rule(threshold=0.6), claiming).message).endswith("; its run claims 0.91")
    agreeing = a_measured_evidence(
        challenger=a_model_version(run=a_run(metrics={"f1_score": 0.83121})), measurement=a_measurement()
    )
    assert "claims" not in str(judge(rule(threshold=0.6), agreeing).message)


def test_the_comparison_holds_what_was_measured() -> None:
    assert compared(judge(a_metric_rule(), found(an_estimate()))) == MetricComparison(
        name="f1_score",
        greater_is_better=True,
        champion=0.81,
        challenger=0.8312,
        change=0.0212,
        rule="≥ 0.6; at most 0.01 worse",
        source="measured",
        lower=0.0031,
        upper=0.0393,
        rows=1_600,
        least=-0.01,
    )


@pytest.mark.parametrize(
    ("fields", "least"),
    [
        ({}, None),
        ({"test": Test.SUPERIORITY}, 0.0),
        ({"test": Test.SUPERIORITY, "min_absolute_change": 0.02}, 0.02),
        ({"test": Test.NON_INFERIORITY}, 0.0),
        ({"test": Test.NO_REGRESSION, "max_absolute_degradation": 0.01}, -0.01),
        ({"min_absolute_change": 0.0, "max_absolute_degradation": 0.01}, 0.0),
        ({"max_absolute_degradation": 0.02, "max_relative_degradation": 0.01}, -0.0081),
    ],
)
def test_the_comparison_has_the_limit_that_the_test_asks_for(
    fields: dict[str, object], least: float | None
) -> None:
    asked = rule(**{"threshold": 0.6, "max_absolute_degradation": None, **fields})
    assert compared(judge(asked, found(an_estimate()))).least == pytest.approx(least)


def test_rows_that_would_decide_are_told_as_a_number() -> None:
    open_question = judge(
        rule(test=Test.SUPERIORITY, max_absolute_degradation=None),
        found(estimate(0.01, -0.005, 0.025)),
    )
    needed = compared(open_question).rows_needed
    assert needed is not None
    assert f"about {needed:,} rows would decide" in str(open_question.message)
    assert compared(judge(a_metric_rule(), found(an_estimate()))).rows_needed is None


def test_what_was_measured_counts_and_not_what_is_claimed() -> None:
    forged = a_model_version(run=a_run(metrics={"f1_score": 0.99}))
    poor = a_measurement(estimates={"f1_score": estimate(-0.2, -0.25, -0.15)})
    evidence = a_measured_evidence(challenger=forged, measurement=poor)
    assert judge(a_metric_rule(), evidence).outcome is FAILED


# --- few rows, few groups ----------------------------------------------------------------------------


def few(rows: int, groups: int | None = None, **fields: object) -> Evidence:
    """A clear gain, of so many rows."""
    return found(estimate(0.05, 0.03, 0.07, rows=rows, groups=groups, **fields))


@pytest.mark.parametrize("test", STATISTICAL)
@pytest.mark.parametrize(
    ("rows", "groups", "told"),
    [
        (29, None, "it is of 29 rows only, and fewer than 30 cannot tell a difference from chance"),
        (1, None, "it is of 1 row only"),
        (900, 19, "the rows are of 19 groups only, and fewer than 20 cannot tell"),
        (900, 1, "all rows are of one group"),
    ],
)
def test_no_test_decides_on_too_few(test: Test, rows: int, groups: int | None, told: str) -> None:
    result = judge(rule(test=test), few(rows, groups, undefined=1.0 if groups == 1 else 0.0))
    assert result.outcome is INCONCLUSIVE
    assert told in str(result.message)
    needed = result.comparison.rows_needed if result.comparison else 0
    assert needed == (None if groups else 30)


@pytest.mark.parametrize(("rows", "groups"), [(2, None), (900, 1)])
def test_points_are_compared_however_few_they_are(rows: int, groups: int | None) -> None:
    asked = rule(min_absolute_change=0.01)
    assert judge(asked, few(rows, groups, undefined=1.0 if groups else 0.0)).outcome is PASSED


@pytest.mark.parametrize(
    ("rows", "groups", "told"),
    [
        (30, None, "; that is of 30 rows only"),
        (199, None, "; that is of 199 rows only"),
        (200, None, ""),
        (900, 49, "; that is of 49 groups of rows only"),
        (900, 50, ""),
    ],
)
def test_a_decision_on_few_names_how_many(rows: int, groups: int | None, told: str) -> None:
    result = judge(rule(test=SUPERIORITY), few(rows, groups))
    assert result.outcome is PASSED
    assert str(result.message).partition("; that is of")[2] == told.partition("; that is of")[2]
