"""The words for what a propose run did, for every channel alike."""

from __future__ import annotations

from promoter.core.propose_report import Action, Entry, ProposeReport, Writing
from promoter.errors import ExitCode
from promoter.render.words import REASONS, Tone, capital
from promoter.text import Message, say

ACTION_TONES = {
    Action.OPENED: Tone.GOOD,
    Action.CHANGED: Tone.GOOD,
    Action.CLOSED: Tone.GOOD,
    Action.UNCHANGED: Tone.QUIET,
    Action.LEFT: Tone.WAITING,
    Action.UNDECIDED: Tone.UNSURE,
    Action.NONE: Tone.QUIET,
}
_DONE = {Action.UNDECIDED: "could not be decided"}
_SHOWN = {
    Action.OPENED: "would be opened",
    Action.CHANGED: "would be changed",
    Action.CLOSED: "would be closed",
    Action.UNDECIDED: "could not be decided",
}


def word(entry: Entry, report: ProposeReport) -> str:
    """What became of one alias."""
    words = _SHOWN if report.writing is Writing.SHOWN else _DONE
    return words.get(entry.action, entry.action.value)


def told(report: ProposeReport) -> tuple[Entry, ...]:
    """The aliases worth a line: all but those for which there is nothing to propose."""
    return tuple(one for one in report.entries if one.action is not Action.NONE)


def notes(report: ProposeReport) -> tuple[Message, ...]:
    """What is said below the table."""
    quiet = len(report.entries) - len(told(report))
    counted = (say(f"{quiet} alias(es) have nothing to be proposed for them"),) if quiet else ()
    shown = (say("nothing was written: this only shows what would be done"),)
    return (*(shown if report.writing is Writing.SHOWN else ()), *counted, *report.notes)


def headline(report: ProposeReport) -> tuple[Tone, Message]:
    """The whole run in one line."""
    words = REASONS[report.reason]
    if report.reason.exit_code is ExitCode.UNDECIDED:
        return Tone.UNSURE, say("Could not decide: ", *report.message.parts)
    return words.tone, say(f"{words.lead or capital(words.title)}: ", *report.message.parts)
