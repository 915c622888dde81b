"""Figures from what a tally holds: confusion counts, per-row losses and errors, scores.

Names and values are scikit-learn's, with one difference: a figure that is 0/0 is NaN here, where
scikit-learn warns and answers 0. A model that never predicts a class has no precision for it, and no macro
precision: nobody is promoted on a made-up 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promoter.core import metric_names

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Numbers = NDArray[Any]
Figure = Callable[[Numbers], FloatArray]
ScoreFigure = Callable[[Numbers, FloatArray], float]

BINARY = 2

ALIASES = metric_names.ALIASES
canonical = metric_names.canonical


def divide(top: Numbers, bottom: Numbers) -> FloatArray:
    """top / bottom element by element; NaN where bottom is 0."""
    values = np.full(np.broadcast_shapes(np.shape(top), np.shape(bottom)), np.nan)
    np.divide(top, bottom, out=values, where=bottom != 0)
    return values


# --- labels: from confusion counts ----------------------------------------------------------------


def margins(confusion: Numbers) -> FloatArray:
    """(…, K truth, K predicted) counts → (…, 3, K): rows that are of each class, rows predicted as it, rows
    predicted as it rightly. All that label figures need, and sums of rows, so resampling can work on it."""
    return np.stack(
        [confusion.sum(axis=-1), confusion.sum(axis=-2), np.diagonal(confusion, axis1=-2, axis2=-1)],
        axis=-2,
    ).astype(float)


def label_figure(name: str, *, positive: int | None) -> Figure:
    """The figure as a function of confusion counts (…, K truth, K predicted), giving values (…).

    `positive` is the positive class's code. Without one, precision_score, recall_score and f1_score are the
    weighted means, as MLflow's evaluation names them. Raises ValueError for a name not in LABEL_NAMES.
    """
    figure = margin_figure(name, positive=positive)
    return lambda confusion: figure(margins(confusion))


def margin_figure(name: str, *, positive: int | None) -> Figure:
    """As `label_figure`, of the margins (…, 3, K)."""
    if name not in LABEL_NAMES:
        raise ValueError(f"{name!r} is not a figure of labels")
    name = canonical(name)
    if name in _WHOLE:
        return _WHOLE[name]
    per_class = _PER_CLASS[name.partition("_")[0]]
    if name.endswith("_macro"):
        return lambda counts: _mean(per_class(counts), _occurs(counts))
    if positive is None or name.endswith("_weighted"):
        return lambda counts: _mean(per_class(counts), counts[..., 0, :])
    return lambda counts: per_class(counts)[..., positive]


def _precision(counts: Numbers) -> FloatArray:
    return divide(counts[..., 2, :], counts[..., 1, :])


def _recall(counts: Numbers) -> FloatArray:
    return divide(counts[..., 2, :], counts[..., 0, :])


def _f1(counts: Numbers) -> FloatArray:
    return divide(2 * counts[..., 2, :], counts[..., 0, :] + counts[..., 1, :])


def _occurs(counts: Numbers) -> FloatArray:
    return (counts[..., 0, :] + counts[..., 1, :] > 0).astype(float)


def _mean(values: FloatArray, weights: Numbers) -> FloatArray:
    """Weighted mean over classes. A class of weight 0 has no say, even where its value is NaN."""
    total: FloatArray = np.where(weights > 0, values * weights, 0.0).sum(axis=-1)
    return divide(total, weights.sum(axis=-1))


def _accuracy(counts: Numbers) -> FloatArray:
    return divide(counts[..., 2, :].sum(axis=-1), counts[..., 0, :].sum(axis=-1))


def _balanced_accuracy(counts: Numbers) -> FloatArray:
    return _mean(_recall(counts), (counts[..., 0, :] > 0).astype(float))


def _matthews(counts: Numbers) -> FloatArray:
    """Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation coefficient"."""
    truth, predicted = counts[..., 0, :], counts[..., 1, :]
    rows = truth.sum(axis=-1)
    both = counts[..., 2, :].sum(axis=-1) * rows - (truth * predicted).sum(axis=-1)
    of_truth = rows**2 - (truth**2).sum(axis=-1)
    of_predicted = rows**2 - (predicted**2).sum(axis=-1)
    return divide(both, np.sqrt(np.maximum(of_truth * of_predicted, 0.0)))


_WHOLE: Mapping[str, Figure] = MappingProxyType(
    {
        "accuracy_score": _accuracy,
        "balanced_accuracy_score": _balanced_accuracy,
        "matthews_corrcoef": _matthews,
    }
)
_PER_CLASS: Mapping[str, Figure] = MappingProxyType({"precision": _precision, "recall": _recall, "f1": _f1})
_LABEL = {*_WHOLE, *(f"{name}_{end}" for name in _PER_CLASS for end in ("score", "macro", "weighted"))}
LABEL_NAMES = frozenset(_LABEL | {alias for alias, name in ALIASES.items() if name in _LABEL})


# --- means: from per-row losses and errors --------------------------------------------------------


def regression_rows(truth: FloatArray, predicted: FloatArray, *, pivot: float) -> FloatArray:
    """(n, 6): truth less the pivot, its square, absolute error, squared error, absolute relative error, and
    how far the prediction is too low, 0 where it is not.

    A pivot near the truth keeps R² exact where the spread of truth is small beside its size.
    """
    shifted, lacking = truth - pivot, truth - predicted
    error = np.abs(lacking)
    relative = error / np.maximum(np.abs(truth), np.finfo(np.float64).eps)
    return np.stack([shifted, shifted**2, error, error**2, relative, np.maximum(lacking, 0.0)], axis=-1)


