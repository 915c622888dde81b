"""What a model's process may open: its interpreter and libraries, the model, and folders of its own.

The lists are what NumPy, pandas, pyarrow, scikit-learn, LightGBM, XGBoost and PyTorch were seen to need.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from promoter.evaluation.sandbox import landlock

_OPEN_TO_ITS_USER = 0o711
_READABLE = 0o444
_OPEN_FOLDER = 0o755
_HERE = Path(__file__).parent

# Programs and libraries of the system. Not /usr whole: /usr/local/etc and the like are not for it.
_SYSTEM = (
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/sbin",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/sbin",
    "/usr/share",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/nix/store",
)
_SETTINGS = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/ssl/openssl.cnf",
    # How many processors and how much memory there is, for pools of threads and arenas.
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/filesystems",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
    "/dev/random",
    "/dev/urandom",
)
# Of the process itself, not of those it starts: maps, limits, memory. Not the folder whole: its `net` tells
# the machine's addresses, routes and connections. Of folders below the names alone can be read: so which
# threads there are.
_OWN_FOLDER = "/proc/self"
_OF_ITSELF = (
    "auxv",
    "cgroup",
    "cmdline",
    "comm",
    "environ",
    "fd",
    "fdinfo",
    "io",
    "limits",
    "maps",
    "mountinfo",
    "mounts",
    "oom_score_adj",
    "smaps",
    "smaps_rollup",
    "stat",
    "statm",
    "status",
)
_DEVICES = ("/dev/full", "/dev/null", "/dev/zero")
_OF_AN_INTERPRETER = ("bin", "lib", "lib64", "share")


@dataclass(frozen=True, kw_only=True)
class Folders:
    """The folders below a scratch folder: `model` to read, `written` to write."""

    model: Path
    written: tuple[Path, ...]


def prepare(scratch: Path, *, model: Path | None) -> Folders:
    """Make them. The model's files are linked there, or copied from another file system, and readable: the
    folder they came from stays closed, as it may hold what is not for the model, the target say."""
    scratch.chmod(_OPEN_TO_ITS_USER)
    written = tuple(scratch / name for name in ("home", "tmp", "work"))
    for folder in written:
        folder.mkdir(mode=0o700, exist_ok=True)
    theirs = scratch / "model"
    if model is not None:
        shutil.copytree(model, theirs, symlinks=True, copy_function=_link)
        for name, _, _ in os.walk(theirs):
            Path(name).chmod(_OPEN_FOLDER)
    return Folders(model=theirs, written=written)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target, follow_symlinks=False)
    found = os.lstat(target)
    if stat.S_ISREG(found.st_mode) and found.st_mode & _READABLE != _READABLE:
        Path(target).chmod(stat.S_IMODE(found.st_mode) | _READABLE)


def reach(words: tuple[str, ...], *, folders: Folders) -> dict[str, object]:
    """For the settings of `confinement.py`: `allowed`, `needed` and `folders`.

    `words` is the command: an interpreter, options, and files of ours that it runs.
    """
    ours = [word for word in words[1:] if Path(word).is_relative_to(_HERE)]
    run = [*_SYSTEM, *_interpreter(Path(words[0]))]
    allowed = [
        *((path, landlock.RUN) for path in run),
        *((path, landlock.READ) for path in (*_SETTINGS, *ours, str(folders.model))),
        (_OWN_FOLDER, landlock.Access.READ_FOLDER),
        *((f"{_OWN_FOLDER}/{name}", landlock.READ) for name in _OF_ITSELF),
        *((path, landlock.USE_DEVICE) for path in _DEVICES),
        *((str(path), landlock.WRITE) for path in folders.written),
        *((str(path), landlock.RUN) for path in _programs(folders)),
    ]
    return {
        "allowed": allowed,
        "needed": [*_needed(Path(words[0]), folders), *ours],
        "folders": [str(folder) for folder in folders.written],
    }


def _needed(program: Path, folders: Folders) -> list[str]:
    """The program, unless it lies in a folder that becomes its user's own."""
    # Where there is none the model's process says so.
    found = program if program.exists() else program.parent
    return [] if any(found.is_relative_to(folder) for folder in folders.written) else [str(found)]


def _programs(folders: Folders) -> list[Path]:
    """What we put there to be run, for a custom check: not what the process itself writes there later."""
    found = (path for folder in folders.written for path in folder.rglob("*"))
    return [path for path in found if path.is_file() and os.access(path, os.X_OK)]


def _interpreter(path: Path) -> list[str]:
    """A Python's own folders: of its environment, and of every one that its links lead to."""
    found, following = [str(path)], path
    for _ in range(16):
        prefix = following.parent.parent
        found += [str(prefix / name) for name in _OF_AN_INTERPRETER]
        found.append(str(prefix / "pyvenv.cfg"))
        if not following.is_symlink():
            break
        following = following.parent / following.readlink()
    return found
