"""Calls side by side: four at a time, answers in order, and nobody waits for what is not wanted any more."""

from __future__ import annotations

import os
import signal
import threading
import time
from threading import Barrier, Event

import pytest

from promoter.adapters.beside import Beside
from promoter.adapters.side_by_side import AT_ONCE, some_at_once

SECONDS = 20.0


def test_answers_are_in_the_order_of_what_was_asked() -> None:
    released = Event()

    def call(number: int) -> int:
        assert number or released.wait(SECONDS)
        released.set()
        return number * number

    assert list(some_at_once(call, range(9))) == [0, 1, 4, 9, 16, 25, 36, 49, 64]


def test_nothing_asked_is_nothing_answered() -> None:
    assert list(some_at_once(str, [])) == []


def test_four_wait_at_the_same_time() -> None:
    together = Barrier(AT_ONCE)
    assert list(some_at_once(lambda _: together.wait(SECONDS) >= 0, range(2 * AT_ONCE))) == [True] * 8


def test_the_first_error_is_raised_and_nothing_more_is_begun() -> None:
    begun: list[int] = []

    def call(number: int) -> int:
        begun.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match=r"\d"):
        some_at_once(call, range(100))
    assert len(begun) <= AT_ONCE


def test_an_interruption_waits_for_no_call() -> None:
    hangs, begun = Event(), []

    def call(number: int) -> None:
        begun.append(number)
        hangs.wait(SECONDS)

    began = time.monotonic()
    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        some_at_once(call, range(100))
    assert time.monotonic() - began < SECONDS / 2
    hangs.set()
    time.sleep(0.1)
    assert len(begun) <= AT_ONCE


def test_beside_gives_what_the_call_gave() -> None:
    with Beside(lambda: 7) as asked:
        assert (asked.answer(), asked.answer()) == (7, 7)


def test_beside_raises_what_the_call_raised() -> None:
    def call() -> int:
        raise ValueError("no")

    with Beside(call) as asked, pytest.raises(ValueError, match="no"):
        asked.answer()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_whoever_is_interrupted_beside_a_call_that_hangs_does_not_wait(error: type[BaseException]) -> None:
    hangs = Event()
    began = time.monotonic()
    with pytest.raises(error), Beside(lambda: hangs.wait(SECONDS), moment=SECONDS):
        raise error
    hangs.set()
    assert time.monotonic() - began < SECONDS / 2


def test_an_error_beside_a_call_that_hangs_waits_a_moment_and_no_longer() -> None:
    hangs = Event()
    began = time.monotonic()
    with pytest.raises(ValueError, match="wrong"), Beside(lambda: hangs.wait(SECONDS), moment=0.1):
        raise ValueError("wrong")
    hangs.set()
    assert 0.1 <= time.monotonic() - began < SECONDS / 2
