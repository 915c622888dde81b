"""Attacks that want to be there afterwards: processes that leave their family, or cannot be ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
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
