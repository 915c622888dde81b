"""Attacks that want what only the run may know. Each tells what it could read."""

from __future__ import annotations

import contextlib
import ctypes
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.sandbox.attacks.system_calls import call, call_number, reached, read, tell_from_child

_ATTACH, _SEIZE, _DETACH = 16, 0x4206, 17
_LINE = 64


class _Span(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def _others(world: Mapping[str, Any]) -> list[int]:
    if world["control"]:
        return [world["bait"], world["controller"]]
    listed = [int(name) for name in os.listdir("/proc") if name.isdigit()] if _lists_proc() else []  # noqa: PTH208
    known = {os.getppid(), 1, world["controller"], world["bait"], world.get("other_process", 0), *listed}
    return sorted(known - {0, os.getpid()})


def _lists_proc() -> bool:
    try:
        os.listdir("/proc")  # noqa: PTH208
    except OSError:
        return False
    return True


def parent_environ(world: Mapping[str, Any]) -> list[str]:
    """The variables of the process around it and of the run."""
    names = ("environ", "cmdline", "task/{0}/environ")
    return [
        found
        for process in (os.getppid(), world["controller"])
        for name in names
        for found in read(f"/proc/{process}/{name.format(process)}")
    ]


def init_environ(world: Mapping[str, Any]) -> list[str]:
    """The variables of the container's first process, by every road."""
    return [
        found
        for path in (
            "/proc/1/environ",
            "/proc/1/task/1/environ",
            "/proc/self/../1/environ",
            "/proc/1/cmdline",
        )
        for found in read(path)
    ]


def memory_files(world: Mapping[str, Any]) -> list[str]:
    """The memory of every process it can name."""
    found = []
    for process in _others(world):
        found += read(f"/proc/{process}/maps")[:1]
        try:
            with Path(f"/proc/{process}/mem").open("rb", buffering=0) as file:
                file.seek(world["address"])
                found.append(f"memory of {process}: {file.read(_LINE)!r}")
        except OSError:
            continue
    return found


def traced(world: Mapping[str, Any]) -> list[str]:
    """Debugging other processes."""
    found = []
    for process in _others(world):
        for request in (_SEIZE, _ATTACH):
            if call("ptrace", request, process, 0, 0)[0] == 0:
                found.append(f"traces {process}")
                if request == _ATTACH:
                    os.waitpid(process, 0)
                call("ptrace", _DETACH, process, 0, 0)
                break
    return found


def memory_read(world: Mapping[str, Any]) -> list[str]:
    """Another process's memory by a system call."""
    buffer = ctypes.create_string_buffer(_LINE)
    here = _Span(ctypes.addressof(buffer), _LINE)
    found = []
    for process in _others(world):
        there = _Span(world["address"], _LINE)
        got = call("process_vm_readv", process, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)[0]
        found += [f"memory of {process}: {buffer.raw!r}"] if got > 0 else []
    return found


def memory_written(world: Mapping[str, Any]) -> list[str]:
    """Changing another process's memory."""
    buffer = ctypes.create_string_buffer(b"hostile", 8)
    here = _Span(ctypes.addressof(buffer), 8)
    there = _Span(world["scratch_address"], 8)
    got = call("process_vm_writev", world["controller"], ctypes.byref(here), 1, ctypes.byref(there), 1, 0)[0]
    return [f"wrote {got} bytes"] if got > 0 else []


def descriptors_taken(world: Mapping[str, Any]) -> list[str]:
    """Open files of other processes, by handles of them and by their folders."""
    found = []
    for process in _others(world):
        handle = call("pidfd_open", process, 0)[0]
        if handle >= 0 and call("pidfd_getfd", handle, 0, 0)[0] >= 0:
            found.append(f"has a descriptor of {process}")
        try:
            found += [f"{process} has {name}" for name in os.listdir(f"/proc/{process}/fd")]  # noqa: PTH208
        except OSError:
            continue
    return found


def processes_listed(world: Mapping[str, Any]) -> list[str]:
    """How other processes were started, and what they have open."""
    return [
        found
        for process in _others(world)
        for name in ("cmdline", "status", "cwd/.", "root/etc/passwd", "maps", "mountinfo")
        for found in read(f"/proc/{process}/{name}")
    ]


def _file(path: str, work: str) -> list[str]:
    """A file by its name and by detours: links made here, names through other folders."""
    found = [*read(path), *read(f"/proc/self/root{path}"), *read(f"/proc/self/cwd/{'../' * 12}{path}")]
    for make in (os.symlink, os.link):
        name = f"{work}/{make.__name__}-{abs(hash(path))}"
        try:
            make(path, name)
        except OSError:
            continue
        found += read(name)
    try:
        folder = os.open(str(Path(path).parent), os.O_PATH)
        opened = os.open(Path(path).name, os.O_RDONLY, dir_fd=folder)
        found.append(f"read by folder: {os.read(opened, 100)!r}")
    except OSError:
        pass
    return found


def git_config(world: Mapping[str, Any]) -> list[str]:
    """The token that an old checkout leaves in the repository."""
    return _file(world["git_config"], os.getcwd())  # noqa: PTH109


def runner_credentials(world: Mapping[str, Any]) -> list[str]:
    """The token that a new checkout leaves in the runner's folder."""
    return _file(world["credentials"], os.getcwd())  # noqa: PTH109


def event_file(world: Mapping[str, Any]) -> list[str]:
    """The event that started the run."""
    return _file(world["event"], os.getcwd())  # noqa: PTH109


def command_files_read(world: Mapping[str, Any]) -> list[str]:
    """What the step wrote for later ones."""
    return [found for path in world["commands"].values() for found in read(path)]


def file_by_handle(world: Mapping[str, Any]) -> list[str]:
    """A file by its number in the file system, around every folder."""
    handle = ctypes.create_string_buffer((128).to_bytes(4, "little"), 136)
    mount = ctypes.c_int()
    path = ctypes.c_char_p(world["event"].encode())
    got, _ = call("name_to_handle_at", -100, path, ctypes.byref(handle), ctypes.byref(mount), 0)
    found = ["has a handle"] if got == 0 else []
    opened = call("open_by_handle_at", -100, ctypes.byref(handle), 0)[0]
    return found + (["opened by handle"] if opened >= 0 else [])


def labels_searched(world: Mapping[str, Any]) -> list[str]:
    """The true labels, in everything that can be listed, and where they are known to be."""
    found = _file(world["holdout"], os.getcwd())  # noqa: PTH109
    end = time.monotonic() + 2
    tops = ["/proc/self/cwd/../..", "/tmp", "/github", "/home", "/", str(Path(world["holdout"]).parent)]
    for top in tops:
        for folder, _, names in os.walk(top):
            found += [f"{folder}/{name}" for name in names if name.startswith("holdout")]
            if time.monotonic() > end:
                break
    return found


def labels_in_own_process(world: Mapping[str, Any]) -> list[str]:
    """The target among what its own process was given: variables, descriptors, memory of the worker."""
    import gc  # noqa: PLC0415
    import sys  # noqa: PLC0415

    needle = world["label_backwards"][::-1]
    texts = [str(sys.argv), str(dict(os.environ))]
    texts += [str(held) for held in gc.get_objects() if isinstance(held, (list, tuple)) and len(held) < _LINE]
    found = [f"in memory: {text[:200]}" for text in texts if needle in text]
    for descriptor in range(64):
        try:
            name = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
        except OSError:
            continue
        found += (
            [f"has open {name}"] if name.startswith("/") and not name.startswith(("/dev/", "/proc/")) else []
        )
    return found


def other_models_memory(world: Mapping[str, Any]) -> list[str]:
    """What the model beside it holds, and its folders."""
    process, folder = world["other_process"], world["other_folder"]
    found = memory_read({**world, "address": world["other_address"]}) + read(f"/proc/{process}/environ")
    found += (
        read(f"{folder}/secret") + read(f"{folder}/../model/MLmodel") + read(f"/proc/{process}/cwd/secret")
    )
    with contextlib.suppress(OSError):
        found += [f"lists {name}" for name in os.listdir(folder)]  # noqa: PTH208
    return found


def core_dumped(world: Mapping[str, Any]) -> list[str]:
    """A dump of memory where others find it, and rights to have one."""
    import resource  # noqa: PLC0415

    def dump() -> list[str]:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ValueError):
            os.abort()
        return ["may dump core"]

    found = tell_from_child(dump)
    with contextlib.suppress(OSError):
        os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))
        found.append("may set the dump's program")
    return found


def keys_kept(world: Mapping[str, Any]) -> list[str]:
    """Keys of the kernel, shared by all of a session."""
    description = ctypes.c_char_p(b"promoter-canary")
    return [
        *reached("add_key", ctypes.c_char_p(b"user"), description, description, 4, -3),
        *reached("keyctl", 0, -3, 0),
    ]


def files_watched(world: Mapping[str, Any]) -> list[str]:
    """Who opens which file: watching the workspace."""
    number = {"x86_64": 294, "aarch64": 26}.get(os.uname().machine, 294)
    return ["watches files"] if call_number(number, 0)[0] >= 0 else []
