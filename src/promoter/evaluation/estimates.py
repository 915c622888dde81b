"""From the figures of both models and the spread of their change to one estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite

import numpy as np

from promoter.core.measurement import Estimate, SecondOpinion
from promoter.evaluation.figures import FloatArray
from promoter.evaluation.uncertainty import UNDEFINED, Rule, Spread, resampled_spread

Change = Callable[[FloatArray], FloatArray]
"""From drawn sums (resamples, q) the change of the figure (resamples,)."""
Opinions = Callable[[], tuple[SecondOpinion, ...]]
"""What else to tell of a change that is judged."""


@dataclass(frozen=True, kw_only=True)
class Points:
    """The figures of the sample itself: NaN where undefined, champion None where there is none."""

    metric: str
    rows: int
    challenger: float
    champion: float | None

    @property
    def change(self) -> float | None:
        """Challenger minus champion; None unless both have a value."""
        if self.champion is None or not self.defined:
            return None
        return self.challenger - self.champion

    @property
    def defined(self) -> bool:
        """Whether each model there is has a value."""
        return isfinite(self.challenger) and (self.champion is None or isfinite(self.champion))


def drawn_spread(draws: Iterable[FloatArray], change: Change, *, units: int, rule: Rule) -> Spread:
    """The spread of a change over drawn sums; of fewer than two rows or groups nothing is known."""
    if units <= 1:
        return UNDEFINED
    return resampled_spread(np.concatenate([change(drawn) for drawn in draws]), rule)


def is_judged(points: Points, rule: Rule) -> bool:
    """Whether there is a change, and the rule wants more than points."""
    return points.change is not None and rule.resamples > 0


def estimate(
    points: Points,
    spread: Callable[[float], Spread],
    *,
    rule: Rule,
    method: str,
    opinions: Opinions = tuple,
) -> Estimate:
    """The estimate; `spread` and `opinions` are asked only for what `is_judged`."""
    change, judged = points.change, is_judged(points, rule)
    found = Spread() if points.defined else UNDEFINED
    if change is not None and rule.resamples > 0:
        found = spread(change)
    return Estimate(
        metric=points.metric,
        greater_is_better=rule.greater_is_better,
        rows=points.rows,
        challenger=_finite(points.challenger),
        champion=_finite(points.champion),
        change=change,
        lower=found.lower,
        upper=found.upper,
        standard_error=found.standard_error,
        undefined=found.undefined,
        p_worse=found.p_worse,
        method=method if judged else "",
        opinions=opinions() if judged else (),
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
