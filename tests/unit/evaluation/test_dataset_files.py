"""Which files are read at all, and what is said of those that are broken."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from promoter.core.policy import Task
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.dataset import DatasetSpec, open_dataset
from promoter.evaluation.dataset_files import DataFile, Form, find


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.mark,)


def refusal(path: Path) -> PromoterError:
    spec = DatasetSpec(path=path, name=f"data/{path.name}", target="churn", task=Task.BINARY)
    with pytest.raises(PromoterError) as caught:
        open_dataset(spec)
    assert caught.value.reason is ReasonCode.DATA_UNAVAILABLE
    assert str(caught.value.hint)
    return caught.value


def a_parquet_file() -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pa.table({"x": list(range(1000)), "churn": ["a", "b"] * 500}), sink)
    return sink.getvalue()


@pytest.mark.parametrize("name", ["holdout.pkl", "holdout.npy", "holdout.json", "holdout", "holdout.csv.gz"])
def test_a_file_of_another_name_is_not_opened(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(a_parquet_file())
    assert "ends neither with `.parquet` nor with `.csv`" in str(refusal(path))


def test_a_page_that_is_not_what_was_written_is_refused(tmp_path: Path) -> None:
    """Without a checksum nobody can tell: a number is as good as another."""
    path = tmp_path / "holdout.parquet"
    table = pa.table({"x": np.arange(1000.0), "churn": ["a", "b"] * 500})
    spec = DatasetSpec(path=path, name=path.name, target="churn", task=Task.BINARY)
    for checked in (False, True):
        parquet.write_table(
            table, path, write_page_checksum=checked, compression="none", use_dictionary=False
        )
        assert len([*open_dataset(spec).batches()]) == 1
        content = path.read_bytes()
        path.write_bytes(content.replace(np.float64(500).tobytes(), np.float64(501).tobytes(), 1))
        if not checked:
            (batch,) = open_dataset(spec).batches()
            assert batch.features.column("x")[500].as_py() == 501
    with pytest.raises(PromoterError) as caught:
        list(open_dataset(spec).batches())
    assert caught.value.reason is ReasonCode.DATA_UNAVAILABLE
    assert "cannot be read" in str(caught.value)
    assert "Write the file again" in str(caught.value.hint)


@pytest.mark.parametrize("extension", ["csv", "parquet"])
def test_a_format_that_can_run_code_runs_none_whatever_its_name(tmp_path: Path, extension: str) -> None:
    mark = tmp_path / "ran"
    sink = io.BytesIO()
    np.save(sink, np.array([Trap(mark)], dtype=object), allow_pickle=True)
    for content in (pickle.dumps(Trap(mark)), sink.getvalue()):
        path = tmp_path / f"holdout.{extension}"
        path.write_bytes(content)
        assert "its bytes" in str(refusal(path))
    assert not mark.exists()


@pytest.mark.parametrize(
    "content",
    [
        a_parquet_file(),
        b"PK\x03\x04zip",
        b"\x1f\x8bgzip",
        "a,churn\n1,2\n".encode("utf-16"),
        b"a,churn\n1,\x00\n",
    ],
)
def test_bytes_that_are_no_text_are_no_csv(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "holdout.csv"
    path.write_bytes(content)
    assert "its name says CSV and its bytes are no text" in str(refusal(path))


@pytest.mark.parametrize(
    "content", [b"a,churn\n1,2\n", a_parquet_file()[:-1], json.dumps({"churn": 1}).encode()]
)
def test_bytes_that_do_not_begin_and_end_as_parquet_are_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "holdout.parquet"
    path.write_bytes(content)
    assert "its name says Parquet and its bytes do not" in str(refusal(path))


def test_a_parquet_file_damaged_inside_is_unreadable(tmp_path: Path) -> None:
    size = len(a_parquet_file())
    path = tmp_path / "holdout.parquet"
    path.write_bytes(b"PAR1" + bytes(size - 8) + b"PAR1")
    assert "the data `data/holdout.parquet` cannot be read: `" in str(refusal(path))


def test_a_feature_damaged_inside_is_unreadable_when_its_turn_comes(tmp_path: Path) -> None:
    whole = bytearray(a_parquet_file())
    whole[4:400] = bytes(396)
    path = tmp_path / "holdout.parquet"
    path.write_bytes(bytes(whole))
    dataset = open_dataset(DatasetSpec(path=path, name="n", target="churn", task=Task.BINARY))
    with pytest.raises(PromoterError, match="the data `n` cannot be read: `") as caught:
        list(dataset.batches())
    assert caught.value.reason is ReasonCode.DATA_UNAVAILABLE


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    assert str(refusal(tmp_path / "holdout.csv")) == "the data `data/holdout.csv` is not there"


def test_a_folder_is_unreadable_and_the_machines_path_stays_out_of_it(tmp_path: Path) -> None:
    path = tmp_path / "holdout.csv"
    path.mkdir()
    assert str(refusal(path)) == "the data `data/holdout.csv` cannot be read: `Is a directory`"


@pytest.mark.parametrize("extension", ["csv", "parquet"])
def test_an_empty_file_is_refused(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"holdout.{extension}"
    path.touch()
    assert str(refusal(path)) == f"the data `data/holdout.{extension}` is an empty file"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"x,churn\n1,Yes\n2,Anna Smith,No\n", "a row has 3 cells and the header 2"),
        (b"x,churn\n", "has no rows"),
        (b"\n\n", "cannot be read: `"),
        (b"x,churn\n1,caf\xe9\n", "invalid UTF8"),
        (b"x,churn\n" + b"1" * (9 << 20) + b",Yes\n", "block"),
    ],
)
def test_a_broken_csv_is_refused_without_its_rows(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "holdout.csv"
    path.write_bytes(content)
    message = str(refusal(path))
    assert words in message
    assert "Anna" not in message


def test_the_case_of_the_extension_makes_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "HOLDOUT.CSV"
    path.write_text("x,churn\n1,a\n", encoding="utf-8")
    assert find(path, name="n") == DataFile(path=path, name="n", form=Form.CSV)


def test_the_digest_is_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "holdout.csv"
    path.write_bytes(b"x,churn\r\n1,a\r\n")
    assert find(path, name="n").digest() == hashlib.sha256(path.read_bytes()).hexdigest()
