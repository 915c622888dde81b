"""What a model's predictions mean for this data: codes of labels, scores of the positive class, or values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from promoter.core.policy import Task
from promoter.errors import ReasonCode
from promoter.evaluation.dataset_values import label_text
from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.sandbox.answers import Kind, Predicted
from promoter.evaluation.sandbox.problems import ModelProblem, briefly
from promoter.text import Message, quote, say

_HALF = 0.5
_TWO_CLASSES = 2
ROUNDED = 1e-3
"""What probabilities of half or single precision may be off."""


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """How to read predictions: the data's labels (none for a regression) and the positive one's code."""

    task: Task
    labels: tuple[str, ...]
    positive: int | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """The predictions of n rows. `codes` (n,) into the labels; `scores` (n,) of the positive class where the
    model gives probabilities, or may yet turn out to; `probabilities` (n, K) of each label, where none is the
    positive one; `values` (n,) of a regression."""

    codes: IntArray | None = None
    scores: FloatArray | None = None
    values: FloatArray | None = None
    probabilities: FloatArray | None = None


class ReadAnew(Exception):
    """What was read as labels turns out to be probabilities, of which some would be other labels. Read all
    rows again with the same reader: it knows now, and raises this no more."""


class _Form(Enum):
    UNDECIDED = auto()
    LABELS = auto()
    PROBABILITIES = auto()


class Reader:
    """Reads one model's predictions batch by batch, as if all rows came in one.

    A column of numbers is of labels where every number of it is a label of the data, and otherwise, where
    there are two labels, of probabilities. One batch does not tell: labels 0 and 1 may be probabilities that
    are quite sure. Until a number decides, codes are those of labels, and the scores go with them: most often
    both ways of reading have the same codes.

    `scored`: whether a figure of probabilities is asked for.
    """

    def __init__(self, meaning: Meaning, *, scored: bool = False) -> None:
        self.meaning = meaning
        self._scored = scored
        self._form = _Form.UNDECIDED
        self._labels_only = False
        self._numbers, self._codes = _numbers(meaning.labels)
        self._ranks = label_ranks(meaning.labels)
        self._binary = meaning.positive is not None and len(meaning.labels) == _TWO_CLASSES

    def read(self, predicted: Predicted) -> Reading:
        """Raises ModelProblem when the predictions are none of this data's labels, or no numbers, or when
        probabilities are needed and it gives none; ReadAnew."""
        reading = self._read(predicted)
        if self._scored and reading.scores is None and reading.probabilities is None:
            raise _no_scores()
        if self._scored and predicted.kind is Kind.PROBABILITIES:
            _require_shares(predicted.values if reading.probabilities is None else reading.probabilities)
        return reading

    @property
    def gives_probabilities(self) -> bool:
        """Whether what was read so far are probabilities, for sure."""
        return self._form is _Form.PROBABILITIES

    def end(self) -> None:
        """After the last batch. Raises ModelProblem when all the numbers were labels after all, and
        probabilities are needed."""
        if self._scored and not self.gives_probabilities:
            raise _no_scores()

    def _read(self, predicted: Predicted) -> Reading:
        if self.meaning.task is Task.REGRESSION:
            return Reading(values=_values(predicted))
        if predicted.kind is Kind.LABELS:
            return Reading(codes=_known(predicted.labels, self.meaning)[predicted.codes])
        if predicted.kind is Kind.PROBABILITIES:
            self._form = _Form.PROBABILITIES
            return _of_probabilities(predicted, self.meaning, ranks=self._ranks)
        return self._of_values(predicted.values)

    def _of_values(self, values: FloatArray) -> Reading:
        within = self._binary and values.min(initial=0) >= 0 and values.max(initial=0) <= 1
        if self._form is not _Form.PROBABILITIES:
            codes, are_labels = self._looked_up(values)
            if are_labels:
                return self._of_labels(codes, values, within=within)
        if self._form is _Form.LABELS or not within:
            raise _problem(say("it predicts numbers that are neither labels of the data nor probabilities"))
        self._form = _Form.PROBABILITIES
        if self._labels_only:
            self._labels_only = False
            raise ReadAnew
        return Reading(codes=self._halved(values), scores=values)

    def _of_labels(self, codes: IntArray, values: FloatArray, *, within: bool) -> Reading:
        """All of them are labels; as long as none lies outside 0 to 1, they may be probabilities too."""
        if not within:
            self._form = _Form.LABELS
        if self._form is _Form.LABELS:
            return Reading(codes=codes)
        # With the positive label 0, or labels 1 and 2, a 1 means another label when it is a probability.
        self._labels_only = self._labels_only or bool((codes != self._halved(values)).any())
        return Reading(codes=codes, scores=values)

    def _looked_up(self, values: FloatArray) -> tuple[IntArray, bool]:
        """The data's code of each number, and whether every number has one."""
        if not len(self._numbers):
            return np.zeros(len(values), dtype=np.int64), not len(values)
        at = np.searchsorted(self._numbers, values).clip(max=len(self._numbers) - 1)
        return self._codes[at], bool((self._numbers[at] == values).all())

    def _halved(self, values: FloatArray) -> IntArray:
        """The likelier label; of two equally likely ones the first, as in `_of_probabilities`."""
        positive = self.meaning.positive or 0
        is_first = bool(self._ranks[positive] < self._ranks[1 - positive])
        is_positive = values >= _HALF if is_first else values > _HALF
        return np.where(is_positive, positive, 1 - positive)


