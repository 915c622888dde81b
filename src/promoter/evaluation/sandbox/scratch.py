"""A folder for what code that is not ours writes, of which nothing is left afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox.watching import empty
from promoter.text import quote, say

_CLEANING_SECONDS = 30.0


@contextmanager
def scratch_folder(prefix: str, *, seconds: float = _CLEANING_SECONDS) -> Iterator[Path]:
    """A folder of our own, until the context ends; nothing of the code may run any more then.

    Raises PromoterError, CHECK_UNAVAILABLE, where it cannot be made and where it is not gone after `seconds`.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
    except OSError as error:
        raise PromoterError(
            ReasonCode.CHECK_UNAVAILABLE,
            say("no folder could be made for a process to work in: ", quote(error)),
            hint=say("See that the folder for temporary files is there and has room; run again."),
        ) from error
    try:
        yield folder
    finally:
        _remove(folder, seconds=seconds)


def _remove(folder: Path, *, seconds: float) -> None:
    try:
        left = empty(str(folder), seconds=seconds)
        if not left:
            folder.rmdir()
    except OSError as error:
        left = str(error)
    if left:
        raise PromoterError(
            ReasonCode.CHECK_UNAVAILABLE,
            say("files of a process that was ended could not be removed: ", quote(left)),
            hint=say(
                "Nothing was decided. Remove ",
                quote(folder),
                " by hand and see what keeps it: the disk, a flag, a mount. On a machine that is used again, "
                "take what ran there for hostile.",
            ),
        )
