"""seccomp: the filter of system calls that a model's process and all it starts pass through.

Standalone. The architecture is judged first: a call of another one (32 bits, x32) has other numbers, so it
ends the process. What `syscalls.py` lists is refused with an error, as libraries try and go on; what is newer
than that list is answered as an older kernel would. Sockets exist only as pairs within the process's family,
and not as datagrams, which could be sent to a path.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from promoter.evaluation.sandbox import kernel, syscalls

_SET_SECCOMP = 22
_FILTER_MODE = 2


class Code(IntEnum):
    """The instructions of classic BPF that are used here."""

    LOAD = 0x20
    AND = 0x54
    JUMP_EQUAL = 0x15
    JUMP_GREATER = 0x25
    JUMP_NOT_LESS = 0x35
    JUMP_ANY_BIT = 0x45
    RETURN = 0x06


class Verdict(IntEnum):
    """What becomes of a call; an error's number is added to ERROR."""

    KILL = 0x8000_0000
    ERROR = 0x0005_0000
    ALLOW = 0x7FFF_0000


class Instruction(NamedTuple):
    """One step: how many to leave out when the comparison is true or false, and its value."""

    code: int
    if_true: int
    if_false: int
    value: int


class Machine(NamedTuple):
    """An architecture: its number in the audit's list, its column in `syscalls.py`, and x32's bit."""

    audit: int
    column: int
    other_numbers: int | None


MACHINES = {
    "x86_64": Machine(audit=0xC000_003E, column=0, other_numbers=0x4000_0000),
    "aarch64": Machine(audit=0xC000_00B7, column=1, other_numbers=None),
}

# Where the kernel puts them in what a filter sees; arguments by their low halves, both machines being
# little-endian.
_NUMBER_AT = 0
_ARCHITECTURE_AT = 4
_ARGUMENTS_AT = 16

_UNIX = 1
_TYPE_OF_SOCKET = 0xF
_STREAM, _PACKETS = 1, 5
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_NEW_NAMESPACES = 0x7E02_0000
_TYPE_INTO_TERMINAL = (0x5412, 0x541C)
_WHOLE = 0xFFFF_FFFF


def program(machine: Machine, *, shares_user: bool) -> list[Instruction]:
    """The filter for a machine; stricter where the model shares our own user."""
    refused = [syscalls.NEVER, *([syscalls.SAME_USER] if shares_user else [])]
    steps = [
        _load(_ARCHITECTURE_AT),
        Instruction(Code.JUMP_EQUAL, 1, 0, machine.audit),
        _return(Verdict.KILL),
        _load(_NUMBER_AT),
    ]
    if machine.other_numbers is not None:
        steps += [Instruction(Code.JUMP_NOT_LESS, 0, 1, machine.other_numbers), _return(Verdict.KILL)]
    steps += [Instruction(Code.JUMP_GREATER, 0, 1, syscalls.NEWEST), _refuse(errno.ENOSYS)]
    for names, answer in [*((group, errno.EPERM) for group in refused), (syscalls.ABSENT, errno.ENOSYS)]:
        for numbers in names.values():
            steps += _if_number(numbers[machine.column], [_refuse(answer)])
    for name, judged in _by_argument().items():
        steps += _if_number(syscalls.BY_ARGUMENT[name][machine.column], judged)
    return [*steps, _return(Verdict.ALLOW)]


def _by_argument() -> dict[str, list[Instruction]]:
    """How calls are judged whose arguments decide; every list ends with a verdict."""
    allow, refuse = _return(Verdict.ALLOW), _refuse(errno.EPERM)
    return {
        "socketpair": [
            *_unless(0, mask=_WHOLE, values=[_UNIX]),
            refuse,
            *_unless(1, mask=_TYPE_OF_SOCKET, values=[_STREAM, _PACKETS]),
            refuse,
            allow,
        ],
        "clone": [_argument(0), Instruction(Code.JUMP_ANY_BIT, 0, 1, _NEW_NAMESPACES), refuse, allow],
        # Of other processes it would set limits. That of this one is named 0 by every C library.
        "prlimit64": [*_unless(0, mask=_WHOLE, values=[0]), refuse, allow],
        "ioctl": [*_unless(1, mask=_WHOLE, values=_TYPE_INTO_TERMINAL), allow, refuse],
    }


def _unless(index: int, *, mask: int, values: Iterable[int]) -> list[Instruction]:
    """Leave out the instruction that follows when an argument, masked, is one of the values."""
    found = list(values)
    tests = [Instruction(Code.JUMP_EQUAL, len(found) - place, 0, value) for place, value in enumerate(found)]
    return [_argument(index), Instruction(Code.AND, 0, 0, mask), *tests]


def _if_number(number: int | None, judged: list[Instruction]) -> list[Instruction]:
    if number is None:
        return []
    return [Instruction(Code.JUMP_EQUAL, 0, len(judged), number), *judged]


def _argument(index: int) -> Instruction:
    return _load(_ARGUMENTS_AT + 8 * index)


def _load(offset: int) -> Instruction:
    return Instruction(Code.LOAD, 0, 0, offset)


def _return(verdict: int) -> Instruction:
    return Instruction(Code.RETURN, 0, 0, verdict)


def _refuse(number: int) -> Instruction:
    return _return(Verdict.ERROR + number)


def assemble(steps: Iterable[Instruction]) -> bytes:
    """The instructions as the kernel reads them."""
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def enter(*, shares_user: bool) -> str:
    """Pass every later call through the filter, for good; needs `no_new_privs` first. The machine's name.

    Raises OSError where there is no seccomp or the machine is not known.
    """
    name = os.uname().machine
    if name not in MACHINES:
        raise OSError(errno.ENOSYS, f"no filter of system calls is known for {name} machines")
    code = assemble(program(MACHINES[name], shares_user=shares_user))
    wrapped = _Program(length=len(code) // 8, instructions=code)
    try:
        kernel.process_control(_SET_SECCOMP, _FILTER_MODE, ctypes.byref(wrapped))
    except OSError as error:
        raise OSError(error.errno, f"the kernel took no filter of system calls: {error.strerror}") from error
    return name
