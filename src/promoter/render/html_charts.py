"""The charts of one request in the HTML report, and the tables that belong to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count

from promoter.core.pictures import NO_PICTURES, Flip, Pictures
from promoter.core.report import RequestReport
from promoter.render import chart_confusion, chart_curves, chart_residuals, chart_slices, chart_value, drawing
from promoter.render.drawing import LIBRARY, Chart
from promoter.render.figures import ABSENT
from promoter.render.html_text import code, table, tag, text
from promoter.render.scores import measurement_of

# An ordinary report is far below; a report is at most 2 MiB with its tables.
_MOST_CHARACTERS = 1_200_000
# Drawing takes time too.
_MOST_DRAWN = 150
_MISSING = (
    "Charts are left out: matplotlib, which draws them, is not installed. `pip install promoter[inference]` "
    "brings it; the figures are the same."
)
_LEFT_OUT = (
    "Charts are left out here: this report has as many as it may hold. Its figures are whole, and a run with "
    "fewer requests draws them."
)


@dataclass(frozen=True, kw_only=True)
class _Whole:
    """How much has been drawn so far."""

    characters: int = 0
    drawn: int = 0

    def has_room(self, charts: Sequence[Chart]) -> bool:
        return self.characters < _MOST_CHARACTERS and self.drawn + len(charts) <= _MOST_DRAWN


def charts(requests: Iterable[RequestReport], *, library: str = LIBRARY) -> Iterator[str]:
    """What to show of each request, in their order; empty where there is nothing to draw.

    The first requests are drawn until the report is full; that there is no `library` is said once.
    """
    whole = _Whole()
    there = drawing.installed(library)
    missing = iter((_MISSING,))
    for number, request in zip(count(1), requests, strict=False):
        groups = _drawable(request)
        found = tuple(chain.from_iterable(groups))
        if not found:
            yield ""
        elif not there:
            yield tag("p", text(next(missing, "")), kind="soft")
        elif not whole.has_room(found):
            yield tag("p", text(_LEFT_OUT), kind="soft")
        else:
            drawn = "".join(_row(group, prefix=f"r{number}") for group in groups)
            whole = _Whole(characters=whole.characters + len(drawn), drawn=whole.drawn + len(found))
            yield drawn


def tables(request: RequestReport) -> str:
    """What charts cannot show: the most frequent mistakes, and rows that only the champion got right."""
    pictures = _pictures(request)
    return _mistakes(pictures) + _flips(request, pictures)


def _pictures(request: RequestReport) -> Pictures:
    found = measurement_of(request)
    return found.pictures if found is not None else NO_PICTURES


def _drawable(request: RequestReport) -> tuple[tuple[Chart, ...], ...]:
    """In groups of charts that are read beside each other."""
    found = measurement_of(request)
    pictures = _pictures(request)
    value = chart_value.chart(found.value if found is not None else None)
    residuals = chart_residuals.chart(pictures.residuals)
    return (
        tuple(one for one in (value, residuals, *chart_slices.charts(request)) if one is not None),
        tuple(chart_confusion.charts(pictures.confusion)),
        tuple(chart_curves.charts(pictures.scores)),
    )


def _row(charts: Sequence[Chart], *, prefix: str) -> str:
    return tag("div", "".join(_figure(one, prefix=prefix) for one in charts), kind="charts")


def _figure(chart: Chart, *, prefix: str) -> str:
    keys = "".join(tag("span", role, kind=f"key {role}") for role in chart.roles)
    caption = tag("figcaption", chart.caption + tag("span", keys, kind="keys"))
    return f"<figure>{caption}{drawing.svg(chart, prefix=prefix)}{tag('p', chart.note, kind='soft')}</figure>"


def _mistakes(pictures: Pictures) -> str:
    rows = [
        (
            tag("span", code(one.truth)),
            tag("span", code(one.predicted)),
            tag("span", ABSENT if one.champion is None else f"{one.champion:,}", kind="figure"),
            tag("span", f"{one.challenger:,}", kind="figure"),
        )
        for one in chart_confusion.mistakes(pictures.confusion)
    ]
    head = ("True class", "Predicted as", "Champion", "Challenger")
    return table(head, rows, caption="Most frequent mistakes, in rows")


def _flips(request: RequestReport, pictures: Pictures) -> str:
    found = measurement_of(request)
    total = found.flips.count if found is not None and found.flips is not None else len(pictures.flips)
    return table(
        ("Row", "Id", "Truth", "Challenger said"),
        map(_flip, pictures.flips),
        caption=f"Negative flips: rows only the champion got right, {len(pictures.flips):,} of {total:,}",
    )


def _flip(flip: Flip) -> tuple[str, ...]:
    return (
        tag("span", f"{flip.row:,}", kind="figure"),
        tag("span", code(flip.identity)) if flip.identity is not None else ABSENT,
        tag("span", code(flip.truth)),
        tag("span", code(flip.challenger)),
    )
