"""The fleet's status on a terminal: one line for each alias."""

from __future__ import annotations

from promoter.core.fleet import Fleet, Row
from promoter.render.drift_words import moment
from promoter.render.figures import ABSENT
from promoter.render.fleet_words import HEAD, STATE_TONES, asks, headline, what
from promoter.render.sentences import full
from promoter.render.terminal import TONE_PAINTS
from promoter.render.terminal_figures import LONGEST_CELL
from promoter.render.terminal_table import GAP, Cell, Paint, Style, page, paint, table
from promoter.render.words import TONE_SIGNS, Tone
from promoter.text import printable

_SHORT = 12


def fleet_terminal(fleet: Fleet, *, style: Style) -> str:
    """Lines of text, with a line break at the end."""
    tone, message = headline(fleet)
    first = [paint(f"{TONE_SIGNS[tone]} {message}", TONE_PAINTS[tone], style=style)]
    first += [f"{GAP}{full(fleet.hint)}"] if fleet.hint.parts else []
    left = [f"{fleet.left_out:,} other alias(es) are left out"] if fleet.left_out else []
    blocks = [
        first,
        [f"{TONE_SIGNS[Tone.BAD]} {problem}" for problem in fleet.problems],
        table(HEAD, [_row(row) for row in fleet.rows], style=style) if fleet.rows else [],
        [f"{TONE_SIGNS[Tone.UNSURE]} {full(one.message)}" for one in fleet.lacking],
        [f"{TONE_SIGNS[Tone.QUIET]} {full(note)}" for note in fleet.notes] + left,
        [paint(_footer(fleet), Paint.FAINT, style=style)],
    ]
    return page(blocks, style=style)


def _row(row: Row) -> tuple[Cell, ...]:
    tone = STATE_TONES[row.state]
    name = printable(f"{row.model}@{row.alias}", longest=LONGEST_CELL)
    return (
        Cell(f"{TONE_SIGNS[tone]} {name}", TONE_PAINTS[tone]),
        Cell(printable(asks(row), longest=LONGEST_CELL)),
        Cell("nobody" if row.live is None else printable(row.live, longest=LONGEST_CELL)),
        Cell(moment(row.since) or ABSENT),
        Cell(" ".join(f"#{number}" for number in row.pending) or ABSENT),
        Cell(str(what(row))),
    )


def _footer(fleet: Fleet) -> str:
    parts = [
        f"Looked at {fleet.head_commit[:_SHORT]}" if fleet.head_commit else "",
        f"policy sha256:{fleet.policy_digest[:_SHORT]}" if fleet.policy_digest else "",
        f"Promoter {fleet.tool_version}".rstrip(),
    ]
    return " · ".join(part for part in parts if part)
