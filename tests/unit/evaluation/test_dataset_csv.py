"""CSV: one type a column, from the first row to the last, as pandas would read it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.core.policy import Task
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.dataset import DatasetSpec, open_dataset
from promoter.evaluation.dataset_csv import column_types

# Together more than one block of what is read at a time
MANY = 25_000
FILLER = "0123456789" * 20


def written(folder: Path, cells: list[str]) -> Path:
    path = folder / "holdout.csv"
    lines = (f"{cell},{'Yes' if row % 2 else 'No'},{FILLER}" for row, cell in enumerate(cells))
    path.write_text("x,churn,filler\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def type_of(path: Path) -> pa.DataType:
    return column_types(path, name="data/holdout.csv", columns=("x",)).field("x").type


def values(path: Path) -> list[object]:
    spec = DatasetSpec(path=path, name="n", target="churn", task=Task.BINARY, columns=("x",))
    return [
        value for batch in open_dataset(spec).batches() for value in batch.features.column("x").to_pylist()
    ]


@pytest.mark.parametrize(
    ("cells", "type_", "expected"),
    [
        (["1", "-2"], pa.int64(), [1, -2]),
        (["1", "2.5"], pa.float64(), [1.0, 2.5]),
        (["1", "", "NA"], pa.int64(), [1, None, None]),
        ([" 1", "2 "], pa.int64(), [1, 2]),
        (["1e3", "inf"], pa.float64(), [1000.0, float("inf")]),
        (["true", "False"], pa.bool_(), [True, False]),
        (["true", ""], pa.bool_(), [True, None]),
        (["true", "1"], pa.string(), ["true", "1"]),
        (["12", "A12"], pa.string(), ["12", "A12"]),
        (["A12", ""], pa.string(), ["A12", None]),
        (["2026-01-31", "2026-02-01"], pa.string(), ["2026-01-31", "2026-02-01"]),
        (["", "NaN"], pa.float64(), [None, None]),
        (["12345678901234567890", "1"], pa.string(), ["12345678901234567890", "1"]),
        (['"a, ""b""\nc"', "d"], pa.string(), ['a, "b"\nc', "d"]),
    ],
)
def test_a_column_has_the_type_of_all_its_cells(
    tmp_path: Path, cells: list[str], type_: pa.DataType, expected: list[object]
) -> None:
    path = written(tmp_path, cells)
    assert type_of(path) == type_
    assert values(path) == expected


@pytest.mark.parametrize(
    ("first", "last", "type_"),
    [("", "7", pa.int64()), ("", "a", pa.string()), ("1", "2.5", pa.float64()), ("a", "1", pa.string())],
)
def test_what_comes_late_widens_the_type_of_what_came_first(
    tmp_path: Path, first: str, last: str, type_: pa.DataType
) -> None:
    path = written(tmp_path, [first] * MANY + [last])
    assert type_of(path) == type_


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("1", "Anna", "whole numbers at first"),
        ("1.5", "Anna", "numbers at first"),
        ("true", "2", "true and false at first"),
        ("1", "12345678901234567890", "whole numbers at first"),
    ],
)
def test_a_column_that_changes_late_is_refused_by_name_and_row(
    tmp_path: Path, first: str, last: str, words: str
) -> None:
    path = written(tmp_path, [first] * MANY + [last, first])
    with pytest.raises(PromoterError) as caught:
        type_of(path)
    assert caught.value.reason is ReasonCode.DATA_UNAVAILABLE
    assert str(caught.value) == (
        f"the column `x` of `data/holdout.csv` holds {words} and another value in row {MANY + 1:,}"
    )
    assert "Parquet" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("cells", "row"),
    [
        (["1.5", "abt. 2", "x"], "; row 2 has the first value that is none"),
        (["high", "1"], "; row 1 has the first value that is none"),
        ([*["A1"] * 2, "1"], "; row 1 has the first value that is none"),
        (["true", "false"], ""),
    ],
)
def test_a_number_to_predict_that_is_none_is_told_by_its_row(
    tmp_path: Path, cells: list[str], row: str
) -> None:
    """And not by what stands there: it is somebody's data."""
    spec = DatasetSpec(
        path=written(tmp_path, cells), name="data/holdout.csv", target="x", task=Task.REGRESSION
    )
    with pytest.raises(PromoterError) as caught:
        open_dataset(spec)
    assert caught.value.reason is ReasonCode.DATA_UNAVAILABLE
    kind = "string" if row else "bool"
    assert str(caught.value) == (
        f"the column `x` of `data/holdout.csv` is of type `{kind}` where we need numbers for a "
        f"regression{row}"
    )


def test_numbers_written_as_text_are_told_by_their_type(tmp_path: Path) -> None:
    path = tmp_path / "holdout.parquet"
    pd.DataFrame({"x": ["1", None, "2"], "y": [1, 2, 3]}).to_parquet(path)
    spec = DatasetSpec(path=path, name="n", target="x", task=Task.REGRESSION)
    with pytest.raises(PromoterError) as caught:
        open_dataset(spec)
    assert str(caught.value).endswith("numbers for a regression")


@settings(max_examples=60, deadline=None)
@given(
    cells=st.one_of(
        st.lists(st.integers(min_value=-(2**62), max_value=2**62).map(str), min_size=2),
        st.lists(st.floats(allow_nan=False, allow_infinity=False).map(repr), min_size=2),
        st.lists(st.sampled_from(["True", "False"]), min_size=2),
        st.lists(st.sampled_from(["a", "b b", "NA", "", "2026-01-01", "1"]), min_size=2),
    )
)
def test_cells_are_what_pandas_reads(tmp_path_factory: pytest.TempPathFactory, cells: list[str]) -> None:
    path = written(tmp_path_factory.mktemp("csv"), cells)
    expected = pd.read_csv(path)["x"]
    ours = pd.Series(values(path), dtype=object)
    assert ours.isna().tolist() == expected.isna().tolist()
    if expected.dtype.kind in "if":
        # pandas is not exact to the last digit
        np.testing.assert_allclose(ours.astype(float), expected.astype(float), rtol=1e-12)
    else:
        assert ours.dropna().tolist() == expected.dropna().tolist()
