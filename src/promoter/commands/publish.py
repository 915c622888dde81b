"""Tell what happened: comment, summary, annotations, outputs, report files. The same for every command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256

from promoter.commands.deploying import deployed
from promoter.commands.job_files import write_all
from promoter.core.overall import narrowed
from promoter.core.pin import kept, pin_of, pinned_line, pins_in, results_marker
from promoter.core.report import CommentMode, Links, Phase, Report
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.ports import Deployments, PullRequests, Runner
from promoter.render.annotations import annotations as workflow_commands
from promoter.render.comment import comment
from promoter.render.evidence_json import digest, evidence
from promoter.render.html import html
from promoter.render.html_charts import charts, undrawn
from promoter.render.outputs import outputs
from promoter.render.steady import steady
from promoter.render.summary import summary
from promoter.text import Message, say

# Reasons that say something about the run, not about the change: the comment of another run stands.
_NOT_FOR_THE_COMMENT = frozenset(
    {ReasonCode.PULL_REQUEST_CLOSED, ReasonCode.SUPERSEDED, ReasonCode.FORK_UNSUPPORTED}
)

_PAGE = "report.html"
_IN_PLACE = frozenset({ReasonCode.APPLIED, ReasonCode.ALREADY_APPLIED})


@dataclass(frozen=True, kw_only=True)
class Channels:
    """Where to tell it. `pull_request` is the number validate speaks to; 0 for none. `deployments`: where the
    team wants them. `has_time`: whether there is still time to draw, which is done last."""

    runner: Runner
    pull_requests: PullRequests | None = None
    mode: CommentMode = CommentMode.ALWAYS
    repository: str = ""
    pull_request: int = 0
    deployments: Deployments | None = None
    has_time: Callable[[], bool] = lambda: True


def complete(report: Report, *, tool_version: str, links: Links) -> Report:
    """The report with what a renderer needs besides: version, addresses, the evidence's digest."""
    report = replace(report, tool_version=tool_version, links=links)
    if report.evidence_digest:
        return report
    return replace(report, evidence_digest=digest(evidence(report)))


def publish(report: Report, channels: Channels) -> ExitCode:
    """Write everything that the run leaves behind.

    A comment, a deployment or a report file that cannot be written changes no outcome: an alias may have been
    moved. The HTML report is there, without charts, before the outputs name it; it is drawn when everything
    else is told, and takes the place of the first.
    """
    runner = channels.runner
    told = len(report.notes)
    report, address = _with_comments(report, channels)
    report = deployed(report, channels.deployments) if channels.deployments else report
    for unwritten in report.notes[told:]:
        runner.log(unwritten)
    try:
        path = _save_undrawn(report, runner)
    except PromoterError as error:
        report, path = replace(report, notes=(*report.notes, error.message)), ""
    runner.annotate(workflow_commands(report))
    write_all(
        runner,
        lambda: runner.outputs(outputs(report, comment_url=address, report_path=path)),
        lambda: runner.summary(summary(report)),
        lambda: _draw(report, channels) if path else None,
    )
    return report.reason.exit_code


def save(report: Report, runner: Runner) -> str:
    """Write the report folder: evidence, comment and HTML report; the path of the last."""
    path = _save_undrawn(report, runner)
    _draw(report, Channels(runner=runner))
    return path


def _save_undrawn(report: Report, runner: Runner) -> str:
    runner.save("evidence.json", evidence(report))
    runner.save("comment.md", comment(report, marker="<!-- promoter -->"))
    return runner.save(_PAGE, html(report, charts=undrawn))


def _draw(report: Report, channels: Channels) -> None:
    if channels.has_time():
        page = html(report, charts=partial(charts, has_time=channels.has_time))
        channels.runner.save(_PAGE, page)


