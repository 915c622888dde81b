"""A stream to which things are said besides the result: that nobody reads it any more ends no run."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TextIO


class QuietStream(io.TextIOBase):
    """Writes what the other takes. A pipe that is closed, or a stream that was, takes nothing."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str) -> int:
        """As many characters as were given, written or not."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """As far as it goes."""
        with suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        """Of the other; no, where it was closed."""
        with suppress(ValueError):
            return self._stream.isatty()
        return False

    def fileno(self) -> int:
        """Of the other."""
        return self._stream.fileno()
