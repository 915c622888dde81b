"""The holdout: opened, digested, looked through once, and streamed.

Memory does not grow with rows, but for the ids where predictions are joined by them: those are kept. The
target never leaves this process: features, which models get, do not hold it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from promoter.core.measurement import Data
from promoter.core.policy import Task
from promoter.core.progress import UNTOLD, Progress, Unit
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation import dataset_columns, dataset_files, dataset_ids, dataset_scan
from promoter.evaluation.dataset_columns import Columns
from promoter.evaluation.dataset_files import ROWS_OF_A_BATCH, Rows
from promoter.evaluation.dataset_ids import Ids
from promoter.evaluation.dataset_scan import Scan
from promoter.evaluation.dataset_values import FloatArray, IntArray, coded, numbers, recoded
from promoter.text import quote, say


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """What to open. `path` is a local file with its extension, `name` what the policy calls it.

    `columns` are the features, in their order; None: all columns but the target and the group. `id` is the
    column by which logged predictions are joined; it stays a feature. `sha256` is the pin, in hex.
    `positive_label` is looked for among the labels of a binary task.
    """

    path: Path
    name: str
    target: str
    task: Task
    sha256: str | None = None
    positive_label: str | None = None
    group: str | None = None
    slice_columns: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = None
    id: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Some rows, n of them, with `first` rows before them. `features` hold neither target nor metadata.

    `truth` (n,): codes into the dataset's labels, or the numbers of a regression. `groups` (n,): codes by
    first appearance, the same in every pass. `slices`: for each slice column codes (n,) into its values.
    """

    features: pa.RecordBatch
    truth: IntArray | FloatArray
    groups: IntArray | None
    slices: tuple[IntArray, ...]
    first: int = 0


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A holdout that was looked through.

    `labels`: distinct target values as text, sorted; () for a regression. `slice_values`: for each slice
    column its distinct values as text, sorted; the empty text stands for a missing value. `ids` name the
    rows in the file's order, none of them missing or there twice; None where none were asked for.
    """

    data: Data
    labels: tuple[str, ...]
    slice_values: tuple[tuple[str, ...], ...]
    ids: Ids | None = field(default=None, repr=False)
    _rows: Rows = field(repr=False)
    _columns: Columns = field(repr=False)
    _scan: Scan = field(repr=False)

    def batches(self, rows: int = ROWS_OF_A_BATCH) -> Iterator[Batch]:
        """All rows in the file's order, so many at a time; each call begins again.

        Memory grows with the number of distinct groups, not with rows.
        """
        groups: dict[str, int] = {}
        first = 0
        for batch in _evenly(self._rows.batches(self._columns.wanted, rows=rows), rows):
            yield self._batch(batch, groups, first=first)
            first += batch.num_rows

    def _batch(self, batch: pa.RecordBatch, groups: dict[str, int], *, first: int) -> Batch:
        target = batch.column(self._columns.target)
        truth = recoded(coded(target), _codes(self.labels)) if self.labels else numbers(target)
        slices = zip(self._columns.slices, self.slice_values, strict=True)
        return Batch(
            features=dataset_columns.features(batch, self._columns, categories=self._scan.categories),
            truth=truth,
            groups=None
            if self._columns.group is None
            else _grouped(batch.column(self._columns.group), groups),
            slices=tuple(recoded(coded(batch.column(name)), _codes(values)) for name, values in slices),
            first=first,
        )


def open_dataset(spec: DatasetSpec, *, progress: Progress = UNTOLD) -> Dataset:
    """Look through the whole file once, and hold what every pass over it needs.

    Raises PromoterError: DATA_UNAVAILABLE when the file is missing, unreadable, of another digest than the
    pin, empty, or its target, group, ids or labels cannot be judged by; POLICY_INVALID when a column that was
    asked for is not in it, or has too many values to slice by.
    """
    file = dataset_files.find(spec.path, name=spec.name)
    with progress.step(say("reading ", quote(spec.name)), unit=Unit.TIME):
        digest = file.digest()
    if spec.sha256 is not None and digest != spec.sha256:
        raise dataset_files.unavailable(
            "the data ",
            quote(spec.name),
            f" is not what the policy pins: its sha256 is {digest}",
            hint=say("Bring back the file that was pinned, or change `sha256` in the policy, reviewed."),
        )
    columns = dataset_columns.chosen(
        dataset_columns.Wanted(
            data=spec.name,
            target=spec.target,
            group=spec.group,
            slices=spec.slice_columns,
            features=spec.columns,
            id=spec.id,
        ),
        file.names(),
    )
    rows = file.rows(columns.wanted)
    with progress.step(say("looking through ", quote(spec.name)), unit=Unit.ROWS) as step:
        looking = dataset_scan.Looking(columns=columns, task=spec.task, name=spec.name, tell=step.advance)
        scan = dataset_scan.look_through(rows, looking)
    refuse_other_labels(spec, scan.labels)
    return Dataset(
        data=Data(name=spec.name, digest=digest, rows=scan.rows, columns=columns.features),
        labels=scan.labels,
        slice_values=scan.slice_values,
        ids=None if spec.id is None else dataset_ids.of_data(rows, spec.id, name=spec.name),
        _rows=rows,
        _columns=columns,
        _scan=scan,
    )


class Labelled(Protocol):
    """What is said of labels before data is looked at; the fields of `DatasetSpec` of the same names."""

    @property
    def name(self) -> str:
        """What the policy calls the data."""

    @property
    def target(self) -> str:
        """The column."""

    @property
    def task(self) -> Task:
        """What models predict."""

    @property
    def positive_label(self) -> str | None:
        """The label that counts as positive."""


def refuse_other_labels(spec: Labelled, labels: tuple[str, ...]) -> None:
    """Raises DATA_UNAVAILABLE where the positive label is none of those that were found."""
    if spec.task is not Task.BINARY or spec.positive_label in (None, *labels):
        return
    found = [part for label in labels for part in (", ", quote(label))]
    raise PromoterError(
        ReasonCode.DATA_UNAVAILABLE,
        say(
            "the positive label ",
            quote(spec.positive_label),
            " is not in the target ",
            quote(spec.target),
            " of ",
            quote(spec.name),
            ", whose labels are ",
            *found[1:],
        ),
        hint=say("Correct `positive_label` in the policy, or the data."),
    )


def _evenly(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows, `rows` at a time but for the last ones."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        while sum(part.num_rows for part in held) >= rows:
            table = pa.Table.from_batches(held)
            yield _whole(table.slice(0, rows))
            held = table.slice(rows).to_batches()
    if any(part.num_rows for part in held):
        yield _whole(pa.Table.from_batches(held))


def _whole(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]


def _codes(texts: tuple[str, ...]) -> Mapping[str, int]:
    return {text: code for code, text in enumerate(texts)}


def _grouped(column: pa.Array, groups: dict[str, int]) -> IntArray:
    found = coded(column)
    for text in found.texts:
        groups.setdefault(text, len(groups))
    return recoded(found, groups)
