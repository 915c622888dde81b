"""What to do about a verdict that is no yes, where the results alone do not tell."""

from __future__ import annotations

from collections.abc import Sequence

from promoter.core.claims import same_bytes, same_model
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.policy import Checks, Severity
from promoter.core.verdict import Verdict
from promoter.text import NOTHING, Message, say

_SAME = say(
    "Ask for another model: both versions are one. To move the alias to a copy all the same, "
    "take the rules that compare out of the policy in a pull request of its own."
)
_FIRST = say(
    "Nobody holds the alias yet, and no check could judge the challenger alone: add one that does, such as a "
    "metric's `threshold`, in a pull request of its own."
)
_SMALL = say(
    "No slice could be judged: lower `min_rows`, bring more rows, or add a check on all rows, in a pull "
    "request of its own."
)
_NO_ANSWER = say(
    "Correct the command in a pull request of its own, for it is read at the base commit; then run this job "
    "again. With `evidence.json` on its standard input it can be tried by hand."
)


def advice(verdict: Verdict, results: Sequence[CheckResult], *, evidence: Evidence) -> Message:
    """What to do; empty where the results say it."""
    if verdict is Verdict.ERROR and any(_is_unanswered(one) for one in results):
        return _NO_ANSWER
    if verdict is not Verdict.INCONCLUSIVE:
        return NOTHING
    if _is_the_same(evidence):
        return _SAME
    if any(one.outcome is not Outcome.SKIPPED for one in results):
        return NOTHING
    return _FIRST if evidence.champion is None else _SMALL


def only_warns(checks: Checks) -> bool:
    """Whether no limit of the policy rejects: each of its rules has `severity: warn`."""
    others = (
        checks.description,
        checks.tags,
        checks.lineage,
        checks.prompt,
        checks.signature,
        checks.artifacts,
        checks.inference,
        checks.business_value,
        checks.negative_flips,
    )
    metrics = (*checks.metrics, *(rule for one in checks.slices for rule in one.metrics))
    severities = [*(rule.severity for rule in metrics), *(rule.severity for rule in checks.custom)]
    return all(rule is None for rule in others) and Severity.FAIL not in severities


def _is_unanswered(result: CheckResult) -> bool:
    return result.check == "custom" and result.outcome is Outcome.ERROR


def _is_the_same(evidence: Evidence) -> bool:
    champion, measured = evidence.champion, evidence.measurement
    if champion is None:
        return False
    if same_model(evidence.challenger, champion) is not None:
        return True
    if measured is None or measured.champion is None:
        return False
    return same_bytes(measured.challenger, measured.champion) is not None
