"""Whatever happens inside, a door ends with an exit code and a message, never with a traceback."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from promoter.ending import ending
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.text import say
from tests.fakes.observed import raising


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


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
