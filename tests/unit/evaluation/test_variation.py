"""Predictions that are the same for every row, whatever a batch is, and those that are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.policy import Task
from promoter.evaluation.figures import Numbers
from promoter.evaluation.readings import Meaning, Reading
from promoter.evaluation.variation import Variation

CHURN = Meaning(task=Task.BINARY, labels=("No", "Yes"), positive=1)
DIGITS = Meaning(task=Task.BINARY, labels=("0", "1"), positive=1)
COLOURS = Meaning(task=Task.MULTICLASS, labels=("blue", "green", "red"), positive=None)
WHOLE = "`red`, with the same probabilities"
PRICE = Meaning(task=Task.REGRESSION, labels=(), positive=None)


def codes(numbers: Sequence[float]) -> Reading:
    return Reading(codes=np.array(numbers, dtype=np.int64))


def scores(numbers: Sequence[float]) -> Reading:
    found = np.array(numbers, dtype=np.float64)
    return Reading(codes=(found >= 0.5).astype(np.int64), scores=found)


def values(numbers: Sequence[float]) -> Reading:
    return Reading(values=np.array(numbers, dtype=np.float64))


def shares(rows: Sequence[Sequence[float]]) -> Reading:
    found = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return Reading(codes=found.argmax(axis=1), probabilities=found)


def constant(meaning: Meaning, truth: Sequence[float], *readings: Reading) -> str:
    """What is told of batches; the truth is dealt out to them."""
    variation, rest = Variation(meaning=meaning), np.array(truth, dtype=np.float64)
    for reading in readings:
        found = next(part for part in (reading.codes, reading.scores, reading.values) if part is not None)
        variation.add(rest[: len(found)], reading)
        rest = rest[len(found) :]
    assert not len(rest)
    return str(variation.constant)


@pytest.mark.parametrize(
    ("meaning", "readings", "told"),
    [
        (CHURN, [codes([0, 0, 0])], "`No`"),
        (CHURN, [codes([1]), codes([]), codes([1, 1])], "`Yes`"),
        (CHURN, [scores([0.2, 0.2, 0.2])], "`No`, with the score 0.2 of `Yes`"),
        # labels that may yet be probabilities are told as labels
        (DIGITS, [scores([1, 1, 1])], "`1`"),
        (COLOURS, [codes([2, 2]), codes([2])], "`red`"),
        (COLOURS, [shares([[0.2, 0.3, 0.5]] * 2), shares([[0.2, 0.3, 0.5]])], WHOLE),
        (PRICE, [values([12.5, 12.5, 12.5])], "12.5"),
        (PRICE, [values([0, 0]), values([-0.0])], "-0"),
        # rounding, which may differ from batch to batch
        (CHURN, [scores([0.2, 0.2]), scores([0.2 * (1 + 1e-15)])], "`No`, with the score 0.2 of `Yes`"),
        (PRICE, [values([0.3, 0.3]), values([0.1 + 0.2])], "0.3"),
    ],
)  # fmt: skip
def test_the_same_for_every_row_is_told(meaning: Meaning, readings: list[Reading], told: str) -> None:
    assert constant(meaning, [0, 1, 0], *readings) == told


@pytest.mark.parametrize(
    ("meaning", "readings"),
    [
        (CHURN, [codes([0, 0, 1])]),
        (CHURN, [codes([0, 0]), codes([1])]),
        # the same label, by different scores: ranks and probabilities tell rows apart
        (CHURN, [scores([0.2, 0.2, 0.3])]),
        (CHURN, [scores([1e-12, 1e-12]), scores([2e-12])]),
        (COLOURS, [shares([[0.2, 0.3, 0.5], [0.3, 0.2, 0.5], [0.2, 0.3, 0.5]])]),
        (PRICE, [values([12.5, 12.5]), values([12.6])]),
        # small beside their size, and not beside how much the truth varies
        (PRICE, [values([1.7e12, 1.7e12, 1.7e12 + 1])]),
        (PRICE, [values([-1.7e308, 1.7e308, 0])]),
        (CHURN, []),
    ],
)
def test_what_varies_is_not(meaning: Meaning, readings: list[Reading]) -> None:
    assert constant(meaning, [0, 1, 0] if readings else [], *readings) == ""


@pytest.mark.parametrize(
    ("meaning", "truth", "reading"),
    [
        (PRICE, [7, 7, 7], values([7, 7, 7])),
        (PRICE, [7], values([8])),
        (CHURN, [1, 1], codes([0, 0])),
        (CHURN, [1], codes([0])),
    ],
    ids=["one value", "one row", "one class", "one row of a class"],
)
def test_where_the_truth_is_one_and_the_same_nothing_is_said(
    meaning: Meaning, truth: list[float], reading: Reading
) -> None:
    assert constant(meaning, truth, reading) == ""


KINDS: dict[str, tuple[Meaning, Callable[[Sequence[float]], Reading]]] = {
    "labels": (CHURN, codes),
    "scores": (CHURN, scores),
    "values": (PRICE, values),
}


@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=9),
    st.lists(st.integers(0, 4), max_size=5),
)
def test_batches_make_no_difference(kind: str, numbers: list[float], sizes: list[int]) -> None:
    meaning, reading = KINDS[kind]
    truth: Numbers = np.arange(len(numbers)) % 2
    parts, at = [], 0
    for size in (*sizes, len(numbers)):
        parts.append(reading(numbers[at : at + size]))
        at += size
    found = constant(meaning, [*truth], *parts)
    assert found == constant(meaning, [*truth], reading(numbers))
    assert bool(found) == (len(numbers) > 1 and len(set(numbers)) == 1)
