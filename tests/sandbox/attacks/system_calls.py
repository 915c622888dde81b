"""What the attacks share: system calls by number, and what became of a try in a child.

Everything in this folder is copied into hostile models and runs on their interpreter: the standard library
alone, and nothing of Promoter.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

NUMBERS = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "clone": (56, 220),
    "clone3": (435, 435),
    "mount": (165, 40),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "chroot": (161, 51),
    "io_uring_setup": (425, 425),
    "add_key": (248, 217),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "memfd_create": (319, 279),
    "capset": (126, 91),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "shmget": (29, 194),
    "shmctl": (31, 195),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
}
_COLUMN = {"x86_64": 0, "aarch64": 1}.get(platform.machine(), 0)
_REFUSED = (errno.EPERM, errno.ENOSYS, errno.EACCES)
_library = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> tuple[int, int]:
    """What a system call returned, and the error's number."""
    return call_number(NUMBERS[name][_COLUMN], *arguments)


def call_number(number: int, *arguments: object) -> tuple[int, int]:
    """The same by its number on this machine."""
    whole = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    ctypes.set_errno(0)
    result = _library.syscall(ctypes.c_long(number), *whole)
    return int(result), ctypes.get_errno()


def reached(name: str, *arguments: object) -> list[str]:
    """What to tell when the kernel did, or considered, what was asked, rather than refusing it at once."""
    result, error = call(name, *arguments)
    return (
        [f"{name}: {result} {errno.errorcode.get(error, '')}"] if result >= 0 or error not in _REFUSED else []
    )


def control(option: int, *values: int) -> int:
    """`prctl`."""
    return int(_library.prctl(option, *(ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4])))


def read(path: str) -> list[str]:
    """What a file begins with, when it can be read."""
    try:
        with Path(path).open("rb") as file:
            return [f"read {path}: {file.read(400)!r}"]
    except OSError:
        return []


def in_child(attempt: Callable[[], Any]) -> int:
    """The wait status of a child that tries something; it exits with 0 when nothing ends it before."""
    child = os.fork()
    if child == 0:
        try:
            attempt()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def tell_from_child(attempt: Callable[[], list[str]]) -> list[str]:
    """What a child reports of a try that changes the process that makes it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, "\n".join(attempt()).encode()[:60_000])
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        text = told.read().decode(errors="replace")
    os.waitpid(child, 0)
    return text.splitlines()
