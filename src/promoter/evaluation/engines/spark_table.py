"""The holdout as a table that a cluster reads: looked through there, and known here by what was counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from promoter.core.measurement import Data
from promoter.core.policy import Task
from promoter.evaluation import dataset_columns
from promoter.evaluation.dataset import refuse_other_labels
from promoter.evaluation.dataset_columns import Columns
from promoter.evaluation.dataset_scan import MOST_LABELS, MOST_SLICE_VALUES, Looking
from promoter.evaluation.dataset_values import coded
from promoter.evaluation.engines import spark_sql as sql
from promoter.evaluation.engines.spark_errors import Refused, failed_query, unreadable
from promoter.evaluation.engines.spark_process import Asks

VIEW = "promoter_data"


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """What to open: a `table` by its name, or `path` of files of a `format`, as the cluster sees them; `name`
    is what the policy calls it. The others are as in `DatasetSpec`."""

    name: str
    target: str
    task: Task
    table: str = ""
    path: str = ""
    format: str = ""
    positive_label: str | None = None
    group: str | None = None
    slice_columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """A holdout that was looked through. `labels` and `slice_values` are as in `Dataset`; `truths`: the
    target's values, as the cluster writes them as text, and the code of each. `middle`: a value of the target
    amid the others, of a regression."""

    data: Data
    labels: tuple[str, ...]
    slice_values: tuple[tuple[str, ...], ...]
    columns: Columns
    truths: tuple[tuple[str, int], ...] = ()
    middle: float = 0.0


def open_table(cluster: Asks, spec: TableSpec) -> Table:
    """Look through the whole table once, in the cluster.

    Raises what `open_dataset` raises, of the same data for the same reasons.
    """
    try:
        found = cluster.do("read", view=VIEW, table=spec.table, path=spec.path, format=spec.format)
    except Refused as refused:
        raise unreadable(refused, data=spec.name) from refused
    types = {str(column): str(kind) for column, kind in found["columns"]}
    columns = dataset_columns.chosen(
        dataset_columns.Wanted(
            data=spec.name, target=spec.target, group=spec.group, slices=spec.slice_columns, features=None
        ),
        tuple(types),
    )
    try:
        return _Look(cluster=cluster, spec=spec, columns=columns).through(types)
    except Refused as refused:
        raise failed_query(refused) from refused


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One look."""

    cluster: Asks
    spec: TableSpec
    columns: Columns

    def through(self, types: dict[str, str]) -> Table:
        """What the columns that decide hold."""
        seen = self._seen(is_float=types[self.columns.target] in ("float", "double"))
        looking = Looking(columns=self.columns, task=self.spec.task, name=self.spec.name, tell=_unheard)
        truths = self._distinct(self.columns.target, most=MOST_LABELS)
        looking.at(self._as_batch(truths))
        looking.rows = int(seen["rows"])
        looking.without_target = int(seen["without_target"])
        looking.without_group = int(seen["without_group"])
        looking.refuse_what_cannot_be_judged_by()
        labels = tuple(sorted(looking.labels))
        refuse_other_labels(self.spec, labels)
        return Table(
            data=Data(
                name=self.spec.name,
                digest=_digest(self.columns, types, seen=seen),
                rows=looking.rows,
                columns=self.columns.features,
            ),
            labels=labels,
            slice_values=tuple(tuple(sorted(looking.values[one])) for one in self.columns.slices),
            columns=self.columns,
            truths=_truths(truths, labels) if labels else (),
            middle=0.0 if labels else float(seen["middle"]),
        )

    def _seen(self, *, is_float: bool) -> dict[str, Any]:
        """Rows, what is missing, and a hash of all rows, whatever their order."""
        target, group = sql.name(self.columns.target), self.columns.group
        is_number = self.spec.task is Task.REGRESSION
        no_target, middle = f"{target} IS NULL" + (f" OR isnan({target})" if is_float else ""), "0D"
        if is_number:
            no_target = sql.has_no_number(f"try_cast({target} AS DOUBLE)")
            middle = f"percentile_approx(try_cast({target} AS DOUBLE), 0.5D)"
        query = (
            f"SELECT count(*) AS rows, count_if({no_target}) AS without_target, "
            f"{'0' if group is None else f'count_if({sql.name(group)} IS NULL)'} AS without_group, "
            f"CAST(sum(CAST(h AS DECIMAL(38, 0))) AS STRING) AS total, bit_xor(h) AS parity, "
            f"{middle} AS middle "
            f"FROM (SELECT *, {sql.content(self.columns.wanted)} AS h FROM {VIEW})"
        )
        return dict(self.cluster.ask(query).to_pylist()[0])

    def _distinct(self, column: str, *, most: int) -> pa.Table:
        """The values of a column, and each as the cluster writes it; of more than `most` enough to tell."""
        of, limit = sql.name(column), most + 2
        return self.cluster.ask(
            f"SELECT DISTINCT {of} AS v, CAST({of} AS STRING) AS t FROM {VIEW} LIMIT {limit}"
        )

    def _as_batch(self, truths: pa.Table) -> pa.RecordBatch:
        """The columns that decide, one distinct value a row; the shorter ones repeat their last."""
        names = self.columns
        found = {names.target: truths["v"]}
        for column in names.slices:
            found[column] = self._distinct(column, most=MOST_SLICE_VALUES)["v"]
        if names.group is not None:
            group = sql.name(names.group)
            found.setdefault(names.group, self.cluster.ask(f"SELECT {group} AS v FROM {VIEW} LIMIT 1")["v"])
        rows = max(len(column) for column in found.values())
        if self.spec.task is Task.REGRESSION:
            # How many numbers are missing is counted in the cluster: here only the type is looked at.
            found[names.target] = pa.nulls(rows, found[names.target].type)
        arrays = [_long(column, rows) for column in found.values()]
        return pa.RecordBatch.from_arrays(arrays, names=list(found))


def _long(column: pa.Array | pa.ChunkedArray, rows: int) -> pa.Array:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return array.take(
        pa.array([min(at, len(array) - 1) for at in range(rows)] if len(array) else [], pa.int64())
    )


def _truths(found: pa.Table, labels: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """As the cluster writes a value, and the code of its label; a value may be written in several ways."""
    texts = coded(found["v"].combine_chunks())
    pairs = zip(found["t"].to_pylist(), texts.codes.tolist(), strict=True)
    return tuple((written, labels.index(texts.texts[code])) for written, code in pairs)


def _digest(columns: Columns, types: dict[str, str], *, seen: dict[str, Any]) -> str:
    """The sha256 of what the cluster counted: columns with their types, rows, and the sum and the parity of
    their hashes. It tells other data, and proves nothing against whoever writes rows to fit."""
    told = {
        "columns": [[one, types[one]] for one in sorted(columns.wanted)],
        "rows": seen["rows"],
        "sum": seen["total"],
        "xor": seen["parity"],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _unheard(_: int) -> None:
    """Nobody looks on while a cluster reads."""
