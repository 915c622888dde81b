"""Wheels kept between runs, in a folder that somebody else could write."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from promoter.evaluation.sandbox.wheels import Kept, Limits, Wheel

DAY = 24 * 3600.0
CONTENT = b"what the index says that it is" * 1_000
WHEEL = Wheel(
    name="churn-1-py3-none-any.whl",
    url="https://files.example.com/churn-1-py3-none-any.whl",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
)
STORED = f"{WHEEL.sha256}.whl"


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    (tmp_path / "kept").mkdir()
    return Kept(root=tmp_path, name="kept")


def keep(kept: Kept, content: bytes, *, name: str = STORED, age: float = 0.0) -> Path:
    """A file in the folder, wanted for the last time some seconds ago."""
    file = kept.root / kept.name / name
    file.write_bytes(content)
    os.utime(file, (kept.now() - age, kept.now() - age))
    return file


def test_a_wheel_that_was_put_is_taken(kept: Kept, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    kept.put(WHEEL, source)
    kept.put(WHEEL, source)
    assert kept.take(WHEEL, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [STORED]
    assert stat.S_IMODE((tmp_path / "kept" / STORED).stat().st_mode) == 0o644


def test_the_folder_is_made_when_there_is_something_to_keep(tmp_path: Path) -> None:
    kept = Kept(root=tmp_path, name="new")
    assert not kept.take(WHEEL, tmp_path / "target")
    assert kept.prune() == 0
    assert not (tmp_path / "new").exists()
    (tmp_path / "source").write_bytes(CONTENT)
    kept.put(WHEEL, tmp_path / "source")
    assert kept.take(WHEEL, tmp_path / "target")


@pytest.mark.parametrize(
    "content",
    [
        b"poisoned".ljust(len(CONTENT)),
        CONTENT[:-1],
        CONTENT + b"!",
        CONTENT * 3,
        b"",
    ],
    ids=["poisoned", "truncated", "longer", "much longer", "empty"],
)
@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_what_the_index_does_not_say_is_refused_and_removed(
    kept: Kept, tmp_path: Path, content: bytes, size: int | None
) -> None:
    file = keep(kept, content)
    said = Wheel(name=WHEEL.name, url=WHEEL.url, sha256=WHEEL.sha256, size=size)
    assert not kept.take(said, tmp_path / "target")
    assert not (tmp_path / "target").exists()
    assert not file.exists()


def test_the_right_bytes_under_another_name_are_not_found(kept: Kept, tmp_path: Path) -> None:
    keep(kept, CONTENT, name=f"{'0' * 64}.whl")
    assert not kept.take(WHEEL, tmp_path / "target")


@pytest.mark.parametrize("inside", [True, False])
def test_a_link_is_not_followed_even_to_the_right_bytes(kept: Kept, tmp_path: Path, inside: bool) -> None:
    elsewhere = (tmp_path / "kept" if inside else tmp_path) / "elsewhere"
    elsewhere.write_bytes(CONTENT)
    link = tmp_path / "kept" / STORED
    link.symlink_to(elsewhere)
    assert not kept.take(WHEEL, tmp_path / "target")
    assert not link.is_symlink()
    assert elsewhere.read_bytes() == CONTENT


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_is_neither_read_nor_waited_for(
    kept: Kept, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "kept" / STORED)
    (tmp_path / "source").write_bytes(CONTENT)
    assert not kept.take(WHEEL, tmp_path / "target")
    kept.put(WHEEL, tmp_path / "source")
    assert not list((tmp_path / "kept").glob(".*"))


def test_a_folder_that_is_a_link_is_no_folder_of_ours(tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.mkdir()
    (tmp_path / "source").write_bytes(CONTENT)
    kept = Kept(root=tmp_path, name="link", limits=Limits(age=0.0), now=lambda: 1e12)
    file = keep(Kept(root=tmp_path, name="others"), CONTENT)
    (tmp_path / "link").symlink_to(others)
    assert not kept.take(WHEEL, tmp_path / "target")
    kept.put(Wheel(name="x", url="x", sha256="0" * 64), tmp_path / "source")
    assert kept.prune() == 0
    assert list(others.iterdir()) == [file]


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(CONTENT)
    kept = Kept(root=Path("/proc"), name="sys")
    kept.put(WHEEL, tmp_path / "source")
    assert not kept.take(WHEEL, tmp_path / "target")
    assert kept.prune() == 0


def test_what_was_not_wanted_for_long_goes_and_what_is_wanted_stays(kept: Kept, tmp_path: Path) -> None:
    file = keep(kept, CONTENT, age=29 * DAY)
    old = keep(kept, b"old", name=f"{'1' * 64}.whl", age=31 * DAY)
    assert kept.take(WHEEL, tmp_path / "target")
    assert kept.prune() == 1
    assert (file.exists(), old.exists()) == (True, False)
    later = Kept(root=kept.root, name=kept.name, now=lambda: kept.now() + 29.9 * DAY)
    assert later.prune() == 0


def test_of_too_much_the_oldest_goes_first(kept: Kept) -> None:
    small = Kept(root=kept.root, name=kept.name, limits=Limits(size=25))
    files = [keep(kept, b"x" * 10, name=f"{digit * 64}.whl", age=at * DAY) for at, digit in enumerate("abc")]
    assert small.prune() == 1
    assert [file.exists() for file in files] == [True, True, False]


def test_what_is_not_ours_is_left_alone(kept: Kept) -> None:
    others = [
        keep(kept, b"x", name=name, age=400 * DAY) for name in ("readme.md", "x.whl", f"{'a' * 63}.whl")
    ]
    assert kept.prune() == 0
    assert all(file.exists() for file in others)
