"""Starting what cannot be started, and what stays open of it: nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import cast

import pytest

from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox.assurance import Confinement
from promoter.evaluation.sandbox.child_process import Command, Sandbox, Started, end_all, start
from promoter.evaluation.sandbox.frames import Ends

PYTHON = (sys.executable, "-I", "-S", "-c")
PATHS = 5_000


def command(*words: str, open_files: int = 1024) -> Command:
    return Command(words=words, memory=2**31, threads=1, sandbox=Sandbox(open_files=open_files))


def descriptors() -> set[int]:
    """Those that are open, but for the one by which they are listed."""
    listed = {int(path.name) for path in Path("/proc/self/fd").iterdir()}
    return {number for number in listed if Path(f"/proc/self/fd/{number}").exists()}


def fresh(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name


def answer_of(asked: Command, scratch: Path) -> bytes:
    """What it writes, once it has ended."""
    started = start(asked, scratch=scratch)
    content = b""
    while chunk := os.read(started.ends.results, 65_536):
        content += chunk
    end_all(started)
    started.ends.close()
    return content


def test_thousands_of_programs_can_be_run_and_no_descriptor_stays_open(tmp_path: Path) -> None:
    """Their paths are far more than what a program can be started with (T49)."""
    work = fresh(fresh(tmp_path, "scratch"), "work")
    for number in range(PATHS):
        program = work / f"a-program-with-a-name-of-some-length-{number:05}"
        program.write_text("#!/bin/sh\necho ran\n", encoding="utf-8")
        program.chmod(0o755)
    before = descriptors()
    last = f"./a-program-with-a-name-of-some-length-{PATHS - 1:05}"
    code = f"import subprocess; print(subprocess.run([{last!r}], capture_output=True).stdout)"
    assert answer_of(command(*PYTHON, code), tmp_path / "scratch") == b"b'ran\\n'\n"
    assert descriptors() == before


def test_arguments_too_long_for_any_program_are_no_verdict_and_leave_nothing(tmp_path: Path) -> None:
    before = descriptors()
    with pytest.raises(PromoterError, match=r"could not be started on this machine: .*too long") as caught:
        start(command("/bin/echo", "x" * 2**18), scratch=fresh(tmp_path, "one"))
    assert caught.value.reason is ReasonCode.CHECK_UNAVAILABLE
    assert "shorten the `command`" in str(caught.value.hint)
    assert descriptors() == before


@contextmanager
def few(kind: int, value: int) -> Iterator[None]:
    """With one of our own limits so low."""
    before = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(kind, before)


def ends_well(scratch: Path, *, free: int) -> bool:
    """Whether something can be started with so few more descriptors; what it raises else is no verdict."""
    taken = descriptors()
    limit = next(most for most in count() if most - sum(number < most for number in taken) == free)
    try:
        with few(resource.RLIMIT_NOFILE, limit):
            started = start(command("/bin/echo", "here"), scratch=scratch)
    except PromoterError as error:
        if error.reason is ReasonCode.CHECK_UNAVAILABLE and "Too many open files" in str(error):
            return False
        raise
    end_all(started)
    started.ends.close()
    return True


def test_wherever_descriptors_run_out_it_is_said_and_none_stays_open(tmp_path: Path) -> None:
    before = descriptors()
    ended = []
    for free in range(1, 24):
        ended.append(ends_well(fresh(tmp_path, str(free)), free=free))
        assert descriptors() == before, free
    assert not any(ended[:8])
    assert all(ended[20:])


def test_a_folder_that_is_not_there_is_no_verdict(tmp_path: Path) -> None:
    before = descriptors()
    with pytest.raises(PromoterError, match="No such file") as caught:
        start(command("/bin/echo"), scratch=tmp_path / "nowhere")
    assert caught.value.reason is ReasonCode.CHECK_UNAVAILABLE
    assert descriptors() == before


def test_where_a_layer_is_missing_no_descriptor_stays_open(tmp_path: Path) -> None:
    before = descriptors()
    with pytest.raises(PromoterError, match="limits is missing"):
        start(command("/bin/echo", open_files=-5), scratch=tmp_path)
    assert descriptors() == before


def test_what_the_kernel_keeps_is_told(tmp_path: Path) -> None:
    """Nobody can be made unkillable here: with no patience at all, whoever is there is still there."""
    stopped = subprocess.Popen(
        [*PYTHON, "import os, time\nos.fork()\ntime.sleep(600)"], start_new_session=True
    )
    life_line, held = os.pipe()
    ends = Ends(questions=os.dup(0), results=os.dup(0), printed=os.dup(0))
    started = Started(
        ends=ends, process=stopped, life_line=held, model=tmp_path, confinement=Confinement()
    )  # fmt: skip
    while not Path(f"/proc/{stopped.pid}/task/{stopped.pid}/children").read_text():
        pass
    with pytest.raises(PromoterError, match="could not be ended") as caught:
        end_all(started, patience=0)
    assert caught.value.reason is ReasonCode.CHECK_UNAVAILABLE
    assert "start the machine anew" in str(caught.value.hint)
    ends.close()
    os.close(life_line)


class Kept:
    """A process that the kernel does not let go, whatever it is sent."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.asked: list[float | None] = []

    def kill(self) -> None:
        """Nothing comes of it."""

    def wait(self, timeout: float | None = None) -> int:
        self.asked.append(timeout)
        raise subprocess.TimeoutExpired("kept", timeout or 0)


def test_a_process_that_the_kernel_keeps_is_told_and_not_waited_for_without_end() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    read, life_line = os.pipe()
    process = Kept(gone.pid)
    started = Started(
        ends=Ends(questions=-1, results=-1, printed=-1),
        process=cast("subprocess.Popen[bytes]", process),
        life_line=life_line,
        model=Path("/"),
        confinement=Confinement(),
    )
    with pytest.raises(PromoterError, match="could not be ended") as caught:
        end_all(started, patience=0.1)
    os.close(read)
    assert caught.value.reason is ReasonCode.CHECK_UNAVAILABLE
    assert process.asked == [0.1, 10.0]
