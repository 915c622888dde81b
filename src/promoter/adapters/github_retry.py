"""When to ask GitHub again, and after how long. No waiting here, no network.

PyGithub's own policy repeats a POST eleven times in 50 ms and never repeats a PATCH. Ours repeats what may
be repeated, waits as long as GitHub asks, and leaves a creation of which nobody knows whether it happened
to whoever can look for its effect.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from promoter.adapters.github_answers import Answer, seconds
from promoter.adapters.github_errors import Trouble, TroubleKind, limit_is_reached
from promoter.text import Message, say

MOST_TRIES = 4
_FIRST_PAUSE = 0.5
_SECONDARY_PAUSE = 60.0
# GitHub says in which second the limit ends, not where in it.
_RESET_MARGIN = 1.0


class Effect(StrEnum):
    """What sending a request twice does, and whether one changes anything at all."""

    NONE = "nothing: it only asks"
    SAME = "the same as once"
    ANOTHER = "a second one is made"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request. `address`: a path below the API's root, or an absolute address that GitHub gave us.

    `what` says to a person what is being done ("reading pull request 12").
    """

    verb: str
    address: str
    what: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    effect: Effect = Effect.SAME


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Seconds to wait before the next try, and why."""

    seconds: float
    why: Message


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """`jitter` gives numbers from 0 to below 1, `now` seconds since the epoch (GitHub's resets are such)."""

    jitter: Callable[[], float] = random.random
    now: Callable[[], float] = time.time

    def pause_after(self, outcome: Answer | Trouble, call: Call, *, tries: int) -> Pause | None:
        """How long to wait before trying again after that many tries; None: do not try again."""
        if tries >= MOST_TRIES:
            return None
        if isinstance(outcome, Trouble):
            return self._after_trouble(outcome, call, tries=tries)
        if limit_is_reached(outcome):
            # Refused before anything was done: even a creation may be sent again.
            return Pause(
                seconds=self._limit_ends(outcome, tries=tries), why=say("GitHub's rate limit is reached")
            )
        if outcome.status < HTTPStatus.INTERNAL_SERVER_ERROR or call.effect is Effect.ANOTHER:
            return None
        if outcome.status == HTTPStatus.NOT_IMPLEMENTED:
            return None
        asked = seconds(outcome.headers.get("retry-after", ""))
        return Pause(
            seconds=max(self.backoff(tries), asked or 0.0),
            why=say(f"GitHub answered with status {outcome.status}"),
        )

    def backoff(self, tries: int) -> float:
        """About 0.5, 1 and 2 s: half to one and a half of that, so that jobs do not come back together."""
        return float(_FIRST_PAUSE * 2 ** (tries - 1) * (0.5 + self.jitter()))

    def _after_trouble(self, trouble: Trouble, call: Call, *, tries: int) -> Pause | None:
        certainly_not_done = trouble.kind is TroubleKind.NOT_REACHED
        if trouble.kind is TroubleKind.REDIRECTED or not (
            certainly_not_done or call.effect is not Effect.ANOTHER
        ):
            return None
        return Pause(seconds=self.backoff(tries), why=say(f"GitHub {trouble.kind.value}"))

    def _limit_ends(self, answer: Answer, *, tries: int) -> float:
        """`Retry-After`, else the reset when nothing remains, else a minute, growing."""
        asked = seconds(answer.headers.get("retry-after", ""))
        if asked is not None:
            return max(asked, self.backoff(tries))
        reset = seconds(answer.headers.get("x-ratelimit-reset", ""))
        if reset is not None and answer.headers.get("x-ratelimit-remaining") == "0":
            return max(reset - self.now(), 0.0) + _RESET_MARGIN
        return float(_SECONDARY_PAUSE * 2 ** (tries - 1))
