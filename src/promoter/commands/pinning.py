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

    The pins stand in Promoter's own comment. It is no evidence: it can only keep an alias where it is. Where
    there is none, nothing is refused, and the first report that it concerns says so. Raises what reading the
    comment raises.
    """
    comment = _comment(reports, pull_requests, repository=repository)
    if comment is None:
        return list(reports)
    held = [_held(report, comment) for report in reports]
    uncompared = [at for at, report in enumerate(reports) if _is_uncompared(report, comment)]
    for at in uncompared[:1]:
        held[at] = replace(held[at], notes=(*held[at].notes, _not_compared(len(uncompared))))
    return held


def hold_again(report: RequestReport, pull_requests: PullRequests, *, repository: str) -> RequestReport:
    """A request that was validated, refused where its version is not what was validated first.

    The first validation finds no pin, and makes one.
    """
    if report.reason.exit_code is not ExitCode.DONE:
        return report
    comment = _comment([report], pull_requests, repository=repository)
    return report if comment is None else _held(report, comment)


def _comment(reports: Sequence[RequestReport], pull_requests: PullRequests, *, repository: str) -> str | None:
    """What our comment says, empty where there is none; None where there is no pull request."""
    number = next((report.pull_request for report in reports if report.pull_request), 0)
    if not number:
        return None
    return pull_requests.comment(number, marker=results_marker(repository, number)) or ""


def _held(report: RequestReport, comment: str) -> RequestReport:
    seen = pin_in(comment, report.request.blob_id)
    if seen is None or seen == _pin_now(report):
        return report
    error = _changed(report)
    return replace(report, reason=error.reason, message=error.message, hint=error.hint)


def _is_uncompared(report: RequestReport, comment: str) -> bool:
    """Whether there is something to compare and nothing to compare it with.

    That it could not be pinned at all is told already.
    """
    return _pin_now(report) is not None and pin_in(comment, report.request.blob_id) is None


def _pin_now(report: RequestReport) -> str | None:
    return pin_of(report.evidence) if report.evidence else None


def _not_compared(count: int) -> Message:
    whose = "the version's files were" if count == 1 else f"the files of {count} versions were"
    return say(
        f"{whose} not compared with what was validated, because no comment of Promoter's says what that was: "
        "all checks were run again, on what is there now"
    )


def _changed(report: RequestReport) -> PromoterError:
    asked = quote(str(report.request.source or f"{report.request.model}/{report.request.version}"))
    return PromoterError(
        ReasonCode.ARTIFACTS_CHANGED,
        say(
            asked,
            " is no longer what was validated: its files or text, predictions, run or source are others, "
            "or can no longer be read",
        ),
        hint=say(
            "Find out who wrote to the registry or its artifact store. To promote what is there now, ask for "
            "it again in a pull request that edits the reason: it is validated and reviewed anew."
        ),
    )
