"""Sums by key, kept sparse: memory grows with the keys that occur, not with rows."""

from __future__ import annotations

import numpy as np

from promoter.evaluation.figures import FloatArray, IntArray

PENDING = 1 << 16
"""Rows that wait before they are merged; more wait when there are more keys, so that merging stays cheap."""


class KeyedSums:
    """For each int64 key, the sum of its vectors of one width. Whole numbers are exact up to 2⁵³."""

    def __init__(self, width: int) -> None:
        self._keys: IntArray = np.empty(0, dtype=np.int64)
        self._sums: FloatArray = np.empty((0, width))
        self._waiting: list[tuple[IntArray, FloatArray]] = []

    def add(self, keys: IntArray, vectors: FloatArray) -> None:
        """Add vectors (n, width) to their keys (n,); a key may come up more than once."""
        self._waiting.append(sum_by_key(keys, vectors))
        if sum(len(waiting) for waiting, _ in self._waiting) > max(PENDING, len(self._keys)):
            self._merge()

    def totals(self) -> tuple[IntArray, FloatArray]:
        """The keys that occurred, ascending (m,), and their sums (m, width)."""
        self._merge()
        return self._keys, self._sums

    def _merge(self) -> None:
        parts = [(self._keys, self._sums), *self._waiting]
        self._keys, self._sums = sum_by_key(
            np.concatenate([keys for keys, _ in parts]), np.concatenate([sums for _, sums in parts])
        )
        self._waiting = []


def sum_by_key(keys: IntArray, vectors: FloatArray) -> tuple[IntArray, FloatArray]:
    """Distinct keys, ascending, and the sum of the vectors of each."""
    if len(keys) == 0:
        return keys, vectors
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.append(0, np.flatnonzero(np.diff(ordered)) + 1)
    return ordered[starts], np.add.reduceat(vectors[order], starts, axis=0)
