"""Tables of predictions as somebody may have logged them: joined by id, or the version's problem."""

from __future__ import annotations

import pickle
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from promoter.core.policy import Task
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation import prediction_table
from promoter.evaluation.dataset import Dataset, DatasetSpec, open_dataset
from promoter.evaluation.dataset_ids import Ids
from promoter.evaluation.prediction_source import Logged, LoggedWorker, open_logged
from promoter.evaluation.readings import Meaning, Reader
from promoter.evaluation.sandbox.answers import Kind, Predicted
from promoter.evaluation.sandbox.problems import ModelProblem

IDS = (11, 12, 13, 14, 15, 16)
LABELS = ("No", "Yes", "No", "Yes", "No", "Yes")


def data(folder: Path, ids: object = IDS, *, task: Task = Task.BINARY) -> Dataset:
    path = folder / "holdout.parquet"
    target = LABELS if task is Task.BINARY else tuple(float(len(text)) for text in LABELS)
    parquet.write_table(pa.table({"id": ids, "x": [0.5] * len(LABELS), "y": target}), path)
    return open_dataset(DatasetSpec(path=path, name="data/h.parquet", target="y", task=task, id="id"))


def table(folder: Path, columns: dict[str, object], form: str = "parquet") -> Path:
    path = folder / f"predictions.{form}"
    if form == "csv":
        pd.DataFrame(columns).to_csv(path, index=False)
    else:
        parquet.write_table(pa.table(columns), path)
    return path


def opened(path: Path, dataset: Dataset, columns: tuple[str, ...] = ()) -> LoggedWorker:
    logged = Logged(table=path, id="id", columns=columns, digest="d", run_id="r1")
    wanted = Kind.LABELS if dataset.labels else Kind.VALUES
    with open_logged(logged, dataset, wanted=wanted) as worker:
        return worker


def predicted(path: Path, dataset: Dataset, columns: tuple[str, ...] = ()) -> list[Predicted]:
    """The answers to batches of four rows."""
    worker = opened(path, dataset, columns)
    found = []
    for batch in dataset.batches(4):
        worker.send(batch)
        found.append(worker.receive())
    assert worker.finish().finished
    return found


def texts(answers: list[Predicted]) -> list[str]:
    return [answer.labels[code] for answer in answers for code in answer.codes]


def problem(path: Path, dataset: Dataset, columns: tuple[str, ...] = ()) -> str:
    """What is wrong with a table, as the version's run tells it too."""
    worker = opened(path, dataset, columns)
    with pytest.raises(ModelProblem) as caught:
        worker.load()
    run = worker.finish()
    assert (run.problem, caught.value.reason) == (caught.value.message, ReasonCode.CHECKS_FAILED)
    return str(run.problem)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_rows_are_joined_by_id_whatever_their_order(tmp_path: Path, form: str) -> None:
    path = table(tmp_path, {"said": LABELS[::-1], "id": IDS[::-1]}, form)
    assert texts(predicted(path, data(tmp_path))) == list(LABELS)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_ids_may_be_text(tmp_path: Path, form: str) -> None:
    ids = [f"customer {i}, é" for i in IDS]
    path = table(tmp_path, {"id": ids[::-1], "said": LABELS[::-1]}, form)
    assert texts(predicted(path, data(tmp_path, ids))) == list(LABELS)


def test_categories_and_narrow_numbers_are_the_ids_they_stand_for(tmp_path: Path) -> None:
    dataset = data(tmp_path, pa.array(IDS, pa.uint8()))
    assert texts(predicted(table(tmp_path, {"id": IDS, "said": LABELS}), dataset)) == list(LABELS)
    words = pa.array(["a", "b", "c", "d", "e", "f"])
    dataset = data(tmp_path, words.dictionary_encode())
    said = pa.array(LABELS).dictionary_encode()
    assert texts(predicted(table(tmp_path, {"id": words, "said": said}), dataset)) == list(LABELS)


@given(st.permutations(range(40)), st.permutations(range(40)))
def test_a_place_is_where_the_same_id_stands(one: list[int], other: list[int]) -> None:
    for kind in (int, str):
        ids = [pa.array([kind(value) for value in values]) for values in (one, other)]
        places = Ids.of(ids[0]).places(Ids.of(ids[1]))
        assert places is not None
        assert ids[1].take(pa.array(places)).equals(ids[0])


def test_probabilities_bear_their_labels_names(tmp_path: Path) -> None:
    yes = np.linspace(0, 1, 6)
    path = table(tmp_path, {"id": IDS, "Yes": yes, "No": 1 - yes})
    first, second = predicted(path, data(tmp_path))
    assert (first.kind, first.labels) == (Kind.PROBABILITIES, ("Yes", "No"))
    assert np.array_equal(np.vstack([first.values, second.values]), np.column_stack([yes, 1 - yes]))


