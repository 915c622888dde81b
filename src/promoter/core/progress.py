"""Who looks on while work takes long. Evaluation and adapters tell, and a door chooses who hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from typing import Protocol

from promoter.text import Message


class Unit(StrEnum):
    """What a step counts."""

    ROWS = "rows"
    BYTES = "bytes"
    TIME = "seconds"
    """Nothing: only how long it takes is known."""


class Step(Protocol):
    """Work that is being done. Any thread may tell of it, and late is not wrong: it is not heard then."""

    def expect(self, total: int) -> None:
        """How much there is in all, once that is known."""

    def advance(self, amount: int) -> None:
        """So much more is done; 0: it is still being worked at."""


class Progress(Protocol):
    """Whoever looks on. Telling changes no result, and never raises."""

    def note(self, message: Message) -> None:
        """One line that stays."""

    def chapter(self, title: Message) -> AbstractContextManager[None]:
        """What is told meanwhile belongs together, and may be folded away."""

    def step(self, what: Message, *, unit: Unit) -> AbstractContextManager[Step]:
        """Work that begins, and lasts as long as the context; opened by whoever waits for it."""


class Untold:
    """Nobody looks on."""

    def note(self, message: Message) -> None:
        """Nobody reads it."""

    @contextmanager
    def chapter(self, title: Message) -> Iterator[None]:
        """Nothing is folded."""
        yield

    @contextmanager
    def step(self, what: Message, *, unit: Unit) -> Iterator[Step]:
        """Nothing is shown."""
        yield self

    def expect(self, total: int) -> None:
        """Nobody waits for it."""

    def advance(self, amount: int) -> None:
        """Nobody counts."""


UNTOLD = Untold()
