"""B, H and R of one alias, from git's past and the registry's word."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from promoter.core.model_version import ModelVersion
from promoter.core.plan import MovedOutside, ThreeWay
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import RegistryReader
from promoter.text import quote, say

_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True)
class Past:
    """What the request's file asked for after an earlier change; None: nothing readable, or another alias.

    `when` is that commit's date, empty where it is not known; `reason` is what the file gave.
    """

    commit: str
    version: str | None
    when: str = field(default="", compare=False)
    reason: str = field(default="", compare=False)


# The numbers of the pull requests that have a commit; None where only GitHub could tell.
PullsOf: TypeAlias = Callable[[str], Collection[int] | None]


def _unknown(_: str) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A request with what git held before it, newest first.

    `pull` is the pull request that brought it to the default branch; 0 while it is only proposed. `outside`
    says what is done where the alias was moved away after that pull request was applied; `ours` holds the
    versions that this very run has put there, which is no move outside git. `longer` gives what git held
    under other paths, before this file was made.
    """

    request: PromotionRequest
    past: tuple[Past, ...] = ()
    pull: int = 0
    pulls_of: PullsOf = _unknown
    outside: MovedOutside = MovedOutside.REFUSED
    ours: frozenset[str] = frozenset()
    longer: Callable[[], tuple[Past, ...]] = tuple


class Entry(StrEnum):
    """How a version came to hold an alias, as far as its tag knows."""

    MOVED = "moved"
    FOUND = "found"


