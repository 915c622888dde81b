"""Folders of which nothing is left, and what is said when something is."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox import confinement
from promoter.evaluation.sandbox.child_process import Command, Sandbox, end_all, start
from promoter.evaluation.sandbox.scratch import scratch_folder


def test_a_folder_of_our_own_is_there_and_then_gone(tmp_path: Path) -> None:
    with scratch_folder(f"{tmp_path.name}-") as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "closed").mkdir(mode=0)
        (folder / "file").touch()
    assert not folder.exists()


def test_it_goes_whatever_ended_its_use() -> None:
    with pytest.raises(KeyError), scratch_folder("promoter-test-") as folder:
        raise KeyError
    assert not folder.exists()


def test_where_none_can_be_made_that_is_no_verdict() -> None:
    with pytest.raises(PromoterError, match="no folder could be made") as caught, scratch_folder("a/b/c-"):
        pass
    assert caught.value.reason is ReasonCode.CHECK_UNAVAILABLE


def test_what_takes_too_long_is_told() -> None:
    with (
        pytest.raises(PromoterError, match="not done after 0 s") as caught,
        scratch_folder("promoter-test-", seconds=0) as folder,
    ):
        (folder / "file").touch()
    assert caught.value.reason is ReasonCode.CHECK_UNAVAILABLE
    assert f"Remove `{folder}` by hand" in str(caught.value.hint)
    subprocess.run(["rm", "-r", str(folder)], check=True)


def test_what_is_gone_already_is_told() -> None:
    """Somebody else removes folders of ours: what else of it is where nobody looked?"""
    with (
        pytest.raises(PromoterError, match="No such file") as caught,
        scratch_folder("promoter-test-") as folder,
    ):
        folder.rmdir()
    assert caught.value.reason is ReasonCode.CHECK_UNAVAILABLE


@pytest.fixture
def unremovable() -> Iterator[Path]:
    """A folder with an immutable file between two others."""
    folder = Path(tempfile.mkdtemp(prefix="promoter-test-"))
    for name in ("a", "b", "c"):
        (folder / "below" / name).mkdir(parents=True)
        (folder / "below" / name / "file").touch()
    kept = folder / "below" / "b" / "file"
    done = subprocess.run(["chattr", "+i", str(kept)], capture_output=True, check=False)
    if done.returncode != 0:
        subprocess.run(["rm", "-r", str(folder)], check=True)
        pytest.skip("no file can be made immutable here")
    yield folder
    for path in folder.rglob("file"):
        subprocess.run(["chattr", "-i", str(path)], check=True)
    subprocess.run(["rm", "-r", str(folder)], check=True)


def test_what_cannot_be_removed_keeps_nothing_else_and_is_told(unremovable: Path) -> None:
    with (
        pytest.raises(PromoterError, match=r"could not be removed: `.*Operation not permitted`") as caught,
        scratch_folder("promoter-test-") as folder,
    ):
        (unremovable / "below").rename(folder / "below")
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["file"]
    assert len([path for path in folder.rglob("*") if path.is_dir()]) == 1
    assert caught.value.reason is ReasonCode.CHECK_UNAVAILABLE
    folder.rename(unremovable / "folder")


def test_a_daemon_that_goes_on_making_files_is_ended_before_they_are_removed() -> None:
    """Deep, closed, and ever more of them, until the moment the process around it is told to end."""
    code = """
        import os, time
        if os.fork() == 0:
            os.setsid()
            n = 0
            while True:
                n += 1
                os.mkdir(f"d{n}")
                for m in range(20):
                    os.close(os.open(f"d{n}/f{m}", os.O_CREAT))
                os.chmod(f"d{n}", 0)
                if n == 50:
                    print("busy", flush=True)
        time.sleep(600)
        """
    words = (sys.executable, "-I", "-S", "-c", textwrap.dedent(code))
    with scratch_folder("promoter-test-") as folder:
        sandbox = Sandbox(files=10**6, disk=2**33)
        started = start(Command(words=words, memory=2**31, threads=1, sandbox=sandbox), scratch=folder)
        assert os.read(started.ends.results, 9) == b"busy\n"
        alive = confinement.descendants(started.process.pid)
        assert len(alive) == 2
        end_all(started)
        started.ends.close()
    assert not folder.exists()
    assert not set(alive) & set(confinement.descendants(os.getpid()))
