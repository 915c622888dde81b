"""What stands around a model's process: limits, and an end for everything it started.

A standalone program on our own interpreter: it starts the model's interpreter, because that one runs code of
the model's packages before our first line. All that confines model code belongs here, between fork and exec.

    confinement.py SETTINGS COMMAND...

SETTINGS is JSON: `limits` (name of a resource limit → value), `life_line` (a descriptor that is closed when
the process is to end, or when we died) and `keep` (the descriptor of the results, for COMMAND only).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import os
import resource
import select
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import NoReturn

_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36
_NOT_STARTED = 127
_KILLED = 128
_LOOK_EVERY_MS = 50
_OWN = 3


def main(arguments: list[str]) -> int:
    """Run the command until it ends or the life line is cut; nothing it started lives longer.

    The command's exit code, 128 and the signal where one killed it; 0 when the life line was cut.
    """
    settings = json.loads(arguments[0])
    life_line = settings["life_line"]
    _adopt_orphans()
    worker = os.fork()
    if worker == 0:
        os.close(life_line)
        _become(arguments[1:], limits=settings["limits"])
    # Held open here too, the pipes would not tell anybody that the worker is gone.
    _let_go(settings["keep"])
    exit_code = _wait(worker, life_line)
    kill_descendants(os.getpid())
    _reap()
    return exit_code


def descendants(ancestor: int) -> list[int]:
    """Every living process below one, from `/proc`; empty where there is none."""
    below = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name in brackets is the process's own choice, brackets and spaces included.
            state, parent = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state not in "ZX":
                below[int(parent)].append(int(folder.name))
    found, waiting = [], [ancestor]
    while waiting:
        children = below[waiting.pop()]
        found += children
        waiting += children
    return found


def kill_descendants(ancestor: int, *, seconds: float = math.inf) -> None:
    """Kill what is below a process until nothing is; all are stopped first, so that none can fork on."""
    end = time.monotonic() + seconds
    while (alive := descendants(ancestor)) and time.monotonic() < end:
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            for process in alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, sign)
        time.sleep(0.005)


def _reap() -> dict[int, int]:
    """The children that have ended, with their wait status."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = found[1]
    return ended


def _adopt_orphans() -> None:
    """Have a process whose parent ended become our child, however it left its session."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):  # it is Linux's alone
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _become(command: list[str], *, limits: dict[str, int]) -> NoReturn:
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    try:
        for name, value in limits.items():
            _limit(getattr(resource, name), value)
        os.execv(command[0], command)
    except (OSError, ValueError, AttributeError) as error:
        os.write(2, f"{command[0]} was not started: {error}\n".encode(errors="replace"))
    os._exit(_NOT_STARTED)


def _limit(kind: int, value: int) -> None:
    """Lower a limit, the hard one too; what is lower already stays."""
    hard = resource.getrlimit(kind)[1]
    lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (lowest, lowest))


def _let_go(keep: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(_OWN):
        os.dup2(nothing, descriptor)
    os.close(keep)


def _wait(worker: int, life_line: int) -> int:
    watch = select.poll()
    watch.register(life_line, select.POLLHUP)
    while not watch.poll(_LOOK_EVERY_MS):
        status = _reap().get(worker)
        if status is not None:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else _KILLED - code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