def test_named_columns_alone_hold_predictions(tmp_path: Path) -> None:
    path = table(tmp_path, {"id": IDS, "y": LABELS, "score": np.arange(6) / 10})
    found = predicted(path, data(tmp_path), ("score",))
    assert np.concatenate([one.values for one in found]).tolist() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert "its column `y` is no label of the data" in problem(path, data(tmp_path))


def test_values_of_a_regression_may_be_whole_numbers(tmp_path: Path) -> None:
    found = predicted(table(tmp_path, {"id": IDS, "v": range(6)}), data(tmp_path, task=Task.REGRESSION))
    assert np.concatenate([one.values for one in found]).tolist() == [0, 1, 2, 3, 4, 5]
    assert found[0].kind is Kind.VALUES


def test_an_index_of_pandas_is_no_prediction(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    pd.DataFrame({"id": IDS, "said": LABELS}, index=[9, 8, 7, 6, 5, 4]).to_parquet(path)
    assert texts(predicted(path, data(tmp_path))) == list(LABELS)


def test_what_was_logged_is_told_and_nothing_ran(tmp_path: Path) -> None:
    path = table(tmp_path, {"id": IDS, "said": LABELS})
    run = opened(path, data(tmp_path)).finish()
    assert (run.environment, run.digest) == ("predictions logged by run r1", "d")
    assert (run.size, run.ran, run.finished) == (path.stat().st_size, False, True)


SIX = list(LABELS)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"id": IDS[:4], "said": SIX[:4]}, "2 of 6 ids of the data are not in it, such as of rows 5 and 6"),
        (
            {"id": (*IDS, 90), "said": [*SIX, "No"]},
            "at least 1 of its ids are not in the data, such as of its row",
        ),
        (
            {"id": (*IDS[:5], 7), "said": SIX},
            "of row 6; 1 of its ids are not in the data, such as of its",
        ),
        ({"id": (*IDS[:5], 15), "said": SIX}, "1 of its rows have the id of an earlier row, such as row 6"),
        ({"id": [*IDS[:5], None], "said": SIX}, "the id is missing in 1 of its rows"),
        ({"id": pa.nulls(6), "said": SIX}, "the id is missing in 6 of its rows"),
        ({"id": [*map(str, IDS)], "said": SIX}, "its ids are text, and those of the data whole numbers"),
        ({"id": [*map(float, IDS)], "said": SIX}, "double, neither whole numbers nor text"),
        ({"id": [*map(Decimal, IDS)], "said": SIX}, "neither whole numbers nor text"),
        ({"id": pa.array([2**63 + i for i in IDS], pa.uint64()), "said": SIX}, "beyond 9,223,372"),
        ({"id": ["x" * 1001] * 6, "said": SIX}, "texts longer than 1,000 bytes"),
        ({"id": pa.array([], pa.int64()), "said": pa.array([], pa.string())}, "it has no rows"),
        ({"key": IDS, "said": SIX}, "it has no column `id`; it has `key`, `said`"),
        ({"id": IDS}, "it has no column beside the id `id`"),
        ({"id": IDS, "said": [*SIX[:5], None]}, "nothing (null) for 1 of 6 rows"),
        ({"id": IDS, "p": [0.5] * 5 + [None]}, "NaN, null or an infinite number for 1 of 6 rows"),
        ({"id": IDS, "p": [0.5] * 5 + [float("nan")]}, "NaN, null or an infinite number"),
        ({"id": IDS, "p": [0.5] * 5 + [float("inf")]}, "NaN, null or an infinite number"),
        ({"id": IDS, "No": [0.5] * 6, "Yes": [0.5] * 5 + [float("inf")]}, "for 1 of 6 rows"),
        ({"id": IDS, "No": ["a"] * 6, "Yes": [0.5] * 6}, "of type object"),
        ({"id": IDS, "p": [[0.5, 0.5]] * 6}, "its column `p` is of type `list<element: double>`"),
        ({"id": IDS, "p": [b"No"] * 6}, "neither labels nor numbers"),
        ({"id": IDS, "Yes": [0.5] * 6}, "of the labels only `Yes` has a column"),
        ({"id": IDS, "a": [0.5] * 6, "b": [0.5] * 6}, "its column `a` is no label of the data"),
    ],
)
def test_a_table_that_does_not_fit_is_the_versions_problem(
    columns: dict[str, object], told: str, tmp_path: Path
) -> None:
    assert told in problem(table(tmp_path, columns), data(tmp_path))


