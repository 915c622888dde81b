"""Note on a version that it holds an alias as git asks, where no run of ours has noted it yet.

A job may die between moving an alias and writing its tags, and an alias that a team adopts was moved before
Promoter came. Without the note, a later move by hand would look like a run that was dropped, and be undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promoter.commands.tracing import Tracer
from promoter.commands.versions import Applied, applied_tag
from promoter.core.policy import Mode, Policy
from promoter.core.report import RequestReport
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Registry
from promoter.text import say


def record_in_place(
    registry: Registry, tracer: Tracer, *, policy: Policy, before: str, reports: Sequence[RequestReport]
) -> list[RequestReport]:
    """The same reports; what could not be noted is said in them. No alias is touched.

    `before` is the commit the push started from: only what it changed is looked at.
    """
    in_place = [r for r in reports if r.reason is ReasonCode.ALREADY_APPLIED and _enforced(policy, r.request)]
    if not in_place or not before.strip("0"):
        return list(reports)
    try:
        held = tracer.repository.blob_ids([(before, report.request.path) for report in in_place])
    except PromoterError:
        # A push that replaced history has no commit before it: the next run looks again.
        return list(reports)
    changed = {r.request.path for r in in_place if held[before, r.request.path] != r.request.blob_id}
    return [_noted(registry, tracer, report=r) if r.request.path in changed else r for r in reports]


def _enforced(policy: Policy, request: PromotionRequest) -> bool:
    rule = policy.rule_for(request.model)
    return rule is not None and rule.mode is Mode.ENFORCE and request.alias in rule.aliases


def _noted(registry: Registry, tracer: Tracer, *, report: RequestReport) -> RequestReport:
    request = report.request
    try:
        version = registry.model_version(request.model, request.version)
        if Applied.of(version, request.alias) is None:
            tags = {applied_tag(request.alias): str(_applied(tracer, request))}
            registry.set_tags(request.model, request.version, tags=tags)
    except PromoterError as error:
        note = say("in place already, which could not be noted in the registry: ", *error.message.parts)
        return replace(report, notes=(*report.notes, note))
    return report


def _applied(tracer: Tracer, request: PromotionRequest) -> Applied:
    """Who held the alias before is not known: git may have asked for a version that never held it."""
    try:
        return Applied(pull=tracer.trace(request).pull.number, origin="")
    except PromoterError as error:
        if error.reason is not ReasonCode.NO_PULL_REQUEST:
            raise
        return Applied(pull=0, origin="")
