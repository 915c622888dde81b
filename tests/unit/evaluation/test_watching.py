"""What is used in total, and the end of what was written."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
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


def test_descriptors_of_all_processes_count(tmp_path: Path) -> None:
    """A few processes may have many, and many may have a few."""
    code = "import os, sys; [os.pipe() for _ in range(450)]; print(1, flush=True); sys.stdin.read()"
    with ExitStack() as stack:
        many = []
        for _ in range(5):
            words = [sys.executable, "-I", "-S", "-c", code]
            one = stack.enter_context(
                subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            assert one.stdout is not None
            one.stdout.readline()
            many.append(one.pid)
        watch = Watch([str(tmp_path)], disk=10**6, files=10, memory=2**40)
        assert watch.look(lambda: many[:4]) == ""
        time.sleep(0.2)
        assert watch.look(lambda: many) == (
            "its processes together held more than 4,096 pipes, sockets and open files"
        )


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
    assert empty(str(folder)) == ""
    assert list(folder.iterdir()) == []
    assert (outside / "kept").exists()


def test_no_depth_is_too_deep(tmp_path: Path) -> None:
    code = "import os\nfor _ in range(5000):\n    os.mkdir('d'); os.chdir('d')"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, check=True)
    assert look(tmp_path, files=10**6) != ""
    assert empty(str(tmp_path)) == ""
    assert list(tmp_path.iterdir()) == []


def fill(folder: Path, *, files: int) -> None:
    top = os.open(folder, os.O_RDONLY)
    for number in range(files):
        os.close(os.open(f"file{number}", os.O_CREAT | os.O_WRONLY, dir_fd=top))
    os.close(top)


def test_a_hundred_thousand_files_are_removed_in_time(tmp_path: Path) -> None:
    fill(tmp_path, files=100_000)
    begin = time.monotonic()
    assert empty(str(tmp_path), seconds=30) == ""
    assert time.monotonic() - begin < 30
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seconds", [0, 0.005])
def test_removing_ends_at_its_time_and_tells_it(seconds: float, tmp_path: Path) -> None:
    fill(tmp_path, files=5_000)
    begin = time.monotonic()
    assert empty(str(tmp_path), seconds=seconds) == f"it was not done after {seconds:g} s"
    assert time.monotonic() - begin < 1
    assert empty(str(tmp_path)) == ""


def test_depth_has_a_clock_too(tmp_path: Path) -> None:
    code = "import os\nfor _ in range(5000):\n    os.mkdir('d'); os.chdir('d')"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, check=True)
    assert "not done" in empty(str(tmp_path), seconds=0.01)
    assert empty(str(tmp_path)) == ""


def test_whoever_goes_on_writing_while_it_is_removed_keeps_nobody(tmp_path: Path) -> None:
    """As nothing may: everything is killed first. Yet it ends, and says nothing that is not so."""
    code = "import os\nn = 0\nwhile True:\n    n += 1; os.mkdir(f'd{n}'); open(f'd{n}/f', 'w').close()"
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", code], cwd=tmp_path) as writer:
        while len(list(tmp_path.iterdir())) < 100:
            time.sleep(0.01)
        begin = time.monotonic()
        empty(str(tmp_path), seconds=1)
        assert time.monotonic() - begin < 2
        writer.kill()
    assert empty(str(tmp_path), seconds=10) == ""
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
