"""The pipes to a model's process: what goes down, what comes back, what it prints. Nothing waits for ever.

The other side may read nothing, write nothing, write without end or be gone; each is told apart here, and
what was said is for `answers.py` to judge.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_CHUNK = 256 * 1024
_LONGEST_OUTPUT = 2_000
_BYTES_A_CHARACTER = 4
_MOST_READS = 64
_LONGEST_WAIT = 0.5


class ChildGone(Exception):
    """The other side closed its ends, or ended."""


class ChildSilent(Exception):
    """The other side neither reads nor writes in the time it has."""


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Our ends of three pipes: questions to write, results and printed text to read."""

    questions: int
    results: int
    printed: int

    def close(self) -> None:
        """Close what is still open."""
        for descriptor in (self.questions, self.results, self.printed):
            with contextlib.suppress(OSError):
                os.close(descriptor)


class Link:
    """Talks over three pipes; times are points on `clock`. One thread at a time, but for `give_up`."""

    def __init__(self, ends: Ends, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ends = ends
        self._clock = clock
        self._tail = bytearray()
        self._printing = True
        self._asking = True
        self._given_up = False
        for descriptor in (ends.questions, ends.results, ends.printed):
            os.set_blocking(descriptor, False)

    def send(self, payload: bytes | memoryview, *, end: float) -> None:
        """Write all of it. Raises ChildGone, or ChildSilent when it is not read before `end`."""
        rest = memoryview(payload).cast("B")
        while rest:
            self._wait(self._ends.questions, select.POLLOUT, end=end)
            try:
                rest = rest[os.write(self._ends.questions, rest[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise ChildGone from error

    def receive(self, count: int, *, end: float) -> bytearray:
        """Read exactly that many bytes. Raises ChildGone, or ChildSilent when they do not come."""
        answer = bytearray()
        while len(answer) < count:
            self._wait(self._ends.results, select.POLLIN, end=end)
            chunk = self._read(self._ends.results, most=min(_CHUNK, count - len(answer)))
            if chunk == b"":
                raise ChildGone
            answer += chunk or b""
        return answer

    def receive_rest(self, most: int, *, end: float) -> bytearray:
        """Read until the other side closes, or `most` bytes. Raises ChildSilent when it does neither."""
        answer = bytearray()
        while len(answer) < most:
            self._wait(self._ends.results, select.POLLIN, end=end)
            chunk = self._read(self._ends.results, most=min(_CHUNK, most - len(answer)))
            if chunk == b"":
                break
            answer += chunk or b""
        return answer

    def is_talking(self) -> bool:
        """Whether there is an answer, or a part of one, that nobody asked for."""
        watch = select.poll()
        watch.register(self._ends.results, select.POLLIN)
        return any(event & select.POLLIN for _, event in watch.poll(0))

    def stop_asking(self) -> None:
        """Tell the other side that no question comes any more."""
        if self._asking:
            self._asking = False
            os.close(self._ends.questions)

    def give_up(self) -> None:
        """End whatever waits, soon, as if the other side had been silent for too long."""
        self._given_up = True

    def close(self) -> None:
        """Close our ends."""
        self.stop_asking()
        os.close(self._ends.results)
        os.close(self._ends.printed)

    def printed(self) -> str:
        """The last 2,000 characters the other side printed; never to be shown but quoted."""
        # Who keeps printing must not keep us here: what a full pipe holds is more than is shown.
        for _ in range(_MOST_READS):
            if not self._drain():
                break
        return self._tail.decode("utf-8", errors="replace")[-_LONGEST_OUTPUT:].strip()

    def _wait(self, descriptor: int, event: int, *, end: float) -> None:
        """Until the descriptor is ready or hung up; what is printed meanwhile is read, and mostly dropped."""
        while True:
            ready = dict(self._poll(descriptor, event, end=end))
            if self._ends.printed in ready:
                self._drain()
            if descriptor in ready:
                return
            # Asked in every round: text without end must not keep the clock from being looked at.
            if self._clock() >= end or self._given_up:
                raise ChildSilent

    def _poll(self, descriptor: int, event: int, *, end: float) -> Iterator[tuple[int, int]]:
        watch = select.poll()
        watch.register(descriptor, event)
        if self._printing:
            watch.register(self._ends.printed, select.POLLIN)
        left = min(max(0.0, end - self._clock()), _LONGEST_WAIT)
        yield from watch.poll(left * 1000)

    def _drain(self) -> bool:
        """Read once of what is printed, and keep its end; whether there may be more."""
        chunk = self._read(self._ends.printed, most=_CHUNK) if self._printing else None
        if chunk is None:
            return False
        self._printing = bool(chunk)
        self._tail += chunk
        del self._tail[: -_LONGEST_OUTPUT * _BYTES_A_CHARACTER]
        return self._printing

    def _read(self, descriptor: int, *, most: int) -> bytes | None:
        """What is there; empty at the end, None when nothing has come yet."""
        try:
            return os.read(descriptor, most)
        except BlockingIOError:
            return None
