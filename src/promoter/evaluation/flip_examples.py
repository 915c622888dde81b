"""The first rows that turn from right to wrong, by number and id, and nothing else of them."""

from __future__ import annotations

import numpy as np

from promoter.core.pictures import Flip
from promoter.evaluation.dataset import Batch, Dataset
from promoter.evaluation.dataset_ids import UnusableIdsError, typed
from promoter.evaluation.figures import IntArray

MOST_FLIPS = 10


class FlipExamples:
    """Filled batch by batch, in the data's order. `id` is the policy's id column, which models that run may
    read as a feature; None where it names none."""

    def __init__(self, dataset: Dataset, *, id: str | None) -> None:
        self._dataset = dataset
        self._id = id
        self._found: list[Flip] = []

    def add(self, batch: Batch, *, champion: IntArray, challenger: IntArray) -> None:
        """Look through one batch, by the codes (n,) that the models predict."""
        left = MOST_FLIPS - len(self._found)
        if left <= 0:
            return
        labels = self._dataset.labels
        turned = np.flatnonzero((champion == batch.truth) & (challenger != batch.truth))[:left]
        self._found += [
            Flip(
                row=batch.first + place + 1,
                identity=self._identity(batch, place),
                truth=labels[int(batch.truth[place])],
                challenger=labels[int(challenger[place])],
            )
            for place in turned.tolist()
        ]

    def first(self) -> tuple[Flip, ...]:
        """The first ones, MOST_FLIPS at most."""
        return tuple(self._found)

    def _identity(self, batch: Batch, place: int) -> str | None:
        """The row's id as text; None where the data has none that names rows."""
        if self._dataset.ids is not None:
            return str(self._dataset.ids.values[batch.first + place].as_py())
        if self._id is None or self._id not in batch.features.schema.names:
            return None
        try:
            found = typed(batch.features.column(self._id).slice(place, 1))[0].as_py()
        except UnusableIdsError:
            return None
        return None if found is None else str(found)
