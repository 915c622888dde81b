"""The data of a run: fetched and looked through once, never more of it on disk than a few files."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from promoter.core.policy import Task
from promoter.evaluation.dataset import Dataset, DatasetSpec, open_dataset
from promoter.evaluation.kept_data import MOST_KEPT, KeptData

COMMIT = "c" * 40


@dataclass
class Store:
    """Where data comes from; `fetched` counts."""

    fetched: list[str] = field(default_factory=list)
    opened: list[DatasetSpec] = field(default_factory=list)

    def file(self, kept: KeptData, name: str, *, commit: str = COMMIT) -> Path:
        def fetch(folder: Path) -> Path:
            self.fetched.append(name)
            (folder / "data.csv").write_text("amount,churn\n1,Yes\n2,No\n", encoding="utf-8")
            return folder / "data.csv"

        return kept.file(name, commit, fetch=fetch)

    def open(self, spec: DatasetSpec) -> Dataset:
        self.opened.append(spec)
        return open_dataset(spec)


@pytest.fixture
def store() -> Store:
    return Store()


def spec_of(path: Path) -> DatasetSpec:
    return DatasetSpec(path=path, name="holdout", target="churn", task=Task.BINARY)


def test_the_same_name_and_commit_are_fetched_once(store: Store) -> None:
    kept = KeptData()
    assert store.file(kept, "a.csv") == store.file(kept, "a.csv")
    assert store.file(kept, "a.csv", commit="d" * 40) != store.file(kept, "a.csv")
    assert store.fetched == ["a.csv"] * 2


def test_only_so_many_are_kept_and_what_was_used_last_stays_longest(store: Store) -> None:
    kept = KeptData()
    first, second = store.file(kept, "a.csv"), store.file(kept, "b.csv")
    assert store.file(kept, "a.csv") == first
    store.file(kept, "c.csv")
    assert MOST_KEPT == 2
    assert (first.exists(), second.parent.exists()) == (True, False)


def test_a_file_that_was_touched_is_fetched_again(store: Store) -> None:
    kept = KeptData()
    path = store.file(kept, "a.csv")
    known = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Yes", b"Yea"))
    # As who hides it does: the time of change is not among what can be set.
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))
    again = store.file(kept, "a.csv")
    assert b"Yea" not in again.read_bytes()
    assert not path.exists()
    assert store.fetched == ["a.csv"] * 2


def test_a_file_that_is_gone_is_fetched_again(store: Store) -> None:
    kept = KeptData()
    store.file(kept, "a.csv").unlink()
    assert store.file(kept, "a.csv").is_file()


def test_it_is_opened_once_for_each_way_of_looking_at_it(store: Store) -> None:
    kept = KeptData()
    spec = spec_of(store.file(kept, "a.csv"))
    other = replace(spec, positive_label="Yes")
    once = kept.dataset(spec, opened=store.open)
    assert kept.dataset(spec, opened=store.open) is once
    assert kept.dataset(other, opened=store.open) is not once
    assert store.opened == [spec, other]


def test_what_could_not_be_fetched_is_not_kept(store: Store) -> None:
    kept = KeptData()

    def fail(folder: Path) -> Path:
        raise OSError(folder)

    with pytest.raises(OSError, match="promoter-data-") as caught:
        kept.file("a.csv", COMMIT, fetch=fail)
    assert not Path(str(caught.value)).exists()
    assert store.file(kept, "a.csv").is_file()


def test_nothing_is_left_when_it_is_gone(store: Store) -> None:
    kept = KeptData()
    path = store.file(kept, "a.csv")
    del kept
    gc.collect()
    assert not path.parent.exists()
