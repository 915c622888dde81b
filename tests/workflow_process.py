"""`promoter action`, each time in a process of its own with an environment of its own, quickly begun.

Run as a program it imports what every run imports, once, and forks for each line it reads; imported, it
offers `launching()`. What a forked run sees, and what it does, is what a fresh one would; only the imports
are done.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_LONGEST = 120


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a process ended, and all that it printed."""

    exit_code: int
    log: str


@dataclass(frozen=True, kw_only=True)
class Launcher:
    """Starts runs, one after the other."""

    process: subprocess.Popen[str]

    def run(self, environ: Mapping[str, str], folder: Path) -> Ended:
        """`promoter action` with nothing but this environment, in `folder`."""
        log = folder.parent / f"{folder.name}.log"
        asked = {"environ": dict(environ), "folder": str(folder), "log": str(log)}
        said, heard = _pipes(self.process)
        said.write(json.dumps(asked) + "\n")
        said.flush()
        answer = heard.readline()
        if not answer:
            raise RuntimeError("the process that starts runs has ended")
        return Ended(exit_code=int(answer), log=log.read_text(encoding="utf-8"))


def run_afresh(environ: Mapping[str, str], folder: Path) -> Ended:
    """The same, of the installed program itself."""
    program = Path(sys.executable).parent / "promoter"
    done = subprocess.run(
        [program, "action"],
        env=dict(environ),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_LONGEST,
        check=False,
    )
    return Ended(exit_code=done.returncode, log=done.stdout.decode())


@contextmanager
def launching() -> Iterator[Launcher]:
    """Start the process that starts runs; it ends with the context."""
    environ = {
        "PATH": os.defpath,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-P", str(Path(__file__).resolve())]
    process = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Launcher(process=process)
    finally:
        for pipe in _pipes(process):
            pipe.close()
        process.wait(timeout=_LONGEST)


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _serve() -> None:
    import mlflow  # noqa: F401, PLC0415 - only the program pays for it
    from mlflow.store.artifact import mlflow_artifacts_repo  # noqa: F401, PLC0415

    import promoter.action  # noqa: F401, PLC0415

    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(asked)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(asked: Mapping[str, object]) -> None:
    """Be `promoter action`; never comes back."""
    from promoter.cli import main  # noqa: PLC0415

    os.chdir(str(asked["folder"]))
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(str(asked["log"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(number, target)
    environ = asked["environ"]
    assert isinstance(environ, dict)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["promoter", "action"]
    code = 99  # of a run that died of something that is not its own to tell
    try:
        code = main()
    finally:
        if code == 99:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
