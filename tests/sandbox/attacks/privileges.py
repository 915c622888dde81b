"""Attacks that want more rights than a model has. Each tells which it got."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import mmap
import os
import platform
import signal
import struct
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests.sandbox.attacks.system_calls import call, call_number, control, in_child, reached, tell_from_child

_NAMESPACES = {
    "mount": 0x0002_0000,
    "cgroup": 0x0200_0000,
    "uts": 0x0400_0000,
    "ipc": 0x0800_0000,
    "user": 0x1000_0000,
    "process": 0x2000_0000,
    "network": 0x4000_0000,
}
_TYPE_INTO_TERMINAL = 0x5412
_X32 = 0x4000_0000
# mov eax, 20 (getpid by 32 bits); int 0x80; ret
_BY_THE_OLD_DOOR = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"


def setuid_program(world: Mapping[str, Any]) -> list[str]:
    """Programs that run as root, whoever starts them."""
    found = []
    for words in (
        [world["setuid"], world["closed"]],
        ["/usr/bin/su", "-c", "id"],
        ["/usr/bin/sudo", "-n", "id"],
    ):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=2
            )
            found += [f"{words[0]}: {done.stdout[:200]}"] if done.stdout.strip() else []
    return found


def another_user(world: Mapping[str, Any]) -> list[str]:
    """Root, or anybody else, by the calls that change it."""

    def attempt() -> list[str]:
        found = []
        ways: tuple[tuple[str, Callable[[], object]], ...] = (
            ("groups", lambda: os.setgroups([0])),
            ("group", lambda: os.setresgid(0, 0, 0)),
            ("user", lambda: os.setresuid(0, 0, 0)),
            ("another user", lambda: os.setresuid(65_000, 65_000, 65_000)),
        )
        for what, way in ways:
            with contextlib.suppress(OSError):
                way()
                found.append(f"changed its {what}")
        return found

    return tell_from_child(attempt)


def capabilities(world: Mapping[str, Any]) -> list[str]:
    """Rights of root: held, raised, or by securebits."""
    status = Path("/proc/self/status").read_text()
    # Only root can empty the bounding set; without new privileges nobody gets anything of it.
    wanted = ("CapInh", "CapPrm", "CapEff", "CapAmb", *(["CapBnd"] if world["from_root"] else []))
    sets = {
        line.partition(":")[0]: int(line.split()[1], 16) for line in status.splitlines() if line[:6] in wanted
    }
    # Where an interpreter lies behind a closed folder, the right to read past modes is left on purpose.
    allowed = 1 << world["allowed_capability"] if world["allowed_capability"] else 0
    found = [f"{name} {held:x}" for name, held in sets.items() if held & ~allowed]
    found += [
        f"ambient {number}"
        for number in range(41)
        if control(47, 2, number) == 0 and not allowed >> number & 1
    ]
    found += ["securebits"] if control(28, 0) == 0 else []
    header, sets_wanted = struct.pack("Ii", 0x2008_0522, 0), struct.pack("6I", *[0xFFFF_FFFF] * 6)
    got = call("capset", ctypes.c_char_p(header), ctypes.c_char_p(sets_wanted))[0]
    return found + (["all capabilities"] if got == 0 else [])


def process_settings(world: Mapping[str, Any]) -> list[str]:
    """Undoing what holds it: dumpable for others, new privileges, the filter, the subreaper's signal."""
    control(4, 1)
    found = ["new privileges again"] if control(38, 0) == 0 else []
    found += ["no filter"] if control(22, 0) == 0 else []
    status = Path("/proc/self/status").read_text()
    found += [] if "\nNoNewPrivs:\t1" in status and "\nSeccomp:\t2" in status else ["is not held"]
    # Anybody may ask to trace it: nobody who may do so is hostile to it.
    control(0x5961_6D61, -1)
    return found


def namespaces_left(world: Mapping[str, Any]) -> list[str]:
    """New namespaces, each alone and with one of users."""

    def attempt() -> list[str]:
        return [
            f"has a new one of {name}"
            for name, flag in _NAMESPACES.items()
            for more in (0, _NAMESPACES["user"])
            if call("unshare", flag | more)[0] == 0
        ]

    return tell_from_child(attempt)


def namespaces_entered(world: Mapping[str, Any]) -> list[str]:
    """Namespaces of others, and of its own by handle."""
    found = []
    for process in (1, world["controller"], os.getpid()):
        for name in ("mnt", "net", "pid", "user", "ipc", "uts"):
            with contextlib.suppress(OSError):
                opened = os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY)
                found += [f"entered {process}'s {name}"] if call("setns", opened, 0)[0] == 0 else []
    handle = call("pidfd_open", world["bait"], 0)[0]
    return found + (
        ["entered by handle"] if handle >= 0 and call("setns", handle, 0x0400_0000)[0] == 0 else []
    )


