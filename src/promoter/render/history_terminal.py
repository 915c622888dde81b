"""A history on a terminal: a sentence, then every change with what is known of it."""

from __future__ import annotations

from promoter.core.timeline import Entry, History
from promoter.render.history_words import KIND_WORDS, LIMITS, answer, details, headline, span, title, tone
from promoter.render.terminal import TONE_PAINTS
from promoter.render.terminal_table import GAP, Paint, Style, page, paint
from promoter.render.words import TONE_SIGNS, Tone

_SHORT = 12


def history_terminal(history: History, *, style: Style) -> str:
    """Lines of text, with a line break at the end."""
    kind, message = headline(history)
    first = [paint(f"{TONE_SIGNS[kind]} {message}", TONE_PAINTS[kind], style=style)]
    if history.as_of is not None:
        first += [f"{GAP}{sentence}" for sentence in answer(history.as_of)]
    blocks = [
        first,
        *(_entry(one, style) for one in history.shown),
        _left_out(history),
        [f"{TONE_SIGNS[Tone.UNSURE]} {one.message}" for one in history.lacking],
        [f"{TONE_SIGNS[Tone.QUIET]} {note}" for note in history.notes],
        [paint(str(one), Paint.FAINT, style=style) for one in LIMITS],
    ]
    return page(blocks, style=style)


def _entry(entry: Entry, style: Style) -> list[str]:
    sign = paint(TONE_SIGNS[tone(entry)], TONE_PAINTS[tone(entry)], style=style)
    name = paint(str(title(entry)).replace("`", ""), Paint.BOLD, style=style)
    lines = [f"{sign} {name}{GAP}{span(entry)}{GAP}{KIND_WORDS[entry.kind]}"]
    return [*lines, *(f"{GAP}{GAP}{message}" for message in details(entry))]


def _left_out(history: History) -> list[str]:
    left = len(history.entries) - len(history.shown)
    return [f"… and {left:,} other change(s)"] if left and history.as_of is None else []