def _with_comments(report: Report, channels: Channels) -> tuple[Report, str]:
    if channels.pull_requests is None or channels.mode is CommentMode.NEVER:
        return report, ""
    addresses: list[str] = []
    problems: list[Message] = []
    for number, part in _parts(report, channels):
        try:
            addresses.append(_write(channels.pull_requests, number, report=part, channels=channels))
        except PromoterError as error:
            problems.append(say(f"the comment on #{number} could not be written: ", *error.message.parts))
    found = next((address for address in addresses if address), "")
    return replace(report, notes=(*report.notes, *problems)), found


def _parts(report: Report, channels: Channels) -> Sequence[tuple[int, Report]]:
    """Which pull request is told what."""
    if report.phase is Phase.VALIDATE:
        concerns = channels.pull_request and report.reason not in _NOT_FOR_THE_COMMENT
        return [(channels.pull_request, report)] if concerns else []
    numbers = sorted({request.pull_request for request in report.requests if request.pull_request})
    return [(number, _part(report, number)) for number in numbers]


def _part(report: Report, number: int) -> Report:
    return narrowed(report, [request for request in report.requests if request.pull_request == number])


def _write(pull_requests: PullRequests, number: int, *, report: Report, channels: Channels) -> str:
    # What went wrong after the merge is news to people who thought they were done: a comment of its own.
    went_wrong = report.phase is Phase.APPLY and report.reason.exit_code is not ExitCode.DONE
    channels = replace(channels, pull_request=number)
    marker = _after_merge(channels) if went_wrong else results_marker(channels.repository, number)
    pins = _pinned(report, pull_requests.comment(number, marker=marker))
    is_news = report.reason is not ReasonCode.NOTHING_TO_PROMOTE or report.policy_digest or report.notes
    if not is_news:
        body = comment(report, marker=marker, last=pins)
        return pull_requests.update_comment(number, marker=marker, body=body) or ""
    fingerprint = f"<!-- result {_fingerprint(report, marker + pins)}{_in_place(report)} -->"
    unless = _unless(report, fingerprint, mode=channels.mode)
    body = comment(report, marker=marker, last=f"{pins}\n{fingerprint}".strip())
    address = pull_requests.upsert_comment(number, marker=marker, body=body, unless=unless)
    if report.phase is Phase.APPLY and not went_wrong:
        # What a failed run said is no longer true.
        failed = _after_merge(channels)
        pull_requests.update_comment(number, marker=failed, body=comment(report, marker=failed))
    return address


def _unless(report: Report, fingerprint: str, *, mode: CommentMode) -> str:
    """What a comment holds that is left as it is; empty: it is written anew."""
    in_place = _in_place(report)
    if in_place and all(one.reason is ReasonCode.ALREADY_APPLIED for one in report.requests):
        # Whoever moved it has told more than we know; unless that run died before it told anything.
        return in_place
    return fingerprint if mode is CommentMode.ON_CHANGE else ""


def _in_place(report: Report) -> str:
    """A word for a comment that says of these very requests that their aliases are where git asks."""
    if report.phase is not Phase.APPLY or any(one.reason not in _IN_PLACE for one in report.requests):
        return ""
    blob_ids = " ".join(sorted(request.request.blob_id for request in report.requests))
    return f" in-place {sha256(blob_ids.encode()).hexdigest()[:16]}"


def _after_merge(channels: Channels) -> str:
    return f"<!-- promoter after-merge {channels.repository}#{channels.pull_request} -->"


def _pinned(report: Report, before: str | None) -> str:
    """The hidden line by which apply sees whether a version's files were exchanged since."""
    found = {one.request.blob_id: pin_of(one.evidence) for one in report.requests if one.evidence}
    return pinned_line(kept(pins_in(before or ""), {blob_id: pin for blob_id, pin in found.items() if pin}))


def _fingerprint(report: Report, marker: str) -> str:
    """What the comment says; commit ids, times and memory aside."""
    bare = replace(steady(report), head_commit="", base_commit="", evidence_digest="", links=Links())
    return sha256(comment(bare, marker=marker).encode()).hexdigest()[:16]
