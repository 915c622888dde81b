"""The charts of one request in the HTML report, and the tables that belong to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain, count

from promoter.core.pictures import NO_PICTURES, Flip, Pictures
from promoter.core.report import RequestReport
from promoter.render import chart_confusion, chart_curves, chart_residuals, chart_slices, chart_value, drawing
from promoter.render.drawing import FAILURES, LIBRARY, Chart
from promoter.render.figures import ABSENT
from promoter.render.html_text import code, table, tag, text
from promoter.render.scores import measurement_of

Charts = Callable[[Sequence[RequestReport]], Iterable[str]]
"""What to show of each request, rendered, in their order; empty where there is nothing to draw."""

# Of a report's characters its charts take so many at most, and drawing takes time too.
_MOST_CHARACTERS = 1_200_000
_MOST_DRAWN = 150
_ROW = "charts"


class _Undrawn(Enum):
    """Why there are no charts."""

    MISSING = (
        "Charts are left out: matplotlib, which draws them, is not installed. `pip install "
        "promoter[inference]` brings it; the figures are the same."
    )
    BROKEN = (
        "Charts could not be drawn: matplotlib cannot be imported here. `MPLBACKEND` and `MATPLOTLIBRC` are "
        "what it reads of this machine; the figures are the same."
    )
    FAILED = "Some charts could not be drawn. The figures are the same."
    FULL = (
        "Charts are left out here: this report has as many as it may hold. Its figures are whole, and a run "
        "with fewer requests draws them."
    )
    LATE = (
        "Charts are left out here: they are drawn last, and there was no time left for them. The figures are "
        "the same."
    )

    @property
    def told(self) -> str:
        return tag("p", text(self.value), kind="soft")


@dataclass(frozen=True, kw_only=True)
class _Whole:
    """How much has been drawn so far."""

    characters: int = 0
    drawn: int = 0

    def has_room(self, total: int) -> bool:
        """For so many charts more."""
        return self.characters < _MOST_CHARACTERS and self.drawn + total <= _MOST_DRAWN


def _always() -> bool:
    return True


def charts(
    requests: Sequence[RequestReport],
    *,
    library: str = LIBRARY,
    has_time: Callable[[], bool] = _always,
) -> Iterator[str]:
    """Draw them. The first requests are drawn until the report is full, or until there is no more time, which
    is asked before each chart; that there is no `library` is said once.

    A chart that cannot be drawn is left out, and a line says so: no picture ends a run.
    """
    whole = _Whole()
    broken: _Undrawn | None = None
    for number, request in zip(count(1), requests, strict=False):
        groups = _drawable(request)
        total = sum(map(len, groups))
        if not total or broken:
            yield ""
        elif not has_time():
            yield _Undrawn.LATE.told
        elif not whole.has_room(total):
            yield _Undrawn.FULL.told
        elif broken := _without_tools(library):
            yield broken.told
        else:
            drawn = _rows(groups, prefix=f"r{number}", has_time=has_time)
            whole = _Whole(characters=whole.characters + len(drawn), drawn=whole.drawn + total)
            yield drawn


def undrawn(requests: Sequence[RequestReport]) -> Iterator[str]:
    """Only say that there was no time for them."""
    for request in requests:
        yield _Undrawn.LATE.told if any(_drawable(request)) else ""


def is_drawn(rendered: str) -> bool:
    """Whether a request's charts, or some of them, are there to be seen."""
    return rendered.startswith(f'<div class="{_ROW}">')


def _without_tools(library: str) -> _Undrawn | None:
    """Why nothing can be drawn at all."""
    try:
        if not drawing.installed(library):
            return _Undrawn.MISSING
        drawing.load()
    except FAILURES:
        return _Undrawn.BROKEN
    return None


def tables(request: RequestReport) -> str:
    """What charts cannot show: the most frequent mistakes, and rows that only the champion got right."""
    pictures = _pictures(request)
    return _mistakes(pictures) + _flips(request, pictures)


def _pictures(request: RequestReport) -> Pictures:
    found = measurement_of(request)
    return found.pictures if found is not None else NO_PICTURES


def _value(request: RequestReport) -> Iterator[Chart]:
    found = measurement_of(request)
    chart = chart_value.chart(found.value if found is not None else None)
    yield from () if chart is None else (chart,)


def _residuals(request: RequestReport) -> Iterator[Chart]:
    chart = chart_residuals.chart(_pictures(request).residuals)
    yield from () if chart is None else (chart,)


def _confusion(request: RequestReport) -> Iterator[Chart]:
    return chart_confusion.charts(_pictures(request).confusion)


def _curves(request: RequestReport) -> Iterator[Chart]:
    return chart_curves.charts(_pictures(request).scores)


_Of = Callable[[RequestReport], Iterable[Chart]]
_GROUPS: tuple[tuple[_Of, ...], ...] = ((_value, _residuals, chart_slices.charts), (_confusion,), (_curves,))
_Group = tuple[Chart | _Undrawn, ...]


def _drawable(request: RequestReport) -> tuple[_Group, ...]:
    """In groups of charts that are read beside each other."""
    return tuple(tuple(chain.from_iterable(_planned(of, request) for of in group)) for group in _GROUPS)


def _planned(of: _Of, request: RequestReport) -> _Group:
    """One kind of charts; where they cannot even be thought of, why."""
    try:
        return tuple(of(request))
    except FAILURES:
        return (_Undrawn.FAILED,)


def _rows(groups: Sequence[_Group], *, prefix: str, has_time: Callable[[], bool]) -> str:
    """A row for each group, and below them why some charts are not there."""
    figures = [[_figure(one, prefix=prefix, has_time=has_time) for one in group] for group in groups]
    rows = (tag("div", "".join(one for one in row if isinstance(one, str)), kind=_ROW) for row in figures)
    missing = {one for row in figures for one in row if isinstance(one, _Undrawn)}
    return "".join(rows) + "".join(why.told for why in _Undrawn if why in missing)


def _figure(chart: Chart | _Undrawn, *, prefix: str, has_time: Callable[[], bool]) -> str | _Undrawn:
    if isinstance(chart, _Undrawn):
        return chart
    if not has_time():
        return _Undrawn.LATE
    try:
        drawn = drawing.svg(chart, prefix=prefix)
    except FAILURES:
        return _Undrawn.FAILED
    keys = "".join(tag("span", role, kind=f"key {role}") for role in chart.roles)
    caption = tag("figcaption", chart.caption + tag("span", keys, kind="keys"))
    return f"<figure>{caption}{drawn}{tag('p', chart.note, kind='soft')}</figure>"


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
    known = any(flip.identity is not None for flip in pictures.flips)
    rows = [_flip(flip) for flip in pictures.flips]
    # Where the data names no id, a column of nothing would only ask what is missing.
    shown = [0, 1, 2, 3] if known else [0, 2, 3]
    return table(
        [("Row", "Id", "Truth", "Challenger said")[column] for column in shown],
        [[row[column] for column in shown] for row in rows],
        caption=f"Negative flips: rows only the champion got right, {len(pictures.flips):,} of {total:,}",
    )


def _flip(flip: Flip) -> tuple[str, ...]:
    return (
        tag("span", f"{flip.row:,}", kind="figure"),
        tag("span", code(flip.identity)) if flip.identity is not None else ABSENT,
        tag("span", code(flip.truth)),
        tag("span", code(flip.challenger)),
    )
