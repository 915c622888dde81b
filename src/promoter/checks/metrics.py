"""`metrics`: figures logged at training, compared as they stand.

A figure keeps its limits or it does not; nothing is estimated. Every test is a positive assertion on a
finite number, so that NaN can never pass one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from promoter.core.claims import ROUNDING, Claim, Figures, claim, pair, same, why_unusable
from promoter.core.evidence import CheckResult, Evidence, MetricComparison, Outcome
from promoter.core.policy import MetricRule, Severity
from promoter.text import Message, Part, quote, say

ID = "metrics"

# A change has no meaning as a fraction of a figure closer to zero than this.
_NEAREST_ZERO = 1e-12
_WORST_FIRST = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.PASSED)
_DIGITS = (4, 6, 9, 12)


class _Unit(Enum):
    """What a limit is measured in: the metric's own unit, or fractions of the champion's figure."""

    METRIC = auto()
    CHAMPION = auto()


@dataclass(frozen=True, kw_only=True)
class _Limit:
    """The least improvement asked for; a negative one allows that much worse."""

    least: float
    unit: _Unit

    def __str__(self) -> str:
        size = f"{abs(self.least) * 100:.12g} %" if self.unit is _Unit.CHAMPION else f"{abs(self.least):.12g}"
        if self.least == 0:
            return "not worse"
        return f"at least {size} better" if self.least > 0 else f"at most {size} worse"


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One rule with what both models claim; `figures` says why where nothing may be compared."""

    rule: MetricRule
    challenger: Claim
    champion: Claim | None
    figures: Figures | Message

    @property
    def sign(self) -> int:
        """1 where greater is better, -1 where lower is."""
        return 1 if self.rule.greater_is_better else -1


@dataclass(frozen=True, kw_only=True)
class _Finding:
    """What came of one part of a rule: `text` is what was asked, or why it could not be decided."""

    outcome: Outcome
    text: Message


