"""A call that is made beside other work, in a thread that never holds the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

from promoter.adapters.answer import Answer

_T = TypeVar("_T")
# Seconds that an error of the work beside it waits: a process that ends while libraries are being loaded may
# crash. A server that hangs holds it no longer, and an interruption waits for nothing.
_MOMENT = 1.0


class Beside(Generic[_T]):
    """One call; it begins when the context does, and its answer is waited for.

    `moment`: how many seconds the end of the context waits for what nobody wants any more.
    """

    def __init__(self, call: Callable[[], _T], *, moment: float = _MOMENT) -> None:
        self._call = call
        self._moment = moment
        self._answers: list[Answer[_T]] = []
        self._thread = threading.Thread(target=self._make, daemon=True, name="beside other work")

    def __enter__(self) -> Beside[_T]:
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, Exception):
            self._thread.join(self._moment)

    def answer(self) -> _T:
        """What the call gave. Waits for it, and raises what it raised."""
        self._thread.join()
        return self._answers[0].value()

    def _make(self) -> None:
        self._answers.append(Answer(self._call))
