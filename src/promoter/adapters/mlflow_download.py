"""Downloading the whole folder of a model version: listed once, fetched side by side, counted and digested.

Names and sizes come from whoever wrote the artifact store, so each name is looked at before it becomes a
path, and what lies in the folder afterwards is what counts, not what was announced.
"""

from __future__ import annotations

import hashlib
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from promoter.adapters.mlflow_files import Entry, Source, refused
from promoter.adapters.side_by_side import some_at_once
from promoter.core.model_version import ModelFile, ModelFiles
from promoter.core.progress import UNTOLD, Step
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say

MOST_FILES = 10_000
MOST_BYTES = 20 * 1024**3
_AT_ONCE = 8
_DEEPEST = 32
_LONGEST_PATH = 1_000


@dataclass(frozen=True, kw_only=True)
class Caps:
    """How much is downloaded at most."""

    files: int = MOST_FILES
    size: int = MOST_BYTES


def download(source: Source, folder: Path, *, caps: Caps | None = None, step: Step = UNTOLD) -> ModelFiles:
    """Everything in `source`, in an empty folder that only we may read. `step` is told of bytes.

    No files where there is nothing to list. Raises MODEL_UNSAFE for a name that is no plain relative path,
    for links, and for more than the caps allow.
    """
    caps = caps or Caps()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if next(folder.iterdir(), None) is not None:
        raise ValueError(f"{folder} is not empty")
    listed = list(_walk(source, caps=caps))
    budget = _Budget(caps.size)
    size = sum(entry.size for entry in listed)
    budget.announce(size)
    step.expect(size)

    def spend(size: int) -> None:
        budget.spend(size)
        step.advance(size)

    def fetch(entry: Entry) -> None:
        source.fetch(entry.path, folder / entry.path, spend=spend)

    for entry in listed:
        (folder / entry.path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    some_at_once(fetch, listed, at_once=_AT_ONCE)
    return take_stock(folder, caps=caps)


def copy(source: Source, path: str, *, file: Path, caps: Caps | None = None) -> str | None:
    """One file of `source`; its sha256 in hex, None where it is not listed.

    Each folder above it is listed, so that no link is followed. Raises MODEL_UNSAFE as `download` does.
    """
    _require_plain(path)
    parts = path.split("/")
    entry = None
    for depth in range(len(parts)):
        here = "/".join(parts[: depth + 1])
        entry = next((one for one in source.list("/".join(parts[:depth])) if one.path == here), None)
        if entry is None or entry.is_folder is (here == path):
            return None
    budget = _Budget((caps or Caps()).size)
    budget.announce(entry.size if entry else 0)
    source.fetch(path, file, spend=budget.spend)
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def put(source: Source, path: str, *, content: bytes) -> None:
    """Write one file. Raises MODEL_UNSAFE for a name that is no plain relative path."""
    _require_plain(path)
    source.put(path, content)


def take_stock(folder: Path, *, caps: Caps | None = None) -> ModelFiles:
    """The files that lie in a folder, with their digests. Raises MODEL_UNSAFE for links and devices."""
    caps = caps or Caps()
    files, left = [], _Budget(caps.size)
    for path in sorted(folder.rglob("*")):
        found = path.lstat()
        name = path.relative_to(folder).as_posix()
        if stat.S_ISDIR(found.st_mode):
            continue
        if not stat.S_ISREG(found.st_mode):
            raise refused(name, why=say("it is a link or a device"))
        left.spend(found.st_size)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        files.append(ModelFile(path=name, sha256=digest, size=found.st_size))
        if len(files) > caps.files:
            raise _too_many(caps.files)
    return ModelFiles(files=tuple(sorted(files, key=lambda file: file.path)))


def _walk(source: Source, *, caps: Caps) -> Iterator[Entry]:
    """Every file, each folder listed once."""
    waiting, seen = [""], set[str]()
    while waiting:
        for entry in source.list(waiting.pop()):
            _require_plain(entry.path)
            if entry.path in seen:
                raise refused(entry.path, why=say("it is listed twice"))
            seen.add(entry.path)
            if len(seen) > caps.files:
                raise _too_many(caps.files)
            if entry.is_folder:
                waiting.append(entry.path)
            else:
                yield entry


def _require_plain(path: str) -> None:
    parts = path.split("/")
    if not path.isprintable() or len(path) > _LONGEST_PATH or len(parts) > _DEEPEST or "\\" in path:
        raise refused(path, why=say("its name is not one that MLflow writes"))
    if any(part in {"", ".", ".."} for part in parts):
        raise refused(path, why=say("its name leads out of the model's folder"))


class _Budget:
    """Bytes that may still be written."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._left = size
        self._lock = threading.Lock()

    def announce(self, size: int) -> None:
        """Refuse before the first byte what is too large by its own listing."""
        if size > self._left:
            raise self._too_large()

    def spend(self, size: int) -> None:
        """Take from what is left; raises when it is not enough."""
        with self._lock:
            self._left -= size
            if self._left < 0:
                raise self._too_large()

    def _too_large(self) -> PromoterError:
        return PromoterError(
            ReasonCode.MODEL_UNSAFE,
            say(f"the model's files are larger than {self._size:,} bytes together"),
            hint=say("Promoter loads no model of that size; judge it by `source: predictions` instead."),
        )


def _too_many(most: int) -> PromoterError:
    return PromoterError(
        ReasonCode.MODEL_UNSAFE,
        say(f"the model has more than {most:,} files and folders"),
        hint=say("Log the model without caches and data, or judge it by `source: predictions`."),
    )
