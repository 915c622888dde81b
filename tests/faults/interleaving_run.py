"""The races, replays and broken writes that `make test-faults` runs; each part says how many promises broke.

python -m tests.faults.interleaving_run 2000        that many races
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from promoter.adapters import mlflow_client
from tests.faults.interleaving_promises import check, overwritten
from tests.faults.interleaving_scenes import Scene, set_up
from tests.faults.interleaving_stage import Stage, staged
from tests.faults.postgres import installed, running
from tests.faults.test_all_or_none import landing, plans, play
from tests.faults.test_replays import a_subset
from tests.mlflow_server import serving

RACES = 5_000
SUBSETS = 2_000


def races(options: argparse.Namespace) -> int:
    """Several applies at once, and people, against one registry on PostgreSQL."""
    binaries = installed()
    if binaries is None:
        sys.stdout.write("races              none: there is no PostgreSQL on this machine\n")
        return 0
    count = int(getattr(options, "races", RACES))
    mlflow_client.prefetch(os.environ)
    # Ended from outside, the servers are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with (
        tempfile.TemporaryDirectory(prefix="races-") as folder,
        running(binaries) as database,
        serving(Path(folder), database=database),
        staged(database, registry=database) as stage,
    ):
        return _races(stage, count)


def _races(stage: Stage, count: int) -> int:
    begin = time.monotonic()
    ends: Counter[str] = Counter()
    broken: list[str] = []
    lost = 0
    for number in range(count):
        scene = list(Scene)[number % len(Scene)]
        seed = number // len(Scene)
        race = set_up(stage, scene)
        played = race.play(seed)
        ends.update(report.reason.value for report in race.reports.values())
        try:
            check(race, played)
            lost += len(overwritten(race, played))
        except AssertionError as error:
            broken.append(f"{scene.name} seed {seed}: {error}")
    lines = [
        f"races              {count:,} in {time.monotonic() - begin:.0f} s, {len(Scene)} scenes",
        *(f"  {name:<22} {times:>7,} runs" for name, times in sorted(ends.items())),
        f"moves by hand written over in the one window there is   {lost}",
        f"promises broken    {len(broken)}",
        *broken[:5],
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return len(broken)


def replays(_: argparse.Namespace) -> int:
    """Runs that never came, and three writes of one pull request of which any call goes wrong."""
    broken: list[str] = []
    begin = time.monotonic()
    for seed in range(SUBSETS):
        try:
            a_subset(seed)
        except AssertionError as error:
            broken.append(f"subset {seed}: {error}")
    took = time.monotonic() - begin
    sys.stdout.write(f"subsets of runs    {SUBSETS:,} in {took:.0f} s; did not converge: {len(broken)}\n")
    skip, calls = landing()
    try:
        struck = sum(play(plans(calls), skip=skip).values())
        sys.stdout.write(f"writes of a group  {struck:,} faults at {len(calls)} calls, each told truly\n")
    except AssertionError as error:
        broken.append(f"a write of a group was told untruly: {error}")
    sys.stdout.write("\n".join(broken[:5]))
    return len(broken)


if __name__ == "__main__":
    asked = argparse.Namespace(races=int(sys.argv[1]) if len(sys.argv) > 1 else RACES)
    sys.exit(1 if races(asked) else 0)
