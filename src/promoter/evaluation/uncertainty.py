"""How sure to be of a change: the rule, intervals from resamples or a standard error, tests and planning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil, inf, isfinite

import numpy as np
from scipy.stats import beta, binomtest, norm, t

from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.resampling import Resampling, on_and_on

ROUNDING = 1e-12
"""Differences up to this are binary rounding, not a loss."""
POWER = 0.8
FEW = 10
"""Resamples that must lie on the other side of a limit for their share to be a p-value."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How one figure is judged. `margin` ≥ 0: how much worse is allowed, in the figure's unit.

    Every test and every end of an interval is one-sided at `alpha`, so 0.95 gives a two-sided 90 % interval.
    `resamples` 0 asks for point figures only. `tick` is that of `Resampling`.
    """

    greater_is_better: bool
    margin: float = 0.0
    confidence_level: float = 0.95
    resamples: int = 10_000
    seed: int = 0
    tick: Callable[[], None] = field(default=on_and_on, compare=False, repr=False)

    @property
    def alpha(self) -> float:
        """The one-sided level."""
        return 1 - self.confidence_level

    @property
    def resampling(self) -> Resampling:
        """How to draw."""
        return Resampling(resamples=self.resamples, seed=self.seed, tick=self.tick)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How far a change may stray; the fields of `core.measurement.Estimate` of the same names."""

    lower: float | None = None
    upper: float | None = None
    standard_error: float | None = None
    undefined: float = 0.0
    p_worse: float | None = None


UNDEFINED = Spread(undefined=1.0)


def resampled_spread(changes: FloatArray, rule: Rule, *, units: float = inf) -> Spread:
    """Percentile interval of resampled changes (resamples,); NaN marks those in which a figure has no value.
    `units`: how many rows or groups were resampled.

    `p_worse` counts the resamples that are no loss beyond the margin, plus one for the sample itself (Davison
    and Hinkley 1997, 4.2). Where they are fewer than FEW it is the tail of Student's t instead.
    """
    defined = changes[np.isfinite(changes)]
    if len(defined) <= 1:
        return UNDEFINED
    lower, upper = np.quantile(defined, [rule.alpha, rule.confidence_level])
    return Spread(
        lower=float(lower),
        upper=float(upper),
        standard_error=float(defined.std(ddof=1)),
        undefined=1 - len(defined) / len(changes),
        p_worse=_resampled_p(defined if rule.greater_is_better else -defined, rule, units=units),
    )


def _resampled_p(improvements: FloatArray, rule: Rule, *, units: float) -> float:
    """A share of R resamples is never below 1 / (R + 1), and a correction over many slices asks for less:
    what lies further out is read from the mean and the spread of the resamples."""
    held = int((improvements >= -rule.margin - ROUNDING).sum())
    error = float(improvements.std(ddof=1))
    if held >= FEW or error == 0:
        return (1 + held) / (1 + len(improvements))
    return float(t.cdf((float(improvements.mean()) + rule.margin) / error, units - 1))


def normal_spread(change: float, *, standard_error: float, rule: Rule) -> Spread:
    """Interval and p-value of a change whose estimate is about normal; for a NaN error nothing is known."""
    if not isfinite(standard_error):
        return UNDEFINED
    reach = float(norm.ppf(rule.confidence_level)) * standard_error
    above = (change if rule.greater_is_better else -change) + rule.margin
    if standard_error > 0:
        p_worse = float(norm.cdf(above / standard_error))
    else:
        p_worse = 1.0 if above >= -ROUNDING else 0.0
    return Spread(lower=change - reach, upper=change + reach, standard_error=standard_error, p_worse=p_worse)


def mcnemar(joint: IntArray) -> float:
    """Exact two-sided p-value that both models are right equally often (McNemar 1947, by the binomial).

    From joint counts (K, K, K); 1 where the models are never right one without the other.
    """
    lost, won = flips(joint)
    return float(binomtest(lost, lost + won).pvalue) if lost + won else 1.0


def flips(joint: IntArray) -> tuple[int, int]:
    """Rows that the champion got right and the challenger gets wrong, and the other way round."""
    classes = np.arange(joint.shape[0])
    both = int(joint[classes, classes, classes].sum())
    champion = int(joint[classes, classes, :].sum())
    challenger = int(joint[classes, :, classes].sum())
    return champion - both, challenger - both


def exact_share(count: float, rows: float, *, alpha: float) -> tuple[float, float]:
    """Interval of a share (Clopper and Pearson 1934), each end one-sided at alpha. Counts may be broken."""
    lower = float(beta.ppf(alpha, count, rows - count + 1)) if count > 0 else 0.0
    upper = float(beta.ppf(1 - alpha, count + 1, rows - count)) if count < rows else 1.0
    return lower, upper


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values in the order given (Holm 1979): those below a level keep the chance of any false
    alarm below it, however many there are and however they depend on one another."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for done, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - done) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)


def minimum_detectable_effect(
    standard_error: float, *, confidence_level: float = 0.95, power: float = POWER
) -> float:
    """The least true distance from a limit that these rows would show with this power: the standard
    error times the normal quantiles of the level and the power, together about 2.49."""
    return float(norm.ppf(confidence_level) + norm.ppf(power)) * standard_error


def rows_to_decide(
    rows: int, *, standard_error: float, distance: float, confidence_level: float = 0.95
) -> int | None:
    """Rows that would show a true `distance` from the limit with 80 % power: rows · (MDE / distance)².

    The standard error is that of `rows` and shrinks with their root. None for a distance of 0: no number of
    rows would show it.
    """
    if abs(distance) <= ROUNDING:
        return None
    effect = minimum_detectable_effect(standard_error, confidence_level=confidence_level)
    return ceil(rows * (effect / distance) ** 2)
