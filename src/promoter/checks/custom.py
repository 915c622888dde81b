"""`custom`: what the user's own commands answered; they were asked before any check is run."""

from __future__ import annotations

from collections.abc import Iterator

from promoter.checks.comparing.wording import lenient
from promoter.core.evidence import CheckResult, CustomAnswer, Evidence, Outcome
from promoter.core.policy import CustomRule
from promoter.text import say

ID = "custom"


def run(rules: tuple[CustomRule, ...], evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result for each answer, and an error for a rule without one.

    The subject is the rule's name, and behind a colon the answer's own subject where it has one.
    """
    return tuple(result for rule in rules for result in _judge(rule, evidence))


def _judge(rule: CustomRule, evidence: Evidence) -> Iterator[CheckResult]:
    answers = [answer for answer in evidence.answers if answer.name == rule.name]
    if not answers:
        yield CheckResult(check=ID, subject=rule.name, outcome=Outcome.ERROR, message=say("it was not asked"))
    for answer in answers:
        yield lenient(_result(answer), rule.severity)


def _result(answer: CustomAnswer) -> CheckResult:
    subject = f"{answer.name}: {answer.subject}" if answer.subject else answer.name
    return CheckResult(check=ID, subject=subject, outcome=answer.outcome, message=answer.message)
