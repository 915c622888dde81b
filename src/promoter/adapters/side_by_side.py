"""Calls that wait for a server, some at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar

from promoter.adapters.answer import Answer

_Of = TypeVar("_Of")
_T = TypeVar("_T")

AT_ONCE = 4
"""How many wait at the same time: as many as an open-source MLflow server has workers, unless it is told
otherwise. More of one client would keep others waiting."""
NAME = "side by side"
"""What the threads are called."""
_LOOK_EVERY = 0.25


def some_at_once(call: Callable[[_Of], _T], each: Sequence[_Of], *, at_once: int = AT_ONCE) -> list[_T]:
    """A `ports.Several`: at most `at_once` at a time, in threads that never hold the process, as those of
    `concurrent.futures` do. After an error nothing more is begun; raises the first in the order of `each`.

    Whoever is interrupted while waiting leaves the threads behind; they begin nothing new then.
    """
    waiting: SimpleQueue[tuple[int, _Of]] = SimpleQueue()
    for one in enumerate(each):
        waiting.put(one)
    answers: dict[int, Answer[_T]] = {}

    def work() -> None:
        for place, one in _taken(waiting):
            answers[place] = Answer(partial(call, one))
            if answers[place].has_failed:
                _empty(waiting)

    threads = [threading.Thread(target=work, daemon=True, name=NAME) for _ in range(min(at_once, len(each)))]
    with ExitStack() as stack:
        stack.callback(_empty, waiting)
        for thread in threads:
            thread.start()
        for thread in threads:
            # Not in one go: a signal that reached another thread is heard of only in between.
            while thread.is_alive():
                thread.join(_LOOK_EVERY)
    return [answers[place].value() for place in sorted(answers)]


def _taken(waiting: SimpleQueue[_T]) -> Iterator[_T]:
    while True:
        try:
            yield waiting.get_nowait()
        except Empty:
            return


def _empty(waiting: SimpleQueue[_T]) -> None:
    for _ in _taken(waiting):
        pass
