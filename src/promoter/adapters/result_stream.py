"""Standard output as a result's way out: what goes wrong with it is told when all is done."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import TextIO

from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say


class ResultStream(io.TextIOBase):
    """Writes what the other takes. Once it takes nothing more, the rest is dropped, and the work goes on."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._fault: OSError | None = None

    def __del__(self) -> None:
        """Nothing: Python would flush, when the other may be closed, and from 3.13 on tell of the error."""

    def write(self, text: str) -> int:
        """As many characters as were given, written or not."""
        if self._fault is None:
            try:
                self._stream.write(text)
            except OSError as fault:
                self._drop(fault)
        return len(text)

    def flush(self) -> None:
        """As far as it goes."""
        if self._fault is None:
            try:
                self._stream.flush()
            except OSError as fault:
                self._drop(fault)

    def hand_over(self) -> None:
        """Write all that was held back. Raises OUTPUT_UNWRITABLE where it could not be written.

        A reader that has gone away, as `head` does, has what it wanted: that is no error.
        """
        self.flush()
        if self._fault is not None and not isinstance(self._fault, BrokenPipeError):
            raise PromoterError(
                ReasonCode.OUTPUT_UNWRITABLE,
                say("the result could not be written to standard output: ", quote(self._fault.strerror)),
                hint=say("What the command did is done. Give standard output a place that takes the result."),
            )

    def isatty(self) -> bool:
        """Of the other."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Of the other."""
        return self._stream.fileno()

    def _drop(self, fault: OSError) -> None:
        self._fault = fault
        # What is left in the buffer Python writes when it ends, and would then end with a code of its own.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
