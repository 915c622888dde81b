"""Which columns of the holdout are read, and what of them a model gets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.dataset_files import unavailable
from promoter.text import Part, quote, say

# How pandas keeps the index of a table that had none of its own
INDEX = re.compile(r"__index_level_\d+__")
_MOST_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the policy and the models ask for. `features` None: all columns but target and group."""

    data: str
    target: str
    group: str | None
    slices: tuple[str, ...]
    features: tuple[str, ...] | None
    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Columns that are all in the file; `wanted` are those to read, each once."""

    target: str
    group: str | None
    slices: tuple[str, ...]
    features: tuple[str, ...]
    id: str | None = None

    @property
    def wanted(self) -> tuple[str, ...]:
        """Features first, then what only we read."""
        ours = (self.target, *(() if self.group is None else (self.group,)), *self.slices)
        return tuple(dict.fromkeys((*self.features, *ours)))


def chosen(wanted: Wanted, names: tuple[str, ...]) -> Columns:
    """The columns to read of a file that has `names`.

    Raises PromoterError: POLICY_INVALID for a column that is not there and for a target among the features,
    DATA_UNAVAILABLE for two columns of one name and for a file of nothing but the target.
    """
    _refuse_twice(wanted.data, names)
    roles = {
        "`target`": (wanted.target,),
        "`id`": () if wanted.id is None else (wanted.id,),
        "`group`": () if wanted.group is None else (wanted.group,),
        "`slices`": wanted.slices,
        "the models' signature": wanted.features or (),
    }
    for role, columns in roles.items():
        for column in columns:
            if column not in names:
                raise _not_there(column, role=role, data=wanted.data, names=names)
    features = _features(wanted, names)
    if not features:
        raise unavailable(
            "the data ",
            quote(wanted.data),
            " has no column to predict from",
            hint=say("Write the columns that the models read beside the target."),
        )
    return Columns(
        target=wanted.target, group=wanted.group, slices=wanted.slices, features=features, id=wanted.id
    )


def _features(wanted: Wanted, names: tuple[str, ...]) -> tuple[str, ...]:
    if wanted.features is None:
        left_out = (wanted.target, wanted.group)
        return tuple(name for name in names if name not in left_out and not INDEX.fullmatch(name))
    if wanted.target in wanted.features:
        raise PromoterError(
            ReasonCode.POLICY_INVALID,
            say("the models read the column ", quote(wanted.target), ", which is what they should predict"),
            hint=say("Correct `target` in the policy, or train the model without that column."),
        )
    return wanted.features


def features(
    batch: pa.RecordBatch, columns: Columns, *, categories: Mapping[str, pa.Array]
) -> pa.RecordBatch:
    """What a model gets: its columns without metadata, each categorical one with one set of categories."""
    arrays = [_one_set(batch.column(name), categories.get(name)) for name in columns.features]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns.features))


def _one_set(column: pa.Array, categories: pa.Array | None) -> pa.Array:
    if categories is None:
        return column
    places = pc.index_in(column.dictionary, value_set=categories).take(column.indices)
    return pa.DictionaryArray.from_arrays(places, categories, ordered=column.type.ordered)


def categorical(schema: pa.Schema, columns: Columns) -> tuple[str, ...]:
    """The features whose values are kept as categories."""
    return tuple(name for name in columns.features if types.is_dictionary(schema.field(name).type))


def _refuse_twice(data: str, names: tuple[str, ...]) -> None:
    repeated = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if repeated is not None:
        raise unavailable(
            "the data ",
            quote(data),
            " has two columns of the name ",
            quote(repeated),
            hint=say("Rename one of them, or leave it out."),
        )


def _not_there(column: str, *, role: str, data: str, names: tuple[str, ...]) -> PromoterError:
    shown: list[Part] = [part for name in names[:_MOST_SHOWN] for part in (", ", quote(name))]
    more = len(names) - _MOST_SHOWN
    return PromoterError(
        ReasonCode.POLICY_INVALID,
        say(
            "the data ",
            quote(data),
            " has no column ",
            quote(column),
            f", which {role} asks for; it has ",
            *shown[1:],
            f" and {more:,} more" if more > 0 else "",
        ),
        hint=say("Correct the name in the policy, or write the column into the data."),
    )
