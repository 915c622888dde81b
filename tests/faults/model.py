"""What may happen to a run whose servers fail: the promises of docs/reliability.md as one pure function.

It is given what was seen from outside (every value each alias ever had, the comments that are there, how the
run ended) and says what of it must not be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from promoter.errors import ExitCode, ReasonCode

# A run may end so much later than its deadline, in seconds.
GRACE = 5.0
_ALIAS_TAGS = ("promoter_pull_request", "promoter_commit", "promoter_approved_by")


class Due(StrEnum):
    """What is right for a world."""

    MOVE = "the aliases move"
    STAY = "nothing moves"


class Command(StrEnum):
    """What is run."""

    APPLY = "apply"
    VALIDATE = "validate"


class Health(StrEnum):
    """Whether servers failed in a run."""

    DISTURBED = "disturbed"
    UNDISTURBED = "undisturbed"


@dataclass(frozen=True, kw_only=True)
class Alias:
    """One alias a pull request asks for: who held it (None: nobody), and who is asked for."""

    model: str
    name: str
    old: str | None
    new: str

    def __str__(self) -> str:
        return f"{self.model}@{self.name}"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A world in which one pull request (`pull`) asks for aliases; `reasons` are how an undisturbed run may
    end."""

    command: Command
    due: Due
    aliases: tuple[Alias, ...]
    reasons: frozenset[ReasonCode]
    pull: int


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value that an alias had for a moment; None: it was gone."""

    model: str
    alias: str
    version: str | None


@dataclass(frozen=True, kw_only=True)
class Comments:
    """The bodies of our own comments on the pull request, by what each is for."""

    results: tuple[str, ...] = ()
    after_merge: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One run from outside.

    `values`: what every alias was set to meanwhile, in order, by whatever means. `before` and `live`: who
    held them when it began, and who holds them now.
    `unsettled` counts faults of the registry since the first write of an alias, those that leave a write
    unclear twice: with two of them it cannot be put right. `pretended` counts aliases that the registry said
    it wrote and did not. `took` and `deadline` are in seconds.
    """

    health: Health
    exit_code: int
    reason: str
    took: float
    deadline: float
    values: tuple[Value, ...]
    before: Mapping[tuple[str, str], str | None]
    live: Mapping[tuple[str, str], str | None]
    writes: int
    unsettled: int
    pretended: int
    comments: Comments
    tags: Mapping[tuple[str, str], Mapping[str, str]]


def complaints(situation: Situation, seen: Seen) -> tuple[str, ...]:
    """What of it must not be; empty when all is well."""
    found = [*_of_aliases(situation, seen), *_of_ending(situation, seen), *_of_comments(seen)]
    if seen.health is Health.UNDISTURBED:
        found += [*_of_convergence(situation, seen), *_of_last_comments(situation, seen)]
    return tuple(found)


def is_moved(situation: Situation, seen: Seen) -> bool:
    """Whether every alias is where it was asked to be."""
    return all(seen.live.get((alias.model, alias.name)) == alias.new for alias in situation.aliases)


def _of_aliases(situation: Situation, seen: Seen) -> Iterator[str]:
    """At every moment the old version or the new one; nothing where nothing may move; all of them or none."""
    is_fixed = situation.due is Due.STAY
    allowed = {
        (alias.model, alias.name): {alias.old} if is_fixed else {alias.old, alias.new}
        for alias in situation.aliases
    }
    for value in (*seen.values, *(Value(model=m, alias=a, version=v) for (m, a), v in seen.live.items())):
        where = f"{value.model}@{value.alias}"
        if value.version not in allowed.get((value.model, value.alias), set()):
            yield f"WRONG MOVE: {where} was {value.version or 'gone'}"
    if is_fixed:
        for value in seen.values:
            yield f"WRONG MOVE: {value.model}@{value.alias} was set, and nothing was to move"
        if seen.writes:
            yield f"WRONG MOVE: {seen.writes} attempts to write to the registry"
    moved = [seen.live.get((alias.model, alias.name)) == alias.new for alias in situation.aliases]
    # What an earlier run left half done was held against that one; a later one may find no way to finish it.
    is_inherited = seen.live == seen.before
    if any(moved) and not all(moved) and seen.unsettled < 2 and not is_inherited:
        yield f"WRONG MOVE: {sum(moved)} of {len(moved)} aliases of one pull request moved"


