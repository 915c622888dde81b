"""Intervals as a Mermaid chart.

Mermaid draws no floating bars: a bar of the background's colour hides what is left of each interval, so the
chart has a background of its own in both themes.
"""

from __future__ import annotations

from collections.abc import Callable

from promoter.render.intervals import Line, Plot, change_in_words

_MOST_LINES = 12
# In percent; the axis is written with four decimals
_SHORTEST = 0.01
_BEST, _MEASURED, _BACKGROUND, _INK, _FRAME = "#80ccff", "#0969da", "#ffffff", "#1f2328", "#8c959f"
# One hiding bar would leave a faint edge of what is below it.
_HIDING = 3
_COLOURS = ", ".join((_BEST, _MEASURED, *[_BACKGROUND] * _HIDING, _INK))
_NOTE = (
    "In the chart a bar reaches from the worst to the best that the change may be, and its colour changes at "
    "the figure measured."
)


def note(plot: Plot) -> str:
    """How to read the chart, and what is beyond its axis."""
    beyond = ", ".join(
        f"`{one.name}` ({change_in_words(one)})" for one in plot.lines if one not in _shown(plot)
    )
    return f"{_NOTE} Beyond its axis: {beyond}." if beyond else _NOTE


def chart(plot: Plot) -> str:
    """Mermaid of our own words and numbers only; empty where there are too many metrics for a chart."""
    lines = _shown(plot)
    if not 0 < len(lines) <= _MOST_LINES or plot.end - plot.begin < _SHORTEST:
        return ""
    names = ", ".join(f'"{line.name}"' for line in lines)
    bars = (_upper, _better, *[_lower] * _HIDING)
    return "\n".join(
        (
            "```mermaid",
            "---",
            "config:",
            f"  xyChart: {{width: 520, height: {110 + 34 * len(lines)}, titleFontSize: 14, titlePadding: 6, "
            f"xAxis: {{labelFontSize: 12, labelPadding: {_padding(plot)}, showTick: false}}, "
            "yAxis: {labelFontSize: 12}}",
            f'  themeVariables: {{xyChart: {{plotColorPalette: "{_COLOURS}", {_theme()}}}}}',
            "---",
            "xychart-beta horizontal",
            '  title "Change in % of the champion: right of 0 is better"',
            f'  x-axis [" ", {names}, "·"]',
            # An axis that ended at its last label would cut it.
            f"  y-axis {_number(plot.begin)} --> {_number(plot.end + (plot.end - plot.begin) / 20)}",
            *(f"  bar [{_series(plot, bar)}]" for bar in bars),
            f"  line [{', '.join(['0'] * (len(lines) + 2))}]",
            "```",
        )
    )


def _shown(plot: Plot) -> list[Line]:
    return [line for line in plot.lines if line.upper > plot.begin and line.lower < plot.end]


def _theme() -> str:
    inks = ("titleColor", "xAxisLabelColor", "yAxisLabelColor")
    frames = ("xAxisLineColor", "yAxisLineColor", "yAxisTickColor")
    colours = (
        ("backgroundColor", _BACKGROUND),
        *((name, _INK) for name in inks),
        *((name, _FRAME) for name in frames),
    )
    return ", ".join(f'{name}: "{colour}"' for name, colour in colours)


def _padding(plot: Plot) -> int:
    """On a phone Mermaid takes labels for shorter than it draws them."""
    return 12 + 3 * max(len(line.name) for line in _shown(plot))


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
