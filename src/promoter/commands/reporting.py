"""Log the report of what was moved to the challenger's training run, where it outlives the job.

It comes after aliases and tags, and changes no outcome: what could not be logged is said in a note. Its
charts are drawn before the first alias is moved: from there until it is told, nothing slow may come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from promoter.commands.landing import READY, Ground
from promoter.core.overall import narrowed
from promoter.core.policy import Policy
from promoter.core.prompt import Kind
from promoter.core.report import Report, RequestReport
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Registry
from promoter.render.evidence_json import digest, evidence
from promoter.render.html import html
from promoter.render.html_charts import Charts, charts, undrawn
from promoter.text import Message, quote, say

FOLDER = "promoter"
# After one of these the next request would only wait for it again.
_ENDS_ALL = frozenset({ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.DEADLINE_EXCEEDED, ReasonCode.INTERRUPTED})
_LATE = say("the deadline was reached before")


def drawn_ahead(judged: Sequence[RequestReport], policy: Policy) -> Charts:
    """The charts of what is ready to be moved; of what else may be asked for, that there was no time."""
    ready = [one for one in judged if one.reason in READY and _is_wanted(one, policy)]
    known = dict(zip(map(_key, ready), charts(ready), strict=True))

    def ahead(requests: Sequence[RequestReport]) -> Iterator[str]:
        for one, nothing in zip(requests, undrawn(requests), strict=True):
            yield known.get(_key(one), nothing)

    return ahead


def log_reports(ground: Ground, report: Report, *, policy: Policy, charts: Charts = undrawn) -> Report:
    """The report, its requests saying where theirs lies; only what this run moved is logged, with charts that
    are drawn already."""
    told: dict[tuple[str, str], RequestReport] = {}
    # What time there is then belongs to the comment.
    ended = _LATE if ground.reserve.is_open else None
    for group in _groups(report, policy):
        why = ended or _without_run(group[0])
        if why is None:
            files = _files(report, group, charts=charts)
            why, ended = _logged(ground.registry, group, files=files)
        told |= {_key(one): _noted(one, why) if why else _in_folder(one) for one in group}
    return replace(report, requests=tuple(told.get(_key(one), one) for one in report.requests))


def _key(one: RequestReport) -> tuple[str, str]:
    return one.request.path, one.request.blob_id


def _groups(report: Report, policy: Policy) -> Sequence[Sequence[RequestReport]]:
    """Requests of one pull request whose versions come from one run, for one alias: they share a folder."""
    found: dict[object, list[RequestReport]] = {}
    for one in report.requests:
        if _is_logged(one, policy):
            challenger = one.evidence.challenger if one.evidence else None
            run = challenger and challenger.run and challenger.run.run_id
            found.setdefault((run or one.request.key, _folder(one)), []).append(one)
    return list(found.values())


def _is_logged(one: RequestReport, policy: Policy) -> bool:
    return one.reason is ReasonCode.APPLIED and _is_wanted(one, policy)


def _is_wanted(one: RequestReport, policy: Policy) -> bool:
    if one.evidence is None:
        return False
    rule = policy.rule_for(one.request.model, one.request.kind)
    # A prompt has no run.
    return one.evidence.challenger.prompt is None and rule is not None and rule.log_report


def _folder(one: RequestReport) -> str:
    return f"{FOLDER}/{one.pull_request}-{one.request.alias}"


def _in_folder(one: RequestReport) -> RequestReport:
    return replace(one, logged=_folder(one))


def _noted(one: RequestReport, why: Message) -> RequestReport:
    return replace(one, notes=(*one.notes, say("this report was not logged to MLflow: ", *why.parts)))


def _without_run(one: RequestReport) -> Message | None:
    if one.evidence is None or one.evidence.challenger.run is not None:
        return None
    return say("version ", quote(one.evidence.challenger.version), " has no run, or one that was deleted")


def _logged(
    registry: Registry, group: Sequence[RequestReport], *, files: Mapping[str, str]
) -> tuple[Message | None, Message | None]:
    """Why these were not logged, and why no others need to be tried."""
    challenger = next(one.evidence.challenger for one in group if one.evidence)
    try:
        registry.log_files(challenger, files=files)
    except PromoterError as error:
        return error.message, error.message if error.reason in _ENDS_ALL else None
    return None, None


def _files(report: Report, group: Sequence[RequestReport], *, charts: Charts) -> Mapping[str, str]:
    """The HTML report of these requests alone; beside it the whole run's evidence, where that tells the run's
    readers of no other model and is what the tags hold the digest of."""
    folder = _folder(group[0])
    page = html(narrowed(report, [_in_folder(one) for one in group]), charts=charts)
    whole = evidence(report)
    of_models = {_model(one) for one in group}
    # A run that was overtaken has tagged what it moved before with the evidence it had then.
    is_tagged = digest(whole) == report.evidence_digest
    is_theirs = all(_model(one) in of_models for one in report.requests)
    beside = {f"{folder}/evidence.json": whole} if is_tagged and is_theirs else {}
    return {f"{folder}/report.html": page, **beside}


def _model(one: RequestReport) -> tuple[Kind, str]:
    return one.request.kind, one.request.model
