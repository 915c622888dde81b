"""propose: open, change and close the pull requests that the policy asks for, one for each alias."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from promoter.commands.proposing import Drafter, Ground
from promoter.commands.trees import Places, read_policy, read_request_set, read_tree
from promoter.commands.versions import PullsOf
from promoter.core.drift import Key
from promoter.core.policy import Policy
from promoter.core.proposal import Proposal
from promoter.core.proposal_mark import Mark, Scope, fingerprint
from promoter.core.propose_report import (
    Action,
    Entry,
    ProposeReport,
    Writing,
    concluded,
    is_undecided,
)
from promoter.core.proposing import (
    Alias,
    Change,
    Close,
    Create,
    Drop,
    Item,
    Leave,
    Propose,
    Step,
    Wish,
    answered,
    chosen,
    plan_proposals,
    ripe,
    unsettled,
)
from promoter.core.report import Links
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Proposals, RegistryIndex, Repository
from promoter.render.proposal import withdrawn_body
from promoter.text import say

# After one of these it makes no sense to go on asking.
_OUTAGES = frozenset(
    {ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.GITHUB_UNAVAILABLE, ReasonCode.DEADLINE_EXCEEDED}
)
_NOTHING_ASKED = say("no entry of the policy has `propose`, so nothing is proposed")
_GONE = Drop(why=say("the policy proposes nothing for this alias any more"))


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
    opened = _Opened.of(world.proposals.opened(), scope)
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
    seeker = _Seeker(world=world, ground=ground, scope=scope, opened=opened)
    items, undecided = seeker.items()
    others = sum(entry.number > 0 for entry in undecided)
    steps = plan_proposals(items, limit=policy.propose.limit, others=others)
    drafter = Drafter(ground=ground, scope=scope, now=world.now)
    doer = _Doer(proposals=world.proposals, drafter=drafter, writing=world.writing)
    entries = (*doer.entries(steps), *undecided)
    return concluded(replace(report, entries=tuple(sorted(entries, key=lambda entry: entry.key))))


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """Our open proposals: those whose first line says which alias they are for, and all by branch."""

    by_key: Mapping[Key, Proposal]
    by_branch: Mapping[str, Proposal]

    @classmethod
    def of(cls, opened: Sequence[Proposal], scope: Scope) -> _Opened:
        by_key: dict[Key, Proposal] = {}
        for proposal in opened:
            mark = Mark.of(proposal.body)
            # The branch is what counts: a line can be copied.
            if mark and mark.scope == scope.digest and scope.branch(mark.key) == proposal.branch:
                by_key.setdefault(mark.key, proposal)
        return cls(by_key=by_key, by_branch={proposal.branch: proposal for proposal in opened})


@dataclass(frozen=True, kw_only=True)
class _Seeker:
    """Finds out what is wanted of each alias."""

    world: ProposeWorld
    ground: Ground
    scope: Scope
    opened: _Opened

    def items(self) -> tuple[list[Item], list[Entry]]:
        """What is wanted of each alias, in order, and of which of them nothing can be said."""
        listing = self.ground.registry.all_aliases()
        items: list[Item] = []
        undecided: list[Entry] = []
        outage: PromoterError | None = None
        for key in sorted({*self._asked(self.ground.policy, listing), *self.opened.by_key}):
            proposal = self.opened.by_branch.get(self.scope.branch(key))
            try:
                if outage is not None:
                    raise outage
                items.append(self._item(key, listing, proposal=proposal))
            except PromoterError as error:
                outage = error if error.reason in _OUTAGES else None
                undecided.append(_unsure(key, error, proposal=proposal))
        return items, undecided

    def _asked(self, policy: Policy, listing: Mapping[str, Mapping[str, str]]) -> Iterator[Key]:
        for model in listing:
            rule = policy.rule_for(model)
            if rule is not None and rule.propose is not None:
                yield model, rule.propose.to

    def _item(self, key: Key, listing: Mapping[str, Mapping[str, str]], *, proposal: Proposal | None) -> Item:
        model, to = key
        rule = self.ground.policy.rule_for(model)
        if rule is None or rule.propose is None or rule.propose.to != to:
            return Item(key=key, wish=_GONE, opened=proposal)
        try:
            # A list may lack a model that is there.
            aliases = listing[model] if model in listing else self.ground.registry.aliases(model)
        except PromoterError as error:
            if error.reason is not ReasonCode.MODEL_NOT_FOUND:
                raise
            return Item(key=key, wish=Drop(why=error.message), opened=proposal)
        asked = self.ground.requests.get(key)
        alias = Alias(key=key, rule=rule, propose=rule.propose, aliases=aliases, asked=asked)
        return Item(key=key, wish=self._wish(alias, proposal), opened=proposal, live=alias.live)

    def _wish(self, alias: Alias, proposal: Proposal | None) -> Wish:
        against = unsettled(alias)
        if against is not None:
            return against
        registry, now = self.ground.registry, self.world.now
        versions = () if alias.propose.from_alias else registry.versions(alias.key[0])
        number = chosen(alias, versions, now=now)
        if isinstance(number, Drop):
            return number
        challenger = registry.model_version(alias.key[0], number)
        wish = ripe(alias, challenger, now=now)
        if not isinstance(wish, Propose):
            return wish
        digest = fingerprint(challenger, policy_digest=self.ground.policy.digest)
        mark = Mark(scope=self.scope.digest, key=alias.key, version=number, fingerprint=digest)
        before = Mark.of(proposal.body) if proposal else None
        if before is not None and before.version == number:
            return wish
        branch = self.scope.branch(alias.key)
        return answered(self.world.proposals.listed(branch), mark) or wish


def _unsure(key: Key, error: PromoterError, *, proposal: Proposal | None) -> Entry:
    return Entry(
        key=key,
        action=Action.UNDECIDED if is_undecided(error.reason) else Action.LEFT,
        why=error.message,
        hint=error.hint,
        reason=error.reason,
        number=proposal.number if proposal else 0,
        url=proposal.url if proposal else "",
    )


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
                outage = error if error.reason in _OUTAGES else outage
                unsure = _unsure(step.item.key, error, proposal=step.item.opened)
                entries.append(replace(unsure, live=step.item.live))
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
