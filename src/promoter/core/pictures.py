"""What a report draws of both models beside the figures that decide: shown, and never judged by.

Values only, bounded in size whatever the data: counts of bins and points of curves, no rows. `evaluation/`
makes them of the same predictions as every figure.
"""

from __future__ import annotations

from dataclasses import dataclass

Counts = tuple[int, ...]
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """How often each true class was predicted as each: counts[truth][predicted], (K, K), in the order of
    `labels`. `champion` is None when there is none."""

    labels: tuple[str, ...]
    challenger: tuple[Counts, ...]
    champion: tuple[Counts, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ScoreCurves:
    """Of one model's scores of the positive class, n rows.

    `roc` is (false positive rate, true positive rate) from (0, 0) to (1, 1); `precision_recall` is (recall,
    precision) in level and upright steps, recall ascending from 0 to 1. Each is thinned to at most 200
    points; both are empty where scores passed by without being kept, and too many lie too close together.
    `calibration` is one point for each bin of scores that has rows: (mean score, share of positive rows),
    with its rows in `calibration_rows`; empty where the scores are no probabilities.
    """

    roc: tuple[Point, ...]
    precision_recall: tuple[Point, ...]
    calibration: tuple[Point, ...] = ()
    calibration_rows: Counts = ()


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Both models' curves. `positive` is the positive class's label, `share` how much of the rows it is."""

    positive: str
    share: float
    challenger: ScoreCurves
    champion: ScoreCurves | None = None


@dataclass(frozen=True, kw_only=True)
class Residuals:
    """How far predictions are from the truth: prediction less truth, in the target's own unit.

    Counts of rows between neighbouring `edges` (B + 1, ascending), (B,) for each model; what lies beyond the
    outer edges is counted in the outermost bins.
    """

    edges: tuple[float, ...]
    challenger: Counts
    champion: Counts | None = None


@dataclass(frozen=True, kw_only=True)
class Flip:
    """A row the champion got right and the challenger gets wrong: `row` counts from 1 in the data's order,
    `identity` is its id as text, None where the data has no id column. Never a feature's value."""

    row: int
    identity: str | None
    truth: str
    challenger: str


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Everything to draw; None or empty where the task has no such thing or it was not asked for.

    `flips` are the first ten in the data's order.
    """

    confusion: Confusion | None = None
    scores: Scores | None = None
    residuals: Residuals | None = None
    flips: tuple[Flip, ...] = ()


NO_PICTURES = Pictures()
