"""Fetch a holdout from an object store, by pyarrow's own clients and the job's own credentials."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyarrow import ArrowException, fs

from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_CHUNK = 1 << 20


def _nobody(_: int) -> None:
    """For whoever wants to hear nothing."""


def fetch(uri: str, path: Path, *, tell: Callable[[int], None] = _nobody) -> None:
    """Copy `s3://…`, `gs://…` or `abfss://…` to a file; `tell` hears of bytes as they come.

    Raises DATA_UNAVAILABLE.
    """
    try:
        store, name = fs.FileSystem.from_uri(uri)
        with store.open_input_stream(name) as source, path.open("wb") as copy:
            while chunk := source.read(_CHUNK):
                tell(copy.write(chunk))
    except (ArrowException, OSError, ValueError) as error:
        raise PromoterError(
            ReasonCode.DATA_UNAVAILABLE,
            say("the data ", quote(uri), " cannot be fetched: ", quote(error)),
            hint=say("Check the address, and that the job has credentials that may read it."),
        ) from error
