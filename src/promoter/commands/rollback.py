"""rollback: find the version that held an alias before, and ask for it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from promoter.commands.request import Edit, branch_of
from promoter.core.history import Asked
from promoter.core.proposal import Draft, Proposal
from promoter.core.request import PromotionRequest
from promoter.core.request_file import parse_request
from promoter.core.timeline import Entry, History, Kind, LiveState, Reached
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Proposals
from promoter.render.markdown import sentence
from promoter.text import Message, Part, quote, say

BODY_MARKER = "<!-- promoter rollback -->"
_LONGEST_TITLE = 250
# What git asked for and the registry proves was never so is nothing to go back to.
_NOT_HELD = frozenset({Reached.NEVER, Reached.NOTHING})
_MOVED = frozenset({Kind.FIRST, Kind.PROMOTION, Kind.ROLLBACK, Kind.ADOPTION})


@dataclass(frozen=True, kw_only=True)
class Rollback:
    """From which version to which, as the request file names them: a copy by its source. `came` is the change
    that last gave the alias to `target`, `left` the one that took it away."""

    model: str
    alias: str
    origin: str
    came: Entry
    left: Entry

    @property
    def target(self) -> str:
        """The version to go back to."""
        return self.came.asked.wording or ""


def plan_rollback(found: History, version: str | None) -> Rollback:
    """To the version before, or to `version`, which must have held the alias. Raises USAGE_INVALID, and
    MODEL_NOT_FOUND where the registry proves that there is nothing to go back in."""
    alias = quote(f"{found.model}@{found.alias}")
    newest = _newest(found, alias)
    held = [at for at, one in enumerate(found.entries) if _held(one) and one.version != newest.version]
    chosen = [at for at in held if version in {None, *_names(found.entries[at].asked)}]
    if not chosen:
        raise _never_held(alias, newest, version=version, held=[found.entries[at].asked for at in held])
    came = found.entries[chosen[0]]
    left = _left_to(found.entries[: chosen[0]], came)
    return Rollback(model=found.model, alias=found.alias, origin=newest.wording or "", came=came, left=left)


def _left_to(later: Sequence[Entry], came: Entry) -> Entry:
    """What took the alias from it: the next that held it, else the next that git asked for (none did)."""
    others = [one for one in reversed(later) if one.version != came.version]
    took = (one for one in others if one.version is None or one.reached not in _NOT_HELD)
    return next(took, others[0])


def _newest(found: History, alias: Part) -> Asked:
    """What git asks for now. Raises as `plan_rollback` does."""
    if found.live.state is LiveState.NO_MODEL:
        raise PromoterError(
            ReasonCode.MODEL_NOT_FOUND,
            say(
                "the registry has no ", quote(found.model), " any more, so no version of it can hold ", alias
            ),
            hint=say("Look at the name and at the registry's address; `--no-registry` asks git alone."),
        )
    newest = found.entries[0].asked if found.entries else None
    if newest is None or newest.wording is None:
        raise _asks_nothing(alias, newest)
    return newest


def _asks_nothing(alias: Part, newest: Asked | None) -> PromoterError:
    if newest is not None and not newest.is_readable:
        return PromoterError(
            ReasonCode.USAGE_INVALID,
            say("the request for ", alias, " in ", quote(newest.path), " cannot be read as one now"),
            hint=say(
                "Correct it (`promoter validate` says what is wrong), or revert ", quote(newest.commit), "."
            ),
        )
    return PromoterError(
        ReasonCode.USAGE_INVALID,
        say("git asks for no version of ", alias, " now, so there is nothing to roll back"),
        hint=say("Ask for a version with `promoter request`."),
    )


def _names(asked: Asked) -> tuple[str, ...]:
    """By its number, and as the file has it."""
    return tuple(name for name in (asked.version, asked.wording) if name)


def _held(entry: Entry) -> bool:
    return entry.version is not None and entry.kind in _MOVED and entry.reached not in _NOT_HELD


def _never_held(alias: Part, newest: Asked, *, version: str | None, held: Sequence[Asked]) -> PromoterError:
    now = quote(newest.wording)
    if version in _names(newest):
        message = say("git asks for version ", now, " of ", alias, " already")
    elif version is None:
        message = say("no version before ", now, " held ", alias, ", as far as git and tags tell")
    else:
        message = say("version ", quote(version), " never held ", alias, ", as far as git and tags tell")
    known = ", ".join(dict.fromkeys(name for one in held for name in _names(one)[-1:]))
    hint = say("Those that did: ", quote(known), ".") if known else say("Ask with `promoter request`.")
    return PromoterError(ReasonCode.USAGE_INVALID, message, hint=hint)


def told(rollback: Rollback) -> Message:
    """What is rolled back, when that version was champion, and why it left."""
    came, left = rollback.came, rollback.left
    return say(
        *("roll ", quote(f"{rollback.model}@{rollback.alias}"), " back from version "),
        *(quote(rollback.origin), " to version ", quote(rollback.target), ", which git asked for from "),
        *(_day(came.since), *_by(came), " until ", _day(left.since), *_left(left)),
        *_why(left),
        *_certain(came),
    )


def _left(left: Entry) -> tuple[Part, ...]:
    if left.version is None:
        return (*_by(left), ", when the request was deleted")
    return (", when version ", quote(left.asked.wording), " took its place", *_by(left))


def _why(left: Entry) -> tuple[Part, ...]:
    return (". The reason given then: ", quote(left.asked.reason)) if left.asked.reason else ()


def _by(entry: Entry) -> tuple[Part, ...]:
    return (f" (pull request #{entry.pull.number})",) if entry.pull else ()


def _certain(came: Entry) -> tuple[Part, ...]:
    if came.reached in {Reached.APPLIED, Reached.IN_PLACE}:
        at = f" on {_day(came.applied_at)}" if came.applied_at else ""
        return (f". The registry's tags tell that it was applied{at}",)
    return (". Whether it was applied is not known here: the job of the pull request looks",)


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


def reason_of(rollback: Rollback, given: str | None) -> str:
    """The reason for the request's file: that of the version which leaves must not stay."""
    return given or f"Roll back from version {rollback.origin} to {rollback.target}"