def probability_rows(truth: Numbers, scores: FloatArray, *, pivot: float = 0.0) -> FloatArray:
    """(n, 2): log loss and Brier score of each row.

    `scores` (n,): probability of the positive class, truth 1 or 0. (n, K): of each class, truth its code.
    Probabilities are kept one float64 epsilon away from 0 and 1, as scikit-learn does. `pivot` has no use
    here: both kinds of rows are made by calls of one form.
    """
    eps = np.finfo(np.float64).eps
    if scores.ndim == 1:
        chosen = np.where(truth == 1, scores, 1 - scores)
        brier = ((truth == 1) - scores) ** 2
    else:
        hits = np.arange(scores.shape[1]) == truth[:, np.newaxis]
        chosen = scores[hits]
        brier = ((hits - scores) ** 2).sum(axis=1) * (0.5 if scores.shape[1] == BINARY else 1.0)
    return np.stack([-np.log(np.clip(chosen, eps, 1 - eps)), brier], axis=-1)


def _r2(means: Numbers) -> FloatArray:
    return 1 - divide(means[..., 3], np.maximum(means[..., 1] - means[..., 0] ** 2, 0.0))


def _rmse(means: Numbers) -> FloatArray:
    # a resampled mean of squares below 0 has no root: undefined, not 0
    squares = means[..., 3]
    return np.sqrt(squares, out=np.full(squares.shape, np.nan), where=squares >= 0)


_REGRESSION: Mapping[str, Figure] = MappingProxyType(
    {
        "mean_absolute_error": lambda means: means[..., 2],
        "mean_squared_error": lambda means: means[..., 3],
        "root_mean_squared_error": _rmse,
        "mean_absolute_percentage_error": lambda means: means[..., 4],
        "r2_score": _r2,
    }
)
_PROBABILITY: Mapping[str, Figure] = MappingProxyType(
    {"log_loss": lambda means: means[..., 0], "brier_score_loss": lambda means: means[..., 1]}
)
REGRESSION_NAMES = frozenset([*_REGRESSION, *(a for a, name in ALIASES.items() if name in _REGRESSION)])
PROBABILITY_NAMES = frozenset([*_PROBABILITY, *(a for a, name in ALIASES.items() if name in _PROBABILITY)])


def regression_figure(name: str) -> Figure:
    """The figure of the means (…, 6) of `regression_rows`. Raises ValueError for an unknown name."""
    if name not in REGRESSION_NAMES:
        raise ValueError(f"{name!r} is not a figure of numbers")
    return _REGRESSION[canonical(name)]


def mean_figure(name: str) -> Figure:
    """The figure of the means of `regression_rows` or `probability_rows`, whichever it belongs to."""
    return _PROBABILITY[canonical(name)] if name in PROBABILITY_NAMES else regression_figure(name)


# --- ranks: from scores ---------------------------------------------------------------------------


def roc_auc(truth: Numbers, scores: FloatArray) -> float:
    """Chance that a positive row scores above a negative one, ties counting half. NaN with one class only.

    Of scores (n, K), truth their codes: the mean over classes of each against the rest (scikit-learn's macro
    average, one against the rest); NaN when a class has no row.
    """
    if scores.ndim > 1:
        return float(np.mean([roc_auc(truth == code, scores[:, code]) for code in range(scores.shape[1])]))
    positive = truth == 1
    above, below = int(positive.sum()), int((~positive).sum())
    if above == 0 or below == 0:
        return float("nan")
    ordered = np.sort(scores)
    first = np.searchsorted(ordered, scores[positive], side="left")
    last = np.searchsorted(ordered, scores[positive], side="right")
    midranks = (first + last + 1) / 2
    return float((midranks.sum() - above * (above + 1) / 2) / (above * below))


def average_precision(truth: Numbers, scores: FloatArray) -> float:
    """The rise of recall times precision, summed over the distinct scores. NaN without positive rows."""
    order = np.argsort(-scores, kind="stable")
    positive, ordered = (truth == 1)[order], scores[order]
    if not positive.any():
        return float("nan")
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    hits = positive.cumsum()[ends]
    return float((np.diff(hits, prepend=0) * (hits / (ends + 1))).sum() / hits[-1])


_RANKS: Mapping[str, ScoreFigure] = MappingProxyType(
    {"roc_auc": roc_auc, "average_precision_score": average_precision}
)
RANK_NAMES = frozenset([*_RANKS, *(alias for alias, name in ALIASES.items() if name in _RANKS)])
SCORE_NAMES = RANK_NAMES | PROBABILITY_NAMES
CLASS_RANK_NAMES = frozenset(name for name in RANK_NAMES if canonical(name) == "roc_auc")
"""Those of RANK_NAMES that many classes have."""


def score_figure(name: str) -> ScoreFigure:
    """The figure of (truth, 1 for positive rows and 0 for others; score of the positive class).

    Raises ValueError for a name not in SCORE_NAMES.
    """
    if name not in SCORE_NAMES:
        raise ValueError(f"{name!r} is not a figure of scores")
    if name in RANK_NAMES:
        return _RANKS[canonical(name)]
    figure = _PROBABILITY[canonical(name)]
    return lambda truth, scores: float(figure(probability_rows(truth, scores).mean(axis=0)))
