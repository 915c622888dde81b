"""Starting a model's process with nothing of ours in it, and ending it with all it started."""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

from promoter.core.layers import Strictness
from promoter.errors import PromoterError
from promoter.evaluation.sandbox import confinement
from promoter.evaluation.sandbox.assurance import Confinement, read_confinement, require
from promoter.evaluation.sandbox.frames import Ends
from promoter.evaluation.sandbox.reach import prepare, reach

_HERE = Path(__file__).parent
# Our interpreter without its packages; ours are looked for last, and only empty ones lie above the sandbox.
_ROOT = _HERE.parents[2]
_CONFINE = (
    "import sys; sys.path.append(sys.argv[1]); from promoter.evaluation.sandbox import confinement; "
    "sys.exit(confinement.main(sys.argv[2:]))"
)
_GIB = 1024**3
_ENDING_SECONDS = 5.0
_LONGEST_RUN = 24 * 3600
# Libraries are mapped, and allocators reserve, far more than they use.
_MAPPED = 16 * _GIB
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
    # Its processes need semaphores in memory that is shared by all, and its threads do not.
    "JOBLIB_MULTIPROCESSING": "0",
    "LOGNAME": "model",
    "USER": "model",
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


def cores() -> int:
    """How many processors we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor_seconds(left: float) -> int:
    """The most processor time one process can take while so many seconds of the clock are left.

    The clock ends a process first; the kernel's own limit holds should nobody be there to look at the clock.
    """
    return (math.ceil(min(left, _LONGEST_RUN)) + 1) * cores()


class Results(Enum):
    """Where a process writes its results: a descriptor whose number is its last argument, or its standard
    output."""

    DESCRIPTOR = auto()
    STANDARD_OUTPUT = auto()


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """How strictly a process is confined, and how much it may take in total.

    Bytes on disk, files, processes with threads, open files, and seconds of processor time for each process.
    """

    strictness: Strictness = Strictness.REQUIRED
    disk: int = 2 * _GIB
    files: int = 50_000
    processes: int = 512
    open_files: int = 1024
    processor_seconds: int = _LONGEST_RUN


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to start: a program with its arguments, bytes of memory, threads, and where results come.

    `model`: a folder that the process is given to read, under the name that `Started.model` tells.
    """

    words: tuple[str, ...]
    memory: int
    threads: int
    results: Results = Results.STANDARD_OUTPUT
    model: Path | None = None
    sandbox: Sandbox = field(default_factory=Sandbox)


def model_command(
    interpreter: Path, *, memory: int, threads: int, model: Path | None = None, sandbox: Sandbox | None = None
) -> Command:
    """The command that loads and asks a model, on the interpreter of its environment."""
    # -I keeps the working directory and PYTHON* variables out, -B bytecode out of a shared environment.
    words = (str(interpreter), "-I", "-B", str(_HERE / "worker.py"))
    return Command(
        words=words,
        memory=memory,
        threads=threads,
        results=Results.DESCRIPTOR,
        model=model,
        sandbox=sandbox or Sandbox(),
    )


@dataclass(frozen=True, kw_only=True)
class Started:
    """A process, our ends of its pipes, and the descriptor whose closing ends it.

    `model` is the folder of the model as the process sees it, `confinement` what stands around it.
    """

    ends: Ends
    process: subprocess.Popen[bytes]
    life_line: int
    model: Path
    confinement: Confinement


def start(command: Command, *, scratch: Path) -> Started:
    """Start it in the folder `work` below `scratch`, which is its own with all that is in it.

    Closing the life line ends all that it started. Raises PromoterError, CHECK_UNAVAILABLE, when a layer of
    the sandbox is missing and every layer is required: the command was not run then.
    """
    folders = prepare(scratch, model=command.model)
    theirs, ours = _pipes()
    life_line, held = os.pipe()
    telling, report = os.pipe()
    settings = {
        "life_line": life_line,
        "keep": theirs.results,
        "report": report,
        **_settings(command),
        **reach(command.words, folders=folders),
    }
    try:
        process = _start(command, settings=settings, ends=theirs, scratch=scratch)
    finally:
        theirs.close()
        os.close(life_line)
        os.close(report)
    started = Started(
        ends=ours,
        process=process,
        life_line=held,
        model=folders.model,
        confinement=read_confinement(telling),
    )
    try:
        require(started.confinement, strictness=command.sandbox.strictness)
    except PromoterError:
        end_all(started)
        ours.close()
        raise
    return started


def _start(
    command: Command, *, settings: Mapping[str, Any], ends: Ends, scratch: Path
) -> subprocess.Popen[bytes]:
    by_number = command.results is Results.DESCRIPTOR
    words = [*command.words, *([str(ends.results)] if by_number else [])]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _CONFINE, str(_ROOT), json.dumps(settings), *words],
        stdin=ends.questions,
        stdout=ends.printed if by_number else ends.results,
        stderr=ends.printed,
        pass_fds=(settings["keep"], settings["life_line"], settings["report"]),
        env=child_environment(scratch, interpreter=Path(words[0]), threads=command.threads),
        cwd=scratch / "work",
        umask=0o077,
        start_new_session=True,
    )


def _settings(command: Command) -> dict[str, object]:
    sandbox = command.sandbox
    return {
        "strictness": sandbox.strictness.value,
        "memory": command.memory,
        "disk": sandbox.disk,
        "files": sandbox.files,
        "limits": {
            "RLIMIT_DATA": command.memory,
            "RLIMIT_AS": command.memory + _MAPPED,
            "RLIMIT_FSIZE": sandbox.disk,
            "RLIMIT_CPU": sandbox.processor_seconds,
            "RLIMIT_NOFILE": sandbox.open_files,
            "RLIMIT_NPROC": sandbox.processes,
            "RLIMIT_CORE": 0,
        },
    }


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
    # Had something killed the process around it, those left in its group or of its user are still there.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if started.confinement.user is not None:
        confinement.kill_user(started.confinement.user, seconds=patience)


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
