"""A request's figures on a terminal: measured, claimed, slices, money, how the models ran."""

from __future__ import annotations

from collections.abc import Sequence

from promoter.core.report import RequestReport
from promoter.render import interval_text, intervals, opinions, runs, scores
from promoter.render.figures import ABSENT, change, interval, pair
from promoter.render.sentences import full
from promoter.render.terminal_table import GAP, OUTCOME_PAINTS, Cell, Paint, Style, paint, table
from promoter.render.words import OUTCOME_SIGNS
from promoter.text import Message, printable

LONGEST_CELL = 60
_SLICES = ("SLICE", "METRIC", "ROWS", "CHAMPION", "CHALLENGER", "CHANGE")


def figures(request: RequestReport, style: Style) -> list[str]:
    """Tables with a blank line before each, then sentences."""
    lines: list[str] = []
    style = style.narrower(len(GAP))
    for found in scores.tables(request):
        head = ("METRIC", found.other.upper(), "CHALLENGER", "CHANGE", "RULE")
        rows = table(head, [_figure(row) for row in found.rows], style=style)
        lines += _told([paint(str(found.title), Paint.BOLD, style=style), *rows], found.notes)
    plot = intervals.plot(request)
    if plot is not None:
        lines += _told(interval_text.rows(plot), [interval_text.legend(request, plot)])
    parts = scores.slices(request)
    if parts is not None:
        rows = table(_SLICES, [_slice(row) for row in parts.rows], style=style)
        lines += _told([paint(scores.tally_of_slices(parts), Paint.BOLD, style=style), *rows], parts.notes)
    told = opinions.opinions(request)
    return lines + _told([], _ran(request)) + _told([f"{opinions.TITLE}:"] if told else [], told)


def _told(rows: Sequence[str], notes: Sequence[Message]) -> list[str]:
    lines = [GAP + line for line in (*rows, *map(str, notes))]
    return ["", *lines] if lines else []


def _ran(request: RequestReport) -> list[Message]:
    found = scores.measurement_of(request)
    if found is None:
        return []
    worth = [scores.value_in_words(found.value)] if found.value is not None else []
    return [*worth, *(full(runs.run_in_words(role, run)) for role, run in runs.runs(found))]


def _figure(row: scores.Row) -> Sequence[Cell]:
    champion, challenger = pair(row.comparison)
    return (
        _signed(row, row.comparison.name),
        Cell(champion),
        Cell(challenger),
        _change(row),
        Cell(printable(row.comparison.rule)),
    )


def _slice(row: scores.Row) -> Sequence[Cell]:
    champion, challenger = pair(row.comparison)
    part, metric = row.parts
    rows = row.comparison.rows
    return (
        _signed(row, part),
        Cell(printable(metric, longest=LONGEST_CELL)),
        Cell(ABSENT if rows is None else f"{rows:,}"),
        Cell(champion),
        Cell(challenger),
        _change(row),
    )


def _signed(row: scores.Row, name: str) -> Cell:
    text = f"{OUTCOME_SIGNS[row.outcome]} {printable(name, longest=LONGEST_CELL)}"
    return Cell(text, OUTCOME_PAINTS[row.outcome])


def _change(row: scores.Row) -> Cell:
    return Cell(f"{change(row.comparison)} {interval(row.comparison)}".rstrip())
