from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.adapters.deadline import Deadline, Pacing
from promoter.errors import PromoterError, ReasonCode


class Clock:
    """A clock that moves when it is told to, and when somebody sleeps by it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def a_deadline(seconds: float, clock: Clock) -> Deadline:
    return Deadline(seconds, clock=clock, pause=clock.sleep)


def test_what_remains_shrinks_and_is_never_negative() -> None:
    clock = Clock()
    deadline = a_deadline(10, clock)
    assert deadline.remaining() == 10
    clock.now += 4
    assert deadline.remaining() == 6
    clock.now += 60
    assert deadline.remaining() == 0


def test_waiting_sleeps_as_long_as_asked() -> None:
    clock = Clock()
    a_deadline(10, clock).wait(3, before="asking again")
    assert clock.slept == [3]


@pytest.mark.parametrize("seconds", [10, 10.5, 3600])
def test_waiting_in_vain_is_refused_at_once(seconds: float) -> None:
    clock = Clock()
    with pytest.raises(PromoterError) as caught:
        a_deadline(10, clock).wait(seconds, before="asking again")
    assert caught.value.reason is ReasonCode.DEADLINE_EXCEEDED
    assert "asking again" in str(caught.value)
    assert clock.slept == []


@given(st.floats(0, 1000), st.lists(st.floats(0, 100), max_size=20))
def test_no_run_of_waits_sleeps_past_the_end(seconds: float, waits: list[float]) -> None:
    clock = Clock()
    deadline = a_deadline(seconds, clock)
    for wait in waits:
        with suppress(PromoterError):
            deadline.wait(wait, before="the next one")
    assert sum(clock.slept) <= seconds


def test_a_call_that_answers_gives_its_answer() -> None:
    assert Deadline(60).run(lambda: 7, what="a call") == 7
    assert Deadline(60).run(lambda: None, what="a call") is None


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)])
def test_a_call_that_raises_raises_the_same_here(error: BaseException) -> None:
    def call() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        Deadline(60).run(call, what="a call")
    assert caught.value is error


def test_a_call_runs_in_a_thread_that_does_not_hold_the_process() -> None:
    seen = Deadline(60).run(threading.current_thread, what="reading the aliases")
    assert seen.daemon
    assert seen.name == "reading the aliases"
    assert seen is not threading.current_thread()


def test_a_call_that_hangs_is_left_behind() -> None:
    release = threading.Event()
    started = time.monotonic()
    with pytest.raises(PromoterError) as caught:
        Deadline(0.2).run(release.wait, what="reading the aliases")
    took = time.monotonic() - started
    release.set()
    assert 0.2 <= took < 2
    assert caught.value.reason is ReasonCode.DEADLINE_EXCEEDED
    assert caught.value.exit_code == 4
    assert "reading the aliases" in str(caught.value)


def test_after_the_end_nothing_is_called() -> None:
    clock = Clock()
    called: list[int] = []
    deadline = a_deadline(1, clock)
    clock.now += 1
    with pytest.raises(PromoterError):
        deadline.run(lambda: called.append(1), what="a call")
    assert called == []


def test_the_message_says_how_long_it_was_and_what_to_do() -> None:
    with pytest.raises(PromoterError) as caught:
        Deadline(0).run(lambda: None, what="a call")
    assert str(caught.value) == "the deadline of 0 min was reached before `a call`"
    assert "deadline" in str(caught.value.hint)
    with pytest.raises(PromoterError, match=r"^the deadline of 1\.5 min"):
        Deadline(90, clock=Clock()).wait(91, before="a call")


def test_a_run_keeps_a_part_of_its_time_for_telling() -> None:
    long, short = Deadline.of_run(1800), Deadline.of_run(60)
    assert 1783 < long.remaining() <= 1784
    assert 53 < short.remaining() <= 54
    for deadline, most in ((long, 1803), (short, 63)):
        deadline.begin_telling()
        assert most - 1 < deadline.remaining() <= most


def test_finishing_what_was_begun_leaves_half_of_the_kept_time_to_telling() -> None:
    clock = Clock()
    deadline = Deadline.of_run(60, pacing=Pacing(clock=clock, pause=clock.sleep))
    clock.now += 54
    assert deadline.remaining() == 0
    deadline.begin_finishing()
    assert deadline.remaining() == 4.5
    clock.now += 4.5
    deadline.begin_telling()
    assert deadline.remaining() == 4.5


def test_finishing_never_brings_the_end_nearer() -> None:
    clock = Clock()
    deadline = Deadline.of_run(60, pacing=Pacing(clock=clock, pause=clock.sleep))
    deadline.begin_finishing()
    assert deadline.remaining() == 54


def test_when_the_work_s_time_is_spent_there_is_time_to_tell() -> None:
    deadline = Deadline.of_run(0)
    with pytest.raises(PromoterError):
        deadline.run(lambda: 7, what="a call")
    deadline.begin_telling()
    assert deadline.run(lambda: 7, what="writing a comment") == 7


def test_who_is_asked_to_stop_has_as_long_as_that_leaves() -> None:
    clock = Clock()
    ends = [float("inf")]
    deadline = Deadline(60, until=lambda: ends[0], clock=clock, pause=clock.sleep)
    assert deadline.remaining() == 60
    ends[0] = clock.now + 2
    assert deadline.remaining() == 2
    with pytest.raises(PromoterError) as caught:
        deadline.wait(3, before="asking again")
    assert caught.value.reason is ReasonCode.INTERRUPTED
    assert str(caught.value) == "the job was stopped before `asking again`"


def test_a_call_in_flight_sees_that_the_end_has_come_nearer() -> None:
    release = threading.Event()
    ends = [float("inf")]
    deadline = Deadline(60, until=lambda: ends[0])
    threading.Timer(0.1, lambda: ends.__setitem__(0, time.monotonic())).start()
    began = time.monotonic()
    with pytest.raises(PromoterError) as caught:
        deadline.run(release.wait, what="reading the aliases")
    release.set()
    assert caught.value.reason is ReasonCode.INTERRUPTED
    assert time.monotonic() - began < 2


def test_a_part_of_the_time_ends_before_the_rest_of_it() -> None:
    clock = Clock()
    whole = a_deadline(60, clock)
    clock.now += 20
    part = whole.within(0.5)
    assert (part.remaining(), part.patience) == (20, whole.patience)
    with pytest.raises(PromoterError) as caught:
        part.wait(20, before="GitHub")
    assert caught.value.reason is ReasonCode.DEADLINE_EXCEEDED
    clock.now += 30
    assert (part.remaining(), whole.remaining()) == (0, 10)


def test_a_part_ends_with_the_run_that_is_stopped() -> None:
    clock, ends = Clock(), [1_000.0]
    part = Deadline(60, until=lambda: ends[0], clock=clock, pause=clock.sleep).within(0.5)
    ends[0] = clock.now
    with pytest.raises(PromoterError) as caught:
        part.run(lambda: None, what="anything")
    assert caught.value.reason is ReasonCode.INTERRUPTED
