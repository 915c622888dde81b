"""`inference`: the challenger loads, answers every row validly, and keeps within its limits.

The champion is shown beside it. A champion or a reference that does not run leaves the comparisons undecided:
they are what it was run for. Some rows are predicted twice; a model that answers them otherwise is warned of.
A challenger that predicts the same for every row fails, whatever its figures are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from promoter.checks.comparing.limits import reaches
from promoter.checks.comparing.measured import without_champion
from promoter.checks.comparing.numbers import number
from promoter.checks.comparing.reference import without_reference
from promoter.checks.comparing.unmeasured import unmeasured
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.layers import missing_in
from promoter.core.measurement import Measurement, ModelRun
from promoter.core.policy import InferenceRule
from promoter.text import Message, say

ID = "inference"
RUNS = "runs"
CHAMPION = "champion"
REFERENCE = "reference"
REPEATS = "repeats"
SANDBOX = "sandbox"
VARIES = "varies"

_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class _Limit:
    """One limit of the policy. `of` reads a figure in the limit's unit; 0 and less was not measured."""

    subject: str
    what: str
    unit: str
    most: float | None
    of: Callable[[ModelRun], float]


def run(rule: InferenceRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """Results on `runs`, on each limit asked for, on a `champion` or a `reference` that did not run, on
    `varies` (`champion_varies`, `reference_varies`) where all predictions are the same, on `repeats`
    (`champion_repeats`, `reference_repeats`) where they differ from one time to the next, and on the
    `sandbox` where it was not whole."""
    measurement = evidence.measurement
    if measurement is None:
        return unmeasured(ID)
    return tuple(_judge(rule, evidence, measurement=measurement))


def _judge(rule: InferenceRule, evidence: Evidence, *, measurement: Measurement) -> Iterator[CheckResult]:
    challenger, champion = measurement.challenger, measurement.champion
    beside = champion if champion is not None and champion.finished else None
    yield _runs(challenger)
    for limit in _limits(rule) if challenger.finished else ():
        if limit.most is not None:
            yield _keeps(limit, challenger, most=limit.most, beside=beside)
    missing = without_champion(evidence, measurement)
    if missing is not None and missing.outcome is Outcome.INCONCLUSIVE and beside is None:
        why = (": ", *champion.problem.parts) if champion is not None else ()
        yield _result(CHAMPION, Outcome.INCONCLUSIVE, message=say(*missing.text.parts, *why))
    yield from _reference(evidence, measurement)
    yield from _varies(evidence, measurement)
    yield from _repeats(evidence, measurement)
    yield from _sandbox(measurement)


def _runs(challenger: ModelRun) -> CheckResult:
    if not challenger.finished:
        problem = challenger.problem.parts
        return _result(RUNS, Outcome.FAILED, message=say(f"the challenger {challenger.failure}: ", *problem))
    how = "loaded and answered every row" if challenger.ran else "logged a prediction for every row"
    return _result(RUNS, Outcome.PASSED, message=say(f"the challenger {how}"))


def _reference(evidence: Evidence, measurement: Measurement) -> Iterator[CheckResult]:
    """Only of a version that is not told of already."""
    reference = measurement.reference
    if reference is None or reference.version in _told(evidence):
        return
    missing = without_reference(evidence, reference)
    if missing is not None:
        message = say(*missing.text.parts, ": ", *reference.run.problem.parts)
        yield _result(REFERENCE, Outcome.INCONCLUSIVE, message=message)


def _varies(evidence: Evidence, measurement: Measurement) -> Iterator[CheckResult]:
    """Of a champion or a reference too: whoever is compared with it should know how little that says."""
    constant, rows = measurement.challenger.constant, f"{measurement.data.rows:,} rows"
    if constant.parts:
        same = say("the challenger predicts the same for all ", rows, ": ", *constant.parts)
        do = (
            "; a model that tells no row from another is never promoted: see whether its features reach it "
            "(renamed, empty, of another scale?) and whether its training came to an end"
        )
        yield _result(VARIES, Outcome.FAILED, message=say(*same.parts, do))
    for role, run in _others(evidence, measurement):
        if run.constant.parts:
            same = say(f"the {role} predicts the same for all ", rows, ": ", *run.constant.parts)
            told = say(*same.parts, "; to be better than that says little")
            yield _result(f"{role}_{VARIES}", Outcome.WARNED, message=told)


def _others(evidence: Evidence, measurement: Measurement) -> Iterator[tuple[str, ModelRun]]:
    """Those the challenger is compared with, each version once."""
    if measurement.champion is not None:
        yield CHAMPION, measurement.champion
    reference = measurement.reference
    if reference is not None and reference.version not in _told(evidence):
        yield REFERENCE, reference.run


def _repeats(evidence: Evidence, measurement: Measurement) -> Iterator[CheckResult]:
    others = _others(evidence, measurement)
    models = (
        (REPEATS, "", measurement.challenger),
        *((f"{role}_{REPEATS}", f"of the {role}, ", run) for role, run in others),
    )
    for subject, whose, run in models:
        if run.differing > 0:
            rows = f"{run.differing:,} of {run.asked_twice:,} rows were predicted differently the second time"
            message = say(f"{whose}{rows}; every interval assumes they are not")
            yield _result(subject, Outcome.WARNED, message=message)


def _sandbox(measurement: Measurement) -> Iterator[CheckResult]:
    gone = missing_in(measurement.sandboxes)
    if gone:
        message = say(f"models ran without {', '.join(gone)}: their code was not confined")
        yield _result(SANDBOX, Outcome.WARNED, message=message)


def _told(evidence: Evidence) -> frozenset[str]:
    champion = evidence.champion
    return frozenset({evidence.own_number, *([champion.version] if champion else [])})


def _limits(rule: InferenceRule) -> tuple[_Limit, ...]:
    return (
        _Limit(
            subject="p95_latency_ms",
            what="the slowest 5 % of rows take",
            unit="ms per row",
            most=rule.max_p95_latency_ms,
            of=lambda run: run.p95_latency_ms,
        ),
        _Limit(
            subject="load_seconds",
            what="loading takes",
            unit="s",
            most=rule.max_load_seconds,
            of=lambda run: run.load_seconds,
        ),
        _Limit(
            subject="memory_mb",
            what="at its peak it needs",
            unit="MiB of memory",
            most=rule.max_memory_mb,
            of=lambda run: run.peak_memory / _MIB,
        ),
        _Limit(
            subject="size_mb",
            what="the model has",
            unit="MiB",
            most=rule.max_size_mb,
            of=lambda run: run.size / _MIB,
        ),
    )


def _keeps(limit: _Limit, challenger: ModelRun, *, most: float, beside: ModelRun | None) -> CheckResult:
    value = limit.of(challenger)
    if value <= 0:
        message = say(f"{limit.subject} of the challenger was not measured")
        return _result(limit.subject, Outcome.INCONCLUSIVE, message=message)
    kept = reaches(-value, -most, scale=max(abs(value), abs(most)))
    found = f"{limit.what} {number(value, beside=[most])} {limit.unit}"
    other = limit.of(beside) if beside is not None else math.nan
    before = f" (the champion: {number(other)})" if other > 0 else ""
    verb = "and" if kept else "but"
    message = say(f"{found}{before}, {verb} the policy allows at most {number(most, beside=[value])}")
    return _result(limit.subject, Outcome.PASSED if kept else Outcome.FAILED, message=message)


def _result(subject: str, outcome: Outcome, *, message: Message) -> CheckResult:
    return CheckResult(check=ID, subject=subject, outcome=outcome, message=message)
