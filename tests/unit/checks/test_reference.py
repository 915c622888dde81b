"""`metrics` and `inference` where the policy names a reference version."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from promoter.checks import inference, metrics
from promoter.checks.catalog import report_only, run_checks
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.measurement import Estimate, ModelRun, ReferenceMeasurement
from promoter.core.policy import InferenceRule, MetricRule, Severity, Test
from promoter.core.verdict import Verdict, decide
from promoter.text import say
from tests.builders import (
    a_measured_evidence,
    a_measurement,
    a_metric_rule,
    a_model_rule,
    a_model_run,
    an_estimate,
    no_checks,
)

PASSED, FAILED, INCONCLUSIVE = Outcome.PASSED, Outcome.FAILED, Outcome.INCONCLUSIVE
SKIPPED, WARNED = Outcome.SKIPPED, Outcome.WARNED
AGAINST = "f1_score against version 3"
BROKEN = a_model_run(problem=say("it does not load"))
NOT_WORSE = a_metric_rule(threshold=0.6, max_absolute_degradation=0.01, test=Test.NON_INFERIORITY)


def beside(
    estimate: Estimate | None, *, version: str = "3", run: ModelRun | None = None
) -> ReferenceMeasurement:
    """The reference, with this figure of F1."""
    known = {} if estimate is None else {"f1_score": estimate}
    return ReferenceMeasurement(version=version, run=run or a_model_run(), estimates=known)


def estimate(change: float, lower: float | None, upper: float | None) -> Estimate:
    """A change from 0.7."""
    return an_estimate(champion=0.7, challenger=0.7 + change, change=change, lower=lower, upper=upper)


BETTER, WORSE = estimate(0.1312, 0.1, 0.16), estimate(-0.05, -0.07, -0.03)


def evidence(reference: ReferenceMeasurement | None, **fields: object) -> Evidence:
    """A challenger that is as good as the champion."""
    return a_measured_evidence(measurement=a_measurement(reference=reference, **fields))


def judged(rule: MetricRule, found: Evidence) -> dict[str, CheckResult]:
    results = metrics.run((rule,), found)
    by_subject = {result.subject: result for result in results}
    assert len(by_subject) == len(results)
    return by_subject


def against(rule: MetricRule, reference: ReferenceMeasurement, **fields: object) -> CheckResult:
    """The result beside the reference."""
    results = judged(rule, evidence(reference, **fields))
    assert list(results) == ["f1_score", AGAINST]
    return results[AGAINST]


# --- metrics ---------------------------------------------------------------------------------------------


def test_without_a_reference_nothing_is_new() -> None:
    assert list(judged(NOT_WORSE, evidence(None))) == ["f1_score"]


def test_each_metric_that_compares_is_judged_beside_the_reference_too() -> None:
    floor = a_metric_rule(name="recall_score", threshold=0.1, max_absolute_degradation=None)
    other = a_metric_rule(name="accuracy", threshold=None, max_absolute_degradation=0.01)
    found = evidence(beside(BETTER))
    subjects = [result.subject for result in metrics.run((floor, NOT_WORSE, other), found)]
    assert subjects == ["recall_score", "f1_score", AGAINST, "accuracy", "accuracy against version 3"]


@pytest.mark.parametrize(
    ("limits", "one", "outcome"),
    [
        ({"test": Test.SUPERIORITY}, BETTER, PASSED),
        ({"test": Test.SUPERIORITY}, estimate(0.01, -0.01, 0.03), INCONCLUSIVE),
        ({"test": Test.SUPERIORITY}, WORSE, FAILED),
        ({"test": Test.NON_INFERIORITY, "max_absolute_degradation": 0.02}, WORSE, FAILED),
        (
            {"test": Test.NON_INFERIORITY, "max_absolute_degradation": 0.02},
            estimate(0.0, -0.01, 0.01),
            PASSED,
        ),
        ({"test": Test.NO_REGRESSION}, estimate(-0.05, -0.07, 0.001), PASSED),
        ({"max_absolute_degradation": 0.04}, WORSE, FAILED),
        ({"max_relative_degradation": 0.1}, WORSE, PASSED),
        ({"test": Test.SUPERIORITY, "severity": Severity.WARN}, WORSE, WARNED),
    ],
)
def test_it_is_judged_by_the_same_rule(limits: dict[str, object], one: Estimate, outcome: Outcome) -> None:
    rule = a_metric_rule(**{"threshold": None, "max_absolute_degradation": None, **limits})
    assert against(rule, beside(one)).outcome is outcome
    as_champion = a_measured_evidence(measurement=a_measurement(estimates={"f1_score": one}))
    assert judged(rule, as_champion)["f1_score"].outcome is outcome


def test_a_slow_decay_is_refused_that_no_step_shows() -> None:
    results = tuple(judged(NOT_WORSE, evidence(beside(WORSE))).values())
    assert [result.outcome for result in results] == [PASSED, FAILED]
    assert decide(results) is Verdict.REJECT
    told = report_only(results)
    assert [result.outcome for result in told] == [PASSED, WARNED]
    assert "reported only, because this is a rollback" in str(told[1].message)


def test_the_message_names_the_version_and_repeats_no_floor() -> None:
    result = against(replace(NOT_WORSE, threshold=0.9), beside(WORSE))
    assert str(result.message) == (
        "`f1_score against version 3` is 0.65, 0.05 worse than the reference's 0.7 "
        "(with 90 % confidence between 0.03 and 0.07 worse), "
        "but the rule asks for clearly no loss above 0.01 and a figure that is itself not worse"
    )
    assert result.comparison is not None
    assert (result.comparison.name, result.comparison.champion) == (AGAINST, 0.7)
    assert result.comparison.rule == "not worse; clearly no loss above 0.01"


def test_words_speak_of_the_reference() -> None:
    none = an_estimate(champion=0.0, challenger=0.1, change=0.1, lower=0.05, upper=0.2)
    relative = a_metric_rule(max_absolute_degradation=None, max_relative_degradation=0.1)
    assert "a change relative to the reference's 0 has no meaning" in str(
        against(relative, beside(none)).message
    )
    same = estimate(0.0, 0.0, 0.0)
    assert "the same as the reference's 0.7" in str(against(NOT_WORSE, beside(same)).message)


@pytest.mark.parametrize("test", Test)
@pytest.mark.parametrize(
    ("reference", "told"),
    [
        (beside(None, run=BROKEN), "the reference, version `3`, did not finish"),
        (beside(BETTER, run=BROKEN), "the reference, version `3`, did not finish"),
        (beside(None), "it was not measured"),
        (beside(an_estimate(champion=None)), "it has no value for the reference"),
        (beside(an_estimate(change=None)), "it has no value for the reference"),
        (beside(an_estimate(undefined=0.02)), "too few rows"),
    ],
)
def test_a_reference_without_a_value_decides_nothing(
    test: Test, reference: ReferenceMeasurement, told: str
) -> None:
    result = against(a_metric_rule(test=test), reference)
    assert result.outcome is INCONCLUSIVE
    assert told in str(result.message)
    has_figures = told == "too few rows"
    lenient = against(a_metric_rule(test=test, severity=Severity.WARN), reference)
    assert lenient.outcome is (WARNED if has_figures else INCONCLUSIVE)


@pytest.mark.parametrize("field", ["champion", "challenger", "change", "lower", "upper"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_number_passes(field: str, value: float) -> None:
    for severity in Severity:
        asked = replace(NOT_WORSE, severity=severity)
        assert against(asked, beside(an_estimate(**{field: value}))).outcome is FAILED


def test_a_challenger_that_did_not_finish_fails() -> None:
    result = against(NOT_WORSE, beside(None), challenger=BROKEN, estimates={})
    assert result.outcome is FAILED
    assert "the challenger did not finish" in str(result.message)


def test_the_challenger_as_its_own_reference_is_said_and_not_compared() -> None:
    results = judged(NOT_WORSE, evidence(beside(None, version="7")))
    result = results["f1_score against version 7"]
    assert result.outcome is SKIPPED
    assert str(result.message) == (
        "`f1_score against version 7` is not judged: the reference, version `7`, is the challenger itself"
    )
    assert decide(tuple(results.values())) is Verdict.PROMOTE


def test_a_challenger_of_another_model_is_not_the_reference_of_its_number() -> None:
    found = evidence(beside(WORSE, version="7"))
    across = replace(found, challenger=replace(found.challenger, model="dev.churn"), model="churn")
    assert judged(NOT_WORSE, across)["f1_score against version 7"].outcome is FAILED


@pytest.mark.parametrize("champion", [None, BROKEN])
def test_the_reference_is_compared_with_whatever_became_of_the_champion(champion: ModelRun | None) -> None:
    alone = an_estimate(champion=None, change=None, lower=None, upper=None)
    fields = {"champion": champion, "estimates": {"f1_score": alone}}
    for one, outcome in ((BETTER, PASSED), (WORSE, FAILED)):
        assert against(NOT_WORSE, beside(one), **fields).outcome is outcome
    first = a_measured_evidence(
        champion=None, measurement=a_measurement(reference=beside(WORSE), champion=None, estimates={})
    )
    assert judged(NOT_WORSE, first)[AGAINST].outcome is FAILED


# --- inference -------------------------------------------------------------------------------------------


def ran(found: Evidence) -> dict[str, tuple[Outcome, str]]:
    results = inference.run(InferenceRule(), found)
    return {result.subject: (result.outcome, str(result.message)) for result in results}


def test_a_reference_that_did_not_run_leaves_it_open_and_says_why() -> None:
    assert ran(evidence(beside(None, run=BROKEN)))["reference"] == (
        INCONCLUSIVE,
        "the reference, version `3`, did not finish, so nothing can be compared with it: it does not load",
    )
    assert set(ran(evidence(beside(BETTER)))) == {"runs"}


@pytest.mark.parametrize("version", ["6", "7"])
def test_a_version_is_told_of_once(version: str) -> None:
    reference = beside(None, version=version, run=a_model_run(problem=BROKEN.problem, differing=1))
    assert not {"reference", "reference_repeats"} & set(ran(evidence(reference)))


def test_rows_that_are_predicted_otherwise_the_second_time_are_warned_of() -> None:
    differs = a_model_run(asked_twice=4_096, differing=12)
    told = ran(evidence(beside(BETTER, run=differs), challenger=differs, champion=differs))
    words = "12 of 4,096 rows were predicted differently the second time; every interval assumes they are not"
    assert told == {
        "runs": (PASSED, "the challenger loaded and answered every row"),
        "repeats": (WARNED, words),
        "champion_repeats": (WARNED, f"of the champion, {words}"),
        "reference_repeats": (WARNED, f"of the reference, {words}"),
    }
    steady = a_model_run(asked_twice=4_096)
    assert set(ran(evidence(beside(BETTER, run=steady), challenger=steady))) == {"runs"}


def test_a_reference_that_tells_no_row_from_another_is_warned_of() -> None:
    same = a_model_run(constant=say("12"))
    assert ran(evidence(beside(BETTER, run=same)))["reference_varies"] == (
        WARNED,
        "the reference predicts the same for all 1,600 rows: 12; to be better than that says little",
    )
    # told of as the champion already
    found = evidence(beside(BETTER, version="6", run=same), champion=same)
    assert {subject for subject in ran(found) if subject.endswith("varies")} == {"champion_varies"}


@pytest.mark.parametrize(
    ("found", "subjects"),
    [
        (evidence(beside(None, run=BROKEN)), {"runs", "reference"}),
        (evidence(beside(BETTER, run=a_model_run(constant=say("12")))), {"runs", "reference_varies"}),
        (evidence(None, challenger=a_model_run(asked_twice=9, differing=1)), {"runs", "repeats"}),
        (evidence(beside(BETTER)), set()),
    ],
)
def test_inference_speaks_unasked_where_there_is_something_to_say(
    found: Evidence, subjects: set[str]
) -> None:
    results = run_checks(a_model_rule(checks=no_checks(metrics=(NOT_WORSE,))), found)
    assert {result.subject for result in results if result.check == "inference"} == subjects


def test_a_rollback_needs_no_reference_that_runs() -> None:
    found = evidence(beside(None, run=BROKEN))
    results = report_only(run_checks(a_model_rule(checks=no_checks(metrics=(NOT_WORSE,))), found))
    assert decide(results) is Verdict.PROMOTE
