"""One deadline for a whole run: every outside call and every wait asks it first."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

from promoter.adapters.answer import Answer
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_T = TypeVar("_T")
# Of a run's time this part, so many seconds at most, is kept to tell what is known when the rest is spent.
_TELLING_PART = 0.1
_MOST_TELLING = 16.0
_TELLING_AFTER = 3.0
# How often a call that is waited for is left to see whether the end has come nearer.
_LOOK_EVERY = 0.25


def _never() -> float:
    return math.inf


@dataclass(frozen=True, kw_only=True)
class Pacing:
    """The time a run lives in; tests bring one in which waiting costs nothing.

    `patience`: how many whole seconds one request may leave its client without a word.
    """

    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    patience: int = 20


REAL_TIME = Pacing()


class Deadline:
    """Time left for a run, in seconds, on a clock that never goes back.

    `until` says when on that clock the run has to end for another reason: it was asked to stop. `clock` and
    `pause` are parameters so that tests need no real waiting.
    """

    def __init__(
        self,
        seconds: float,
        *,
        until: Callable[[], float] = _never,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._pause = pause
        self._seconds = seconds
        self._until = until
        self.patience = REAL_TIME.patience
        self._last = self._end = clock() + seconds

    @classmethod
    def of_run(
        cls, seconds: float, *, until: Callable[[], float] = _never, pacing: Pacing = REAL_TIME
    ) -> Deadline:
        """A run's deadline, which keeps a part of its time for telling."""
        deadline = cls(seconds, until=until, clock=pacing.clock, pause=pacing.pause)
        deadline.patience = pacing.patience
        deadline._end -= min(seconds * _TELLING_PART, _MOST_TELLING)
        deadline._last += _TELLING_AFTER
        return deadline

    def within(self, part: float, *, most: float = math.inf) -> Deadline:
        """A deadline of its own for a part of the work, `part` of what is left, `most` seconds: what hangs
        there leaves the rest of the time to others."""
        inner = Deadline(
            min(self.remaining() * part, most), until=self._until, clock=self._clock, pause=self._pause
        )
        inner.patience = self.patience
        return inner

    def begin_finishing(self) -> None:
        """From here on half of what is left to the very end may be spent, on what must not be left half done:
        whatever hangs there, the other half stays for telling."""
        self._end = max(self._end, (self._clock() + self._last) / 2)

    def begin_telling(self) -> None:
        """From here on the time that was kept may be spent: with it, a run ends 3 s after its deadline."""
        self._end = self._last

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, min(self._end, self._until()) - self._clock())

    def wait(self, seconds: float, *, before: str) -> None:
        """Sleep, unless what is left is less than that: then say so at once instead of sleeping in vain."""
        if seconds >= self.remaining():
            raise self._exceeded(before)
        self._pause(seconds)

    def run(self, call: Callable[[], _T], *, what: str) -> _T:
        """The call's answer, or its exception, or DEADLINE_EXCEEDED when it does not answer in time.

        Clients' own timeouts count from the last byte: a body that drips for ever never meets them. So the
        call has its own thread, which is left behind when the time is up.
        """
        if self.remaining() <= 0:
            raise self._exceeded(what)
        box: SimpleQueue[Answer[_T]] = SimpleQueue()
        threading.Thread(target=lambda: box.put(Answer(call)), daemon=True, name=what).start()
        while left := self.remaining():
            with suppress(Empty):
                return box.get(timeout=min(left, _LOOK_EVERY)).value()
        raise self._exceeded(what)

    def _exceeded(self, what: str) -> PromoterError:
        if self._until() < self._end:
            return PromoterError(
                ReasonCode.INTERRUPTED,
                say("the job was stopped before ", quote(what)),
                hint=say("Run it again: it goes on from what is live."),
            )
        return PromoterError(
            ReasonCode.DEADLINE_EXCEEDED,
            say("the deadline of ", f"{self._seconds / 60:g} min was reached before ", quote(what)),
            hint=say(
                "Raise the `deadline` input, or look at why the server is slow. ",
                "Nothing was decided; run the job again.",
            ),
        )
