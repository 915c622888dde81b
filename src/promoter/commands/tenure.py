"""When the version that a rollback goes back to was champion, and why it left: from git and from tags.

It is for people to read. What neither of them tells is left out, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import takewhile

from promoter.commands.versions import Applied, Claim, Past, asked_before, successors, took_over
from promoter.core.model_version import ModelVersion
from promoter.core.plan import MovedOutside
from promoter.errors import PromoterError
from promoter.ports import RegistryReader
from promoter.text import Message, Part, quote, say

# When the version was last promoted, by whatever alias.
WHEN_TAG = "promoter_promoted_at"


@dataclass(frozen=True, kw_only=True)
class _Change:
    """One change of the request's file, and the version it asked for where the registry still tells.

    `newest` is the last change that asked for the same, of which the version's tag speaks.
    """

    past: Past
    newest: Past
    version: ModelVersion | None


def tenure(registry: RegistryReader, claim: Claim, *, challenger: ModelVersion) -> tuple[Message, ...]:
    """One sentence on the proposed version's last time; nothing where git does not tell of one."""
    if claim.outside is MovedOutside.PUT_BACK:
        return ()
    past = (*claim.past[:1], *asked_before(claim, applied=Applied.of(challenger, claim.request.alias)))
    at = next((at for at, one in enumerate(past) if at and one.version == challenger.version), None)
    if at is None:
        return ()
    came = _Change(past=_first_of(past[at:]), newest=past[at], version=challenger)
    left = _successor(registry, claim, newer=past[:at])
    return (
        say(
            "version ",
            quote(challenger.version),
            " held this alias before",
            *_dated(" from ", came, claim=claim),
            *_by(came.past, claim),
            *_left(left, claim),
        ),
    )


def _first_of(past: tuple[Past, ...]) -> Past:
    """The change that asked for the first one's version: it may have been edited since."""
    return [*takewhile(lambda one: one.version == past[0].version, past)][-1]


def _successor(registry: RegistryReader, claim: Claim, *, newer: tuple[Past, ...]) -> _Change:
    """The change that took the alias from it, by the registry's tags; else git's next one."""
    found = next((one for one in successors(claim, newer) if took_over(registry, claim, past=one)), newer[-1])
    # Its file may have been edited or renamed since it took over.
    change = _Change(past=_first_of(newer[newer.index(found) :]), newest=found, version=None)
    if found.version is None:
        return change
    try:
        return replace(change, version=registry.model_version(claim.request.model, found.version))
    except PromoterError:
        return change


def _left(left: _Change, claim: Claim) -> Iterator[Part]:
    if left.past.version is None:
        yield from (*_dated(" until ", left, claim=claim), ", when git no longer asked for it")
        return
    yield from _dated(" until ", left, claim=claim)
    yield from (", when version ", quote(left.past.version), " took its place", *_by(left.past, claim))
    if left.past.reason:
        yield from (". The reason given then: ", quote(left.past.reason))


def _by(past: Past, claim: Claim) -> tuple[Part, ...]:
    numbers = sorted(claim.pulls_of(past.commit) or ())
    return (f" (pull request #{numbers[0]})",) if numbers else ()


def _dated(word: str, change: _Change, *, claim: Claim) -> tuple[Part, ...]:
    """When the tag says that it was promoted; where that is of another time, the date of git's commit."""
    version = change.version
    applied = Applied.of(version, claim.request.alias) if version is not None else None
    by_tag = applied is not None and any(
        applied.is_of(one, claim.pulls_of) for one in (change.newest, change.past)
    )
    told = version.tags.get(WHEN_TAG, "") if version is not None and by_tag else ""
    moment = _moment(told) or _moment(change.past.when)
    return (word, moment) if moment else ()


def _moment(text: str) -> str:
    """The moment in UTC, to the minute; empty for what is none, or has no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if moment.tzinfo else ""
