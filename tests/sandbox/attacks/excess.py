"""Attacks that take all there is: processes, memory, disk, time, words. What they got is told."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from tests.sandbox.attacks.system_calls import call

_MIB = 1024**2
_CHUNK = b"x" * _MIB


def fork_bomb(world: Mapping[str, Any]) -> list[str]:
    """Processes that make processes."""
    while True:
        with contextlib.suppress(OSError):
            os.fork()


def threads_without_end(world: Mapping[str, Any]) -> list[str]:
    """As many threads as there can be, told when they are too many."""
    ended = threading.Event()
    made = []
    with contextlib.suppress(RuntimeError):
        for _ in range(world["most_processes"] + 50):
            thread = threading.Thread(target=ended.wait, daemon=True)
            thread.start()
            made.append(thread)
    ended.set()
    return [f"{len(made)} threads"] if len(made) > world["most_processes"] else []


def memory_taken(world: Mapping[str, Any]) -> list[str]:
    """Memory, page by page."""
    held = [bytearray(_CHUNK) for _ in range(2 * world["most_memory"] // _MIB)]
    return [f"held {len(held)} MiB"]


def memory_of_many(world: Mapping[str, Any]) -> list[str]:
    """Memory, over many processes, each within its limit."""
    for _ in range(8):
        if os.fork() == 0:
            held = bytearray(_CHUNK) * (world["most_memory"] // _MIB // 2)
            time.sleep(60 + len(held) * 0)
    time.sleep(60)
    return ["held by many"]


def memory_of_the_kernel(world: Mapping[str, Any]) -> list[str]:
    """Memory that is no process's: what waits in pairs of sockets, over many processes."""
    for _ in range(12):
        if os.fork() == 0:
            held = []
            with contextlib.suppress(OSError):
                while True:
                    held.append(socket.socketpair())
            time.sleep(60)
    time.sleep(60)
    return ["held by many"]


def memory_shared(world: Mapping[str, Any]) -> list[str]:
    """Memory that counts as nobody's data: mapped to be shared."""
    held = mmap.mmap(-1, 4 * world["most_memory"])
    for offset in range(0, len(held), 4096):
        held[offset] = 1
    time.sleep(60)
    return ["held shared"]


def memory_of_files(world: Mapping[str, Any]) -> list[str]:
    """Memory in files that lie nowhere."""
    held = 0
    for number in range(8):
        opened = call("memfd_create", ctypes.c_char_p(f"held{number}".encode()), 0)[0]
        if opened < 0:
            break
        for _ in range(world["most_memory"] // _MIB // 2):
            held += os.write(opened, _CHUNK)
    return [f"held {held // _MIB} MiB in files of memory"] if held > 2 * world["most_memory"] else []


def one_large_file(world: Mapping[str, Any]) -> list[str]:
    """A file as large as can be, then more of them."""
    for number in range(100):
        with contextlib.suppress(OSError), Path(f"large{number}").open("wb") as file:
            for _ in range(8 * world["most_disk"] // _MIB):
                file.write(_CHUNK)
    time.sleep(60)
    return ["wrote without end"]


def a_million_files(world: Mapping[str, Any]) -> list[str]:
    """Files that hold nothing."""
    for folder in range(1000):
        Path(f"f{folder}").mkdir()
        for number in range(1000):
            Path(f"f{folder}/{number}").touch()
    return ["made a million files"]


def deep_folders(world: Mapping[str, Any]) -> list[str]:
    """Folders in folders, deeper than any name can say, closed behind it."""
    start = os.open(".", os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d")  # noqa: PTH102
        os.chdir("d")
    os.chmod(".", 0)  # noqa: PTH101
    os.fchdir(start)
    return []


def files_without_names(world: Mapping[str, Any]) -> list[str]:
    """Files that no folder shows, and that are gone with their last holder."""
    held = [tempfile.TemporaryFile() for _ in range(6)]  # noqa: SIM115
    for file in held:
        with contextlib.suppress(OSError):
            for _ in range(world["most_disk"] // _MIB):
                file.write(_CHUNK)
    return []


def sparse_files(world: Mapping[str, Any]) -> list[str]:
    """A file that says it is larger than any."""
    try:
        with Path("sparse").open("wb") as file:
            file.truncate(1 << 40)
    except OSError:
        return []
    return ["made a file of a TiB"]


def spinning(world: Mapping[str, Any]) -> NoReturn:
    """The processor, for ever."""
    while True:
        pass


def processor_time(world: Mapping[str, Any]) -> NoReturn:
    """More seconds of the processor than there are."""
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    for _ in range(4):
        threading.Thread(target=lambda: [hash(b"") for _ in iter(int, 1)], daemon=True).start()
    while True:
        pass


def sleeping(world: Mapping[str, Any]) -> list[str]:
    """Nothing, for ever, whatever signal comes."""
    for number in range(1, signal.NSIG):
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(600)


def stopped(world: Mapping[str, Any]) -> list[str]:
    """Stopping itself, so that it neither ends nor answers."""
    os.kill(os.getpid(), signal.SIGSTOP)
    return ["went on"]


def a_gigabyte_printed(world: Mapping[str, Any]) -> list[str]:
    """Words, more than anybody reads, on both outputs."""
    chunk = b"::set-output name=decision::promote\n##[add-path]/tmp\n" * 20_000
    for number in range(1024 * _MIB // len(chunk)):
        os.write(1 + number % 2, chunk)
    return []


def commands_printed(world: Mapping[str, Any]) -> NoReturn:
    """Commands to the runner, in what it prints and in its error."""
    print("::set-output name=decision::promote")  # noqa: T201
    print("  ::add-path::/tmp/hostile", file=sys.stderr)  # noqa: T201
    print("##[set-env name=LD_PRELOAD]/tmp/hostile.so\r::error::a\x85::stop-commands::x\u2028##[group]")  # noqa: T201
    raise ValueError("no\n::set-output name=decision::promote\r##[error]::warning::")


def descriptors_opened(world: Mapping[str, Any]) -> list[str]:
    """As many open files and pipes as can be."""
    held: list[tuple[int, int]] = []
    with contextlib.suppress(OSError):
        while len(held) < 100_000:
            held.append(os.pipe())
    return [f"{len(held)} pipes"] if len(held) > world["most_files"] else []
