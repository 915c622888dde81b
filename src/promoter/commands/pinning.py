"""Refuse what is no longer made of what was validated first, at apply and when it is validated again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promoter.core.pin import pin_in, pin_of, results_marker
from promoter.core.report import RequestReport
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.ports import PullRequests
from promoter.text import Message, quote, say


def hold_to_pins(
    reports: Sequence[RequestReport], pull_requests: PullRequests, *, repository: str
) -> list[RequestReport]:
    """The reports of one pull request's requests, those refused whose files were exchanged since validate.

    The pins stand in Promoter's own comment. It is no evidence: it can only keep an alias where it is. Raises
    what reading the comment raises.
    """
    number = next((report.pull_request for report in reports if report.pull_request), 0)
    if not number:
        return list(reports)
    marker = results_marker(repository, number)
    comment = pull_requests.comment(number, marker=marker) or ""
    return [_held(report, comment) for report in reports]


def hold_again(report: RequestReport, pull_requests: PullRequests, *, repository: str) -> RequestReport:
    """A request that was validated, refused where its version is not what was validated first."""
    if report.reason.exit_code is not ExitCode.DONE:
        return report
    (held,) = hold_to_pins([report], pull_requests, repository=repository)
    # The first validation finds no pin, and makes one.
    return replace(held, notes=tuple(note for note in held.notes if note is not _UNKNOWN))


def _held(report: RequestReport, comment: str) -> RequestReport:
    now = pin_of(report.evidence) if report.evidence else None
    seen = pin_in(comment, report.request.blob_id)
    if seen is None:
        # That it could not be pinned at all is told already.
        return replace(report, notes=(*report.notes, _UNKNOWN)) if now else report
    if seen == now:
        return report
    error = _changed(report)
    return replace(report, reason=error.reason, message=error.message, hint=error.hint)


_UNKNOWN: Message = say(
    "what this version was made of when it was validated is not known, because no comment of Promoter's "
    "tells it; it was judged anew as it is now"
)


def _changed(report: RequestReport) -> PromoterError:
    asked = quote(f"{report.request.model}/{report.request.version}")
    return PromoterError(
        ReasonCode.ARTIFACTS_CHANGED,
        say(
            asked,
            " is no longer what was validated: its files, predictions, run or source are others, "
            "or can no longer be read",
        ),
        hint=say(
            "Find out who wrote to the registry or its artifact store. To promote what is there now, ask for "
            "it again in a pull request that edits the reason: it is validated and reviewed anew."
        ),
    )
