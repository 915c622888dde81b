"""Reading what a model's process answered, believing nothing.

An answer is a JSON object of known keys and, behind it, numbers whose length follows from the object and from
the rows that were asked for. It is all a hostile model can send us: nothing in it is run, unpacked or sized
by its own word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from promoter.evaluation.sandbox.problems import ModelProblem, briefly
from promoter.text import Message, quote, say

LONGEST_HEADER = 2 * 1024 * 1024
MOST_LABELS = 10_000
MOST_COLUMNS = 1_000
_LONGEST_LABEL = 1_000
_CODE = np.dtype("<i4")
_VALUE = np.dtype("<f8")


class Kind(StrEnum):
    """What a model predicts."""

    LABELS = "labels"
    VALUES = "values"
    PROBABILITIES = "probabilities"


def _no_codes() -> NDArray[np.int32]:
    return np.empty(0, dtype=np.int32)


def _no_values() -> NDArray[np.float64]:
    return np.empty(0, dtype=np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Predicted:
    """The predictions of one batch, n rows, each checked: none missing, none NaN or infinite.

    LABELS: `codes` (n,) into `labels`, the distinct texts of this batch in the order they came.
    VALUES: `values` (n,). PROBABILITIES: `values` (n, k), and `labels` names the k columns when the model
    named them. `seconds` is how long the answer took, by our clock; 0 where nobody was asked.
    """

    kind: Kind
    seconds: float = 0.0
    labels: tuple[str, ...] = ()
    codes: NDArray[np.int32] = field(default_factory=_no_codes)
    values: NDArray[np.float64] = field(default_factory=_no_values)


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is announced to follow: `size` bytes, for rows of `width` numbers each."""

    kind: Kind
    rows: int
    width: int = 1
    labels: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the body: the only length that is accepted."""
        item = _CODE if self.kind is Kind.LABELS else _VALUE
        return self.rows * self.width * item.itemsize


def read_object(content: bytes | bytearray) -> Mapping[str, object]:
    """The JSON object of an answer. Raises ModelProblem when it is none, or tells of an error."""
    try:
        answer = json.loads(bytes(content).decode("ascii"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise garbled(say("its answer is not JSON")) from error
    if not isinstance(answer, dict):
        raise garbled(say("its answer is not a JSON object"))
    if "problem" in answer:
        raise ModelProblem(
            say("it raised ", quote(_text(answer, "problem"))),
            hint=say("Load it and predict by hand, with the same environment and the same columns."),
        )
    if "unusable" in answer:
        raise ModelProblem(
            say("it predicted ", quote(_text(answer, "unusable")), ", which Promoter cannot use"),
            hint=say("Return one label or number a row, or a table of probabilities, one column a class."),
        )
    return answer


def read_loaded(answer: Mapping[str, object]) -> None:
    """That the model is loaded, from the first answer. Raises ModelProblem when it says anything else."""
    if answer.get("loaded") is not True:
        raise garbled(say("it did not say that it is loaded"))


def read_header(answer: Mapping[str, object], *, rows: int, wanted: Kind) -> Header:
    """What follows, for a question of that many rows. Raises ModelProblem for anything else."""
    kind = answer.get("kind")
    if kind not in tuple(Kind):
        raise garbled(say("it answered something of the kind ", quote(_short(kind))))
    answered = _whole(answer, "rows")
    if answered != rows:
        raise ModelProblem(
            say(f"it predicted {answered:,} rows for {rows:,}"),
            hint=say("The model must return one prediction for each row, in the same order."),
        )
    if kind == Kind.LABELS and wanted is Kind.VALUES:
        raise ModelProblem(
            say("it predicted labels where numbers are wanted"),
            hint=say("Set the `task` in the policy to what the model does."),
        )
    if kind == Kind.LABELS:
        return Header(kind=Kind.LABELS, rows=rows, labels=_texts(answer, "labels", most=MOST_LABELS))
    if kind == Kind.VALUES:
        return Header(kind=Kind.VALUES, rows=rows)
    return _probabilities(answer, rows=rows)


def read_body(header: Header, body: bytes | bytearray, *, seconds: float = 0.0) -> Predicted:
    """The predictions, which took so many seconds by our clock. Raises ModelProblem for missing, NaN and
    infinite ones, and for codes of no label."""
    if len(body) != header.size:
        raise garbled(say(f"it sent {len(body):,} bytes where {header.size:,} belong"))
    if header.kind is Kind.LABELS:
        codes = np.frombuffer(body, dtype=_CODE)
        _require_none(codes == -1, what=say("nothing (null)"))
        if codes.size and not (codes.min() >= 0 and codes.max() < len(header.labels)):
            raise garbled(say("a prediction is none of its labels"))
        return Predicted(kind=Kind.LABELS, seconds=seconds, labels=header.labels, codes=codes)
    values = np.frombuffer(body, dtype=_VALUE).reshape(
        (header.rows,) if header.kind is Kind.VALUES else (header.rows, header.width)
    )
    _require_none(~np.isfinite(values), what=say("NaN, null or an infinite number"))
    return Predicted(kind=header.kind, seconds=seconds, labels=header.labels, values=values)


def garbled(why: Message) -> ModelProblem:
    """An answer that our worker never gives: something wrote into its results."""
    return ModelProblem(
        say("what came back is no answer: ", *why.parts),
        hint=say("Its code wrote where results are written, or ended the process. Judge it as hostile."),
    )


def _probabilities(answer: Mapping[str, object], *, rows: int) -> Header:
    width = _whole(answer, "width")
    columns = _texts(answer, "columns", most=MOST_COLUMNS)
    if not 1 <= width <= MOST_COLUMNS:
        raise ModelProblem(
            say(f"it predicted {width:,} columns; Promoter takes 1 to {MOST_COLUMNS:,}"),
            hint=say("Return one column a class."),
        )
    if columns and len(columns) != width:
        raise garbled(say("it names another number of columns than it sends"))
    return Header(kind=Kind.PROBABILITIES, rows=rows, width=width, labels=columns)


def _require_none(wrong: NDArray[np.bool_], *, what: Message) -> None:
    rows = int((wrong.any(axis=1) if wrong.ndim > 1 else wrong).sum())
    if rows:
        raise ModelProblem(
            say("it predicted ", *what.parts, f" for {rows:,} of {len(wrong):,} rows"),
            hint=say("Such a prediction is never counted as right or wrong. Find the rows, mend the model."),
        )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _short(value: object) -> str:
    return repr(value)[:100] if isinstance(value, str | int | float | None) else type(value).__name__


def _text(answer: Mapping[str, object], key: str) -> str:
    value = answer[key]
    return value if isinstance(value, str) else _short(value)


def _whole(answer: Mapping[str, object], key: str) -> int:
    value = answer.get(key)
    if type(value) is not int or value < 0:
        raise garbled(say(f"its `{key}` is ", quote(_short(value))))
    return value


def _texts(answer: Mapping[str, object], key: str, *, most: int) -> tuple[str, ...]:
    values = answer.get(key)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise garbled(say(f"its `{key}` is no list of texts"))
    if len(values) > most:
        raise ModelProblem(
            say(f"it predicted {len(values):,} different labels in one batch; Promoter takes {most:,}"),
            hint=say("Is this a regression? Then set `task: regression` in the policy."),
        )
    for value in values:
        if len(value) > _LONGEST_LABEL or not _is_text(value):
            raise ModelProblem(
                say("it predicted a label that is no text to be shown: ", briefly(value)),
                hint=say(f"A label is text of at most {_LONGEST_LABEL:,} characters."),
            )
    return tuple(values)


def _is_text(value: str) -> bool:
    """Not half of a surrogate pair, which no file and no answer of ours can hold."""
    return not any("\ud800" <= char <= "\udfff" for char in value)
