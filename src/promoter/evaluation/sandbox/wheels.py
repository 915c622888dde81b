"""Wheels kept between runs, in a folder that nobody is trusted to have left alone.

The folder comes from a cache that other workflows of the repository may write. So nothing in it is believed:
not a name, not a size, not that a file is a file. A wheel is what the index says today that it is, by its
sha256, or it is thrown away. Nothing that was unpacked or built is ever kept, because nobody could check it.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

# Larger than any wheel an index takes.
LARGEST_WHEEL = 2 << 30
_CHUNK = 1 << 20
_OURS = re.compile(r"[0-9a-f]{64}\.whl", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel as the index describes it: `name` of the file, `sha256` in hex, `size` in bytes or None."""

    name: str
    url: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What may stay in the folder: `size` in bytes, `age` in seconds since a run last wanted it."""

    size: int = 2_000_000_000
    age: float = 30 * 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The folder `name` in `root`, which is trusted; a link of that name is not followed."""

    root: Path
    name: str
    limits: Limits = field(default_factory=Limits)
    now: Callable[[], float] = time.time

    def take(self, wheel: Wheel, target: Path) -> bool:
        """Copy a wheel out, if it is there and is what the index says; what is not is removed."""
        with self._opened() as folder:
            if folder is None:
                return False
            name = f"{wheel.sha256}.whl"
            try:
                source = os.fdopen(
                    os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder), "rb"
                )
            except FileNotFoundError:
                return False
            except OSError:
                _remove(name, folder)
                return False
            with source:
                good = stat.S_ISREG(os.fstat(source.fileno()).st_mode) and copied(source, target, wheel=wheel)
            if not good:
                _remove(name, folder)
                return False
            with suppress(OSError):
                os.utime(name, (self.now(), self.now()), dir_fd=folder, follow_symlinks=False)
            return True

    def put(self, wheel: Wheel, source: Path) -> None:
        """Keep a wheel that was checked. A folder that cannot be written keeps nothing, and nobody minds."""
        with suppress(OSError):
            Path(self.root, self.name).mkdir(exist_ok=True)
        with self._opened() as folder:
            if folder is None:
                return
            aside = f".{wheel.sha256}.{os.getpid()}"
            with suppress(OSError):
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                with (
                    os.fdopen(os.open(aside, flags, 0o644, dir_fd=folder), "wb") as copy,
                    source.open("rb") as made,
                ):
                    while chunk := made.read(_CHUNK):
                        copy.write(chunk)
                os.rename(aside, f"{wheel.sha256}.whl", src_dir_fd=folder, dst_dir_fd=folder)
            _remove(aside, folder)

    def prune(self) -> int:
        """Remove what is too old, then the oldest until the rest is small enough; how many were removed."""
        with self._opened() as folder:
            if folder is None:
                return 0
            found = sorted(_stored(folder), reverse=True)
            room, removed = self.limits.size, 0
            for wanted_at, size, name in found:
                room -= size
                if room < 0 or self.now() - wanted_at > self.limits.age:
                    _remove(name, folder)
                    removed += 1
            return removed

    @contextmanager
    def _opened(self) -> Iterator[int | None]:
        """The folder's descriptor, through which all is done; None where there is no such folder of ours."""
        try:
            descriptor = os.open(Path(self.root, self.name), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            yield None
            return
        try:
            yield descriptor
        finally:
            os.close(descriptor)


class Readable(Protocol):
    """What bytes come from."""

    def read(self, size: int, /) -> bytes:
        """At most so many; none at the end."""


def copied(source: Readable, target: Path, *, wheel: Wheel) -> bool:
    """Copy to a new file while it is digested; whether it is the wheel. Only then the file stays."""
    digest, size = hashlib.sha256(), 0
    most = LARGEST_WHEEL if wheel.size is None else wheel.size
    with target.open("xb") as copy:
        while size <= most and (chunk := source.read(_CHUNK)):
            size += len(chunk)
            digest.update(chunk)
            copy.write(chunk)
    good = digest.hexdigest() == wheel.sha256 and size <= most
    if not good:
        target.unlink()
    return good


def _stored(folder: int) -> Iterator[tuple[float, int, str]]:
    """Files of ours: when each was last wanted, its size, its name. What else lies there is left alone."""
    for name in os.listdir(folder):
        if _OURS.fullmatch(name):
            with suppress(OSError):
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
                yield found.st_mtime, found.st_size, name


def _remove(name: str, folder: int) -> None:
    """Remove a file or a link; a folder, or what may not be removed, stays and is never believed."""
    with suppress(OSError):
        os.unlink(name, dir_fd=folder)
