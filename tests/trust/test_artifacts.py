"""T17: a model version whose files are touched after validate is another one."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from promoter.adapters.mlflow_download import download
from promoter.adapters.mlflow_files import Local

FILES = {
    "MLmodel": b"flavors: {python_function: {loader_module: m}}\n",
    "model.pkl": bytes(range(256)),
    "code/a.py": b"A = 1\n",
    "code/b.py": b"B = 2\n",
    "empty.txt": b"",
}


def digest(folder: Path, files: Mapping[str, bytes]) -> str:
    """Of a model directory, as validate and apply read it; files are made in the order given."""
    for path, data in files.items():
        file = folder / "from" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return download(Local(folder / "from"), folder / "to").digest


def renamed(old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files[new] = files.pop(old)

    return change


def flipped(files: dict[str, bytes]) -> None:
    data = bytearray(files["model.pkl"])
    data[100] ^= 1
    files["model.pkl"] = bytes(data)


def added(files: dict[str, bytes]) -> None:
    files["code/c.py"] = b""


def removed(files: dict[str, bytes]) -> None:
    del files["empty.txt"]


def swapped(files: dict[str, bytes]) -> None:
    files["code/a.py"], files["code/b.py"] = files["code/b.py"], files["code/a.py"]


def line_end_added(files: dict[str, bytes]) -> None:
    files["empty.txt"] = b"\n"


@pytest.mark.parametrize(
    "change",
    [
        flipped,
        added,
        removed,
        swapped,
        line_end_added,
        renamed("model.pkl", "model.bin"),
        renamed("code/a.py", "code/A.py"),
        renamed("code/a.py", "a.py"),
        renamed("code/a.py", "code/a .py"),
    ],
)
def test_t17_whatever_is_done_to_a_file_it_is_another_version(
    change: Callable[[dict[str, bytes]], None], tmp_path: Path
) -> None:
    touched = dict(FILES)
    change(touched)
    before = digest(tmp_path / "before", FILES)
    assert digest(tmp_path / "after", touched) != before
    assert digest(tmp_path / "again", FILES) == before


def test_t17_the_order_in_which_files_are_listed_means_nothing(tmp_path: Path) -> None:
    shuffled = list(FILES.items())
    found = set()
    for seed in range(5):
        random.Random(seed).shuffle(shuffled)
        found.add(digest(tmp_path / str(seed), dict(shuffled)))
    assert len(found) == 1
