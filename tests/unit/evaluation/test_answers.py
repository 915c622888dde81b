"""Whatever comes out of a model's process is either a valid answer or a ModelProblem, never anything else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promoter.evaluation.sandbox.answers import (
    Header,
    Kind,
    Predicted,
    read_body,
    read_header,
    read_loaded,
    read_object,
)
from promoter.evaluation.sandbox.problems import ModelProblem, printed_lines
from promoter.text import say

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = ("kind", "rows", "seconds", "labels", "columns", "width", "loaded", "problem", "unusable")
NUMBERS = st.sampled_from([0, 1, 2, -1, 2**31, 10**400, 0.5, float("inf"), True])
ALMOST = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(list(Kind)) | JSON,
        "rows": st.just(2) | NUMBERS,
        "seconds": st.just(0.1) | NUMBERS,
    },
    optional={
        "labels": st.lists(st.text(max_size=4), max_size=3) | JSON,
        "columns": st.lists(st.text(max_size=4), max_size=3) | JSON,
        "width": st.integers(0, 3) | NUMBERS,
        "problem": JSON,
    },
)


def read(header: bytes, body: bytes, *, wanted: Kind = Kind.LABELS) -> Predicted:
    """The answer to two rows."""
    return read_body(read_header(read_object(header), rows=2, wanted=wanted), body)


def require_valid(predicted: Predicted) -> None:
    if predicted.kind is Kind.LABELS:
        assert predicted.codes.shape == (2,)
        assert all(0 <= code < len(predicted.labels) for code in predicted.codes)
    else:
        assert predicted.values.shape[0] == 2
        assert np.isfinite(predicted.values).all()
    assert predicted.seconds == 0


def require_valid_or_problem(call: Callable[[], Predicted]) -> None:
    """Nothing but a ModelProblem may be raised, and it must be fit to be shown."""
    try:
        predicted = call()
    except ModelProblem as problem:
        shown = str(problem)
    else:
        require_valid(predicted)
        shown = ""
    assert len(shown.splitlines()) <= 1


@settings(max_examples=500)
@given(st.binary(max_size=200), st.binary(max_size=40))
@example(b"[" * 100_000, b"")
@example(b'{"seconds": ' + b"9" * 10_000 + b"}", b"")
@example(b'{"kind": "values", "rows": 2, "seconds": NaN}', b"\0" * 16)
@example(b"\xef\xbb\xbf{}", b"")
@example(b"\x80\x04\x95", b"")
def test_any_bytes_are_an_answer_or_a_problem(header: bytes, body: bytes) -> None:
    require_valid_or_problem(lambda: read(header, body))


@settings(max_examples=500)
@given(ALMOST, st.sampled_from([8, 16, 32, 48]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_almost_an_answer_is_an_answer_or_a_problem(header: Mapping[str, object], body: bytes) -> None:
    require_valid_or_problem(lambda: read(json.dumps(header).encode(), body))


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_loading_is_told_or_a_problem(answer: Mapping[str, object]) -> None:
    with suppress(ModelProblem):
        read_loaded(read_object(json.dumps(answer).encode()))
        assert answer["loaded"] is True


@pytest.mark.parametrize(
    ("header", "size"),
    [
        (Header(kind=Kind.LABELS, rows=3), 12),
        (Header(kind=Kind.VALUES, rows=3), 24),
        (Header(kind=Kind.PROBABILITIES, rows=3, width=5), 120),
    ],
)
def test_the_size_of_a_body_is_known_before_it_comes(header: Header, size: int) -> None:
    assert header.size == size
    with pytest.raises(ModelProblem, match="bytes where"):
        read_body(header, b"\0" * (size + 1))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"kind": "labels", "rows": 2, "seconds": 0, "labels": ["a"]}, "a prediction is none of its labels"),
        ({"kind": "labels", "rows": 2, "seconds": 0, "labels": "ab"}, "its `labels` is no list of texts"),
        ({"kind": "labels", "rows": 2, "seconds": 0, "labels": [1]}, "its `labels` is no list of texts"),
        ({"kind": "labels", "rows": True, "seconds": 0, "labels": []}, "its `rows` is `True`"),
        ({"kind": "pickle", "rows": 2}, "something of the kind `'pickle'`"),
        ({"kind": ["labels"]}, "something of the kind `list`"),
        (
            {"kind": "probabilities", "rows": 2, "seconds": 0, "width": 1, "columns": ["a", "b"]},
            "another number",
        ),
        ({"problem": {"a": 1}}, "it raised `dict`"),
        ({"kind": "labels", "rows": 2, "seconds": 0, "labels": ["\ud800"]}, "a label that is no text"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(answer: Mapping[str, object], said: str) -> None:
    with pytest.raises(ModelProblem) as caught:
        read(json.dumps(answer).encode(), np.array([0, 1], dtype="<i4").tobytes())
    assert said in str(caught.value)
    assert str(caught.value.hint)


def test_not_loaded_is_no_start() -> None:
    with pytest.raises(ModelProblem, match="did not say that it is loaded"):
        read_loaded({"loaded": 1, "seconds": 1})


@given(st.text())
def test_printed_text_is_quoted_in_few_short_lines(text: str) -> None:
    message = str(say(*printed_lines(text)))
    assert len(message) < 10 * 1_300
    assert len(message.splitlines()) <= 1
    assert "##[" not in message
    assert "::" not in message


def test_the_last_lines_are_the_ones_quoted() -> None:
    text = "\n".join(f"line {number}" for number in range(50)) + "\n\n"
    assert str(say(*printed_lines(text))).startswith("`line 40` / `line 41`")
    assert printed_lines(" \n") == ()
