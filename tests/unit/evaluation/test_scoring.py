"""One pass: what is compared when models are asked again, and in which order things happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.measurement import ModelRun
from promoter.core.policy import Task
from promoter.evaluation.dataset import Batch, Dataset, DatasetSpec, open_dataset
from promoter.evaluation.readings import Meaning, Reader, Reading
from promoter.evaluation.sandbox.answers import Kind, Predicted
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.scoring import Scorer, differing, score
from promoter.text import NOTHING, say

BATCHES = 3
ROWS = 65_536 * (BATCHES - 1) + 10


def labels(codes: Sequence[int], *texts: str) -> Predicted:
    return Predicted(kind=Kind.LABELS, seconds=0, labels=texts, codes=np.array(codes, dtype=np.int32))


def values(numbers: object, kind: Kind = Kind.VALUES) -> Predicted:
    return Predicted(kind=kind, seconds=0, values=np.array(numbers, dtype=np.float64))


@pytest.mark.parametrize(
    ("before", "again", "expected"),
    [
        (labels([0, 1, 0], "No", "Yes"), labels([0, 1, 0], "No", "Yes"), [False, False, False]),
        # labels are named in the order they come
        (labels([0, 1, 0], "No", "Yes"), labels([1, 0, 1], "Yes", "No"), [False, False, False]),
        (labels([0, 1, 0], "No", "Yes"), labels([0, 0, 0], "No"), [False, True, False]),
        (labels([0, 0], "No"), labels([0, 1], "No", "Perhaps"), [False, True]),
        (values([1.0, 1.0, 0.0]), values([1.0 + 9e-10, 1.0 + 2e-9, 0.0]), [False, True, False]),
        (values([1e308]), values([-1e308]), [True]),
        (values([-1e9, 0.0, 1e-30]), values([-1e9 + 0.5, 1e-30, 2e-30]), [False, True, True]),
        (
            values([[0.2, 0.8], [0.5, 0.5]], Kind.PROBABILITIES),
            values([[0.2, 0.8], [0.5, 0.6]], Kind.PROBABILITIES),
            [False, True],
        ),
    ],
)
def test_rows_differ_by_another_label_or_a_number_further_apart_than_rounding(
    before: Predicted, again: Predicted, expected: list[bool]
) -> None:
    assert differing(before, again).tolist() == expected
    assert differing(again, before).tolist() == expected


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_the_same_numbers_never_differ(numbers: list[float]) -> None:
    assert not differing(values(numbers), values(numbers)).any()


@dataclass
class Scripted:
    """Answers every row with its number; fails at the batch given; `told` is shared by all."""

    name: str
    told: list[str]
    fails_at: int | None = None
    asked: list[Batch] = field(default_factory=list)

    def load(self) -> None:
        self.told.append(f"{self.name} loads")

    def send(self, batch: Batch) -> None:
        self.asked.append(batch)
        self.told.append(f"{self.name} gets {len(self.asked)}")

    def receive(self) -> Predicted:
        if self.fails_at == len(self.asked):
            raise ModelProblem(say("tired"))
        batch = self.asked[-1]
        return values(np.arange(batch.first, batch.first + batch.features.num_rows))

    def finish(self) -> ModelRun:
        return ModelRun()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    path: Path = tmp_path_factory.mktemp("data") / "rows.parquet"
    pd.DataFrame({"x": np.arange(ROWS), "y": np.arange(ROWS) * 2.0}).to_parquet(path, index=False)
    return open_dataset(DatasetSpec(path=path, name="rows", target="y", task=Task.REGRESSION))


def scorer(answers: Scripted) -> Scorer:
    meaning = Meaning(task=Task.REGRESSION, labels=(), positive=None)
    return Scorer(answers, reader=Reader(meaning), process=None)


def test_a_batch_is_counted_while_the_next_one_is_predicted(dataset: Dataset) -> None:
    told: list[str] = []
    models = [Scripted("one", told), Scripted("two", told)]

    def count(batch: Batch, readings: Sequence[Reading]) -> None:
        told.append(f"counted from {batch.first}")
        for reading in readings:
            assert reading.values is not None
            assert (reading.values * 2 == batch.truth).all()

    score(dataset, [scorer(model) for model in models], count=count)
    assert told == [
        *("one loads", "two loads", "one gets 1", "two gets 1"),
        *("one gets 2", "two gets 2", "counted from 0"),
        *("one gets 3", "two gets 3", "counted from 65536"),
        "counted from 131072",
    ]


@dataclass
class Stubborn(Scripted):
    """Answers every row with the same number."""

    def receive(self) -> Predicted:
        return values(np.full(len(super().receive().values), 7.0))


def test_what_is_predicted_of_every_row_is_told_once_all_were_seen(dataset: Dataset) -> None:
    same, other = scorer(Stubborn("one", [])), scorer(Scripted("two", []))
    score(dataset, [same, other], count=lambda batch, readings: None)
    assert [str(one.finish().constant) for one in (same, other)] == ["7", ""]
    cut_short = scorer(Stubborn("one", []))
    score(
        dataset,
        [cut_short, scorer(Scripted("two", [], fails_at=2))],
        count=lambda batch, readings: None,
    )
    assert cut_short.finish().constant == NOTHING


def test_the_first_failure_ends_the_pass(dataset: Dataset) -> None:
    counted: list[int] = []
    models = [Scripted("one", []), Scripted("two", [], fails_at=2)]
    score(
        dataset,
        [scorer(model) for model in models],
        count=lambda batch, _: counted.append(batch.first),
    )
    assert (counted, len(models[0].asked), len(models[1].asked)) == ([0], 3, 2)
