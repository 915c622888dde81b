"""Opens a data file, Parquet or CSV, and streams its columns. No other format: some can run code (T36)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from pyarrow import parquet

from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation import dataset_csv
from promoter.text import Message, Part, quote, say

ROWS_OF_A_BATCH = 65_536

_PARQUET_SIGN = b"PAR1"
# Bytes no text begins with: pickle, NumPy, zip, gzip, HDF5, a class of Java's
_NOT_TEXT = re.compile(rb"\x80|\x93NUMPY|PK\x03\x04|\x1f\x8b|\x89HDF|\xac\xed|.*\x00", re.DOTALL)
_HEAD = 4_096
# Column chunks are read piece by piece, and none ahead: a row group need not fit into memory
_BUFFER = 1 << 18
_ROW_OF_ANOTHER_LENGTH = re.compile(r".*Expected (\d+) columns, got (\d+)")


class Form(Enum):
    """The formats we read, by extension."""

    PARQUET = ".parquet"
    CSV = ".csv"


class Rows(Protocol):
    """The rows of one file."""

    @property
    def schema(self) -> pa.Schema:
        """The columns' names and types, the same in every batch."""

    def batches(self, columns: tuple[str, ...], *, rows: int) -> Iterator[pa.RecordBatch]:
        """These columns, in this order, some rows at a time and the same ones each time."""


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """A local file of a known format. `name` is what the policy calls it."""

    path: Path
    name: str
    form: Form

    def names(self) -> tuple[str, ...]:
        """The columns, in the file's order. Raises PromoterError(DATA_UNAVAILABLE)."""
        with readable(self.name):
            if self.form is Form.CSV:
                return dataset_csv.column_names(self.path)
            with parquet.ParquetFile(self.path) as file:
                return tuple(file.schema_arrow.names)

    def rows(self, columns: tuple[str, ...]) -> Rows:
        """A reader of these columns; a CSV file is read once to learn their types."""
        if self.form is Form.PARQUET:
            with readable(self.name), parquet.ParquetFile(self.path) as file:
                return _ParquetRows(path=self.path, name=self.name, schema=file.schema_arrow)
        with readable(self.name):
            types = dataset_csv.column_types(self.path, name=self.name, columns=columns)
        return _CsvRows(path=self.path, name=self.name, schema=types)

    def foreign_rows(self, columns: tuple[str, ...]) -> Rows:
        """The same for a file of whoever logged it. Texts come coded: a few bytes of Parquet can put one long
        text into every row."""
        rows = self.rows(columns)
        if not isinstance(rows, _ParquetRows):
            return rows
        texts = (name for name in columns if _is_text(rows.schema.field(name).type))
        return replace(rows, coded=tuple(texts))

    def digest(self) -> str:
        """sha256 of the bytes, in hex."""
        with readable(self.name), self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, kw_only=True)
class _ParquetRows:
    path: Path
    name: str
    schema: pa.Schema
    coded: tuple[str, ...] = ()

    def batches(self, columns: tuple[str, ...], *, rows: int) -> Iterator[pa.RecordBatch]:
        options = {
            "buffer_size": _BUFFER,
            "pre_buffer": False,
            "read_dictionary": list(self.coded),
            # Only of pages whose writer left one; the policy's `sha256` guards those of others
            "page_checksum_verification": True,
        }
        with readable(self.name), parquet.ParquetFile(self.path, **options) as file:
            for batch in file.iter_batches(batch_size=rows, columns=list(columns)):
                yield batch.select(list(columns))


@dataclass(frozen=True, kw_only=True)
class _CsvRows:
    path: Path
    name: str
    schema: pa.Schema

    def batches(self, columns: tuple[str, ...], *, rows: int) -> Iterator[pa.RecordBatch]:
        types = {name: self.schema.field(name).type for name in columns}
        with readable(self.name):
            yield from dataset_csv.batches(self.path, types)


def find(path: Path, *, name: str) -> DataFile:
    """The file, when its name and its first bytes both say Parquet or CSV.

    Raises PromoterError(DATA_UNAVAILABLE).
    """
    form = next((form for form in Form if form.value == path.suffix.lower()), None)
    if form is None:
        raise _not_readable_here(name, why="its name ends neither with `.parquet` nor with `.csv`")
    with readable(name):
        head, tail = _ends(path)
    if not head:
        raise unavailable(
            "the data ", quote(name), " is an empty file", hint=say("Write the holdout's rows into it.")
        )
    is_parquet = head.startswith(_PARQUET_SIGN)
    if form is Form.PARQUET and not (is_parquet and tail == _PARQUET_SIGN):
        raise _not_readable_here(name, why="its name says Parquet and its bytes do not")
    if form is Form.CSV and (is_parquet or _NOT_TEXT.match(head)):
        raise _not_readable_here(name, why="its name says CSV and its bytes are no text")
    return DataFile(path=path, name=name, form=form)


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _ends(path: Path) -> tuple[bytes, bytes]:
    with path.open("rb") as file:
        head = file.read(_HEAD)
        size = file.seek(0, 2)
        file.seek(max(size - len(_PARQUET_SIGN), 0))
        return head, file.read()


def _not_readable_here(name: str, *, why: str) -> PromoterError:
    return unavailable(
        "the data ",
        quote(name),
        f" cannot be read: {why}",
        hint=say("Write the data as Parquet, or as CSV in UTF-8: other formats can run code when read."),
    )


def unavailable(*parts: Part, hint: Message) -> PromoterError:
    """The error of data that cannot be used as it is."""
    return PromoterError(ReasonCode.DATA_UNAVAILABLE, say(*parts), hint=hint)


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turns what Arrow and the system say of a file into PromoterError(DATA_UNAVAILABLE)."""
    try:
        yield
    except FileNotFoundError as error:
        hint = say("Correct `data` in the policy, or put the file where it says.")
        raise unavailable("the data ", quote(name), " is not there", hint=hint) from error
    except (pa.ArrowException, OSError, ValueError) as error:
        hint = say("Write the file again; Parquet is safer than CSV, which must be in UTF-8.")
        raise unavailable("the data ", quote(name), " cannot be read: ", _why(error), hint=hint) from error


def _why(error: Exception) -> Part:
    """What went wrong, without the rows that Arrow repeats: they are somebody's data."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    row = _ROW_OF_ANOTHER_LENGTH.match(text)
    if row:
        return f"a row has {int(row.group(2)):,} cells and the header {int(row.group(1)):,}"
    return quote(text.partition("\n")[0].partition(": invalid value")[0])
