"""apply: move what is towards what the default branch says should be. Level-triggered, at its tip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from promoter.commands.copies import in_place
from promoter.commands.gathering import Bench
from promoter.commands.judging import OUTAGES, already_applied, judge, refused, rule_for
from promoter.commands.landing import (
    MOST_ROUNDS,
    READY,
    Ground,
    Overtaken,
    Rounds,
    all_or_none,
    land,
    too_often,
)
from promoter.commands.moving import Reserve
from promoter.commands.pinning import hold_to_pins
from promoter.commands.record_tags import Record
from promoter.commands.recording import Notes, record_in_place
from promoter.commands.reporting import drawn_ahead, log_reports
from promoter.commands.tracing import Branch, Traced, Tracer
from promoter.commands.trees import Places, read_policy, read_request_set, read_tree
from promoter.commands.weighing import Question, gather_reviews
from promoter.core.approval import ApprovalState, Refusal
from promoter.core.overall import overall_message, overall_reason
from promoter.core.plan import MovedOutside
from promoter.core.policy import Policy
from promoter.core.report import NO_LINKS, Links, Phase, Report, RequestReport
from promoter.core.request import PromotionRequest
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.ports import CustomChecks, Measurer, PullRequests, Registry, Repository
from promoter.render.evidence_json import digest, evidence
from promoter.text import quote, say


@dataclass(frozen=True, kw_only=True)
class ApplyWorld:
    """What apply needs from outside. `name` is the repository's, `now` has a zone; healing sets `outside`.

    `may_write` is asked before the moves of each pull request: whether nobody asked the job to stop.
    `open_reserve` opens half of the time kept for the end, where a write has eaten the rest.
    """

    repository: Repository
    registry: Callable[[], Registry]
    pull_requests: PullRequests
    places: Places
    measurer: Measurer
    custom_checks: CustomChecks
    name: str
    now: datetime
    tool_version: str
    may_write: Callable[[], bool] = lambda: True
    open_reserve: Callable[[], None] = lambda: None
    outside: MovedOutside = MovedOutside.REFUSED
    links: Links = NO_LINKS


def apply(world: ApplyWorld, *, branch: str, before: str = "") -> Report:
    """Bring every alias to what the branch's tip asks for.

    `before` is the commit the push started from: to notice that all requests vanished, and to note what is
    in place already. What is moved does not depend on it.
    """
    report = Report(
        phase=Phase.APPLY,
        reason=ReasonCode.NOTHING_TO_PROMOTE,
        message=say("there is no promotion request on ", quote(branch)),
        base_commit=before,
        policy_path=world.places.policy,
        tool_version=world.tool_version,
        links=world.links,
    )
    return _rounds(world, branch, before=before, report=report)


def _rounds(world: ApplyWorld, branch: str, *, before: str, report: Report) -> Report:
    """Begin anew where the branch asks for something else by the time of the writes."""
    rounds = Rounds()
    for _ in range(MOST_ROUNDS):
        try:
            tip = world.repository.tip(branch)
            report = replace(report, head_commit=tip, base_commit=tip, notes=rounds.notes)
            at = Branch(name=branch, tip=tip)
            return _apply(world, at, before=before, report=report, rounds=rounds)
        except Overtaken as overtaken:
            rounds = overtaken.rounds
        except PromoterError as error:
            return _failed(rounds.told(report), error)
    return _failed(rounds.told(report), too_often())


def _failed(report: Report, error: PromoterError) -> Report:
    return replace(
        report, reason=error.reason, message=error.message, hint=error.hint, problems=error.problems
    )


def _apply(world: ApplyWorld, branch: Branch, *, before: str, report: Report, rounds: Rounds) -> Report:
    tree = read_tree(world.repository, branch.tip, places=world.places)
    if not tree.requests:
        _refuse_vanished(world, before)
        return _concluded(report, rounds.finished(()))
    policy = read_policy(world.repository, tree, places=world.places)
    requests = read_request_set(world.repository, tree).requests
    report = replace(report, policy_digest=policy.digest)
    tracer = Tracer(
        repository=world.repository,
        pull_requests=world.pull_requests,
        places=world.places,
        branch=branch,
        outside=world.outside,
        ours=rounds.ours,
    )
    opened = world.registry()
    # Once moves have begun, a deadline that ends must not keep the registry from being opened for the rest.
    world = replace(world, registry=lambda: opened)
    judged = _judge_all(world, tracer, policy=policy, requests=requests)
    with_evidence = replace(report, requests=judged)
    record = Record(commit=branch.tip, evidence_digest=digest(evidence(with_evidence)), now=world.now)
    ground = Ground(
        registry=opened,
        repository=world.repository,
        branch=branch,
        policy=world.places.policy,
        may_write=world.may_write,
        reserve=Reserve(begin=world.open_reserve),
    )
    charts = drawn_ahead(judged, policy)
    landed = land(ground, judged, record=record, rounds=rounds)
    notes = Notes(registry=world.registry(), tracer=tracer, policy=policy)
    finished = rounds.finished(record_in_place(notes, before=before, reports=landed))
    told = _concluded(replace(report, evidence_digest=record.evidence_digest), finished)
    return log_reports(ground, told, policy=policy, charts=charts)


def _concluded(report: Report, finished: Sequence[RequestReport]) -> Report:
    if not finished:
        return report
    reason, message = overall_reason(finished), overall_message(finished)
    return replace(report, requests=tuple(finished), reason=reason, message=message)


def _refuse_vanished(world: ApplyWorld, before: str) -> None:
    if not before.strip("0"):
        return
    earlier = read_tree(world.repository, before, places=world.places)
    if earlier.requests:
        raise PromoterError(
            ReasonCode.ALL_REQUESTS_DELETED,
            say(f"all {len(earlier.requests)} promotion requests vanished with this push"),
            hint=say("No alias was touched. Restore the files, or check the `requests` input."),
        )


def _judge_all(
    world: ApplyWorld, tracer: Tracer, *, policy: Policy, requests: Sequence[PromotionRequest]
) -> tuple[RequestReport, ...]:
    """Every request in the order of paths: in sync, refused, or judged and ready to be moved."""
    registry = world.registry()
    bench = Bench(
        registry=registry,
        measurer=world.measurer,
        custom_checks=world.custom_checks,
        policy=policy,
        commit=tracer.branch.tip,
        head=tracer.branch.tip,
        now=world.now,
    )
    reports = _look_at_all(registry, policy, requests=requests)
    # What was refused already is traced too: it holds up the rest of its pull request.
    traced, untraced = _trace_all(tracer, [r for r in requests if not _is_in_place(reports[r.path])])
    for path, report in untraced.items():
        reports[path] = reports[path] or report
    for number in dict.fromkeys(one.pull.number for one in traced):
        group = [one for one in traced if one.pull.number == number]
        reports |= _judge_group(world, bench, group=group, known=reports)
    return tuple(report for report in reports.values() if report is not None)


def _is_in_place(report: RequestReport | None) -> bool:
    return report is not None and report.reason is ReasonCode.ALREADY_APPLIED


def _trace_all(
    tracer: Tracer, requests: Sequence[PromotionRequest]
) -> tuple[list[Traced], Mapping[str, RequestReport]]:
    """The requests whose pull request was found, and by path the others, refused."""
    traced: list[Traced] = []
    untraced: dict[str, RequestReport] = {}
    for at, request in enumerate(requests):
        try:
            if at == 0:
                tracer.foresee(requests)
            traced.append(tracer.trace(request))
        except PromoterError as error:
            if error.exit_code is ExitCode.UNDECIDED:
                # It may belong to any pull request, so of none is it known that all its requests are ready.
                return [], {one.path: refused(one, error) for one in requests}
            untraced[request.path] = refused(request, error)
    return traced, untraced


def _look_at_all(
    registry: Registry, policy: Policy, *, requests: Sequence[PromotionRequest]
) -> dict[str, RequestReport | None]:
    """By path; once the registry does not answer it is not asked again."""
    reports: dict[str, RequestReport | None] = {}
    for request in requests:
        outage = next((r for r in reports.values() if r is not None and r.reason in OUTAGES), None)
        if outage is None:
            reports[request.path] = _look(registry, policy, request=request)
        else:
            error = PromoterError(outage.reason, outage.message, hint=outage.hint)
            reports[request.path] = refused(request, error)
    return reports


def _look(registry: Registry, policy: Policy, *, request: PromotionRequest) -> RequestReport | None:
    """What can be said of a request without its history; None when the alias has to move."""
    try:
        live = registry.aliases(request.model, kind=request.kind).get(request.alias)
        held = in_place(registry, request, live=live)
        if held is None:
            rule_for(policy, request)
    except PromoterError as error:
        return refused(request, error)
    return already_applied(held) if held else None


def _judge_group(
    world: ApplyWorld,
    bench: Bench,
    *,
    group: Sequence[Traced],
    known: Mapping[str, RequestReport | None],
) -> Mapping[str, RequestReport]:
    """The requests of one pull request: each judged, and none ready unless all are."""
    pull = group[0].pull
    requests = [one.claim.request for one in group]
    try:
        reviewed = gather_reviews(
            Question(pull=pull, onto=group[0].onto, paths=tuple(request.path for request in requests)),
            bench.policy.approvals,
            pull_requests=world.pull_requests,
            repository=world.repository,
        )
    except PromoterError as error:
        reports = [refused(request, error) for request in requests]
    else:
        reports = [
            replace(
                known[one.claim.request.path] or _judge_approved(bench, one, approval=state), approval=state
            )
            for one, state in zip(group, reviewed.states(requests, bench.policy), strict=True)
        ]
        reports = reviewed.noted(reports)
    reports = _pinned(world, [replace(report, pull_request=pull.number) for report in reports])
    return {report.request.path: report for report in all_or_none(reports)}


def _pinned(world: ApplyWorld, reports: Sequence[RequestReport]) -> list[RequestReport]:
    """The reports, those that are ready held to what was validated."""
    others = [report for report in reports if report.reason not in READY]
    ready = [report for report in reports if report.reason in READY]
    try:
        return [*others, *hold_to_pins(ready, world.pull_requests, repository=world.name)]
    except PromoterError as error:
        return [
            *others,
            *(replace(one, reason=error.reason, message=error.message, hint=error.hint) for one in ready),
        ]


def _judge_approved(bench: Bench, traced: Traced, *, approval: ApprovalState) -> RequestReport:
    """Judge what was approved; the rest is refused before any of its model's code is run."""
    if approval.is_enough:
        # What the pull request itself brought must not judge it: neither data nor a check's command.
        return judge(replace(bench, commit=traced.onto or bench.commit), traced.claim)
    causes = {why for _, why in approval.refused}
    reason = ReasonCode.APPROVAL_MISSING
    if Refusal.STALE in causes:
        reason = ReasonCode.APPROVAL_STALE
    elif causes & {Refusal.AUTHOR, Refusal.PUSHER}:
        reason = ReasonCode.APPROVAL_SELF
    return RequestReport(
        request=traced.claim.request,
        reason=reason,
        message=say(f"{len(approval.counted)} of {approval.needed} approvals count for this content"),
        hint=say(
            f"Have it approved on pull request #{traced.pull.number} (a merged one can still be approved) "
            "by somebody with write access who wrote and pushed no part of it; then run this job again."
        ),
    )
