"""A working tree's files: read and written, and never anything outside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from promoter.adapters.local_folder import LocalFolder
from promoter.errors import PromoterError, ReasonCode
from tests.git_clone import GitClone

ENVIRON = {"PATH": os.environ["PATH"]}
# Two ways to the same list: git's, and a walk where there is no git.
NO_GIT = {"PATH": "/nowhere"}


@pytest.fixture
def folder(tmp_path: Path) -> LocalFolder:
    (tmp_path / "clone").mkdir()
    return LocalFolder(tmp_path / "clone", environ=ENVIRON)


def paths(root: Path, pattern: str, environ: dict[str, str] = ENVIRON) -> list[str]:
    return [entry.path for entry, _ in LocalFolder(root, environ=environ).listed(pattern)]


def test_written_is_read(folder: LocalFolder, tmp_path: Path) -> None:
    assert folder.read("a/b/c.yaml") is None
    folder.write("a/b/c.yaml", b"one")
    folder.write("a/b/c.yaml", b"two")
    assert folder.read("a/b/c.yaml") == b"two"
    assert [path.name for path in (tmp_path / "clone/a/b").iterdir()] == ["c.yaml"]
    assert (tmp_path / "clone/a/b/c.yaml").stat().st_mode & 0o777 == 0o644


def test_a_write_that_fails_leaves_nothing_behind(folder: LocalFolder, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        folder.write("a.yaml", cast("bytes", "no bytes"))
    assert list((tmp_path / "clone").iterdir()) == []


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
    found = LocalFolder(clone.folder, environ=ENVIRON).listed("p/**/*.yaml")
    assert [(entry.path, entry.mode, data) for entry, data in found] == [
        ("p/a/x.yaml", "100644", b"x\n"),
        ("p/link.yaml", "120000", b""),
        ("p/run.yaml", "100755", b"r"),
        ("p/y.yaml", "100644", b"y\n"),
    ]
    assert found[0][0].blob_id == clone.git("rev-parse", f"{commit}:p/a/x.yaml")
    assert found == LocalFolder(clone.folder, environ=NO_GIT).listed("p/**/*.yaml")
    for environ in (ENVIRON, NO_GIT):
        assert paths(clone.folder, "none/**/*.yaml", environ) == []
        assert not any(path.startswith(".git") for path in paths(clone.folder, "**", environ))


@pytest.mark.parametrize("environ", [ENVIRON, NO_GIT], ids=["git", "walk"])
@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("m/prod*/*.yaml", ["m/prod/a.yaml", "m/prod2/b.yaml"]),
        ("m/ch*.yaml", ["m/ch.yaml", "m/champion.yaml"]),
        ("m/c?.yaml", ["m/ch.yaml"]),
        ("m/ch.yaml", ["m/ch.yaml"]),
        ("m", []),
        ("*.yaml", ["top.yaml"]),
    ],
)
def test_a_glob_that_begins_like_a_folder_is_one_all_the_same(
    tmp_path: Path, environ: dict[str, str], pattern: str, found: list[str]
) -> None:
    files = ("m/prod/a.yaml", "m/prod2/b.yaml", "m/ch.yaml", "m/ch/c.txt", "m/champion.yaml", "top.yaml")
    clone = GitClone(tmp_path / "clone")
    clone.commit(dict.fromkeys(files, ""), "All")
    assert paths(clone.folder, pattern, environ) == found


@pytest.mark.parametrize("environ", [ENVIRON, NO_GIT], ids=["git", "walk"])
def test_nothing_behind_a_link_and_links_to_folders_themselves(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    clone = GitClone(tmp_path / "clone")
    clone.commit({"real/a.yaml": "", "p/b.yaml": ""}, "All")
    (clone.folder / "p/link.yaml").symlink_to("../real")
    (clone.folder / "through").symlink_to("real")
    assert paths(clone.folder, "p/*.yaml", environ) == ["p/b.yaml", "p/link.yaml"]
    assert paths(clone.folder, "through/*.yaml", environ) == []
    assert paths(clone.folder, "through", environ) == ["through"]
    (clone.folder / "p").rename(clone.folder / "q")
    (clone.folder / "p").symlink_to("q")
    assert paths(clone.folder, "p/*.yaml", environ) == []


def _ignored(clone: GitClone) -> None:
    (clone.folder / ".gitignore").write_text("x.yaml\n")
    (clone.folder / "p/x.yaml").write_text("")


def _nested(clone: GitClone) -> None:
    GitClone(clone.folder / "p/nested").commit({"x.yaml": ""}, "Its own")


def _pipe(clone: GitClone) -> None:
    os.mkfifo(clone.folder / "p/x.yaml")


def _in_dot_git(clone: GitClone) -> None:
    (clone.folder / "p/.GIT").mkdir()
    (clone.folder / "p/.GIT/x.yaml").write_text("")


def _deleted(clone: GitClone) -> None:
    clone.commit({"p/x.yaml": ""}, "More")
    (clone.folder / "p/x.yaml").unlink()


def _a_folder_now(clone: GitClone) -> None:
    _deleted(clone)
    (clone.folder / "p/x.yaml").mkdir()


@pytest.mark.parametrize("make", [_ignored, _nested, _pipe, _in_dot_git, _deleted, _a_folder_now])
def test_what_git_would_not_commit_is_not_there(tmp_path: Path, make: Callable[[GitClone], None]) -> None:
    clone = GitClone(tmp_path / "clone")
    clone.commit({"p/a.yaml": ""}, "Begin")
    make(clone)
    assert paths(clone.folder, "p/**/*.yaml") == ["p/a.yaml"]


def test_a_submodule_is_listed_as_one(tmp_path: Path) -> None:
    clone = GitClone(tmp_path / "clone")
    GitClone(clone.folder / "p/x.yaml").commit({"a": ""}, "Its own")
    clone.commit({}, "It")
    ((entry, data),) = LocalFolder(clone.folder, environ=ENVIRON).listed("p/*.yaml")
    assert (entry.mode, data) == ("160000", b"")


@pytest.mark.parametrize(("trusted", "modes"), [("true", ["100755"] * 2), ("false", ["100644", "100644"])])
def test_where_git_trusts_no_disk_its_own_modes_count(tmp_path: Path, trusted: str, modes: list[str]) -> None:
    clone = GitClone(tmp_path / "clone")
    clone.git("config", "core.fileMode", trusted)
    clone.commit({"p/a.yaml": ""}, "Begin")
    (clone.folder / "p/new.yaml").write_text("")
    for path in ("p/a.yaml", "p/new.yaml"):
        (clone.folder / path).chmod(0o755)
    found = LocalFolder(clone.folder, environ=ENVIRON).listed("p/*.yaml")
    assert [entry.mode for entry, _ in found] == modes


def test_a_name_that_is_no_utf8_is_told_as_git_s_own_listing_is(tmp_path: Path) -> None:
    clone = GitClone(tmp_path / "clone")
    name = os.path.join(os.fsencode(clone.folder), b"\xff.yaml")  # noqa: PTH118 - Path takes no bytes
    Path(os.fsdecode(name)).write_text("x")
    ((entry, data),) = LocalFolder(clone.folder, environ=ENVIRON).listed("*.yaml")
    assert (entry.path, data) == ("\ufffd.yaml", b"x")
