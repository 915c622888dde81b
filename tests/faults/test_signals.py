"""SIGINT and SIGTERM: to a container's first process, while models and installers run, and more than once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from promoter.demo.github.events import push_event
from promoter.demo.job import Trigger, environment, read_outputs
from tests.e2e.house import TOKEN, House, housed
from tests.faults.stopping_gate import Gate, Moment, gated
from tests.mlflow_server import MlflowServer
from tests.model_folders import light_interpreter, write_model

pytestmark = pytest.mark.integration

BOTH = pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
SECONDS = 5.0
UNSHARE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
# A door with one command of a test's; it says when it has begun.
DOOR = """\
import os, sys, time
from pathlib import Path
from promoter.ending import Stop, ending
from promoter.errors import ExitCode

def told(error):
    print(error.reason.value, flush=True)
    return error.exit_code

stop = Stop()
def command():
{command}
    return ExitCode.DONE

code = ending(command, tell=told, stop=stop)
sys.stdout.flush()
os._exit(code)
"""


def _may_unshare() -> bool:
    if shutil.which(UNSHARE[0]) is None:
        return False
    return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0


@contextmanager
def started(command: Sequence[str], **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A process in a group of its own, which has said `begun`."""
    environ = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environ,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def door(command: str) -> list[str]:
    return [sys.executable, "-c", DOOR.format(command=textwrap.indent(textwrap.dedent(command), "    "))]


