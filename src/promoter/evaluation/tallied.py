"""What tallies give and statistics take: counts, sums and scores of both models on the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from promoter.evaluation.figures import FloatArray, IntArray

EVERYWHERE: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, eq=False)
class Marks:
    """Where the rows of a batch belong: their code in each slice column, and their group's code or None."""

    slices: tuple[IntArray, ...] = ()
    groups: IntArray | None = None


NO_MARKS = Marks()


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupedCounts:
    """Joint counts of each group, sparse: entry i says that group `group[i]`, below `groups`, has
    `count[i]` rows in the flat cell `cell[i]` of joint counts of `shape`."""

    group: IntArray
    cell: IntArray
    count: IntArray
    groups: int
    shape: tuple[int, int, int]


LabelCounts = IntArray | GroupedCounts
"""Joint counts (K truth, K champion, K challenger), of all rows or of each group. The middle axis has length
1 when there is no champion."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """Sums over rows of per-row figures (q,) of the challenger, the champion, and challenger less
    champion; and the products (2q, 2q) of champion's and differences. `champion` is None when there is
    none."""

    rows: int
    challenger: FloatArray
    champion: FloatArray | None
    change: FloatArray
    products: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupedSums:
    """For each group its rows (G,) and its sums (G, q), as in `Moments`."""

    rows: FloatArray
    challenger: FloatArray
    champion: FloatArray | None
    change: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class PairedScores:
    """Truth (1 positive, 0 other) and both models' scores (n,) of the same rows, with group codes or None; of
    more than two classes truth codes, and scores (n, K)."""

    truth: IntArray
    challenger: FloatArray
    champion: FloatArray | None
    groups: IntArray | None

    @property
    def reference(self) -> FloatArray:
        """What the challenger is compared with: itself where there is no champion, and nothing changes."""
        return self.challenger if self.champion is None else self.champion
