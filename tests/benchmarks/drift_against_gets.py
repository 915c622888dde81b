"""Drift and status of very many aliases, beside one get for each alias: `make bench`.

    drift_against_gets.py [--aliases N ...] [--most-gets N] [--round-trip-ms N ...]

Whole processes, one after the other, against `mlflow server` as people start it (SQLite, over HTTP, one
worker). Promoter's part in it: a git clone with a request file for each alias, read and checked whole. The
gets' part: MLflow's client asked for each alias in a loop; no git and no YAML. More than `--most-gets` of
them are told from so many, and marked.

Everything once as near as loopback is, and once with a network's round trip before the server
(`far_server.py`), for both alike. Processor time is told with the server's own in it: that is what a machine
which is busy with other things does not change.
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
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from tests.benchmarks.drift_world import ALIAS, LIVE, commit_requests, names, seed_registry
from tests.benchmarks.far_server import far
from tests.benchmarks.measuring import Command, measure
from tests.benchmarks.process_tree import cpu_of
from tests.git_clone import GitClone
from tests.proxy import proxied

_LONGEST_START = 180.0
_PROGRAMS = Path(sys.executable).parent
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Server:
    """MLflow's, at `url`; `process` is the first of its processes."""

    url: str
    process: int


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One run: seconds of wall time, of its CPU and of the server's for it; its peak memory in MiB."""

    wall: float
    own: float
    server: float
    memory: float

    @property
    def cpu(self) -> float:
        """Of both."""
        return self.own + self.server


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A clone and a registry that hold the same, and what every program is given."""

    folder: Path
    clone: GitClone
    server: Server
    environ: Mapping[str, str]

    def program(self, name: str, *words: str, url: str) -> Command:
        """One to run against the registry, or against what stands before it."""
        return Command(name=name, words=words, environ={**self.environ, "MLFLOW_TRACKING_URI": url})

    def promoter(self, verb: str, *, url: str) -> Command:
        """`promoter drift` or `status` of the clone."""
        words = (str(_PROGRAMS / "promoter"), verb, "--directory", str(self.clone.folder))
        return self.program(f"promoter {verb}", *words, url=url)

    def gets(self, models: Sequence[str], *, url: str) -> Command:
        """One get for each of them."""
        wanted = self.folder / "wanted.txt"
        wanted.write_text("".join(f"{model} {ALIAS} {LIVE}\n" for model in models), encoding="utf-8")
        script = Path(__file__).with_name("hand_written_gets.py")
        return self.program("one get per alias", sys.executable, str(script), str(wanted), url=url)

    def taken(self, command: Command) -> Taken:
        """What one run of it takes."""
        before = cpu_of(self.server.process)
        sample = measure(command, log=self.folder / "output.log")
        used = cpu_of(self.server.process) - before
        return Taken(wall=sample.wall, own=sample.cpu, server=used, memory=sample.memory)

    def printed(self) -> str:
        """What the last one printed."""
        return (self.folder / "output.log").read_text(encoding="utf-8")

    def requests_of(self, verb: str) -> int:
        """How many requests a verb sends to the registry."""
        with proxied(self.server.url) as proxy:
            self.taken(self.promoter(verb, url=proxy.url))
            return len(proxy.lines())


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number of aliases, from so far away. `asked` are the gets that were sent; all of them would take
    `gets` and `gets_cpu` seconds."""

    aliases: int
    round_trip: int
    drift: Taken
    status: Taken
    gets: float
    gets_cpu: float
    asked: int
    requests: int

    def __str__(self) -> str:
        mark = "" if self.asked == self.aliases else f" (from {self.asked:,})"
        return (
            f"{self.aliases:>8,}{self.round_trip:>9} ms{self.drift.wall:>8.2f} s{self.status.wall:>8.2f} s"
            f"{self.gets:>9.1f} s{self.drift.wall / self.gets:>8.1%}{self.drift.own:>9.2f} s"
            f"{self.drift.server:>9.2f} s{self.drift.cpu / self.gets_cpu:>8.1%}{self.drift.memory:>8.0f} MiB"
            f"{self.requests:>9}{mark}"
        )


