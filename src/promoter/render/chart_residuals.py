"""How far a regression's predictions are from the truth, of both models."""

from __future__ import annotations

import math
from functools import partial

from promoter.core.pictures import Counts, Residuals
from promoter.render.drawing import Chart, Frame, Ink, Sheet
from promoter.render.drawing_axes import across, number, ticks, upwards
from promoter.render.html_text import text

_LARGEST = 1e12
_HEIGHT = 264.0
_DASHES = (0, (5, 3))


def chart(found: Residuals | None) -> Chart | None:
    """Histograms over one another; None where there is no bin that could be drawn, or no row."""
    if found is None or not _drawable(found.edges):
        return None
    most = max([*found.challenger, *(found.champion or ())], default=0)
    if most <= 0:
        return None
    return Chart(
        name="residuals",
        title="Residuals",
        told=_told(found),
        frame=Frame(
            x=(found.edges[0], found.edges[-1]),
            y=(0.0, float(most)),
            height=_HEIGHT,
            left=52.0,
            right=24.0,
            top=28.0,
            bottom=44.0,
        ),
        draw=partial(_draw, found),
        roles=("challenger",) if found.champion is None else ("challenger", "champion"),
        caption="Residuals: prediction less truth",
        note=text(
            "Narrower and nearer to 0 is better; to the right predictions are too high. "
            "What lies beyond the ends is counted in the outermost bars."
        ),
    )


def _drawable(edges: tuple[float, ...]) -> bool:
    fits = all(math.isfinite(one) and abs(one) <= _LARGEST for one in edges)
    return len(edges) > 1 and fits and edges[0] < edges[-1]


def _told(found: Residuals) -> str:
    models = [("challenger", found.challenger)]
    if found.champion is not None:
        models.append(("champion", found.champion))
    return ". ".join(
        f"The fullest bar of the {role}, {max(counts):,} of {sum(counts):,} rows, lies between "
        f"{number(found.edges[at])} and {number(found.edges[at + 1])}"
        for role, counts in models
        for at in (counts.index(max(counts)),)
    )


def _draw(found: Residuals, sheet: Sheet) -> None:
    low, high = sheet.frame.x
    across(sheet, ticks(low, high), title="prediction less truth")
    upwards(sheet, ticks(*sheet.frame.y), title="rows")
    _steps(sheet, found.challenger, edges=found.edges, ink=Ink.CHALLENGER)
    if found.champion is not None:
        axes = sheet.axes
        colour = Ink.CHAMPION.colour
        axes.stairs(found.champion, found.edges, color=colour, linewidth=2, linestyle=_DASHES, clip_on=False)
    if low < 0 < high:
        sheet.axes.plot((0, 0), sheet.frame.y, color=Ink.INK.colour, linewidth=1.2, clip_on=False)


def _steps(sheet: Sheet, counts: Counts, *, edges: tuple[float, ...], ink: Ink) -> None:
    """Filled, and with an edge to be seen behind another."""
    sheet.axes.stairs(counts, edges, color=ink.colour, fill=True, alpha=0.3, linewidth=0, clip_on=False)
    sheet.axes.stairs(counts, edges, color=ink.colour, linewidth=2, clip_on=False)
