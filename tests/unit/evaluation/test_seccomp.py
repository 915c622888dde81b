"""The filter of system calls: run by a simulator of the kernel's, and by the kernel itself."""

from __future__ import annotations

import errno
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.evaluation.sandbox import seccomp, syscalls
from promoter.evaluation.sandbox.seccomp import MACHINES, Machine, Verdict

SOURCE = str(Path(seccomp.__file__).parents[3])
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/aarch64-linux-gnu/asm/unistd_64.h"),
}
GROUPS = (syscalls.NEVER, syscalls.ABSENT, syscalls.SAME_USER, syscalls.BY_ARGUMENT)
X86, ARM = MACHINES["x86_64"], MACHINES["aarch64"]
ALLOW, KILL = int(Verdict.ALLOW), int(Verdict.KILL)
REFUSED, ABSENT = Verdict.ERROR + errno.EPERM, Verdict.ERROR + errno.ENOSYS


def simulate(program: bytes, data: bytes) -> int:
    """What the kernel's interpreter of classic BPF returns; written from its manual, not from our code."""
    steps = list(struct.iter_unpack("=HBBI", program))
    accumulator, place = 0, 0
    while True:
        code, if_true, if_false, value = steps[place]
        place += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            assert value % 4 == 0
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x54:
            accumulator &= value
        else:
            holds = {0x15: accumulator == value, 0x25: accumulator > value, 0x35: accumulator >= value,
                     0x45: bool(accumulator & value)}[code]  # fmt: skip
            place += if_true if holds else if_false


def judge(
    number: int, *arguments: int, machine: Machine = X86, audit: int | None = None, shares_user: bool = False
) -> int:
    """What becomes of a call, by `struct seccomp_data` of linux/seccomp.h."""
    program = seccomp.assemble(seccomp.program(machine, shares_user=shares_user))
    assert len(program) // 8 <= 4096
    six = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    return simulate(program, struct.pack("=iIQ6Q", number, audit or machine.audit, 0, *six))


@pytest.mark.parametrize("name", MACHINES)
def test_numbers_are_the_kernels(name: str) -> None:
    if not HEADERS[name].exists():
        pytest.skip(f"no headers of {name} here")
    theirs = dict(re.findall(r"#define __NR_(\w+) (\d+)", HEADERS[name].read_text(encoding="ascii")))
    for group in GROUPS:
        for call, numbers in group.items():
            if call in theirs:
                assert numbers[MACHINES[name].column] == int(theirs[call]), call


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_every_listed_call_is_refused_and_every_other_passes(machine: Machine) -> None:
    def numbers(group: object) -> set[int]:
        return {pair[machine.column] for pair in group.values()} - {None}  # type: ignore[attr-defined]

    never, absent, owner = numbers(syscalls.NEVER), numbers(syscalls.ABSENT), numbers(syscalls.SAME_USER)
    judged = numbers(syscalls.BY_ARGUMENT)
    for number in set(range(syscalls.NEWEST + 1)) - judged:
        expected = REFUSED if number in never else ABSENT if number in absent else ALLOW
        assert judge(number, machine=machine) == expected, number
        shared = REFUSED if number in owner else expected
        assert judge(number, machine=machine, shares_user=True) == shared, number


def test_no_call_is_listed_twice() -> None:
    for machine in MACHINES.values():
        numbers = [pair[machine.column] for group in GROUPS for pair in group.values()]
        known = [number for number in numbers if number is not None]
        assert len(known) == len(set(known))


@given(number=st.integers(0, 2**31 - 1), audit=st.integers(1, 2**32 - 1))
def test_another_architecture_ends_the_process(number: int, audit: int) -> None:
    for machine in MACHINES.values():
        if audit != machine.audit:
            assert judge(number, machine=machine, audit=audit) == KILL


@given(number=st.integers(0, syscalls.NEWEST))
def test_x32_ends_the_process(number: int) -> None:
    assert judge(number | 0x4000_0000) == KILL


