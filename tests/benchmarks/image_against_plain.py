"""The image beside `FROM python` with `pip install mlflow PyGithub`: size, and cold start inside ours.

    image_against_plain.py [--rounds N]

Needs a container engine, as `make image` does: Docker, or the tool that PROMOTER_IMAGE_TOOL names; without
one it says that it leaves this out. Plain ones are built on the bases that can be had. A size is that of all
files.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_ROOT = Path(__file__).parents[2]
_DEFAULT_TOOL = "../shared/tools/build_image.sh"
_BASES = ("python:3.12-slim-bookworm", "python:3.12-bookworm")
_PLAIN = "FROM {base}\nRUN pip install --no-cache-dir mlflow==3.17.2 PyGithub\n"
_FILES = ("tests/benchmarks/cold_start.py", "tests/benchmarks/measuring.py", "tests/git_clone.py")
_LONGEST = 1_200
_SIZE = (
    "find / -xdev \\( -path /proc -o -path /sys -o -path /tmp \\) -prune -o -type f -printf '%D %i %s\\n' "
    "| sort -u | awk '{ all += $3 } END { print \"size\", all }'"
)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Builds a folder's Dockerfile and runs a command in it: by `tool`, or by Docker where that is empty."""

    tool: str

    def shell(self, folder: Path, command: str, *, tag: str) -> str:
        """What the command printed, without network. Raises RuntimeError with the end of what failed."""
        if self.tool:
            return _run([self.tool, "--tag", tag, "--smoke", command, str(folder)])
        _run(["docker", "build", "--tag", tag, str(folder)])
        return _run(["docker", "run", "--rm", "--network", "none", "--entrypoint", "sh", tag, "-c", command])


def find_engine(environ: Mapping[str, str]) -> Engine | None:
    """Docker where its engine answers, else the tool; None where there is neither."""
    try:
        _run(["docker", "info"])
        return Engine(tool="")
    except (OSError, RuntimeError):
        tool = (_ROOT / (environ.get("PROMOTER_IMAGE_TOOL") or _DEFAULT_TOOL)).resolve()
        return Engine(tool=str(tool)) if os.access(tool, os.X_OK) else None


def _run(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_LONGEST)
    if done.returncode:
        raise RuntimeError(
            f"{words[0]} ended with {done.returncode}:\n{(done.stderr or done.stdout)[-2000:]}"
        )
    return done.stdout


def cold_start_in(python: str, *, rounds: int) -> str:
    """A command that brings its own program with it: nothing of this folder is seen in the container."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as archive:
        for name in _FILES:
            archive.add(_ROOT / name, arcname=name)
    text = base64.b64encode(packed.getvalue()).decode()
    unpack = (
        "import base64, io, sys, tarfile; tarfile.open(fileobj=io.BytesIO(base64.b64decode(sys.argv[1])))"
    )
    return (
        f'mkdir /tmp/bench && cd /tmp/bench && {python} -c "{unpack}.extractall()" {text} && '
        f"PYTHONSAFEPATH= PYTHONDONTWRITEBYTECODE=1 {python} -m tests.benchmarks.cold_start --installed "
        f"--rounds {rounds}"
    )


def size_in(printed: str) -> float:
    """Millions of bytes."""
    (line,) = (line for line in printed.splitlines() if line.startswith("size "))
    return int(line.split()[1]) / 1e6


def plain(engine: Engine, base: str) -> str:
    """The size of a plain image on one base, or why there is none."""
    with TemporaryDirectory(prefix="promoter-bench-") as folder:
        Path(folder, "Dockerfile").write_text(_PLAIN.format(base=base), encoding="utf-8")
        tag = f"promoter-bench:{base.partition(':')[2]}"
        return engine.shell(Path(folder), _SIZE, tag=tag)


def main(*, rounds: int) -> None:
    """Measure and print."""
    engine = find_engine(os.environ)
    if engine is None:
        sys.stdout.write("image: left out, because no container engine answers (start Docker)\n")
        return
    command = f"{_SIZE}; {cold_start_in('/opt/promoter/bin/python', rounds=rounds)}"
    printed = engine.shell(_ROOT, command, tag="promoter:local")
    ours = size_in(printed)
    lines = [line for line in printed.splitlines() if not line.startswith("size ")]
    lines.append(f"image: {ours:.0f} MB; the target is 0.6 x the plain one")
    for base in _BASES:
        if engine.tool and "slim" not in base:
            lines.append(f"on {base}: left out, because the tool's own stand-in of it is a slim one")
            continue
        theirs = size_in(plain(engine, base))
        lines.append(f"on {base}: plain {theirs:.0f} MB; ours / plain {ours / theirs:.2f} x")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    main(rounds=parser.parse_args().rounds)
