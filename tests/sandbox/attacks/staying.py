"""Attacks that want to be there afterwards: processes that leave their family, or cannot be ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn


def _daemon(doing: Callable[[], object] | None = None) -> None:
    """A process whose parent is gone, in a session of its own."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(1, signal.NSIG):
                with contextlib.suppress(OSError, ValueError):
                    signal.signal(number, signal.SIG_IGN)
            if doing:
                doing()
            time.sleep(600)
        os._exit(0)


def daemon(world: Mapping[str, Any]) -> list[str]:
    """Twice forked, in its own session, deaf; the model answers and ends well."""
    _daemon()
    return []


def daemon_of_a_dead_model(world: Mapping[str, Any]) -> NoReturn:
    """The same, of a process that ends at once."""
    _daemon()
    time.sleep(0.1)
    os._exit(0)


def ever_another(world: Mapping[str, Any]) -> list[str]:
    """A process that is never there: each forks the next and ends."""

    def run() -> None:
        while True:
            with contextlib.suppress(OSError):
                if os.fork():
                    os._exit(0)

    _daemon(run)
    _daemon(run)
    time.sleep(0.2)
    return []


def holds_the_pipes(world: Mapping[str, Any]) -> NoReturn:
    """The model is gone, and a child keeps its pipes open: they never tell an end."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    os._exit(0)


def writes_without_its_first_thread(world: Mapping[str, Any]) -> list[str]:
    """A process that looks ended, as its first thread has, while the other goes on writing."""
    most, began = 200, threading.Event()

    def write() -> None:
        with Path("written").open("wb", buffering=0) as file:
            for _ in range(most):
                file.seek(0)
                file.write(b"x" * 1024**2)
                began.set()
                time.sleep(0.05)
        time.sleep(600)

    if os.fork() == 0:
        os.setsid()
        threading.Thread(target=write).start()
        began.wait()
        # To end the thread and not the process: what `exit` of a thread does, without the C library's.
        ctypes.CDLL(None).syscall(ctypes.c_long(93 if os.uname().machine == "aarch64" else 60), 0)
    time.sleep(0.3)
    return []


def ends_what_is_around(world: Mapping[str, Any]) -> NoReturn:
    """Ending the process that is to end it, and all of its session."""
    for sign in (signal.SIGSTOP, signal.SIGKILL):
        for process in (os.getppid(), -os.getppid(), os.getsid(0), -os.getsid(0)):
            with contextlib.suppress(OSError):
                os.kill(process, sign)
    with contextlib.suppress(OSError):
        os.killpg(0, signal.SIGKILL)
    time.sleep(600)
    os._exit(0)
