"""examples/checks/fairness.py, run as a policy has it run, on evidence as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from promoter.adapters.deadline import Deadline
from promoter.core.evidence import CustomAnswer, Outcome
from promoter.core.measurement import Measurement, SliceEstimates
from promoter.core.policy import Checks
from promoter.evaluation.custom_checks import LocalCustomChecks
from promoter.render.evidence_json import evidence
from tests.builders import (
    a_custom_rule,
    a_measurement,
    a_model_rule,
    a_report,
    a_request_report,
    a_slice,
    an_estimate,
    an_evidence,
)
from tests.fakes.github import InMemoryRepository

EXAMPLE = Path(__file__).parents[3] / "examples" / "checks" / "fairness.py"
COMMIT = "c" * 40


def ask(measurement: Measurement | None) -> list[CustomAnswer]:
    """What the example answers to a measurement."""
    files = {COMMIT: {"checks/fairness.py": EXAMPLE.read_bytes()}}
    asked = LocalCustomChecks(
        repository=InMemoryRepository(files), deadline=Deadline(60), log=lambda message: None
    )
    report = a_report(requests=(a_request_report(evidence=an_evidence(measurement=measurement)),))
    rule = a_model_rule(checks=Checks(custom=(a_custom_rule(),)))
    return list(asked.ask(rule, evidence(report), commit=COMMIT))


def part(value: str, recall: float | None, *, column: str = "contract", rows: int = 900) -> SliceEstimates:
    found = {"recall_score": an_estimate(metric="recall_score", challenger=recall, rows=rows)}
    return a_slice(values=((column, value),), rows=rows, estimates=found)


@pytest.mark.parametrize(
    ("slices", "outcome", "said"),
    [
        ((part("a", 0.80), part("b", 0.71)), Outcome.PASSED, "all groups are found about equally well"),
        ((part("a", 0.80), part("b", 0.69), part("c", 0.75)), Outcome.FAILED, "unfair by contract"),
        ((part("a", 0.80), part("b", float("nan"))), Outcome.FAILED, "unfair by contract"),
        ((part("a", 0.80), part("b", 0.10, rows=49)), Outcome.INCONCLUSIVE, "no two slices"),
        ((part("a", 0.80), part("b", 0.10, column="region")), Outcome.INCONCLUSIVE, "no two slices"),
        ((part("a", 0.80), part("b", None)), Outcome.INCONCLUSIVE, "no two slices"),
        ((), Outcome.INCONCLUSIVE, "no two slices"),
    ],
)
def test_groups_are_compared_by_recall(
    slices: tuple[SliceEstimates, ...], outcome: Outcome, said: str
) -> None:
    whole, *parts = ask(a_measurement(slices=slices))
    assert whole.outcome is outcome, whole.message
    assert said in str(whole.message)
    assert {one.outcome for one in parts} <= {outcome}


def test_each_set_of_columns_is_told_of() -> None:
    slices = (
        part("a", 0.8),
        part("b", 0.5),
        part("x", 0.7, column="region"),
        part("y", 0.7, column="region"),
    )
    whole, contract, region = ask(a_measurement(slices=slices))
    assert (whole.outcome, contract.subject, region.subject) == (Outcome.FAILED, "contract", "region")
    assert "0.500 for contract=b" in str(contract.message)
    assert "a gap of 0.300" in str(contract.message)
    assert region.outcome is Outcome.PASSED


def test_without_a_measurement_nothing_is_known() -> None:
    (answer,) = ask(None)
    assert answer.outcome is Outcome.INCONCLUSIVE
