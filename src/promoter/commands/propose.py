"""propose: open, change and close the pull requests that the policy asks for, one for each alias."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from promoter.commands.proposing import Drafter, Ground
from promoter.commands.seeking import OUTAGES, Opened, Seeker, unsure
from promoter.commands.trees import Places, read_policy, read_request_set, read_tree
from promoter.commands.versions import PullsOf
from promoter.core.proposal import Proposal
from promoter.core.proposal_mark import Mark, Scope
from promoter.core.propose_report import (
    Action,
    Entry,
    ProposeReport,
    Writing,
    concluded,
)
from promoter.core.proposing import (
    Change,
    Close,
    Create,
    Drop,
    Item,
    Leave,
    Propose,
    Step,
    plan_proposals,
)
from promoter.core.report import Links
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Proposals, RegistryIndex, Repository
from promoter.render.proposal import withdrawn_body
from promoter.text import say

_NOTHING_ASKED = say("no entry of the policy has `propose`, so nothing is proposed")


def _no_pulls(_: str) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class ProposeWorld:
    """What propose needs from outside; `now` has a time zone."""

    repository: Repository
    registry: Callable[[], RegistryIndex]
    proposals: Proposals
    places: Places
    now: datetime
    tool_version: str
    writing: Writing = Writing.DONE
    pulls_of: PullsOf = _no_pulls
    links: Links = field(default_factory=Links)


def propose(world: ProposeWorld, *, branch: str) -> ProposeReport:
    """Bring the open proposals to what the policy at the branch's tip asks for. Never raises for what
    registry, repository or GitHub do."""
    report = ProposeReport(
        reason=ReasonCode.PROPOSALS_CURRENT,
        message=_NOTHING_ASKED,
        writing=world.writing,
        branch=branch,
        policy_path=world.places.policy,
        tool_version=world.tool_version,
        links=world.links,
    )
    try:
        tip = world.repository.tip(branch)
        return _propose(world, replace(report, head_commit=tip))
    except PromoterError as error:
        return failed(report, error)


def failed(report: ProposeReport, error: PromoterError) -> ProposeReport:
    """A run that an error ended."""
    return replace(
        report, reason=error.reason, message=error.message, hint=error.hint, problems=error.problems
    )


def _propose(world: ProposeWorld, report: ProposeReport) -> ProposeReport:
    tree = read_tree(world.repository, report.head_commit, places=world.places)
    policy = read_policy(world.repository, tree, places=world.places)
    report = replace(report, policy_digest=policy.digest)
    scope = Scope.of(world.places.requests, world.places.policy)
    opened = Opened.of(world.proposals.opened(), scope)
    if not opened.by_key and not any(rule.propose for rule in policy.models):
        return report
    requests = read_request_set(world.repository, tree).requests
    ground = Ground(
        repository=world.repository,
        registry=world.registry(),
        places=world.places,
        tree=tree,
        policy=policy,
        requests={request.key: request for request in requests},
        branch=report.branch,
        pulls_of=world.pulls_of,
        links=world.links,
    )
    seeker = Seeker(proposals=world.proposals, now=world.now, ground=ground, scope=scope, opened=opened)
    items, undecided = seeker.items()
    others = sum(entry.number > 0 for entry in undecided)
    steps = plan_proposals(items, limit=policy.propose.limit, others=others)
    drafter = Drafter(ground=ground, scope=scope, now=world.now)
    doer = _Doer(proposals=world.proposals, drafter=drafter, writing=world.writing)
    entries = (*doer.entries(steps), *undecided)
    return concluded(replace(report, entries=tuple(sorted(entries, key=lambda entry: entry.key))))


@dataclass(frozen=True, kw_only=True)
class _Doer:
    """Carries steps out, or says what it would do."""

    proposals: Proposals
    drafter: Drafter
    writing: Writing

    def entries(self, steps: Sequence[Step]) -> list[Entry]:
        """What became of each; once GitHub or registry do not answer they are not asked again."""
        entries: list[Entry] = []
        outage: PromoterError | None = None
        for step in steps:
            try:
                if outage is not None and not isinstance(step, Leave):
                    raise outage
                entries.append(self._done(step))
            except PromoterError as error:
                outage = error if error.reason in OUTAGES else outage
                failed_entry = unsure(step.item.key, error, proposal=step.item.opened)
                entries.append(replace(failed_entry, live=step.item.live))
        return entries

    def _done(self, step: Step) -> Entry:
        entry = Entry(key=step.item.key, action=Action.LEFT, live=step.item.live)
        match step:
            case Leave(why=why):
                return _left(replace(entry, why=why), step.item)
            case Close(proposal=proposal, why=why):
                return self._closed(replace(entry, why=why), proposal)
            case Create() | Change():
                return self._drafted(entry, step)

    def _closed(self, entry: Entry, proposal: Proposal) -> Entry:
        mark = Mark.of(proposal.body)
        if self._writes:
            marker = mark.withdrawn().line() if mark else "<!-- promoter proposal -->"
            self.proposals.close(proposal, body=withdrawn_body(entry.why, marker=marker))
        version = mark.version if mark else ""
        return _of(replace(entry, action=Action.CLOSED, version=version), proposal)

    def _drafted(self, entry: Entry, step: Create | Change) -> Entry:
        drafted = self.drafter.draft(step.item, step.challenger)
        draft = drafted.draft
        entry = replace(entry, version=step.challenger.version, why=drafted.why)
        if isinstance(step, Create):
            entry = replace(entry, action=Action.OPENED)
            return _of(entry, self.proposals.create(draft)) if self._writes else entry
        before = step.proposal
        # What would be done is told by the words alone: they differ whenever the version does.
        shown = replace(before, title=draft.title, body=draft.body.rstrip())
        now = self.proposals.change(before, draft) if self._writes else shown
        return _of(replace(entry, action=Action.UNCHANGED if now == before else Action.CHANGED), now)

    @property
    def _writes(self) -> bool:
        return self.writing is Writing.DONE


def _left(entry: Entry, item: Item) -> Entry:
    if item.opened is not None:
        mark = Mark.of(item.opened.body)
        return _of(replace(entry, version=mark.version if mark else ""), item.opened)
    if isinstance(item.wish, Drop):
        return replace(entry, action=Action.NONE)
    return replace(entry, version=item.wish.challenger.version) if isinstance(item.wish, Propose) else entry


def _of(entry: Entry, proposal: Proposal) -> Entry:
    return replace(entry, number=proposal.number, url=proposal.url)
