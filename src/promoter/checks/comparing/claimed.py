"""Figures logged at training, compared as they stand: nothing is estimated."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from promoter.checks.comparing.change import Change, Finding, judge_change
from promoter.checks.comparing.limits import asks_for_comparison, rule_in_words
from promoter.checks.comparing.wording import Standing, floor, lenient, sentence, worst
from promoter.core.claims import Claim, Figures, claim, pair, why_unusable
from promoter.core.evidence import CheckResult, Evidence, MetricComparison, Outcome
from promoter.core.policy import MetricRule
from promoter.text import Message, Part, quote, say


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One rule with what both models claim; `change` says why where nothing may be compared."""

    rule: MetricRule
    challenger: Claim
    champion: Claim | None
    change: Change | Message


def judge_claims(check: str, rule: MetricRule, *, evidence: Evidence) -> CheckResult:
    """What the runs' own figures say of one metric; the subject is its name."""
    case = _case(rule, evidence)
    value = case.challenger.value
    if value is None:
        outcome, message = Outcome.FAILED, why_unusable(case.challenger, "challenger")
    else:
        findings = (*floor(rule, value), *_changes(case))
        standing = Standing(
            title=(quote(rule.name),),
            rule=rule,
            value=value,
            change=case.change if isinstance(case.change, Change) else None,
            origin=f" as claimed by the {case.challenger.source}",
        )
        outcome = worst(findings)
        message = say(*sentence(standing, findings).parts, *_notes(case))
    result = CheckResult(
        check=check, subject=rule.name, outcome=outcome, message=message, comparison=_comparison(case)
    )
    return lenient(result, rule.severity, without_figure=_without_figure(case))


def _without_figure(case: _Case) -> Outcome:
    """What follows from a claim that is no finite number; PASSED: nothing."""
    if case.challenger.value is None:
        return Outcome.FAILED
    lacks = case.champion is not None and case.champion.value is None
    return Outcome.INCONCLUSIVE if lacks and asks_for_comparison(case.rule) else Outcome.PASSED


def _case(rule: MetricRule, evidence: Evidence) -> _Case:
    challenger = claim(evidence.challenger, rule.name)
    if evidence.champion is None:
        alone = say("no version holds the alias yet, so there is nothing to compare with")
        return _Case(rule=rule, challenger=challenger, champion=None, change=alone)
    champion = claim(evidence.champion, rule.name)
    change = _change(pair(challenger, champion), rule)
    return _Case(rule=rule, challenger=challenger, champion=champion, change=change)


def _change(figures: Figures | Message, rule: MetricRule) -> Change | Message:
    if isinstance(figures, Message):
        return figures
    sign = 1 if rule.greater_is_better else -1
    return Change(challenger=figures.challenger, champion=figures.champion, better=sign * figures.change)


def _changes(case: _Case) -> tuple[Finding, ...]:
    if not asks_for_comparison(case.rule):
        return ()
    if isinstance(case.change, Message):
        outcome = Outcome.SKIPPED if case.champion is None else Outcome.INCONCLUSIVE
        return (Finding(outcome=outcome, text=case.change),)
    return judge_change(case.rule, case.change)


def _notes(case: _Case) -> Iterator[Part]:
    """What a reader should know of the figures and no rule asks about."""
    elsewhere = case.challenger.elsewhere
    if elsewhere is not None:
        yield f"; its logged model claims {elsewhere:.4g}"
    if case.champion is None or not asks_for_comparison(case.rule) or isinstance(case.change, Message):
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


def _comparison(case: _Case) -> MetricComparison:
    """The figures for the reader; anything but a finite number is None."""
    claims = [found for found in (case.challenger, case.champion) if found is not None]
    sources = dict.fromkeys(found.source.value for found in claims if found.source is not None)
    sign = 1 if case.rule.greater_is_better else -1
    change = sign * case.change.better if isinstance(case.change, Change) else math.inf
    return MetricComparison(
        name=case.rule.name,
        greater_is_better=case.rule.greater_is_better,
        champion=case.champion.value if case.champion is not None else None,
        challenger=case.challenger.value,
        change=change if math.isfinite(change) else None,
        rule=rule_in_words(case.rule),
        source=" and ".join(sources),
    )
