"""Joint counts of (truth, champion label, challenger label): what every label figure is computed from.

Filled batch by batch in one pass; memory grows with the cells that occur, not with rows. Counted per slice
too, and per group where rows come in groups: the groups are then what is resampled, so the counts of each
are kept, sparse. `mean_tally` and `score_tally` do the same for figures that labels do not give.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.keyed_sums import KeyedSums
from promoter.evaluation.slicing import Slicing, in_range
from promoter.evaluation.tallied import EVERYWHERE, NO_MARKS, GroupedCounts, LabelCounts, Marks

MAX_CLASSES = 256
"""Joint counts are a cube: at 256 classes it holds 16.8 million cells, 134 MB."""
_COUNTED = 1 << 20
"""Up to this key a batch is counted in an array; above, it is sorted."""


class LabelTally:
    """Joint counts of whole batches. `sizes`: how many values each slice column has."""

    def __init__(self, *, classes: int, sizes: tuple[int, ...] = ()) -> None:
        if not 0 < classes <= MAX_CLASSES:
            raise ValueError(f"{classes} classes; 1 to {MAX_CLASSES} can be counted")
        self._classes = classes
        self._slicing = Slicing(sizes, cells=classes**3)
        self._counts = KeyedSums(1)
        self._paired = True
        self._grouped = False

    def add(
        self,
        truth: IntArray,
        *,
        champion: IntArray | None,
        challenger: IntArray,
        marks: Marks = NO_MARKS,
        times: IntArray | None = None,
    ) -> None:
        """Count one batch of codes (n,) below `classes`; `champion` None when there is none, in every batch.
        `times` (n,): how many rows each of them stands for, None for one.

        Raises ValueError for a code out of range or when the lengths differ.
        """
        rows, classes = len(truth), self._classes
        cell = in_range(truth, classes, rows=rows) * classes
        if champion is not None:
            cell = cell + in_range(champion, classes, rows=rows)
        cell = cell * classes + in_range(challenger, classes, rows=rows)
        self._paired, self._grouped = champion is not None, marks.groups is not None
        keys = self._slicing.encode(marks, cell)
        if times is None:
            self._counts.add(*_counted(keys))
        else:
            self._counts.add(keys, times[:, np.newaxis].astype(float))

    def slices(self, by: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The combinations of codes that occur in the slice columns at the positions `by`, ascending."""
        return self._slicing.present(self._counts.totals()[0], by)

    def rows(self, where: Mapping[int, int] = EVERYWHERE) -> int:
        """How many rows `where` selects, as in `joint`."""
        return int(self._select(where)[1].sum())

    def joint(self, where: Mapping[int, int] = EVERYWHERE) -> IntArray:
        """Joint counts (K, K, K) of the rows whose slice column (by position) has the code `where` gives.

        Without a champion the shape is (K, 1, K).
        """
        keys, counts = self._select(where)
        shape = self._shape()
        cells = np.prod(shape, dtype=int)
        joint = np.bincount(self._cells(keys), weights=counts, minlength=cells)
        return joint.astype(np.int64).reshape(shape)

    def select(self, where: Mapping[int, int] = EVERYWHERE) -> LabelCounts:
        """As `joint`, but of each group when the rows came in groups: what statistics take."""
        if not self._grouped:
            return self.joint(where)
        keys, counts = self._select(where)
        names, group = np.unique(self._slicing.group(keys), return_inverse=True)
        return GroupedCounts(
            group=group,
            cell=self._cells(keys),
            count=counts.astype(np.int64),
            groups=len(names),
            shape=self._shape(),
        )

    def _shape(self) -> tuple[int, int, int]:
        return (self._classes, self._classes if self._paired else 1, self._classes)

    def _select(self, where: Mapping[int, int]) -> tuple[IntArray, FloatArray]:
        keys, sums = self._counts.totals()
        chosen = self._slicing.chosen(keys, where)
        return keys[chosen], sums[chosen, 0]

    def _cells(self, keys: IntArray) -> IntArray:
        """The flat cell of each key in an array of `_shape`."""
        cell = keys % self._classes**3
        return cell if self._paired else cell // self._classes**2 * self._classes + cell % self._classes


def _counted(keys: IntArray) -> tuple[IntArray, FloatArray]:
    if len(keys) and keys.max() < _COUNTED:
        counts = np.bincount(keys)
        keys = np.flatnonzero(counts)
        return keys, counts[keys, np.newaxis].astype(float)
    return keys, np.ones((len(keys), 1))
