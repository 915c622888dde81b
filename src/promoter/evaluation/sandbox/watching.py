"""What a model's processes use that no limit of the kernel bounds in total: disk, memory, descriptors.

Standalone, on the side of the process around them. And the end of what they wrote.
"""

from __future__ import annotations

import contextlib
import math
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator

_LEAST_PAUSE = 0.05
# Looking takes at most a tenth of the time, however many files there are.
_SHARE = 10.0
_DEEPEST = 64
_PAGE = os.sysconf("SC_PAGE_SIZE")
# Files that have no name any more are seen by what is left on the disk.
_KEEP_FREE = 512 * 1024**2
_SECTOR = 512
# What waits in pipes and pairs of sockets is memory of no process: up to 416 KiB a pair. Beyond what every
# process has from the start, all together may hold so many descriptors.
_MOST_DESCRIPTORS = 4096
_FROM_THE_START = 64


class Watch:
    """Looks now and then at folders and processes; `look` tells what was too much, else nothing."""

    def __init__(self, folders: Iterable[str], *, disk: int, files: int, memory: int) -> None:
        self._folders = list(folders)
        self._disk = disk
        self._files = files
        self._memory = memory
        self._next = time.monotonic()
        self._reserve = min((min(_KEEP_FREE, _free(folder) // 2) for folder in self._folders), default=0)

    def look(self, processes: Callable[[], Iterable[int]]) -> str:
        """Why everything must end, or nothing."""
        begin = time.monotonic()
        if begin < self._next:
            return ""
        found = self._disk_problem() or self._memory_problem(list(processes()))
        end = time.monotonic()
        self._next = end + max(_LEAST_PAUSE, _SHARE * (end - begin))
        return found

    def _disk_problem(self) -> str:
        size = 0
        for count, blocks in enumerate(self._written(), 1):
            size += blocks * _SECTOR
            if size > self._disk:
                return f"it wrote more than {self._disk:,} bytes of files"
            if count > self._files:
                return f"it made more than {self._files:,} files"
        if any(_free(folder) < self._reserve for folder in self._folders):
            return "it filled the disk"
        return ""

    def _written(self) -> Iterator[int]:
        """Blocks of each file; a folder that hides what is in it counts as too much."""
        waiting = [(folder, 0) for folder in self._folders]
        while waiting:
            folder, depth = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        # What is gone again takes nothing.
                        with contextlib.suppress(FileNotFoundError):
                            yield entry.stat(follow_symlinks=False).st_blocks
                            if entry.is_dir(follow_symlinks=False):
                                waiting.append((entry.path, depth + 1))
            except FileNotFoundError:
                continue
            except OSError:
                yield self._disk
            if depth > _DEEPEST:
                yield self._disk

    def _memory_problem(self, processes: list[int]) -> str:
        # Memory that processes share after a fork is counted in each: twice the limit is too much for sure.
        if sum(_resident(process) for process in processes) > 2 * self._memory:
            return f"its processes together used more than twice {self._memory:,} bytes of memory"
        if sum(max(0, _descriptors(process) - _FROM_THE_START) for process in processes) > _MOST_DESCRIPTORS:
            return (
                f"its processes together held more than {_MOST_DESCRIPTORS:,} pipes, sockets and open files"
            )
        return ""


def _free(folder: str) -> int:
    try:
        found = os.statvfs(folder)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize


def _resident(process: int) -> int:
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


class _TooLong(Exception):
    """The time for removing is over."""


def _descriptors(process: int) -> int:
    """For how many the kernel has room now: what is open may be counted by few, this by everybody."""
    try:
        with open(f"/proc/{process}/status", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return int(file.read().partition("\nFDSize:")[2].split(maxsplit=1)[0])
    except (OSError, ValueError, IndexError):
        return 0


def empty(folder: str, *, seconds: float = math.inf) -> str:
    """Remove all that is in a folder, once nothing writes there any more; links are not followed.

    Why something is left, or nothing. However deep it goes: folders in folders are moved up before they are
    emptied. What cannot be removed keeps nothing else from it. Raises OSError for what is no folder.
    """
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    removal = _Removal(top, end=time.monotonic() + seconds)
    try:
        removal.run()
    except _TooLong:
        return f"it was not done after {seconds:g} s"
    finally:
        os.close(top)
    return removal.why


class _Removal:
    """Removing all below an open folder. `why`: what went wrong first with what stays."""

    def __init__(self, top: int, *, end: float) -> None:
        self.why = ""
        self._top = top
        self._end = end
        self._stuck: set[str] = set()

    def run(self) -> None:
        """Until nothing is there but what cannot be removed. Raises _TooLong."""
        while folders := [name for name in self._remove_files(self._top) if name not in self._stuck]:
            for name in folders:
                try:
                    self._flatten(name)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    self._tell(error)
                    self._stuck.add(name)

    def _flatten(self, name: str) -> None:
        with contextlib.suppress(OSError):
            os.chmod(name, stat.S_IRWXU, dir_fd=self._top)
        inside = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=self._top)
        try:
            for child in self._remove_files(inside):
                try:
                    os.chmod(child, stat.S_IRWXU, dir_fd=inside)
                    os.rename(child, os.urandom(16).hex(), src_dir_fd=inside, dst_dir_fd=self._top)
                except OSError as error:
                    self._tell(error)
        finally:
            os.close(inside)
        os.rmdir(name, dir_fd=self._top)

    def _remove_files(self, folder: int) -> list[str]:
        """Remove what is no folder; the names of those."""
        folders = []
        with os.scandir(folder) as entries:
            # Listed whole before any is removed: what is listed of a folder that changes, nobody says.
            for entry in [entry for entry in entries if self._has_time()]:
                self._has_time()
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                    continue
                try:
                    os.unlink(entry.name, dir_fd=folder)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    self._tell(error)
        return folders

    def _has_time(self) -> bool:
        if time.monotonic() >= self._end:
            raise _TooLong
        return True

    def _tell(self, error: OSError) -> None:
        self.why = self.why or f"{error.filename}: {error.strerror}"