@given(number=st.integers(syscalls.NEWEST + 1, 0x3FFF_FFFF))
def test_what_is_newer_than_the_list_is_not_there(number: int) -> None:
    assert judge(number) == judge(number, machine=ARM) == ABSENT


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("socketpair", (1, 1), ALLOW),
        ("socketpair", (1, 1 | 0o2000000 | 0o4000), ALLOW),
        ("socketpair", (1, 5), ALLOW),
        ("socketpair", (1, 2), REFUSED),
        ("socketpair", (2, 1), REFUSED),
        ("socketpair", (1 << 32 | 1, 1), ALLOW),
        ("clone", (0x003D0F00,), ALLOW),
        ("clone", (0x11,), ALLOW),
        *(("clone", (1 << bit | 0x11,), REFUSED) for bit in (17, 25, 26, 27, 28, 29, 30)),
        ("prlimit64", (0, 7), ALLOW),
        ("prlimit64", (1, 7), REFUSED),
        ("prlimit64", (1 << 32, 7), ALLOW),
        ("ioctl", (0, 0x5413), ALLOW),
        ("ioctl", (0, 0x5412), REFUSED),
        ("ioctl", (0, 0x541C), REFUSED),
        ("ioctl", (0, 1 << 32 | 0x5412), REFUSED),
    ],
)
def test_some_are_judged_by_what_is_asked(name: str, arguments: tuple[int, ...], expected: int) -> None:
    """Only the lower halves of arguments count for the kernel too: they are ints there."""
    for machine in MACHINES.values():
        number = syscalls.BY_ARGUMENT[name][machine.column]
        assert number is not None
        assert judge(number, *arguments, machine=machine) == expected


def inside(code: str, *, shares_user: bool = False) -> subprocess.CompletedProcess[str]:
    """Python code in a process that passed through the filter."""
    before = f"""
import ctypes, os, sys
sys.path.append({SOURCE!r})
from promoter.evaluation.sandbox import kernel, seccomp
library = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    result = library.syscall(*(ctypes.c_long(a) for a in (number, *arguments)))
    return ctypes.get_errno() if result == -1 else 0
kernel.forbid_new_privileges()
seccomp.enter(shares_user={shares_user})
"""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", before + code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


needs_known_machine = pytest.mark.skipif(os.uname().machine not in MACHINES, reason="no filter for it")


@needs_known_machine
@pytest.mark.parametrize("group", ["NEVER", "ABSENT", "SAME_USER"])
def test_the_kernel_refuses_each(group: str) -> None:
    column = MACHINES[os.uname().machine].column
    numbers = [pair[column] for pair in getattr(syscalls, group).values() if pair[column] is not None]
    # By arguments that do nothing should one pass: descriptors and pointers that there are none of.
    expected = errno.ENOSYS if group == "ABSENT" else errno.EPERM
    code = f"print([n for n in {numbers} if call(n, -1, -1, -1, -1, -1, -1) != {expected}])"
    done = inside(code, shares_user=group == "SAME_USER")
    assert (done.stdout, done.stderr) == ("[]\n", "")


@needs_known_machine
def test_a_process_goes_on_as_usual() -> None:
    done = inside(
        "import asyncio, json, random, socket, subprocess, tempfile, threading, time\n"
        "threading.Thread(target=lambda: print('thread', flush=True)).start()\n"
        "asyncio.run(asyncio.sleep(0))\n"
        "subprocess.run(['/bin/sh', '-c', 'echo child'])\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    os.chmod(folder, 0o711)\n"
        "for family in 'UNIX INET INET6 NETLINK PACKET VSOCK ALG'.split():\n"
        "    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):\n"
        "        try:\n"
        "            socket.socket(getattr(socket, 'AF_' + family), kind)\n"
        "            print('a socket')\n"
        "        except PermissionError:\n"
        "            pass\n"
        "try:\n"
        "    socket.create_connection(('127.0.0.1', 9))\n"
        "except OSError as error:\n"
        "    print(error.errno)\n"
    )
    assert (done.stdout, done.stderr) == ("thread\nchild\n1\n", "")


@needs_known_machine
def test_a_call_by_the_old_door_ends_the_process() -> None:
    """`int 0x80`, getpid: 32 bits on x86_64."""
    if os.uname().machine != "x86_64":
        pytest.skip("x86_64 alone has it")
    code = (
        "import mmap\n"
        "page = mmap.mmap(-1, 4096, prot=7)\n"
        "page.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()\n"
        "print('passed')\n"
    )
    done = inside(code)
    assert (done.stdout, done.returncode) == ("", -31)
    x32 = inside("call(0x40000000 + 39)\nprint('passed')")
    assert (x32.stdout, x32.returncode) == ("", -31)
