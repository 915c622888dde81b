"""What a model's predictions mean for this data: codes of labels, scores of the positive class, or values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from promoter.core.policy import Task
from promoter.errors import ReasonCode
from promoter.evaluation.dataset_values import label_text
from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.sandbox.answers import Kind, Predicted
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.text import Message, quote, say

_HALF = 0.5
_TWO_CLASSES = 2


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """How to read predictions: the data's labels (none for a regression) and the positive one's code."""

    task: Task
    labels: tuple[str, ...]
    positive: int | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """The predictions of n rows. `codes` (n,) into the labels; `scores` (n,) of the positive class where the
    model gives probabilities; `values` (n,) of a regression."""

    codes: IntArray | None = None
    scores: FloatArray | None = None
    values: FloatArray | None = None


def read(predicted: Predicted, meaning: Meaning) -> Reading:
    """Raises ModelProblem when the predictions are none of this data's labels, or no numbers."""
    if meaning.task is Task.REGRESSION:
        return Reading(values=_values(predicted))
    if predicted.kind is Kind.LABELS:
        return Reading(codes=_known(predicted.labels, meaning)[predicted.codes])
    if predicted.kind is Kind.PROBABILITIES:
        return _of_probabilities(predicted, meaning)
    return _of_values(predicted.values, meaning)


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
            raise _problem(say("it predicts ", quote(text), ", which is no label of the data"))
    return np.array([meaning.labels.index(text) for text in texts], dtype=np.int64)


def _of_probabilities(predicted: Predicted, meaning: Meaning) -> Reading:
    codes = _known(_columns(predicted, meaning), meaning)
    scores = None
    if meaning.positive is not None:
        (found,) = np.nonzero(codes == meaning.positive)
        if len(found) != 1:
            raise _problem(
                say("none of its columns is named ", quote(meaning.labels[meaning.positive]), ", or several")
            )
        scores = predicted.values[:, found[0]]
    return Reading(codes=codes[predicted.values.argmax(axis=1)], scores=scores)


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


def _of_values(values: FloatArray, meaning: Meaning) -> Reading:
    distinct, inverse = np.unique(values, return_inverse=True)
    texts = tuple(label_text(float(value)) for value in distinct[: len(meaning.labels) + 1])
    if len(distinct) <= len(meaning.labels) and set(texts) <= set(meaning.labels):
        return Reading(codes=_known(texts, meaning)[inverse])
    binary = meaning.positive is not None and len(meaning.labels) == _TWO_CLASSES
    if not binary or values.min(initial=0) < 0 or values.max(initial=0) > 1:
        raise _problem(say("it predicts numbers that are neither labels of the data nor probabilities"))
    positive = meaning.positive or 0
    return Reading(codes=np.where(values >= _HALF, positive, 1 - positive), scores=values)


def _problem(message: Message) -> ModelProblem:
    return ModelProblem(
        message,
        hint=say(
            "Have the model return labels as they stand in the data, or a column of probabilities a label."
        ),
        reason=ReasonCode.CHECKS_FAILED,
    )
