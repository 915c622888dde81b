"""GitHub's limits, kept before they are reached: writes at its own pace, and a word when little is left."""

from __future__ import annotations

import math
from collections.abc import Callable

from promoter.adapters.github_answers import Answer, seconds
from promoter.adapters.github_retry import Call, Effect, Pause
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

# GitHub asks for a second between writes; it refuses more than 80 a minute and 500 an hour.
BETWEEN_WRITES = 1.0
# The last tenth of an hour's requests is little.
_LITTLE = 0.1
_MINUTE = 60


class Limits:
    """What a run knows of them. `now` is seconds since the epoch; `log` hears once that little is left."""

    def __init__(self, *, now: Callable[[], float], log: Callable[[Message], None]) -> None:
        self._now = now
        self._log = log
        self._last_write = -math.inf
        self._is_told = False

    def pause_before(self, call: Call) -> float:
        """Seconds to wait first, so that writes are a second apart; 0.0 for what writes nothing."""
        if not _is_write(call):
            return 0.0
        # A clock that is set back must not hold the run up.
        return min(max(self._last_write + BETWEEN_WRITES - self._now(), 0.0), BETWEEN_WRITES)

    def sent(self, call: Call) -> None:
        """Remember when a write was over, however it ended."""
        if _is_write(call):
            self._last_write = self._now()

    def answered(self, answer: Answer) -> None:
        """Tell, once, that little is left. GraphQL has a limit of its own, and says so in the same words."""
        left = seconds(answer.headers.get("x-ratelimit-remaining", ""))
        limit = seconds(answer.headers.get("x-ratelimit-limit", ""))
        if self._is_told or left is None or limit is None or left > limit * _LITTLE:
            return
        self._is_told = True
        reset = seconds(answer.headers.get("x-ratelimit-reset", ""))
        until = f"; it is renewed in {max(reset - self._now(), 0.0) / _MINUTE:.0f} min" if reset else ""
        self._log(say(f"{left:.0f} of the {limit:.0f} requests an hour that GitHub allows are left{until}"))


def _is_write(call: Call) -> bool:
    return call.verb != "GET" and call.effect is not Effect.NONE


def too_long(pause: Pause, call: Call, *, left: float) -> PromoterError:
    """The error when the next try would come after the deadline."""
    return PromoterError(
        ReasonCode.DEADLINE_EXCEEDED,
        say(
            *pause.why.parts,
            f": the next try would be in {pause.seconds:,.0f} s, and {left:,.0f} s are left of the deadline, "
            "while ",
            quote(call.what),
        ),
        hint=say(
            f"Nothing was decided. Run the job again in {math.ceil(pause.seconds / _MINUTE):,} min, or raise "
            "the `deadline` input."
        ),
    )
