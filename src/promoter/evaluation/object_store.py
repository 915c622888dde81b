"""Fetch a holdout from an object store, by pyarrow's own clients and the job's own credentials."""

from __future__ import annotations

import shutil
from pathlib import Path

from pyarrow import ArrowException, fs

from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_CHUNK = 1 << 20


def fetch(uri: str, path: Path) -> None:
    """Copy `s3://…`, `gs://…` or `abfss://…` to a file. Raises DATA_UNAVAILABLE."""
    try:
        store, name = fs.FileSystem.from_uri(uri)
        with store.open_input_stream(name) as source, path.open("wb") as copy:
            shutil.copyfileobj(source, copy, _CHUNK)
    except (ArrowException, OSError, ValueError) as error:
        raise PromoterError(
            ReasonCode.DATA_UNAVAILABLE,
            say("the data ", quote(uri), " cannot be fetched: ", quote(error)),
            hint=say("Check the address, and that the job has credentials that may read it."),
        ) from error
