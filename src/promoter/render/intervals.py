"""Changes of metrics on one common axis: in percent of the champion's figure, and better is to the right.

Metrics differ in scale and in their good direction; in this form they can be read side by side. A figure
whose champion is zero has no such form, and is in the table only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

from promoter.core.evidence import MetricComparison, Outcome
from promoter.core.metric_names import GREATER_IS_BETTER, LESS_IS_BETTER
from promoter.core.report import RequestReport
from promoter.render.figures import finite
from promoter.render.scores import Kind, Row, tables

# What `evaluation` calls figures: the names that are words of our own.
KNOWN_FIGURES = GREATER_IS_BETTER | LESS_IS_BETTER | {"business_value"}
# In the metric's own unit, and in the axis' (percent, or the power of ten of the widest): what is smaller or
# larger has no place there.
_NEAREST_ZERO = 1e-12
_SMALLEST, _LARGEST = 1e-6, 1e9
# Longer lines end in an arrow, and the others stay readable.
_TIMES_THE_USUAL = 6.0
_MOST_LINES = 20
_HUNDRED = 100.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """One metric in percent of the champion's figure: the change, the ends of its interval, and the least
    improvement that the rule asks for. `name` is a word of our own, whatever the metric is called."""

    name: str
    outcome: Outcome
    better: float
    lower: float
    upper: float
    least: float | None


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Lines on one axis from `begin` to `end`, zero between them; `left_out` lines had no room."""

    lines: tuple[Line, ...]
    begin: float
    end: float
    left_out: int = 0

    def share(self, value: float) -> float:
        """Where a value lies, from 0 to 1; what is off the axis lies at its end."""
        return min(max((value - self.begin) / (self.end - self.begin), 0.0), 1.0)

    def holds(self, value: float) -> bool:
        """Whether a value is on the axis."""
        return self.begin <= value <= self.end


def plot(request: RequestReport) -> Plot | None:
    """The measured changes that have an interval; None for none."""
    rows = [row for table in tables(request) if table.kind is Kind.MEASURED for row in table.rows]
    found = [line for number, row in enumerate(rows, start=1) if (line := _line(row, number)) is not None]
    if not found:
        return None
    lines = tuple(found[:_MOST_LINES])
    begin, end = axis(lines)
    return Plot(lines=lines, begin=begin, end=end, left_out=len(found) - len(lines))


def _line(row: Row, number: int) -> Line | None:
    comparison = row.comparison
    champion = finite(comparison.champion)
    figures = [finite(one) for one in (comparison.change, comparison.lower, comparison.upper)]
    if champion is None or abs(champion) < _NEAREST_ZERO:
        return None
    whole = abs(champion) / _HUNDRED
    sign = 1.0 if comparison.greater_is_better else -1.0
    signed = [sign * one / whole for one in figures if one is not None]
    if len(signed) < len(figures) or not all(abs(one) <= _LARGEST for one in signed):
        return None
    better, lower, upper = signed[0], min(signed[1:]), max(signed[1:])
    return Line(
        name=_name(comparison, number),
        outcome=row.outcome,
        better=better,
        lower=lower,
        upper=upper,
        least=_least(comparison, whole),
    )


def _least(comparison: MetricComparison, whole: float) -> float | None:
    least = finite(comparison.least)
    return finite(least / whole) if least is not None else None


def _name(comparison: MetricComparison, number: int) -> str:
    """Where nothing can be escaped, text from outside has no place."""
    return comparison.name if comparison.name in KNOWN_FIGURES else f"row {number}"


def axis(lines: Sequence[Line]) -> tuple[float, float]:
    """Room for every end that is not much farther away than usual, and for limits near their intervals."""
    widest = [max(abs(line.lower), abs(line.upper)) for line in lines]
    most = _TIMES_THE_USUAL * usual(widest)
    near = [
        line.least
        for line, width in zip(lines, widest, strict=True)
        if line.least is not None and abs(line.least) <= 2 * width
    ]
    ends = [end for line in lines for end in (line.lower, line.upper)]
    places = [0.0, *(place for place in (*ends, *near) if abs(place) <= most)]
    begin, end = min(places), max(places)
    begin, end = -_round_up(-begin), _round_up(end)
    return (begin, end) if begin < end else (-1.0, 1.0)


def usual(widest: Sequence[float]) -> float:
    """The middle one of those that are not zero; zero where all are."""
    return median_low([width for width in widest if width] or [0.0])


def _round_up(value: float) -> float:
    """The next number with an axis' look: 4.9 → 5, 11.2 → 15, 0.16 → 0.2."""
    if value < _SMALLEST:
        return 0.0
    step = 10.0 ** math.floor(math.log10(value)) / 2
    return math.ceil(value / step) * step


def percent(value: float) -> str:
    """A place on the axis: "0", "+2.5 %"."""
    if value == 0:
        return "0"
    sign = "+" if value > 0 else "\N{MINUS SIGN}"
    return f"{sign}{abs(value):.6g} %"


def change_in_words(line: Line) -> str:
    """ "2.6 % better", "unchanged"."""
    size = abs(line.better)
    text = f"{size:,.1f}" if size >= 1 else f"{size:.2g}"
    if size == 0:
        return "unchanged"
    return f"{text} % {'better' if line.better > 0 else 'worse'}"
