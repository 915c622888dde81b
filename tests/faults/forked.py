"""The Action as a process of its own, hundreds of times: one that has imported everything forks each of them.

Starting Python with MLflow and PyGithub takes two seconds, a fork some milliseconds. What is forked is a
process like any other: it leads its own group, and a signal can end it anywhere.

Run as a program it is the server: a line of JSON on standard input starts a job, a line on standard output
tells its process, another one how it ended.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from promoter.demo.job import read_outputs

_PRELOADED = (
    "mlflow",
    "mlflow.store.tracking.rest_store",
    "mlflow.store.model_registry.rest_store",
    "promoter.cli",
    "promoter.adapters.github_client",
    "promoter.adapters.mlflow_registry",
)
_LONGEST_START = 60.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a process ended: `code` is negative for a signal; `seconds` since it was signalled, or begun."""

    code: int
    log: str
    outputs: Mapping[str, str]
    seconds: float


class Running:
    """One process of the Action's."""

    def __init__(self, server: Forking, pid: int, *, job: Path) -> None:
        self.pid = pid
        self._server = server
        self._job = job
        self._since = time.clock_gettime(time.CLOCK_MONOTONIC)

    def signal(self, number: signal.Signals) -> None:
        """Send it one signal; nothing happens when it has ended."""
        self._since = time.clock_gettime(time.CLOCK_MONOTONIC)
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> Ended:
        """How it ended. Raises TimeoutError, and kills it, when it does not end in time."""
        try:
            code, at = self._server.wait(self.pid, seconds)
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
            raise
        return Ended(
            code=code,
            log=(self._job / "log").read_text(encoding="utf-8"),
            outputs=read_outputs((self._job / "output").read_text(encoding="utf-8")),
            seconds=at - self._since,
        )


class Forking:
    """The process that forks the Action's."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._asking: IO[bytes] = process.stdin
        self._answering: IO[bytes] = process.stdout
        self._ended: dict[int, tuple[int, float]] = {}

    def start(self, environ: Mapping[str, str], job: Path) -> Running:
        """A process with these variables and no others, its log in the job's folder."""
        self._asking.write(json.dumps({"environ": dict(environ), "job": str(job)}).encode() + b"\n")
        self._asking.flush()
        while True:
            told = self._read(_LONGEST_START)
            if "started" in told:
                return Running(self, told["started"], job=job)

    def wait(self, pid: int, seconds: float) -> tuple[int, float]:
        """Its exit code, and when it ended on the system's own clock; raises TimeoutError."""
        end = time.monotonic() + seconds
        while pid not in self._ended:
            self._read(end - time.monotonic())
        return self._ended.pop(pid)

    def _read(self, seconds: float) -> dict[str, Any]:
        if not select.select([self._answering], [], [], max(0.0, seconds))[0]:
            raise TimeoutError
        told: dict[str, Any] = json.loads(self._answering.readline())
        if "ended" in told:
            self._ended[told["ended"]] = (told["code"], told["at"])
        return told


@contextmanager
def forking() -> Iterator[Forking]:
    """A server; what it forked ends with it."""
    # Unbuffered, so that a line that was read is never waited for.
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.forked"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as process:
        try:
            yield Forking(process)
        finally:
            process.kill()


def _serve() -> int:
    """Fork until standard input ends; in the fork: the Action's exit code."""
    # As `mlflow_client.open_client` does before it imports MLflow.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    for name in _PRELOADED:
        import_module(name)
    children: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([0, *children], [], [])
        for one in ready:
            if one == 0:
                line = sys.stdin.buffer.readline()
                if not line:
                    _end_all(list(children.values()))
                    return 0
                pid = os.fork()
                if pid == 0:
                    return _become_the_action(json.loads(line))
                children[os.pidfd_open(pid)] = pid
                _say({"started": pid})
                continue
            pid = children.pop(one)
            os.close(one)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            _say({"ended": pid, "code": code, "at": time.clock_gettime(time.CLOCK_MONOTONIC)})


def _end_all(children: list[int]) -> None:
    for child in children:
        os.kill(child, signal.SIGKILL)


def _say(told: dict[str, float]) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


def _become_the_action(asked: dict[str, object]) -> int:
    os.setpgid(0, 0)
    environ = asked["environ"]
    assert isinstance(environ, dict)
    os.environ.clear()
    os.environ.update(environ)
    log = os.open(Path(str(asked["job"]), "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    from promoter.cli import main  # noqa: PLC0415 - imported by the server

    return main(["action"])


if __name__ == "__main__":
    sys.exit(_serve())