def wait_for(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    while (found := process.stdout.readline()).strip() != line:
        assert found, f"it ended before it said {line}"


def stopped_by(process: subprocess.Popen[str], *signs: signal.Signals) -> tuple[int, str, float]:
    """Its exit code, what it said since, and how long that took."""
    began = time.monotonic()
    for sign in signs:
        process.send_signal(sign)
        time.sleep(0.05)
    output, _ = process.communicate(timeout=20)
    return process.returncode, output, time.monotonic() - began


def lives(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


@BOTH
def test_a_sleep_is_broken_off(sign: signal.Signals) -> None:
    with started(door("print('begun', flush=True); time.sleep(60)")) as process:
        wait_for(process, "begun")
        code, said, seconds = stopped_by(process, sign)
    assert (code, said) == (130, "interrupted\n")
    assert seconds < 2


def test_signals_during_the_clean_up_are_one_signal() -> None:
    command = """
    try:
        print("begun", flush=True)
        time.sleep(60)
    finally:
        time.sleep(1)
        print("cleaned", flush=True)
    """
    with started(door(command)) as process:
        wait_for(process, "begun")
        signs = (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGTERM)
        code, said, seconds = stopped_by(process, *signs)
    assert (code, said) == (130, "cleaned\ninterrupted\n")
    assert seconds < SECONDS


def test_work_that_hears_nothing_is_ended_before_the_runner_does() -> None:
    """It may not be broken off, and does not end: a thread ends the process."""
    with started(door("stop.may_write(); print('begun', flush=True); time.sleep(60)")) as process:
        wait_for(process, "begun")
        code, said, seconds = stopped_by(process, signal.SIGINT)
    assert code == 130
    assert "[interrupted]" in said
    assert 4 < seconds < SECONDS


def test_a_signal_that_a_shell_had_us_ignore_stays_ignored() -> None:
    command = "print('begun', flush=True); time.sleep(0.5); print('done', flush=True)"
    script = 'trap "" INT; exec "$@"'
    with started(["sh", "-c", script, "sh", *door(command)]) as process:
        wait_for(process, "begun")
        code, said, _ = stopped_by(process, signal.SIGINT)
    assert (code, said) == (0, "done\n")


@BOTH
def test_a_model_that_runs_is_ended_with_us(tmp_path: Path, sign: signal.Signals) -> None:
    model = write_model(tmp_path / "model", predict="time.sleep(60)")
    python = light_interpreter(tmp_path / "light").path
    command = f"""
    from promoter.adapters.deadline import Deadline
    from promoter.evaluation.sandbox.answers import Kind
    from promoter.evaluation.sandbox.environments import Interpreter
    from promoter.evaluation.sandbox.launcher import Launch, launch
    from tests.model_folders import batch
    interpreter = Interpreter(path=Path({str(python)!r}), name="light")
    asked = Launch(interpreter=interpreter, model=Path({str(model)!r}), wanted=Kind.VALUES)
    with launch(asked, deadline=Deadline(60, until=stop.until)) as worker:
        worker.load()
        print(worker._process, flush=True)
        print("begun", flush=True)
        worker.predict(batch())
    """
    with started(door(command)) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        wait_for(process, "begun")
        below = [child, *_children(child)]
        assert len(below) > 1
        code, said, seconds = stopped_by(process, sign)
    assert (code, said) == (130, "interrupted\n")
    assert seconds < SECONDS
    assert [pid for pid in below if lives(pid)] == []


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(one) for one in found]


@BOTH
def test_an_installer_that_runs_is_ended_with_us(tmp_path: Path, sign: signal.Signals) -> None:
    uv, pids, model = tmp_path / "uv", tmp_path / "pids", tmp_path / "model"
    uv.write_text(f"#!/bin/sh\nsleep 61 &\necho $$ $! > {pids}\nwait\n", encoding="utf-8")
    uv.chmod(0o700)
    model.mkdir()
    for name, text in (("requirements.txt", "anything\n"), ("python_env.yaml", ""), ("MLmodel", "")):
        (model / name).write_text(text, encoding="utf-8")
    command = f"""
    from promoter.adapters.deadline import Deadline
    from promoter.core.policy import Environment
    from promoter.evaluation.sandbox.environments import EnvironmentBuilder, Installer
    installer = Installer(uv=Path({str(uv)!r}))
    deadline = Deadline(60, until=stop.until)
    print("begun", flush=True)
    builder = EnvironmentBuilder(
        Path({str(tmp_path / "cache")!r}), installer=installer, log=lambda _: None, deadline=deadline
    )
    builder.build(Path({str(model)!r}), Environment.MODEL)
    """
    with started(door(command)) as process:
        wait_for(process, "begun")
        while not pids.exists() or not pids.read_text(encoding="ascii").strip():
            time.sleep(0.05)
        code, said, seconds = stopped_by(process, sign)
    assert (code, said) == (130, "interrupted\n")
    assert seconds < SECONDS
    time.sleep(0.2)
    assert [pid for pid in pids.read_text(encoding="ascii").split() if lives(int(pid))] == []
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.fixture
def house(tmp_path: Path, mlflow_server: MlflowServer) -> Iterator[House]:
    """A team on the session's registry."""
    with housed(tmp_path, mlflow_server.url) as made:
        yield made


@pytest.mark.skipif(not _may_unshare(), reason="may not make a namespace of processes")
@BOTH
def test_the_action_as_the_first_process_of_a_container(house: House, sign: signal.Signals) -> None:
    """The kernel ignores for it every signal that it does not handle itself."""
    old = house.version(0.8)
    house.adopt(old)
    number = house.ask_for(house.version(0.85))
    house.approve(number)
    push = house.merge(number)
    gate = Gate()
    gate.strike_at(4, Moment.BEFORE)
    with gated(gate, house.standin.api_url) as api, gated(gate, house.registry) as registry:
        payload = push_event(house.standin.view, push)
        trigger = Trigger(name="push", payload=payload, ref=push.ref, commit=push.after)
        inputs = {"github-token": TOKEN, "tracking-uri": registry}
        variables = environment(house.standin, trigger, job=house.folder, inputs=inputs)
        variables |= {"GITHUB_API_URL": api, "HOME": str(house.folder)}
        script = "import sys; from promoter.cli import main; sys.exit(main(['action']))"
        with started([*UNSHARE, sys.executable, "-u", "-c", script], **variables) as process:
            assert gate.reached.wait(60)
            (first,) = _children(process.pid)
            began = time.monotonic()
            os.kill(first, sign)
            said, _ = process.communicate(timeout=20)
    assert time.monotonic() - began < SECONDS
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert read_outputs((house.folder / "output").read_text(encoding="utf-8"))["reason-code"] == "interrupted"
    assert house.champion() == old
