"""Whoever looks on: remembers what was told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from promoter.core.progress import Step, Unit
from promoter.text import Message


@dataclass
class Watched:
    """One step as it was told."""

    what: str
    unit: Unit
    done: int = 0
    times: int = 0
    total: int | None = None
    is_over: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def expect(self, total: int) -> None:
        """See `core.progress.Step`."""
        self.total = total

    def advance(self, amount: int) -> None:
        """See `core.progress.Step`."""
        with self._lock:
            self.done += amount
            self.times += 1


@dataclass
class Onlooker:
    """A `core.progress.Progress`. `chapters` holds titles, and `-` where one ends."""

    notes: list[str] = field(default_factory=list)
    chapters: list[str] = field(default_factory=list)
    steps: list[Watched] = field(default_factory=list)

    def note(self, message: Message) -> None:
        """See `core.progress.Progress`."""
        self.notes.append(str(message))

    @contextmanager
    def chapter(self, title: Message) -> Iterator[None]:
        """See `core.progress.Progress`."""
        self.chapters.append(str(title))
        try:
            yield
        finally:
            self.chapters.append("-")

    @contextmanager
    def step(self, what: Message, *, unit: Unit) -> Iterator[Step]:
        """See `core.progress.Progress`."""
        step = Watched(str(what), unit)
        self.steps.append(step)
        try:
            yield step
        finally:
            step.is_over = True

    def told_of(self, what: str) -> Watched:
        """The one step whose words begin so."""
        (found,) = [step for step in self.steps if step.what.startswith(what)]
        return found
