"""Confusion matrices: what each true class was predicted as, one chart for each model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from promoter.core.pictures import Confusion, Counts
from promoter.render.drawing import Anchor, Chart, Frame, Ink, Sheet
from promoter.render.drawing_axes import beside, given, number
from promoter.render.figures import ABSENT
from promoter.render.html_text import text

_LEFT, _HEAD, _WIDTH = 76.0, 38.0, 320.0
# From so many classes on, cells have no room for figures, rows none for names, the page none for a matrix.
_MOST_WITH_FIGURES, _MOST_WITH_NAMES, _MOST = 6, 20, 60
_DEEPEST, _PALEST = 0.5, 0.04
_ROOM = 14.0
# From so many classes on, a share has no room for a decimal.
_FEWEST_CLOSE = 5
# Two classes need no table beside the matrix.
FEWEST_WITH_TABLE = 3
_MOST_MISTAKES = 10


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """Rows of one true class that were predicted as one other; `champion` is None where there is none."""

    truth: str
    predicted: str
    challenger: int
    champion: int | None


def charts(found: Confusion | None) -> Iterator[Chart]:
    """The champion's, then the challenger's; nothing for too many classes to see."""
    if found is None or not 0 < len(found.labels) <= _MOST:
        return
    if found.champion is not None:
        yield _chart(found.labels, found.champion, role="champion")
    yield _chart(found.labels, found.challenger, role="challenger")


def mistakes(found: Confusion | None) -> tuple[Mistake, ...]:
    """The most frequent of either model, the most frequent first; none for two classes."""
    if found is None or len(found.labels) < FEWEST_WITH_TABLE:
        return ()
    pairs = [
        Mistake(
            truth=truth,
            predicted=predicted,
            challenger=found.challenger[row][column],
            champion=found.champion[row][column] if found.champion is not None else None,
        )
        for row, truth in enumerate(found.labels)
        for column, predicted in enumerate(found.labels)
        if row != column
    ]
    most = sorted(pairs, key=lambda one: max(one.challenger, one.champion or 0), reverse=True)
    return tuple(one for one in most[:_MOST_MISTAKES] if one.challenger or one.champion)


def _chart(labels: Sequence[str], counts: Sequence[Counts], *, role: str) -> Chart:
    size = len(labels)
    rows = sum(map(sum, counts))
    right = sum(counts[one][one] for one in range(size))
    side = _WIDTH - _LEFT - 8.0
    height = side if size > _MOST_WITH_FIGURES else min(side, max(46.0 * size, 120.0))
    return Chart(
        name=f"confusion-{role}",
        title=f"Confusion matrix of the {role}",
        told=f"{right:,} of {rows:,} rows are predicted right{_cells_in_words(counts)}",
        frame=Frame(
            x=(0.0, size), y=(size, 0.0), height=height + _HEAD + 8.0, left=_LEFT, top=_HEAD, bottom=8.0
        ),
        draw=partial(_draw, labels=labels, counts=counts, ink=Ink(role)),
        caption=f"Predicted by the {role}",
        note=text(f"{right:,} of {rows:,} rows right. {_how(size)}"),
    )


def _cells_in_words(counts: Sequence[Counts]) -> str:
    """Every cell that has figures, for those who do not see it. The classes' names stand in the drawing: a
    description is all ours."""
    if len(counts) > _MOST_WITH_FIGURES:
        return ""
    rows = (
        f"class {row} predicted as "
        + ", ".join(f"class {column} {count:,} times" for column, count in enumerate(line, 1))
        for row, line in enumerate(counts, 1)
    )
    return ". In the order shown: " + "; ".join(rows)


def _how(size: int) -> str:
    each = "A row is a true class, a column what it was predicted as; right is the diagonal, red are mistakes"
    return f"{each}. Deeper is a larger share of the row." + (
        " In each cell: rows, and their share of the true class." if size <= _MOST_WITH_FIGURES else ""
    )


def _draw(sheet: Sheet, *, labels: Sequence[str], counts: Sequence[Counts], ink: Ink) -> None:
    size = len(labels)
    width = (_WIDTH - _LEFT - 8.0) / size
    for row, (label, line) in enumerate(zip(labels, counts, strict=True)):
        _cells(sheet, row, line=line, ink=ink)
        if size <= _MOST_WITH_NAMES:
            beside(sheet, (0.0, row + 0.5), inner=given(label, width=_LEFT - 8.0), kind="given")
    sheet.words((0.0, 0.0), "true", anchor=Anchor.END, shift=(-6.0, -8.0))
    sheet.words((size / 2, 0.0), "predicted", anchor=Anchor.MIDDLE, shift=(0.0, -24.0))
    if size <= _MOST_WITH_FIGURES:
        for column, label in enumerate(labels):
            place = (column + 0.5, 0.0)
            shown = given(label, width=width - 4.0)
            sheet.words(place, shown, anchor=Anchor.MIDDLE, kind="given", shift=(0.0, -8.0))


def _cells(sheet: Sheet, row: int, *, line: Counts, ink: Ink) -> None:
    whole = sum(line)
    for column, count in enumerate(line):
        share = count / whole if whole else 0.0
        colour = ink if row == column else Ink.BAD
        sheet.axes.barh(
            row + 0.5,
            1.0,
            left=column,
            height=1.0,
            color=colour.colour,
            alpha=_PALEST + (_DEEPEST - _PALEST) * share,
            clip_on=False,
        )
        if len(line) <= _MOST_WITH_FIGURES:
            middle = (column + 0.5, row + 0.5)
            sheet.words(middle, number(count), anchor=Anchor.MIDDLE, kind="amount", shift=(0.0, -1.0))
            decimals = 1 if len(line) < _FEWEST_CLOSE else 0
            part = f"{100 * share:.{decimals}f} %" if whole else ABSENT
            sheet.words(middle, part, anchor=Anchor.MIDDLE, kind="amount", shift=(0.0, _ROOM - 1.0))
