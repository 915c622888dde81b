"""Reads CSV with the same types from the first row to the last.

Cells are read as pandas.read_csv reads them: the same words mean missing, dates stay text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_BLOCK = 4 << 20
_TRUE = ["true", "True", "TRUE"]
_FALSE = ["false", "False", "FALSE"]
# What does not fit 64 bits is a name made of digits; as a float, two of them may become one
_LONG_DIGITS = r"^\s*-?[0-9]{19,}\s*$"


class Kind(Enum):
    """What a column holds so far."""

    EMPTY = "nothing"
    WHOLE = "whole numbers"
    NUMBER = "numbers"
    FLAG = "true and false"
    TEXT = "text"


_TYPES = {
    Kind.EMPTY: pa.float64(),
    Kind.WHOLE: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.TEXT: pa.string(),
}
_MAY_BECOME = {
    Kind.EMPTY: (Kind.WHOLE, Kind.NUMBER, Kind.FLAG, Kind.TEXT),
    Kind.WHOLE: (Kind.WHOLE, Kind.NUMBER),
    Kind.NUMBER: (Kind.NUMBER,),
    Kind.FLAG: (Kind.FLAG,),
    Kind.TEXT: (Kind.TEXT,),
}


def column_names(path: Path) -> tuple[str, ...]:
    """The header. Raises pyarrow.ArrowInvalid, OSError."""
    with _open(path, convert=csv.ConvertOptions()) as reader:
        return tuple(reader.schema.names)


def column_types(path: Path, *, name: str, columns: tuple[str, ...]) -> pa.Schema:
    """The type of each column, by all of its rows.

    Raises PromoterError(DATA_UNAVAILABLE) when a column begins as numbers, or as true and false, and holds
    something else later.
    """
    kinds = dict.fromkeys(columns, Kind.EMPTY)
    before = 0
    for batch in batches(path, dict.fromkeys(columns, pa.string())):
        for column in columns:
            cells = batch.column(column)
            kind = _widened(kinds[column], cells)
            if kind is None:
                row = before + 1 + _first_stranger(cells, kinds[column])
                raise _mixed(
                    name, column, at=f"{kinds[column].value} at first and another value in row {row:,}"
                )
            kinds[column] = kind
        before += batch.num_rows
    return pa.schema([(column, _TYPES[kind]) for column, kind in kinds.items()])


def batches(path: Path, types: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    """The columns of `types`, in its order. Raises pyarrow.ArrowInvalid, OSError."""
    convert = csv.ConvertOptions(
        include_columns=list(types),
        column_types=dict(types),
        strings_can_be_null=True,
        true_values=_TRUE,
        false_values=_FALSE,
    )
    with _open(path, convert=convert) as reader:
        yield from reader


def _open(path: Path, *, convert: csv.ConvertOptions) -> csv.CSVStreamingReader:
    return csv.open_csv(
        path,
        read_options=csv.ReadOptions(block_size=_BLOCK),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=convert,
    )


def _widened(known: Kind, cells: pa.StringArray) -> Kind | None:
    """What the column holds with these cells too; None when that is no one kind."""
    if cells.null_count == len(cells):
        return known
    for kind in _MAY_BECOME[known]:
        is_new = kind is not known
        if _fits(cells, kind) and not (is_new and kind is Kind.NUMBER and _any_long_digits(cells)):
            return kind
    return None


def _fits(cells: pa.StringArray, kind: Kind) -> bool:
    if kind is Kind.TEXT:
        return True
    if kind is Kind.FLAG:
        flags = pc.is_in(cells, value_set=pa.array([*_TRUE, *_FALSE, None]))
        return bool(pc.all(flags).as_py())
    return _casts(cells, _TYPES[kind]) or _casts(pc.utf8_trim_whitespace(cells), _TYPES[kind])


def _casts(cells: pa.StringArray, type_: pa.DataType) -> bool:
    try:
        cells.cast(type_)
    except pa.ArrowInvalid:
        return False
    return True


def _any_long_digits(cells: pa.StringArray) -> bool:
    return bool(pc.any(pc.match_substring_regex(cells, _LONG_DIGITS)).as_py())


def _first_stranger(cells: pa.StringArray, known: Kind) -> int:
    """Where the first cell is that does not belong, from 0."""
    return next(row for row in range(len(cells)) if _widened(known, cells.slice(row, 1)) is None)


def _mixed(name: str, column: str, *, at: str) -> PromoterError:
    return PromoterError(
        ReasonCode.DATA_UNAVAILABLE,
        say("the column ", quote(column), " of ", quote(name), f" holds {at}"),
        hint=say("Correct that row, or write the data as Parquet, which says each column's type."),
    )
