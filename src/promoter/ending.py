"""How a door ends, whatever happens inside: the only catch-all, shared by both doors."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.text import quote, say

# GitHub sends SIGINT, SIGTERM 7.5 s later, and kills 2.5 s after that. We are gone before its second signal.
_WRITTEN_WITHIN = 2.5
_TOLD_WITHIN = 4.0
_GONE_WITHIN = 4.7
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)
_UNTOLD = b"promoter: the job was stopped, and what it was doing did not end in time [interrupted]\n"


class Stop:
    """Whether this process was asked to stop, and until when on `clock` its work may go on then.

    Asked once, it is stopped: that it is asked again changes nothing.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked_at = math.inf
        self._ends_in_order = False
        self._seconds = _WRITTEN_WITHIN

    @property
    def is_asked(self) -> bool:
        """Whether a signal came."""
        return self._asked_at < math.inf

    def until(self) -> float:
        """When everything must have ended; infinite while nobody asked."""
        return self._asked_at + self._seconds

    def may_write(self) -> bool:
        """Whether moves may begin. From here on a signal breaks nothing off: what has begun ends in order,
        within `until`."""
        self._ends_in_order = True
        return not self.is_asked

    def tells(self) -> None:
        """The same for what is told at the end, which has a little more time."""
        self._ends_in_order = True
        self._seconds = _TOLD_WITHIN

    def ask(self) -> None:
        """A signal came. Raises KeyboardInterrupt where work may be broken off."""
        if self.is_asked:
            return
        self._asked_at = self._clock()
        if not self._ends_in_order:
            raise KeyboardInterrupt


def ending(
    command: Callable[[], ExitCode], *, tell: Callable[[PromoterError], ExitCode], stop: Stop | None = None
) -> ExitCode:
    """The command's exit code; every error, interruption and bug is told, never a traceback.

    `stop` is asked when SIGINT or SIGTERM comes. After that the process has five seconds at most.
    """
    stop = stop or Stop()
    with _listening(stop):
        try:
            exit_code = command()
        except PromoterError as error:
            found = error
        except KeyboardInterrupt:
            found = _interrupted()
        except Exception as bug:
            found = _bug(bug)
        else:
            return ExitCode.INTERRUPTED if stop.is_asked else exit_code
        stop.tells()
        return tell(_interrupted() if stop.is_asked else found)


@contextmanager
def _listening(stop: Stop) -> Iterator[None]:
    """Have signals ask for the stop, the first process of a container included: that one has no other way.

    Work that listens to nothing (a library's loop that never comes back) is ended by a thread, which hears of
    a signal from the system itself.
    """

    def ask(_: int, __: FrameType | None) -> None:
        stop.ask()

    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # a shell's job in the background
    heard = _SIGNALS[1:] if ignored else _SIGNALS
    listening, telling = os.pipe()
    os.set_blocking(telling, False)
    over = threading.Event()
    listener = threading.Thread(target=_end_late, args=(listening, over), name="signals", daemon=True)
    listener.start()
    other = signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
    before = {number: signal.signal(number, ask) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            # One more signal while we leave would otherwise end us with a code of its own.
            ignores = stop.is_asked and handler in _DEFAULTS
            signal.signal(number, signal.SIG_IGN if ignores else handler)
        signal.set_wakeup_fd(other)
        over.set()
        os.close(telling)
        # It ends at once; only a process that was forked from ours may still hold the pipe open.
        listener.join(timeout=1)


def _end_late(listening: int, over: threading.Event) -> None:
    """End the process some time after a signal, unless it is over before."""
    try:
        while (heard := os.read(listening, 1)) and heard[0] not in _SIGNALS:
            pass
        if heard and not over.wait(_GONE_WITHIN):
            os.write(2, _UNTOLD)
            os._exit(ExitCode.INTERRUPTED)
    finally:
        os.close(listening)


def _interrupted() -> PromoterError:
    return PromoterError(
        ReasonCode.INTERRUPTED,
        say("the job was stopped"),
        hint=say("Run it again: it goes on from what is live."),
    )


def _bug(bug: Exception) -> PromoterError:
    # The text of an exception may hold anything, a password too: its type and place are what a report needs.
    frames = traceback.extract_tb(bug.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-3:]]
    return PromoterError(
        ReasonCode.INTERNAL_ERROR,
        say("a bug in Promoter: ", quote(type(bug).__name__), " at ", quote(" < ".join(reversed(places)))),
        hint=say(
            "Please report this line, the version and what you ran. Look at what the registry holds before "
            "you go on."
        ),
    )
