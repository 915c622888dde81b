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
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

from promoter.core.layers import Strictness
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox import confinement
from promoter.evaluation.sandbox.assurance import Confinement, read_confinement, require
from promoter.evaluation.sandbox.claims import Claim, claim_user
from promoter.evaluation.sandbox.frames import Ends
from promoter.evaluation.sandbox.reach import prepare, reach
from promoter.evaluation.sandbox.variables import child_environment
from promoter.text import quote, say

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

    `model` is the folder of the model as the process sees it, `confinement` what stands around it, `claim`
    what keeps its user from other sandboxes.
    """

    ends: Ends
    process: subprocess.Popen[bytes]
    life_line: int
    model: Path
    confinement: Confinement
    claim: Claim = field(default_factory=Claim)


def start(command: Command, *, scratch: Path) -> Started:
    """Start it in the folder `work` below `scratch`, which is its own with all that is in it.

    Closing the life line ends all that it started. Raises PromoterError, CHECK_UNAVAILABLE, when it cannot be
    started, or when a layer of the sandbox is missing and every layer is required: the command was not run
    then, and no descriptor of it is left open.
    """
    with ExitStack() as ours:
        try:
            started = _started(command, scratch=scratch, ours=ours)
        except OSError as error:
            raise _not_started(error) from error
        ours.pop_all()
    try:
        require(started.confinement, strictness=command.sandbox.strictness)
    except PromoterError:
        started.ends.close()
        end_all(started)
        raise
    return started


def _started(command: Command, *, scratch: Path, ours: ExitStack) -> Started:
    """The process, however confined. `ours` closes what is to stay open with us. Raises OSError."""
    folders = prepare(scratch, model=command.model)
    claim = claim_user()
    ours.callback(claim.close)
    with ExitStack() as meanwhile:
        with ExitStack() as theirs:
            asked, asking = _pipe(read=theirs, write=ours)
            _widen(asking)
            answering, answers = _pipe(read=ours, write=theirs)
            printing, printed = _pipe(read=ours, write=theirs)
            life_line, held = _pipe(read=theirs, write=ours)
            telling, report = _pipe(read=meanwhile, write=theirs)
            settings = {
                "life_line": life_line,
                "keep": answers,
                "report": report,
                "user": claim.user,
                "claim": claim.held,
                **_settings(command),
                **reach(command.words, folders=folders),
            }
            ends = Ends(questions=asked, results=answers, printed=printed)
            process = _start(command, settings=settings, ends=ends, scratch=scratch)
        return Started(
            ends=Ends(questions=asking, results=answering, printed=printing),
            process=process,
            life_line=held,
            model=folders.model,
            confinement=read_confinement(telling),
            claim=claim,
        )


def _start(
    command: Command, *, settings: Mapping[str, Any], ends: Ends, scratch: Path
) -> subprocess.Popen[bytes]:
    by_number = command.results is Results.DESCRIPTOR
    words = [*command.words, *([str(ends.results)] if by_number else [])]
    handed = [settings[name] for name in ("keep", "life_line", "report", "claim")]
    # Not among the arguments: the kernel bounds those, and the paths of a long list are more.
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(settings).encode())
        file.seek(0)
        number = file.fileno()
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _CONFINE, str(_ROOT), str(number), *words],
            stdin=ends.questions,
            stdout=ends.printed if by_number else ends.results,
            stderr=ends.printed,
            pass_fds=[number, *(descriptor for descriptor in handed if descriptor is not None)],
            env=child_environment(scratch, interpreter=Path(words[0]), threads=command.threads),
            cwd=scratch / "work",
            umask=0o077,
            start_new_session=True,
        )


def _not_started(error: OSError) -> PromoterError:
    return PromoterError(
        ReasonCode.CHECK_UNAVAILABLE,
        say("nothing was run: a process could not be started on this machine: ", quote(error)),
        hint=say(
            "See that it has memory, processes, open files and room for temporary files to spare, and run "
            "again. Where an argument list is too long, shorten the `command` of the custom check."
        ),
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


def _pipe(*, read: ExitStack, write: ExitStack) -> tuple[int, int]:
    """The end to read and the end to write, and who closes each."""
    reading, writing = os.pipe()
    read.callback(os.close, reading)
    write.callback(os.close, writing)
    return reading, writing


def _widen(pipe: int) -> None:
    """Have it hold more of a batch at a time, where the system lets us: fewer turns between two processes."""
    with contextlib.suppress(OSError, AttributeError):  # the constant is Linux's alone
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


# However busy a machine is: what was killed and is still there then is kept by the kernel.
_KILLED_SECONDS = 10.0


def end_all(started: Started, *, patience: float = _ENDING_SECONDS) -> None:
    """End the process and everything it started; returns when nothing of it is left.

    Raises PromoterError, CHECK_UNAVAILABLE, when something cannot be ended in three times `patience` seconds
    and ten more.
    """
    os.close(started.life_line)
    process = started.process
    ended, waited = True, True
    try:
        process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        ended = confinement.kill_descendants(process.pid, seconds=patience)
        process.kill()
        try:
            process.wait(timeout=max(patience, _KILLED_SECONDS))
        except subprocess.TimeoutExpired:
            waited = False
    # Had something killed the process around it, those left in its group or of its user are still there.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if started.confinement.user is not None:
        ended = confinement.kill_user(started.confinement.user, seconds=patience)
    started.claim.close()
    if not (ended and waited):
        raise PromoterError(
            ReasonCode.CHECK_UNAVAILABLE,
            say("a process that ran a model or a custom check could not be ended"),
            hint=say(
                "Nothing was decided. The kernel keeps it, as where a disk does not answer: start the "
                "machine anew, or give it up, before anything else runs on it."
            ),
        )
