"""drift: what the tip of the default branch asks for, beside what the registry holds. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import takewhile

from promoter.commands.copies import Copies, is_copy
from promoter.commands.drift_listing import Asked, InTurn, Listed, holders, listed
from promoter.commands.tracing import Branch, Trail
from promoter.commands.trees import (
    HISTORY_LIMIT,
    Places,
    past_of,
    read_policy,
    read_request_set,
    read_tree,
)
from promoter.commands.versions import Applied, Past, PullsOf
from promoter.core.drift import (
    Application,
    DriftReport,
    Exemption,
    Facts,
    Finding,
    Holders,
    Undecided,
    compare,
    concluded,
    is_waiting,
    kind_of,
)
from promoter.core.drift_issues import Markers
from promoter.core.drift_rules import Unmanaged
from promoter.core.files import Ancestor
from promoter.core.model_version import ModelVersion
from promoter.core.report import Links
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import RegistryIndex, Repository
from promoter.text import Message, quote, say

# How many aliases that differ are looked at closely in one run: each costs a handful of calls.
MOST_EXAMINED = 100
# After one of these it makes no sense to go on asking.
_OUTAGES = frozenset(
    {ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.GITHUB_UNAVAILABLE, ReasonCode.DEADLINE_EXCEEDED}
)
_UNKNOWN = Ancestor(commit="", is_merge=False)


def _no_pulls(_: str) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class DriftWorld:
    """What drift needs from outside. `pulls_of` tells the pull requests that have a commit, where anybody can
    tell; `now` has a time zone; `beside` may list the registry while the requests are read."""

    repository: Repository
    registry: Callable[[], RegistryIndex]
    places: Places
    now: datetime
    tool_version: str
    pulls_of: PullsOf = _no_pulls
    links: Links = field(default_factory=Links)
    beside: Callable[[Callable[[], Listed]], Asked] = InTurn


def drift(world: DriftWorld, *, branch: str, first: Collection[str] = ()) -> DriftReport:
    """What differs at the branch's tip. Never raises for what registry, repository or files do.

    `first` are markers of aliases to look at before others, where there are too many.
    """
    report = DriftReport(
        reason=ReasonCode.NOTHING_TO_PROMOTE,
        message=say("there is no promotion request on ", quote(branch)),
        branch=branch,
        policy_path=world.places.policy,
        tool_version=world.tool_version,
        links=world.links,
    )
    try:
        tip = world.repository.tip(branch)
        report = replace(report, head_commit=tip)
        return _drift(world, Branch(name=branch, tip=tip), first=first, report=report)
    except PromoterError as error:
        return failed(report, error)


def failed(report: DriftReport, error: PromoterError) -> DriftReport:
    """A run that an error ended."""
    return replace(
        report, reason=error.reason, message=error.message, hint=error.hint, problems=error.problems
    )


def _drift(world: DriftWorld, branch: Branch, *, first: Collection[str], report: DriftReport) -> DriftReport:
    tree = read_tree(world.repository, branch.tip, places=world.places)
    if not tree.requests and tree.policy is None:
        return report
    policy = read_policy(world.repository, tree, places=world.places)
    report = replace(report, policy_digest=policy.digest, rules=policy.drift)
    if not tree.requests and policy.drift.unmanaged is Unmanaged.IGNORE:
        return report
    with world.beside(partial(listed, world.registry)) as asked:
        requests = read_request_set(world.repository, tree).requests
        everything = asked.answer()
    registry, live = everything[0], holders(everything, requests)
    compared = compare(_with_copies(registry, requests, live=live), policy, live=live)
    markers = Markers.of(world.places.requests, world.places.policy)
    ordered = sorted(compared.differing, key=lambda request: markers.marker(request.key) not in first)
    trail = Trail(repository=world.repository, places=world.places, branch=branch)
    examiner = _Examiner(registry=registry, trail=trail, pulls_of=world.pulls_of)
    found = _examined(examiner, ordered[:MOST_EXAMINED])
    waiting = [one for one in found.findings if is_waiting(one, now=world.now, grace=policy.drift.grace)]
    return concluded(
        replace(
            report,
            findings=(*(one for one in found.findings if one not in waiting), *compared.unmanaged),
            waiting=tuple(waiting),
            undecided=tuple(found.undecided),
            compared=replace(compared, agreeing=(*compared.agreeing, *found.in_place)),
            unexamined=tuple(ordered[MOST_EXAMINED:]),
            notes=_notes(compared.exempt),
        )
    )


def _with_copies(
    registry: RegistryIndex, requests: Sequence[PromotionRequest], *, live: Holders
) -> list[PromotionRequest]:
    """The requests; those that ask for a copy which holds its alias, by its number. One request for each
    that holds something; what cannot be told of is looked at closely later."""
    found: list[PromotionRequest] = []
    for request in requests:
        held = live.get(request.key[0], {}).get(request.alias)
        if request.source is not None and held is not None:
            try:
                version = registry.model_version(request.model, held)
            except PromoterError as error:
                if error.reason in _OUTAGES:
                    raise
            else:
                found.append(replace(request, version=held) if is_copy(version, request.source) else request)
                continue
        found.append(request)
    return found


@dataclass(frozen=True, kw_only=True)
class _Examiner:
    """Looks closely at one alias that differs."""

    registry: RegistryIndex
    trail: Trail
    pulls_of: PullsOf

    def finding(self, request: PromotionRequest) -> Finding | None:
        """What is wrong with it; None when it is in place by now. Raises what registry and GitHub raise."""
        try:
            aliases = self.registry.aliases(request.model, kind=request.kind)
        except PromoterError as error:
            if error.reason is not ReasonCode.MODEL_NOT_FOUND:
                raise
            aliases = None
        version: ModelVersion | None = None
        if aliases is not None:
            request = self._resolved(request, live=aliases.get(request.alias))
            if aliases.get(request.alias) == request.version:
                return None
            version = self._version(request)
        changed = self._changed(request)
        facts = Facts(
            aliases=aliases,
            status=version.status if version else None,
            application=self._application(request, version, changed=changed),
        )
        kind = kind_of(request, facts)
        if kind is None:
            return None
        return Finding(
            kind=kind,
            model=request.model,
            alias=request.alias,
            of=request.kind,
            live=(aliases or {}).get(request.alias),
            request=request,
            status=facts.status or "",
            since=changed.when,
            commit=changed.commit,
        )

    def _resolved(self, request: PromotionRequest, *, live: str | None) -> PromotionRequest:
        return Copies(self.registry, request.model).resolved(request, live=live)

    def _version(self, request: PromotionRequest) -> ModelVersion | None:
        try:
            source = request.source if not request.version.isdigit() else None
            if source is not None:
                # Never copied: its source has no tag that speaks of this alias.
                return replace(self.registry.model_version(source.model, source.version), tags={})
            return self.registry.model_version(request.model, request.version)
        except PromoterError as error:
            if error.reason is not ReasonCode.VERSION_NOT_FOUND:
                raise
            return None

    def _changed(self, request: PromotionRequest) -> Ancestor:
        try:
            return self.trail.newest_change(request)
        except PromoterError as error:
            # Farther back than is looked: then it is old, and the registry's tag alone is believed.
            if error.reason is not ReasonCode.NO_PULL_REQUEST:
                raise
            return _UNKNOWN

    def _application(
        self, request: PromotionRequest, version: ModelVersion | None, *, changed: Ancestor
    ) -> Application:
        applied = Applied.of(version, request.alias) if version else None
        if applied is None:
            return Application.NEVER
        newest = Past(commit=changed.commit, version=request.version)
        pulls_of = self.pulls_of if changed.commit else _no_pulls
        if applied.is_of(newest, pulls_of) or any(
            applied.is_of(past, pulls_of) for past in self._same_before(request)
        ):
            return Application.DONE
        return Application.NEVER

    def _same_before(self, request: PromotionRequest) -> Iterator[Past]:
        """The newest changes of the file that asked for this very version: one may have edited the reason.

        One that gave it in `from` did too.
        """
        repository, tip = self.trail.repository, self.trail.branch.tip
        changes = repository.history(tip, request.path, limit=HISTORY_LIMIT)
        copies = Copies(self.registry, request.model)
        past = copies.resolved_past(past_of(request, changes), live=request.version)
        return takewhile(lambda one: one.version == request.version, past)


@dataclass(frozen=True, kw_only=True)
class _Examined:
    """What became of the aliases looked at; `in_place` are those that agree by now."""

    findings: list[Finding] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)
    in_place: list[PromotionRequest] = field(default_factory=list)


def _examined(examiner: _Examiner, requests: Sequence[PromotionRequest]) -> _Examined:
    """Each request looked at; once registry or GitHub do not answer they are not asked again."""
    found = _Examined()
    for request in requests:
        outage = next((one for one in found.undecided if one.reason in _OUTAGES), None)
        if outage is not None:
            found.undecided.append(replace(outage, request=request))
            continue
        try:
            finding = examiner.finding(request)
        except PromoterError as error:
            why = Undecided(request=request, reason=error.reason, message=error.message, hint=error.hint)
            found.undecided.append(why)
            continue
        if finding is None:
            found.in_place.append(request)
        else:
            found.findings.append(finding)
    return found


_EXEMPT_WORDS = {
    Exemption.DRY_RUN: "the policy has them in `mode: dry_run`",
    Exemption.DISABLED: "the policy has them in `mode: disabled`",
    Exemption.NOT_ALLOWED: "no rule of the policy lets requests move their alias",
}


def _notes(exempt: Mapping[Exemption, Sequence[PromotionRequest]]) -> tuple[Message, ...]:
    """What was left aside, counted, with one name each."""
    return tuple(
        say(
            f"{len(requests)} request(s) left aside, because {_EXEMPT_WORDS[why]}: ",
            quote("@".join(requests[0].key)),
            " and others" if len(requests) > 1 else "",
        )
        for why, requests in sorted(exempt.items())
    )
