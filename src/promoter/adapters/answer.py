"""What a call in a thread gave, for whoever waits in another."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Answer(Generic[_T]):
    """Makes a call, and keeps what it gives or raises, interruptions too."""

    def __init__(self, call: Callable[[], _T]) -> None:
        self._result: list[_T] = []
        self._error: BaseException | None = None
        with self:
            self._result.append(call())

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> bool:
        self._error = error
        return True

    @property
    def has_failed(self) -> bool:
        """Whether the call raised."""
        return self._error is not None

    def value(self) -> _T:
        """What the call gave. Raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._result[0]
