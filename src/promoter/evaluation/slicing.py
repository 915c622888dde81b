"""Slices of the holdout as numbers: one code for each combination of the slice columns' values."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np
from numpy.typing import NDArray

from promoter.evaluation.figures import IntArray
from promoter.evaluation.tallied import Marks

MAX_KEY = 1 << 62


class Slicing:
    """Numbers the combinations of group, slice columns and, last, a cell.

    `sizes` says how many values each slice column has, `cells` how many cells there are.
    """

    def __init__(self, sizes: tuple[int, ...], *, cells: int = 1) -> None:
        self._sizes = sizes
        self._cells = cells
        self._combinations = prod(sizes)
        if not 0 < self._combinations * cells <= MAX_KEY:
            raise ValueError(f"slice columns of {sizes} values cannot be counted in {cells} cells each")

    def encode(self, marks: Marks, cell: IntArray) -> IntArray:
        """The key of each row. Raises ValueError for a code out of range, a slice column too few or too many,
        or more combinations than there are keys."""
        rows = len(cell)
        key = np.zeros(rows, dtype=np.int64)
        if marks.groups is not None:
            key += in_range(marks.groups, MAX_KEY // (self._combinations * self._cells), rows=rows)
        for codes, size in zip(marks.slices, self._sizes, strict=True):
            key = key * size + in_range(codes, size, rows=rows)
        return key * self._cells + cell

    def group(self, keys: IntArray) -> IntArray:
        """The group of each key."""
        return keys // (self._combinations * self._cells)

    def decode(self, keys: IntArray) -> tuple[IntArray, ...]:
        """The code in each slice column of each key."""
        keys = keys // self._cells
        columns: list[IntArray] = []
        for size in reversed(self._sizes):
            keys, code = np.divmod(keys, size)
            columns.insert(0, code)
        return tuple(columns)

    def chosen(self, keys: IntArray, where: Mapping[int, int]) -> NDArray[np.bool_]:
        """Which keys have, in each column that `where` names by position, the code it gives."""
        columns = self.decode(keys)
        chosen = np.ones(len(keys), dtype=np.bool_)
        for column, code in where.items():
            chosen &= columns[column] == code
        return chosen

    def present(self, keys: IntArray, by: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The distinct codes of the columns `by` among the keys, ascending."""
        columns = self.decode(np.unique(keys // self._cells % self._combinations) * self._cells)
        rows = zip(*(columns[column].tolist() for column in by), strict=True)
        return tuple(sorted(set(rows)))


def in_range(codes: IntArray, size: int, *, rows: int) -> IntArray:
    """The codes, when there is one for each row and all are in [0, size); else ValueError."""
    if codes.shape != (rows,):
        raise ValueError(f"{codes.shape} codes for {rows} rows")
    if rows and not 0 <= codes.min() <= codes.max() < size:
        raise ValueError(f"codes from {codes.min()} to {codes.max()}, and 0 to {size - 1} are known")
    return codes.astype(np.int64, copy=False)
