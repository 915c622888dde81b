"""The few calls into the kernel that Python does not have. Standalone: the standard library alone."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os

_SET_PARENT_DEATH_SIGNAL = 1
_SET_DUMPABLE = 4
_SET_CHILD_SUBREAPER = 36
_SET_NO_NEW_PRIVILEGES = 38

_library = ctypes.CDLL(None, use_errno=True)


def call(function: str, *arguments: object) -> int:
    """What a function of the C library returns. Raises OSError when it fails, or is not there."""
    found = getattr(_library, function, None)
    if found is None:
        raise OSError(errno.ENOSYS, f"this system has no {function}")
    result = int(found(*arguments))
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def system_call(number: int, *arguments: object) -> int:
    """What a system call returns. Raises OSError when it fails."""
    whole = (ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments)
    return call("syscall", ctypes.c_long(number), *whole)


def process_control(option: int, *values: object) -> int:
    """`prctl`. Raises OSError."""
    padded = (*values, 0, 0, 0, 0)[:4]
    return call("prctl", option, *(ctypes.c_ulong(v) if isinstance(v, int) else v for v in padded))


def protect_self() -> None:
    """Keep this process's memory, environment and descriptors from others of its user; Linux's alone.

    It lasts until a program is executed, and children have it too. After it `/proc/self` belongs to root.
    """
    with contextlib.suppress(OSError):
        process_control(_SET_DUMPABLE, 0)


def allow_inspection() -> None:
    """Undo `protect_self`, for a child that holds no secret."""
    with contextlib.suppress(OSError):
        process_control(_SET_DUMPABLE, 1)


def adopt_orphans() -> None:
    """Have a process whose parent ended become our child, however it left its session."""
    with contextlib.suppress(OSError):
        process_control(_SET_CHILD_SUBREAPER, 1)


def end_with_parent(signal: int) -> None:
    """Get a signal when the parent ends. A change of user takes it back."""
    with contextlib.suppress(OSError):
        process_control(_SET_PARENT_DEATH_SIGNAL, signal)


def forbid_new_privileges() -> None:
    """Have no program give more rights than this process has, for good. Raises OSError."""
    process_control(_SET_NO_NEW_PRIVILEGES, 1)
