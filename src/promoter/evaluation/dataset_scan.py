"""One look at the columns that decide: are there rows, labels, numbers, groups; which values do they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from promoter.core.policy import Task
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation import dataset_columns
from promoter.evaluation.dataset_columns import Columns
from promoter.evaluation.dataset_files import ROWS_OF_A_BATCH, Rows, unavailable
from promoter.evaluation.dataset_values import (
    Coded,
    UnusableColumnError,
    coded,
    first_without_number,
    numbers,
)
from promoter.text import Message, quote, say

# Joint counts are kept for every pair of labels and truth: 200³ of them are 64 MB
MOST_LABELS = 200
MOST_SLICE_VALUES = 1_000
_TWO = 2


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What was seen. `categories`: for each categorical feature all of its categories."""

    rows: int
    labels: tuple[str, ...]
    slice_values: tuple[tuple[str, ...], ...]
    categories: Mapping[str, pa.Array]


def look_through(rows: Rows, looking: Looking) -> Scan:
    """Read every row of the target, the group, the slice columns and the categorical features.

    Raises PromoterError: DATA_UNAVAILABLE, and POLICY_INVALID for a column of too many values to slice by.
    """
    columns = looking.columns
    looking.categorical = dataset_columns.categorical(rows.schema, columns)
    group = () if columns.group is None else (columns.group,)
    read = dict.fromkeys((columns.target, *group, *columns.slices, *looking.categorical))
    for batch in rows.batches(tuple(read), rows=ROWS_OF_A_BATCH):
        looking.at(batch)
        looking.tell(batch.num_rows)
    looking.refuse_what_cannot_be_judged_by()
    return Scan(
        rows=looking.rows,
        labels=tuple(sorted(looking.labels)),
        slice_values=tuple(tuple(sorted(looking.values[column])) for column in columns.slices),
        categories={column: looking.categories[column] for column in looking.categorical},
    )


@dataclass(kw_only=True)
class Looking:
    """What is looked for, and what was seen so far. `tell` hears of rows as they are read."""

    columns: Columns
    task: Task
    name: str
    tell: Callable[[int], None]
    categorical: tuple[str, ...] = ()
    rows: int = 0
    labels: set[str] = field(default_factory=set)
    without_target: int = 0
    without_group: int = 0
    values: dict[str, set[str]] = field(default_factory=dict)
    categories: dict[str, pa.Array] = field(default_factory=dict)

    def at(self, batch: pa.RecordBatch) -> None:
        """Take in one batch."""
        self.rows += batch.num_rows
        target = batch.column(self.columns.target)
        if self.task is Task.REGRESSION:
            self._numbers(target)
        else:
            self._labels(target)
        if self.columns.group is not None:
            self.without_group += self._coded(batch.column(self.columns.group), self.columns.group).missing
        for column in self.columns.slices:
            self._slices(batch.column(column), column)
        for column in self.categorical:
            self._categories(batch.column(column), column)

    def _numbers(self, target: pa.Array) -> None:
        try:
            found = numbers(target)
        except UnusableColumnError as error:
            # Only where it stands: what it says is somebody's data
            at = first_without_number(target)
            row = self.rows - len(target) + 1
            where = "" if at is None else f"; row {row + at:,} has the first value that is none"
            raise self._unusable(
                self.columns.target, error, wants=f"numbers for a regression{where}"
            ) from error
        self.without_target += int(np.count_nonzero(~np.isfinite(found)))

    def _labels(self, target: pa.Array) -> None:
        found = self._coded(target, self.columns.target)
        self.without_target += found.missing
        self.labels |= set(found.texts)
        if len(self.labels) > MOST_LABELS:
            raise self._refused(
                f"more than {MOST_LABELS:,} labels",
                hint=say("Name another `target` in the policy, or write `task: regression`."),
            )

    def _slices(self, column: pa.Array, name: str) -> None:
        found = self._coded(column, name)
        values = self.values.setdefault(name, set())
        values |= {*found.texts, *([""] if found.missing else [])}
        if len(values) > MOST_SLICE_VALUES:
            raise PromoterError(
                ReasonCode.POLICY_INVALID,
                say(
                    "the column ",
                    quote(name),
                    " of ",
                    quote(self.name),
                    f" has more than {MOST_SLICE_VALUES:,} values, too many for `slices`",
                ),
                hint=say("Slice by a column of few values, such as a range of it that the data names."),
            )

    def _categories(self, column: pa.DictionaryArray, name: str) -> None:
        known = self.categories.get(name)
        found = column.dictionary if known is None else pa.concat_arrays([known, column.dictionary])
        self.categories[name] = found.unique().drop_null()

    def _coded(self, column: pa.Array, name: str) -> Coded:
        try:
            return coded(column)
        except UnusableColumnError as error:
            raise self._unusable(name, error, wants="labels, such as text or numbers") from error

    def _unusable(self, column: str, error: UnusableColumnError, *, wants: str) -> PromoterError:
        return unavailable(
            "the column ",
            quote(column),
            " of ",
            quote(self.name),
            " is of type ",
            quote(error),
            f" where we need {wants}",
            hint=say("Write the column in another form, or name another one in the policy."),
        )

    def _refused(self, what: str, *, hint: Message) -> PromoterError:
        target = quote(self.columns.target)
        return unavailable("the target ", target, " of ", quote(self.name), f" has {what}", hint=hint)

    def refuse_what_cannot_be_judged_by(self) -> None:
        """Raise PromoterError when no figure can be made of what was seen."""
        if not self.rows:
            raise unavailable(
                "the data ", quote(self.name), " has no rows", hint=say("Write the holdout's rows into it.")
            )
        if self.without_target:
            raise self._refused(
                f"no usable value in {self.without_target:,} of {self.rows:,} rows",
                hint=say("Delete these rows, or write what should have been predicted."),
            )
        if self.without_group:
            raise unavailable(
                "the group ",
                quote(self.columns.group),
                " of ",
                quote(self.name),
                f" is missing in {self.without_group:,} of {self.rows:,} rows",
                hint=say("Give each row its group; one that stands alone is a group of its own."),
            )
        if self.task is not Task.REGRESSION:
            self._refuse_labels()

    def _refuse_labels(self) -> None:
        if len(self.labels) == 1:
            raise self._refused(
                "one label only", hint=say("Write rows of every label into the holdout: one says nothing.")
            )
        if self.task is Task.BINARY and len(self.labels) != _TWO:
            raise self._refused(
                f"{len(self.labels):,} labels, and `binary_classification` has two",
                hint=say("Write `task: multiclass_classification` in the policy, or correct the data."),
            )
