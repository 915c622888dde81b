"""One deadline for a whole run: every outside call and every wait asks it first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Generic, TypeVar

from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_T = TypeVar("_T")


class Deadline:
    """Time left for a run, in seconds, on a clock that never goes back.

    `clock` and `pause` are parameters so that tests need no real waiting.
    """

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._pause = pause
        self._seconds = seconds
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._end - self._clock())

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
        box: SimpleQueue[_Answer[_T]] = SimpleQueue()
        threading.Thread(target=lambda: box.put(_Answer(call)), daemon=True, name=what).start()
        try:
            answer = box.get(timeout=self.remaining())
        except Empty as empty:
            raise self._exceeded(what) from empty
        return answer.value()

    def _exceeded(self, what: str) -> PromoterError:
        return PromoterError(
            ReasonCode.DEADLINE_EXCEEDED,
            say("the deadline of ", f"{self._seconds / 60:g} min was reached before ", quote(what)),
            hint=say(
                "Raise the `deadline` input, or look at why the server is slow. ",
                "Nothing was decided; run the job again.",
            ),
        )


class _Answer(Generic[_T]):
    """What a call gave, exceptions too, carried from one thread to another."""

    def __init__(self, call: Callable[[], _T]) -> None:
        self._result: list[_T] = []
        self._error: BaseException | None = None
        with self:
            self._result.append(call())

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> bool:
        self._error = error
        return True

    def value(self) -> _T:
        if self._error is not None:
            raise self._error
        return self._result[0]
