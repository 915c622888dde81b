"""Plays faults by the thousand and prints what became of them; exits with 1 when a promise was broken.

    python -m tests.faults.run [--schedules 20000] [--first SEED] [--only PART] [--seed N]

`--seed N` plays one schedule again and prints the log of its runs. `PARTS` is the one list of what there is.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tests.faults.interleaving_run import races, replays
from tests.faults.schedule import schedule_of
from tests.faults.schedule_run import IMPATIENT, Tally, play, staged
from tests.faults.stopping import kills
from tests.faults.stopping_late import hangs
from tests.mlflow_server import serving

_WORKERS = 2
_MOST_SHOWN = 5
_TELL_EVERY = 30.0
_STARTS = ("WRONG MOVE", "DUPLICATE COMMENT", "HANG")


@dataclass(frozen=True, kw_only=True)
class Share:
    """The seeds that one process plays: every `step`-th from `first` to before `end`."""

    first: int
    end: int
    step: int
    folder: Path


def play_share(share: Share) -> Tally:
    """Play them in a registry of its own; progress goes to stderr."""
    os.environ.update(IMPATIENT)
    tally = Tally(logs=[] if share.end - share.first == 1 else None)
    share.folder.mkdir()
    told = time.monotonic()
    with (
        serving(share.folder) as server,
        staged(share.folder, url=server.url, database=server.database) as stage,
    ):
        for seed in range(share.first, share.end, share.step):
            before = len(tally.complaints)
            play(schedule_of(seed), stage, tally)
            # Told at once: a run of hours that is ended early would keep it to itself.
            sys.stderr.writelines(f"{complaint}\n" for complaint in tally.complaints[before:])
            if time.monotonic() - told > _TELL_EVERY:
                told = time.monotonic()
                sys.stderr.write(f"seed {seed} of {share.end}, {len(tally.complaints)} complaints\n")
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(who)
        tally.cpu_seconds += used.ru_utime + used.ru_stime
    return tally


def schedules(options: argparse.Namespace) -> int:
    """Seeded schedules of faults on both servers. How many promises were broken."""
    first, count = (options.first, options.schedules) if options.seed is None else (options.seed, 1)
    end = first + count
    workers = min(_WORKERS, end - first)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        shares = [
            Share(first=first + at, end=end, step=workers, folder=Path(folder, str(at)))
            for at in range(workers)
        ]
        with get_context("spawn").Pool(workers) as pool:
            tallies = pool.map(play_share, shares)
    _print(tallies, seconds=time.monotonic() - begin)
    return sum(len(tally.complaints) for tally in tallies)


def _print(tallies: Sequence[Tally], *, seconds: float) -> None:
    faults = sum((tally.faults for tally in tallies), start=type(tallies[0].faults)())
    broken = [complaint for tally in tallies for complaint in tally.complaints]
    lines = [
        f"schedules run      {sum(tally.schedules for tally in tallies):,} in {seconds:.0f} s, of two cores "
        f"{sum(tally.cpu_seconds for tally in tallies):.0f} s",
        f"disturbed runs     {sum(tally.disturbed for tally in tallies):,}, of which "
        f"{sum(tally.good_ends for tally in tallies):,} ended as if nothing had been",
        f"faults injected    {sum(faults.values()):,}",
        *(f"  {service:<9} {kind:<40} {count:>7,}" for (service, kind), count in sorted(faults.items())),
        *(f"{word.lower() + 's':<19}{sum(word in one for one in broken)}" for word in _STARTS),
        f"other complaints   {sum(not any(word in one for word in _STARTS) for one in broken)}",
        f"latest end         {max(tally.slowest for tally in tallies):+.1f} s after its deadline",
        *broken[:_MOST_SHOWN],
        *(log for tally in tallies for log in tally.logs or ()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


# What `make test-faults` runs, in this order; each says how many promises were broken.
PARTS: dict[str, Callable[[argparse.Namespace], int]] = {
    "schedules": schedules,
    "kills": kills,
    "hangs": hangs,
    "races": races,
    "replays": replays,
}


def main(arguments: Sequence[str]) -> int:
    """Run the parts that were asked for. The exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--schedules", type=int, default=20_000)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--seed", type=int)
    options.add_argument("--only", choices=[*PARTS])
    asked = options.parse_args(arguments)
    only = "schedules" if asked.seed is not None else asked.only
    broken = 0
    for name, part in PARTS.items():
        if only in {None, name}:
            sys.stdout.write(f"== {name}\n")
            broken += part(asked)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