def label_ranks(labels: tuple[str, ...]) -> IntArray:
    """(K,): where each label stands in their order, by size where all are numbers, else as text. It is the
    order of scikit-learn's `classes_`, and its `predict` takes the first of equally likely classes."""
    ordered = _by_size(tuple(sorted(labels)))
    return np.array([ordered.index(label) for label in labels], dtype=np.int64)


def _numbers(labels: tuple[str, ...]) -> tuple[FloatArray, IntArray]:
    """Those labels that are numbers as `label_text` writes them, ascending, and the code of each."""
    found = sorted((float(text), code) for code, text in enumerate(labels) if _is_number(text))
    numbers: NDArray[np.float64] = np.array([number for number, _ in found], dtype=np.float64)
    return numbers, np.array([code for _, code in found], dtype=np.int64)


def _is_number(text: str) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    return math.isfinite(number) and label_text(number) == text


def _values(predicted: Predicted) -> FloatArray:
    if predicted.kind is Kind.VALUES:
        return predicted.values
    if predicted.kind is Kind.PROBABILITIES and predicted.values.shape[1] == 1:
        return predicted.values[:, 0]
    raise _problem(say("it predicts ", predicted.kind.value, " where a regression needs one number a row"))


def _known(texts: tuple[str, ...], meaning: Meaning) -> IntArray:
    """The data's code of each text."""
    for text in texts:
        if text not in meaning.labels:
            raise _problem(say("it predicts ", briefly(text), ", which is no label of the data"))
    return np.array([meaning.labels.index(text) for text in texts], dtype=np.int64)


def _of_probabilities(predicted: Predicted, meaning: Meaning, *, ranks: IntArray) -> Reading:
    codes = _known(_columns(predicted, meaning), meaning)
    scores = probabilities = None
    if meaning.positive is None:
        probabilities = _of_each_label(predicted, codes, labels=meaning.labels)
    else:
        (found,) = np.nonzero(codes == meaning.positive)
        if len(found) != 1:
            raise _problem(
                say("none of its columns is named ", quote(meaning.labels[meaning.positive]), ", or several")
            )
        scores = predicted.values[:, found[0]]
    # argmax takes the first of equal ones, so the columns stand in the labels' order, not in the table's
    order = np.argsort(ranks[codes], kind="stable")
    codes = codes[order][predicted.values[:, order].argmax(axis=1)]
    return Reading(codes=codes, scores=scores, probabilities=probabilities)


def _of_each_label(predicted: Predicted, codes: IntArray, *, labels: tuple[str, ...]) -> FloatArray:
    """(n, K): the probability of each label, 0 where the model has no column for it."""
    if len(np.unique(codes)) < len(codes):
        raise _problem(say("several of its columns have the same name"))
    probabilities = np.zeros((len(predicted.values), len(labels)))
    probabilities[:, codes] = predicted.values
    return probabilities


def _require_shares(probabilities: FloatArray) -> None:
    """Raises ModelProblem for numbers that are none from 0 to 1, such as scores of a decision, and for rows
    of several that do not add up to 1, as a softmax in single precision does."""
    low, high = probabilities.min(initial=0), probabilities.max(initial=0)
    if low < -ROUNDED or high > 1 + ROUNDED:
        raise _problem(say("its columns are no probabilities: some numbers are below 0 or above 1"))
    several = probabilities.shape[1] > 1
    if several and np.abs(probabilities.sum(axis=1) - 1).max(initial=0) > ROUNDED:
        raise _problem(say("its columns are no probabilities: in some row they do not add up to 1"))


def _columns(predicted: Predicted, meaning: Meaning) -> tuple[str, ...]:
    """The label of each column. Columns without names of ours stand in the order of the labels."""
    labels, columns = meaning.labels, predicted.values.shape[1]
    if set(predicted.labels) & set(labels) and not _counts_columns(predicted.labels):
        return predicted.labels
    if predicted.labels and set(predicted.labels) <= set(labels):
        return predicted.labels
    if columns != len(labels):
        raise _problem(say(f"it predicts {columns} columns for {len(labels)} labels, and does not name them"))
    if _by_size(labels) != labels:
        # Whether it learned numbers or texts decides their order, and nothing here tells which.
        raise _problem(say("it does not name its columns, and as numbers the labels stand in another order"))
    return labels


def _counts_columns(names: tuple[str, ...]) -> bool:
    """Whether the names are those that pandas gives to columns without a name."""
    return names == tuple(str(at) for at in range(len(names)))


def _by_size(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels in the order of numbers, where all are numbers."""
    try:
        return tuple(sorted(labels, key=float))
    except ValueError:
        return labels


def _no_scores() -> ModelProblem:
    return ModelProblem(
        say("it predicts labels, and the policy asks for a figure of probabilities"),
        hint=say("Log the model so that it predicts probabilities, or judge by figures of labels."),
        reason=ReasonCode.CHECKS_FAILED,
    )


def _problem(message: Message) -> ModelProblem:
    return ModelProblem(
        message,
        hint=say(
            "Have the model return labels as they stand in the data, or a column of probabilities a label."
        ),
        reason=ReasonCode.CHECKS_FAILED,
    )