def test_labels_and_columns_mean_nothing_to_a_regression(tmp_path: Path) -> None:
    dataset = data(tmp_path, task=Task.REGRESSION)
    assert "labels where numbers are wanted" in problem(table(tmp_path, {"id": IDS, "v": SIX}), dataset)
    two = table(tmp_path, {"id": IDS, "v": [1.0] * 6, "w": [1.0] * 6})
    assert "a regression needs one" in problem(two, dataset)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("p.csv", b"", "an empty file"),
        ("p.csv", pickle.dumps([1, 2]), "its bytes are no text"),
        ("p.csv", b"id,said\n11,No\n12,Yes,more\n", "a row has 3 cells and the header 2"),
        ("p.csv", b"id,said,said\n11,No,No\n", "two columns of the name `said`"),
        ("p.csv", b"id,said\n11,No\nabc,Yes\n", "its ids are text"),
        ("p.parquet", b"PAR1 and so on", "its bytes do not"),
        ("p.parquet", b"PAR1" + b"\x00" * 100 + b"PAR1", "cannot be read"),
    ],
)
def test_bytes_that_are_no_table_are_the_versions_problem(
    name: str, content: bytes, told: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    found = problem(path, data(tmp_path))
    assert told in found
    assert "its table of predictions cannot be used" in found
    assert "the data `" not in found


@given(st.data())
def test_no_id_is_told_to_whoever_sees_the_pull_request(data: st.DataObject) -> None:
    people = [f"user{number}@example.com" for number in range(8)]
    ours = data.draw(st.lists(st.sampled_from(people), min_size=1, unique=True))
    theirs = data.draw(st.lists(st.sampled_from(people), min_size=1))
    found = prediction_table.Table(
        ids=pa.array(theirs, pa.large_string()),
        predictions=pa.table({"said": ["No"] * len(theirs)}),
        is_cut=False,
    )
    wanted = Ids.of(pa.array(ours, pa.large_string()))
    if sorted(theirs) == sorted(ours):
        assert [theirs[row] for row in prediction_table.join(found, wanted)] == ours
        return
    with pytest.raises(ModelProblem) as caught:
        prediction_table.join(found, wanted)
    assert "@" not in str(caught.value)


@pytest.mark.parametrize(("length", "shown"), [(40, "x" * 40), (41, "x" * 39 + "…"), (900, "x" * 39 + "…")])
def test_text_that_is_no_label_is_shown_in_short(length: int, shown: str) -> None:
    reader = Reader(Meaning(task=Task.BINARY, labels=("No", "Yes"), positive=1))
    said = Predicted(kind=Kind.LABELS, seconds=0.0, labels=("x" * length,), codes=np.zeros(1, np.int32))
    with pytest.raises(ModelProblem) as caught:
        reader.read(said)
    assert f"it predicts `{shown}`, which is no label of the data" in str(caught.value)


@given(st.lists(st.integers(0, 9), min_size=1))
def test_repeats_are_the_rows_whose_id_was_there_before(values: list[int]) -> None:
    expected = [place for place, value in enumerate(values) if value in values[:place]]
    assert Ids.of(pa.array(values)).repeats.tolist() == expected


def test_one_long_text_in_every_row_is_not_written_out(tmp_path: Path) -> None:
    """A gigabyte of text in a file of a few kilobytes; read plainly it would be in memory."""
    rows = 3_000
    texts_ = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * 400_000]))
    path = tmp_path / "predictions.parquet"
    parquet.write_table(pa.table({"id": texts_, "said": ["No"] * rows}), path, store_schema=False)
    assert path.stat().st_size < 2_000_000
    before = pa.default_memory_pool().max_memory()
    assert "texts longer than" in problem(path, data(tmp_path))
    assert pa.default_memory_pool().max_memory() - before < 100_000_000


def test_rows_without_end_are_not_all_read(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    many = 400_000
    parquet.write_table(pa.table({"id": np.arange(many), "said": ["No"] * many}), path)
    found = prediction_table.read_table(prediction_table.Wanted(path=path, name="p", id="id"), most=6)
    assert found.is_cut
    assert len(found.ids) < many
    assert "at least" in problem(path, data(tmp_path))


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        ([11, 11, 12, 12, 13, 14], "is that of an earlier row in 2 of 6 rows, such as rows 2 and 4"),
        ([11, 12, 13, 14, 15, None], "is missing in 1 of 6 rows"),
        ([None] * 6, "is missing in 6 of 6 rows"),
        ([float("nan")] * 6, "is missing in 6 of 6 rows"),
        ([1.0, 2.0, 3.0, 4.0, 5.0, None], "double, neither whole numbers nor text"),
        ([True, False] * 3, "bool, neither whole numbers nor text"),
    ],
)
def test_ids_that_do_not_name_the_datas_rows_end_the_run(ids: object, told: str, tmp_path: Path) -> None:
    with pytest.raises(PromoterError) as caught:
        data(tmp_path, pa.array(ids))
    assert caught.value.reason is ReasonCode.DATA_UNAVAILABLE
    assert not isinstance(caught.value, ModelProblem)
    assert told in str(caught.value)
    assert str(caught.value.hint)


def test_an_id_that_the_data_does_not_have_is_a_wrong_policy(tmp_path: Path) -> None:
    path = table(tmp_path, {"y": LABELS, "x": [1] * 6})
    with pytest.raises(PromoterError) as caught:
        open_dataset(DatasetSpec(path=path, name="h", target="y", task=Task.BINARY, id="key"))
    assert caught.value.reason is ReasonCode.POLICY_INVALID
    assert "`key`, which `id` asks for" in str(caught.value)
