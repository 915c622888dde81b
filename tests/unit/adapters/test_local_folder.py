"""A working tree's files: read and written, and never anything outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from promoter.adapters.local_folder import LocalFolder
from promoter.errors import PromoterError, ReasonCode
from tests.git_clone import GitClone


@pytest.fixture
def folder(tmp_path: Path) -> LocalFolder:
    (tmp_path / "clone").mkdir()
    return LocalFolder(tmp_path / "clone")


def test_written_is_read(folder: LocalFolder, tmp_path: Path) -> None:
    assert folder.read("a/b/c.yaml") is None
    folder.write("a/b/c.yaml", b"one")
    folder.write("a/b/c.yaml", b"two")
    assert folder.read("a/b/c.yaml") == b"two"
    assert [path.name for path in (tmp_path / "clone/a/b").iterdir()] == ["c.yaml"]
    assert (tmp_path / "clone/a/b/c.yaml").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", ".git/config", "a/.GIT/x", ""])
def test_nothing_outside(folder: LocalFolder, path: str) -> None:
    with pytest.raises(PromoterError) as refused:
        folder.write(path, b"")
    assert refused.value.reason is ReasonCode.USAGE_INVALID
    with pytest.raises(PromoterError):
        folder.read(path)


def test_no_link_is_followed(folder: LocalFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_bytes(b"theirs")
    (tmp_path / "clone/through").symlink_to(outside)
    (tmp_path / "clone/file").symlink_to(outside / "x")
    (tmp_path / "clone/dangling").symlink_to(outside / "none")
    for path in ("through/x", "file", "dangling", "through"):
        with pytest.raises(PromoterError):
            folder.write(path, b"ours")
    assert (outside / "x").read_bytes() == b"theirs"
    assert [path.name for path in outside.iterdir()] == ["x"]


def test_a_folder_in_the_way(folder: LocalFolder, tmp_path: Path) -> None:
    (tmp_path / "clone/policy.yaml").mkdir()
    (tmp_path / "clone/plain").write_bytes(b"")
    for path in ("policy.yaml", "plain/x"):
        with pytest.raises(PromoterError):
            folder.write(path, b"")


def test_listed_as_git_lists_it(tmp_path: Path) -> None:
    clone = GitClone(tmp_path / "clone")
    commit = clone.commit(
        {"p/a/x.yaml": "x\n", "p/y.yaml": "y\n", "p/z.txt": "", "other/p/x.yaml": ""}, "All"
    )
    (clone.folder / "p/link.yaml").symlink_to("y.yaml")
    (clone.folder / "p/run.yaml").write_text("r")
    (clone.folder / "p/run.yaml").chmod(0o755)
    found = LocalFolder(clone.folder).listed("p/**/*.yaml")
    assert [(entry.path, entry.mode, data) for entry, data in found] == [
        ("p/a/x.yaml", "100644", b"x\n"),
        ("p/link.yaml", "120000", b""),
        ("p/run.yaml", "100755", b"r"),
        ("p/y.yaml", "100644", b"y\n"),
    ]
    assert found[0][0].blob_id == clone.git("rev-parse", f"{commit}:p/a/x.yaml")
    assert LocalFolder(clone.folder).listed("none/**/*.yaml") == ()
    everywhere = LocalFolder(clone.folder).listed("**/*.yaml")
    assert not any(entry.path.startswith(".git") for entry, _ in everywhere)
