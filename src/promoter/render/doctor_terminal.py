"""A diagnosis on a terminal or in a job's log."""

from __future__ import annotations

from promoter.core.doctor import Diagnosis, Found
from promoter.render.doctor_words import TONES, Chapter, chapters, headline
from promoter.render.terminal import TONE_PAINTS
from promoter.render.terminal_table import GAP, Paint, Style, paint, sentence
from promoter.render.words import TONE_SIGNS
from promoter.text import printable

_MOST_PLACES = 20
_SHORT = 12


def doctor_terminal(diagnosis: Diagnosis, *, style: Style) -> str:
    """Lines of text, with a line break at the end."""
    tone, message = headline(diagnosis)
    blocks = [
        [paint(f"{TONE_SIGNS[tone]} {message}", TONE_PAINTS[tone], style=style)],
        *(_chapter(one, style) for one in chapters(diagnosis)),
        [paint(_footer(diagnosis), Paint.FAINT, style=style)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _chapter(chapter: Chapter, style: Style) -> list[str]:
    rule = chapter.rule
    tone = TONES[rule.severity]

    def told(line: str) -> list[str]:
        return sentence(f"{GAP}{line}", style=style)

    title = paint(f"{TONE_SIGNS[tone]} {rule.severity.value}: {rule.id}", TONE_PAINTS[tone], style=style)
    places = [part for one in chapter.places[:_MOST_PLACES] for part in told(_place(one))]
    left = len(chapter.places) - _MOST_PLACES
    more = [f"{GAP}… and {left:,} more"] if left > 0 else []
    pasted = [f"{GAP}{GAP}{line}" for line in rule.paste.splitlines()]
    return [title, *places, *more, *told(f"Why: {rule.why}"), *told(f"Fix: {rule.fix}"), *pasted]


def _place(one: Found) -> str:
    at = f"{printable(one.path)}{f':{one.line}' if one.line else ''}: " if one.path else ""
    return f"{at}{one.message}"


def _footer(diagnosis: Diagnosis) -> str:
    parts = [
        f"{diagnosis.rules} rules",
        f"looked at {printable(diagnosis.commit)[:_SHORT]}" if diagnosis.commit else "",
        f"Promoter {diagnosis.tool_version}".rstrip(),
    ]
    return " · ".join(part for part in parts if part)
