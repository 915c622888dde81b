"""A drift report on a terminal or in a job's log: a table and a sentence."""

from __future__ import annotations

from promoter.core.drift import DriftReport
from promoter.render.drift_words import Row, headline, healing, rows
from promoter.render.figures import ABSENT
from promoter.render.sentences import full
from promoter.render.terminal import TONE_PAINTS
from promoter.render.terminal_figures import LONGEST_CELL
from promoter.render.terminal_table import GAP, Cell, Paint, Style, looked_at, page, paint, table
from promoter.render.words import TONE_SIGNS, Tone
from promoter.text import printable

_HEAD = ("MODEL@ALIAS", "GIT SAYS", "REGISTRY HOLDS", "SINCE", "WHAT")
_MOST_ROWS = 200


def drift_terminal(report: DriftReport, *, style: Style) -> str:
    """Lines of text, with a line break at the end."""
    blocks = [
        _opening(report, style),
        [f"{TONE_SIGNS[Tone.BAD]} {problem}" for problem in report.problems],
        _table(report, style),
        [f"{TONE_SIGNS[Tone.QUIET]} {full(note)}" for note in (*healing(report), *report.notes)],
        [
            paint(
                looked_at(report.head_commit, policy=report.policy_digest, version=report.tool_version),
                Paint.FAINT,
                style=style,
            )
        ],
    ]
    return page(blocks, style=style)


def _opening(report: DriftReport, style: Style) -> list[str]:
    tone, message = headline(report)
    title = paint(f"{TONE_SIGNS[tone]} {message}", TONE_PAINTS[tone], style=style)
    return [title, *([f"{GAP}{full(report.hint)}"] if report.hint.parts else [])]


def _table(report: DriftReport, style: Style) -> list[str]:
    found = rows(report)
    if not found:
        return []
    lines = table(_HEAD, [_row(row) for row in found[:_MOST_ROWS]], style=style)
    left = len(found) - _MOST_ROWS
    return [*lines, f"… and {left:,} more"] if left > 0 else lines


def _row(row: Row) -> tuple[Cell, ...]:
    name = printable(f"{row.model}@{row.alias}", longest=LONGEST_CELL)
    return (
        Cell(f"{TONE_SIGNS[row.tone]} {name}", TONE_PAINTS[row.tone]),
        Cell("nothing" if row.asked is None else printable(row.asked, longest=LONGEST_CELL)),
        Cell(_live(row)),
        Cell(row.since or ABSENT),
        Cell(str(row.what)),
    )


def _live(row: Row) -> str:
    return row.live_word if row.live is None else printable(row.live, longest=LONGEST_CELL)