def namespaces_cloned(world: Mapping[str, Any]) -> list[str]:
    """A child in namespaces of its own."""
    found = []
    for name, flag in _NAMESPACES.items():
        # A signal number of zero: nobody is told of the child's end, who ends at once.
        child, _ = call("clone", flag | signal.SIGCHLD, 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        if child > 0:
            os.waitpid(child, 0)
            found.append(f"cloned into {name}")
    arguments = struct.pack("8Q", _NAMESPACES["user"], 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    child, _ = call("clone3", ctypes.c_char_p(arguments), len(arguments))
    if child == 0:
        os._exit(0)
    return [*found, "cloned by the newer call"] if child > 0 else found


def mounted(world: Mapping[str, Any]) -> list[str]:
    """File systems of its own, over what others read."""
    target = ctypes.c_char_p(world["workspace"].encode())
    source = ctypes.c_char_p(b"none")
    found = []
    if call("mount", source, target, ctypes.c_char_p(b"tmpfs"), 0, 0)[0] == 0:
        ctypes.CDLL(None).umount2(target, 2)
        found.append("mounted")
    return [
        *found,
        *reached("open_tree", -100, target, 1),
        *reached("fsopen", ctypes.c_char_p(b"tmpfs"), 0),
    ]


def root_changed(world: Mapping[str, Any]) -> list[str]:
    """Another root folder."""
    return tell_from_child(lambda: ["changed"] if call("chroot", ctypes.c_char_p(b"."))[0] == 0 else [])


def calls_of_32_bits(world: Mapping[str, Any]) -> list[str]:
    """System calls by the door of old programs, whose numbers are others."""

    def attempt() -> None:
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(_BY_THE_OLD_DOOR)
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        result = ctypes.CFUNCTYPE(ctypes.c_int)(address)()
        os._exit(0 if result == os.getpid() else 1)

    if platform.machine() != "x86_64":
        return []
    status = in_child(attempt)
    return [] if os.WIFSIGNALED(status) else [f"returned, {status}"]


def calls_of_x32(world: Mapping[str, Any]) -> list[str]:
    """System calls by x32's numbers."""
    if platform.machine() != "x86_64":
        return []
    status = in_child(lambda: call_number(_X32 + 39))
    return [] if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS else [f"returned, {status}"]


def kernel_programs(world: Mapping[str, Any]) -> list[str]:
    """Programs in the kernel."""
    attributes = ctypes.create_string_buffer(struct.pack("4I", 1, 4, 4, 1), 128)
    return reached("bpf", 0, ctypes.byref(attributes), 128)


def page_faults(world: Mapping[str, Any]) -> list[str]:
    """Stopping the kernel in the middle of a copy."""
    return reached("userfaultfd", 0o2000000 | 1)


def performance_counters(world: Mapping[str, Any]) -> list[str]:
    """Measuring others, instruction by instruction."""
    attributes = ctypes.create_string_buffer(struct.pack("IIQ", 1, 128, 1), 128)
    return reached("perf_event_open", ctypes.byref(attributes), world["bait"], -1, -1, 0)


def terminal(world: Mapping[str, Any]) -> list[str]:
    """Typing into a terminal."""
    found = []
    with contextlib.suppress(OSError):
        opened = os.open(world["terminal"], os.O_RDWR | os.O_NOCTTY)
        found.append("opened a terminal")
        fcntl.ioctl(opened, _TYPE_INTO_TERMINAL, b"x")
    for descriptor in (0, 1, 2):
        with contextlib.suppress(OSError):
            fcntl.ioctl(descriptor, _TYPE_INTO_TERMINAL, b"x")
            found.append("typed")
    return found


def signals(world: Mapping[str, Any]) -> list[str]:
    """Ending, stopping and slowing others."""
    chosen = [world["bait"]]
    if not world["control"]:
        chosen += [os.getppid(), world["controller"], 1, world.get("other_process", world["bait"])]
    found = []
    for process in chosen:
        for sign in (0, signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(OSError):
                os.kill(process, sign)
                found.append(f"signalled {process}")
        handle = call("pidfd_open", process, 0)[0]
        if handle >= 0 and hasattr(signal, "pidfd_send_signal"):
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                found.append(f"signalled {process} by handle")
    if not world["control"]:
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)
            found += ["signalled all"] if world["controller"] == 0 else []
    return found


def others_slowed(world: Mapping[str, Any]) -> list[str]:
    """Priorities, processors and limits of other processes."""
    import resource  # noqa: PLC0415

    found = []
    for process in {world["bait"], world.get("other_process", world["bait"])}:
        ways: tuple[tuple[str, Callable[[], object]], ...] = (
            ("priority", partial(os.setpriority, os.PRIO_PROCESS, process, 19)),
            ("processors", partial(os.sched_setaffinity, process, {0})),
            ("scheduler", partial(os.sched_setscheduler, process, os.SCHED_IDLE, os.sched_param(0))),
            ("limits", partial(resource.prlimit, process, resource.RLIMIT_CPU, (600, 600))),
        )
        for what, way in ways:
            with contextlib.suppress(OSError, PermissionError, ValueError):
                way()
                found.append(f"set the {what} of {process}")
    return found


def limits_raised(world: Mapping[str, Any]) -> list[str]:
    """Its own limits."""
    import resource  # noqa: PLC0415

    found = []
    for name in ("RLIMIT_NPROC", "RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE"):
        hard = resource.getrlimit(getattr(resource, name))[1]
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (hard + 1, hard + 1))
            found.append(f"raised {name}")
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("-1000")
        found.append("is never ended for memory")
    return found


def own_programs(world: Mapping[str, Any]) -> list[str]:
    """A program that it wrote itself, in its folder."""
    program = Path(os.getcwd(), "program")  # noqa: PTH109
    opened = os.open(program, os.O_WRONLY | os.O_CREAT, 0o700)
    os.write(opened, Path("/bin/echo").read_bytes())
    os.close(opened)
    with contextlib.suppress(OSError):
        return [subprocess.run([str(program), "ran"], capture_output=True, text=True, check=False).stdout]
    return []
