"""`slices`: figures of parts of the rows, so that a gain for most hides no loss for some.

Of many slices some look worse by chance. A loss is clear only where Holm's procedure over the slices of one
metric says so; a slice that must be shown to be good is judged by its own interval. Slices that the policy
names must be there, and large enough to judge.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from promoter.checks.comparing.change import Loss
from promoter.checks.comparing.holm import rejected
from promoter.checks.comparing.measured import Case, comparison, judge_estimate
from promoter.checks.comparing.unmeasured import unmeasured
from promoter.checks.comparing.wording import lenient
from promoter.core.claims import finite
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.measurement import Measurement, SliceEstimates
from promoter.core.policy import MetricRule, SliceRule, Test
from promoter.text import quote, say

ID = "slices"

_MISSING = "(missing)"
# More that are all too small are told of in one sentence.
_MOST_SMALL = 20
_CORRECTED = frozenset({Test.NO_REGRESSION, Test.NON_INFERIORITY})


def run(rules: tuple[SliceRule, ...], evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result per slice and metric; its subject is `column=value · metric`."""
    measurement = evidence.measurement
    if measurement is None:
        return unmeasured(ID)
    return tuple(result for rule in rules for result in _judge(rule, evidence, measurement=measurement))


def _judge(rule: SliceRule, evidence: Evidence, *, measurement: Measurement) -> Iterator[CheckResult]:
    slices = _slices(rule, measurement)
    if not slices:
        yield _no_slices(rule, measurement)
    if len(slices) > _MOST_SMALL and all(_is_small(one, rule) for one in slices):
        yield _all_small(rule, slices)
        return
    for metric in rule.metrics:
        cases = _corrected([_case(one, metric) for one in slices], slices, rule=rule, measurement=measurement)
        for case, one in zip(cases, slices, strict=True):
            yield _result(case, one, rule=rule, evidence=evidence, measurement=measurement)


def _slices(rule: SliceRule, measurement: Measurement) -> list[SliceEstimates]:
    """Those that were measured, and behind them those that the policy names and nobody has seen."""
    found = [one for one in measurement.slices if tuple(column for column, _ in one.values) == rule.by]
    if not measurement.challenger.finished:
        return found
    seen = {_labels(one) for one in found}
    absent = (labels for labels in rule.values if labels not in seen)
    return found + [
        SliceEstimates(values=tuple(zip(rule.by, labels, strict=True)), rows=0) for labels in absent
    ]


def _labels(one: SliceEstimates) -> tuple[str, ...]:
    return tuple(label for _, label in one.values)


def _result(
    case: Case, one: SliceEstimates, *, rule: SliceRule, evidence: Evidence, measurement: Measurement
) -> CheckResult:
    shown = replace(comparison(case), rows=one.rows)
    if _without_value(case, one, rule=rule):
        return _not_judged(case, one, rule=rule)
    if one.rows >= rule.min_rows:
        return replace(judge_estimate(case, evidence, measurement=measurement), comparison=shown)
    is_named = _labels(one) in rule.values
    few = f"{_rows(one.rows)}, the policy asks for at least {rule.min_rows:,}"
    if one.rows > 0 and is_named:
        outcome, words = Outcome.INCONCLUSIVE, f" is named in the policy and too small to judge: {few}"
    elif one.rows > 0:
        outcome, words = Outcome.SKIPPED, f" is not judged: {few}"
    else:
        outcome, words = Outcome.FAILED, " is absent: no row belongs to this slice"
        words += ", which the policy names; see that the data spells it so" if is_named else ""
    message = say(*case.title, words)
    result = CheckResult(check=ID, subject=case.subject, outcome=outcome, message=message, comparison=shown)
    return lenient(result, case.rule.severity)


def _is_small(one: SliceEstimates, rule: SliceRule) -> bool:
    """Whether it is there, may not be judged, and nobody asked for it by name."""
    return 0 < one.rows < rule.min_rows and _labels(one) not in rule.values


def _all_small(rule: SliceRule, slices: Sequence[SliceEstimates]) -> CheckResult:
    """One sentence in the place of thousands: a column that names rows, and no kinds of rows, has so many."""
    columns = ", ".join(rule.by)
    most = _rows(max(one.rows for one in slices))
    message = say(
        f"none of the {len(slices):,} slices by ",
        quote(columns),
        f" is judged: the largest has {most}, the policy asks for at least {rule.min_rows:,}",
    )
    return CheckResult(check=ID, subject=columns, outcome=Outcome.SKIPPED, message=message)


def _without_value(case: Case, one: SliceEstimates, *, rule: SliceRule) -> bool:
    """Whether these rows give no model a value: neither does the challenger's lack of one tell against it."""
    estimate = case.estimate
    if estimate is None or one.rows < rule.min_rows:
        return False
    return bool(estimate.no_value.parts) and finite(estimate.champion) is None


def _not_judged(case: Case, one: SliceEstimates, *, rule: SliceRule) -> CheckResult:
    """Of a slice that the data leaves without a value: shown, and where the policy names it, undecided."""
    assert case.estimate is not None
    is_named = _labels(one) in rule.values
    message = say(*case.title, " is not judged: it has no value, because ", *case.estimate.no_value.parts)
    result = CheckResult(
        check=ID,
        subject=case.subject,
        outcome=Outcome.INCONCLUSIVE if is_named else Outcome.SKIPPED,
        message=message,
        comparison=replace(comparison(case), rows=one.rows),
    )
    return lenient(result, case.rule.severity, without_figure=result.outcome)


def _rows(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


def _case(one: SliceEstimates, metric: MetricRule) -> Case:
    values = ", ".join(f"{column}={value or _MISSING}" for column, value in one.values)
    subject = f"{values} · {metric.name}"
    return Case(
        check=ID,
        subject=subject,
        name=subject,
        title=(quote(subject),),
        rule=metric,
        estimate=one.estimates.get(metric.name),
        loss=Loss.NOT_CORRECTED,
    )


def _corrected(
    cases: Sequence[Case], slices: Sequence[SliceEstimates], *, rule: SliceRule, measurement: Measurement
) -> list[Case]:
    """The cases with what Holm's procedure over those that are judged says of a loss."""
    p_values = {
        index: case.estimate.p_worse
        for index, (case, one) in enumerate(zip(cases, slices, strict=True))
        if case.rule.test in _CORRECTED
        and one.rows >= rule.min_rows
        and case.estimate is not None
        and case.estimate.p_worse is not None
        and math.isfinite(case.estimate.p_worse)
    }
    lost = dict(
        zip(p_values, rejected(list(p_values.values()), 1 - measurement.confidence_level), strict=True)
    )
    return [
        replace(case, loss=Loss.CLEAR if lost[index] else Loss.NOT_CLEAR) if index in lost else case
        for index, case in enumerate(cases)
    ]


def _no_slices(rule: SliceRule, measurement: Measurement) -> CheckResult:
    columns = ", ".join(rule.by)
    if measurement.challenger.finished:
        message = say("the data has no slices by ", quote(columns))
    else:
        message = say(f"no slice was measured, because the challenger {measurement.challenger.failure}")
    return CheckResult(check=ID, subject=columns, outcome=Outcome.FAILED, message=message)
