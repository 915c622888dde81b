"""What is said of GitHub's limits, from headers as they may come, and how writes are paced."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.adapters.github_answers import Answer
from promoter.adapters.github_limits import BETWEEN_WRITES, Limits
from promoter.adapters.github_retry import Call, Effect

NOW = 1_000_000.0
WRITE = Call(verb="PATCH", address="/thing", what="writing")
QUERY = Call(verb="POST", address="/graphql", what="asking", effect=Effect.NONE)


def told(remaining: str, limit: str = "1000", *, reset: str = "") -> list[str]:
    log: list[str] = []
    headers = {"x-ratelimit-remaining": remaining, "x-ratelimit-limit": limit, "x-ratelimit-reset": reset}
    limits = Limits(now=lambda: NOW, log=lambda message: log.append(str(message)))
    limits.answered(Answer(status=200, headers=headers, data=None))
    return log


def test_of_little_that_is_left_the_log_hears() -> None:
    said = "3 of the 1000 requests an hour that GitHub allows are left"
    assert told("3") == told("3", reset="soon") == [said]
    assert told("3", reset=f"{NOW + 90:.0f}") == [f"{said}; it is renewed in 2 min"]
    assert told("3", reset=f"{NOW - 90:.0f}") == [f"{said}; it is renewed in 0 min"]


@pytest.mark.parametrize(
    ("remaining", "limit"),
    [("101", "1000"), ("many", "1000"), ("", "1000"), ("5", ""), ("-5", "9"), ("5", "x")],
)
def test_of_enough_and_of_what_is_not_said_it_does_not(remaining: str, limit: str) -> None:
    assert told(remaining, limit) == []


def test_an_answer_without_limits_says_nothing() -> None:
    log: list[object] = []
    Limits(now=lambda: NOW, log=log.append).answered(Answer(status=200, headers={}, data=None))
    assert log == []


@given(st.lists(st.floats(min_value=-10_000, max_value=10_000), max_size=30))
def test_no_pause_is_longer_than_a_second_whatever_the_clock_does(steps: list[float]) -> None:
    now = NOW
    limits = Limits(now=lambda: now, log=lambda _: None)
    assert limits.pause_before(WRITE) == 0.0
    for step in steps:
        limits.sent(WRITE)
        now += step
        assert limits.pause_before(QUERY) == 0.0
        assert 0.0 <= limits.pause_before(WRITE) <= BETWEEN_WRITES
        if step >= BETWEEN_WRITES:
            assert limits.pause_before(WRITE) < 1e-6
