"""How far ROC AUC and average precision may stray, from what each row contributes to them."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from promoter.evaluation.figures import FloatArray, IntArray


def auc_components(truth: IntArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """DeLong's structural components: for each positive row the share of negative rows it scores above, for
    each negative row the share of positive rows that score above it, ties counting half.

    DeLong, DeLong, Clarke-Pearson 1988; by midranks, in n log n, as Sun and Xu 2014. Needs both classes.
    """
    positive = truth == 1
    above, below = scores[positive], scores[~positive]
    ranks = rankdata(scores)
    of_positive = (ranks[positive] - rankdata(above)) / len(below)
    of_negative = 1 - (ranks[~positive] - rankdata(below)) / len(above)
    return of_positive, of_negative


def auc_contributions(truth: IntArray, scores: FloatArray) -> FloatArray:
    """(n,): by how much each row moves ROC AUC, to first order; they add up to 0. Scores (n, K) are of as
    many classes, truth their codes. NaN with fewer than two rows of a class: how one row varies is unknown.
    """
    if scores.ndim > 1:
        classes = range(scores.shape[1])
        of_classes = [auc_contributions((truth == code).astype(int), scores[:, code]) for code in classes]
        return np.asarray(np.mean(of_classes, axis=0))
    of_positive, of_negative = auc_components(truth, scores)
    moved = np.full(len(truth), np.nan)
    if min(len(of_positive), len(of_negative)) <= 1:
        return moved
    moved[truth == 1] = (of_positive - of_positive.mean()) / len(of_positive)
    moved[truth != 1] = (of_negative - of_negative.mean()) / len(of_negative)
    return moved


def delong_error(truth: IntArray, *, champion: FloatArray, challenger: FloatArray) -> float:
    """Standard error of the change of ROC AUC between scores (n,) of the same rows.

    0 when both rank the rows alike. NaN with fewer than two rows of a class.
    """
    of_class = int((truth == 1).sum())
    if min(of_class, len(truth) - of_class) <= 1:
        return float("nan")
    pairs = zip(auc_components(truth, challenger), auc_components(truth, champion), strict=True)
    return float(np.sqrt(sum(np.var(new - old, ddof=1) / len(new) for new, old in pairs)))


def precision_contributions(truth: IntArray, scores: FloatArray) -> FloatArray:
    """(n,): by how much each row moves average precision, to first order; they add up to 0.

    The derivative, by the row's weight, of Σ over positive rows of precision at their score, over their
    number. Needs a positive row.
    """
    order = np.argsort(-scores, kind="stable")
    positive, ordered = (truth == 1)[order], scores[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    taken = ends + 1.0
    hits = positive.cumsum()[ends]
    new_hits = np.diff(hits, prepend=0)
    precision = hits / taken
    total = hits[-1]
    # a row weighs on the precision at its own score and at every lower one
    gained = _from_here_on(new_hits / taken)
    diluted = _from_here_on(new_hits * precision / taken)
    at = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=-1))
    mean = float((new_hits * precision).sum() / total)
    moved = np.empty(len(truth))
    moved[order] = (positive * (precision[at] - mean + gained[at]) - diluted[at]) / total
    return moved


def contribution_error(contributions: FloatArray, groups: IntArray | None) -> float:
    """Standard error from each row's contributions, rows of one group moving together. NaN for one group.

    Without groups each row is one. The infinitesimal jackknife (Efron 1982); of ROC AUC in groups, as
    Obuchowski 1997.
    """
    sums = contributions
    if groups is not None:
        _, group = np.unique(groups, return_inverse=True)
        sums = np.bincount(group, weights=contributions).astype(float)
    count = len(sums)
    return float(np.sqrt(count / (count - 1) * (sums**2).sum())) if count > 1 else float("nan")


def _from_here_on(values: FloatArray) -> FloatArray:
    return np.cumsum(values[::-1])[::-1]
