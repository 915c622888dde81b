"""What the models earn as a Mermaid chart: bars that begin at 0, whatever is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from promoter.core.measurement import ValueEstimate
from promoter.render.scores import values
from promoter.render.xychart import HIDING, beyond, padding, palette, theme

# The axis is written with two decimals
_LEAST_DRAWN, _MOST_DRAWN = 0.1, 1e12
# The axis has no room for long numbers: its labels would lie upon each other.
_LONG = 10_000
_BAR = "#0969da"
_GAIN_ONLY = f'plotColorPalette: "{_BAR}", backgroundColor: "transparent"'


def chart(value: ValueEstimate) -> str:
    """Our own words and numbers only; empty where there is nothing to see."""
    named = values(value)
    amounts = [one for _, one in named]
    lowest, highest = min([0.0, *amounts]), max([0.0, *amounts])
    if highest - lowest < _LEAST_DRAWN or max(-lowest, highest) > _MOST_DRAWN:
        return ""
    unit, scale = (" in thousands", 1000.0) if max(-lowest, highest) >= _LONG else ("", 1.0)
    amounts = [one / scale for one in amounts]
    lowest, highest = lowest / scale, highest / scale
    names = ", ".join(f'"{name}"' for name, _ in named)
    colours = f'plotColorPalette: "{palette(_BAR)}", {theme()}' if lowest < 0 else _GAIN_ONLY
    room = padding(max(len(name) for name, _ in named))
    return "\n".join(
        (
            "```mermaid",
            "---",
            "config:",
            "  xyChart: {width: 520, height: 240, titleFontSize: 14, titlePadding: 6, "
            f"xAxis: {{labelFontSize: 12, labelPadding: {room}, showTick: false}}, "
            "yAxis: {labelFontSize: 12}}",
            f"  themeVariables: {{xyChart: {{{colours}}}}}",
            "---",
            "xychart-beta horizontal",
            f'  title "Value of 1,000 rows{unit}"',
            f"  x-axis [{names}]",
            f"  y-axis {lowest:.2f} --> {beyond(lowest, highest):.2f}",
            *_bars(amounts, lowest=lowest),
            "```",
        )
    )


def _bars(amounts: Sequence[float], *, lowest: float) -> tuple[str, ...]:
    """Where something is lost, bars begin at the axis' end, and what is not between them and 0 is hidden."""
    if lowest == 0:
        return (f"  bar [{_series(amounts, _itself)}]",)
    hidden = f"  bar [{_series(amounts, _loss)}]"
    zeros = f"  line [{', '.join('0' for _ in amounts)}]"
    return (f"  bar [{_series(amounts, _gain)}]", *[hidden] * HIDING, zeros)


def _series(amounts: Sequence[float], part: Callable[[float], float]) -> str:
    return ", ".join(f"{part(one):.2f}" for one in amounts)


def _itself(amount: float) -> float:
    return amount


def _gain(amount: float) -> float:
    return max(amount, 0.0)


def _loss(amount: float) -> float:
    return min(amount, 0.0)
