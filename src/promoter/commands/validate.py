"""validate: judge what a change asks for. Writes nothing to the registry, by type."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from promoter.commands.admission import (
    MergeGroup,
    all_deleted,
    explained,
    policy_and_requests,
    refuse_pull_request,
    refuse_strangers,
)
from promoter.commands.claiming import Trunk
from promoter.commands.gathering import Bench
from promoter.commands.judging import WORKFLOWS, brings_workflows, own_rules
from promoter.commands.judging_many import judge_all
from promoter.commands.pinning import hold_again
from promoter.commands.trees import (
    Places,
    Tree,
    read_policy,
    read_request_set,
    read_tree,
)
from promoter.commands.versions import Claim
from promoter.commands.weighing import Question, gather_reviews
from promoter.core.overall import overall_message, overall_reason
from promoter.core.policy import Policy
from promoter.core.pull_request import PullRequest
from promoter.core.report import Phase, Report, RequestReport
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import CustomChecks, Measurer, PullRequests, RegistryIndex, Repository, Several
from promoter.text import Message, quote, say


@dataclass(frozen=True, kw_only=True)
class ValidateWorld:
    """What validate needs from outside. `registry` is opened at the first request; `name`: owner/name.

    `several` asks the registry about one request after the other, or about some at once.
    """

    repository: Repository
    registry: Callable[[], RegistryIndex]
    pull_requests: PullRequests | None
    places: Places
    measurer: Measurer
    custom_checks: CustomChecks
    now: datetime
    name: str = ""
    several: Several = map


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is asked for: `head` beside `base`, where `base` is what the change would land on.

    `paths` limits it to what the change itself touches; None: everything that differs. `pull` is None for
    a merge group, which `group` is, and for a local clone; `default_branch` is the only one that promotions
    are applied from.
    """

    head: str
    base: str
    paths: frozenset[str] | None = None
    pull: PullRequest | None = None
    group: MergeGroup | None = None
    default_branch: str = ""


@dataclass(frozen=True, kw_only=True)
class _Touched:
    """The request files a change adds or edits, those it deletes, and whether it edits the policy."""

    requests: tuple[str, ...]
    deleted: tuple[str, ...]
    policy: bool


def validate(world: ValidateWorld, change: Change) -> Report:
    """The report of a change; errors that concern the whole change become its reason."""
    report = Report(
        phase=Phase.VALIDATE,
        reason=ReasonCode.NOTHING_TO_PROMOTE,
        message=overall_message(()),
        head_commit=change.head,
        base_commit=change.base,
        policy_path=world.places.policy,
    )
    try:
        report = _validate(world, change, report=report)
    except PromoterError as error:
        report = replace(
            report, reason=error.reason, message=error.message, hint=error.hint, problems=error.problems
        )
    return explained(report, change.pull)


def _validate(world: ValidateWorld, change: Change, *, report: Report) -> Report:
    head = read_tree(world.repository, change.head, places=world.places)
    base = read_tree(world.repository, change.base, places=world.places)
    touched = _touched(change, head=head, base=base)
    if touched.policy:
        return _about_policy(world, change, head=head, touched=touched, report=report)
    report = replace(report, notes=(*report.notes, *_unmanaged(touched, head=head, base=base)))
    left = (base.requests.keys() - touched.deleted) | set(touched.requests)
    if touched.deleted and not left:
        raise all_deleted(len(base.requests))
    if not touched.requests:
        return report
    report = replace(report, notes=(*report.notes, *_notes_on(change.pull)))
    policy = read_policy(world.repository, base, places=world.places)
    requests = read_request_set(world.repository, head).requests
    if brings_workflows(_own_paths(world, change)):
        raise own_rules(say("this change edits a workflow together with promotion requests"))
    _refuse_what_cannot_be_judged(world, change, head=head, paths=touched.requests)
    claims = _claims(world, change, base=base, requests=requests, paths=touched.requests)
    judged = _judge_all(world, change, policy=policy, claims=claims)
    report = replace(report, policy_digest=policy.digest, requests=judged)
    try:
        judged = _with_approvals(world, change, policy=policy, reports=judged)
    except PromoterError as error:
        # What was judged is told all the same.
        notes = (*report.notes, say("approvals were not looked at: ", *error.message.parts))
        return replace(report, reason=error.reason, message=error.message, hint=error.hint, notes=notes)
    hint = judged[0].hint if len(judged) == 1 else say()
    reason, message = overall_reason(judged), overall_message(judged)
    return replace(report, requests=judged, reason=reason, message=message, hint=hint)


def _own_paths(world: ValidateWorld, change: Change) -> Collection[str]:
    """What the change edits; where no pull request tells, the workflows that it edits."""
    if change.paths is not None:
        return change.paths
    # The base may have moved on: what it edited since is none of the change's doing.
    began = world.repository.merge_base(change.base, change.head) or change.base
    before, after = (
        {entry.path: entry for entry in world.repository.files(commit, WORKFLOWS)}
        for commit in (began, change.head)
    )
    return [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]


