from __future__ import annotations

from dataclasses import replace

import pytest

from promoter.checks import inference
from promoter.core.evidence import Outcome
from promoter.core.measurement import Measurement, ReferenceMeasurement
from promoter.core.report import Report
from promoter.render import steady as room
from promoter.render.comment import comment
from promoter.render.html import html
from promoter.render.steady import steady
from tests.builders import (
    MIB,
    a_measured_evidence,
    a_measurement,
    a_model_run,
    a_report,
    some_measured_checks,
)
from tests.unit.render.reports import measured_request, promotable

SLOWER = {"load_seconds": 1.9, "p50_latency_ms": 0.6, "p95_latency_ms": 1.1, "peak_memory": 400 * MIB}


def judged(measurement: Measurement) -> Report:
    request = measured_request(some_measured_checks(), a_measured_evidence(measurement=measurement))
    return a_report(reason=request.reason, requests=(request,))


def both(**fields: object) -> Report:
    """Each model ran as given."""
    run = a_model_run(**fields)
    reference = ReferenceMeasurement(version="3", run=run)
    return judged(a_measurement(champion=run, challenger=run, reference=reference))


def said(report: Report) -> str:
    return comment(steady(report), marker="<!-- m -->") + html(steady(report))


def test_the_check_is_called_as_it_calls_itself() -> None:
    assert room.INFERENCE == inference.ID
    subjects = {one.subject for one in both().requests[0].results if one.check == inference.ID}
    assert subjects > room.VARYING


def test_times_and_memory_do_not_count() -> None:
    assert comment(both(), marker="") != comment(both(**SLOWER), marker="")
    assert said(both()) == said(both(**SLOWER))


@pytest.mark.parametrize(
    "fields",
    [
        {"p95_latency_ms": 3.4},
        {"load_seconds": 11.0},
        {"peak_memory": 2_048 * MIB},
        {"p95_latency_ms": 0.0},
        {"size": 5 * MIB},
        {"environment": "scikit-learn 1.8"},
        {"asked_twice": 100, "differing": 1},
    ],
)
def test_a_broken_limit_and_all_else_counts(fields: dict[str, object]) -> None:
    assert said(both()) != said(both(**fields))


def test_outcomes_stay() -> None:
    slow = both(p95_latency_ms=3.4)
    kept = [one.outcome for one in steady(slow).requests[0].results]
    assert kept == [one.outcome for one in slow.requests[0].results]
    assert Outcome.FAILED in kept


def test_a_report_without_measurement_stays_as_it_is() -> None:
    assert steady(promotable()) == promotable()
    bare = promotable()
    nothing = replace(bare, requests=(replace(bare.requests[0], evidence=None),))
    assert steady(nothing) == nothing
    alone = judged(a_measurement(champion=None))
    assert steady(alone).requests[0].evidence is not None
