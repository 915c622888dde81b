"""The words of a history: the same on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from promoter.core.timeline import (
    AsOf,
    Certainty,
    Entry,
    History,
    Kind,
    LiveState,
    Pull,
    Reached,
    Record,
    Teller,
)
from promoter.render.words import Tone
from promoter.text import Message, Part, quote, say

KIND_WORDS: dict[Kind, str] = {
    Kind.FIRST: "first promotion",
    Kind.PROMOTION: "promotion",
    Kind.ROLLBACK: "rollback",
    Kind.ADOPTION: "adopted as it was",
    Kind.EDITED: "asked for again",
    Kind.RENAMED: "file renamed",
    Kind.DELETION: "request deleted",
    Kind.UNREADABLE: "request no longer readable",
}

LIMITS = (
    say(
        "Git says what was asked for, and its dates are those of whoever made the commits. An alias that "
        "somebody moved by hand, and back, left no trace in git."
    ),
    say("A merge asks, an apply moves the alias: between the two the old version still held it."),
    say(
        "When and whether a version was applied is told by the registry's tags. They speak of a version's "
        "newest promotion only, and anybody who may write to the registry can edit them."
    ),
    say("A branch that was force-pushed is told as it is now."),
)

_REACHED: dict[Reached, Message] = {
    Reached.NEVER: say("never applied: it was merged, and never held the alias"),
    Reached.UNKNOWN: say(
        "whether it was applied cannot be told: its tags are gone, not read, or speak of another promotion"
    ),
    Reached.IN_PLACE: say("held the alias already when git asked for it"),
    Reached.APPLIED: say("applied; no tag tells when"),
    Reached.NOTHING: say("the registry was left as it was: git asked for nothing from here on"),
}


_UNTOLD_LIVE: dict[LiveState, tuple[Tone, str]] = {
    LiveState.NOT_ASKED: (Tone.QUIET, "; the registry was not asked"),
    LiveState.UNKNOWN: (Tone.UNSURE, "; what the registry holds is not known"),
    LiveState.NO_MODEL: (Tone.BAD, ", and the registry has no such model"),
}


def moment(when: datetime) -> str:
    """As people read it, in UTC, to the second."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def headline(history: History) -> tuple[Tone, Message]:
    """What git asks for now, and whether the registry holds it."""
    name = quote(f"{history.model}@{history.alias}")
    newest, live = history.entries[0], history.live
    if newest.version is None:
        asks = say(name, ": git asks for no version since ", moment(newest.since))
    else:
        asks = say(name, ": git asks for ", *_called(newest), " since ", moment(newest.since))
    if live.state in _UNTOLD_LIVE:
        kind, words = _UNTOLD_LIVE[live.state]
        return kind, say(*asks.parts, words)
    if newest.version is not None and live.version == newest.version:
        return Tone.GOOD, say(*asks.parts, ", and the registry holds it")
    held = say("version ", quote(live.version)) if live.version else say("nobody there")
    return _differing(newest), say(*asks.parts, ", but the registry says: ", *held.parts)


def _differing(newest: Entry) -> Tone:
    """Of a copied version git names the source: the copy has a number of its own."""
    if newest.version is None:
        return Tone.QUIET
    return Tone.UNSURE if "/" in newest.version else Tone.BAD


def title(entry: Entry) -> Message:
    """The version, or that there was none; of a copy, what it is one of too."""
    return say(*_called(entry)) if entry.version is not None else say("unmanaged")


def _called(entry: Entry) -> tuple[Part, ...]:
    source, version = entry.asked.source, entry.version
    if not source:
        return ("version ", quote(version))
    return (quote(source), *((", copied as version ", quote(version)) if version != source else ()))


def span(entry: Entry) -> str:
    """From when until when."""
    if entry.is_empty:
        return f"{moment(entry.since)}, replaced at once"
    return f"{moment(entry.since)} until {moment(entry.until) if entry.until else 'now'}"


def details(entry: Entry) -> Sequence[Message]:
    """Who asked, why, who approved, and what became of it."""
    return [message for message in _details(entry) if message.parts]


