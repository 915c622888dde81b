"""Progress on a terminal: bars that are gone when their step is, and lines that stay."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from promoter.adapters.progress_lines import WORTH_TELLING
from promoter.adapters.progress_pace import Pace
from promoter.core.progress import Step, Unit
from promoter.text import Message, say

if TYPE_CHECKING:
    from promoter.adapters.progress_bars import Bars


class Live:
    """For a terminal that can move its cursor. `columns` None: the terminal is asked.

    Nothing is drawn, and rich not imported, before the first step.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        has_colour: bool = False,
        columns: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._has_colour = has_colour
        self._columns = columns
        self._clock = clock
        self._lock = threading.RLock()
        self._bars: Bars | None = None
        self._open = 0

    def note(self, message: Message) -> None:
        """See `core.progress.Progress`. Above the bars, where there are any."""
        with self._lock:
            if self._bars is not None:
                self._bars.print(str(message))
                return
            with suppress(OSError, ValueError):
                self._stream.write(f"{message}\n")
                self._stream.flush()

    @contextmanager
    def chapter(self, title: Message) -> Iterator[None]:
        """See `core.progress.Progress`. Its title is a line of its own."""
        self.note(title)
        yield

    @contextmanager
    def step(self, what: Message, *, unit: Unit) -> Iterator[Step]:
        """See `core.progress.Progress`. What took a while leaves a line."""
        with self._drawn(what, unit) as step:
            yield step
        if step.pace.seconds >= WORTH_TELLING:
            self.note(say(*what.parts, ": ", step.pace.at_the_end()))

    @contextmanager
    def _drawn(self, what: Message, unit: Unit) -> Iterator[_Step]:
        step = _Step(self._begun(), what, unit=unit, clock=self._clock)
        try:
            yield step
        finally:
            self._ended(step)

    def _begun(self) -> Bars:
        from promoter.adapters.progress_bars import Bars  # noqa: PLC0415 - rich takes a moment to import

        with self._lock:
            self._open += 1
            if self._bars is None:
                self._bars = Bars(self._stream, has_colour=self._has_colour, columns=self._columns)
            return self._bars

    def _ended(self, step: _Step) -> None:
        step.close()
        with self._lock:
            self._open -= 1
            if self._open == 0 and self._bars is not None:
                self._bars.close()
                self._bars = None


class _Step:
    def __init__(self, bars: Bars, what: Message, *, unit: Unit, clock: Callable[[], float]) -> None:
        self._bars = bars
        self._unit = unit
        self._clock = clock
        self._begin = clock()
        self._end: float | None = None
        self._lock = threading.Lock()
        self._done = 0
        self._total: int | None = None
        self._bar = bars.add(str(what), pace=lambda: self.pace)

    @property
    def pace(self) -> Pace:
        end = self._clock() if self._end is None else self._end
        return Pace(unit=self._unit, done=self._done, total=self._total, seconds=end - self._begin)

    def expect(self, total: int) -> None:
        with self._lock:
            self._total = total

    def advance(self, amount: int) -> None:
        with self._lock:
            if self._end is None:
                self._done += amount

    def close(self) -> None:
        with self._lock:
            self._end = self._clock()
        self._bars.remove(self._bar)
