"""A change of a figure, and whether a rule's test accepts it.

`better` is the improvement in the metric's good direction, L and U the ends of its interval, δ the loss that
the rule allows. Point: better ≥ each limit. Superiority: L > the gain asked for. Non-inferiority: L > -δ, and
the figure itself not worse (or as much better as asked): taken alone, L > -δ would let a model decay, one
allowed loss after the other; slices are free of this part. No regression: fails only where U < -δ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from promoter.checks.comparing.limits import (
    NEAREST_ZERO,
    Limit,
    Unit,
    allowances,
    exceeds,
    gains,
    limits,
    reaches,
    statistics_in_words,
)
from promoter.checks.comparing.numbers import number
from promoter.checks.comparing.power import Doubt, in_words, rows_needed
from promoter.core.evidence import Outcome
from promoter.core.policy import MetricRule, Test
from promoter.text import Message, say

FEWEST_ROWS = 30
"""With fewer, neither resampled quantiles nor their normal limit hold what they promise."""
FEWEST_GROUPS = 20
"""Of groups, which differ in size, more are needed beside their rows: 20 to 50 (Cameron and Miller 2015)."""


class Beside(StrEnum):
    """Whom the challenger is compared with, in words."""

    CHAMPION = "champion"
    REFERENCE = "reference"


class Loss(Enum):
    """What a correction over several slices says of a loss beyond the one allowed; a slice has one."""

    CLEAR = auto()
    NOT_CLEAR = auto()
    NOT_CORRECTED = auto()


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Where the true improvement lies, at the two-sided level 2 · confidence_level - 1."""

    lower: float
    upper: float
    rows: int
    confidence_level: float
    standard_error: float | None = None
    groups: int | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """How much better the challenger is than the champion, in the good direction; a loss is negative.

    `champion` is the figure of whom it stands `beside`.
    """

    challenger: float
    champion: float
    better: float
    interval: Interval | None = None
    loss: Loss | None = None
    beside: Beside = Beside.CHAMPION

    @property
    def scale(self) -> float:
        """The size of the figures the change came from."""
        return max(abs(self.challenger), abs(self.champion))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What came of one part of a rule: `text` is what was asked, or why it could not be decided;
    `rows_needed` how many rows would decide it."""

    outcome: Outcome
    text: Message
    rows_needed: int | None = None


def judge_change(rule: MetricRule, change: Change) -> tuple[Finding, ...]:
    """One finding or more; only for a rule that compares."""
    if rule.test is Test.POINT:
        return tuple(_keeps(limit, change) for limit in limits(rule))
    if _is_meaningless(limits(rule), change):
        return (_no_meaning(change),)
    if not all(math.isfinite(limit.least) for limit in limits(rule)):
        return (_decided(Outcome.FAILED, "a limit that is no number"),)
    if change.interval is None:
        return (undecided(say("these figures have no interval to judge by, because no rows were scored")),)
    return tuple(_TESTS[rule.test](rule, change, found=change.interval))


def least(rule: MetricRule, champion: float) -> float | None:
    """The least improvement that the rule's test asks for, in the metric's unit; None for none."""
    asked, nothing = {
        Test.POINT: (limits(rule), None),
        Test.SUPERIORITY: (gains(rule), 0.0),
        Test.NON_INFERIORITY: (allowances(rule), 0.0),
        Test.NO_REGRESSION: (allowances(rule), 0.0),
    }[rule.test]
    return max((limit.beside(champion) + 0.0 for limit in asked), default=nothing)  # -0.0 becomes 0.0


def undecided(why: Message) -> Finding:
    """A finding that decides neither way."""
    return Finding(outcome=Outcome.INCONCLUSIVE, text=why)


def too_few(rows: int, groups: int | None) -> Finding | None:
    """Why these rows, or groups of rows, can tell nothing from chance, however much they agree."""
    if groups is not None and groups < FEWEST_GROUPS:
        have = "all rows are of one group" if groups == 1 else f"the rows are of {groups} groups only"
        return undecided(say(f"{have}, and fewer than {FEWEST_GROUPS} cannot tell a difference from chance"))
    if rows < FEWEST_ROWS:
        have = "it is of 1 row only" if rows == 1 else f"it is of {rows} rows only"
        text = say(f"{have}, and fewer than {FEWEST_ROWS} cannot tell a difference from chance")
        return Finding(outcome=Outcome.INCONCLUSIVE, text=text, rows_needed=FEWEST_ROWS)
    return None


def _keeps(limit: Limit, change: Change) -> Finding:
    if _is_meaningless((limit,), change):
        return _no_meaning(change)
    kept = reaches(change.better, limit.beside(change.champion), scale=change.scale)
    return _decided(Outcome.PASSED if kept else Outcome.FAILED, str(limit))


def _superior(rule: MetricRule, change: Change, *, found: Interval) -> Iterator[Finding]:
    words = statistics_in_words(rule)
    limit = max([0.0, *(gain.beside(change.champion) for gain in gains(rule))])
    if exceeds(found.lower, limit, scale=change.scale):
        yield _decided(Outcome.PASSED, words)
    elif exceeds(-found.upper, -limit, scale=change.scale):
        yield _decided(Outcome.FAILED, words)
    else:
        yield _open(words, change, found=found, limit=limit)


def _not_inferior(rule: MetricRule, change: Change, *, found: Interval) -> Iterator[Finding]:
    words = statistics_in_words(rule)
    limit = _largest_loss(rule, change)
    if _is_clear_loss(change, found, limit=limit):
        yield _decided(Outcome.FAILED, words)
    elif exceeds(found.lower, limit, scale=change.scale):
        yield _decided(Outcome.PASSED, words)
    else:
        yield _open(words, change, found=found, limit=limit)
    yield from _figure_itself(rule, change)


def _figure_itself(rule: MetricRule, change: Change) -> Iterator[Finding]:
    """A loss that is seen is not accepted, however sure its limit: accepted every time, losses add up."""
    if gains(rule):
        yield from (_keeps(gain, change) for gain in gains(rule))
        return
    if change.loss is not None:
        return  # of several slices of equal models one nearly always looks worse
    kept = reaches(change.better, 0.0, scale=change.scale)
    yield _decided(Outcome.PASSED if kept else Outcome.FAILED, "a figure that is itself not worse")


def _no_regression(rule: MetricRule, change: Change, *, found: Interval) -> Iterator[Finding]:
    words = statistics_in_words(rule)
    lost = _is_clear_loss(change, found, limit=_largest_loss(rule, change))
    yield _decided(Outcome.FAILED if lost else Outcome.PASSED, words)
    yield from (_keeps(gain, change) for gain in gains(rule))


_TESTS = {
    Test.SUPERIORITY: _superior,
    Test.NON_INFERIORITY: _not_inferior,
    Test.NO_REGRESSION: _no_regression,
}


def _largest_loss(rule: MetricRule, change: Change) -> float:
    """-δ: the strictest of the losses allowed, 0 where none is."""
    return max((limit.beside(change.champion) for limit in allowances(rule)), default=0.0)


def _is_clear_loss(change: Change, found: Interval, *, limit: float) -> bool:
    if change.loss in {Loss.CLEAR, Loss.NOT_CLEAR}:
        return change.loss is Loss.CLEAR
    return exceeds(-found.upper, -limit, scale=change.scale)


def is_clear_loss_alone(rule: MetricRule, change: Change) -> bool:
    """Whether the interval alone shows a loss that the correction over several slices does not confirm."""
    if change.loss is not Loss.NOT_CLEAR or change.interval is None:
        return False
    return exceeds(-change.interval.upper, -_largest_loss(rule, change), scale=change.scale)


def _is_meaningless(asked: Sequence[Limit], change: Change) -> bool:
    return abs(change.champion) < NEAREST_ZERO and any(limit.unit is Unit.CHAMPION for limit in asked)


def _no_meaning(change: Change) -> Finding:
    figure = f"the {change.beside}'s {number(change.champion)}"
    return undecided(say(f"a change relative to {figure} has no meaning"))


def _decided(outcome: Outcome, words: str) -> Finding:
    return Finding(outcome=outcome, text=say(words))


def _open(words: str, change: Change, *, found: Interval, limit: float) -> Finding:
    doubt = Doubt(
        distance=abs(change.better - limit),
        limit=limit,
        rows=found.rows,
        width=found.upper - found.lower,
        confidence_level=found.confidence_level,
        standard_error=found.standard_error,
    )
    text = say(f"whether there is {words} cannot be told yet: {in_words(doubt)}")
    return Finding(outcome=Outcome.INCONCLUSIVE, text=text, rows_needed=rows_needed(doubt))