def _details(entry: Entry) -> Iterator[Message]:
    asked = entry.asked
    if asked.reason:
        yield say("reason: ", quote(asked.reason))
    if asked.override is not None:
        checks = ", ".join(asked.override.checks)
        why = say(
            " was asked for until ", asked.override.expires.isoformat(), ": ", quote(asked.override.reason)
        )
        yield say("an override of ", quote(checks), *why.parts)
    yield _pull(entry)
    yield say("commit ", quote(asked.commit[:12]), " by ", quote(asked.author), ": ", quote(asked.subject))
    if entry.kind is Kind.RENAMED:
        yield say("the file is ", quote(asked.path), " from here on")
    yield reached(entry)
    if entry.outside is not None:
        yield say(
            "it took the alias from version ",
            quote(entry.outside),
            ", which git had not asked for: somebody had moved it by hand",
        )
    yield _tagged(entry)


def reached(entry: Entry) -> Message:
    """Whether and when it came to the registry; nothing where the registry was not asked."""
    if entry.reached is Reached.NOT_ASKED:
        return say()
    if entry.reached is not Reached.APPLIED or entry.applied_at is None:
        return _REACHED[entry.reached]
    origin = say(", taken from version ", quote(entry.took_from)) if entry.took_from else say()
    return say("applied ", moment(entry.applied_at), *origin.parts)


def tone(entry: Entry) -> Tone:
    """How an entry should be taken."""
    if entry.reached is Reached.NEVER:
        return Tone.BAD
    if entry.reached is Reached.UNKNOWN or entry.kind is Kind.UNREADABLE:
        return Tone.UNSURE
    return Tone.QUIET if entry.version is None or entry.reached is Reached.NOT_ASKED else Tone.GOOD


def _pull(entry: Entry) -> Message:
    pull = entry.pull
    if pull is None:
        return say("no pull request is known")
    if pull.told_by is Teller.COMMIT:
        return say(f"pull request #{pull.number}, as the commit says")
    if pull.told_by is Teller.REGISTRY:
        return say(f"pull request #{pull.number}, as the registry's tag says")
    parts = say(f"pull request #{pull.number} ", quote(pull.title), ", asked by ", quote(pull.author))
    return say(*parts.parts, *_approved(pull).parts)


def _approved(pull: Pull) -> Message:
    if pull.approved_by is None:
        return say()
    if not pull.approved_by:
        return say(", without an approval that counts today")
    return say(", approved by ", quote(", ".join(pull.approved_by)))


def _tagged(entry: Entry) -> Message:
    """What apply wrote down: approvers and evidence."""
    record = entry.record
    if record is None or not is_own(record):
        return say()
    approved = say("approved by ", quote(record.approved_by)) if record.approved_by else say()
    evidence = say("evidence ", quote(record.evidence)) if record.evidence else say()
    both = [message for message in (approved, evidence) if message.parts]
    if not both:
        return say()
    between = (", ",) if len(both) > 1 else ()
    return say("the tags say: ", *both[0].parts, *between, *(both[1].parts if len(both) > 1 else ()))


def is_own(record: Record) -> bool:
    """Whether the tags that are not of one alias alone speak of the same pull request."""
    return record.pull is not None and record.pull_request == str(record.pull)


def answer(found: AsOf) -> Sequence[Message]:
    """Who held it on that day: by git, and by what was applied."""
    when = moment(found.moment)
    if found.asked is None:
        by_git = say(f"at {when} git had not asked for any version yet")
    elif found.asked.version is None:
        by_git = say(f"at {when} git asked for no version")
    else:
        by_git = say(f"at {when} git asked for ", *_called(found.asked))
    return [by_git, *_applied(found)]


def _applied(found: AsOf) -> Sequence[Message]:
    one = found.applied
    if one is not None and found.certainty is Certainty.DATED and one.applied_at is not None:
        return [
            say("applied by then: ", *_called(one), ", since ", moment(one.applied_at)),
        ]
    if one is not None:
        return [say("applied by then, as far as is known: ", *_called(one), "; no tag tells when")]
    if found.certainty is Certainty.NOBODY:
        return [say("no version that git asked for had been applied by then")]
    return [say("what had been applied by then cannot be told")]
