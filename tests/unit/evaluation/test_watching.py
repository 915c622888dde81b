"""What is used in total, and the end of what was written."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promoter.evaluation.sandbox import kernel
from promoter.evaluation.sandbox.watching import Watch, empty


def look(folder: Path, *, disk: int = 10**6, files: int = 10, memory: int = 2**40) -> str:
    return Watch([str(folder)], disk=disk, files=files, memory=memory).look(lambda: [os.getpid()])


def test_little_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"x" * 1000)
    (tmp_path / "link").symlink_to("/")
    assert look(tmp_path) == ""
    assert look(tmp_path / "nowhere") == ""


def test_bytes_count_through_every_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"x" * 600_000)
    assert look(tmp_path) == "it wrote more than 1,000,000 bytes of files"


def test_holes_in_files_take_no_room(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10**9)
    assert look(tmp_path) == ""


def test_files_folders_and_links_count(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"f{number}").touch()
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"l{number}").symlink_to("nowhere")
    assert look(tmp_path) == "it made more than 10 files"
    assert look(tmp_path, files=12) == ""


def test_memory_of_all_processes_counts(tmp_path: Path) -> None:
    assert "twice 1,000 bytes of memory" in look(tmp_path, memory=1000)
    watch = Watch([], disk=1, files=1, memory=1000)
    assert watch.look(lambda: [2**22 + 1]) == "", "who is gone takes none"


def test_looking_leaves_most_of_the_time_to_others(tmp_path: Path) -> None:
    watch = Watch([str(tmp_path)], disk=0, files=0, memory=2**40)
    (tmp_path / "file").touch()
    assert watch.look(list) == "it made more than 0 files"
    assert watch.look(list) == "", "just looked"
    time.sleep(0.2)
    assert watch.look(list) != ""


names = st.sampled_from(["a", "b", "c", "-rf", "ü", " ", "\n", "*"])


@settings(max_examples=30, deadline=None)
@given(paths=st.lists(st.lists(names, min_size=1, max_size=6), max_size=20))
def test_a_folder_is_emptied_of_everything(
    paths: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "kept").touch()
    folder = tmp_path_factory.mktemp("folder")
    for number, parts in enumerate(paths):
        place = folder.joinpath(*parts)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"file{number}").touch()
        (place / f"link{number}").symlink_to(outside)
        os.mkfifo(place / f"pipe{number}")
    for name, _, _ in os.walk(folder, topdown=False):
        if name != str(folder):
            Path(name).chmod(0)
    empty(str(folder))
    assert list(folder.iterdir()) == []
    assert (outside / "kept").exists()


def test_no_depth_is_too_deep(tmp_path: Path) -> None:
    code = "import os\nfor _ in range(5000):\n    os.mkdir('d'); os.chdir('d')"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, check=True)
    assert look(tmp_path, files=10**6) != ""
    empty(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        empty(str(tmp_path / "link"))


def test_a_protected_process_cannot_be_looked_into() -> None:
    """By others of its user; root's tests see it by the flag."""
    child = os.fork()
    if child == 0:
        kernel.protect_self()
        hidden = kernel.process_control(3)
        kernel.allow_inspection()
        os._exit(hidden * 2 + kernel.process_control(3))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
