"""Attacks that want to leave something where others will read it. Each tells what it wrote."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.sandbox.attacks.system_calls import call

_MARK = b"LD_PRELOAD=/tmp/hostile.so\n"


def _write(path: str) -> list[str]:
    """Write to a file in every way: append, cut, replace, remove, change its mode and its times."""
    work = Path(os.getcwd(), f"new-{os.getpid()}")  # noqa: PTH109

    def append() -> None:
        with Path(path).open("ab") as file:
            file.write(_MARK)

    def replace() -> None:
        work.write_bytes(_MARK)
        work.replace(path)

    ways: list[tuple[str, Callable[[], object]]] = [
        ("appended to", append),
        ("wrote", lambda: Path(path).write_bytes(_MARK)),
        ("cut", lambda: os.truncate(path, 0)),
        ("changed the mode of", lambda: Path(path).chmod(0o777)),
        ("changed the times of", lambda: os.utime(path, (1, 1))),
        ("marked", lambda: os.setxattr(path, "user.hostile", b"1")),
        ("replaced", replace),
        ("removed", lambda: Path(path).unlink()),
    ]
    return [f"{what} {path}" for what, way in ways if _done(way)]


def _done(way: Callable[[], object]) -> bool:
    try:
        way()
    except OSError:
        return False
    return True


def _make(folder: str) -> list[str]:
    """Make a file, a folder, a link, a pipe and a socket's name in a folder."""
    name = f"{folder}/hostile-{os.getpid()}"
    ways: list[tuple[str, Callable[[], object]]] = [
        ("file", lambda: Path(name).write_bytes(_MARK)),
        ("folder", lambda: Path(f"{name}.d").mkdir()),
        ("link", lambda: Path(f"{name}.l").symlink_to("/etc/passwd")),
        ("pipe", lambda: os.mkfifo(f"{name}.p")),
        ("nameless file", lambda: os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR))),
    ]
    return [f"made a {what} in {folder}" for what, way in ways if _done(way)]


def _take_back(folder: str) -> None:
    """Remove what `_make` made: where nothing confines it, it must not stay on the machine."""
    for path in Path(folder).glob(f"hostile-{os.getpid()}*"):
        with contextlib.suppress(OSError):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def environment_file(world: Mapping[str, Any]) -> list[str]:
    """`GITHUB_ENV`: variables of every later step."""
    return _write(world["commands"]["GITHUB_ENV"])


def path_file(world: Mapping[str, Any]) -> list[str]:
    """`GITHUB_PATH`: where later steps look for programs."""
    return _write(world["commands"]["GITHUB_PATH"])


def output_file(world: Mapping[str, Any]) -> list[str]:
    """`GITHUB_OUTPUT`: our decision."""
    return _write(world["commands"]["GITHUB_OUTPUT"])


def state_file(world: Mapping[str, Any]) -> list[str]:
    """`GITHUB_STATE`: what the step's end reads."""
    return _write(world["commands"]["GITHUB_STATE"])


def summary_file(world: Mapping[str, Any]) -> list[str]:
    """`GITHUB_STEP_SUMMARY`: what people read."""
    return _write(world["commands"]["GITHUB_STEP_SUMMARY"])


def command_folder(world: Mapping[str, Any]) -> list[str]:
    """New files beside the runner's."""
    return _make(str(Path(world["commands"]["GITHUB_ENV"]).parent))


def workspace(world: Mapping[str, Any]) -> list[str]:
    """The checkout that later steps build from, its hooks too."""
    return [*_make(world["workspace"]), *_make(world["workspace"] + "/.git"), *_write(world["git_config"])]


def holdout_file(world: Mapping[str, Any]) -> list[str]:
    """The rows that models are judged on."""
    return _write(world["holdout"])


def shared_memory(world: Mapping[str, Any]) -> list[str]:
    """Where all processes share memory by name, and what has no file: segments and queues."""
    found = _make("/dev/shm")
    segment = call("shmget", 0, 4096, 0o1666)[0]
    if segment >= 0:
        found.append("has a segment")
    if call("mq_open", b"hostile", os.O_CREAT | os.O_RDWR, 0o666, 0)[0] >= 0:
        found.append("has a queue")
    if world["control"]:
        _take_back("/dev/shm")
        call("shmctl", segment, 0, 0)
        call("mq_unlink", b"hostile")
    return found


def shared_folders(world: Mapping[str, Any]) -> list[str]:
    """Folders that everybody may write to."""
    found = _make(world["shared"])
    for folder in ("/tmp", "/var/tmp", "/run/lock", "/dev", "/dev/mqueue"):
        found += _make(folder)
        if world["control"]:
            _take_back(folder)
    return found


