"""What a metric's rule asks for: limits, when one is kept, and the same in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto

from promoter.core.claims import ROUNDING
from promoter.core.policy import MetricRule, Test

# A change has no meaning as a fraction of a figure closer to zero than this.
NEAREST_ZERO = 1e-12


class Unit(Enum):
    """What a limit is measured in: the metric's own unit, or fractions of the champion's figure."""

    METRIC = auto()
    CHAMPION = auto()


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The least improvement asked for; a negative one allows that much worse."""

    least: float
    unit: Unit

    def __str__(self) -> str:
        if self.least == 0:
            return "not worse"
        return f"at least {self.size} better" if self.least > 0 else f"at most {self.size} worse"

    @property
    def size(self) -> str:
        """How large the change may or must be, in words."""
        return f"{abs(self.least) * 100:.12g} %" if self.unit is Unit.CHAMPION else f"{abs(self.least):.12g}"

    def beside(self, champion: float) -> float:
        """The least improvement in the metric's own unit."""
        return self.least * (abs(champion) if self.unit is Unit.CHAMPION else 1.0)


def gains(rule: MetricRule) -> tuple[Limit, ...]:
    """How much better the challenger must be."""
    asked = ((Unit.METRIC, rule.min_absolute_change), (Unit.CHAMPION, rule.min_relative_change))
    return tuple(Limit(least=least, unit=unit) for unit, least in asked if least is not None)


def allowances(rule: MetricRule) -> tuple[Limit, ...]:
    """How much worse the challenger may be."""
    asked = ((Unit.METRIC, rule.max_absolute_degradation), (Unit.CHAMPION, rule.max_relative_degradation))
    return tuple(Limit(least=-most, unit=unit) for unit, most in asked if most is not None)


def limits(rule: MetricRule) -> tuple[Limit, ...]:
    """All limits on the change."""
    return (*gains(rule), *allowances(rule))


def asks_for_comparison(rule: MetricRule) -> bool:
    """Whether the rule needs a champion; a statistical test alone does."""
    return rule.compares or rule.test is not Test.POINT


def reaches(value: float, least: float, *, scale: float) -> bool:
    """The one comparison of a figure with a limit: true only of finite numbers.

    `scale` is the size of the figures that `value` came from; binary rounding of them does not decide.
    """
    return math.isfinite(value) and value >= least - ROUNDING * scale


def exceeds(value: float, limit: float, *, scale: float) -> bool:
    """Whether a finite number is more than a limit, by more than binary rounding."""
    return math.isfinite(value) and value > limit + ROUNDING * scale


# --- in words ------------------------------------------------------------------------------------


def threshold_in_words(rule: MetricRule) -> str:
    """The floor, or the ceiling where lower is better."""
    return f"{'≥' if rule.greater_is_better else '≤'} {rule.threshold:.12g}"


def rule_in_words(rule: MetricRule, *, figure: str = "not worse") -> str:
    """All that the rule asks for, each once. `figure` is what non-inferiority asks of the figure itself."""
    threshold = [] if rule.threshold is None else [threshold_in_words(rule)]
    return "; ".join(dict.fromkeys([*threshold, *_comparison_in_words(rule, figure)]))


def _comparison_in_words(rule: MetricRule, figure: str) -> tuple[str, ...]:
    if rule.test is Test.POINT:
        return tuple(map(str, limits(rule)))
    if rule.test is Test.SUPERIORITY:
        return (statistics_in_words(rule),)
    nothing_said = (figure,) if figure and rule.test is Test.NON_INFERIORITY else ()
    return (*(tuple(map(str, gains(rule))) or nothing_said), statistics_in_words(rule))


def statistics_in_words(rule: MetricRule) -> str:
    """What a statistical test asks. "Clear" is a difference that chance does not explain."""
    if rule.test is Test.SUPERIORITY:
        return f"a clear gain{_above(gains(rule))}"
    sure = "clearly no" if rule.test is Test.NON_INFERIORITY else "no clear"
    return f"{sure} loss{_above(allowances(rule))}"


def _above(asked: tuple[Limit, ...]) -> str:
    sizes = dict.fromkeys(limit.size for limit in asked if limit.least != 0)
    return f" above {' or '.join(sizes)}" if sizes else ""
