from __future__ import annotations

import math
from typing import Any

import pytest

from promoter.checks import slices
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.measurement import SliceEstimates
from promoter.core.policy import MetricRule, Severity, SliceRule, Test
from promoter.text import quote, say
from tests.builders import (
    a_measured_evidence,
    a_measurement,
    a_metric_rule,
    a_model_run,
    a_slice,
    a_slice_rule,
    an_estimate,
    an_evidence,
)

PASSED, FAILED, INCONCLUSIVE = Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE
LOSS = a_metric_rule(threshold=None, max_absolute_degradation=0.02, test=Test.NO_REGRESSION)


def one(name: str, p_worse: float | None = 0.9, *, rows: int = 900, **fields: object) -> SliceEstimates:
    """A slice whose interval alone shows a loss of more than 0.02."""
    known = {"champion": 0.8, "challenger": 0.72, "change": -0.08, "lower": -0.12, "upper": -0.04}
    estimate = an_estimate(rows=rows, p_worse=p_worse, **{**known, **fields})
    return a_slice(values=(("contract", name),), rows=rows, estimates={"f1_score": estimate})


def run(*found: SliceEstimates, rule: SliceRule | None = None, **fields: object) -> tuple[CheckResult, ...]:
    evidence = a_measured_evidence(measurement=a_measurement(slices=found, **fields))
    return slices.run((rule or a_slice_rule(metrics=(LOSS,)),), evidence)


def outcomes(results: tuple[CheckResult, ...]) -> list[Outcome]:
    return [result.outcome for result in results]


def test_one_result_per_slice_and_metric() -> None:
    rule = a_slice_rule(metrics=(LOSS, a_metric_rule(name="recall_score")))
    recall = an_estimate(metric="recall_score")
    found = tuple(
        a_slice(values=(("contract", name),), estimates={"f1_score": an_estimate(), "recall_score": recall})
        for name in ("Monthly", "Yearly")
    )
    results = run(*found, rule=rule)
    assert [(result.check, result.subject, result.outcome) for result in results] == [
        ("slices", "contract=Monthly · f1_score", PASSED),
        ("slices", "contract=Yearly · f1_score", PASSED),
        ("slices", "contract=Monthly · recall_score", PASSED),
        ("slices", "contract=Yearly · recall_score", PASSED),
    ]
    assert all(result.comparison and result.comparison.name == result.subject for result in results)


def test_combinations_of_columns_are_named_in_full() -> None:
    values = (("contract", "Monthly"), ("region", "a=b, c"))
    rule = a_slice_rule(by=("contract", "region"), metrics=(LOSS,))
    (result,) = run(a_slice(values=values), one("Monthly"), rule=rule)
    assert result.subject == "contract=Monthly, region=a=b, c · f1_score"
    assert str(result.message).startswith("`contract=Monthly, region=a=b, c · f1_score` is 0.8312")


@pytest.mark.parametrize("test", [Test.NO_REGRESSION, Test.NON_INFERIORITY])
@pytest.mark.parametrize(
    ("p_values", "lost"),
    [
        ((0.05,), (True,)),
        ((0.051,), (False,)),
        ((0.03, 0.9), (False, False)),
        ((0.02, 0.9), (True, False)),
        ((0.02, 0.04), (True, True)),
        ((0.016, 0.03, 0.9), (True, False, False)),
    ],
)
def test_a_loss_is_clear_only_after_holms_correction(
    test: Test, p_values: tuple[float, ...], lost: tuple[bool, ...]
) -> None:
    found = [one(str(number), p_value) for number, p_value in enumerate(p_values)]
    rule = a_slice_rule(metrics=(a_metric_rule(threshold=None, max_absolute_degradation=0.02, test=test),))
    otherwise = PASSED if test is Test.NO_REGRESSION else INCONCLUSIVE
    assert outcomes(run(*found, rule=rule)) == [FAILED if clear else otherwise for clear in lost]


def test_a_loss_that_chance_explains_is_told() -> None:
    results = run(one("a", 0.03), one("b", upper=0.01))
    told = "; alone it would be a clear loss, but of so many slices some look like one by chance"
    assert str(results[0].message).endswith(told)
    assert told not in str(results[1].message)


def test_correction_is_over_the_slices_of_one_metric_that_are_judged() -> None:
    small = [one(f"small-{number}", 0.5, rows=10) for number in range(20)]
    other = a_slice(values=(("region", "EU"),), estimates={"f1_score": an_estimate(p_worse=0.5)})
    results = run(one("big", 0.04), *small, other)
    assert outcomes(results) == [FAILED, *[Outcome.SKIPPED] * 20]


def test_correction_follows_the_confidence_level() -> None:
    assert outcomes(run(one("a", 0.09), confidence_level=0.9)) == [FAILED]
    assert outcomes(run(one("a", 0.09), confidence_level=0.95)) == [PASSED]


