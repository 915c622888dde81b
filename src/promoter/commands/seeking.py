"""What propose finds out of each alias before anything is written: which version is wanted, or why none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from promoter.commands.proposing import Ground
from promoter.core.drift import Holders, Key
from promoter.core.policy import Policy
from promoter.core.prompt import Kind
from promoter.core.proposal import Proposal
from promoter.core.proposal_mark import Mark, Scope, fingerprint
from promoter.core.propose_report import Action, Entry, is_undecided
from promoter.core.proposing import (
    Alias,
    Drop,
    Item,
    Propose,
    Wish,
    answered,
    chosen,
    ripe,
    rule_of,
    unsettled,
)
from promoter.core.request import key_name, named_by
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Proposals
from promoter.text import say

# After one of these it makes no sense to go on asking.
OUTAGES = frozenset(
    {ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.GITHUB_UNAVAILABLE, ReasonCode.DEADLINE_EXCEEDED}
)
_GONE = Drop(why=say("the policy proposes nothing for this alias any more"))


@dataclass(frozen=True, kw_only=True)
class Opened:
    """Our open proposals: those whose first line says which alias they are for, and all by branch."""

    by_key: Mapping[Key, Proposal]
    by_branch: Mapping[str, Proposal]

    @classmethod
    def of(cls, opened: Sequence[Proposal], scope: Scope) -> Opened:
        by_key: dict[Key, Proposal] = {}
        for proposal in opened:
            mark = Mark.of(proposal.body)
            # The branch is what counts: a line can be copied.
            if mark and mark.scope == scope.digest and scope.branch(mark.key) == proposal.branch:
                by_key.setdefault(mark.key, proposal)
        return cls(by_key=by_key, by_branch={proposal.branch: proposal for proposal in opened})


@dataclass(frozen=True, kw_only=True)
class Seeker:
    """Finds out what is wanted of each alias."""

    proposals: Proposals
    now: datetime
    ground: Ground
    scope: Scope
    opened: Opened

    def items(self) -> tuple[list[Item], list[Entry]]:
        """What is wanted of each alias, in order, and of which of them nothing can be said."""
        listing = self._listing()
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
                outage = error if error.reason in OUTAGES else None
                undecided.append(unsure(key, error, proposal=proposal))
        return items, undecided

    def _listing(self) -> Holders:
        """What the registry holds, in bulk; prompts only where one may be proposed."""
        registry = self.ground.registry
        listing = dict(registry.all_aliases())
        kinds = {rule.kind for rule in self.ground.policy.models if rule.propose}
        if Kind.PROMPT in kinds | {named_by(model)[0] for model, _ in self.opened.by_key}:
            prompts = registry.all_aliases(Kind.PROMPT)
            listing |= {key_name(Kind.PROMPT, name): aliases for name, aliases in prompts.items()}
        return listing

    def _asked(self, policy: Policy, listing: Holders) -> Iterator[Key]:
        for model in listing:
            rule = rule_of(policy, model)
            if rule is not None and rule.propose is not None:
                yield model, rule.propose.to

    def _item(self, key: Key, listing: Holders, *, proposal: Proposal | None) -> Item:
        model, to = key
        rule = rule_of(self.ground.policy, model)
        if rule is None or rule.propose is None or rule.propose.to != to:
            return Item(key=key, wish=_GONE, opened=proposal)
        try:
            # A list may lack a model that is there.
            aliases = listing[model] if model in listing else self._aliases(model)
        except PromoterError as error:
            if error.reason is not ReasonCode.MODEL_NOT_FOUND:
                raise
            return Item(key=key, wish=Drop(why=error.message), opened=proposal)
        asked = self.ground.requests.get(key)
        alias = Alias(key=key, rule=rule, propose=rule.propose, aliases=aliases, asked=asked)
        return Item(key=key, wish=self._wish(alias, proposal), opened=proposal, live=alias.live)

    def _aliases(self, model: str) -> Mapping[str, str]:
        kind, name = named_by(model)
        return self.ground.registry.aliases(name, kind=kind)

    def _wish(self, alias: Alias, proposal: Proposal | None) -> Wish:
        against = unsettled(alias)
        if against is not None:
            return against
        registry, now = self.ground.registry, self.now
        kind, name = named_by(alias.key[0])
        versions = () if alias.propose.from_alias else registry.versions(name, kind)
        number = chosen(alias, versions, now=now)
        if isinstance(number, Drop):
            return number
        challenger = registry.model_version(name, number)
        wish = ripe(alias, challenger, now=now)
        if not isinstance(wish, Propose):
            return wish
        digest = fingerprint(challenger, policy_digest=self.ground.policy.digest)
        mark = Mark(scope=self.scope.digest, key=alias.key, version=number, fingerprint=digest)
        before = Mark.of(proposal.body) if proposal else None
        if before is not None and before.version == number:
            return wish
        branch = self.scope.branch(alias.key)
        return answered(self.proposals.listed(branch), mark) or wish


def unsure(key: Key, error: PromoterError, *, proposal: Proposal | None) -> Entry:
    """An alias of which nothing can be said."""
    return Entry(
        key=key,
        action=Action.UNDECIDED if is_undecided(error.reason) else Action.LEFT,
        why=error.message,
        hint=error.hint,
        reason=error.reason,
        number=proposal.number if proposal else 0,
        url=proposal.url if proposal else "",
    )
