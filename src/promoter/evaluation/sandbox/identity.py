"""A user of its own for each model's process, without groups and without capabilities.

Standalone, for root. Numbers come by chance from where no system, runner or container tool hands them out;
`claims.py` keeps two sandboxes from having the same.

Where the path to a file leads through a folder closed to others (root's home, say), a process that is not
root needs the capability to read past modes: it is left to the model then, and Landlock is what keeps it from
other files. In the action's image nothing lies behind such a folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from promoter.evaluation.sandbox import kernel

# Above what systemd gives to containers (1,879,048,191), below where numbers could be taken for negative.
_FIRST = 2_000_000_000
_MANY = 1 << 27
# What systemd takes its passing users from: for containers with 65,536 users, in which the above are not.
LOWEST, _FEW = 61_184, 4_336

_SET_KEEP_CAPABILITIES = 8
_DROP_FROM_BOUND = 24
_SET_SECURE_BITS = 28
_AMBIENT = 47
_AMBIENT_RAISE, _AMBIENT_CLEAR = 2, 4
# No rights by being root, none by a change of user, no ambient ones; locked.
_ROOT_IS_NOBODY = 0b1110_1111
_READ_PAST_MODES = 2
_HIGHEST_CAPABILITY = 64
_VERSION_3 = 0x2008_0522


def free_users(*, mapped: str = "/proc/self/uid_map") -> Iterator[int]:
    """Numbers to try, by chance and without end: of 2²⁷, or of 4,336 in a container that has few."""
    first, number = (_FIRST, _MANY) if _is_mapped(_FIRST + _MANY, Path(mapped)) else (LOWEST, _FEW)
    while True:
        # `secrets` takes a third of the time that starting takes.
        yield first + int.from_bytes(os.urandom(8), "big") % number


def users() -> list[tuple[int, int]]:
    """Every living process with its real user."""
    return [(process, user) for process, user, _ in _processes()]


def threads(user: int) -> int:
    """How many threads a user runs."""
    return sum(count for _, owner, count in _processes() if owner == user)


def is_alive(state: str, *, threads: int) -> bool:
    """Whether anything of a process runs: its first thread may have ended while others go on."""
    return state not in "ZX" or (state == "Z" and threads > 1)


def _processes() -> Iterator[tuple[int, int, int]]:
    """Every living process with its real user and the number of its threads."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - often
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                status = Path("/proc", name, "status").read_text(errors="replace")
                state = status.partition("\nState:")[2].split(maxsplit=1)[0]
                count = _number(status, "Threads")
                if is_alive(state, threads=count):
                    yield int(name), _number(status, "Uid"), count


def _number(status: str, name: str, *, base: int = 10) -> int:
    """The first number of a line of `/proc/PID/status`."""
    return int(status.partition(f"\n{name}:")[2].split(maxsplit=1)[0], base)


def _is_mapped(user: int, table: Path) -> bool:
    try:
        lines = [[int(word) for word in line.split()] for line in table.read_text().splitlines()]
    except OSError:
        return True
    return any(first <= user < first + count for first, _, count in lines)


def become(user: int, *, folders: Iterable[str], needed: Iterable[str]) -> str:
    """Become that user for good, owning the folders; a note about what is special, or nothing.

    Raises OSError when this is not allowed, or files that are needed would be out of reach.
    """
    closed = _unreachable(user, needed)
    for folder in folders:
        _give(folder, user)
    os.setgroups([])
    os.setresgid(user, user, user)
    kept = 1 << _READ_PAST_MODES if closed else 0
    if closed:
        kernel.process_control(_SET_KEEP_CAPABILITIES, 1)
    _drop_bound(kept=kept)
    os.setresuid(user, user, user)
    _set_capabilities(kept)
    if closed:
        kernel.process_control(_AMBIENT, _AMBIENT_RAISE, _READ_PAST_MODES)
        return f"it may read past file modes, as {closed} is closed to others: Landlock limits what"
    return ""


def _give(folder: str, user: int) -> None:
    """A folder of ours with what we put into it."""
    os.chown(folder, user, user)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(place, name), user, user, follow_symlinks=False)  # noqa: PTH118 - as walked


def _drop_bound(*, kept: int) -> None:
    """Have no program ever give a capability back. As far as allowed: `no_new_privs` forbids it too."""
    with contextlib.suppress(OSError):
        kernel.process_control(_AMBIENT, _AMBIENT_CLEAR)
    with contextlib.suppress(OSError):
        for capability in range(_HIGHEST_CAPABILITY):
            if not kept >> capability & 1:
                kernel.process_control(_DROP_FROM_BOUND, capability)


def drop_capabilities() -> None:
    """Keep our user, and nothing a process of it may have beyond its files. Raises OSError."""
    with contextlib.suppress(OSError):
        kernel.process_control(_SET_SECURE_BITS, _ROOT_IS_NOBODY)
    _drop_bound(kept=0)
    _set_capabilities(0)


def _unreachable(user: int, needed: Iterable[str]) -> str:
    """The first file that is needed behind a closed folder, or nothing. Raises OSError when it stays so."""
    try:
        os.setgroups([])
        os.setresgid(user, user, 0)
        os.setresuid(user, user, 0)
        closed = next((path for path in needed if not os.access(path, os.R_OK)), "")
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
    if closed and not _holds(_READ_PAST_MODES):
        raise OSError(errno.EACCES, f"{closed} cannot be read by another user than ours: open its folders")
    return closed


def _holds(capability: int) -> bool:
    status = Path("/proc/self/status").read_text()
    return bool(_number(status, "CapPrm", base=16) >> capability & 1)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
        ("effective_above", ctypes.c_uint32),
        ("permitted_above", ctypes.c_uint32),
        ("inheritable_above", ctypes.c_uint32),
    )


def _set_capabilities(held: int) -> None:
    header = _Header(version=_VERSION_3, process=0)
    sets = _Sets(effective=held, permitted=held, inheritable=held)
    kernel.call("capset", ctypes.byref(header), ctypes.byref(sets))
