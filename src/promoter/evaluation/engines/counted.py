"""What was counted where the rows are, in the form that tallies take in."""

from __future__ import annotations

from dataclasses import dataclass

from promoter.evaluation.engines.binned_scores import BinnedScoreTally
from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.tallied import Marks


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelRows:
    """Distinct rows of codes (m,), and how often each came; `champion` None when there is none."""

    truth: IntArray
    champion: IntArray | None
    challenger: IntArray
    marks: Marks
    times: IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class MeanSums:
    """Sums of rows of the same marks, as `MeanTally.add_sums` takes them."""

    sums: FloatArray
    products: FloatArray | None
    marks: Marks
    is_paired: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """All rows; None for what no figure needs."""

    labels: LabelRows | None = None
    means: MeanSums | None = None
    scores: BinnedScoreTally | None = None
