"""The holdout: what a pass over it gives, and what is refused before anybody predicts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from promoter.core.measurement import Data
from promoter.core.policy import Task
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.dataset import Batch, Dataset, DatasetSpec, open_dataset
from promoter.evaluation.dataset_scan import MOST_LABELS, MOST_SLICE_VALUES

CHURN = "age,plan,household,churn\n30,a,h1,Yes\n41,b,h2,No\n52,a,h1,No\n63,,h3,Yes\n"


def as_csv(folder: Path, text: str = CHURN) -> Path:
    path = folder / "holdout.csv"
    path.write_text(text, encoding="utf-8")
    return path


def as_parquet(folder: Path, columns: dict[str, object], *, rows_of_a_group: int = 1 << 20) -> Path:
    path = folder / "holdout.parquet"
    parquet.write_table(pa.table(columns), path, row_group_size=rows_of_a_group)
    return path


def a_spec(path: Path, *, task: Task = Task.BINARY, target: str = "churn") -> DatasetSpec:
    return DatasetSpec(path=path, name=f"data/{path.name}", target=target, task=task)


def refusal(spec: DatasetSpec) -> PromoterError:
    with pytest.raises(PromoterError) as caught:
        open_dataset(spec)
    assert str(caught.value.hint)
    return caught.value


def only(dataset: Dataset) -> Batch:
    (batch,) = dataset.batches()
    return batch


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_pass_gives_features_truth_groups_and_slices(tmp_path: Path, form: str) -> None:
    table = pd.read_csv(as_csv(tmp_path))
    path = tmp_path / f"holdout.{form}"
    if form == "parquet":
        table.to_parquet(path)
    spec = replace(a_spec(path), positive_label="Yes", group="household", slice_columns=("plan",))
    dataset = open_dataset(spec)
    assert dataset.data == Data(
        name=f"data/holdout.{form}",
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        rows=4,
        columns=("age", "plan"),
    )
    assert dataset.labels == ("No", "Yes")
    assert dataset.slice_values == (("", "a", "b"),)
    batch = only(dataset)
    assert batch.features.to_pydict() == {"age": [30, 41, 52, 63], "plan": ["a", "b", "a", None]}
    assert batch.features.schema.metadata is None
    assert batch.truth.tolist() == [1, 0, 0, 1]
    assert batch.truth.dtype == np.int64
    assert batch.groups is not None
    assert batch.groups.tolist() == [0, 1, 0, 2]
    assert [codes.tolist() for codes in batch.slices] == [[1, 2, 1, 0]]


def test_features_are_those_asked_for_in_their_order_the_group_among_them(tmp_path: Path) -> None:
    spec = replace(a_spec(as_csv(tmp_path)), group="household", columns=("household", "age"))
    dataset = open_dataset(spec)
    assert dataset.data.columns == ("household", "age")
    assert only(dataset).features.schema.names == ["household", "age"]


def test_without_group_and_slices_there_are_none(tmp_path: Path) -> None:
    batch = only(open_dataset(a_spec(as_csv(tmp_path))))
    assert batch.groups is None
    assert batch.slices == ()


def test_the_index_that_pandas_adds_is_no_feature(tmp_path: Path) -> None:
    path = tmp_path / "holdout.parquet"
    pd.DataFrame({"age": [1, 2], "churn": ["a", "b"]}, index=[7, 9]).to_parquet(path)
    assert open_dataset(a_spec(path)).data.columns == ("age",)


def test_a_pin_that_agrees_is_no_hindrance(tmp_path: Path) -> None:
    path = as_csv(tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert open_dataset(replace(a_spec(path), sha256=digest)).data.digest == digest


def test_a_pin_that_differs_is_refused(tmp_path: Path) -> None:
    error = refusal(replace(a_spec(as_csv(tmp_path)), sha256="0" * 64))
    assert error.reason is ReasonCode.DATA_UNAVAILABLE
    assert "`data/holdout.csv` is not what the policy pins" in str(error)


# --- labels and numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (pa.array([True, False]), ("false", "true")),
        (pa.array([1, 0], pa.int8()), ("0", "1")),
        (pa.array([1.0, -0.0]), ("0", "1")),
        (pa.array([0.5, 2.0], pa.float32()), ("0.5", "2")),
        (pa.array([Decimal("1.00"), Decimal("2.50")]), ("1", "2.5")),
        (pa.array([date(2026, 1, 31), date(2026, 2, 1)]), ("2026-01-31", "2026-02-01")),
        (pa.array([datetime(2026, 1, 31, 5), datetime(2026, 2, 1)]), None),
        (pa.array([datetime(2026, 1, 31, 5), datetime(2026, 2, 1)], pa.timestamp("us", tz="UTC")), None),
        (pa.array(["größe", "a b"]), ("a b", "größe")),
        (pa.array(["x", "y"], pa.large_string()), ("x", "y")),
        (pa.array(["x", "y"]).dictionary_encode(), ("x", "y")),
    ],
)
def test_a_label_is_the_text_of_its_value(
    tmp_path: Path, values: pa.Array, labels: tuple[str, ...] | None
) -> None:
    dataset = open_dataset(a_spec(as_parquet(tmp_path, {"x": [1, 2], "churn": values})))
    assert len(dataset.labels) == 2
    assert labels is None or dataset.labels == labels
    assert sorted(only(dataset).truth.tolist()) == [0, 1]


def test_values_of_one_text_are_one_label(tmp_path: Path) -> None:
    path = as_parquet(tmp_path, {"x": [1, 2, 3], "churn": pa.array([0.0, -0.0, 1.0])})
    dataset = open_dataset(a_spec(path))
    assert dataset.labels == ("0", "1")
    assert only(dataset).truth.tolist() == [0, 0, 1]


def test_many_labels_are_a_multiclass_target(tmp_path: Path) -> None:
    path = as_parquet(tmp_path, {"x": [1, 2, 3], "churn": ["b", "c", "a"]})
    dataset = open_dataset(a_spec(path, task=Task.MULTICLASS))
    assert dataset.labels == ("a", "b", "c")
    assert only(dataset).truth.tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([3, 4]),
        pa.array([3.0, 4.0], pa.float32()),
        pa.array([Decimal("3.0"), Decimal("4.0")]),
        pa.array([3, 4]).dictionary_encode(),
    ],
)
def test_a_regression_has_numbers_and_no_labels(tmp_path: Path, values: pa.Array) -> None:
    path = as_parquet(tmp_path, {"x": [1, 2], "price": values})
    dataset = open_dataset(a_spec(path, task=Task.REGRESSION, target="price"))
    assert dataset.labels == ()
    truth = only(dataset).truth
    assert truth.dtype == np.float64
    assert truth.tolist() == [3.0, 4.0]


def test_a_categorical_feature_keeps_one_set_of_categories_in_every_batch(tmp_path: Path) -> None:
    path = tmp_path / "holdout.parquet"
    first = pa.DictionaryArray.from_arrays([1, None, 0], ["small", "large"])
    second = pa.DictionaryArray.from_arrays([0, 1, 1], ["huge", "small"])
    tables = [pa.table({"size": part, "churn": ["a", "b", "a"]}) for part in (first, second)]
    with parquet.ParquetWriter(path, tables[0].schema) as writer:
        for table in tables:
            writer.write_table(table)
    batches = list(open_dataset(a_spec(path)).batches(rows=2))
    sizes = [batch.features.column("size") for batch in batches]
    assert [size.dictionary.to_pylist() for size in sizes] == [["small", "large", "huge"]] * 3
    assert [value for size in sizes for value in size.to_pylist()] == [
        "large",
        None,
        "small",
        "huge",
        "small",
        "small",
    ]


# --- batches --------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(min_value=2, max_value=60),
    batch_rows=st.integers(min_value=1, max_value=70),
    rows_of_a_group=st.integers(min_value=1, max_value=60),
    form=st.sampled_from(["csv", "parquet"]),
)
def test_batches_are_even_and_hold_every_row_once_in_order(
    tmp_path_factory: pytest.TempPathFactory, rows: int, batch_rows: int, rows_of_a_group: int, form: str
) -> None:
    folder = tmp_path_factory.mktemp("even")
    columns: dict[str, object] = {
        "x": list(range(rows)),
        "churn": [str(row % 2) for row in range(rows)],
        "who": [row // 3 for row in range(rows)],
    }
    path = as_parquet(folder, columns, rows_of_a_group=rows_of_a_group)
    if form == "csv":
        path = folder / "holdout.csv"
        pd.DataFrame(columns).to_csv(path, index=False)
    dataset = open_dataset(replace(a_spec(path), group="who"))
    batches = list(dataset.batches(rows=batch_rows))
    assert [len(batch.truth) for batch in batches[:-1]] == [batch_rows] * (len(batches) - 1)
    assert 1 <= len(batches[-1].truth) <= batch_rows
    assert [x for batch in batches for x in batch.features.column("x").to_pylist()] == list(range(rows))
    assert [code for batch in batches for code in batch.truth.tolist()] == [row % 2 for row in range(rows)]
    groups = [code for batch in batches if batch.groups is not None for code in batch.groups.tolist()]
    assert groups == [row // 3 for row in range(rows)]


def test_every_pass_begins_again_and_says_the_same(tmp_path: Path) -> None:
    dataset = open_dataset(replace(a_spec(as_csv(tmp_path)), group="household"))

    def seen() -> list[object]:
        return [(batch.truth.tolist(), batch.features.to_pydict()) for batch in dataset.batches(rows=3)]

    assert seen() == seen()
    assert len(seen()) == 2


def test_memory_does_not_grow_with_rows(tmp_path: Path) -> None:
    def most_held(rows: int) -> int:
        numbers = np.random.default_rng(1).normal(size=rows)
        columns: dict[str, object] = dict.fromkeys("abcdef", numbers)
        path = as_parquet(tmp_path, {**columns, "churn": np.arange(rows) % 2}, rows_of_a_group=rows)
        before = int(pa.total_allocated_bytes())
        batches = open_dataset(a_spec(path)).batches(rows=10_000)
        return max(int(pa.total_allocated_bytes()) - before for _ in batches)

    assert most_held(640_000) < 1.5 * most_held(160_000)


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "task", "words"),
    [
        ({"churn": pa.array([], pa.string())}, Task.BINARY, "has no rows"),
        ({"churn": ["a", "a"]}, Task.BINARY, "has one label only"),
        ({"churn": ["a", None]}, Task.BINARY, "has no usable value in 1 of 2 rows"),
        ({"churn": [1.0, float("nan")]}, Task.BINARY, "has no usable value in 1 of 2 rows"),
        ({"churn": pa.nulls(2)}, Task.BINARY, "has no usable value in 2 of 2 rows"),
        ({"churn": ["a", "b", "c"]}, Task.BINARY, "has 3 labels, and `binary_classification` has two"),
        ({"churn": ["a", "a"]}, Task.MULTICLASS, "has one label only"),
        ({"churn": list(range(MOST_LABELS + 1))}, Task.MULTICLASS, "has more than 200 labels"),
        ({"churn": [[1], [2]]}, Task.BINARY, "is of type `list<element: int64>` where we need labels"),
        ({"churn": [b"a", b"b"]}, Task.BINARY, "is of type `binary` where we need labels"),
        ({"churn": [1.0, None]}, Task.REGRESSION, "has no usable value in 1 of 2 rows"),
        ({"churn": [1.0, float("inf")]}, Task.REGRESSION, "has no usable value in 1 of 2 rows"),
        ({"churn": ["1", "2"]}, Task.REGRESSION, "is of type `string` where we need numbers"),
        ({"churn": [True, False]}, Task.REGRESSION, "is of type `bool` where we need numbers"),
    ],
)
def test_a_target_that_cannot_be_judged_by_is_refused(
    tmp_path: Path, columns: dict[str, Sequence[object]], task: Task, words: str
) -> None:
    rows = len(columns["churn"])
    path = as_parquet(tmp_path, {"x": pa.array(range(rows), pa.int64()), **columns})
    error = refusal(a_spec(path, task=task))
    assert error.reason is ReasonCode.DATA_UNAVAILABLE
    assert words in str(error)


def test_a_positive_label_that_is_no_label_is_refused(tmp_path: Path) -> None:
    error = refusal(replace(a_spec(as_csv(tmp_path)), positive_label="yes"))
    assert error.reason is ReasonCode.DATA_UNAVAILABLE
    assert str(error) == (
        "the positive label `yes` is not in the target `churn` of `data/holdout.csv`, "
        "whose labels are `No`, `Yes`"
    )


def test_a_group_that_is_missing_in_a_row_is_refused(tmp_path: Path) -> None:
    error = refusal(replace(a_spec(as_csv(tmp_path)), group="plan"))
    assert error.reason is ReasonCode.DATA_UNAVAILABLE
    assert str(error) == "the group `plan` of `data/holdout.csv` is missing in 1 of 4 rows"


@pytest.mark.parametrize(
    ("asked", "column", "role"),
    [
        ({"target": "chrn"}, "chrn", "`target`"),
        ({"group": "home"}, "home", "`group`"),
        ({"slice_columns": ("plan", "region")}, "region", "`slices`"),
        ({"columns": ("age", "income")}, "income", "the models' signature"),
    ],
)
def test_a_column_that_is_not_there_is_named_beside_those_that_are(
    tmp_path: Path, asked: dict[str, object], column: str, role: str
) -> None:
    spec = replace(a_spec(as_csv(tmp_path)), **asked)  # type: ignore[arg-type]
    error = refusal(spec)
    assert error.reason is ReasonCode.POLICY_INVALID
    assert str(error) == (
        f"the data `data/holdout.csv` has no column `{column}`, which {role} asks for; "
        "it has `age`, `plan`, `household`, `churn`"
    )


def test_of_many_columns_the_first_are_named(tmp_path: Path) -> None:
    error = refusal(a_spec(as_csv(tmp_path, ",".join(f"c{n}" for n in range(30)) + "\n")))
    assert str(error).endswith("`c18`, `c19` and 10 more")


def test_a_name_from_outside_is_quoted(tmp_path: Path) -> None:
    error = refusal(a_spec(as_csv(tmp_path, "::error::x,b\n1,2\n")))
    assert "`:\\x3aerror:\\x3ax`" in str(error)


def test_a_model_that_reads_the_target_is_refused(tmp_path: Path) -> None:
    error = refusal(replace(a_spec(as_csv(tmp_path)), columns=("age", "churn")))
    assert error.reason is ReasonCode.POLICY_INVALID
    assert str(error) == "the models read the column `churn`, which is what they should predict"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("churn\nYes\nNo\n", "has no column to predict from"),
        ("age,age,churn\n1,2,Yes\n", "has two columns of the name `age`"),
    ],
)
def test_columns_that_no_model_can_read_are_refused(tmp_path: Path, text: str, words: str) -> None:
    error = refusal(a_spec(as_csv(tmp_path, text)))
    assert error.reason is ReasonCode.DATA_UNAVAILABLE
    assert words in str(error)


def test_a_column_of_too_many_values_makes_no_slices(tmp_path: Path) -> None:
    rows = MOST_SLICE_VALUES + 1
    path = as_parquet(tmp_path, {"x": list(range(rows)), "churn": [row % 2 for row in range(rows)]})
    error = refusal(replace(a_spec(path), slice_columns=("x",)))
    assert error.reason is ReasonCode.POLICY_INVALID
    assert "`x` of `data/holdout.parquet` has more than 1,000 values" in str(error)


def test_as_many_values_as_allowed_make_slices(tmp_path: Path) -> None:
    rows = MOST_SLICE_VALUES
    path = as_parquet(tmp_path, {"x": list(range(rows)), "churn": [row % 2 for row in range(rows)]})
    dataset = open_dataset(replace(a_spec(path), slice_columns=("x",)))
    assert len(dataset.slice_values[0]) == rows
    codes = only(dataset).slices[0]
    assert [dataset.slice_values[0][code] for code in codes] == [str(row) for row in range(rows)]
