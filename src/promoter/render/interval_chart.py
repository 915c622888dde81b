"""Intervals as a Mermaid chart."""

from __future__ import annotations

from collections.abc import Callable

from promoter.render.intervals import Line, Plot, change_in_words
from promoter.render.xychart import HIDING, beyond, padding, palette, theme

_MOST_LINES = 12
# In percent; the axis is written with four decimals
_SHORTEST = 0.01
_BEST, _MEASURED = "#80ccff", "#0969da"
_NOTE = (
    "In the chart a bar reaches from the worst to the best that the change may be, and its colour changes at "
    "the figure measured."
)


def note(plot: Plot) -> str:
    """How to read the chart, and what is beyond its axis."""
    outside = ", ".join(
        f"`{one.name}` ({change_in_words(one)})" for one in plot.lines if one not in _shown(plot)
    )
    return f"{_NOTE} Beyond its axis: {outside}." if outside else _NOTE


def chart(plot: Plot) -> str:
    """Mermaid of our own words and numbers only; empty where there are too many metrics for a chart."""
    lines = _shown(plot)
    if not 0 < len(lines) <= _MOST_LINES or plot.end - plot.begin < _SHORTEST:
        return ""
    names = ", ".join(f'"{line.name}"' for line in lines)
    colours, room = palette(_BEST, _MEASURED), padding(max(len(line.name) for line in lines))
    bars = (_upper, _better, *[_lower] * HIDING)
    return "\n".join(
        (
            "```mermaid",
            "---",
            "config:",
            f"  xyChart: {{width: 520, height: {110 + 34 * len(lines)}, titleFontSize: 14, titlePadding: 6, "
            f"xAxis: {{labelFontSize: 12, labelPadding: {room}, showTick: false}}, "
            "yAxis: {labelFontSize: 12}}",
            f'  themeVariables: {{xyChart: {{plotColorPalette: "{colours}", {theme()}}}}}',
            "---",
            "xychart-beta horizontal",
            '  title "Change in % of the champion: right of 0 is better"',
            f'  x-axis [" ", {names}, "·"]',
            f"  y-axis {_number(plot.begin)} --> {_number(beyond(plot.begin, plot.end))}",
            *(f"  bar [{_series(plot, bar)}]" for bar in bars),
            f"  line [{', '.join(['0'] * (len(lines) + 2))}]",
            "```",
        )
    )


def _shown(plot: Plot) -> list[Line]:
    return [line for line in plot.lines if line.upper > plot.begin and line.lower < plot.end]


def _series(plot: Plot, bar: Callable[[Line], float]) -> str:
    """A value for each metric, cut at the axis; the empty places above and below have bars of no length."""
    values = [min(max(bar(line), plot.begin), plot.end) for line in _shown(plot)]
    return ", ".join(_number(value) for value in (plot.begin, *values, plot.begin))


def _upper(line: Line) -> float:
    return line.upper


def _better(line: Line) -> float:
    return line.better


def _lower(line: Line) -> float:
    return line.lower


def _number(value: float) -> str:
    return f"{value + 0.0:.4f}".rstrip("0").rstrip(".")
