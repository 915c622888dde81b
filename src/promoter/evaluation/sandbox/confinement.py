"""What stands around a model's process: layers of confinement, and an end for everything it started.

A standalone program on our own interpreter: it starts the model's interpreter, because that one runs code of
the model's packages before our first line. All that confines model code happens here, between fork and exec.

    main([SETTINGS, COMMAND...])

SETTINGS is a descriptor to read JSON from, which may be longer than what a program is started with:
`limits` (name of a resource limit → value), `life_line` (a descriptor that is closed when the process is to
end, or when we died), `keep` (the descriptor of the results, for COMMAND only), `report` (a descriptor for
one line of JSON, `user` and `layers`, before COMMAND is started), `user` (the number to run as, or null) and
`claim` (the descriptor that keeps it from other sandboxes, or null), `strictness`, `allowed` (pairs of a path
and Landlock's number of what is allowed below it), `needed` (paths the model's user must be able to read),
`folders` (what it writes) and how much of `disk`, `files`, `memory`.

Why these layers, by what an attacker would do:

- Read our secrets: no variable and no descriptor of ours is there. Landlock refuses every file but libraries,
  the model and its own folders, so also `/proc/1/environ` and the memory of others; the kernel refuses those
  to another user anyway, and to everybody where we are not dumpable; the filter refuses `ptrace` and its kin.
- Send them out, or ask the Docker socket: the filter refuses sockets; Landlock refuses TCP as well.
- Gain rights: no capabilities, none to be had by a program (`no_new_privs`), no namespace of its own.
- Harm others: another user may signal nobody; Landlock's scope refuses it too. Limits bound the rest.
- Stay: orphans come to us, and whatever is below us or runs as its user is stopped, then killed.

Only root can give a user away. An ordinary person's run keeps one user for both, and OWN_USER counts as
COVERED when the two other layers hold and do its work: Landlock from ABI 6 refuses files and signals, and the
filter, stricter then, refuses what Landlock leaves to the owner (modes, times, limits of other processes).
With an older Landlock a model could end the run's other processes: the layer is missing.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import resource
import select
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from promoter.core.layers import Layer, State, Strictness, missing
from promoter.evaluation.sandbox import identity, kernel, landlock, seccomp
from promoter.evaluation.sandbox.watching import Watch, empty

_NOT_STARTED = 127
_KILLED = 128
_LOOK_EVERY_MS = 50
_OWN = 3
# Behind the name, in `/proc/PID/stat`
_STATE, _PARENT, _THREADS = 0, 1, 17
_ENDED_FIRST = b"1000"
_CLEANING_SECONDS = 30.0

_Found = dict[Layer, tuple[State, str]]


def main(arguments: list[str]) -> int:
    """Run the command until it ends or the life line is cut; nothing it started lives longer.

    The command's exit code, 128 and the signal where one killed it; 0 when the life line was cut.
    """
    with os.fdopen(int(arguments[0]), "rb") as file:
        settings = json.load(file)
    kernel.protect_self()
    kernel.adopt_orphans()
    user = settings["user"]
    if settings["claim"] is not None:
        os.set_inheritable(settings["claim"], False)
    watch = Watch(
        settings["folders"], disk=settings["disk"], files=settings["files"], memory=settings["memory"]
    )
    worker = os.fork()
    if worker == 0:
        os.close(settings["life_line"])
        _become(arguments[1:], settings=settings, user=user)
    # Held open here too, the pipes would not tell anybody that the worker is gone.
    voice = _let_go(settings["keep"], settings["report"])
    exit_code, reason = _wait(worker, settings["life_line"], watch=watch)
    if reason:
        _say(voice, reason)
    kill_descendants(os.getpid())
    if user is not None:
        kill_user(user)
    _reap()
    for folder in settings["folders"]:
        with contextlib.suppress(OSError):
            empty(folder, seconds=_CLEANING_SECONDS)
    return exit_code


def descendants(ancestor: int) -> list[int]:
    """Every living process below one, from `/proc`; empty where there is none."""
    below = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name in brackets is the process's own choice, brackets and spaces included.
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if identity.is_alive(fields[_STATE], threads=int(fields[_THREADS])):
                below[int(fields[_PARENT])].append(int(folder.name))
    found, waiting = [], [ancestor]
    while waiting:
        children = below[waiting.pop()]
        found += children
        waiting += children
    return found


def kill_descendants(ancestor: int, *, seconds: float = math.inf) -> bool:
    """Kill what is below a living process until nothing is; whether nothing is."""
    return _kill(lambda: descendants(ancestor), seconds=seconds)


def kill_user(user: int, *, seconds: float = math.inf) -> bool:
    """Kill what a model's own user runs until nothing does; whether nothing does.

    Raises ValueError for any other user.
    """
    if user < identity.LOWEST:
        raise ValueError(f"{user} is no user of a model's")
    return _kill(lambda: [process for process, owner in identity.users() if owner == user], seconds=seconds)


def _kill(find: Callable[[], list[int]], *, seconds: float) -> bool:
    """All are stopped first, until no new one is found: the stopped ones fill the limit of processes, so that
    none can fork on. One by one by their numbers: a signal to "all" goes to every process that root may
    signal, whatever its effective user.
    """
    end = time.monotonic() + seconds
    stopped: set[int] = set()
    while alive := set(find()):
        if time.monotonic() >= end:
            return False
        if new := alive - stopped:
            _signal_each(new, signal.SIGSTOP)
            stopped |= new
            continue
        _signal_each(alive, signal.SIGKILL)
        stopped.clear()
        time.sleep(0.005)
    return True


def _signal_each(processes: Iterable[int], sign: int) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, sign)


def _reap() -> dict[int, int]:
    """The children that have ended, with their wait status."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = found[1]
    return ended


