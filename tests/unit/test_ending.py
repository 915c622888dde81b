"""Whatever happens inside, a door ends with an exit code and a message, never with a traceback."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from promoter.ending import Stop, ending
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.text import say
from tests.fakes.observed import raising


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def ended(command: Callable[[], object]) -> tuple[ExitCode, list[PromoterError]]:
    told: list[PromoterError] = []

    def tell(error: PromoterError) -> ExitCode:
        told.append(error)
        return error.exit_code

    def run() -> ExitCode:
        command()
        return ExitCode.NO

    return ending(run, tell=tell), told


def test_a_command_that_ends_has_its_own_exit_code() -> None:
    assert ended(lambda: None) == (ExitCode.NO, [])


def test_an_expected_error_is_told_as_it_is() -> None:
    error = PromoterError(ReasonCode.CONFLICT, say("moved"))
    assert ended(raising(error)) == (ExitCode.NO, [error])


def test_an_interruption() -> None:
    exit_code, (told,) = ended(raising(KeyboardInterrupt()))
    assert (exit_code, told.reason) == (ExitCode.INTERRUPTED, ReasonCode.INTERRUPTED)
    assert str(told.hint) == "Run it again: it goes on from what is live."


def test_a_runner_that_asks_us_to_stop() -> None:
    exit_code, (told,) = ended(lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert (exit_code, told.reason) == (ExitCode.INTERRUPTED, ReasonCode.INTERRUPTED)


@pytest.mark.parametrize("bug", [ValueError("canary"), RecursionError("canary"), MemoryError("canary")])
def test_a_bug_is_told_by_its_type_and_place_and_never_by_its_text(bug: Exception) -> None:
    exit_code, (told,) = ended(raising(bug))
    text = str(told.message)
    assert (exit_code, told.reason) == (ExitCode.BUG, ReasonCode.INTERNAL_ERROR)
    assert "canary" not in text + str(told.hint)
    assert type(bug).__name__ in text
    assert "observed.py:" in text
    assert os.sep not in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_once(number: signal.Signals) -> None:
    def command() -> None:
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), number)

    exit_code, (told,) = ended(command)
    assert (exit_code, told.reason) == (ExitCode.INTERRUPTED, ReasonCode.INTERRUPTED)
    # Until the process is gone, one more signal must not give it another exit code.
    assert signal.getsignal(number) is signal.SIG_IGN


def test_whoever_was_not_asked_leaves_signals_as_they_were() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    ended(lambda: None)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_what_has_begun_to_write_ends_in_order() -> None:
    stop, seen = Stop(), []

    def command() -> ExitCode:
        seen.append(stop.may_write())
        os.kill(os.getpid(), signal.SIGTERM)
        seen.append(stop.may_write())
        return ExitCode.DONE

    assert ending(command, tell=lambda error: error.exit_code, stop=stop) is ExitCode.INTERRUPTED
    assert seen == [True, False]


def test_an_error_of_work_that_was_stopped_is_told_as_the_stop() -> None:
    stop, told = Stop(), []

    def command() -> ExitCode:
        stop.may_write()
        os.kill(os.getpid(), signal.SIGTERM)
        raise ValueError("half done")

    def tell(error: PromoterError) -> ExitCode:
        told.append(error.reason)
        return error.exit_code

    assert ending(command, tell=tell, stop=stop) is ExitCode.INTERRUPTED
    assert told == [ReasonCode.INTERRUPTED]


def test_how_long_is_left_after_a_signal() -> None:
    stop = Stop(clock=lambda: 100.0)
    assert (stop.is_asked, stop.until()) == (False, float("inf"))
    stop.may_write()
    stop.ask()
    assert (stop.is_asked, stop.until()) == (True, 102.5)
    stop.tells()
    stop.ask()
    assert stop.until() == 104.0
