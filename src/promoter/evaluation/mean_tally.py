"""Sums of both models' per-row losses or errors: what log loss, Brier score and regression figures are of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

import numpy as np

from promoter.evaluation.figures import FloatArray, IntArray, Numbers, probability_rows, regression_rows
from promoter.evaluation.keyed_sums import KeyedSums, sum_by_key
from promoter.evaluation.slicing import Slicing
from promoter.evaluation.tallied import EVERYWHERE, NO_MARKS, GroupedSums, Marks, Moments


class MeanKind(Enum):
    """Which figures a tally is for: log loss and Brier score, or those of regression."""

    PROBABILITY = "probability"
    REGRESSION = "regression"


_ROWS = MappingProxyType({MeanKind.PROBABILITY: probability_rows, MeanKind.REGRESSION: regression_rows})
_WIDTHS = MappingProxyType({MeanKind.PROBABILITY: 2, MeanKind.REGRESSION: 6})


class MeanTally:
    """Sums of whole batches. Without groups, of products too: they tell how far sums may stray.

    `sizes`: how many values each slice column has.
    """

    def __init__(self, kind: MeanKind, *, sizes: tuple[int, ...] = ()) -> None:
        self._rows_of = _ROWS[kind]
        self._width = _WIDTHS[kind]
        self._slicing = Slicing(sizes)
        self._sums = KeyedSums(1 + 3 * self._width)  # rows; of the challenger, the champion, the change
        self._products = KeyedSums(4 * self._width**2)  # of the champion and the change
        self._pivot: float | None = None
        self._paired = True
        self._grouped = False

    def add(
        self, truth: Numbers, *, champion: FloatArray | None, challenger: FloatArray, marks: Marks = NO_MARKS
    ) -> None:
        """Add one batch. Regression: truth and predictions (n,); probabilities: see
        `figures.probability_rows`. `champion` is None when there is none, in every batch.

        Raises ValueError when lengths differ.
        """
        rows = len(truth)
        if {len(challenger), rows if champion is None else len(champion)} != {rows}:
            raise ValueError("truth and predictions differ in length")
        keys = self._slicing.encode(marks, np.zeros(rows, dtype=np.int64))
        if rows == 0:
            return
        if self._pivot is None:
            # a value of truth itself, so that a constant truth has a spread of exactly 0
            self._pivot = float(np.sort(truth)[rows // 2])
        self._paired, self._grouped = champion is not None, marks.groups is not None
        # what is too large becomes infinite, and no figure of it is finite
        with np.errstate(over="ignore", invalid="ignore"):
            new = self._rows_of(truth, challenger, pivot=self._pivot)
            old = new if champion is None else self._rows_of(truth, champion, pivot=self._pivot)
            self._sums.add(keys, np.hstack([np.ones((rows, 1)), new, old, new - old]))
            if not self._grouped:
                self._add_products(keys, np.hstack([old, new - old]))

    @property
    def width(self) -> int:
        """How many figures a row has."""
        return self._width

    def add_sums(
        self, sums: FloatArray, *, products: FloatArray | None, marks: Marks, is_paired: bool
    ) -> None:
        """Add rows that were summed elsewhere, one entry for those of the same `marks`.

        `sums` (m, 1 + 3q): rows, and of each figure the sums of the challenger, the champion and the change;
        of the challenger alone twice, and 0, where there is no champion. `products` (m, 2q, 2q): of the
        champion's figures and the changes; None where rows come in groups.
        """
        keys = self._slicing.encode(marks, np.zeros(len(sums), dtype=np.int64))
        self._paired, self._grouped = is_paired, marks.groups is not None
        self._sums.add(keys, sums)
        if products is not None:
            self._products.add(keys, products.reshape(len(sums), -1))

    def slices(self, by: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The combinations of codes that occur in the slice columns at the positions `by`, ascending."""
        return self._slicing.present(self._sums.totals()[0], by)

    def rows(self, where: Mapping[int, int] = EVERYWHERE) -> int:
        """How many rows `where` selects, as in `select`."""
        keys, sums = self._sums.totals()
        return int(sums[self._slicing.chosen(keys, where), 0].sum())

    def select(self, where: Mapping[int, int] = EVERYWHERE) -> Moments | GroupedSums:
        """Sums of the rows whose slice column (by position) has the code `where` gives; of each group when
        the rows came in groups."""
        keys, sums = self._sums.totals()
        chosen = self._slicing.chosen(keys, where)
        if self._grouped:
            return self._by_group(self._slicing.group(keys[chosen]), sums[chosen])
        rows, challenger, champion, change = self._split(sums[chosen].sum(axis=0))
        return Moments(
            rows=int(rows[0]),
            challenger=challenger,
            champion=champion if self._paired else None,
            change=change,
            products=self._products.totals()[1][chosen].sum(axis=0).reshape(2 * self._width, -1),
        )

    def _add_products(self, keys: IntArray, rows: FloatArray) -> None:
        order = np.argsort(keys, kind="stable")
        present, starts = np.unique(keys[order], return_index=True)
        of_each = np.split(rows[order], starts[1:])
        self._products.add(present, np.stack([(part.T @ part).ravel() for part in of_each]))

    def _by_group(self, group: IntArray, sums: FloatArray) -> GroupedSums:
        rows, challenger, champion, change = self._split(sum_by_key(group, sums)[1])
        return GroupedSums(
            rows=rows[:, 0],
            challenger=challenger,
            champion=champion if self._paired else None,
            change=change,
        )

    def _split(self, sums: FloatArray) -> list[FloatArray]:
        width = self._width
        return np.split(sums, [1, 1 + width, 1 + 2 * width], axis=-1)
