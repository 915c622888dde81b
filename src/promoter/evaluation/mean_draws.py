"""Means of losses and errors resampled: by rows, or by groups where rows came in groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from promoter.evaluation.estimates import Points, drawn_spread
from promoter.evaluation.figures import Figure, FloatArray, divide
from promoter.evaluation.resampling import group_draws, moment_draws
from promoter.evaluation.tallied import GroupedSums, Moments
from promoter.evaluation.uncertainty import Rule, Spread
from promoter.evaluation.unseen import mean_reach

_TRUTH = slice(0, 2)
"""Columns of `regression_rows` that are of the truth alone; `probability_rows` has two, and none of them."""


def mean_points(sums: Moments | GroupedSums, figure: Figure, *, name: str) -> Points:
    """The figure of both models' means."""
    rows = int(np.sum(sums.rows))
    return Points(
        metric=name,
        rows=rows,
        challenger=float(figure(_mean(sums.challenger, rows))),
        champion=None if sums.champion is None else float(figure(_mean(sums.champion, rows))),
        groups=None if isinstance(sums, Moments) else len(sums.rows),
    )


def mean_spread(sums: Moments | GroupedSums, figure: Figure, *, rule: Rule) -> Spread:
    """How far the change of the figure may stray."""

    def moved(means: FloatArray) -> FloatArray:
        champion, change = np.split(means, 2, axis=-1)
        return figure(champion + change) - figure(champion)

    units = sums.rows if isinstance(sums, Moments) else len(sums.rows)
    return drawn_spread(_mean_draws(sums, rule), moved, units=units, rule=rule)


def reach_of_means(missed: float, *, sums: Moments | GroupedSums, figure: Figure) -> tuple[float, float]:
    """How far so many rows that did not come could move the figure. A group that did not come is off by as
    much as any there is, and not only by as much as its rows."""
    rows = int(np.sum(sums.rows))
    if isinstance(sums, Moments):
        squares = np.diag(sums.products)[: len(sums.challenger)].copy()
    else:
        missed = missed * len(sums.rows) / rows
        squares = ((sums.challenger - sums.change) ** 2).sum(axis=0)
    if len(squares) > _TRUTH.stop + 1:
        squares[_TRUTH] = 0.0  # the truth is the same for both models
    largest = missed * np.sqrt(squares) / rows
    return mean_reach(_mean(sums.challenger, rows), largest, figure=figure)


def _mean(sums: FloatArray, rows: int) -> FloatArray:
    return divide(np.atleast_2d(sums).sum(axis=0), np.asarray(rows))


def _mean_draws(sums: Moments | GroupedSums, rule: Rule) -> Iterator[FloatArray]:
    """Resampled means (resamples, 2q) of the champion's figures, then of the change."""
    if isinstance(sums, Moments):
        total = np.concatenate([sums.challenger - sums.change, sums.change])
        for drawn in moment_draws(sums.rows, total=total, products=sums.products, how=rule.resampling):
            yield drawn / sums.rows
    else:
        of_groups = np.hstack([sums.rows[:, np.newaxis], sums.challenger - sums.change, sums.change])
        for drawn in group_draws(of_groups, how=rule.resampling):
            yield drawn[:, 1:] / drawn[:, :1]
