"""Note on a version that it holds an alias as git asks, where no run of ours has noted it yet.

A job may die between moving an alias and writing its tags, and an alias that a team adopts was moved before
Promoter came. Without the note, a later move by hand would look like a run that was dropped, and be undone.
Any later run makes it good, whatever started it. The note names the pull request that asks now: of a version
that was promoted before, an older one says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from promoter.commands.copies import Copies
from promoter.commands.record_tags import COMMIT_TAG, ORIGIN_TAG, PULL_TAG
from promoter.commands.tracing import Traced, Tracer
from promoter.commands.versions import Applied, Claim, Entry, applied_tag
from promoter.commands.weighing import Question, gather_reviews
from promoter.core.model_version import COPIED_FROM, ModelVersion
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
    looked = [_looked(notes, report=report) for report in _to_look_at(notes.tracer, in_place, before=before)]
    # What moves something has asked GitHub enough: what is noted already can wait for a run that does not.
    is_idle = all(report.reason is not ReasonCode.APPLIED for report in reports)
    changed = _changed(notes.tracer, looked) if is_idle else frozenset()
    noted = {one.report.request.path: _noted(notes, one, changed=changed) for one in looked}
    return [noted.get(report.request.path, report) for report in reports]


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What the registry says of a request in place; `version` is None where it did not answer."""

    report: RequestReport
    version: ModelVersion | None

    @property
    def applied(self) -> Applied | None:
        return Applied.of(self.version, self.report.request.alias) if self.version else None

    @property
    def since(self) -> str:
        """The commit at which that was noted; empty where the other tags are of another alias's move."""
        tags = self.version.tags if self.version else {}
        is_whole = self.applied is not None and tags.get(PULL_TAG, "0") == str(self.applied.pull)
        return tags.get(COMMIT_TAG, "") if is_whole else ""

    def is_of_commit(self, tip: str) -> bool:
        """Whether a pull request's move was noted at that commit."""
        return self.applied is not None and self.applied.pull > 0 and self.since == tip

    def is_noted(self, traced: Traced | None) -> bool:
        """Whether it names the pull request that asks now. A direct push is never applied, so it makes no
        older note untrue."""
        return self.applied is not None and (traced is None or self.applied.pull == traced.pull.number)


def _looked(notes: Notes, *, report: RequestReport) -> _Look:
    request = report.request
    try:
        return _Look(report=report, version=notes.registry.model_version(request.model, request.version))
    except PromoterError as error:
        return _Look(report=_unnoted(report, error), version=None)


def _changed(tracer: Tracer, looked: Sequence[_Look]) -> frozenset[str]:
    """Of what is noted, the paths where another pull request may ask by now."""
    noted = {one.report.request: one.since for one in looked if one.applied is not None}
    others = {request: since for request, since in noted.items() if since != tracer.branch.tip}
    at_tip = frozenset(one.report.request.path for one in looked if one.is_of_commit(tracer.branch.tip))
    try:
        return at_tip | (tracer.changed_since(others) if others else frozenset())
    except PromoterError:
        # The next run looks again.
        return at_tip


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
    rule = policy.rule_for(request.model, request.kind)
    if rule is None or not rule.sources.allow(request.source):
        return False
    return rule.mode is Mode.ENFORCE and request.alias in rule.aliases


def _noted(notes: Notes, look: _Look, *, changed: Collection[str]) -> RequestReport:
    report, version = look.report, look.version
    request = report.request
    if version is None or (look.applied is not None and request.path not in changed):
        return report
    try:
        traced = _traced(notes, request)
        is_noted = look.is_noted(traced)
        if not is_noted or look.is_of_commit(notes.tracer.branch.tip):
            # Of what was applied at this very tip an earlier attempt of this job may have told nobody.
            report = replace(report, pull_request=traced.pull.number if traced else None)
        if not is_noted:
            tags = _tags(notes, version, traced=traced, alias=request.alias)
            notes.registry.set_tags(request.model, request.version, tags=tags)
    except PromoterError as error:
        return _unnoted(report, error)
    return report


def _unnoted(report: RequestReport, error: PromoterError) -> RequestReport:
    note = say("in place already, which could not be noted in the registry: ", *error.message.parts)
    return replace(report, notes=(*report.notes, note))


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
        # Beside another alias's move the commit would be taken for that one's.
        commit = {} if PULL_TAG in version.tags else {COMMIT_TAG: notes.tracer.branch.tip}
        return {**commit, applied_tag(alias): str(Applied(pull=0, origin="", entry=Entry.FOUND))}
    number = traced.pull.number
    entered = _entered(version, _resolved(notes, traced, live=version.version), alias=alias)
    stale: dict[str, str] = {}
    if entered.entry is Entry.FOUND:
        # Of another pull request's move: nothing of it is true of this one.
        stale = dict.fromkeys(filter(_is_of_a_move, version.tags), "")
    return {
        **stale,
        PULL_TAG: str(number),
        COMMIT_TAG: notes.tracer.branch.tip,
        "promoter_approved_by": ",".join(_approvers(notes, traced)),
        applied_tag(alias): str(replace(entered, pull=number)),
    }


def _is_of_a_move(tag: str) -> bool:
    """What a version is a copy of stays true, whoever moved an alias to it."""
    return tag.startswith("promoter_") and not tag.startswith((applied_tag(""), PULL_TAG, COPIED_FROM))


def _resolved(notes: Notes, traced: Traced, *, live: str) -> Claim:
    """The claim, its past with the numbers of copies. What a request gave in `from` is the copy in place."""
    claim = traced.claim
    return replace(
        claim, past=Copies(notes.registry, claim.request.model).resolved_past(claim.past, live=live)
    )


def _entered(version: ModelVersion, claim: Claim, *, alias: str) -> Applied:
    """How the version came to hold the alias. A run that died may have come to write who held it before."""
    pull = claim.pull
    origin = version.tags.get(ORIGIN_TAG, "") if version.tags.get(PULL_TAG) == str(pull) else ""
    if origin:
        return Applied(pull=pull, origin=origin)
    applied = Applied.of(version, alias)
    same = takewhile(lambda past: past.version == version.version, claim.past)
    if applied is not None and any(applied.is_of(past, claim.pulls_of) for past in same):
        # Only the words of the request have changed since.
        return applied
    return Applied(pull=pull, origin="", entry=Entry.FOUND)


def _approvers(notes: Notes, traced: Traced) -> tuple[str, ...]:
    request = traced.claim.request
    reviewed = gather_reviews(
        Question(pull=traced.pull, onto=traced.onto, paths=(request.path,)),
        notes.policy.approvals,
        pull_requests=notes.tracer.pull_requests,
        repository=notes.tracer.repository,
    )
    return reviewed.state(request).counted