def _about_policy(
    world: ValidateWorld, change: Change, *, head: Tree, touched: _Touched, report: Report
) -> Report:
    """A policy is read at the head for its form only; it counts from the pull request after its own."""
    if touched.requests or touched.deleted:
        raise policy_and_requests(world.places.policy, change.group)
    if head.policy is None:
        gone = say("the policy is deleted: no request can be judged from then on")
        return replace(report, message=gone, notes=(*report.notes, gone))
    policy = read_policy(world.repository, head, places=world.places)
    return replace(
        report,
        policy_digest=policy.digest,
        message=say("the policy is valid; it counts for pull requests after this one is merged"),
    )


def _touched(change: Change, *, head: Tree, base: Tree) -> _Touched:
    """What differs between the trees and is the change's own doing: the base may have moved on since."""
    ours, theirs = head.by_path(), base.by_path()
    differ = {path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path)}
    own = differ if change.paths is None else differ & change.paths
    return _Touched(
        requests=tuple(sorted(own & head.requests.keys())),
        deleted=tuple(sorted(own & base.requests.keys() - head.requests.keys())),
        policy=not own <= head.requests.keys() | base.requests.keys(),
    )


def _claims(
    world: ValidateWorld,
    change: Change,
    *,
    base: Tree,
    requests: Sequence[PromotionRequest],
    paths: Sequence[str],
) -> list[Claim]:
    # For the approvals, and their past with them: of many at once GitHub tells in few answers.
    world.repository.expect([(commit, path) for commit in (change.head, change.base) for path in paths])
    by_path = {request.path: request for request in requests}
    places, pulls = world.places, world.pull_requests
    trunk = Trunk(repository=world.repository, pull_requests=pulls, places=places, base=base)
    return [trunk.claim(by_path[path]) for path in paths]


def _judge_all(
    world: ValidateWorld, change: Change, *, policy: Policy, claims: list[Claim]
) -> tuple[RequestReport, ...]:
    bench = Bench(
        registry=world.registry(),
        measurer=world.measurer,
        custom_checks=world.custom_checks,
        policy=policy,
        commit=change.base,
        head=change.head,
        now=world.now,
    )
    return judge_all(bench, claims, several=world.several)


def _with_approvals(
    world: ValidateWorld, change: Change, *, policy: Policy, reports: tuple[RequestReport, ...]
) -> tuple[RequestReport, ...]:
    if change.pull is None or world.pull_requests is None:
        return reports
    paths = tuple(report.request.path for report in reports)
    reviewed = gather_reviews(
        Question(pull=change.pull, onto=change.base, paths=paths),
        policy.approvals,
        pull_requests=world.pull_requests,
        repository=world.repository,
    )
    number = change.pull.number
    told = reviewed.noted(reviewed.stated(reports, policy))
    return tuple(
        hold_again(replace(one, pull_request=number), world.pull_requests, repository=world.name)
        for one in told
    )


def _notes_on(pull: PullRequest | None) -> tuple[Message, ...]:
    if pull is not None and pull.is_draft:
        return (say("this pull request is a draft: it cannot be merged yet"),)
    return ()


def _unmanaged(touched: _Touched, *, head: Tree, base: Tree) -> Iterator[Message]:
    """What becomes of the aliases whose files are deleted; a renamed file still speaks of its alias."""
    gone = [base.requests[path] for path in touched.deleted]
    for entry in gone:
        if entry.blob_id in {head.requests[path].blob_id for path in touched.requests}:
            continue
        yield say(
            quote(entry.path),
            " is deleted: unless another file asks for its alias, that stays where it is and is unmanaged",
        )


def _refuse_what_cannot_be_judged(
    world: ValidateWorld, change: Change, *, head: Tree, paths: Sequence[str]
) -> None:
    if change.pull is not None:
        refuse_pull_request(change.pull, change.default_branch)
    if change.group is not None and world.pull_requests is not None:
        asked = {path: head.requests[path].blob_id for path in paths}
        pulls, repository = world.pull_requests, world.repository
        refuse_strangers(change.group, asked, pull_requests=pulls, repository=repository)


def change_of_pull_request(
    pull_requests: PullRequests, repository: Repository, *, number: int, head: str, default_branch: str
) -> Change:
    """What a pull request asks for, at exactly the commit `head` that its event named.

    It is judged against the base branch as it is now: what GitHub calls a pull request's base commit stays
    behind when the branch moves on.

    Raises PULL_REQUEST_CLOSED, SUPERSEDED when it has a newer commit, TOO_MANY_FILES.
    """
    pull = pull_requests.get(number)
    if not pull.is_open:
        raise PromoterError(
            ReasonCode.PULL_REQUEST_CLOSED,
            say(f"pull request #{number} is closed: there is nothing to judge"),
        )
    if pull.head_commit != head:
        raise PromoterError(
            ReasonCode.SUPERSEDED,
            say("a newer commit was pushed: ", quote(pull.head_commit[:12])),
            hint=say("The run of that commit judges it; this one says nothing."),
        )
    return Change(
        head=pull.head_commit,
        base=repository.tip(pull.base_branch),
        paths=pull_requests.changed_paths(pull),
        pull=pull,
        default_branch=default_branch,
    )
