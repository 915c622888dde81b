"""Progress as plain lines: for a job's log, a file, or a terminal that can do no more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO

from promoter.adapters.progress_pace import Pace
from promoter.core.progress import Step, Unit, Untold
from promoter.text import Message, say

BETWEEN_LINES = 10.0
"""Seconds between two lines of one step."""
WORTH_TELLING = 1.0
"""Seconds that a step must have taken for its end to be told."""


class Log(Protocol):
    """Where lines go; what it raises is nobody's business: a log that is closed ends no run."""

    def log(self, message: Message) -> None:
        """One line."""

    def fold(self, title: Message) -> None:
        """From here on lines are folded away, where that can be done."""

    def unfold(self) -> None:
        """Until here."""


class Stream:
    """A `Log` that nobody folds: the title is a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def log(self, message: Message) -> None:
        """See `Log`."""
        self._stream.write(f"{message}\n")
        self._stream.flush()

    def fold(self, title: Message) -> None:
        """See `Log`."""
        self.log(title)

    def unfold(self) -> None:
        """See `Log`."""


class Notes(Untold):
    """Only what stays is told: for programs."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def note(self, message: Message) -> None:
        """See `core.progress.Progress`."""
        with suppress(OSError, ValueError):
            self._log.log(message)


class Lines:
    """At most one line of a step in ten seconds, and one at its end. A chapter is folded, not in another."""

    def __init__(self, log: Log, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._lock = threading.RLock()
        self._depth = 0

    def note(self, message: Message) -> None:
        """See `core.progress.Progress`."""
        with self._lock, suppress(OSError, ValueError):
            self._log.log(message)

    @contextmanager
    def chapter(self, title: Message) -> Iterator[None]:
        """See `core.progress.Progress`."""
        self._depth += 1
        if self._depth == 1:
            with suppress(OSError, ValueError):
                self._log.fold(title)
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                with suppress(OSError, ValueError):
                    self._log.unfold()

    @contextmanager
    def step(self, what: Message, *, unit: Unit) -> Iterator[Step]:
        """See `core.progress.Progress`. What fails has no end that could be told: the error tells."""
        step = _Step(self.note, what, unit=unit, clock=self._clock)
        try:
            yield step
            step.tell_end()
        finally:
            step.close()


class _Step:
    def __init__(
        self, note: Callable[[Message], None], what: Message, *, unit: Unit, clock: Callable[[], float]
    ) -> None:
        self._note = note
        self._what = what
        self._unit = unit
        self._clock = clock
        self._lock = threading.Lock()
        self._begin = self._told = clock()
        self._done = 0
        self._total: int | None = None
        self._is_over = False

    def expect(self, total: int) -> None:
        self._total = total

    def advance(self, amount: int) -> None:
        with self._lock:
            self._done += amount
            now = self._clock()
            if self._is_over or now - self._told < BETWEEN_LINES:
                return
            self._told = now
        self._tell(self._pace(now).so_far())

    def tell_end(self) -> None:
        now = self._clock()
        if now - self._begin >= WORTH_TELLING:
            self._tell(self._pace(now).at_the_end())

    def close(self) -> None:
        with self._lock:
            self._is_over = True

    def _pace(self, now: float) -> Pace:
        return Pace(unit=self._unit, done=self._done, total=self._total, seconds=now - self._begin)

    def _tell(self, how_far: str) -> None:
        self._note(say(*self._what.parts, ": ", how_far))
