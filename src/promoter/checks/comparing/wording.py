"""The sentence on one metric: where the challenger stands, and what that means for the rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from promoter.checks.comparing.change import Change, Finding, Interval
from promoter.checks.comparing.limits import NEAREST_ZERO, Unit, limits, reaches, threshold_in_words
from promoter.checks.comparing.numbers import number, percent
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.policy import MetricRule, Severity
from promoter.text import Message, Part, say

_WORST_FIRST = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.PASSED)
_UNSETTLED = frozenset({Outcome.INCONCLUSIVE, Outcome.SKIPPED})
_AGAINST = frozenset({Outcome.FAILED, Outcome.INCONCLUSIVE})


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The challenger's figure, how it compares where it does, and where it comes from (" as claimed …")."""

    title: tuple[Part, ...]
    rule: MetricRule
    value: float
    change: Change | None = None
    origin: str = ""


def floor(rule: MetricRule, value: float) -> Iterator[Finding]:
    """Whether the challenger's own figure keeps the threshold, where there is one."""
    if rule.threshold is not None:
        sign = 1 if rule.greater_is_better else -1
        kept = reaches(sign * value, sign * rule.threshold, scale=max(abs(value), abs(rule.threshold)))
        outcome = Outcome.PASSED if kept else Outcome.FAILED
        yield Finding(outcome=outcome, text=say(threshold_in_words(rule)))


def worst(findings: Sequence[Finding]) -> Outcome:
    """The outcome of all findings together."""
    outcomes = {finding.outcome for finding in findings}
    # Nothing asked, or only comparisons where there is no champion: that is not a yes.
    return next((outcome for outcome in _WORST_FIRST if outcome in outcomes), Outcome.SKIPPED)


def sentence(standing: Standing, findings: Sequence[Finding]) -> Message:
    """Where the challenger stands, and what was asked."""
    parts: list[Part] = [*standing.title, " is ", *_position(standing)]
    broken, kept = _texts(findings, Outcome.FAILED), _texts(findings, Outcome.PASSED)
    if broken:
        parts.append(f", but the rule asks for {' and '.join(broken)}")
    elif kept:
        parts.append(f", and keeps the rule ({'; '.join(kept)})")
    elif not findings:
        parts.append(", and the rule asks nothing of it")
    for finding in findings:
        if finding.outcome in _UNSETTLED:
            parts += ["; ", *finding.text.parts]
    return say(*parts)


def lenient(
    result: CheckResult, severity: Severity, *, without_figure: Outcome = Outcome.PASSED
) -> CheckResult:
    """The result as the rule's severity has it: a broken limit may be a warning.

    `without_figure` is what follows from a figure that is missing or no finite number; FAILED and
    INCONCLUSIVE stand whatever the severity, because nobody knows whether the limit is broken.
    """
    if severity is not Severity.WARN or result.outcome not in _AGAINST:
        return result
    if without_figure in _AGAINST:
        return replace(result, outcome=without_figure)
    message = say(*result.message.parts, "; the policy asks for a warning only")
    return replace(result, outcome=Outcome.WARNED, message=message)


def _texts(findings: Sequence[Finding], outcome: Outcome) -> list[str]:
    """What was asked, each once: "not worse" may be asked in both units."""
    return list(dict.fromkeys(str(finding.text) for finding in findings if finding.outcome is outcome))


def _position(standing: Standing) -> Iterator[Part]:
    """The challenger's figure, and how far it is from the champion's where that means something."""
    value, change = standing.value, standing.change
    threshold = [] if standing.rule.threshold is None else [standing.rule.threshold]
    if change is None:
        yield number(value, beside=threshold) + standing.origin
        return
    here = number(value, beside=[change.champion, *threshold])
    there = number(change.champion, beside=[value])
    yield f"{here}{standing.origin}, "
    if change.better == 0:
        yield f"the same as the {change.beside}'s {there}"
    else:
        yield f"{_size(standing.rule, change)} {_side(change.better)} than the {change.beside}'s {there}"
    if change.interval is not None and change.interval.lower < change.interval.upper:
        yield f" ({_range(change.interval)})"


def _side(better: float) -> str:
    return "better" if better > 0 else "worse"


def _range(found: Interval) -> str:
    level = percent(2 * found.confidence_level - 1)
    ends = sorted((found.lower, found.upper), key=abs)
    near, far = (number(abs(end), beside=[abs(other) for other in ends]) for end in ends)
    if found.lower < 0 < found.upper:
        low, high = number(-found.lower), number(found.upper)
        return f"with {level} confidence between {low} worse and {high} better"
    return f"with {level} confidence between {near} and {far} {_side(ends[1])}"


def _size(rule: MetricRule, change: Change) -> str:
    """How large the change is, as a fraction of the champion's figure too where the rule speaks of one."""
    asked = limits(rule)
    absolute = [abs(limit.least) for limit in asked if limit.unit is Unit.METRIC]
    relative = [abs(limit.least) * 100 for limit in asked if limit.unit is Unit.CHAMPION]
    size = number(abs(change.better), beside=absolute)
    whole = abs(change.champion)
    if not relative or whole < NEAREST_ZERO:
        return size
    return f"{size} ({number(abs(change.better) / whole * 100, beside=relative)} %)"
