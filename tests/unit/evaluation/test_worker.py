"""What the worker makes of a model's output, and the parent of that: no process in between."""

from __future__ import annotations

import ast
import decimal
import io
import json
import struct
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from promoter.evaluation.sandbox import worker
from promoter.evaluation.sandbox.answers import Kind, Predicted, read_body, read_header, read_object
from promoter.evaluation.sandbox.problems import ModelProblem


def handed_over(output: object, *, rows: int, wanted: Kind = Kind.LABELS) -> Predicted:
    """An output as it arrives at the other side."""
    header, body = worker.normalise(output, wanted=wanted.value)
    read = read_header(read_object(json.dumps(header).encode()), rows=rows, wanted=wanted)
    return read_body(read, body)


@pytest.mark.parametrize(
    ("output", "labels"),
    [
        (["Yes", "No", "Yes"], ["Yes", "No", "Yes"]),
        (("a", "b"), ["a", "b"]),
        (np.array(["Yes", "No"]), ["Yes", "No"]),
        (np.array(["Yes", "No"], dtype=object), ["Yes", "No"]),
        (np.array([["Yes"], ["No"]]), ["Yes", "No"]),
        (pd.Series(["Yes", "No"], index=[7, 3]), ["Yes", "No"]),
        (pd.Series(["b", "a"], dtype="category"), ["b", "a"]),
        (pd.DataFrame({"prediction": ["Yes", "No"]}), ["Yes", "No"]),
        (np.array([1, 0, 1]), ["1", "0", "1"]),
        (np.array([1, 0], dtype=np.int8), ["1", "0"]),
        ([1, 0], ["1", "0"]),
        (pd.Series([1, 0], dtype="Int64"), ["1", "0"]),
        (np.array([True, False]), ["true", "false"]),
        (np.array([True, "x", 1.0, 2], dtype=object), ["true", "x", "true", "2"]),
        (np.array([0.5, "x"], dtype=object), ["0.5", "x"]),
        (["two\nlines", "::error::"], ["two\nlines", "::error::"]),
        ([], []),
    ],
)
def test_one_column_of_anything_else_than_floats_is_labels(output: object, labels: list[str]) -> None:
    rows = len(labels)
    if not rows:
        output = np.array([], dtype=str)
    predicted = handed_over(output, rows=rows)
    assert predicted.kind is Kind.LABELS
    assert [predicted.labels[code] for code in predicted.codes] == labels


@pytest.mark.parametrize(
    ("output", "wanted", "values"),
    [
        ([0.25, 1.0], Kind.LABELS, [0.25, 1.0]),
        (np.array([[0.25], [1.0]], dtype=np.float32), Kind.LABELS, [0.25, 1.0]),
        (pd.Series([0.25, 1.0], dtype="Float64"), Kind.LABELS, [0.25, 1.0]),
        (pd.DataFrame({"y": [0.25, 1.0]}), Kind.LABELS, [0.25, 1.0]),
        ({"y": np.array([[0.25], [1.0]], dtype=np.float32)}, Kind.LABELS, [0.25, 1.0]),
        (np.array([3, 4]), Kind.VALUES, [3.0, 4.0]),
        (pd.Series([3, 4], dtype="Int32"), Kind.VALUES, [3.0, 4.0]),
        (np.array([3, 4.5], dtype=object), Kind.VALUES, [3.0, 4.5]),
        (np.arange(4, dtype=">f8")[::2], Kind.VALUES, [0.0, 2.0]),
    ],
)
def test_one_column_of_floats_or_numbers_where_they_are_wanted_is_values(
    output: object, wanted: Kind, values: list[float]
) -> None:
    predicted = handed_over(output, rows=2, wanted=wanted)
    assert predicted.kind is Kind.VALUES
    assert predicted.values.tolist() == values


