"""Joint counts resampled: by rows, or by groups where rows came in groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack

from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.resampling import Resampling, cell_draws, group_draws
from promoter.evaluation.tallied import GroupedCounts, LabelCounts

Cells = tuple[IntArray, IntArray, IntArray]
"""Truth, champion and challenger code of each cell (m,)."""


def joint_of(counts: LabelCounts) -> IntArray:
    """Joint counts (K, K or 1, K) of all rows together."""
    if not isinstance(counts, GroupedCounts):
        return counts
    cells = np.prod(counts.shape, dtype=int)
    joint = np.bincount(counts.cell, weights=counts.count, minlength=cells)
    return joint.astype(np.int64).reshape(counts.shape)


def differing(joint: IntArray) -> int:
    """Rows on which the models' labels differ; 0 where there is no champion."""
    if joint.shape[1] == 1:
        return 0
    return int(joint.sum() - np.einsum("tkk->", joint))


def units(counts: LabelCounts) -> int:
    """How many things are resampled: groups, or rows."""
    return counts.groups if isinstance(counts, GroupedCounts) else int(counts.sum())


def filled(joint: IntArray) -> Cells:
    """The cells that have rows, in the order of the flat array."""
    truth, champion, challenger = np.nonzero(joint)
    return truth, champion, challenger


def label_draws(
    counts: LabelCounts, sums: FloatArray | csr_array, *, how: Resampling
) -> Iterator[FloatArray]:
    """Resampled totals. `sums` (m, q): what a row of each of the `filled` cells adds."""
    joint = joint_of(counts)
    if not isinstance(counts, GroupedCounts):
        return cell_draws(joint[joint > 0], sums, how=how)
    return group_draws(group_sums(counts, sums), how=how)


def group_sums(counts: GroupedCounts, sums: FloatArray | csr_array) -> FloatArray:
    """(G, q): the total of each group, of what a row of each of the `filled` cells adds."""
    cells, column = np.unique(counts.cell, return_inverse=True)
    by_group = coo_array((counts.count, (counts.group, column)), shape=(counts.groups, len(cells))).tocsr()
    total = by_group @ sums
    return total.toarray() if isinstance(total, csr_array) else np.asarray(total, dtype=float)


def cell_margins(cells: Cells, *, classes: int) -> csr_array:
    """(m, 6K): what a row of each cell adds to the margins (3, K) of the champion, then to the challenger's
    less the champion's: where the models agree nothing changes, exactly."""
    truth, champion, challenger = cells
    old, new = (_margins(truth, predicted, classes=classes) for predicted in (champion, challenger))
    return hstack([old, new - old], format="csr")


def _margins(truth: IntArray, predicted: IntArray, *, classes: int) -> csr_array:
    row, right = np.arange(len(truth)), np.flatnonzero(predicted == truth)
    rows = np.concatenate([row, row, right])
    columns = np.concatenate([truth, classes + predicted, 2 * classes + truth[right]])
    return coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(truth), 3 * classes)).tocsr()
