"""The words of the fleet's status: the same on a terminal and on a page."""

from __future__ import annotations

from collections import Counter

from promoter.core.drift import Exemption
from promoter.core.fleet import Fleet, Row, State
from promoter.errors import ExitCode
from promoter.render.drift_words import KIND_WORDS, NOT_LOOKED_AT, WAITS
from promoter.render.words import Tone
from promoter.text import Message, say

STATE_WORDS: dict[State, str] = {
    State.DRIFT: "out of sync",
    State.DIFFERS: NOT_LOOKED_AT,
    State.UNDECIDED: "could not be decided",
    State.WAITING: WAITS,
    State.EXEMPT: "left aside",
    State.UNMANAGED: "unmanaged",
    State.IN_SYNC: "in sync",
}
STATE_TONES: dict[State, Tone] = {
    State.DRIFT: Tone.BAD,
    State.DIFFERS: Tone.BAD,
    State.UNDECIDED: Tone.UNSURE,
    State.WAITING: Tone.WAITING,
    State.EXEMPT: Tone.TRIAL,
    State.UNMANAGED: Tone.QUIET,
    State.IN_SYNC: Tone.GOOD,
}
EXEMPT_WORDS: dict[Exemption, str] = {
    Exemption.DRY_RUN: "the policy has it in `mode: dry_run`",
    Exemption.DISABLED: "the policy has it in `mode: disabled`",
    Exemption.NOT_ALLOWED: "no rule of the policy lets requests move it",
}
HEAD = ("MODEL@ALIAS", "GIT SAYS", "REGISTRY HOLDS", "SINCE", "PENDING", "STATE")
_COUNTED = {
    State.DRIFT: "out of sync",
    State.DIFFERS: "differ",
    State.UNDECIDED: "undecided",
    State.WAITING: "waiting for apply",
    State.EXEMPT: "left aside",
    State.UNMANAGED: "unmanaged",
    State.IN_SYNC: "in sync",
}


def headline(fleet: Fleet) -> tuple[Tone, Message]:
    """How many stand how."""
    if not fleet.rows:
        return _without_rows(fleet)
    count = Counter(row.state for row in fleet.rows)
    told = ", ".join(f"{count[state]:,} {_COUNTED[state]}" for state in State if count[state])
    worst = next(state for state in State if count[state])
    pending = sum(1 for row in fleet.rows if row.pending)
    more = f"; {pending:,} with a pull request open" if pending else ""
    names = "1 alias" if len(fleet.rows) == 1 else f"{len(fleet.rows):,} aliases"
    return STATE_TONES[worst], say(f"{names}: {told}{more}")


def _without_rows(fleet: Fleet) -> tuple[Tone, Message]:
    failed = fleet.reason.exit_code in {ExitCode.UNDECIDED, ExitCode.WRONG_INPUT}
    said = fleet.message if failed or not fleet.left_out else say("no alias is as wanted")
    return (Tone.UNSURE if failed else Tone.QUIET), said


def asks(row: Row) -> str:
    """What git asks for; of a copy whose number is known, both."""
    if row.asked is None:
        return "nothing"
    if row.source in {"", row.asked}:
        return row.asked
    return f"{row.source}, copied as version {row.asked}"


def what(row: Row) -> Message:
    """How one alias stands."""
    if row.state is State.UNDECIDED:
        return say("could not be decided: ", *row.why.parts)
    if row.state is State.DRIFT and row.kind is not None:
        return say(KIND_WORDS[row.kind])
    if row.state is State.EXEMPT and row.exemption is not None:
        return say("left aside: ", EXEMPT_WORDS[row.exemption])
    return say(STATE_WORDS[row.state])