def environment_cache(world: Mapping[str, Any]) -> list[str]:
    """The packages that other models will run on, and those of its own environment."""
    import sys  # noqa: PLC0415

    own = [f"{path}" for path in sys.path if path.endswith("site-packages")] if not world["control"] else []
    found = [made for folder in (world["cache"], *own) for made in _make(folder)]
    return found + _write(world["cache"] + "/evil.pth")


def own_folder_replaced(world: Mapping[str, Any]) -> list[str]:
    """The model's own files, once they were looked at: what is promoted would be something else."""
    folder = world["cache"] if world["control"] else str(Path(__file__).resolve().parents[3])
    name = "evil.pth" if world["control"] else "the_model.py"
    found = [*_write(f"{folder}/{name}"), *_make(folder)]
    if not world["control"]:
        found += _write(f"{folder}/../MLmodel") + _make(f"{folder}/..")
        top = Path(folder).parent
        found += ["moved its folder"] if _done(lambda: top.rename(top.parent / "moved")) else []
        found += (
            ["removed its scratch"] if _done(lambda: (top.parent / "work").rename(top.parent / "x")) else []
        )
    return found


def links_in_the_model(world: Mapping[str, Any]) -> list[str]:
    """Links that its folder brought along, to what is not for it."""
    folder = Path(world["links"] if world["control"] else Path(__file__).resolve().parents[4])
    found = []
    for path in sorted(folder.glob("link-*")):
        with contextlib.suppress(OSError):
            found.append(f"read {path.name}: {path.read_bytes()[:200]!r}")
        with contextlib.suppress(OSError):
            found.append(f"listed {path.name}: {os.listdir(path)}")  # noqa: PTH208
        with contextlib.suppress(OSError), path.open("ab") as file:
            file.write(_MARK)
            found.append(f"wrote {path.name}")
    return found


def hard_links(world: Mapping[str, Any]) -> list[str]:
    """A second name for a file outside, made here or there, and its own files' names outside."""
    here = os.getcwd()  # noqa: PTH109
    found = []
    for index, path in enumerate((world["event"], world["git_config"], *world["commands"].values())):
        with contextlib.suppress(OSError):
            os.link(path, f"{here}/linked-{index}")
            found.append(f"linked {path}")
    with contextlib.suppress(OSError):
        Path(here, "mine").write_bytes(_MARK)
        os.link(f"{here}/mine", f"{world['shared']}/linked")
        found.append("linked out")
    with contextlib.suppress(OSError):
        os.rename(f"{here}/mine", f"{world['shared']}/moved")  # noqa: PTH104
        found.append("moved out")
    return found


def bytes_in_descriptors(world: Mapping[str, Any]) -> list[str]:
    """Whatever is open that it may write to, but for its own two pipes."""
    import sys  # noqa: PLC0415

    own = {1, 2, 0 if world["control"] else int(sys.argv[1])}
    found = []
    for descriptor in set(range(256)) - own:
        try:
            name = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
            os.write(descriptor, _MARK)
        except OSError:
            continue
        if not name.startswith(("/dev/null", "/dev/zero", "anon_inode:[eventfd]")):
            found.append(f"wrote to {descriptor}, {name}")
    return found


def reopened_pipes(world: Mapping[str, Any]) -> list[str]:
    """The other ends of its pipes, by their names: to answer for others, or to read what it is not asked."""
    found = []
    for descriptor in range(64):
        for mode in (os.O_RDONLY, os.O_WRONLY):
            with contextlib.suppress(OSError):
                name = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
                if name.startswith(("/tmp", "/github", "socket:")):
                    os.close(os.open(f"/proc/self/fd/{descriptor}", mode | os.O_NONBLOCK))
                    found.append(f"opened {name} again")
    return found


def kernel_settings(world: Mapping[str, Any]) -> list[str]:
    """Settings of the kernel and of control groups."""
    names = (
        "/proc/sys/vm/drop_caches",
        "/proc/sys/kernel/core_pattern",
        "/proc/sysrq-trigger",
        "/sys/fs/cgroup/cgroup.procs",
        "/sys/fs/cgroup/memory.max",
        f"/proc/{os.getppid()}/oom_score_adj",
        f"/proc/{world['bait']}/oom_score_adj",
    )
    found = []
    for name in names:
        with contextlib.suppress(OSError):
            os.close(os.open(name, os.O_WRONLY))
            found.append(f"may write {name}")
    return found


def other_models_folder(world: Mapping[str, Any]) -> list[str]:
    """Folders of the model beside it."""
    folder = world["other_folder"]
    return [
        *_make(folder),
        *_write(f"{folder}/secret"),
        *_make(f"{folder}/../tmp"),
        *_make(f"{folder}/../model"),
    ]