_HEADER = (
    f"{'aliases':>8}{'round trip':>12}{'drift':>10}{'status':>10}{'gets':>11}{'of it':>8}{'its CPU':>11}"
    f"{'server':>11}{'of CPU':>8}{'memory':>12}{'requests':>9}\n"
)


@contextmanager
def mlflow_server(folder: Path, environ: Mapping[str, str]) -> Iterator[Server]:
    """`mlflow server` with its database in the folder, once it answers."""
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
            yield Server(url=f"http://127.0.0.1:{port}", process=server.pid)
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


def rows(scene: Scene, asked: argparse.Namespace) -> Iterator[Row]:
    """One for each size and distance, the smallest first: what is there already stays."""
    there = 0
    for size in sorted(asked.aliases):
        added = names(there, size)
        seed_registry(scene.folder / "mlflow.db", added)
        commit_requests(scene.clone, added)
        there = size
        # Unmeasured: the server compiles a query when it is asked it first
        requests = scene.requests_of("drift")
        scene.taken(scene.gets(names(0, 10), url=scene.server.url))
        for distance in asked.round_trip_ms:
            with far(scene.server.url, round_trip=distance / 1_000) as url:
                found = row(scene, size, url=url, most_gets=asked.most_gets)
            yield replace(found, round_trip=distance, requests=requests)


def row(scene: Scene, size: int, *, url: str, most_gets: int) -> Row:
    """What is measured of one size at one address. A get that was not sent takes what those sent took."""
    asked = min(size, most_gets)
    gets = scene.taken(scene.gets(names(0, asked), url=url))
    loop_wall, loop_cpu = map(float, scene.printed().splitlines()[-1].split())
    more = size / asked - 1
    return Row(
        aliases=size,
        round_trip=0,
        drift=scene.taken(scene.promoter("drift", url=url)),
        status=scene.taken(scene.promoter("status", url=url)),
        gets=gets.wall + loop_wall * more,
        gets_cpu=gets.cpu + (loop_cpu + gets.server) * more,
        asked=asked,
        requests=0,
    )


def concluded(found: Sequence[Row]) -> str:
    """The target beside the largest number of aliases, and how drift grows."""
    most = max(row.aliases for row in found)
    told = (
        f"{row.drift.wall / row.gets:.1%} of the time and {row.drift.cpu / row.gets_cpu:.1%} of the "
        f"processor time with {row.round_trip} ms"
        for row in found
        if row.aliases == most
    )
    least = min(found, key=lambda row: (row.aliases, row.round_trip))
    last = next(row for row in found if (row.aliases, row.round_trip) == (most, least.round_trip))
    if least.aliases == most:
        return f"drift / gets of {most:,}: {'; '.join(told)}; the target is 5 % of the time at 10,000\n"
    each = (last.drift.cpu - least.drift.cpu) / (most - least.aliases) * 1_000
    return (
        f"drift / gets of {most:,}: {'; '.join(told)}; the target is 5 % of the time at 10,000\n"
        f"each alias more: {each:.2f} ms of processor, the server's included\n"
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
        f"{_HEADER}"
    )
    found: list[Row] = []
    with mlflow_server(folder, environ) as server:
        scene = Scene(folder=folder, clone=GitClone(folder / "clone"), server=server, environ=environ)
        for one in rows(scene, asked):
            found.append(one)
            sys.stdout.write(f"{one}\n")
            sys.stdout.flush()
    sys.stdout.write(concluded(found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--aliases", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--most-gets", type=int, default=10_000)
    parser.add_argument("--round-trip-ms", type=int, nargs="+", default=[0, 10])
    with TemporaryDirectory(prefix="promoter-bench-", ignore_cleanup_errors=True) as temporary:
        main(Path(temporary), parser.parse_args())
