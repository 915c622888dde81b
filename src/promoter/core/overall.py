"""From the requests' reasons to the run's one reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promoter.core.report import Report, RequestReport
from promoter.errors import ExitCode, ReasonCode
from promoter.text import Message, say

# A bug outweighs an outage, an outage a wrong input, a wrong input a no; a yes comes last.
_WORST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.BUG,
    ExitCode.UNDECIDED,
    ExitCode.WRONG_INPUT,
    ExitCode.NO,
    ExitCode.DONE,
)
# Among good ends, the one that tells most.
_MOST_TELLING_FIRST = (
    ReasonCode.APPLIED,
    ReasonCode.VALIDATED,
    ReasonCode.ROLLBACK_VALIDATED,
    ReasonCode.DRY_RUN,
    ReasonCode.ALREADY_APPLIED,
)


def overall_reason(requests: Sequence[RequestReport]) -> ReasonCode:
    """The worst reason of all; among equally bad ones the first request's; nothing_to_promote for none."""
    if not requests:
        return ReasonCode.NOTHING_TO_PROMOTE
    reasons = [request.reason for request in requests]
    worst = min(reasons, key=lambda reason: _WORST_FIRST.index(reason.exit_code))
    if worst.exit_code is not ExitCode.DONE:
        return worst
    return next((reason for reason in _MOST_TELLING_FIRST if reason in reasons), worst)


def overall_message(requests: Sequence[RequestReport]) -> Message:
    """One sentence for the run: the only request's own, or how many share the worst reason."""
    if not requests:
        return say("no promotion request is changed")
    if len(requests) == 1:
        return requests[0].message
    reason = overall_reason(requests)
    count = sum(request.reason is reason for request in requests)
    return say(f"{count} of {len(requests)} requests: {reason.value.replace('_', ' ')}")


def narrowed(report: Report, requests: Sequence[RequestReport]) -> Report:
    """The report of some of its requests."""
    return replace(
        report,
        requests=tuple(requests),
        reason=overall_reason(requests),
        message=overall_message(requests),
        hint=requests[0].hint if len(requests) == 1 else say(),
    )
