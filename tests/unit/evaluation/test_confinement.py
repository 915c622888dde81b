"""The program around a model's process, run by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from promoter.evaluation.sandbox import confinement
from promoter.evaluation.sandbox.child_process import end_all, model_command, start


def run(code: str, limits: dict[str, int], *, exit_code: int = 0) -> str:
    """What Python code prints inside, under some limits; it has to end with this exit code."""
    reading, life_line = os.pipe()
    keep = os.open(os.devnull, os.O_RDONLY)
    settings = {"limits": limits, "life_line": reading, "keep": keep}
    done = subprocess.run(
        [
            sys.executable,
            "-IS",
            confinement.__file__,
            json.dumps(settings),
            sys.executable,
            "-IS",
            "-c",
            code,
        ],
        pass_fds=(reading, keep),
        capture_output=True,
        timeout=20,
        check=False,
    )
    for descriptor in (reading, life_line, keep):
        os.close(descriptor)
    assert done.returncode == exit_code
    return (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("code", [0, 3, 255])
def test_an_exit_code_is_handed_on(code: int) -> None:
    assert run(f"print('here'); raise SystemExit({code})", {}, exit_code=code) == "here\n"


@pytest.mark.parametrize("sign", [6, 9, 15])
def test_a_signal_is_told_as_a_shell_does(sign: int) -> None:
    assert run(f"import os; os.kill(os.getpid(), {sign})", {}, exit_code=128 + sign) == ""


def test_an_exit_code_is_not_lost_among_those_of_orphans() -> None:
    code = (
        "import os, time\n"
        "for _ in range(10):\n"
        "    if os.fork() == 0:\n"
        "        time.sleep(0.05 if os.fork() else 0.1)\n"
        "        os._exit(9)\n"
        "raise SystemExit(4)"
    )
    assert run(code, {}, exit_code=4) == ""


def test_limits_are_set_for_good() -> None:
    code = (
        "import resource\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    assert run(code, {"RLIMIT_NOFILE": 99, "RLIMIT_CORE": 0}) == "(99, 99) (0, 0)\n"


def test_a_limit_is_never_raised() -> None:
    code = "import resource\nprint(resource.getrlimit(resource.RLIMIT_NOFILE)[1])"
    assert int(run(code, {"RLIMIT_NOFILE": 2**40})) < 2**40


def test_an_unknown_limit_starts_nothing() -> None:
    assert "was not started" in run("print('here')", {"RLIMIT_NONSENSE": 1}, exit_code=127)


def test_a_cut_life_line_ends_a_process_that_hangs(tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\ntrap '' TERM\nsleep 600 &\nsleep 600\n", encoding="utf-8")
    fake.chmod(0o700)
    started = start(model_command(fake, memory=2**33, threads=1), scratch=tmp_path)
    while len(confinement.descendants(started.process.pid)) < 3:
        time.sleep(0.01)
    alive = confinement.descendants(started.process.pid)
    begin = time.monotonic()
    end_all(started, patience=30)
    started.ends.close()
    assert time.monotonic() - begin < 10
    assert started.process.returncode == 0
    assert not {process for process in alive if Path(f"/proc/{process}").exists()}


def test_what_the_warden_cannot_end_is_ended_from_outside(tmp_path: Path) -> None:
    """The program around it may itself be stopped: by the model, while both have one user."""
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nkill -STOP $PPID\nsleep 600\n", encoding="utf-8")
    fake.chmod(0o700)
    started = start(model_command(fake, memory=2**33, threads=1), scratch=tmp_path)
    while len(confinement.descendants(started.process.pid)) < 2:
        time.sleep(0.01)
    alive = confinement.descendants(started.process.pid)
    end_all(started, patience=0.5)
    started.ends.close()
    assert started.process.returncode == -9
    assert all(not confinement.descendants(process) for process in alive)


def test_descendants_are_found_through_every_generation() -> None:
    code = "import os, time\nif not os.fork():\n    os.fork()\ntime.sleep(600)"
    process = subprocess.Popen([sys.executable, "-IS", "-c", code])
    while len(confinement.descendants(process.pid)) < 2:
        time.sleep(0.01)
    assert process.pid in confinement.descendants(os.getpid())
    confinement.kill_descendants(process.pid, seconds=5)
    assert confinement.descendants(process.pid) == []
    process.kill()
    process.wait()
    assert confinement.descendants(process.pid) == []
