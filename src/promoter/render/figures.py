"""Figures as a person reads them: four significant digits, a true minus sign, better or worse in words."""

from __future__ import annotations

import math

from promoter.core.claims import ROUNDING
from promoter.core.evidence import MetricComparison

ABSENT = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_SIGNIFICANT = 4
_MOST_DECIMALS = 8
_SMALLEST, _LARGEST = 1e-4, 1e12


def pair(comparison: MetricComparison) -> tuple[str, str]:
    """Champion and challenger with the same number of decimals, so that they can be read as columns."""
    values = (comparison.champion, comparison.challenger)
    decimals = _decimals(max((abs(v) for v in map(finite, values) if v is not None), default=0.0))
    champion, challenger = (_figure(value, decimals) for value in values)
    return champion, challenger


def change(comparison: MetricComparison) -> str:
    """The signed change and its direction: "+0.0212 better", "unchanged"; a dash for none."""
    value = comparison.change
    if value is None or not math.isfinite(value):
        return ABSENT
    scale = max(abs(comparison.champion or 0.0), abs(comparison.challenger or 0.0))
    if abs(value) <= ROUNDING * scale or value == 0.0:
        return "unchanged"
    sign = "+" if value > 0 else ""
    text = _figure(value, _decimals_of_change(value, scale))
    return f"{sign}{text} {'better' if is_better(comparison) else 'worse'}"


def interval(comparison: MetricComparison) -> str:
    """Where the true change lies, in the metric's own unit: "[0.0032, 0.0401]"; empty where unknown."""
    ends = (finite(comparison.lower), finite(comparison.upper))
    widest = max((abs(end) for end in ends if end is not None), default=0.0)
    if None in ends or finite(comparison.change) is None:
        return ""
    scale = max(abs(comparison.champion or 0.0), abs(comparison.challenger or 0.0))
    decimals = _decimals_of_change(comparison.change or widest, scale)
    lower, upper = (_figure(end, decimals) for end in ends)
    return f"[{lower}, {upper}]"


def between(lower: float | None, upper: float | None) -> str:
    """Two ends with three significant digits; empty where one is unknown."""
    low, high = finite(lower), finite(upper)
    if low is None or high is None:
        return ""
    decimals = max(_decimals(max(abs(low), abs(high))) - 1, -1)
    return f"[{_figure(low, decimals)}, {_figure(high, decimals)}]"


def is_better(comparison: MetricComparison) -> bool:
    """Whether the change goes in the metric's good direction."""
    value = comparison.change or 0.0
    return value > 0 if comparison.greater_is_better else value < 0


def shares(comparison: MetricComparison) -> tuple[float | None, float | None]:
    """Champion and challenger in percent of the larger one, for bars; None for what is not a figure, and
    for both where one is negative."""
    values = [finite(comparison.champion), finite(comparison.challenger)]
    largest = max((value for value in values if value is not None), default=0.0)
    if largest <= 0 or any(value is not None and value < 0 for value in values):
        return None, None
    champion, challenger = (None if value is None else value / largest * 100 for value in values)
    return champion, challenger


def finite(value: float | None) -> float | None:
    """The value if it is a finite number."""
    return value if value is not None and math.isfinite(value) else None


def _decimals_of_change(value: float, scale: float) -> int:
    """At least two digits of the change itself, however small it is beside the figures."""
    return max(_decimals(scale), 1 - math.floor(math.log10(abs(value))) if value else 0)


def _decimals(magnitude: float) -> int:
    """Decimals that show four significant digits; -1 where only powers of ten can."""
    if magnitude == 0.0:
        return _SIGNIFICANT - 1
    if not _SMALLEST <= magnitude < _LARGEST:
        return -1
    return max(0, _SIGNIFICANT - 1 - math.floor(math.log10(magnitude)))


def _figure(value: float | None, decimals: int) -> str:
    if value is None:
        return ABSENT
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    shape = f",.{decimals}f" if 0 <= decimals <= _MOST_DECIMALS else f".{_SIGNIFICANT - 1}e"
    text = format(value, shape)
    # -0.0 and what rounds to it
    return text.replace("-", _MINUS) if float(text.replace(",", "")) else text.removeprefix("-")
