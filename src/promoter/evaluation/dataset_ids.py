"""Ids of rows: whole numbers or text, each kept as what it is. 7 and "7" are two ids: nothing is guessed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from promoter.evaluation.dataset_files import ROWS_OF_A_BATCH, Rows, unavailable
from promoter.evaluation.dataset_values import IntArray
from promoter.text import Part, quote, say

LONGEST_ID = 1_000
_MOST_SHOWN = 2
_LARGEST = 2**63 - 1


class UnusableIdsError(Exception):
    """A column that names no rows. The text is ours, with Arrow's name of a type in it at most."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ids:
    """Ids (n,), int64 or large_string, none of them null; `order` (n,) are the places of the sorted ones."""

    values: pa.Array
    order: pa.Array

    @classmethod
    def of(cls, values: pa.Array) -> Ids:
        """Sort them: a hash table of all would take several times the memory."""
        return cls(values=values, order=pc.sort_indices(values))

    @cached_property
    def repeats(self) -> IntArray:
        """The places (m,), in their order, of ids that an earlier place has too."""
        ordered = self.values.take(self.order)
        again = self.order[1:].filter(pc.equal(ordered[1:], ordered[:-1]))
        return np.sort(again.to_numpy().astype(np.int64))

    def places(self, others: Ids) -> IntArray | None:
        """For each of these (n,) its place among the others; None where they are not the same ids.

        None of both may be there more than once.
        """
        if not self.values.take(self.order).equals(others.values.take(others.order)):
            return None
        found = np.empty(len(self.values), dtype=np.int64)
        found[self.order.to_numpy()] = others.order.to_numpy()
        return found

    def missing_in(self, others: Ids) -> IntArray:
        """The places (m,), in their order, of those that the others are not."""
        missing = pc.invert(pc.is_in(self.values, value_set=others.values))
        return np.flatnonzero(missing.to_numpy(zero_copy_only=False)).astype(np.int64)


def typed(column: pa.Array) -> pa.Array:
    """The ids (n,) as int64 or as large_string; a missing one is null, NaN too.

    Raises UnusableIdsError for other types, numbers beyond 64 bits and very long texts.
    """
    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    if types.is_string(kind) or types.is_large_string(kind):
        return _texts(column)
    if types.is_null(kind) or (types.is_floating(column.type) and _is_all_nan(column)):
        # NaN in every row is how pandas writes a column without any value
        return pa.nulls(len(column), pa.int64())
    if types.is_integer(kind):
        return _whole_numbers(column)
    raise UnusableIdsError(f"{kind}, neither whole numbers nor text")


def _is_all_nan(column: pa.Array) -> bool:
    return pc.all(pc.is_nan(column)).as_py() is not False


def _whole_numbers(column: pa.Array) -> pa.Array:
    plain = column.dictionary_decode() if types.is_dictionary(column.type) else column
    if types.is_uint64(plain.type) and (pc.max(plain).as_py() or 0) > _LARGEST:
        raise UnusableIdsError(f"whole numbers beyond {_LARGEST:,}")
    return plain.cast(pa.int64())


def _texts(column: pa.Array) -> pa.Array:
    # The distinct ones are measured before they are written out: one long text may stand in every row
    distinct = column.dictionary if types.is_dictionary(column.type) else column
    if (pc.max(pc.binary_length(distinct)).as_py() or 0) > LONGEST_ID:
        raise UnusableIdsError(f"texts longer than {LONGEST_ID:,} bytes")
    return column.cast(pa.large_string())


def of_data(rows: Rows, column: str, *, name: str) -> Ids:
    """The ids of all rows of the data, in their order.

    Raises PromoterError(DATA_UNAVAILABLE) for ids that are missing, there twice, or of another type.
    """
    about: tuple[Part, ...] = ("the id ", quote(column), " of ", quote(name))
    try:
        parts = [typed(batch.column(column)) for batch in rows.batches((column,), rows=ROWS_OF_A_BATCH)]
    except UnusableIdsError as error:
        hint = say(
            "Write ids as whole numbers or as text, in the data and in every table of predictions. "
            "Where one is missing, pandas makes fractions of whole numbers."
        )
        raise unavailable(*about, " is of type ", quote(error), hint=hint) from error
    ids = together(parts)
    if ids.null_count:
        missing = f" is missing in {ids.null_count:,} of {len(ids):,} rows"
        raise unavailable(*about, missing, hint=say("Give each row its id, or delete the row."))
    found = Ids.of(ids)
    if len(found.repeats):
        hint = say("Name a column in `id` that tells the rows apart, or delete what is there twice.")
        twice = f" is that of an earlier row in {len(found.repeats):,} of {len(ids):,} rows"
        raise unavailable(*about, f"{twice}, such as {row_numbers(found.repeats)}", hint=hint)
    return found


def together(parts: list[pa.Array]) -> pa.Array:
    """Parts of one column as one; a part of nothing but nulls may have the other type."""
    if not parts:
        return pa.array([], pa.int64())
    filled = {part.type for part in parts if part.null_count < len(part)}
    type_ = next(iter(filled), pa.int64())
    return pa.concat_arrays([pa.nulls(len(part), type_) if part.type != type_ else part for part in parts])


def row_numbers(places: IntArray) -> str:
    """One or two of the rows, to look for, counted from 1. The ids themselves may be somebody's address, and
    what is said here is read by whoever sees the pull request."""
    numbers = [f"{place + 1:,}" for place in places[:_MOST_SHOWN].tolist()]
    return f"{'row' if len(numbers) == 1 else 'rows'} {' and '.join(numbers)}"
