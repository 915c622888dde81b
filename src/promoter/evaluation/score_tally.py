"""The scores of both models, kept whole: ROC AUC and average precision need their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from promoter.evaluation.figures import BINARY, FloatArray, IntArray, Numbers
from promoter.evaluation.slicing import Slicing, in_range
from promoter.evaluation.tallied import EVERYWHERE, NO_MARKS, Marks, PairedScores


class ScoreTally:
    """Scores of whole batches: 8 bytes a row for each model, for truth and for the slice and group; of more
    than two classes, for each model 8 bytes a row and class.

    Only to be filled when a policy judges by a figure of scores. `sizes`: how many values each slice column
    has.
    """

    def __init__(self, *, classes: int = BINARY, sizes: tuple[int, ...] = ()) -> None:
        self._classes = classes
        self._slicing = Slicing(sizes)
        self._keys: list[IntArray] = []
        self._truth: list[IntArray] = []
        self._champion: list[FloatArray] = []
        self._challenger: list[FloatArray] = []
        self._grouped = False

    def add(
        self, truth: IntArray, *, champion: FloatArray | None, challenger: FloatArray, marks: Marks = NO_MARKS
    ) -> None:
        """Keep one batch: truth (n,), 1 for positive rows and 0 for others, and scores (n,) of the positive
        class; of more than two classes truth codes, and scores (n, K). `champion` is None when there is none,
        in every batch.

        Raises ValueError when shapes differ or truth is none of the classes.
        """
        if champion is not None:
            if champion.shape != challenger.shape:
                raise ValueError("the models' scores differ in shape")
            self._champion.append(champion)
        self._truth.append(in_range(truth, self._classes, rows=len(challenger)))
        self._challenger.append(challenger)
        self._keys.append(self._slicing.encode(marks, np.zeros(len(truth), dtype=np.int64)))
        self._grouped = marks.groups is not None

    def slices(self, by: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The combinations of codes that occur in the slice columns at the positions `by`, ascending."""
        return self._slicing.present(_joined(self._keys), by)

    def select(self, where: Mapping[int, int] = EVERYWHERE) -> PairedScores:
        """The scores of the rows whose slice column (by position) has the code `where` gives."""
        keys = _joined(self._keys)
        chosen = self._slicing.chosen(keys, where)
        return PairedScores(
            truth=_joined(self._truth)[chosen],
            challenger=_joined(self._challenger)[chosen],
            champion=_joined(self._champion)[chosen] if self._champion else None,
            groups=self._slicing.group(keys[chosen]) if self._grouped else None,
        )


def _joined(parts: Sequence[Numbers]) -> Numbers:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
