"""For which versions pull requests are opened, brought up to date and closed: one for each alias."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from promoter.core.drift import Key
from promoter.core.model_version import READY, ModelVersion
from promoter.core.names import MODEL
from promoter.core.policy import Mode, ModelRule, OnMissingChampion, Policy
from promoter.core.prompt import Kind
from promoter.core.proposal import Proposal
from promoter.core.proposal_mark import OPEN, Mark
from promoter.core.propose_rules import ProposeRule
from promoter.core.request import PromotionRequest, named_by
from promoter.text import Message, quote, say

# --- what is wanted of one alias ------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Propose:
    """There shall be an open proposal of this version."""

    challenger: ModelVersion


@dataclass(frozen=True, kw_only=True)
class Wait:
    """None is opened, and what is open stays: it may be right in a while."""

    why: Message


@dataclass(frozen=True, kw_only=True)
class Drop:
    """There shall be none."""

    why: Message


Wish: TypeAlias = Propose | Wait | Drop


@dataclass(frozen=True, kw_only=True)
class Alias:
    """One alias that the policy has versions proposed for: who holds it, and what git asks for."""

    key: Key
    rule: ModelRule
    propose: ProposeRule
    aliases: Mapping[str, str]
    asked: PromotionRequest | None = None

    @property
    def live(self) -> str | None:
        """The version that holds it."""
        return self.aliases.get(self.key[1])


def rule_of(policy: Policy, key: str) -> ModelRule | None:
    """The rule for a model or prompt, by its name as it stands in a key."""
    kind, name = named_by(key)
    return policy.rule_for(name, kind)


def unsettled(alias: Alias) -> Wait | Drop | None:
    """Why nothing can be proposed, whatever there is to propose; None: nothing stands against it."""
    kind, name = named_by(alias.key[0])
    if not re.fullmatch(MODEL.pattern, name):
        return Drop(why=say(f"no promotion request can hold this {kind}'s name"))
    if alias.rule.mode is not Mode.ENFORCE:
        return Drop(why=say(f"the policy has it in `mode: {alias.rule.mode.value}`"))
    by_hand = _by_hand(alias.asked) if alias.asked else None
    return by_hand or _unequal(alias.live, alias.asked.version if alias.asked else None, rule=alias.rule)


def _by_hand(asked: PromotionRequest) -> Wait | None:
    """What a request says of its one version must not be carried over to another."""
    if asked.source is not None:
        return Wait(why=say("its request copies a version of another model (`from`): change it by hand"))
    if asked.override is not None:
        return Wait(why=say("its request overrides a check for its version: change it by hand"))
    return None


def _unequal(live: str | None, asked: str | None, *, rule: ModelRule) -> Wait | None:
    if live is None and asked is None:
        if rule.on_missing_champion is OnMissingChampion.BOOTSTRAP:
            return None
        return Wait(why=say("nobody holds the alias, and the policy blocks a first promotion"))
    if asked is None:
        held = say("version ", quote(live), " holds the alias, and no request asks for it")
        return Wait(why=say(*held.parts, ": first let git adopt it (`promoter init`)"))
    if live != asked:
        there = quote(live) if live is not None else "nobody"
        why = say("git asks for version ", quote(asked), ", and the registry holds ", there)
        return Wait(why=say(*why.parts, ": first let apply or drift settle that"))
    return None


def chosen(alias: Alias, versions: Sequence[ModelVersion], *, now: datetime) -> str | Drop:
    """Which version the policy has proposed, or why none. `versions`, newest first, serve a rule by tags."""
    rule = alias.propose
    if rule.from_alias:
        found = alias.aliases.get(rule.from_alias)
        none = say("nobody holds ", quote(rule.from_alias))
    else:
        fitting = (one for one in versions if _fits(one, rule, now=now))
        found = next((one.version for one in fitting), None)
        none = say("no version that is ready, old enough and not ignored has the tags")
    if found is None:
        return Drop(why=none)
    if found == alias.live:
        return Drop(why=say("version ", quote(found), " holds the alias already"))
    if alias.live is not None and int(found) < int(alias.live):
        return Drop(why=say("version ", quote(found), " is older than the holder of the alias"))
    if found in rule.ignore:
        return Drop(why=say("the policy ignores version ", quote(found)))
    return found


def _fits(version: ModelVersion, rule: ProposeRule, *, now: datetime) -> bool:
    tagged = all(pattern.fullmatch(version.tags.get(key, "")) for key, pattern in rule.tags.items())
    is_old = _age(version, now=now) >= rule.cooldown
    return tagged and is_old and version.status == READY and version.version not in rule.ignore


def _age(version: ModelVersion, *, now: datetime) -> timedelta:
    return timedelta(milliseconds=now.timestamp() * 1000 - version.created_at)


def ripe(alias: Alias, challenger: ModelVersion, *, now: datetime) -> Wish:
    """Whether the chosen version can be proposed now."""
    number, kind = quote(challenger.version), named_by(alias.key[0])[0]
    if (challenger.prompt is not None) is not (kind is Kind.PROMPT):
        return Drop(why=say("version ", number, f" has not the tags of MLflow that make it a {kind}'s"))
    if challenger.status != READY:
        return Wait(why=say("version ", number, " has the status ", quote(challenger.status)))
    if _age(challenger, now=now) < alias.propose.cooldown:
        hours = int(alias.propose.cooldown.total_seconds() // 3600)
        return Wait(why=say("version ", number, f" is younger than {hours} hours"))
    if f"promoter_applied_{alias.key[1]}" in challenger.tags:
        return Drop(why=say("version ", number, " held the alias before, and was taken back since"))
    return Propose(challenger=challenger)


def answered(past: Sequence[Proposal], mark: Mark) -> Drop | None:
    """Why a version is not proposed again; None: nobody has said anything to exactly this yet."""
    for proposal in past:
        found = Mark.of(proposal.body)
        if found is None or (found.version, found.fingerprint) != (mark.version, mark.fingerprint):
            continue
        number, version = proposal.number, quote(mark.version)
        if proposal.state == "merged":
            return Drop(why=say(f"#{number} with version ", version, " was merged, and undone since"))
        if proposal.state == "closed" and found.state == OPEN:
            return Drop(
                why=say(f"#{number} with version ", version, " was closed unmerged, and is the same still")
            )
    return None


# --- what is done ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Item:
    """An alias, what is wanted of it, and its open proposal; `live` is the version that holds it."""

    key: Key
    wish: Wish
    opened: Proposal | None = None
    live: str | None = None


@dataclass(frozen=True, kw_only=True)
class Create:
    """A proposal to open."""

    item: Item
    challenger: ModelVersion


@dataclass(frozen=True, kw_only=True)
class Change:
    """An open proposal to bring up to date."""

    item: Item
    proposal: Proposal
    challenger: ModelVersion


@dataclass(frozen=True, kw_only=True)
class Close:
    """An open proposal that is not wanted any more."""

    item: Item
    proposal: Proposal
    why: Message


@dataclass(frozen=True, kw_only=True)
class Leave:
    """Nothing is done, and why."""

    item: Item
    why: Message


Step: TypeAlias = Create | Change | Close | Leave


def plan_proposals(items: Sequence[Item], *, limit: int, others: int = 0) -> tuple[Step, ...]:
    """Steps that make the open proposals those that are wanted, at most `limit` of them.

    `others` are open ones of which nothing could be decided. What is closed makes room in the same run.
    """
    steps = {item.key: _step(item) for item in items}
    staying = others + sum(
        item.opened is not None and not isinstance(steps[item.key], Close) for item in items
    )
    room = limit - staying
    planned: list[Step] = []
    for item in items:
        step = steps[item.key]
        if isinstance(step, Create):
            room -= 1
            if room < 0:
                why = say(f"{limit} proposals are open, and the policy allows no more (`limit`)")
                step = Leave(item=item, why=why)
        planned.append(step)
    # What is closed first leaves room for what is opened.
    return tuple(sorted(planned, key=lambda step: not isinstance(step, Close)))


def _step(item: Item) -> Step:
    opened = item.opened
    if isinstance(item.wish, Propose):
        if opened is None:
            return Create(item=item, challenger=item.wish.challenger)
        if opened.people:
            return Leave(item=item, why=_theirs(opened))
        return Change(item=item, proposal=opened, challenger=item.wish.challenger)
    if opened is None or isinstance(item.wish, Wait):
        return Leave(item=item, why=item.wish.why)
    if opened.people:
        return Leave(item=item, why=say(*item.wish.why.parts, "; but ", *_theirs(opened).parts))
    return Close(item=item, proposal=opened, why=item.wish.why)


def _theirs(proposal: Proposal) -> Message:
    people = quote(", ".join(proposal.people))
    return say(people, f" committed to the branch of #{proposal.number}: it is theirs now")
