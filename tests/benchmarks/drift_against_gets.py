"""Drift and status of very many aliases, beside one get for each alias: `make bench`.

    drift_against_gets.py [--aliases N ...] [--most-gets N]

Whole processes, one after the other, against `mlflow server` as people start it (SQLite, over HTTP, one
worker). Promoter's part in it: a git clone with a request file for each alias, read and checked whole. The
gets' part: MLflow's client asked for each alias in a loop; no git and no YAML. More than `--most-gets` of
them are told from so many, and marked.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from tests.benchmarks.drift_world import ALIAS, LIVE, commit_requests, names, seed_registry
from tests.benchmarks.measuring import Command, Sample, measure
from tests.git_clone import GitClone
from tests.proxy import proxied

_LONGEST_START = 180.0
_PROGRAMS = Path(sys.executable).parent
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A clone and a registry that hold the same, and what every program is given."""

    folder: Path
    clone: GitClone
    url: str
    environ: Mapping[str, str]

    def program(self, name: str, *words: str, url: str = "") -> Command:
        """One to run against the registry, or against what stands before it."""
        return Command(
            name=name, words=words, environ={**self.environ, "MLFLOW_TRACKING_URI": url or self.url}
        )

    def promoter(self, verb: str, *, url: str = "") -> Command:
        """`promoter drift` or `status` of the clone."""
        words = (str(_PROGRAMS / "promoter"), verb, "--directory", str(self.clone.folder))
        return self.program(f"promoter {verb}", *words, url=url)

    def gets(self, models: Sequence[str]) -> Command:
        """One get for each of them."""
        wanted = self.folder / "wanted.txt"
        wanted.write_text("".join(f"{model} {ALIAS} {LIVE}\n" for model in models), encoding="utf-8")
        script = Path(__file__).with_name("hand_written_gets.py")
        return self.program("one get per alias", sys.executable, str(script), str(wanted))

    def taken(self, command: Command) -> Sample:
        """What one run of it takes."""
        return measure(command, log=self.folder / "output.log")

    def requests_of(self, verb: str) -> int:
        """How many requests a verb sends to the registry."""
        with proxied(self.url) as proxy:
            self.taken(self.promoter(verb, url=proxy.url))
            return len(proxy.lines())


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number of aliases. `asked` are the gets that were sent; all of them would take `gets` seconds."""

    aliases: int
    drift: Sample
    status: Sample
    gets: float
    asked: int
    requests: int

    def __str__(self) -> str:
        mark = "" if self.asked == self.aliases else f" (from {self.asked:,})"
        return (
            f"{self.aliases:>8,}{self.drift.wall:>10.2f} s{self.status.wall:>10.2f} s{self.gets:>11.1f} s"
            f"{self.drift.wall / self.gets:>12.1%}{self.drift.cpu:>10.2f} s{self.drift.memory:>10.0f} MiB"
            f"{self.requests:>10}{mark}"
        )


@contextmanager
def mlflow_server(folder: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """`mlflow server` with its database in the folder; its address, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = f"sqlite:///{folder / 'mlflow.db'}"
    words = ["server", "--backend-store-uri", store, "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [str(_PROGRAMS / "mlflow"), *words, "--workers", "1"],
            cwd=folder,
            env=dict(environ),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait_for(address: str) -> None:
    end = time.monotonic() + _LONGEST_START
    while time.monotonic() < end:
        with suppress(OSError), urlopen(address, timeout=5):
            return
        time.sleep(0.2)
    raise RuntimeError(f"nothing answered at {address}")


def rows(scene: Scene, sizes: Sequence[int], *, most_gets: int) -> Iterator[Row]:
    """One for each size, the smallest first: what is there already stays."""
    start = scene.taken(scene.program("import", sys.executable, "-c", "from mlflow import MlflowClient"))
    there = 0
    for size in sorted(sizes):
        added = names(there, size)
        seed_registry(scene.folder / "mlflow.db", added)
        commit_requests(scene.clone, added)
        there = size
        # Unmeasured: the server compiles a query when it is asked it first
        scene.taken(scene.promoter("drift"))
        scene.taken(scene.gets(names(0, 10)))
        asked = min(size, most_gets)
        gets = scene.taken(scene.gets(names(0, asked)))
        each = max(gets.wall - start.wall, 0.0) / asked
        yield Row(
            aliases=size,
            drift=scene.taken(scene.promoter("drift")),
            status=scene.taken(scene.promoter("status")),
            gets=gets.wall + each * (size - asked),
            asked=asked,
            requests=scene.requests_of("drift"),
        )


def main(folder: Path, asked: argparse.Namespace) -> None:
    """Prints a row as soon as it is measured."""
    environ = {
        "PATH": f"{_PROGRAMS}:{os.environ.get('PATH', os.defpath)}",
        "HOME": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONPATH": str(_ROOT / "src"),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
    sys.stdout.write(
        f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.2f}, Python {platform.python_version()}\n"
        f"{'aliases':>8}{'drift':>12}{'status':>12}{'gets':>13}{'drift/gets':>12}{'its CPU':>12}"
        f"{'its memory':>14}{'requests':>10}\n"
    )
    with mlflow_server(folder, environ) as url:
        scene = Scene(folder=folder, clone=GitClone(folder / "clone"), url=url, environ=environ)
        for row in rows(scene, asked.aliases, most_gets=asked.most_gets):
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--aliases", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--most-gets", type=int, default=10_000)
    with TemporaryDirectory(prefix="promoter-bench-", ignore_cleanup_errors=True) as temporary:
        main(Path(temporary), parser.parse_args())
