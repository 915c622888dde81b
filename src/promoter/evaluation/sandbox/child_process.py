"""Starting a model's process with nothing of ours in it, and ending it with all it started."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from promoter.evaluation.sandbox import confinement
from promoter.evaluation.sandbox.frames import Ends

_HERE = Path(__file__).parent
_ENDING_SECONDS = 5.0
# Libraries are mapped, and allocators reserve, far more than they use.
_MAPPED = 16 * 1024**3
_LARGEST_FILE = 4 * 1024**3
# What a user of Linux may ask for
_PIPE = 1024**2
_SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
_SETTINGS = {
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "DO_NOT_TRACK": "true",
    "HF_HUB_OFFLINE": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "1",
    # Models side by side have more threads than there are cores. A thread that spins while it waits for its
    # turn keeps another model from working: boosted trees took five times as long (docs/benchmarks.md).
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_THREAD_TIMEOUT": "4",
    "TRANSFORMERS_OFFLINE": "1",
}


class Results(Enum):
    """Where a process writes its results: a descriptor whose number is its last argument, or its standard
    output."""

    DESCRIPTOR = auto()
    STANDARD_OUTPUT = auto()


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to start: a program with its arguments, bytes of memory, threads, and where results come."""

    words: tuple[str, ...]
    memory: int
    threads: int
    results: Results = Results.STANDARD_OUTPUT


def model_command(interpreter: Path, *, memory: int, threads: int) -> Command:
    """The command that loads and asks a model, on the interpreter of its environment."""
    # -I keeps the working directory and PYTHON* variables out, -B bytecode out of a shared environment.
    words = (str(interpreter), "-I", "-B", str(_HERE / "worker.py"))
    return Command(words=words, memory=memory, threads=threads, results=Results.DESCRIPTOR)


@dataclass(frozen=True, kw_only=True)
class Started:
    """A process, our ends of its pipes, and the descriptor whose closing ends it."""

    ends: Ends
    process: subprocess.Popen[bytes]
    life_line: int


def start(command: Command, *, scratch: Path) -> Started:
    """Start it in the folder `work` below `scratch`, which is its own with all that is in it.

    Closing the life line ends all that it started.
    """
    for name in ("home", "tmp", "work"):
        (scratch / name).mkdir(mode=0o700, exist_ok=True)
    theirs, ours = _pipes()
    life_line, held = os.pipe()
    settings = {
        "limits": {
            "RLIMIT_DATA": command.memory,
            "RLIMIT_AS": command.memory + _MAPPED,
            "RLIMIT_FSIZE": _LARGEST_FILE,
            "RLIMIT_CORE": 0,
        },
        "life_line": life_line,
        "keep": theirs.results,
    }
    by_number = command.results is Results.DESCRIPTOR
    words = [*command.words, *([str(theirs.results)] if by_number else [])]
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_HERE / "confinement.py"), json.dumps(settings), *words],
            stdin=theirs.questions,
            stdout=theirs.printed if by_number else theirs.results,
            stderr=theirs.printed,
            pass_fds=(theirs.results, life_line),
            env=child_environment(scratch, interpreter=Path(words[0]), threads=command.threads),
            cwd=scratch / "work",
            umask=0o077,
            start_new_session=True,
        )
    finally:
        theirs.close()
        os.close(life_line)
    return Started(ends=ours, process=process, life_line=held)


def _pipes() -> tuple[Ends, Ends]:
    """Their ends and ours."""
    asked, asking = os.pipe()
    _widen(asking)
    answering, answers = os.pipe()
    printing, printed = os.pipe()
    return (
        Ends(questions=asked, results=answers, printed=printed),
        Ends(questions=asking, results=answering, printed=printing),
    )


def _widen(pipe: int) -> None:
    """Have it hold more of a batch at a time, where the system lets us: fewer turns between two processes."""
    with contextlib.suppress(OSError, AttributeError):  # the constant is Linux's alone
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def end_all(started: Started, *, patience: float = _ENDING_SECONDS) -> None:
    """End the process and everything it started; returns when nothing of it is left."""
    os.close(started.life_line)
    process = started.process
    try:
        process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        confinement.kill_descendants(process.pid, seconds=patience)
        process.kill()
        process.wait()
    # Had the model killed the process around it, those left in its group are still there.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def child_environment(scratch: Path, *, interpreter: Path, threads: int) -> dict[str, str]:
    """Every variable a model's process sees. Built from nothing: no name is ever passed on."""
    return {
        **_SETTINGS,
        **dict.fromkeys(_THREADS, str(threads)),
        "PATH": f"{interpreter.parent}:{_SEARCH_PATH}",
        "HOME": str(scratch / "home"),
        "TMPDIR": str(scratch / "tmp"),
        "MPLCONFIGDIR": str(scratch / "tmp"),
        "MLFLOW_TRACKING_URI": (scratch / "home" / "nothing").as_uri(),
    }
