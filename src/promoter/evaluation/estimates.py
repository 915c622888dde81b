"""From the figures of both models and the spread of their change to one estimate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite

import numpy as np

from promoter.core.measurement import Estimate, SecondOpinion
from promoter.evaluation.figures import FloatArray
from promoter.evaluation.uncertainty import UNDEFINED, Rule, Spread, resampled_spread
from promoter.evaluation.unseen import Reach, Seen, with_unseen

Change = Callable[[FloatArray], FloatArray]
"""From drawn sums (resamples, q) the change of the figure (resamples,)."""
Opinions = Callable[[], tuple[SecondOpinion, ...]]
"""What else to tell of a change that is judged."""


@dataclass(frozen=True, kw_only=True)
class Points:
    """The figures of the sample itself: NaN where undefined, champion None where there is none. `groups`: how
    many there are, None where rows come alone; `differing`: rows that the models label otherwise."""

    metric: str
    rows: int
    challenger: float
    champion: float | None
    groups: int | None = None
    differing: int | None = None

    @property
    def change(self) -> float | None:
        """Challenger minus champion; None unless both have a value."""
        if self.champion is None or not self.defined:
            return None
        return self.challenger - self.champion

    @property
    def seen(self) -> Seen:
        """On what the change was seen."""
        return Seen(
            change=self.change or 0.0,
            scale=max(abs(self.challenger), abs(self.champion or 0.0)),
            rows=self.rows,
            units=self.rows if self.groups is None else self.groups,
            differing=self.differing,
        )

    @property
    def defined(self) -> bool:
        """Whether each model there is has a value."""
        return isfinite(self.challenger) and (self.champion is None or isfinite(self.champion))


def drawn_spread(draws: Iterable[FloatArray], change: Change, *, units: int, rule: Rule) -> Spread:
    """The spread of a change over drawn sums; of fewer than two rows or groups nothing is known."""
    if units <= 1:
        return UNDEFINED
    return resampled_spread(np.concatenate([change(drawn) for drawn in draws]), rule, units=units)


def is_judged(points: Points, rule: Rule) -> bool:
    """Whether there is a change, and the rule wants more than points."""
    return points.change is not None and rule.resamples > 0


@dataclass(frozen=True, kw_only=True)
class Way:
    """How far a change may stray: by which method, by its spread, and by what these rows may have missed.
    All of it is asked only for what `is_judged`."""

    method: str
    spread: Callable[[float], Spread]
    reach: Reach
    opinions: Opinions = tuple


def estimate(points: Points, way: Way, *, rule: Rule) -> Estimate:
    """The estimate."""
    change, judged = points.change, is_judged(points, rule)
    found = Spread() if points.defined else UNDEFINED
    if change is not None and rule.resamples > 0:
        found = with_unseen(way.spread(change), points.seen, rule=rule, reach=way.reach)
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
        method=way.method if judged else "",
        opinions=way.opinions() if judged else (),
        groups=points.groups,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