@pytest.mark.parametrize(
    ("output", "columns"),
    [
        (np.array([[0.25, 0.75], [1.0, 0.0]]), ()),
        (np.asfortranarray(np.array([[0.25, 0.75], [1.0, 0.0]], dtype=np.float32)), ()),
        ([[0.25, 0.75], [1, 0]], ()),
        (pd.DataFrame({"No": [0.25, 1.0], "Yes": [0.75, 0.0]}), ("No", "Yes")),
    ],
)
def test_several_columns_of_numbers_are_probabilities(output: object, columns: tuple[str, ...]) -> None:
    predicted = handed_over(output, rows=2)
    assert predicted.kind is Kind.PROBABILITIES
    assert predicted.values.tolist() == [[0.25, 0.75], [1.0, 0.0]]
    assert predicted.labels == columns


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (None, "an object of type NoneType"),
        ({}, "0 outputs instead of one"),
        ({"b": [1], "a": [2]}, "2 outputs instead of one: a, b"),
        ("Yes", "an object of type str"),
        (iter([1]), "an object of type list_iterator"),
        (np.float64(1), "an object of type float64"),
        (np.array(1.0), "an array of type float64 and shape ()"),
        (np.ones((2, 2, 2)), "an array of type float64 and shape (2, 2, 2)"),
        (np.array([["a", "b"]]), "an array of type <U1 and shape (1, 2)"),
        ([[1, 2], [3]], "rows of different lengths"),
        ([{"label": 1}], "labels that are lists or mappings"),
        ([b"\x80\x04."], "labels of type bytes"),
        ([decimal.Decimal(1)], "labels of type Decimal"),
        (np.array([1 + 2j]), "labels of type complex"),
        (np.array(["2024-01-01"], dtype="datetime64[s]"), "labels of type Timestamp"),
    ],
)
def test_anything_else_is_named(output: object, said: str) -> None:
    with pytest.raises(worker.UnusableOutput) as caught:
        worker.normalise(output, wanted="labels")
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("output", "wanted", "said"),
    [
        (["a", None], Kind.LABELS, "predicted nothing (null) for 1 of 2 rows"),
        (pd.Series([1, None], dtype="Int64"), Kind.LABELS, "predicted nothing (null) for 1 of 2 rows"),
        (pd.Series([1, None], dtype="Int64"), Kind.VALUES, "for 1 of 2 rows"),
        ([1.5, None], Kind.VALUES, "NaN, null or an infinite number for 1 of 2 rows"),
        ([None, None], Kind.VALUES, "for 2 of 2 rows"),
        ([float("inf"), float("-inf")], Kind.VALUES, "an infinite number for 2 of 2 rows"),
        ([[0.5, float("nan")], [float("nan")] * 2], Kind.LABELS, "for 2 of 2 rows"),
        (["a", "b", "c"], Kind.LABELS, "it predicted 3 rows for 2"),
        (["a"], Kind.LABELS, "it predicted 1 rows for 2"),
        (["a", "b"], Kind.VALUES, "labels where numbers are wanted"),
        (["x" * 5_000, "y"], Kind.LABELS, "a label that is no text to be shown"),
        (np.ones((2, 1_001)), Kind.LABELS, "it predicted 1,001 columns"),
        (np.ones((2, 0)), Kind.LABELS, "it predicted 0 columns"),
    ],
)
def test_what_is_missing_or_too_much_is_found_on_our_side(output: object, wanted: Kind, said: str) -> None:
    with pytest.raises(ModelProblem) as caught:
        handed_over(output, rows=2, wanted=wanted)
    assert said in str(caught.value)


def test_too_many_labels_look_like_a_regression() -> None:
    with pytest.raises(ModelProblem, match="10,001 different labels"):
        handed_over(np.arange(10_001), rows=10_001)


def test_an_error_is_told_with_its_place() -> None:
    results = io.BytesIO()
    tell = worker.TellErrors(results)
    for error in (ValueError("no\nsuch " + "x" * 2_000), worker.UnusableOutput("a list")):
        try:
            raise error
        except (ValueError, worker.UnusableOutput) as caught:
            tell(type(caught), caught, caught.__traceback__)
    tell(KeyError, KeyError("k"), None)
    schema = "Failed to enforce schema of data '[7, 8]' with schema '[x]'. Error: Model is missing inputs"
    tell(ValueError, ValueError(schema), None)
    told = [json.loads(header) for header in headers(results.getvalue())]
    assert told[0]["problem"].startswith("ValueError: no\nsuch xxx")
    assert "(test_worker.py, line " in told[0]["problem"]
    assert len(told[0]["problem"]) < 1_100
    assert told[1:] == [
        {"unusable": "a list"},
        {"problem": "KeyError: 'k'"},
        {"problem": "ValueError: Model is missing inputs"},
    ]


def headers(content: bytes) -> list[bytes]:
    """The headers of answers that have no body."""
    found = []
    while content:
        size = struct.unpack(">I", content[:4])[0]
        found.append(content[4 : 4 + size])
        assert content[4 + size : 12 + size] == b"\0" * 8
        content = content[12 + size :]
    return found


def test_the_worker_stands_alone() -> None:
    """It runs on whatever Python a model was logged with, where Promoter is not installed."""
    tree = ast.parse(Path(worker.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {
        name.partition(".")[0]
        for node in tree.body
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
    assert "pickle" not in Path(worker.__file__).read_text(encoding="utf-8")
