"""GitHub's descriptions, fetched: from tarballs that the tests make, without npm and without a network."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import lzma
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.github_data import PACKAGES, Package, fetch, found, npm_pack, unpacked

ROOT = Path(__file__).parents[2]
TEXT = b'{"openapi": "3.0.3"}'
MEMBER = "package/generated/api.json"


def packed(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, str]:
    """A tarball with these files, and its digest as npm writes it."""
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    return path, f"sha512-{digest}"


def package(integrity: str) -> Package:
    return Package(name="@a/b", version="1.2.3", integrity=integrity, member=MEMBER, file="api.json")


def test_the_wanted_file_is_written_and_no_other(tmp_path: Path) -> None:
    tarball, integrity = packed(tmp_path, {MEMBER: TEXT, "package/../../evil": b"", "package/index.js": b"x"})
    asked = []

    def pack(one: Package, folder: Path) -> Path:
        asked.append(f"{one.name}@{one.version}")
        assert list(folder.iterdir()) == []
        return tarball

    fetch(tmp_path / "new" / "data", [package(integrity)], pack=pack)
    assert asked == ["@a/b@1.2.3"]
    (written,) = (tmp_path / "new" / "data").iterdir()
    assert (written.name, written.read_bytes()) == ("api.json", TEXT)


def test_another_package_of_that_name_is_not_unpacked(tmp_path: Path) -> None:
    tarball, integrity = packed(tmp_path, {MEMBER: TEXT})
    _, other = packed(tmp_path, {MEMBER: b'{"openapi": "evil"}'})
    with pytest.raises(SystemExit, match=rf"@a/b@1\.2\.3 has {re.escape(other)}, not {re.escape(integrity)}"):
        fetch(tmp_path / "data", [package(integrity)], pack=lambda _package, _folder: tarball)
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("integrity", ["", "sha512-", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="])
def test_a_package_without_its_digest_is_not_unpacked(tmp_path: Path, integrity: str) -> None:
    tarball, _ = packed(tmp_path, {MEMBER: TEXT})
    with pytest.raises(SystemExit, match="not unpacked"):
        unpacked(package(integrity), tarball)


def test_a_package_that_lacks_the_file_is_told(tmp_path: Path) -> None:
    tarball, integrity = packed(tmp_path, {"package/index.js": TEXT})
    with pytest.raises(SystemExit, match=f"has no file {MEMBER}"):
        unpacked(package(integrity), tarball)


def npm(folder: Path, body: str) -> str:
    """A program that plays npm: `$5` is the folder to write to, `$6` the package that is wanted."""
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def test_npm_is_asked_for_one_version_and_runs_nothing_of_it(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    program = npm(tmp_path, 'echo "$*" >"$5/a-b-1.2.3.tgz"')
    tarball = npm_pack(package(""), empty, program=program)
    said = f"pack --silent --ignore-scripts --pack-destination {empty} @a/b@1.2.3\n"
    assert (tarball.parent, tarball.read_text(encoding="utf-8")) == (empty, said)


@pytest.mark.parametrize("body", ["echo E404 no such package >&2; exit 1", "echo E404 >&2"])
def test_what_npm_cannot_fetch_is_told(tmp_path: Path, body: str) -> None:
    with pytest.raises(SystemExit, match=r"npm did not fetch @a/b@1\.2\.3:\nE404"):
        npm_pack(package(""), tmp_path, program=npm(tmp_path, body))


def test_every_package_is_pinned_and_gives_a_file_that_the_tests_read() -> None:
    assert all(re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", one.integrity) for one in PACKAGES)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", one.version) for one in PACKAGES)
    source = (ROOT / "tests" / "github_data.py").read_text(encoding="utf-8")
    assert {one.file for one in PACKAGES} == set(re.findall(r'load\("([^"]+)"\)', source))


def test_a_file_is_found_packed_or_not_in_the_first_folder_that_has_it(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / "a.json").write_bytes(TEXT)
    (second / "b.json.xz").write_bytes(lzma.compress(TEXT))
    assert found("a.json", [first, second]) == first / "a.json"
    path = found("b.json", [first, second])
    assert path == second / "b.json.xz"
    assert json.loads(lzma.decompress(path.read_bytes())) == json.loads(TEXT)
    assert found("c.json", [first, second]) is None
