"""A table of predictions, as the run of a version logged it: opened, bounded, joined to the data by id.

Whoever logged it may have written anything, so each thing wrong with it is the version's problem. Memory
grows with rows: ids and predictions of all of them are held at once, and hardly more rows than the data has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import types

from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation import dataset_ids
from promoter.evaluation.dataset_columns import INDEX
from promoter.evaluation.dataset_files import ROWS_OF_A_BATCH, Rows, find, readable
from promoter.evaluation.dataset_ids import Ids, UnusableIdsError
from promoter.evaluation.dataset_values import IntArray
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.text import Message, Part, quote, say

_MOST_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which table to read: where it is, what the policy calls it, the id's column, and the columns that hold
    predictions; () for all but the id's."""

    path: Path
    name: str
    id: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """The rows as they stand in the table, n of them: `ids` (n,) and `predictions`, without the ids.

    `is_cut`: there are more, which were not read, because n is more than the data has.
    """

    ids: pa.Array
    predictions: pa.Table
    is_cut: bool


def read_table(wanted: Wanted, *, most: int) -> Table:
    """The table, of which rows beyond `most` are not all read. Raises ModelProblem, DEADLINE_EXCEEDED."""
    with _told(wanted.name), readable(wanted.name):
        file = find(wanted.path, name=wanted.name)
        columns = _columns(wanted, file.names())
        rows = file.foreign_rows((wanted.id, *columns))
        _refuse_types(rows.schema, columns)
        ids, parts, is_cut = _read(rows, wanted.id, columns=columns, most=most)
        predictions = pa.Table.from_batches(parts) if parts else _empty(rows.schema, columns)
        return Table(
            ids=dataset_ids.together(ids), predictions=predictions.unify_dictionaries(), is_cut=is_cut
        )


def join(table: Table, ids: Ids) -> IntArray:
    """For each of the data's ids (n,) its row in the table. Raises ModelProblem unless both have the same."""
    least = "at least " if table.is_cut else ""
    if not len(table.ids):
        raise problem(say("it has no rows"))
    if table.ids.null_count:
        raise problem(say(f"the id is missing in {least}{table.ids.null_count:,} of its rows"))
    if table.ids.type != ids.values.type:
        kinds = _kind(table.ids), _kind(ids.values)
        raise problem(say(f"its ids are {kinds[0]}, and those of the data {kinds[1]}; write both alike"))
    found = Ids.of(table.ids)
    if len(found.repeats):
        count, where = f"{least}{len(found.repeats):,}", dataset_ids.row_numbers(found.repeats)
        raise problem(say(f"{count} of its rows have the id of an earlier row, such as {where}"))
    rows = ids.places(found)
    if rows is None:
        raise problem(_other_ids(table, ids, found=found))
    return rows


def problem(why: Message) -> ModelProblem:
    """What keeps a table from being used, as the version's problem."""
    return ModelProblem(
        say("its table of predictions cannot be used: ", *why.parts),
        hint=say("Log a table with one row for each row of the data, with the same ids, and register again."),
    )


def _other_ids(table: Table, ids: Ids, *, found: Ids) -> Message:
    """Which ids are in one of both only."""
    parts: list[str] = []
    missing, surplus = ids.missing_in(found), found.missing_in(ids)
    if len(missing) and not table.is_cut:
        rows = dataset_ids.row_numbers(missing)
        parts.append(
            f"{len(missing):,} of {len(ids.values):,} ids of the data are not in it, such as of {rows}"
        )
    if len(surplus):
        least = "at least " if table.is_cut else ""
        rows = dataset_ids.row_numbers(surplus)
        parts.append(f"{least}{len(surplus):,} of its ids are not in the data, such as of its {rows}")
    return say("; ".join(parts))


def _kind(ids: pa.Array) -> str:
    return "whole numbers" if types.is_integer(ids.type) else "text"


def _columns(wanted: Wanted, names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that hold predictions."""
    if len(set(names)) < len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise problem(say("it has two columns of the name ", quote(repeated)))
    for name in (wanted.id, *wanted.columns):
        if name not in names:
            raise problem(say("it has no column ", quote(name), "; it has ", *_listed(names)))
    found = wanted.columns or tuple(name for name in names if name != wanted.id and not INDEX.fullmatch(name))
    if not found:
        raise problem(say("it has no column beside the id ", quote(wanted.id)))
    return found


def _listed(names: tuple[str, ...]) -> tuple[Part, ...]:
    parts = [part for name in names[:_MOST_SHOWN] for part in (", ", quote(name))]
    return tuple(parts[1:])


def _refuse_types(schema: pa.Schema, columns: tuple[str, ...]) -> None:
    for name in columns:
        type_ = schema.field(name).type
        plain = type_.value_type if types.is_dictionary(type_) else type_
        text = types.is_string(plain) or types.is_large_string(plain)
        number = types.is_integer(plain) or types.is_floating(plain)
        if not (text or number or types.is_boolean(plain) or types.is_null(plain)):
            raise problem(
                say("its column ", quote(name), " is of type ", quote(type_), ", neither labels nor numbers")
            )


def _read(
    rows: Rows, id_column: str, *, columns: tuple[str, ...], most: int
) -> tuple[list[pa.Array], list[pa.RecordBatch], bool]:
    """Ids and predictions, part by part, until there are more than `most`."""
    ids: list[pa.Array] = []
    parts: list[pa.RecordBatch] = []
    count = 0
    for batch in rows.batches((id_column, *columns), rows=ROWS_OF_A_BATCH):
        try:
            ids.append(dataset_ids.typed(batch.column(id_column)))
        except UnusableIdsError as error:
            raise problem(say("its id ", quote(id_column), " is of type ", quote(error))) from error
        parts.append(batch.select(list(columns)))
        count += batch.num_rows
        if count > most:
            # Which of them are too many can be told from these; the rest may be without end
            return ids, parts, True
    return ids, parts, False


def _empty(schema: pa.Schema, columns: tuple[str, ...]) -> pa.Table:
    return pa.schema([schema.field(name) for name in columns]).empty_table()


@contextmanager
def _told(name: str) -> Iterator[None]:
    """What is said of a file that cannot be read, as the version's problem."""
    try:
        yield
    except ModelProblem:
        raise
    except PromoterError as error:
        if error.reason is not ReasonCode.DATA_UNAVAILABLE:
            raise
        # What reads files calls each of them the data
        parts = ("the file " if part == "the data " else part for part in error.message.parts)
        raise problem(say(*parts)) from error
