"""What predictions mean: codes, scores or values, and what means nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer
from sklearn.neighbors import KNeighborsClassifier

from promoter.core.policy import Task
from promoter.errors import ReasonCode
from promoter.evaluation.figures import FloatArray, IntArray
from promoter.evaluation.readings import Meaning, ReadAnew, Reader, Reading
from promoter.evaluation.sandbox.answers import Kind, Predicted
from promoter.evaluation.sandbox.problems import ModelProblem

CHURN = Meaning(task=Task.BINARY, labels=("No", "Yes"), positive=1)
DIGITS = Meaning(task=Task.BINARY, labels=("0", "1"), positive=1)
ONE_AND_TWO = Meaning(task=Task.BINARY, labels=("1", "2"), positive=1)
TWO_AND_TEN = Meaning(task=Task.BINARY, labels=("10", "2"), positive=0)
COLOURS = Meaning(task=Task.MULTICLASS, labels=("blue", "green", "red"), positive=None)
PRICE = Meaning(task=Task.REGRESSION, labels=(), positive=None)


def labels(*texts: str) -> Predicted:
    distinct = tuple(dict.fromkeys(texts))
    codes = np.array([distinct.index(text) for text in texts], dtype=np.int32)
    return Predicted(kind=Kind.LABELS, seconds=0.0, labels=distinct, codes=codes)


def values(*numbers: float) -> Predicted:
    return Predicted(kind=Kind.VALUES, seconds=0.0, values=np.array(numbers, dtype=np.float64))


def columns(rows: Sequence[Sequence[float]], *names: str) -> Predicted:
    table = np.array(rows, dtype=np.float64)
    return Predicted(kind=Kind.PROBABILITIES, seconds=0.0, values=table, labels=names)


def shown(array: IntArray | FloatArray | None) -> list[float] | None:
    return None if array is None else [float(number) for number in array]


def read(predicted: Predicted, meaning: Meaning) -> Reading:
    """All rows in one batch."""
    return Reader(meaning).read(predicted)


def codes_and_scores(reading: Reading) -> tuple[list[float] | None, list[float] | None]:
    assert reading.values is None
    return shown(reading.codes), shown(reading.scores)


@pytest.mark.parametrize(
    ("predicted", "meaning", "expected"),
    [
        (labels("Yes", "No", "Yes"), CHURN, ([1, 0, 1], None)),
        (labels("red", "blue"), COLOURS, ([2, 0], None)),
        (labels(), CHURN, ([], None)),
        # whole floats are labels, as pandas makes them of whole numbers beside a missing one; 0 and 1 may yet
        # be probabilities
        (values(1.0, 0.0, 0.0), DIGITS, ([1, 0, 0], [1.0, 0.0, 0.0])),
        (values(1.0), DIGITS, ([1], [1.0])),
        (values(1.0, 2.0), ONE_AND_TWO, ([0, 1], None)),
        (values(-0.0), DIGITS, ([0], [0.0])),
        (
            values(2.0, 10.0),
            Meaning(task=Task.MULTICLASS, labels=("1", "10", "2"), positive=None),
            ([2, 1], None),
        ),
        # scores of the positive class, whichever code it has
        (values(0.2, 0.5, 0.9), CHURN, ([0, 0, 1], [0.2, 0.5, 0.9])),
        # of two labels equally likely it is the first, in the labels' order, however the columns stand
        (values(0.5), Meaning(task=Task.BINARY, labels=("No", "Yes"), positive=0), ([0], [0.5])),
        (columns([[0.5, 0.5]], "Yes", "No"), CHURN, ([0], [0.5])),
        (columns([[0.1, 0.45, 0.45]], "blue", "red", "green"), COLOURS, ([1], None)),
        (values(0.5), Meaning(task=Task.BINARY, labels=("10", "2"), positive=0), ([1], [0.5])),
        (
            columns([[0.5, 0.5]], "10", "2"),
            Meaning(task=Task.BINARY, labels=("10", "2"), positive=0),
            ([1], [0.5]),
        ),
        (values(0.2, 0.9), Meaning(task=Task.BINARY, labels=("No", "Yes"), positive=0), ([1, 0], [0.2, 0.9])),
        (values(0.0, 1.0, 0.3), DIGITS, ([0, 1, 0], [0.0, 1.0, 0.3])),
        (values(1.0, 0.3), ONE_AND_TWO, ([1, 0], [1.0, 0.3])),
        (columns([[0.9, 0.1], [0.3, 0.7]]), CHURN, ([0, 1], [0.1, 0.7])),
        (columns([[0.9, 0.1], [0.3, 0.7]], "Yes", "No"), CHURN, ([1, 0], [0.9, 0.3])),
        (columns([[0.9, 0.1], [0.3, 0.7]], "0", "1"), CHURN, ([0, 1], [0.1, 0.7])),
        (columns([[0.9, 0.1]], "p_no", "p_yes"), CHURN, ([0], [0.1])),
        (columns([[0.1, 0.2, 0.7]]), COLOURS, ([2], None)),
        (columns([[0.1, 0.9]], "red", "green"), COLOURS, ([1], None)),
    ],
)
def test_a_classification_is_read_as_codes_and_scores(
    predicted: Predicted, meaning: Meaning, expected: tuple[list[float], list[float] | None]
) -> None:
    assert codes_and_scores(read(predicted, meaning)) == expected


@pytest.mark.parametrize("predicted", [values(1.5, -2.0), columns([[1.5], [-2.0]])])
def test_a_regression_is_read_as_values(predicted: Predicted) -> None:
    reading = read(predicted, PRICE)
    assert (shown(reading.values), reading.codes, reading.scores) == ([1.5, -2.0], None, None)


ELEVEN = Meaning(task=Task.MULTICLASS, labels=tuple(sorted(str(n) for n in range(11))), positive=None)


@pytest.mark.parametrize(
    ("predicted", "meaning", "told"),
    [
        (labels("Yes", "Perhaps"), CHURN, "Perhaps"),
        (values(0.2, 1.2), CHURN, "neither labels of the data nor probabilities"),
        (values(-0.1), CHURN, "neither labels of the data nor probabilities"),
        (values(0.2, 0.4), COLOURS, "neither labels of the data nor probabilities"),
        (values(2.0, 0.3), ONE_AND_TWO, "neither labels of the data nor probabilities"),
        # a text that only looks like the number is another label
        (values(2.0), Meaning(task=Task.BINARY, labels=("1", "2.0"), positive=1), "neither labels"),
        (columns([[0.1, 0.9]]), COLOURS, "2 columns for 3 labels"),
        (columns([[0.1, 0.2, 0.7]], "No", "Yes", "Perhaps"), CHURN, "Perhaps"),
        # as many columns as labels, one of them named otherwise: the place of a column does not tell
        (columns([[0.1, 0.9]], "Yes", "Perhaps"), CHURN, "Perhaps"),
        (columns([[0.1, 0.9]], "No", "No"), CHURN, "Yes"),
        (columns([[0.1, 0.9]], "Yes", "Yes"), CHURN, "Yes"),
        (columns([[0.0] * 11]), ELEVEN, "another order"),
        (labels("Yes"), PRICE, "predicts labels where a regression needs one number"),
        (columns([[0.1, 0.9]]), PRICE, "predicts probabilities where a regression needs one number"),
    ],
)
def test_what_means_nothing_is_the_models_problem(predicted: Predicted, meaning: Meaning, told: str) -> None:
    with pytest.raises(ModelProblem) as caught:
        read(predicted, meaning)
    assert told in str(caught.value)
    assert caught.value.reason is ReasonCode.CHECKS_FAILED
    assert str(caught.value.hint)


def test_columns_named_by_numbers_are_read_by_their_names() -> None:
    names = tuple(str(number) for number in range(11))
    reading = read(columns(np.eye(11).tolist(), *names), ELEVEN)
    assert reading.codes is not None
    assert [ELEVEN.labels[code] for code in reading.codes] == list(names)


# --- one column of numbers, in batches of any size -----------------------------------------------------

Outcome = tuple[list[float] | None, bool] | str


def in_batches(numbers: Sequence[float], sizes: Sequence[int], meaning: Meaning) -> Outcome:
    """The codes of all rows and whether their scores count, or what is wrong; begun again where asked."""
    reader = Reader(meaning)
    for _ in range(2):
        try:
            return _in_one_go(reader, numbers, sizes)
        except ReadAnew:
            continue
        except ModelProblem as problem:
            return str(problem)
    raise AssertionError("asked to be read anew twice")


def _in_one_go(reader: Reader, numbers: Sequence[float], sizes: Sequence[int]) -> Outcome:
    codes: list[float] = []
    at = 0
    for size in (*sizes, len(numbers)):
        part = numbers[at : at + size]
        at += size
        reading = reader.read(values(*part))
        codes += shown(reading.codes) or []
        # a score that is told is always the number itself
        assert shown(reading.scores) in (None, [float(number) for number in part])
    return codes, reader.gives_probabilities


LABELS = ["0", "1", "2", "-1", "0.3", "0.7", "No", "Yes", "10", "2.0"]
NUMBERS = st.sampled_from([0.0, 1.0, -0.0, 2.0, -1.0, 0.3, 0.5, 0.7, 10.0, 1e-12])
MEANINGS = st.builds(
    lambda labels, positive: Meaning(
        task=Task.BINARY if positive is not None else Task.MULTICLASS,
        labels=tuple(sorted(labels)),
        positive=positive,
    ),
    st.lists(st.sampled_from(LABELS), min_size=2, max_size=2, unique=True),
    st.sampled_from([0, 1, None]),
)


@given(MEANINGS, st.lists(NUMBERS, min_size=1, max_size=8), st.lists(st.integers(0, 3), max_size=6))
def test_what_numbers_mean_does_not_depend_on_the_batches(
    meaning: Meaning, numbers: list[float], sizes: list[int]
) -> None:
    assert in_batches(numbers, sizes, meaning) == in_batches(numbers, [], meaning)


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("labels_of", [("0", "1"), ("1", "2"), ("0", "2"), ("0", "0.3")])
def test_a_sure_batch_before_an_unsure_one_is_read_as_probabilities_all_the_same(
    positive: int, labels_of: tuple[str, ...]
) -> None:
    meaning = Meaning(task=Task.BINARY, labels=labels_of, positive=positive)
    sure = float(labels_of[0])
    expected = [positive if sure == 1 else 1 - positive, positive]
    assert in_batches([sure, 0.9], [1], meaning) == ([float(code) for code in expected], True)


@pytest.mark.parametrize(
    ("predicted", "meaning"),
    [(labels("No"), CHURN), (values(1.0, 2.0), ONE_AND_TWO), (labels("red"), COLOURS)],
)
def test_a_figure_of_probabilities_needs_probabilities(predicted: Predicted, meaning: Meaning) -> None:
    Reader(meaning).read(predicted)
    with pytest.raises(ModelProblem, match="figure of probabilities") as caught:
        Reader(meaning, scored=True).read(predicted)
    assert caught.value.reason is ReasonCode.CHECKS_FAILED


@pytest.mark.parametrize(
    ("rows", "names", "wrong"),
    [
        ([[-1.5, 1.5], [0.7, 0.3]], ("No", "Yes"), "below 0 or above 1"),
        ([[0.5, 0.5], [0.0, 1.1]], (), "below 0 or above 1"),
        ([[2.5]], ("Yes",), "below 0 or above 1"),
        ([[0.5, 0.5], [0.9, 0.9]], ("No", "Yes"), "do not add up to 1"),
    ],
    ids=["scores of a decision", "without names", "one column", "shares"],
)
def test_columns_that_are_no_probabilities_reach_no_figure_of_them(
    rows: list[list[float]], names: tuple[str, ...], wrong: str
) -> None:
    predicted = columns(rows, *names)
    with pytest.raises(ModelProblem, match=wrong) as caught:
        Reader(CHURN, scored=True).read(predicted)
    assert caught.value.reason is ReasonCode.CHECKS_FAILED
    # labels can be told from any scores
    assert Reader(CHURN).read(predicted).codes is not None


@pytest.mark.parametrize("row", [[0.0, 1.0], [-0.0004, 1.0004], [0.3335, 0.666]])
def test_probabilities_of_two_labels_may_be_rounded(row: list[float]) -> None:
    assert shown(Reader(CHURN, scored=True).read(columns([row])).scores) == [row[1]]


def test_numbers_that_were_labels_to_the_last_are_no_probabilities() -> None:
    reader, lenient = Reader(DIGITS, scored=True), Reader(DIGITS)
    for one in (reader, lenient):
        one.read(values(0.0, 1.0))
        one.read(values(1.0))
    lenient.end()
    with pytest.raises(ModelProblem, match="figure of probabilities"):
        reader.end()
    reader.read(values(0.2))
    reader.end()


@pytest.mark.parametrize("form", ["column", "columns", "columns the other way round"])
def test_ties_of_two_neighbours_are_read_as_scikit_learn_predicts(form: str) -> None:
    features, truth = load_breast_cancer(return_X_y=True)
    model = KNeighborsClassifier(2).fit(features[::2], truth[::2])
    shares = model.predict_proba(features)
    assert int((shares[:, 1] == 0.5).sum()) > 10
    predicted = {
        "column": values(*shares[:, 1]),
        "columns": columns(shares, "0", "1"),
        "columns the other way round": columns(shares[:, ::-1], "1", "0"),
    }[form]
    codes = read(predicted, DIGITS).codes
    assert codes is not None
    assert codes.tolist() == model.predict(features).tolist()