# In the place of a version: the first that ever held the alias, and one that was there already.
_FIRST, _FOUND = "first", "found"


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What the tag of an applied version says: by which pull request, and who held the alias before.

    The tag is a brake: it can keep an alias from being moved. The one thing it loosens is how a version is
    judged that a merged pull request asked for earlier: only one that really held the alias is a rollback.
    `pull` is 0 where the alias was there before git asked for it. `entry` is MOVED where apply itself gave
    the version the alias, after its checks; FOUND where it only held it already, by whatever way.
    """

    pull: int
    origin: str
    entry: Entry = Entry.MOVED

    @classmethod
    def of(cls, version: ModelVersion, alias: str) -> Applied | None:
        """None when the version was never given this alias by Promoter."""
        pull, _, origin = version.tags.get(applied_tag(alias), "").partition(" ")
        if not _NUMBER.fullmatch(pull):
            return None
        if origin == _FIRST:
            return cls(pull=int(pull), origin="")
        # Earlier releases left the place empty for both: then nothing says that it was moved by us.
        entry = Entry.FOUND if origin in {"", _FOUND} else Entry.MOVED
        return cls(pull=int(pull), origin="" if entry is Entry.FOUND else origin, entry=entry)

    def __str__(self) -> str:
        return f"{self.pull} {self.origin or (_FOUND if self.entry is Entry.FOUND else _FIRST)}"

    def is_of(self, past: Past, pulls_of: PullsOf) -> bool:
        """Whether it speaks of that change; where nobody can tell, it does."""
        pulls = pulls_of(past.commit)
        return pulls is None or self.pull in pulls or not (pulls or self.pull)


def applied_tag(alias: str) -> str:
    """The key of that tag: one for each alias, as a version may hold several."""
    return f"promoter_applied_{alias}"


def three_way(
    registry: RegistryReader, claim: Claim, *, challenger: ModelVersion, live: str | None
) -> ThreeWay:
    """Raises CONFLICT when this very change was applied once and the alias has been moved away since, unless
    the claim says that it is to be put back. Then it is judged against what is live, as any promotion is: a
    tag can be forged, and says nothing of what the checks said."""
    request = claim.request
    applied = Applied.of(challenger, request.alias)
    before: str | None
    if live != request.version and claim.pull and applied and applied.pull == claim.pull:
        is_put_back = claim.outside is MovedOutside.PUT_BACK and applied.entry is Entry.MOVED
        if live not in claim.ours and not is_put_back:
            raise _moved_away(request, live, applied=applied)
        before = live
    else:
        before = _before(registry, claim, live=live)
    held_before = _held_before(registry, claim, challenger=challenger)
    earlier = (request.version,) if held_before else ()
    return ThreeWay(before=before, proposed=request.version, live=live, earlier=earlier)


def _before(registry: RegistryReader, claim: Claim, *, live: str | None) -> str | None:
    """B: the newest version git held before; or the live one, where every change since was never applied.

    A run that was refused or dropped leaves the alias behind what git says. The next request then starts
    from where the alias is, not from where it never was.
    """
    newest = claim.past[0].version if claim.past else None
    for past in _whole_past(claim, live=live):
        if past.version == live:
            return live
        if _was_applied(registry, claim, past=past):
            return newest
    return newest


def _whole_past(claim: Claim, *, live: str | None) -> Iterator[Past]:
    """Newest first: of this file, then of the file it was renamed from. To look there is to ask git again."""
    for past in claim.past:
        if past.version is None:
            if live is None:
                yield past
            break
        yield past
    if live is not None:
        yield from claim.longer()


def _was_applied(registry: RegistryReader, claim: Claim, *, past: Past) -> bool:
    applied = _applied(registry, claim.request, version=past.version)
    return applied is not None and applied.is_of(past, claim.pulls_of)


def _applied(registry: RegistryReader, request: PromotionRequest, *, version: str | None) -> Applied | None:
    try:
        return Applied.of(registry.model_version(request.model, version or ""), request.alias)
    except PromoterError as error:
        if error.reason is ReasonCode.VERSION_NOT_FOUND:
            return None
        raise


def _held_before(registry: RegistryReader, claim: Claim, *, challenger: ModelVersion) -> bool:
    """Whether the proposed version held this alias before: only then may comparisons merely report.

    That git asked for it is not enough: it may have been refused at apply, or stood only on a branch. It was
    applied itself, or a version that was applied took the alias from it.
    """
    request = claim.request
    own = Applied.of(challenger, request.alias)
    past = asked_before(claim, applied=own)
    asked = [one for one in past if one.version == request.version]
    if own is not None and own.entry is Entry.MOVED and own.pull != claim.pull and asked:
        # Of another pull request, it was promoted again from elsewhere: that it held the alias stays true.
        return True
    return bool(asked) and any(took_over(registry, claim, past=one) for one in successors(claim, claim.past))


def asked_before(claim: Claim, *, applied: Applied | None) -> tuple[Past, ...]:
    """What git asked for before what it asks for now, newest first. Other paths are looked at only for a
    version that was `applied` once, because to look there is to ask git again."""
    version = claim.request.version
    known = any(one.version == version for one in claim.past[1:])
    return claim.past[1:] if known or applied is None else (*claim.past, *claim.longer())[1:]


def successors(claim: Claim, past: Sequence[Past]) -> tuple[Past, ...]:
    """Each other version's newest change: its tag speaks of the last time it was applied."""
    newest = {one.version: one for one in reversed(past) if one.version != claim.request.version}
    return tuple(newest.values())


def took_over(registry: RegistryReader, claim: Claim, *, past: Past) -> bool:
    """Whether that change was applied, and took the alias from the proposed version."""
    record = _applied(registry, claim.request, version=past.version) if past.version else None
    return (
        record is not None and record.origin == claim.request.version and record.is_of(past, claim.pulls_of)
    )


def _moved_away(request: PromotionRequest, live: str | None, *, applied: Applied) -> PromoterError:
    alias = quote(f"{request.model}@{request.alias}")
    held = " was applied, and " if applied.entry is Entry.MOVED else " was in place, and "
    return PromoterError(
        ReasonCode.CONFLICT,
        say(
            "version ",
            quote(request.version),
            held,
            alias,
            " has been moved to ",
            quote(live or "nobody"),
            " outside git since",
        ),
        hint=say("Merge a request that names what the registry holds now, or put the alias back by hand."),
    )
