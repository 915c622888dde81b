"""Whether a model's predictions vary at all: one that says the same of every row has learned nothing.

Its figures may still look well: where nine rows in ten are of one label, accuracy is 0.9.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.readings import Meaning, Reading
from promoter.text import NOTHING, Message, quote, say

NEARLY = 1e-9
"""Numbers vary by more than this fraction: scores of the larger one, values of how much the truth varies.
Less is rounding, which may differ from batch to batch."""


@dataclass(kw_only=True)
class _Range:
    """The least and the greatest of each column, (k,), of whatever was seen."""

    least: FloatArray | None = None
    greatest: FloatArray | None = None

    def add(self, numbers: FloatArray | IntArray) -> None:
        """Rows (n,) or (n, k)."""
        if not len(numbers):
            return
        least, greatest = np.atleast_1d(numbers.min(axis=0)), np.atleast_1d(numbers.max(axis=0))
        self.least = least if self.least is None else np.minimum(self.least, least)
        self.greatest = greatest if self.greatest is None else np.maximum(self.greatest, greatest)

    @property
    def width(self) -> float:
        """How far apart the two are, of the widest column; 0 where nothing was seen."""
        if self.least is None or self.greatest is None:
            return 0.0
        with np.errstate(over="ignore"):
            return float((self.greatest - self.least).max())

    @property
    def size(self) -> float:
        """The largest of both without its sign."""
        if self.least is None or self.greatest is None:
            return 0.0
        return float(max(np.abs(self.least).max(), np.abs(self.greatest).max()))


@dataclass(kw_only=True)
class Variation:
    """One model's predictions, batch by batch, beside the truth. Memory is that of one row."""

    meaning: Meaning
    _truth: _Range = field(default_factory=_Range)
    _codes: _Range = field(default_factory=_Range)
    _scores: _Range = field(default_factory=_Range)
    _values: _Range = field(default_factory=_Range)
    _last: Reading | None = None

    def add(self, truth: IntArray | FloatArray, reading: Reading) -> None:
        """Take in the rows of one batch."""
        self._truth.add(truth)
        for seen, numbers in (
            (self._codes, reading.codes),
            (self._scores, reading.scores if reading.probabilities is None else reading.probabilities),
            (self._values, reading.values),
        ):
            if numbers is not None:
                seen.add(numbers)
        self._last = reading if len(truth) else self._last

    @property
    def constant(self) -> Message:
        """What was predicted for every row; empty where predictions vary, and where the truth does not."""
        varies = (
            self._codes.width > 0
            or self._scores.width > NEARLY * self._scores.size
            or self._values.width > NEARLY * self._truth.width
        )
        if varies or self._truth.width <= 0 or self._last is None:
            return NOTHING
        return self._in_words(self._last)

    def _in_words(self, reading: Reading) -> Message:
        """What the last row is, as all others are."""
        labels, positive = self.meaning.labels, self.meaning.positive
        if reading.codes is None:
            return say(_number(reading.values)) if reading.values is not None else NOTHING
        label = quote(labels[int(reading.codes[-1])])
        if reading.probabilities is not None:
            return say(label, ", with the same probabilities")
        if reading.scores is None or positive is None or _number(reading.scores) in labels:
            return say(label)
        return say(label, f", with the score {_number(reading.scores)} of ", quote(labels[positive]))


def _number(numbers: FloatArray) -> str:
    return f"{float(numbers[-1]):.6g}"
