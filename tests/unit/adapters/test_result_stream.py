"""What becomes of a result that standard output does not take."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from promoter.adapters.result_stream import ResultStream
from promoter.errors import PromoterError, ReasonCode


class Refusing(io.StringIO):
    """Takes nothing: at once, or when it is flushed. `tries` counts how often it was asked."""

    def __init__(self, error: OSError, *, at: str) -> None:
        super().__init__()
        self._error = error
        self._at = at
        self.tries = 0

    def _refuse(self, where: str) -> None:
        if where == self._at:
            self.tries += 1
            raise self._error

    def write(self, text: str) -> int:
        """See the class."""
        self._refuse("write")
        return super().write(text)

    def flush(self) -> None:
        """See the class."""
        self._refuse("flush")


def full() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")


def test_what_is_written_arrives() -> None:
    inner = io.StringIO()
    out = ResultStream(inner)
    assert out.write("a result") == len("a result")
    out.hand_over()
    assert inner.getvalue() == "a result"
    assert not out.isatty()


@pytest.mark.parametrize("at", ["write", "flush"])
def test_a_full_disk_is_told_at_the_end_and_asked_once(at: str) -> None:
    inner = Refusing(full(), at=at)
    out = ResultStream(inner)
    assert (out.write("a"), out.write("bc")) == (1, 2)
    with pytest.raises(PromoterError, match="`No space left on device`") as caught:
        out.hand_over()
    assert caught.value.reason is ReasonCode.OUTPUT_UNWRITABLE
    out.flush()
    assert inner.tries == 1


@pytest.mark.parametrize("at", ["write", "flush"])
def test_a_reader_that_has_gone_is_no_error(at: str) -> None:
    inner = Refusing(BrokenPipeError(), at=at)
    out = ResultStream(inner)
    out.write("a")
    out.hand_over()
    assert inner.tries == 1


def test_it_outlives_the_stream_it_writes_to() -> None:
    program = (
        "from promoter.adapters.result_stream import ResultStream; inner = open('/dev/null', 'w'); "
        "out = ResultStream(inner); inner.close(); del out"
    )
    # In this mode Python tells of an error at an object's end; from 3.13 on it does so in any.
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_left_in_the_buffer_goes_nowhere() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as inner:
        out = ResultStream(inner)
        assert out.fileno() == inner.fileno()
        out.write("x")
        out.flush()
        inner.flush()
        assert os.path.samestat(os.fstat(inner.fileno()), Path(os.devnull).stat())
