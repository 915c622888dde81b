"""A request's figures as Markdown: measured, claimed, intervals, money, how the models ran, slices."""

from __future__ import annotations

from collections.abc import Sequence

from promoter.core.report import RequestReport
from promoter.render import interval_chart, interval_text, intervals, opinions, runs, scores, value_bars
from promoter.render.figures import ABSENT, change, interval, pair
from promoter.render.layout import Block, Limit, Rank, block, more, within
from promoter.render.markdown import Align, bullets, cell, prose, sentence, table, unbroken
from promoter.render.sentences import full
from promoter.render.words import OUTCOME_ICONS
from promoter.text import Message

_IN_LETTERS = "The same in letters, with the rules' limits"
_SLICES = (
    ("Slice", Align.LEFT),
    ("Metric", Align.LEFT),
    ("Rows", Align.RIGHT),
    ("Champion", Align.RIGHT),
    ("Challenger", Align.RIGHT),
    ("Change", Align.RIGHT),
)


def blocks(request: RequestReport, limit: Limit) -> tuple[Block, ...]:
    """Tables first, then intervals and money with their charts, then how the models ran; the rest folded.
    What a chart draws is folded below it in letters, which show the rules' limits, too.

    No chart is folded: GitHub's Mermaid lays out nothing that it does not see (mermaid-js/mermaid#3504).
    """
    found = scores.measurement_of(request)
    value = found.value if found is not None else None
    drawn = f"\n\n{value_bars.chart(value)}".rstrip() if value is not None else ""
    parts, plot = scores.slices(request), intervals.plot(request)
    told = bullets(map(sentence, opinions.opinions(request)))
    return (
        *(part for one in _tables(request, limit) for part in block(one, Rank.FIGURES)),
        *(_intervals(request, plot) if plot is not None else ()),
        *block(_value(request) + drawn, Rank.FIGURES),
        *block(_runs(request), Rank.NOTES),
        *(block(_slices(parts, limit), Rank.DETAILS, fold=_fold(parts)) if parts is not None else ()),
        *block(told, Rank.DETAILS, fold=opinions.TITLE),
    )


def text(request: RequestReport, limit: Limit) -> str:
    """The same without charts, in one piece and not folded: for a request that is folded itself."""
    parts, plot = scores.slices(request), intervals.plot(request)
    pieces = (
        *_tables(request, limit),
        _plotted(request, plot) if plot is not None else "",
        _value(request),
        _runs(request),
        _slices(parts, limit) if parts is not None else "",
    )
    return "\n\n".join(piece for piece in pieces if piece)


def _tables(request: RequestReport, limit: Limit) -> list[str]:
    return [_table(found, limit) for found in scores.tables(request)]


def _table(found: scores.Table, limit: Limit) -> str:
    columns = (
        ("Metric", Align.LEFT),
        (found.other, Align.RIGHT),
        ("Challenger", Align.RIGHT),
        ("Change", Align.RIGHT),
        ("Rule", Align.LEFT),
    )
    rows = [_figure(row) for row in found.rows]
    return f"**{sentence(found.title)}**\n\n{_below(*table(columns, rows), notes=found.notes, limit=limit)}"


def _intervals(request: RequestReport, plot: intervals.Plot) -> tuple[Block, ...]:
    drawn = _charted(plot)
    return (
        *block(drawn, Rank.DRAWN),
        *block(_plotted(request, plot), Rank.NOTES, fold=_IN_LETTERS if drawn else ""),
    )


def _plotted(request: RequestReport, plot: intervals.Plot) -> str:
    drawn = "\n".join(("```text", *interval_text.rows(plot), "```"))
    return f"{drawn}\n\n<sub>{sentence(interval_text.legend(request, plot))}</sub>"


def _charted(plot: intervals.Plot) -> str:
    drawn = interval_chart.chart(plot)
    return f"{drawn}\n\n<sub>{interval_chart.note(plot)}</sub>" if drawn else ""


def _below(head: Sequence[str], lines: Sequence[str], *, notes: Sequence[Message], limit: Limit) -> str:
    """As many rows as there is room for, and what is to be said of them in small print."""
    kept = within(lines, limit, part=8)
    below = (more(lines, kept, limit=limit), *(sentence(note) for note in notes))
    words = " ".join(note for note in below if note)
    return "\n".join([*head, *kept]) + (f"\n\n<sub>{words}</sub>" if words else "")


def _figure(row: scores.Row) -> tuple[str, ...]:
    champion, challenger = pair(row.comparison)
    return (
        f"{OUTCOME_ICONS[row.outcome]}\u00a0{cell(row.comparison.name)}",
        champion,
        challenger,
        _change(row),
        unbroken(prose(row.comparison.rule)),
    )


def _change(row: scores.Row) -> str:
    return f"{unbroken(change(row.comparison))} {_brackets(interval(row.comparison))}".rstrip()


def _brackets(text: str) -> str:
    return prose(text).replace(" ", "\N{NO-BREAK SPACE}")


def _slices(parts: scores.Table, limit: Limit) -> str:
    return _below(*table(_SLICES, [_slice(row) for row in parts.rows]), notes=parts.notes, limit=limit)


def _slice(row: scores.Row) -> tuple[str, ...]:
    champion, challenger = pair(row.comparison)
    part, metric = row.parts
    rows = row.comparison.rows
    return (
        f"{OUTCOME_ICONS[row.outcome]}\u00a0{cell(part)}",
        cell(metric),
        ABSENT if rows is None else f"{rows:,}",
        champion,
        challenger,
        _change(row),
    )


def _fold(parts: scores.Table) -> str:
    return f"{OUTCOME_ICONS[parts.rows[0].outcome]} {scores.tally_of_slices(parts)}"


def _value(request: RequestReport) -> str:
    found = scores.measurement_of(request)
    return (
        sentence(scores.value_in_words(found.value)) if found is not None and found.value is not None else ""
    )


def _runs(request: RequestReport) -> str:
    found = scores.measurement_of(request)
    if found is None:
        return ""
    words = " ".join(sentence(full(runs.run_in_words(role, run))) for role, run in runs.runs(found))
    return f"<sub>{words}</sub>"
