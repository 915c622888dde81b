"""Landlock: which files a process and all it starts may open, and that it reaches no network or process.

Standalone. What the kernel's version of Landlock (its ABI) does not know is left out, and the ABI is told:
2 judges moving between folders, 3 truncating, 4 TCP, 5 device controls, 6 abstract sockets and signals.
No version judges who may look whether a file exists, or change modes, owners and times: `seccomp.py` does.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable
from enum import IntFlag

from promoter.evaluation.sandbox import kernel

_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
NEWEST_ABI = 7
SIGNALS_ABI = 6
_NETWORK_ABI = 4


class Access(IntFlag):
    """What can be done with files, by the kernel's numbers."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_FOLDER = 1 << 3
    REMOVE_FOLDER = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHARACTER_DEVICE = 1 << 6
    MAKE_FOLDER = 1 << 7
    MAKE_FILE = 1 << 8
    MAKE_SOCKET = 1 << 9
    MAKE_PIPE = 1 << 10
    MAKE_BLOCK_DEVICE = 1 << 11
    MAKE_LINK = 1 << 12
    MOVE = 1 << 13
    TRUNCATE = 1 << 14
    CONTROL_DEVICE = 1 << 15


_FIRST = Access((1 << 13) - 1)
_SINCE = ((2, Access.MOVE), (3, Access.TRUNCATE), (5, Access.CONTROL_DEVICE))
_OF_A_FILE = Access.EXECUTE | Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE | Access.CONTROL_DEVICE

READ = Access.READ_FILE | Access.READ_FOLDER
RUN = READ | Access.EXECUTE
USE_DEVICE = Access.READ_FILE | Access.WRITE_FILE
# No programs, sockets or devices among what a model writes.
WRITE = (
    READ
    | Access.WRITE_FILE
    | Access.REMOVE_FOLDER
    | Access.REMOVE_FILE
    | Access.MAKE_FOLDER
    | Access.MAKE_FILE
    | Access.MAKE_PIPE
    | Access.MAKE_LINK
    | Access.MOVE
    | Access.TRUNCATE
)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("path", ctypes.c_int32))


def version() -> int:
    """The kernel's ABI. Raises OSError where there is none."""
    try:
        return kernel.system_call(_CREATE_RULESET, None, 0, _ASK_VERSION)
    except OSError as error:
        raise OSError(error.errno, _WHY.get(error.errno or 0, f"Landlock: {error.strerror}")) from error


_WHY = {
    errno.ENOSYS: "this kernel has no Landlock, which came with Linux 5.13",
    errno.EOPNOTSUPP: "Landlock is switched off in this kernel; the boot option `lsm` must name it",
    errno.EPERM: "the container's seccomp profile refuses Landlock's calls; a newer engine's allows them",
}


def handled(abi: int) -> tuple[Access, int, int]:
    """What this ABI can judge: of files, of TCP, of scopes."""
    files = _FIRST
    for since, access in _SINCE:
        if abi >= since:
            files |= access
    return files, 0b11 if abi >= _NETWORK_ABI else 0, 0b11 if abi >= SIGNALS_ABI else 0


def build(allowed: Iterable[tuple[str, Access]], *, abi: int) -> int:
    """A descriptor of rules by which only what is allowed below each path is; absent paths are left out.

    TCP, abstract sockets and signals out of the process's own family are refused whole. Raises OSError.
    """
    files, network, scopes = handled(abi)
    asked = _Ruleset(files=files, network=network, scopes=scopes)
    size = 24 if scopes else 16 if network else 8
    rules = kernel.system_call(_CREATE_RULESET, ctypes.byref(asked), size, 0)
    os.set_inheritable(rules, False)
    for path, access in allowed:
        try:
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            possible = access & files & (files if os.path.isdir(path) else _OF_A_FILE)  # noqa: PTH112
            rule = _PathRule(allowed=possible, path=opened)
            kernel.system_call(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0)
        finally:
            os.close(opened)
    return rules


def enter(rules: int) -> None:
    """Live by the rules from here on, for good; needs `no_new_privs` first. Closes them. Raises OSError."""
    kernel.system_call(_RESTRICT_SELF, rules, 0)
    os.close(rules)
