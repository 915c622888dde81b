"""What a diagnosis says, for every channel: its headline, and its findings under their rules."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from promoter.core.doctor import Diagnosis, Found, Rule, Severity
from promoter.errors import ExitCode
from promoter.render.words import Tone, capital, count
from promoter.text import Message, say

TONES = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.UNSURE, Severity.INFO: Tone.QUIET}
_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One rule, and all that it found."""

    rule: Rule
    places: tuple[Found, ...]


def headline(diagnosis: Diagnosis) -> tuple[Tone, Message]:
    """How it stands in a line."""
    tone = {ExitCode.DONE: Tone.GOOD, ExitCode.NO: Tone.BAD}.get(diagnosis.reason.exit_code, Tone.UNSURE)
    first, *rest = diagnosis.message.parts or ("",)
    counted = [
        count(len(diagnosis.of(severity)), noun)
        for severity, noun in _NOUNS.items()
        if diagnosis.of(severity)
    ]
    tail = f" ({', '.join(counted)})" if counted else f" ({count(diagnosis.rules, 'rule')})"
    return tone, say(capital(first) if isinstance(first, str) else first, *rest, tail)


def chapters(diagnosis: Diagnosis) -> tuple[Chapter, ...]:
    """Worst first, as the findings are."""
    return tuple(
        Chapter(rule=rule, places=tuple(one.found for one in group))
        for rule, group in groupby(diagnosis.findings, key=lambda one: one.rule)
    )