@pytest.mark.parametrize("p_worse", [None, math.nan])
def test_without_a_p_value_the_interval_decides(p_worse: float | None) -> None:
    assert outcomes(run(one("a", p_worse), one("b", p_worse, upper=0.01))) == [FAILED, PASSED]


def test_the_rule_in_words_asks_nothing_of_a_slices_figure_itself() -> None:
    rule = a_slice_rule(metrics=(_asked(Test.NON_INFERIORITY),))
    told = [result.comparison for result in run(one("a"), one("b", rows=10), rule=rule)]
    assert [shown.rule for shown in told if shown] == ["clearly no loss above 0.02"] * 2


def _asked(test: Test) -> MetricRule:
    return a_metric_rule(threshold=None, max_absolute_degradation=0.02, test=test)


@pytest.mark.parametrize(
    ("test", "fields", "outcome"),
    [
        (Test.POINT, {"challenger": 0.78, "change": -0.02}, PASSED),
        (Test.POINT, {"challenger": 0.77, "change": -0.03}, FAILED),
        (Test.SUPERIORITY, {"lower": 0.01, "upper": 0.1}, PASSED),
        (Test.SUPERIORITY, {"lower": -0.01, "upper": 0.1}, INCONCLUSIVE),
        (Test.NON_INFERIORITY, {"challenger": 0.81, "change": 0.01, "lower": -0.01, "upper": 0.03}, PASSED),
        (
            Test.NON_INFERIORITY,
            {"challenger": 0.81, "change": 0.01, "lower": -0.03, "upper": 0.03},
            INCONCLUSIVE,
        ),
        (Test.NON_INFERIORITY, {"challenger": 0.79, "change": -0.01, "lower": -0.015, "upper": 0.0}, PASSED),
    ],
)
def test_what_must_be_shown_is_shown_in_each_slice(
    test: Test, fields: dict[str, Any], outcome: Outcome
) -> None:
    assert outcomes(run(one("a", **fields), rule=a_slice_rule(metrics=(_asked(test),)))) == [outcome]


def test_floors_hold_in_each_slice() -> None:
    rule = a_slice_rule(metrics=(a_metric_rule(threshold=0.75, max_absolute_degradation=None),))
    assert outcomes(run(one("a"), one("b", challenger=0.76), rule=rule)) == [FAILED, PASSED]


@pytest.mark.parametrize(
    ("rows", "outcome", "words"),
    [
        (200, PASSED, " is 0.72"),
        (199, Outcome.SKIPPED, " is not judged: 199 rows, the policy asks for at least 200"),
        (1, Outcome.SKIPPED, " is not judged: 1 row, the policy asks for at least 200"),
        (0, FAILED, " is absent: no row belongs to this slice"),
    ],
)
def test_small_slices_are_shown_and_absent_ones_fail(rows: int, outcome: Outcome, words: str) -> None:
    (result,) = run(one("a", rows=rows))
    assert result.outcome is outcome
    assert str(result.message).startswith(f"`contract=a · f1_score`{words}")
    assert result.comparison is not None
    assert result.comparison.rows == rows


def test_an_absent_slice_fails_whatever_min_rows_says() -> None:
    empty = a_slice(rows=0, estimates={})
    assert outcomes(run(empty, rule=a_slice_rule(metrics=(LOSS,), min_rows=0))) == [FAILED]


NAMED = a_slice_rule(metrics=(LOSS,), values=(("Two year",), ("a",)))


def test_a_named_slice_that_is_judged_is_judged_as_any() -> None:
    found = [one("Two year", 0.9), one("a", 0.9), one("b", 0.9)]
    assert run(*found, rule=NAMED) == run(*found)


@pytest.mark.parametrize("told", [True, False])
def test_a_named_slice_that_is_absent_fails(told: bool) -> None:
    """Whether the measurement tells of it without rows, or not at all."""
    absent = [one("Two year", None, rows=0)] if told else []
    results = run(*absent, one("a"), rule=NAMED)
    by_subject = {result.subject: result for result in results}
    assert sorted(by_subject) == ["contract=Two year · f1_score", "contract=a · f1_score"]
    missing = by_subject["contract=Two year · f1_score"]
    assert (missing.outcome, by_subject["contract=a · f1_score"].outcome) == (FAILED, PASSED)
    assert str(missing.message) == (
        "`contract=Two year · f1_score` is absent: no row belongs to this slice, which the policy names; "
        "see that the data spells it so"
    )
    assert missing.comparison is not None
    assert missing.comparison.rows == 0


def test_named_slices_fail_where_nobody_sliced_at_all() -> None:
    assert outcomes(run(one("a"), rule=a_slice_rule(by=("x",), metrics=(LOSS,), values=(("1",),)))) == [
        FAILED
    ]


