from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from promoter.core.advice import advice, only_warns
from promoter.core.evidence import Evidence, Outcome
from promoter.core.policy import Checks, Severity
from promoter.core.verdict import Verdict, decide
from tests.builders import (
    a_check_result,
    a_custom_rule,
    a_measured_evidence,
    a_measurement,
    a_metric_rule,
    a_model_run,
    a_slice_rule,
    an_evidence,
    some_checks,
    some_measured_checks,
)

WARN = Severity.WARN
LENIENT = Checks(
    metrics=(a_metric_rule(severity=WARN),),
    slices=(a_slice_rule(metrics=(a_metric_rule(severity=WARN),)),),
    custom=(a_custom_rule(severity=WARN),),
)
BYTES = a_model_run(digest="ab" * 32)
TWINS = a_measured_evidence(measurement=a_measurement(challenger=BYTES, champion=BYTES))


def said(evidence: Evidence, *outcomes: Outcome, check: str = "metrics") -> str:
    results = [a_check_result(check=check, outcome=outcome) for outcome in outcomes]
    return str(advice(decide(results), results, evidence=evidence))


@pytest.mark.parametrize(
    ("evidence", "outcomes", "expected"),
    [
        (an_evidence(champion=None), (Outcome.SKIPPED,), "Nobody holds the alias yet"),
        (an_evidence(), (Outcome.SKIPPED, Outcome.SKIPPED), "lower `min_rows`"),
        (TWINS, (Outcome.PASSED, Outcome.INCONCLUSIVE), "both versions are one"),
    ],
)
def test_what_to_do_where_nothing_could_be_judged(
    evidence: Evidence, outcomes: tuple[Outcome, ...], expected: str
) -> None:
    assert expected in said(evidence, *outcomes)


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.FAILED, Outcome.WARNED])
def test_what_is_decided_needs_no_advice(outcome: Outcome) -> None:
    assert said(TWINS, outcome) == said(an_evidence(champion=None), outcome, Outcome.SKIPPED) == ""


def test_doubt_that_its_message_explains_needs_no_advice() -> None:
    assert said(an_evidence(), Outcome.INCONCLUSIVE, Outcome.SKIPPED) == ""


def test_only_a_command_without_an_answer_is_to_be_corrected() -> None:
    assert "Correct the command" in said(an_evidence(), Outcome.ERROR, check="custom")
    assert said(an_evidence(), Outcome.ERROR) == ""


def test_a_policy_of_warnings_alone_is_known() -> None:
    assert only_warns(LENIENT)


@pytest.mark.parametrize(
    "name", [one.name for one in fields(Checks) if one.name not in {"metrics", "slices", "custom"}]
)
def test_a_check_without_a_severity_rejects(name: str) -> None:
    rule: Any = getattr(some_checks(), name) or getattr(some_measured_checks(), name) or object()
    change: dict[str, Any] = {name: rule}
    assert not only_warns(replace(LENIENT, **change))


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": (a_metric_rule(severity=WARN), a_metric_rule())},
        {"slices": (a_slice_rule(metrics=(a_metric_rule(),)),)},
        {"custom": (a_custom_rule(),)},
    ],
)
def test_one_rule_that_rejects_is_enough(change: dict[str, Any]) -> None:
    assert not only_warns(replace(LENIENT, **change))


def test_a_verdict_of_every_kind_is_taken() -> None:
    for verdict in Verdict:
        assert str(advice(verdict, [a_check_result()], evidence=an_evidence())) == ""