def _become(command: list[str], *, settings: dict[str, Any], user: int | None) -> NoReturn:
    try:
        os.set_inheritable(settings["report"], False)
        parent = os.getppid()
        found = _confine(settings, user)
        own = found[Layer.OWN_USER][0] is State.HELD
        layers = {layer.value: (state.value, note) for layer, (state, note) in found.items()}
        report = {"user": user if own else None, "layers": layers}
        os.write(settings["report"], json.dumps(report).encode())
        if missing(found) and settings["strictness"] == Strictness.REQUIRED.value:
            os._exit(_NOT_STARTED)
        kernel.end_with_parent(signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(_NOT_STARTED)
        os.execv(command[0], command)
    except (OSError, ValueError) as error:
        os.write(2, f"{command[0]} was not started: {error}\n".encode(errors="replace"))
    os._exit(_NOT_STARTED)


def _confine(settings: dict[str, Any], user: int | None) -> _Found:
    """Put every layer around this process that can be had; which hold, and why the others do not.

    Landlock's rules are read while every folder is open to us, and entered last but the filter.
    """
    rules: list[int] = []
    abi = 0

    def prepare() -> str:
        nonlocal abi
        abi = landlock.version()
        allowed = [(path, landlock.Access(access)) for path, access in settings["allowed"]]
        rules.append(landlock.build(allowed, abi=abi))
        return f"ABI {abi}"

    def enter() -> str:
        landlock.enter(rules.pop())
        return prepared[1]

    prepared = _attempt(prepare)
    own_user = _attempt(lambda: _change_user(settings, user))
    found = {Layer.OWN_USER: own_user}
    shares_user = own_user[0] is not State.HELD
    found[Layer.LIMITS] = _attempt(lambda: _limit_all(settings["limits"], shares_user=shares_user))
    found[Layer.NO_NEW_PRIVILEGES] = _attempt(kernel.forbid_new_privileges)
    found[Layer.LANDLOCK] = _attempt(enter) if rules else prepared
    found[Layer.SECCOMP] = _attempt(lambda: seccomp.enter(shares_user=shares_user))
    strong = found[Layer.LANDLOCK][0] is found[Layer.SECCOMP][0] is State.HELD
    if shares_user and strong and abi >= landlock.SIGNALS_ABI:
        found[Layer.OWN_USER] = State.COVERED, f"{own_user[1]}; Landlock and seccomp do its work"
    return found


def _attempt(step: Callable[[], str | None]) -> tuple[State, str]:
    try:
        return State.HELD, step() or ""
    except (OSError, ValueError, AttributeError) as error:
        return State.MISSING, getattr(error, "strerror", None) or str(error)


def _change_user(settings: dict[str, Any], user: int | None) -> str:
    if user is None:
        identity.drop_capabilities()
        raise OSError(0, "only root can give the model a user of its own")
    try:
        return identity.become(user, folders=settings["folders"], needed=settings["needed"])
    except OSError as error:
        if os.geteuid() == 0:
            identity.drop_capabilities()
        if error.errno == errno.EPERM:
            why = "root may not change its user here: the container lacks SETUID or SETGID"
            raise OSError(error.errno, why) from error
        raise


def _limit_all(limits: dict[str, int], *, shares_user: bool) -> None:
    """Lower every limit. The one of processes counts all of a user's, ours too where we share it."""
    kernel.allow_inspection()
    # Nothing may be imported from here on: our own library may be closed to this user.
    score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    os.write(score, _ENDED_FIRST)
    os.close(score)
    others = identity.threads(os.getuid()) if shares_user else 0
    for name, value in limits.items():
        _limit(getattr(resource, name), value + others if name == "RLIMIT_NPROC" else value)


def _limit(kind: int, value: int) -> None:
    """Lower a limit, the hard one too; what is lower already stays."""
    hard = resource.getrlimit(kind)[1]
    lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (lowest, lowest))


def _let_go(*closed: int) -> int:
    """Close what is for the worker alone, but where it prints: the descriptor of that is returned."""
    voice = os.dup(2)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(_OWN):
        os.dup2(nothing, descriptor)
    for descriptor in closed:
        os.close(descriptor)
    return voice


def _say(voice: int, reason: str) -> None:
    """Tell why all is ended, among what the model printed; its unread words may leave no room for it."""
    with contextlib.suppress(OSError):
        os.set_blocking(voice, False)
        os.write(voice, f"\nended by Promoter: {reason}\n".encode())


def _wait(worker: int, life_line: int, *, watch: Watch) -> tuple[int, str]:
    """Wait for the end of the worker or of the life line; its exit code, and why we end it ourselves."""
    lines = select.poll()
    lines.register(life_line, select.POLLHUP)
    while not lines.poll(_LOOK_EVERY_MS):
        status = _reap().get(worker)
        if status is not None:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else _KILLED - code, ""
        if reason := watch.look(lambda: descendants(os.getpid())):
            return _KILLED + signal.SIGKILL, reason
    return 0, ""
