"""What code that got out of the sandbox would leave in the job or look for there."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

_CREDENTIALS = "git-credentials-*.config"
_IN_THE_CLONE = Path(".git", "config")
_TOKEN = b"extraheader"
_LARGEST_CONFIG = 1024 * 1024


def traces(files: Iterable[str]) -> Mapping[str, str]:
    """Each file with its kind and mode, and the sha256 of its bytes where it has any of its own."""
    return {file: _trace(file) for file in files if file}


def _trace(file: str) -> str:
    try:
        found = os.lstat(file)
        if not stat.S_ISREG(found.st_mode):
            return f"{found.st_mode:o}"
        with Path(file).open("rb") as stream:
            return f"{found.st_mode:o} {hashlib.file_digest(stream, 'sha256').hexdigest()}"
    except OSError as error:
        return f"not there ({error.errno})"


def kept_tokens(*, workspace: str, temp: str) -> tuple[str, ...]:
    """Files in which `actions/checkout` left its token: in the clone, or since version 6 beside it."""
    found = []
    clone = Path(workspace, _IN_THE_CLONE)
    if workspace and _TOKEN in _beginning(clone):
        found.append(str(clone))
    if temp:
        found += [str(path) for path in sorted(Path(temp).glob(_CREDENTIALS))]
    return tuple(found)


def _beginning(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(_LARGEST_CONFIG).lower()
    except OSError:
        return b""
