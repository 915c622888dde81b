"""`tags`: the version carries the tags the policy asks for, each with a value that its pattern matches."""

from __future__ import annotations

import re

from promoter.core.bounded_pattern import LONGEST_VALUE
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.policy import TagsRule
from promoter.text import Message, quote, say

ID = "tags"


def run(rule: TagsRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result per tag asked for, in the policy's order; its subject is the key."""
    tags = evidence.challenger.tags
    return tuple(_judge(key, tags.get(key), pattern=pattern) for key, pattern in rule.required.items())


def _judge(key: str, value: str | None, *, pattern: re.Pattern[str]) -> CheckResult:
    wrong = _what_is_wrong(value, pattern)
    outcome = Outcome.PASSED if wrong is None else Outcome.FAILED
    words = wrong or say(" is ", quote(value), " and matches ", quote(pattern.pattern))
    return CheckResult(check=ID, subject=key, outcome=outcome, message=say(quote(key), *words.parts))


def _what_is_wrong(value: str | None, pattern: re.Pattern[str]) -> Message | None:
    if value is None:
        return say(" is missing")
    if len(value) > LONGEST_VALUE:
        return say(f" has {len(value):,} characters, and no more than {LONGEST_VALUE:,} are looked at")
    if pattern.fullmatch(value) is None:
        return say(" is ", quote(value), ", which ", quote(pattern.pattern), " does not match")
    return None
