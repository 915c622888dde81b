"""Numbers in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from promoter.core.claims import same

_DIGITS = (4, 6, 9, 12)
_LARGEST = 1e15


def number(value: float, *, beside: Sequence[float] = ()) -> str:
    """The number in as few digits as tell it from those it is shown beside."""
    others = [other for other in beside if not same(value, other)]
    enough = (
        digits
        for digits in _DIGITS
        if all(_written(value, digits) != _written(other, digits) for other in others)
    )
    return _written(value, next(enough, _DIGITS[-1]))


def _written(value: float, digits: int) -> str:
    text = f"{value:,.{digits}g}"
    # Money has no powers of ten.
    return f"{value:,.0f}" if "e+" in text and abs(value) < _LARGEST else text


def percent(share: float) -> str:
    """A fraction in percent."""
    return f"{share * 100:.3g} %"