def open_rollback(
    proposals: Proposals, rollback: Rollback, *, edited: Edit, base: str, reason: str
) -> Proposal:
    """The one pull request for it, opened or brought up to date. Raises CONFLICT where its branch holds
    commits of other people's."""
    branch = branch_of("rollback", (rollback.model, rollback.alias))
    title = f"Roll back {rollback.model} {rollback.alias} from {rollback.origin} to {rollback.target}"
    draft = Draft(
        branch=branch,
        base=base,
        title=title[:_LONGEST_TITLE],
        body=_body(rollback, edited, reason=reason),
        files={edited.path: edited.data},
    )
    mine = next((one for one in proposals.listed(branch) if one.state == "open"), None)
    return proposals.create(draft) if mine is None else proposals.change(mine, draft)


def refuse_other_file(rollback: Rollback, edited: Edit) -> None:
    """Raises USAGE_INVALID unless the file on disk asks for the version that is to leave, or already for the
    one to go back to: an edit that is not committed would be lost."""
    there = _request(edited.before, edited).version if edited.before is not None else None
    if there in {rollback.origin, rollback.target}:
        return
    asks = ("for version ", quote(there)) if there is not None else ("for no version",)
    raise PromoterError(
        ReasonCode.USAGE_INVALID,
        say(
            *("the working tree asks ", *asks, " of ", quote(f"{rollback.model}@{rollback.alias}")),
            *(", and the revision looked at for version ", quote(rollback.origin)),
            ": nothing is overwritten",
        ),
        hint=say(
            *("Commit the change of ", quote(edited.path), " or undo it (`git restore`), or look from "),
            "the revision that asks for it (`--rev`); `--pull-request` leaves the file alone.",
        ),
    )


def _request(data: bytes, edited: Edit) -> PromotionRequest:
    return parse_request(data, path=edited.path)


def _body(rollback: Rollback, edited: Edit, *, reason: str) -> str:
    said = told(rollback)
    first, *rest = said.parts
    opening = say(first.capitalize() if isinstance(first, str) else first, *rest, ".")
    return (
        f"{BODY_MARKER}\n{sentence(opening)}\n\n"
        f"**Reason:** {sentence(say(quote(reason)))}\n\n{_override_of(edited)}"
        "It needs its approval like any change. Checks of the version itself decide, comparisons only "
        "report; the comment of this pull request's job says which.\n"
    )


def kept(edited: Edit) -> tuple[Message, ...]:
    """What stays in the file and counts for nothing there."""
    if _request(edited.data, edited).override is None:
        return ()
    return (
        say(
            "the file keeps the override that is in it, and it does not count: a rollback does without. "
            "Delete it with this change"
        ),
    )


def _override_of(edited: Edit) -> str:
    if _request(edited.data, edited).override is None:
        return ""
    return (
        "The file keeps the override that is in it, and **it does not count here**: a rollback does without. "
        "Delete it with this change.\n\n"
    )
