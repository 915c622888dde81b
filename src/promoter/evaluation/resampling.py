"""What sums over rows would have been on other rows of the same kind: the paired bootstrap.

Both models' sums are drawn together, from the same rows, so what the models share cancels in their change.
Every draw is an array (resamples of the chunk, width); together they are as many as asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from promoter.evaluation.figures import FloatArray, IntArray

CHUNK = 1 << 22
"""Numbers drawn at a time: 32 MB."""
MAX_DISTINCT = 2_000
"""Groups that differ, up to which groups are resampled one by one; above, their sums' normal limit is."""
_VARIES = 1e-13
"""Share of a sum of squares that must be spread, for a sum to count as varying: less is binary rounding."""


def on_and_on() -> None:
    """The tick of whoever has all the time there is."""


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """How often, and from which start of the generator (PCG64). `tick` is called before each chunk of draws,
    and may raise where there is no time left."""

    resamples: int
    seed: int
    tick: Callable[[], None] = field(default=on_and_on, compare=False, repr=False)

    def generator(self) -> np.random.Generator:
        """A new generator: the same seed gives the same draws."""
        return np.random.Generator(np.random.PCG64(self.seed))

    def chunks(self, width: int) -> Iterator[int]:
        """Numbers of resamples that add up to all of them, few enough to fit CHUNK numbers of this width."""
        step = max(1, CHUNK // max(1, width))
        for start in range(0, self.resamples, step):
            self.tick()
            yield min(step, self.resamples - start)


def seed_of(*parts: str) -> int:
    """A seed (64 bits) from the evidence: the same parts in the same order always give the same one."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return int.from_bytes(digest.digest()[:8], "big")


def cell_draws(counts: IntArray, sums: FloatArray, *, how: Resampling) -> Iterator[FloatArray]:
    """Rows resampled with replacement. `counts` (m,): rows in each cell; `sums` (m, q): what a row of the
    cell adds.

    Resampling n rows is exactly a multinomial draw over the cells, whatever n is.
    """
    kept = counts > 0
    counts, sums = counts[kept], sums[kept]
    rows, generator = int(counts.sum()), how.generator()
    for size in how.chunks(max(len(counts), sums.shape[1])):
        yield generator.multinomial(rows, counts / rows, size=size) @ sums


def group_draws(sums: FloatArray, *, how: Resampling) -> Iterator[FloatArray]:
    """Groups resampled with replacement: `sums` (G, q) of each group.

    Groups with equal sums are interchangeable, so how often each distinct one comes is a multinomial draw.
    With more than MAX_DISTINCT of them the total is drawn from its normal limit, which is then close.
    """
    distinct, counts = np.unique(sums, axis=0, return_counts=True)
    if len(distinct) <= MAX_DISTINCT:
        return cell_draws(counts, distinct, how=how)
    return moment_draws(len(sums), total=sums.sum(axis=0), products=sums.T @ sums, how=how)


def moment_draws(
    rows: int, *, total: FloatArray, products: FloatArray, how: Resampling
) -> Iterator[FloatArray]:
    """Totals over resampled rows from their normal limit: mean `total` (q,), covariance of a row times
    rows.

    `products` (q, q): sums over rows of the products of what rows add. Needs no rows, only sums over them.
    """
    covariance = products - np.outer(total, total) / rows
    # a column that does not vary is not drawn, so that what is equal stays exactly equal
    varying = np.diag(covariance) > _VARIES * np.diag(products)
    spread = _root(covariance[np.ix_(varying, varying)])
    generator = how.generator()
    for size in how.chunks(len(total)):
        drawn = np.tile(total, (size, 1))
        drawn[:, varying] += generator.standard_normal((size, len(spread))) @ spread
        yield drawn


def _root(covariance: FloatArray) -> FloatArray:
    """R with RᵀR = covariance, which may be singular."""
    scale = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    root: FloatArray = (vectors * np.sqrt(np.maximum(values, 0.0))).T * scale
    return root
