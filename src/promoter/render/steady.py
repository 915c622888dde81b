"""A report without what differs from run to run on the same evidence: does it say anything new?"""

from __future__ import annotations

from dataclasses import replace

from promoter.core.evidence import CheckResult, Evidence
from promoter.core.measurement import Measurement, ModelRun
from promoter.core.report import Report, RequestReport
from promoter.text import NOTHING

INFERENCE = "inference"
# What the check `inference` tells of time and memory; of these only the outcome stays.
VARYING = frozenset({"p95_latency_ms", "load_seconds", "memory_mb"})


def steady(report: Report) -> Report:
    """The same report with times and memory replaced: whether they are known is kept, and every outcome."""
    return replace(report, requests=tuple(map(_request, report.requests)))


def _request(request: RequestReport) -> RequestReport:
    found = request.evidence
    return replace(
        request,
        results=tuple(map(_result, request.results)),
        evidence=_evidence(found) if found is not None else None,
    )


def _result(result: CheckResult) -> CheckResult:
    varies = result.check == INFERENCE and result.subject in VARYING
    return replace(result, message=NOTHING) if varies else result


def _evidence(found: Evidence) -> Evidence:
    return replace(found, measurement=_measurement(found.measurement)) if found.measurement else found


def _measurement(found: Measurement) -> Measurement:
    reference = found.reference
    return replace(
        found,
        challenger=_run(found.challenger),
        champion=_run(found.champion) if found.champion is not None else None,
        reference=replace(reference, run=_run(reference.run)) if reference is not None else None,
    )


def _run(run: ModelRun) -> ModelRun:
    return replace(
        run,
        load_seconds=_known(run.load_seconds),
        p50_latency_ms=_known(run.p50_latency_ms),
        p95_latency_ms=_known(run.p95_latency_ms),
        peak_memory=int(_known(run.peak_memory)),
    )


def _known(figure: float) -> float:
    return 1.0 if figure > 0 else 0.0
