"""Predictions that a version's run logged, in the place of a model that runs.

For models that cannot be loaded here. They are read as a model's output is, and checked as strictly, but
nobody saw them being made: whoever logged them may have known the target.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from promoter.core.measurement import ModelRun
from promoter.evaluation.dataset import Batch, Dataset
from promoter.evaluation.prediction_table import Wanted, join, problem, read_table
from promoter.evaluation.sandbox.answers import Kind, Predicted, read_body, read_header
from promoter.evaluation.sandbox.launcher import Worker
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.sandbox.worker import UnusableOutput, normalise
from promoter.text import NOTHING, Message, quote, say


@dataclass(frozen=True, kw_only=True)
class Logged:
    """A version's table of predictions, a local file; `name` is its path in the run, `digest` the sha256 of
    its bytes. `columns` are those that hold predictions, () for all but `id`. `problem` where there is none.
    """

    table: Path
    id: str
    columns: tuple[str, ...] = ()
    name: str = "predictions.parquet"
    digest: str = ""
    run_id: str = ""
    problem: Message = NOTHING


class Answers(Protocol):
    """What gives predictions batch by batch: a model's process, or a table. Raises ModelProblem."""

    def load(self) -> None:
        """Wait until it can be asked; once."""

    def send(self, batch: Batch) -> None:
        """Ask; `receive` must come before the next."""

    def receive(self) -> Predicted:
        """The predictions of the batch that was sent."""

    def finish(self) -> ModelRun:
        """How it went; nothing can be asked afterwards."""


class Running:
    """A model's process as `Answers`: it gets the features of a batch, and nothing else of it."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.load = worker.load
        self.receive = worker.receive
        self.finish = worker.finish

    def send(self, batch: Batch) -> None:
        """See `Answers`."""
        self._worker.send(batch.features)


@contextmanager
def open_logged(logged: Logged, dataset: Dataset, *, wanted: Kind) -> Iterator[LoggedWorker]:
    """The table as `Answers`, read when it is loaded. `wanted` as for a model: LABELS or VALUES.

    The dataset must have been opened with its ids.
    """
    yield LoggedWorker(logged, dataset, wanted=wanted)


class LoggedWorker:
    """A table of predictions as `Answers`; a whole column of predictions is in memory."""

    def __init__(self, logged: Logged, dataset: Dataset, *, wanted: Kind) -> None:
        self._logged = logged
        self._dataset = dataset
        self._wanted = wanted
        self._all: Predicted | None = None
        self._asked: slice | None = None
        size = logged.table.lstat().st_size if logged.table.is_file() else 0
        environment = f"predictions logged by run {logged.run_id}" if logged.run_id else "logged predictions"
        self._run = ModelRun(size=size, environment=environment, digest=logged.digest, problem=logged.problem)

    def load(self) -> None:
        """Read the table and join it by id."""
        if self._all is None:
            try:
                self._all = self._joined()
            except ModelProblem as error:
                self._run = replace(self._run, problem=error.message)
                raise

    def send(self, batch: Batch) -> None:
        """Ask for the rows of a batch."""
        self.load()
        self._asked = slice(batch.first, batch.first + batch.features.num_rows)

    def receive(self) -> Predicted:
        """Their predictions."""
        if self._asked is None or self._all is None:
            raise ValueError("nothing was asked")
        rows, self._asked = self._asked, None
        return replace(self._all, codes=self._all.codes[rows], values=self._all.values[rows])

    def finish(self) -> ModelRun:
        """Nothing ran: there are no times and there is no memory to tell of."""
        self._all = None
        return self._run

    def _joined(self) -> Predicted:
        """All predictions, in the order of the data."""
        logged, ids = self._logged, self._dataset.ids
        if logged.problem.parts:
            raise ModelProblem(logged.problem)
        if ids is None:
            raise ValueError("the dataset was opened without ids")
        table = read_table(
            Wanted(path=logged.table, name=logged.name, id=logged.id, columns=logged.columns),
            most=len(ids.values),
        )
        rows = join(table, ids)
        self._refuse_unnamed(table.predictions.column_names)
        found = _read(table.predictions, wanted=self._wanted)
        if found.kind is Kind.LABELS:
            return replace(found, codes=found.codes[rows])
        return replace(found, values=found.values[rows])

    def _refuse_unnamed(self, names: list[str]) -> None:
        """Columns of a table may be anything, the target too: probabilities must say of which label."""
        labels = self._dataset.labels
        stranger = next((name for name in names if name not in labels), None)
        if len(names) == 1 and stranger is None:
            raise problem(
                say("of the labels only ", quote(names[0]), " has a column; log one column for each label")
            )
        if len(names) == 1:
            return
        if stranger is not None:
            kind = "no label of the data" if labels else "one of several, and a regression needs one"
            raise problem(
                say(
                    "its column ",
                    quote(stranger),
                    f" is {kind}; name the columns that hold predictions in `prediction_columns`",
                )
            )


def _read(predictions: pa.Table, *, wanted: Kind) -> Predicted:
    """A table as a model's output is read. Raises ModelProblem."""
    try:
        header, body = normalise(predictions.to_pandas(ignore_metadata=True), wanted=wanted.value)
    except UnusableOutput as error:
        raise problem(say("it holds ", quote(error))) from error
    try:
        return read_body(read_header(header, rows=predictions.num_rows, wanted=wanted), body)
    except ModelProblem as error:
        raise problem(error.what) from error