def run(rules: tuple[MetricRule, ...], evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result per metric, in the policy's order; its subject is the metric's name."""
    return tuple(_judge(_case(rule, evidence)) for rule in rules)


def _case(rule: MetricRule, evidence: Evidence) -> _Case:
    challenger = claim(evidence.challenger, rule.name)
    if evidence.champion is None:
        alone = say("no version holds the alias yet, so there is nothing to compare with")
        return _Case(rule=rule, challenger=challenger, champion=None, figures=alone)
    champion = claim(evidence.champion, rule.name)
    return _Case(rule=rule, challenger=challenger, champion=champion, figures=pair(challenger, champion))


def _judge(case: _Case) -> CheckResult:
    value = case.challenger.value
    if value is None:
        return _result(case, Outcome.FAILED, message=why_unusable(case.challenger, "challenger"))
    findings = (*_floor(case, value), *_changes(case))
    outcomes = {finding.outcome for finding in findings}
    # Nothing asked, or only comparisons where there is no champion: that is not a yes.
    outcome = next((worst for worst in _WORST_FIRST if worst in outcomes), Outcome.SKIPPED)
    return _result(case, outcome, message=_sentence(case, value, findings=findings))


def _floor(case: _Case, value: float) -> Iterator[_Finding]:
    threshold = case.rule.threshold
    if threshold is not None:
        scale = max(abs(value), abs(threshold))
        outcome = _reaches(case.sign * value, case.sign * threshold, scale=scale)
        yield _Finding(outcome=outcome, text=say(_threshold_in_words(case.rule)))


def _changes(case: _Case) -> Iterator[_Finding]:
    if not case.rule.compares:
        return
    if isinstance(case.figures, Message):
        outcome = Outcome.SKIPPED if case.champion is None else Outcome.INCONCLUSIVE
        yield _Finding(outcome=outcome, text=case.figures)
        return
    for limit in _limits(case.rule):
        yield _change(limit, case.figures, sign=case.sign)


def _change(limit: _Limit, figures: Figures, *, sign: int) -> _Finding:
    whole = abs(figures.champion) if limit.unit is _Unit.CHAMPION else 1.0
    if whole < _NEAREST_ZERO:
        text = say(f"a change relative to the champion's {figures.champion:.4g} has no meaning")
        return _Finding(outcome=Outcome.INCONCLUSIVE, text=text)
    scale = max(abs(figures.challenger), abs(figures.champion))
    outcome = _reaches(sign * figures.change, limit.least * whole, scale=scale)
    return _Finding(outcome=outcome, text=say(str(limit)))


def _reaches(value: float, least: float, *, scale: float) -> Outcome:
    """The one comparison of this check; `scale` is the size of the figures that `value` came from."""
    reached = math.isfinite(value) and value >= least - ROUNDING * scale
    return Outcome.PASSED if reached else Outcome.FAILED


def _limits(rule: MetricRule) -> tuple[_Limit, ...]:
    asked = (
        (_Unit.METRIC, rule.min_absolute_change),
        (_Unit.CHAMPION, rule.min_relative_change),
        (_Unit.METRIC, _negative(rule.max_absolute_degradation)),
        (_Unit.CHAMPION, _negative(rule.max_relative_degradation)),
    )
    return tuple(_Limit(least=least, unit=unit) for unit, least in asked if least is not None)


def _negative(limit: float | None) -> float | None:
    return None if limit is None else -limit


# --- in words ------------------------------------------------------------------------------------


def _rule_in_words(rule: MetricRule) -> str:
    threshold = [] if rule.threshold is None else [_threshold_in_words(rule)]
    return "; ".join(dict.fromkeys([*threshold, *map(str, _limits(rule))]))


def _threshold_in_words(rule: MetricRule) -> str:
    return f"{'≥' if rule.greater_is_better else '≤'} {rule.threshold:.12g}"


def _sentence(case: _Case, value: float, *, findings: Sequence[_Finding]) -> Message:
    parts: list[Part] = [quote(case.rule.name), " is ", *_position(case, value)]
    broken, kept = _texts(findings, Outcome.FAILED), _texts(findings, Outcome.PASSED)
    if broken:
        parts.append(f", but the rule asks for {' and '.join(broken)}")
    elif kept:
        parts.append(f", and keeps the rule ({'; '.join(kept)})")
    elif not findings:
        parts.append(", and the rule asks nothing of it")
    for finding in findings:
        if finding.outcome in {Outcome.INCONCLUSIVE, Outcome.SKIPPED}:
            parts += ["; ", *finding.text.parts]
    return say(*parts, *_notes(case))


def _texts(findings: Sequence[_Finding], outcome: Outcome) -> list[str]:
    """What was asked, each once: "not worse" may be asked in both units."""
    return list(dict.fromkeys(str(finding.text) for finding in findings if finding.outcome is outcome))


def _position(case: _Case, value: float) -> Iterator[str]:
    """The challenger's figure, and how far it is from the champion's where that means something."""
    figures = case.figures
    threshold = [] if case.rule.threshold is None else [case.rule.threshold]
    if isinstance(figures, Message):
        yield f"{_text(value, beside=threshold)} as claimed by the {case.challenger.source}"
        return
    here, there = _text(value, beside=[figures.champion, *threshold]), _text(figures.champion, beside=[value])
    yield f"{here} as claimed by the {case.challenger.source}, "
    if figures.change == 0:
        yield f"the same as the champion's {there}"
    else:
        side = "better" if case.sign * figures.change > 0 else "worse"
        yield f"{_size(case.rule, figures)} {side} than the champion's {there}"


def _size(rule: MetricRule, figures: Figures) -> str:
    """How large the change is, as a fraction of the champion's figure too where the rule speaks of one."""
    limits = _limits(rule)
    absolute = [abs(limit.least) for limit in limits if limit.unit is _Unit.METRIC]
    relative = [abs(limit.least) * 100 for limit in limits if limit.unit is _Unit.CHAMPION]
    size = _text(abs(figures.change), beside=absolute)
    whole = abs(figures.champion)
    if not relative or whole < _NEAREST_ZERO:
        return size
    return f"{size} ({_text(abs(figures.change) / whole * 100, beside=relative)} %)"


def _text(value: float, *, beside: Sequence[float]) -> str:
    """The number in as few digits as tell it from those it is shown beside."""
    others = [other for other in beside if not same(value, other)]
    enough = (
        digits
        for digits in _DIGITS
        if all(f"{value:.{digits}g}" != f"{other:.{digits}g}" for other in others)
    )
    return f"{value:.{next(enough, _DIGITS[-1])}g}"


def _notes(case: _Case) -> Iterator[Part]:
    """What a reader should know of the figures and no rule asks about."""
    elsewhere = case.challenger.elsewhere
    if elsewhere is not None:
        yield f"; its logged model claims {elsewhere:.4g}"
    if case.champion is None or not case.rule.compares or isinstance(case.figures, Message):
        return
    if case.champion.elsewhere is not None:
        yield f"; the champion's logged model claims {case.champion.elsewhere:.4g}"
    silent = [
        role
        for role, found in (("challenger", case.challenger), ("champion", case.champion))
        if not found.digests
    ]
    if silent:
        yield f"; no dataset was logged for the {' and the '.join(silent)}, so the data may differ"


def _result(case: _Case, outcome: Outcome, *, message: Message) -> CheckResult:
    if case.rule.severity is Severity.WARN and outcome in {Outcome.FAILED, Outcome.INCONCLUSIVE}:
        outcome, message = Outcome.WARNED, say(*message.parts, "; the policy asks for a warning only")
    return CheckResult(
        check=ID, subject=case.rule.name, outcome=outcome, message=message, comparison=_comparison(case)
    )


def _comparison(case: _Case) -> MetricComparison:
    """The figures for the reader; anything but a finite number is None."""
    claims = [found for found in (case.challenger, case.champion) if found is not None]
    sources = dict.fromkeys(found.source.value for found in claims if found.source is not None)
    change = case.figures.change if isinstance(case.figures, Figures) else math.inf
    return MetricComparison(
        name=case.rule.name,
        greater_is_better=case.rule.greater_is_better,
        champion=case.champion.value if case.champion is not None else None,
        challenger=case.challenger.value,
        change=change if math.isfinite(change) else None,
        rule=_rule_in_words(case.rule),
        source=" and ".join(sources),
    )
