"""Landlock's rules: by version in tables, and by processes that live by them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from promoter.evaluation.sandbox import kernel, landlock
from promoter.evaluation.sandbox.landlock import Access

SOURCE = str(Path(landlock.__file__).parents[3])


def abi() -> int:
    try:
        return landlock.version()
    except OSError:
        return 0


needs_landlock = pytest.mark.skipif(abi() == 0, reason="this kernel has no Landlock")


@pytest.mark.parametrize(
    ("version", "files", "network", "scopes"),
    [
        (1, 0x1FFF, 0, 0),
        (2, 0x3FFF, 0, 0),
        (3, 0x7FFF, 0, 0),
        (4, 0x7FFF, 3, 0),
        (5, 0xFFFF, 3, 0),
        (6, 0xFFFF, 3, 3),
        (7, 0xFFFF, 3, 3),
        (99, 0xFFFF, 3, 3),
    ],
)
def test_what_each_version_judges(version: int, files: int, network: int, scopes: int) -> None:
    """The numbers are of linux/landlock.h."""
    assert landlock.handled(version) == (files, network, scopes)


def test_what_is_written_is_never_run_and_devices_are_never_made() -> None:
    never = Access.EXECUTE | Access.MAKE_SOCKET | Access.MAKE_BLOCK_DEVICE | Access.MAKE_CHARACTER_DEVICE
    assert not landlock.WRITE & never
    assert not landlock.RUN & (Access.WRITE_FILE | Access.MAKE_FILE | Access.REMOVE_FILE | Access.TRUNCATE)


@needs_landlock
@pytest.mark.parametrize("version", range(1, abi() + 1))
def test_every_version_this_kernel_knows_takes_the_rules(version: int, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    rules = landlock.build(
        [(str(tmp_path), landlock.WRITE), (str(file), landlock.WRITE), ("/nowhere", landlock.READ)],
        abi=version,
    )
    assert not os.get_inheritable(rules)
    os.close(rules)


@needs_landlock
def test_a_process_reads_and_writes_what_it_is_allowed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name, encoding="utf-8")
    code = f"""
import os, sys
sys.path.append({SOURCE!r})
from promoter.evaluation.sandbox import kernel, landlock
rules = landlock.build([("open", landlock.WRITE)], abi=landlock.version())
kernel.forbid_new_privileges()
landlock.enter(rules)
if os.fork() == 0:  # children live by them too
    print(open("open/file").read(), flush=True)
    for attempt in (lambda: open("closed/file"), lambda: open("open/new", "w"), lambda: os.mkdir("closed/x"),
                    lambda: os.kill(os.getppid(), 0), lambda: os.kill({os.getpid()}, 0)):
        try:
            attempt()
            print("done", flush=True)
        except OSError as error:
            print(error.errno, flush=True)
    os._exit(0)
os.wait()
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    signals = "1" if abi() >= landlock.SIGNALS_ABI else "done"
    assert done.stdout.split() == ["open", "13", "done", "13", "done", signals]


def test_a_call_that_fails_says_why() -> None:
    with pytest.raises(OSError, match=r"Bad file descriptor|not implemented|not permitted|not supported"):
        kernel.system_call(446, -1, 0)
    with pytest.raises(OSError, match="this system has no nonsense"):
        kernel.call("nonsense")
