"""Users of their own: which number, and that nothing of root is left."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from promoter.evaluation.sandbox import identity

SOURCE = str(Path(identity.__file__).parents[3])
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give users away")


@pytest.mark.parametrize(
    ("table", "first", "end"),
    [
        ("         0          0 4294967295\n", 2_000_000_000, 2_134_217_728),
        ("         0     100000      65536\n", 61_184, 65_520),
        ("         0       1000          1\n         1     100000      65536\n", 61_184, 65_520),
        ("", 61_184, 65_520),
    ],
)
def test_users_come_by_chance_from_where_nobody_else_takes_them(
    table: str, first: int, end: int, tmp_path: Path
) -> None:
    (tmp_path / "map").write_text(table, encoding="ascii")
    tried = list(islice(identity.free_users(mapped=str(tmp_path / "map")), 2_000))
    assert all(first <= user < end for user in tried)
    assert len(set(tried)) > 1_000


def test_where_no_table_is_every_number_is_taken_to_be_mapped(tmp_path: Path) -> None:
    assert next(identity.free_users(mapped=str(tmp_path / "nothing"))) >= 2_000_000_000


def test_the_users_of_processes_are_read() -> None:
    assert (os.getpid(), os.getuid()) in identity.users()
    assert identity.threads(os.getuid()) >= 1
    assert identity.threads(1_999_999_999) == 0


def become(before: str, after: str, *, needed: list[str]) -> str:
    """What code prints as a user of its own."""
    code = f"""
import os, sys
sys.path.append({SOURCE!r})
from promoter.evaluation.sandbox import identity
user = next(identity.free_users())
{before}
note = identity.become(user, folders=["."], needed={needed!r})
{after}
"""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    ).stdout


@needs_root
def test_nothing_of_root_is_left(tmp_path: Path) -> None:
    after = """
print(note == "", {*os.getresuid(), *os.getresgid()} == {user}, os.getgroups())
print({line.split()[1] for line in open("/proc/self/status") if line.startswith("Cap")})
for attempt in (lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.chown("/", 0, 0)):
    try:
        attempt()
        print("done")
    except PermissionError:
        pass
"""
    folder = tmp_path / "mine"
    folder.mkdir()
    out = become(f"os.chdir({str(folder)!r})", after, needed=["/usr/bin"])
    assert out == "True True []\n{'0000000000000000'}\n"
    assert folder.stat().st_uid >= identity.LOWEST


@needs_root
def test_what_lies_behind_a_closed_folder_is_read_by_a_capability_and_the_note_says_so(
    tmp_path: Path,
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "file").write_text("needed", encoding="utf-8")
    own = tmp_path / "own"
    own.mkdir()
    path = str(closed / "file")
    after = f"""
print("closed to others" in note, open({path!r}).read())
print({{line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "CapBnd"))}})
try:
    open({path!r}, "a")
except PermissionError:
    print("not written")
"""
    out = become(f"os.chdir({str(own)!r})", after, needed=[path])
    assert out == "True needed\n{'0000000000000004'}\nnot written\n"


@needs_root
def test_without_that_capability_it_is_out_of_reach_and_root_stays_root(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    code = f"""
import os, sys
sys.path.append({SOURCE!r})
from promoter.evaluation.sandbox import identity
identity._set_capabilities(0b11000011)  # to change users, modes and owners, as a container has
try:
    identity.become(next(identity.free_users()), folders=[], needed=[{str(closed)!r}])
except OSError as error:
    print(error.strerror, os.getresuid())
identity.drop_capabilities()
print({{line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")}})
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        f"{closed} cannot be read by another user than ours: open its folders (0, 0, 0)",
        "{'0000000000000000'}",
    ]
