"""A call that is made beside other work, in a thread that never holds the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Generic, TypeVar

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
        self._answers: list[_T] = []
        self._error: BaseException | None = None
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
        if self._error is not None:
            raise self._error
        return self._answers[0]

    def _make(self) -> None:
        with ExitStack() as stack:
            stack.push(self._keep)
            self._answers.append(self._call())

    def _keep(self, *raised: object) -> bool:
        """Carry an error to who waits for the answer: its type, itself, its traceback; three times None."""
        self._error = next((one for one in raised if isinstance(one, BaseException)), None)
        return True
