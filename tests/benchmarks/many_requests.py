"""Many requests with models that run, one after the other in one run: `make bench`.

    many_requests.py [--requests N] [--rows N] [--trees N]

Every request has the same two models and the same holdout scored, as `measured_inference.py` does it: what
is shared between requests (imports, data) is paid for once, what each pays for (two processes that import
MLflow) is told by itself. The last line says how much more at once two cores could do.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.inference_world import CHALLENGER, CHAMPION, DATA, save_models, write_rows
from tests.benchmarks.measured_inference import Measuring


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Seconds of one request: wall time, our own CPU, CPU of the models' processes."""

    wall: float
    own: float
    models: float


def _models_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def in_turn(folder: Path, *, requests: int) -> list[Taken]:
    """So many requests, judged by one measurer."""
    found = []
    with TemporaryDirectory(prefix="promoter-cache-") as cache:
        measuring = Measuring(folder, cache=Path(cache))
        for _ in range(requests):
            wall, own, models = time.perf_counter(), time.process_time(), _models_cpu()
            measured = measuring.measured()
            if not measured.challenger.finished or not measured.estimates:
                raise RuntimeError(str(measured.challenger.problem))
            found.append(
                Taken(
                    wall=time.perf_counter() - wall,
                    own=time.process_time() - own,
                    models=_models_cpu() - models,
                )
            )
    return found


def report(taken: list[Taken]) -> str:
    """The first request, the median of the others, and what that leaves to gain."""
    first, others = taken[0], taken[1:]
    wall, own, models = (median(getattr(one, name) for one in others) for name in ("wall", "own", "models"))
    cores = os.cpu_count() or 1
    return "\n".join(
        [
            f"{'':<14}{'wall':>10}{'our CPU':>12}{'models CPU':>14}",
            f"{'first':<14}{first.wall:>8.2f} s{first.own:>10.2f} s{first.models:>12.2f} s",
            f"{'each other':<14}{wall:>8.2f} s{own:>10.2f} s{models:>12.2f} s",
            f"all {len(taken)}: {sum(one.wall for one in taken):.1f} s; by CPU alone {cores} cores could not "
            f"do one in less than {(own + models) / cores:.2f} s",
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--rows", type=int, default=6_000)
    parser.add_argument("--trees", type=int, default=50)
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="promoter-bench-") as temporary:
        write_rows(Path(temporary, DATA), asked.rows)
        save_models(Path(temporary), trees=asked.trees)
        sys.stdout.write(
            f"{asked.rows:,} rows, {CHALLENGER} and {CHAMPION}; {os.cpu_count()} cores, load before "
            f"{os.getloadavg()[0]:.2f}, Python {platform.python_version()}\n"
        )
        sys.stdout.write(report(in_turn(Path(temporary), requests=asked.requests)) + "\n")
