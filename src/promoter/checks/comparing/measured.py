"""Figures that Promoter measured: both models on the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from promoter.checks.comparing.change import (
    Beside,
    Change,
    Finding,
    Interval,
    Loss,
    is_clear_loss_alone,
    judge_change,
    least,
    too_few,
    undecided,
)
from promoter.checks.comparing.limits import asks_for_comparison, rule_in_words
from promoter.checks.comparing.numbers import number, percent
from promoter.checks.comparing.wording import Standing, floor, lenient, sentence, worst
from promoter.core.claims import claim, finite, same, same_bytes, same_model
from promoter.core.evidence import CheckResult, Evidence, MetricComparison, Outcome
from promoter.core.measurement import Estimate, Measurement
from promoter.core.policy import MetricRule, Test
from promoter.text import Message, Part, quote, say

SOURCE = "measured"
# Resamples without a value say that the rows are too few for this figure.
_MOST_UNDEFINED = 0.01
# From so many on intervals hold what they promise, by simulation and in the literature.
_FEW_ROWS, _FEW_GROUPS = 200, 50


@dataclass(frozen=True, kw_only=True)
class Case:
    """One rule and the figure it is about. `name` is what tables call it, `title` what sentences do;
    `loss` is what a correction over several slices says, `beside` whom the estimate compares with."""

    check: str
    subject: str
    name: str
    title: tuple[Part, ...]
    rule: MetricRule
    estimate: Estimate | None
    loss: Loss | None = None
    beside: Beside = Beside.CHAMPION


def judge_estimate(case: Case, evidence: Evidence, *, measurement: Measurement) -> CheckResult:
    """What the measured figures say of one rule."""
    value = finite(case.estimate.challenger) if case.estimate is not None else None
    found = _comparable(case, evidence, measurement=measurement)
    change = found if isinstance(found, Change) else None
    if value is None:
        outcome, message, needed = Outcome.FAILED, why_missing(case, measurement), None
    else:
        findings = [*floor(case.rule, value)]
        if asks_for_comparison(case.rule):
            findings += judge_change(case.rule, found) if isinstance(found, Change) else [found]
        standing = Standing(title=case.title, rule=case.rule, value=value, change=change)
        outcome = worst(findings)
        message = say(*sentence(standing, findings).parts, *_notes(case, change, evidence=evidence))
        needed = max((one.rows_needed for one in findings if one.rows_needed is not None), default=None)
    result = CheckResult(
        check=case.check,
        subject=case.subject,
        outcome=outcome,
        message=message,
        comparison=replace(comparison(case), rows_needed=needed),
    )
    return lenient(result, case.rule.severity, without_figure=_without_figure(case, found))


def _without_figure(case: Case, found: Change | Finding) -> Outcome:
    """What follows from a figure, a change or an interval that is no finite number; PASSED: nothing."""
    shown = comparison(case)
    if shown.challenger is None:
        return Outcome.FAILED
    if isinstance(found, Change) or not asks_for_comparison(case.rule):
        return Outcome.PASSED
    is_whole = shown.champion is not None and shown.change is not None
    return Outcome.PASSED if is_whole and found.outcome is not Outcome.FAILED else found.outcome


def why_missing(case: Case, measurement: Measurement) -> Message:
    """Why the challenger has no figure."""
    if not measurement.challenger.finished:
        return say(*case.title, f" was not measured, because the challenger {measurement.challenger.failure}")
    if case.estimate is None:
        return say(*case.title, " was not measured: Promoter has no such figure for these rows")
    if case.estimate.no_value.parts:
        return say(*case.title, " has no value for any model, because ", *case.estimate.no_value.parts)
    return say(*case.title, " has no finite value for the challenger")


def without_champion(evidence: Evidence, measurement: Measurement) -> Finding | None:
    """Why no figure may be compared, whichever it is; None where the champion was measured."""
    if evidence.champion is None:
        alone = say("no version holds the alias yet, so there is nothing to compare with")
        return Finding(outcome=Outcome.SKIPPED, text=alone)
    copy = same_model(evidence.challenger, evidence.champion)
    if copy is not None:
        return undecided(copy)
    champion = quote(evidence.champion.version)
    if measurement.champion is None:
        return undecided(
            say("the champion, version ", champion, ", was not measured, so nothing can be compared")
        )
    if not measurement.champion.finished:
        return undecided(
            say(
                "the champion, version ",
                champion,
                f", {measurement.champion.failure}, so nothing can be compared",
            )
        )
    copy = same_bytes(measurement.challenger, measurement.champion)
    return undecided(copy) if copy is not None else None


def _comparable(case: Case, evidence: Evidence, *, measurement: Measurement) -> Change | Finding:
    """The change, or why there is none to judge."""
    missing = without_champion(evidence, measurement) if case.beside is Beside.CHAMPION else None
    if missing is not None:
        return missing
    estimate = case.estimate
    if estimate is None or estimate.champion is None or estimate.change is None:
        return undecided(say(f"it has no value for the {case.beside}"))
    few = too_few(estimate.rows, estimate.groups)
    if few is not None and case.rule.test is not Test.POINT:
        return few
    if few is None and not estimate.undefined <= _MOST_UNDEFINED:
        share = percent(estimate.undefined)
        return undecided(
            say(f"in {share} of the resamples it has no value, so there are too few rows for it")
        )
    return _change(case, estimate, level=measurement.confidence_level)


def _change(case: Case, estimate: Estimate, *, level: float) -> Change | Finding:
    challenger, champion = finite(estimate.challenger), finite(estimate.champion)
    difference = finite(estimate.change)
    ends = [finite(end) for end in (estimate.lower, estimate.upper) if end is not None]
    if challenger is None or champion is None or difference is None or None in ends:
        return Finding(outcome=Outcome.FAILED, text=say("a change that is a finite number"))
    sign = 1 if case.rule.greater_is_better else -1
    signed = sorted(sign * end for end in ends if end is not None)
    return Change(
        challenger=challenger,
        champion=champion,
        better=0.0 if same(challenger, champion) else sign * difference,
        interval=_interval(signed, estimate, level=level),
        loss=case.loss,
        beside=case.beside,
    )


def _interval(ends: list[float], estimate: Estimate, *, level: float) -> Interval | None:
    if not (estimate.lower is not None and estimate.upper is not None):
        return None
    return Interval(
        lower=ends[0],
        upper=ends[-1],
        rows=estimate.rows,
        confidence_level=level,
        standard_error=estimate.standard_error,
        groups=estimate.groups,
    )


def _notes(case: Case, change: Change | None, *, evidence: Evidence) -> Iterator[Part]:
    """What a reader should know and no rule asks about."""
    if change is not None and is_clear_loss_alone(case.rule, change):
        yield "; alone it would be a clear loss, but of so many slices some look like one by chance"
    yield from _few(case, change)
    claimed = claim(evidence.challenger, case.subject)
    measured = finite(case.estimate.challenger) if case.estimate is not None else None
    if claimed.value is not None and measured is not None and number(claimed.value) != number(measured):
        yield f"; its {claimed.source} claims {number(claimed.value)}"


def _few(case: Case, change: Change | None) -> Iterator[str]:
    """On how many rows or groups a test decides, where they are few though enough."""
    if change is None or change.interval is None or case.rule.test is Test.POINT:
        return
    rows, groups = change.interval.rows, change.interval.groups
    if groups is not None and groups < _FEW_GROUPS:
        yield f"; that is of {groups} groups of rows only"
    elif rows < _FEW_ROWS:
        yield f"; that is of {rows} rows only"


def comparison(case: Case) -> MetricComparison:
    """The figures for the reader; anything but a finite number is None."""
    found = case.estimate
    champion = finite(found.champion) if found else None
    return MetricComparison(
        name=case.name,
        greater_is_better=case.rule.greater_is_better,
        champion=champion,
        challenger=finite(found.challenger) if found else None,
        change=finite(found.change) if found else None,
        rule=rule_in_words(case.rule, figure="not worse" if case.loss is None else ""),
        source=SOURCE,
        lower=finite(found.lower) if found else None,
        upper=finite(found.upper) if found else None,
        rows=found.rows if found else None,
        least=None if champion is None else least(case.rule, champion),
    )
