"""One pass over the rows: models answer the same batches side by side, and the first batch twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from promoter.core.measurement import ModelRun
from promoter.evaluation.dataset import Batch, Dataset
from promoter.evaluation.prediction_source import Answers
from promoter.evaluation.readings import Reader, Reading
from promoter.evaluation.sandbox.answers import Kind, Predicted
from promoter.evaluation.sandbox.launcher import Worker
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.variation import Variation
from promoter.text import NOTHING, Message

SAME = 1e-9
"""Numbers are predicted alike when they differ by no more than this fraction of the larger one."""

Count = Callable[[Batch, Sequence[Reading]], None]


class Scorer:
    """One model in a pass. `process` is what runs it, None where predictions were logged: a table answers the
    same however often it is asked.

    Everything raises ModelProblem when the model is at fault; afterwards only `finish` makes sense.
    """

    def __init__(self, answers: Answers, *, reader: Reader, process: Worker | None) -> None:
        self._answers = answers
        self._variation = Variation(meaning=reader.meaning)
        self._constant: Message = NOTHING
        self._reader = reader
        self._process = process
        self._first: Predicted | None = None
        self._asked_twice = self._differing = 0
        self._problem: Message = NOTHING

    def load(self) -> None:
        """Wait until it can answer."""
        self._answers.load()

    def send(self, batch: Batch) -> None:
        """Ask it for a batch."""
        self._answers.send(batch)

    def receive(self) -> Predicted:
        """Its answer."""
        predicted = self._answers.receive()
        self._first = self._first or predicted
        return predicted

    def read(self, predicted: Predicted, batch: Batch) -> Reading:
        """What the answer for a batch means. Raises ReadAnew too."""
        try:
            reading = self._reader.read(predicted)
        except ModelProblem as problem:
            self._problem = problem.message
            raise
        self._variation.add(batch.truth, reading)
        return reading

    def end(self) -> None:
        """After the last batch: whether what was read can be counted, and whether it varies."""
        try:
            self._reader.end()
        except ModelProblem as problem:
            self._problem = problem.message
            raise
        self._constant = self._variation.constant

    def ask_again(self, batch: Batch) -> None:
        """Ask for the first batch once more."""
        if self._process is not None:
            self._process.send(batch.features)

    def compare_again(self) -> None:
        """Whether the same rows are predicted as before."""
        if self._process is not None and self._first is not None:
            differ = differing(self._first, self._process.receive_again())
            self._asked_twice, self._differing = len(differ), int(differ.sum())

    def finish(self) -> ModelRun:
        """How it went, up to here."""
        run = self._answers.finish()
        return replace(
            run,
            problem=self._problem if self._problem.parts else run.problem,
            asked_twice=self._asked_twice,
            differing=self._differing,
            constant=self._constant,
        )


def score(dataset: Dataset, scorers: Sequence[Scorer], *, count: Count) -> None:
    """All rows; `count` is given each batch and its readings, in the scorers' order. Stops at the first model
    that fails, which tells of it when it is finished.

    Raises ReadAnew, DEADLINE_EXCEEDED.
    """
    with suppress(ModelProblem):
        first = _pass(dataset, scorers, count=count)
        for scorer in scorers:
            scorer.end()
        if first is not None:
            _ask_again(first, scorers)


def _pass(dataset: Dataset, scorers: Sequence[Scorer], *, count: Count) -> Batch | None:
    """While models predict a batch, the next one is read and the one before is counted."""
    batches = dataset.batches()
    first = batch = next(batches, None)
    for scorer in scorers:
        scorer.load()
    if batch is not None:
        for scorer in scorers:
            scorer.send(batch)
    while batch is not None:
        following = next(batches, None)
        answers: list[Predicted] = []
        for scorer in scorers:
            answers.append(scorer.receive())
            if following is not None:
                scorer.send(following)
        count(batch, [one.read(answer, batch) for one, answer in zip(scorers, answers, strict=True)])
        batch = following
    return first


def _ask_again(batch: Batch, scorers: Sequence[Scorer]) -> None:
    for scorer in scorers:
        scorer.ask_again(batch)
    for scorer in scorers:
        scorer.compare_again()


def differing(before: Predicted, again: Predicted) -> NDArray[np.bool_]:
    """Which of the same n rows (n,) are predicted otherwise: another label, or numbers further apart than
    SAME."""
    if before.kind is Kind.LABELS:
        texts = {text: code for code, text in enumerate(before.labels)}
        codes = np.array([texts.get(text, -1) for text in again.labels], dtype=np.int64)
        return np.asarray(codes[again.codes] != before.codes)
    larger = np.maximum(np.abs(before.values), np.abs(again.values))
    with np.errstate(over="ignore"):
        apart = np.abs(before.values - again.values) > SAME * larger
    return np.asarray(apart.any(axis=tuple(range(1, apart.ndim))))
