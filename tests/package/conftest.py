"""The package, built and installed once for all workers of a run."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_UV = Path(sysconfig.get_path("scripts")) / "uv"


@dataclass(frozen=True, kw_only=True)
class Built:
    """What is published: `wheel` comes out of `sdist`, `direct` is a wheel straight from the tree."""

    sdist: Path
    wheel: Path
    direct: Path


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An environment with the wheel and what it depends on, no extra and nothing else."""

    folder: Path

    def run(self, *command: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
        """A command of the environment, with next to nothing from ours."""
        program = self.folder / "bin" / command[0]
        return subprocess.run(
            [program, *command[1:]],
            cwd=cwd,
            env={"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8", **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def once(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder, made by the first worker that asks; the others wait."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            make(folder)
    return folder


def uv(*arguments: str | Path) -> None:
    done = subprocess.run([_UV, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


def _build(folder: Path) -> None:
    build = ("build", "--quiet", "--no-build-isolation", "--python", sys.executable)
    uv(*build, "--out-dir", folder, ROOT)
    uv(*build, "--wheel", "--out-dir", folder / "direct", ROOT)


@pytest.fixture(scope="session")
def built(shared: Path) -> Built:
    folder = once(shared / "built", _build)
    ((sdist,), (wheel,), (direct,)) = (folder.glob(name) for name in ("*.tar.gz", "*.whl", "direct/*.whl"))
    return Built(sdist=sdist, wheel=wheel, direct=direct)


@pytest.fixture(scope="session")
def installed(shared: Path, built: Built) -> Installed:
    def install(folder: Path) -> None:
        uv("venv", "--quiet", "--python", sys.executable, folder)
        # The versions that the image has: a release of somebody else's today is no reason to fail.
        pins = ROOT / "requirements" / "image.txt"
        uv(
            "pip",
            "install",
            "--quiet",
            "--python",
            folder / "bin" / "python",
            "--constraint",
            pins,
            built.wheel,
        )

    return Installed(folder=once(shared / "installed", install))
