"""`description`: the version is described at some length."""

from __future__ import annotations

from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.policy import DescriptionRule
from promoter.text import say

ID = "description"


def run(rule: DescriptionRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result. White space around the description does not count."""
    length = len(evidence.challenger.description.strip())
    message = say(f"the description has {length} characters, the policy asks for at least {rule.min_length}")
    outcome = Outcome.PASSED if length >= rule.min_length else Outcome.FAILED
    return (CheckResult(check=ID, outcome=outcome, message=message),)
