"""When GitHub is asked again: pure decisions, by table and by property."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.adapters.github_answers import Answer
from promoter.adapters.github_errors import Trouble, TroubleKind
from promoter.adapters.github_retry import MOST_TRIES, Call, Effect, RetryPolicy

NOW = 1_000_000.0
READ = Call(verb="GET", address="/user", what="asking")
CREATE = Call(verb="POST", address="/comments", what="writing", effect=Effect.ANOTHER)
POLICY = RetryPolicy(jitter=lambda: 0.5, now=lambda: NOW)
STATUSES = st.integers(min_value=400, max_value=599)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-reset", "x-ratelimit-remaining"]),
    st.one_of(st.integers(min_value=-5, max_value=10**14).map(str), st.text(max_size=8)),
)


def an_answer(status: int, said: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=named, data={"message": said})


def pause(outcome: Answer | Trouble, call: Call = READ, *, tries: int = 1) -> float | None:
    found = POLICY.pause_after(outcome, call, tries=tries)
    return None if found is None else found.seconds


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_broken_server_is_asked_again_after_half_a_second_one_and_two(status: int) -> None:
    assert [pause(an_answer(status), tries=tries) for tries in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, None]


@pytest.mark.parametrize("status", [400, 401, 404, 409, 410, 422, 501])
def test_what_would_be_answered_the_same_again_is_not_asked_again(status: int) -> None:
    assert pause(an_answer(status)) is None


@pytest.mark.parametrize("kind", [TroubleKind.CUT_OFF, TroubleKind.TIMED_OUT, TroubleKind.GARBAGE])
def test_a_creation_is_not_repeated_when_nobody_knows_whether_it_happened(kind: TroubleKind) -> None:
    trouble = Trouble(kind=kind, remark="")

    assert pause(trouble) == 0.5
    assert pause(trouble, CREATE) is None


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_creation_is_not_repeated_after_a_broken_answer(status: int) -> None:
    assert pause(an_answer(status, retry_after="1"), CREATE) is None


def test_a_creation_that_never_left_is_repeated() -> None:
    assert pause(Trouble(kind=TroubleKind.NOT_REACHED, remark=""), CREATE) == 0.5


@pytest.mark.parametrize("call", [READ, CREATE])
def test_a_redirection_is_final(call: Call) -> None:
    assert pause(Trouble(kind=TroubleKind.REDIRECTED, remark=""), call) is None


def test_a_limit_is_waited_for_as_long_as_github_says() -> None:
    assert pause(an_answer(429, retry_after="17")) == 17
    assert pause(an_answer(403, retry_after=" 17 ")) == 17


def test_retry_after_wins_over_the_reset() -> None:
    reset = str(int(NOW) + 500)
    limited = an_answer(403, retry_after="9", x_ratelimit_remaining="0", x_ratelimit_reset=reset)

    assert pause(limited) == 9


def test_a_retry_after_of_nothing_still_backs_off() -> None:
    assert pause(an_answer(429, retry_after="0"), tries=2) == 1.0


def test_the_hourly_limit_is_waited_for_until_its_reset_and_a_second() -> None:
    reset = str(int(NOW) + 500)

    assert pause(an_answer(403, x_ratelimit_remaining="0", x_ratelimit_reset=reset)) == 501


def test_a_reset_that_has_passed_is_waited_for_a_second() -> None:
    reset = str(int(NOW) - 30)

    assert pause(an_answer(429, x_ratelimit_remaining="0", x_ratelimit_reset=reset)) == 1


@pytest.mark.parametrize(
    "said", ["You have exceeded a secondary rate limit.", "You have triggered an abuse detection mechanism"]
)
def test_the_secondary_limit_is_waited_for_a_minute_and_then_longer(said: str) -> None:
    reset = str(int(NOW) + 5)
    limited = an_answer(403, said, x_ratelimit_remaining="12", x_ratelimit_reset=reset)

    assert [pause(limited, tries=tries) for tries in (1, 2, 3, 4)] == [60, 120, 240, None]


def test_a_limit_says_that_nothing_was_done_so_a_creation_is_repeated() -> None:
    assert pause(an_answer(403, "secondary rate limit", retry_after="3"), CREATE) == 3
    assert pause(an_answer(429), CREATE) == 60


def test_a_permission_that_is_missing_is_no_limit() -> None:
    refused = an_answer(403, "Resource not accessible by integration", x_ratelimit_remaining="41")

    assert pause(refused) is None


@pytest.mark.parametrize("value", ["", "soon", "-3", "1.5", "٣", "9" * 40, "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_retry_after_that_is_no_number_counts_as_none(value: str) -> None:
    assert pause(an_answer(429, retry_after=value)) == 60
    assert pause(an_answer(503, retry_after=value)) == 0.5


def test_a_broken_server_may_ask_for_more_time() -> None:
    assert pause(an_answer(503, retry_after="30")) == 30


def test_the_reason_is_said() -> None:
    found = POLICY.pause_after(an_answer(503), READ, tries=1)
    limit = POLICY.pause_after(an_answer(429), READ, tries=1)
    trouble = POLICY.pause_after(Trouble(kind=TroubleKind.TIMED_OUT, remark=""), READ, tries=1)

    reasons = [str(one.why) for one in (found, limit, trouble) if one]
    assert reasons == [
        "GitHub answered with status 503",
        "GitHub's rate limit is reached",
        "GitHub did not answer in time",
    ]


@given(status=STATUSES, headers=HEADERS, jitter=st.floats(0, 1, exclude_max=True), tries=st.integers(1, 9))
def test_no_pause_is_negative_or_endless_and_tries_end(
    status: int, headers: dict[str, str], jitter: float, tries: int
) -> None:
    policy = RetryPolicy(jitter=lambda: jitter, now=lambda: NOW)
    answer = Answer(status=status, headers=headers, data=None)

    found = policy.pause_after(answer, READ, tries=tries)

    if tries >= MOST_TRIES:
        assert found is None
    elif found is not None:
        assert 0.25 <= found.seconds < 10**12


@given(status=STATUSES, headers=HEADERS)
def test_a_creation_is_repeated_after_limits_only(status: int, headers: dict[str, str]) -> None:
    answer = Answer(status=status, headers=headers, data={"message": "no"})

    if POLICY.pause_after(answer, CREATE, tries=1) is not None:
        assert status in {403, 429}


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 3))
def test_the_backoff_stays_within_half_and_one_and_a_half(jitter: float, tries: int) -> None:
    middle = 0.5 * 2 ** (tries - 1)

    assert 0.5 * middle <= RetryPolicy(jitter=lambda: jitter).backoff(tries) <= 1.5 * middle


def test_the_default_policy_draws_different_pauses() -> None:
    policy = RetryPolicy()

    assert len({policy.backoff(1) for _ in range(20)}) > 1
