"""Note on a version that it holds an alias as git asks, where no run of ours has noted it yet.

A job may die between moving an alias and writing its tags, and an alias that a team adopts was moved before
Promoter came. Without the note, a later move by hand would look like a run that was dropped, and be undone.
Any later run makes it good, whatever started it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from promoter.commands.moving import COMMIT_TAG
from promoter.commands.tracing import Traced, Tracer
from promoter.commands.versions import Applied, applied_tag
from promoter.commands.weighing import Question, gather_reviews
from promoter.core.model_version import ModelVersion
from promoter.core.policy import Mode, Policy
from promoter.core.report import RequestReport
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Registry
from promoter.text import say

# How many requests that the push did not touch are looked at: of more, those of the newest merges.
MOST_OTHERS = 20
_NEWEST_MERGES = 24


@dataclass(frozen=True, kw_only=True)
class Notes:
    """Who writes what is missing, and by which policy."""

    registry: Registry
    tracer: Tracer
    policy: Policy


def record_in_place(notes: Notes, *, before: str, reports: Sequence[RequestReport]) -> list[RequestReport]:
    """The same reports; what could not be noted is said in them. No alias is touched.

    `before` is the commit the push started from; empty or zeros where there is none. What it changed is
    looked at first.
    """
    in_place = [
        r for r in reports if r.reason is ReasonCode.ALREADY_APPLIED and _enforced(notes.policy, r.request)
    ]
    chosen = {report.request.path for report in _to_look_at(notes.tracer, in_place, before=before)}
    return [_noted(notes, report=report) if report.request.path in chosen else report for report in reports]


def _to_look_at(tracer: Tracer, in_place: Sequence[RequestReport], *, before: str) -> Sequence[RequestReport]:
    """Few are all looked at; of many those of this push and of the newest merges."""
    if len(in_place) <= MOST_OTHERS:
        return in_place
    try:
        changed = _changed_since(tracer, in_place, commit=before) if before.strip("0") else []
        chain = tracer.repository.first_parents(tracer.branch.tip, limit=_NEWEST_MERGES + 1)
        newest = _changed_since(tracer, in_place, commit=chain[-1].commit)
    except PromoterError:
        # A push that replaced history has no commit before it: the next run looks again.
        return in_place[:MOST_OTHERS]
    return [*changed, *newest[:MOST_OTHERS]]


def _changed_since(tracer: Tracer, in_place: Sequence[RequestReport], *, commit: str) -> list[RequestReport]:
    entries = tracer.repository.files(commit, (tracer.places.requests,))
    held = {entry.path: entry.blob_id for entry in entries}
    return [report for report in in_place if held.get(report.request.path) != report.request.blob_id]


def _enforced(policy: Policy, request: PromotionRequest) -> bool:
    rule = policy.rule_for(request.model)
    return rule is not None and rule.mode is Mode.ENFORCE and request.alias in rule.aliases


def _noted(notes: Notes, *, report: RequestReport) -> RequestReport:
    request = report.request
    try:
        version = notes.registry.model_version(request.model, request.version)
        is_noted = Applied.of(version, request.alias) is not None
        if is_noted and version.tags.get(COMMIT_TAG) != notes.tracer.branch.tip:
            return report
        # Applied at this very tip: an earlier attempt of this job moved it, and may have told nobody.
        traced = _traced(notes, request)
        report = replace(report, pull_request=traced.pull.number if traced else None)
        if not is_noted:
            tags = _tags(notes, version, traced=traced, alias=request.alias)
            notes.registry.set_tags(request.model, request.version, tags=tags)
    except PromoterError as error:
        note = say("in place already, which could not be noted in the registry: ", *error.message.parts)
        return replace(report, notes=(*report.notes, note))
    return report


def _traced(notes: Notes, request: PromotionRequest) -> Traced | None:
    """None where no pull request brought the request."""
    try:
        return notes.tracer.trace(request)
    except PromoterError as error:
        if error.reason is not ReasonCode.NO_PULL_REQUEST:
            raise
        return None


def _tags(notes: Notes, version: ModelVersion, *, traced: Traced | None, alias: str) -> dict[str, str]:
    """What is still known: verdict and time went with the run that moved the alias, if one did."""
    if traced is None:
        return {applied_tag(alias): str(Applied(pull=0, origin=""))}
    number = str(traced.pull.number)
    # Who held the alias before is known only where that run came to write it: git may have asked for a
    # version that never held it.
    is_begun = version.tags.get("promoter_pull_request") == number
    origin = version.tags.get("promoter_previous_version", "") if is_begun else ""
    return {
        "promoter_pull_request": number,
        COMMIT_TAG: notes.tracer.branch.tip,
        "promoter_approved_by": ",".join(_approvers(notes, traced)),
        applied_tag(alias): str(Applied(pull=traced.pull.number, origin=origin)),
    }


def _approvers(notes: Notes, traced: Traced) -> tuple[str, ...]:
    request = traced.claim.request
    reviewed = gather_reviews(
        Question(pull=traced.pull, onto=traced.onto, paths=(request.path,)),
        notes.policy.approvals,
        pull_requests=notes.tracer.pull_requests,
        repository=notes.tracer.repository,
    )
    return reviewed.state(request).counted