def test_a_named_slice_that_is_too_small_is_inconclusive_and_another_is_shown() -> None:
    results = run(one("Two year", rows=1), one("a"), one("b", rows=1), rule=NAMED)
    assert outcomes(results) == [INCONCLUSIVE, PASSED, Outcome.SKIPPED]
    assert str(results[0].message) == (
        "`contract=Two year · f1_score` is named in the policy and too small to judge: "
        "1 row, the policy asks for at least 200"
    )


@pytest.mark.parametrize("rows", [0, 1])
def test_a_warning_is_all_that_a_lenient_metric_gives_of_a_named_slice(rows: int) -> None:
    lenient = a_metric_rule(threshold=0.5, max_absolute_degradation=None, severity=Severity.WARN)
    rule = a_slice_rule(metrics=(lenient,), values=(("Two year",),))
    (result,) = run(one("Two year", rows=rows), rule=rule)
    assert result.outcome is Outcome.WARNED
    assert str(result.message).endswith("; the policy asks for a warning only")


def test_a_challenger_that_did_not_run_is_told_once_of_named_slices() -> None:
    (result,) = run(challenger=a_model_run(problem=say("it does not load")), rule=NAMED)
    assert "the challenger did not finish" in str(result.message)


def test_columns_nobody_sliced_by_fail() -> None:
    (result,) = run(one("a"), rule=a_slice_rule(by=("region", "x")))
    assert (result.subject, result.outcome) == ("region, x", FAILED)
    assert str(result.message) == "the data has no slices by `region, x`"


def test_a_challenger_that_did_not_run_fails() -> None:
    broken = a_model_run(problem=say("it does not load"))
    (result,) = run(challenger=broken)
    assert result.outcome is FAILED
    assert str(result.message) == "no slice was measured, because the challenger did not finish"


def test_without_a_champion_only_floors_apply() -> None:
    rule = a_slice_rule(metrics=(LOSS, a_metric_rule(threshold=0.75)))
    measurement = a_measurement(champion=None, slices=(one("a", champion=None, change=None),))
    results = slices.run((rule,), a_measured_evidence(champion=None, measurement=measurement))
    assert outcomes(results) == [Outcome.SKIPPED, FAILED]


def test_nothing_measured_decides_nothing() -> None:
    assert outcomes(slices.run((a_slice_rule(),), an_evidence())) == [INCONCLUSIVE]


def test_values_are_text_from_outside() -> None:
    (result,) = run(one("x\n::error::`y`"))
    assert "\n" not in str(result.message)
    assert "::" not in str(result.message)


LACKING: dict[str, Any] = {
    **dict.fromkeys(("challenger", "champion", "change", "lower", "upper")),
    "undefined": 1.0,
}


def lacking(name: str, **fields: object) -> SliceEstimates:
    """A slice of which no model can have a value."""
    known: dict[str, Any] = {**LACKING, "no_value": say("none of its rows is ", quote("1")), **fields}
    return one(name, None, **known)


def test_a_slice_without_a_row_of_the_class_is_not_judged() -> None:
    results = run(lacking("a"), one("b"))
    assert outcomes(results) == [Outcome.SKIPPED, PASSED]
    assert str(results[0].message) == (
        "`contract=a · f1_score` is not judged: it has no value, because none of its rows is `1`"
    )


def test_a_named_slice_without_a_row_of_the_class_is_inconclusive() -> None:
    assert outcomes(run(lacking("Two year"), one("a"), rule=NAMED))[0] is INCONCLUSIVE


def test_a_slice_that_the_challenger_alone_leaves_without_a_value_fails() -> None:
    assert outcomes(run(one("a", None, **{**LACKING, "champion": 0.5}))) == [FAILED]
    assert outcomes(run(lacking("a", champion=0.5))) == [FAILED]
    assert outcomes(run(one("a", None, **LACKING))) == [FAILED]


def test_missing_values_are_named() -> None:
    (result,) = run(one(""))
    assert result.subject == "contract=(missing) · f1_score"


@pytest.mark.parametrize(("count", "results"), [(20, 20), (21, 1), (5_000, 1)])
def test_many_slices_that_are_all_too_small_are_told_of_in_one_sentence(count: int, results: int) -> None:
    found = run(*(one(str(number), rows=1 + number % 3) for number in range(count)))
    assert outcomes(found) == [Outcome.SKIPPED] * results
    if results == 1:
        assert str(found[0].message) == (
            f"none of the {count:,} slices by `contract` is judged: the largest has 3 rows, "
            "the policy asks for at least 200"
        )


def test_one_slice_among_many_that_is_large_or_named_is_told_of_itself() -> None:
    small = [one(str(number), rows=3) for number in range(30)]
    assert len(run(*small, one("big"))) == 31
    assert INCONCLUSIVE in outcomes(run(*small, one("a", rows=3), rule=NAMED))