def _of_ending(situation: Situation, seen: Seen) -> Iterator[str]:
    """In time, with an exit code that goes with its reason and with the world."""
    if seen.took > seen.deadline + GRACE:
        yield f"HANG: it took {seen.took:.1f} s with a deadline of {seen.deadline:g} s"
    if seen.reason not in set(ReasonCode):
        yield f"there is no reason {seen.reason!r}"
        return
    reason = ReasonCode(seen.reason)
    if seen.exit_code != reason.exit_code:
        yield f"exit code {seen.exit_code} with the reason {reason}"
    may_fail = seen.health is Health.DISTURBED and reason.exit_code is ExitCode.UNDECIDED
    may_fail |= reason is ReasonCode.READBACK_MISMATCH and seen.pretended > 0
    if not may_fail and reason not in situation.reasons:
        yield f"it ended with {reason}"
    is_done = situation.due is Due.MOVE and reason.exit_code is ExitCode.DONE
    if is_done and not is_moved(situation, seen):
        yield f"it says {reason}, and not every alias has moved"


def _of_comments(seen: Seen) -> Iterator[str]:
    comments = seen.comments
    for what, bodies in (("results", comments.results), ("after-merge", comments.after_merge)):
        if len(bodies) > 1:
            yield f"DUPLICATE COMMENT: {len(bodies)} comments with {what}"
    if comments.others:
        yield f"a comment that nobody would find again: {comments.others[0][:80]!r}"


def _of_convergence(situation: Situation, seen: Seen) -> Iterator[str]:
    """After a run that nothing disturbs all is done that can be."""
    if situation.due is Due.STAY:
        return
    if not is_moved(situation, seen):
        yield "not every alias is where git asks it to be"
    for alias in situation.aliases:
        tags = seen.tags.get((alias.model, alias.new), {})
        missing = [tag for tag in (*_ALIAS_TAGS, f"promoter_applied_{alias.name}") if tag not in tags]
        if missing:
            yield f"{alias}: version {alias.new} lacks the tags {', '.join(missing)}"
            continue
        named = {tags["promoter_pull_request"], tags[f"promoter_applied_{alias.name}"].partition(" ")[0]}
        if named != {str(situation.pull)}:
            told = " and ".join(sorted(named))
            yield f"{alias}: tags name pull request {told}, and {situation.pull} asks for it"


def _of_last_comments(situation: Situation, seen: Seen) -> Iterator[str]:
    """People are told how it ended, and nothing else any more."""
    is_good = situation.due is Due.MOVE
    bodies = [*seen.comments.results, *seen.comments.after_merge]
    if situation.command is Command.VALIDATE or is_good:
        if not seen.comments.results:
            yield "there is no comment with results"
    elif not seen.comments.after_merge:
        yield "nobody is told that nothing was moved after the merge"
    if is_good and situation.command is Command.APPLY:
        yield from _untold(bodies)
    if not is_good and situation.command is Command.APPLY:
        yield from (
            f"it says {title(body)!r}"
            for body in seen.comments.after_merge
            if "Not promoted" not in title(body)
        )


def _untold(bodies: Sequence[str]) -> Iterator[str]:
    for body in bodies:
        told = title(body)
        if "Not promoted" in told or not any(
            words in told for words in ("Promoted", "Rolled back", "Nothing to do")
        ):
            yield f"the aliases have moved, and a comment still says {told!r}"


def title(body: str) -> str:
    """A comment's first heading."""
    return next((line for line in body.splitlines() if line.startswith("#")), "")
