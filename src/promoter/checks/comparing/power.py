"""How large a difference these rows can tell from chance, and how many rows would.

Minimum detectable effect at 80 % power: (z of the confidence level + z of 0.8) · standard error. The standard
error falls with the square root of the rows, so rows · (effect / distance)² would decide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

_POWER = NormalDist().inv_cdf(0.8)
# z has no end at 1, and is 0 at one half
_LEAST_SURE, _SUREST = 0.51, 1 - 1e-12
_MOST_TIMES = 1_000.0
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A change of which it is not clear on which side of `limit` it lies.

    `distance` is how far from the limit it is seen, `width` that of its interval.
    """

    distance: float
    limit: float
    rows: int
    width: float
    confidence_level: float
    standard_error: float | None = None


def detectable(doubt: Doubt) -> float:
    """The smallest distance from the limit that is found four times in five."""
    z = NormalDist().inv_cdf(min(max(doubt.confidence_level, _LEAST_SURE), _SUREST))
    error = doubt.standard_error
    if error is None or not math.isfinite(error) or error <= 0:
        error = doubt.width / (2 * z)
    return (z + _POWER) * error


def rows_needed(doubt: Doubt) -> int | None:
    """Rows that would decide if the change is what it looks like, in two digits; None for too many."""
    if doubt.distance <= 0:
        return None
    # Where nothing varies, what may have been missed falls with the rows, and not with their root.
    times = detectable(doubt) / doubt.distance
    times = doubt.width / doubt.distance if _is_steady(doubt) else times * times
    if not 0 < times <= _MOST_TIMES:
        return None
    rows = max(doubt.rows * times, doubt.rows + 1)
    step = int(10 ** max(0, math.floor(math.log10(rows)) - 1))
    return math.ceil(rows / step) * step


def _is_steady(doubt: Doubt) -> bool:
    """Whether the change is the same in every resample: the interval is of what may have been missed."""
    return doubt.standard_error == 0 or doubt.width <= 0


def _steady_in_words(doubt: Doubt) -> str:
    if doubt.distance <= _ROUNDING:
        on = "both models come out the same" if doubt.limit == 0 else "the change is that limit itself"
        return f"{on} on every one of these {doubt.rows:,} rows"
    same = f"these {doubt.rows:,} rows all say the same, and rows that say otherwise may have been missed"
    rows = rows_needed(doubt)
    return same if rows is None else f"{same}; about {rows:,} rows would decide"


def in_words(doubt: Doubt) -> str:
    """The doubt for somebody who decides and does no statistics."""
    if _is_steady(doubt):
        return _steady_in_words(doubt)
    least = detectable(doubt)
    what = "a difference" if doubt.limit == 0 else "a distance from that limit"
    chance = f"on {doubt.rows:,} rows, {what} below about {least:.2g} is hard to tell from chance"
    rows = rows_needed(doubt)
    if rows is None:
        return f"{chance}, and this one is too small for any sensible number of rows"
    return f"{chance}; if the difference is what it looks like, about {rows:,} rows would decide"
