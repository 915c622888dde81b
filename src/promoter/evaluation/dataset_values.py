"""Columns as what figures are made from: codes of labels, or finite numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import types

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

MISSING = -1


class UnusableColumnError(Exception):
    """A column's type has no labels, or no numbers; the type in Arrow's words."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """A column as codes (n,) into `texts`, its distinct values; MISSING where there is none."""

    codes: IntArray
    texts: tuple[str, ...]

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return int(np.count_nonzero(self.codes == MISSING))


def label_text(value: object) -> str:
    """A value as a label, as the worker writes predictions: 1, 1.0 and "1" are one, true is `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Decimal):
        return str(int(value)) if value == value.to_integral_value() else format(value.normalize(), "f")
    return str(value)


def coded(column: pa.Array) -> Coded:
    """The column's labels. NaN counts as missing, dates are written as in ISO 8601.

    Raises UnusableColumnError for lists, structs, bytes and the like.
    """
    plain = _plain(column)
    if _is_time(plain.type):
        plain = plain.cast(pa.string())
    elif not _has_labels(plain.type):
        raise UnusableColumnError(str(plain.type))
    if types.is_floating(plain.type):
        plain = pc.if_else(pc.is_nan(plain), None, plain)
    values = plain.dictionary_encode()
    texts = [label_text(value) for value in values.dictionary.to_pylist()]
    order = {text: code for code, text in enumerate(dict.fromkeys(texts))}
    # The last one is where MISSING points to
    codes = np.array([*(order[text] for text in texts), MISSING], dtype=np.int64)
    found = values.indices.fill_null(MISSING).to_numpy(zero_copy_only=False).astype(np.int64)
    return Coded(codes=codes[found], texts=tuple(order))


def recoded(found: Coded, known: Mapping[str, int]) -> IntArray:
    """The codes that `known` gives to the texts; a missing value is the empty text."""
    codes = [known[text] for text in found.texts]
    return np.array([*codes, known.get("", MISSING)], dtype=np.int64)[found.codes]


def numbers(column: pa.Array) -> FloatArray:
    """The column as float64 (n,), NaN where there is no value.

    Raises UnusableColumnError for text, true and false, dates and the like.
    """
    plain = _plain(column)
    if not (types.is_integer(plain.type) or types.is_floating(plain.type) or types.is_decimal(plain.type)):
        raise UnusableColumnError(str(plain.type))
    floats = plain.cast(pa.float64(), safe=False)
    found: FloatArray = floats.fill_null(float("nan")).to_numpy(zero_copy_only=False)
    return found


def first_without_number(column: pa.Array) -> int | None:
    """Where the first value stands that no number can be read from, of a column of text; from 0."""
    plain = _plain(column)
    is_text = types.is_string(plain.type) or types.is_large_string(plain.type)
    values = enumerate(plain.to_pylist()) if is_text else ()
    return next((at for at, value in values if value is not None and not _is_number(value)), None)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if types.is_dictionary(column.type) else column


def _is_time(type_: pa.DataType) -> bool:
    return bool(types.is_date(type_) or types.is_timestamp(type_) or types.is_time(type_))


def _has_labels(type_: pa.DataType) -> bool:
    is_text = types.is_string(type_) or types.is_large_string(type_)
    is_number = types.is_integer(type_) or types.is_floating(type_) or types.is_decimal(type_)
    return bool(is_text or is_number or types.is_boolean(type_) or types.is_null(type_))
