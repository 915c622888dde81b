"""`tags`: the version carries the tags the policy asks for, each with a value that its pattern matches."""

from __future__ import annotations

import re

from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.policy import TagsRule
from promoter.text import Message, quote, say

ID = "tags"

# What Unity Catalog keeps. MLflow keeps 100,000 characters, and a pattern can be slow on a long text.
_LONGEST_VALUE = 1_000


def run(rule: TagsRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """One result per tag asked for, in the policy's order; its subject is the key."""
    tags = evidence.challenger.tags
    return tuple(_judge(key, pattern, tags.get(key)) for key, pattern in rule.required.items())


def _judge(key: str, pattern: re.Pattern[str], value: str | None) -> CheckResult:
    wrong = _what_is_wrong(key, pattern, value)
    if wrong is None:
        message = say("tag ", quote(key), " is ", quote(value), " and matches ", quote(pattern.pattern))
        return CheckResult(check=ID, subject=key, outcome=Outcome.PASSED, message=message)
    return CheckResult(check=ID, subject=key, outcome=Outcome.FAILED, message=wrong)


def _what_is_wrong(key: str, pattern: re.Pattern[str], value: str | None) -> Message | None:
    if value is None:
        return say("tag ", quote(key), " is missing")
    if len(value) > _LONGEST_VALUE:
        return say("tag ", quote(key), f" has {len(value):,} characters, at most {_LONGEST_VALUE:,} are read")
    if pattern.fullmatch(value) is None:
        return say(
            "tag ", quote(key), " is ", quote(value), ", which ", quote(pattern.pattern), " does not match"
        )
    return None
