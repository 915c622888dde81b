"""Calls that wait for a server, some at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

_Of = TypeVar("_Of")
_T = TypeVar("_T")

AT_ONCE = 4
"""How many wait at the same time: as many as an open-source MLflow server has workers, unless it is told
otherwise. More of one client would keep others waiting."""
_LOOK_EVERY = 0.25


def some_at_once(call: Callable[[_Of], _T], each: Sequence[_Of]) -> Iterable[_T]:
    """A `ports.Several`: at most `AT_ONCE` at a time, each in a thread that never holds the process.

    Whoever is interrupted while waiting leaves the threads behind; they begin nothing new then.
    """
    work: _Work[_Of, _T] = _Work(call, each)
    threads = min(AT_ONCE, len(each))
    with ExitStack() as stack:
        stack.callback(work.end)
        for _ in range(threads):
            threading.Thread(target=work.do, daemon=True, name="asking side by side").start()
        for _ in range(threads):
            # Not in one go: a signal that reached another thread is heard of only in between.
            while not work.ended.acquire(timeout=_LOOK_EVERY):
                pass
    return work.answers()


class _Work(Generic[_Of, _T]):
    def __init__(self, call: Callable[[_Of], _T], each: Sequence[_Of]) -> None:
        self._call = call
        self._waiting: SimpleQueue[tuple[int, _Of]] = SimpleQueue()
        for place in enumerate(each):
            self._waiting.put(place)
        self._answers: dict[int, _T] = {}
        self._error: BaseException | None = None
        self.ended = threading.Semaphore(0)

    def do(self) -> None:
        """Take one after the other, until there are none left or one failed."""
        with ExitStack() as stack:
            stack.push(self._over)
            while True:
                try:
                    place, one = self._waiting.get_nowait()
                except Empty:
                    return
                self._answers[place] = self._call(one)

    def end(self) -> None:
        """Nothing more is begun."""
        while True:
            try:
                self._waiting.get_nowait()
            except Empty:
                return

    def answers(self) -> list[_T]:
        """In the order of what was asked. Raises what a call raised."""
        if self._error is not None:
            raise self._error
        return [self._answers[place] for place in sorted(self._answers)]

    def _over(self, *raised: object) -> bool:
        """Carry an error to who waits: its type, itself, its traceback; three times None."""
        error = next((one for one in raised if isinstance(one, BaseException)), None)
        if error is not None:
            self._error = error
            self.end()
        self.ended.release()
        return True
