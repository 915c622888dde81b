"""Strike apply dead at every call it makes, or ask it to stop there; run it again, and look at what is left.

    python -m tests.faults.stopping [--all] [--seed N]

Every call, each at three moments, with KILL, INT and TERM by `--all`; otherwise all of KILL, and a seeded
sample of the others. A second client asks all the while who holds the alias.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.house import House
from tests.faults.forked import Ended, forking
from tests.faults.stopping_gate import Moment, Then
from tests.faults.stopping_range import Range, Strike, Watch, ranged
from tests.mlflow_server import serving

# GitHub's runner waits 7.5 s after SIGINT and 2.5 s after SIGTERM.
MOST_SECONDS = 5.0
# Commits and comments pile up in a house; the time of a case must not grow with the number of cases.
_CASES_A_HOUSE = 25
# What every record holds in the end, whichever run wrote it.
RECORD = ("promoter_pull_request", "promoter_commit", "promoter_approved_by", "promoter_applied_champion")
_ALL = 1_000_000
# How many INT and TERM are drawn where not all are struck.
_ASKED = 24


@dataclass(kw_only=True)
class Tally:
    """What was seen, over all cases."""

    runs: Counter[str] = field(default_factory=Counter)
    moved_by_the_first: int = 0
    slowest: dict[str, float] = field(default_factory=dict)
    asked: int = 0
    wrong: list[str] = field(default_factory=list)
    calls: int = 0

    def lines(self) -> list[str]:
        """For people."""
        struck = ", ".join(f"{count} {name}" for name, count in sorted(self.runs.items()))
        slowest = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in sorted(self.slowest.items()))
        return [
            f"runs struck at {self.calls} calls: {sum(self.runs.values())} ({struck})",
            f"  the struck run had moved the alias in {self.moved_by_the_first} of them",
            f"  slowest end after a signal: {slowest or 'none was sent'}",
            f"  the alias was asked for {self.asked} times by a second client",
            f"  wrong: {len(self.wrong)}",
            *(f"    {line}" for line in self.wrong),
        ]


def strike_once(place: Range, strike: Strike, tally: Tally) -> None:
    """One case: a promotion, a run that is struck, a run that is not; what is wrong goes to the tally."""
    house = place.house
    old, new, number, push = place.next_promotion()
    with Watch(house) as watch:
        first = place.run(push, strike)
        line = place.gate.calls[strike.call - 1] if place.gate.reached.is_set() else "not reached"
        between = house.champion()
        second = place.run(push)
    after = house.champion()
    name = signal.Signals(strike.sign).name
    tally.runs[name] += 1
    tally.asked += sum(watch.seen.values())
    tally.moved_by_the_first += between == new
    if strike.sign is not signal.SIGKILL:
        tally.slowest[name] = max(tally.slowest.get(name, 0.0), first.seconds)
    found = [
        *_wrong_end(strike, first),
        *(f"{held} holds the alias" for held in {*watch.seen, between} - {old, new}),
        *(f"the second client: {failure}" for failure in watch.failures),
        *([f"run again, it ended with {second.code}"] if second.code != 0 else []),
        *([f"run again, the alias is {after}, not {new}"] if after != new else []),
        *_wrong_record(house, new, number=number),
    ]
    at = f"call {strike.call} ({line}), {strike.moment.value}, {name}, {strike.then.value}"
    tally.wrong += [f"{at}: {line}" for line in found]


def _wrong_end(strike: Strike, ended: Ended) -> Iterator[str]:
    if strike.sign is signal.SIGKILL:
        if ended.code != -signal.SIGKILL:
            yield f"killed, it ended with {ended.code}"
        return
    if ended.code != 130:
        yield f"it ended with {ended.code}: {ended.log[-300:]}"
    if ended.seconds > MOST_SECONDS:
        yield f"it ended {ended.seconds:.1f} s after the signal"
    if ended.outputs.get("reason-code") != "interrupted":
        yield f"its outputs say {ended.outputs.get('reason-code')}"
    if "interrupted" not in ended.log:
        yield "its log does not tell"
    if "Traceback" in ended.log:
        yield f"a traceback: {ended.log[-500:]}"


def _wrong_record(house: House, version: str, *, number: int) -> Iterator[str]:
    tags = house.tags(version)
    for name in RECORD:
        if not tags.get(name):
            yield f"the version has no tag {name}: {sorted(tags)}"
    if tags.get("promoter_pull_request") not in {None, str(number)}:
        yield f"its record names pull request {tags['promoter_pull_request']}"
    told = [one.body for one in house.comments(number)]
    markers = Counter(body.partition("\n")[0] for body in told)
    if sum(count for line, count in markers.items() if line.startswith("<!-- promoter results")) != 1:
        yield f"not one comment with results: {markers}"
    if max(markers.values(), default=0) > 1:
        yield f"a comment twice: {markers}"


def calls_of_an_apply(place: Range) -> list[str]:
    """The calls of an apply that nothing happens to; the house's first, which asks for less, is not it."""
    for _ in range(2):
        *_, push = place.next_promotion()
        ended = place.run(push)
        assert ended.code == 0, ended.log
    return list(place.gate.calls)


def strikes(calls: int, *, seed: int, killed: int, asked: int) -> list[Strike]:
    """As many of all that can be struck with KILL, and with INT and TERM, as wanted; drawn with the seed."""
    drawn = random.Random(seed)
    points = list(product(range(1, calls + 1), Moment))
    dead = [Strike(call=call, moment=moment, sign=signal.SIGKILL) for call, moment in points]
    polite = [
        Strike(call=call, moment=moment, sign=sign, then=then)
        for (call, moment), sign, then in product(points, (signal.SIGINT, signal.SIGTERM), Then)
    ]
    return drawn.sample(dead, min(killed, len(dead))) + drawn.sample(polite, min(asked, len(polite)))


def run(folder: Path, registry: str, *, seed: int = 1, killed: int = _ALL, asked: int = _ALL) -> Tally:
    """Strike so many runs; `registry` is a running server's address."""
    tally = Tally()
    with forking() as server:
        with ranged(below(folder, "first"), registry, server) as place:
            tally.calls = len(calls_of_an_apply(place))
        todo = strikes(tally.calls, seed=seed, killed=killed, asked=asked)
        for start in range(0, len(todo), _CASES_A_HOUSE):
            with ranged(below(folder, f"house-{start}"), registry, server) as place:
                for strike in todo[start : start + _CASES_A_HOUSE]:
                    strike_once(place, strike, tally)
    return tally


def below(folder: Path, name: str) -> Path:
    """A new folder."""
    (folder / name).mkdir()
    return folder / name


def kills(options: argparse.Namespace) -> int:
    """Print what was seen. How many promises were broken."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="promoter-kills-") as name:
        folder = Path(name)
        with serving(below(folder, "registry")) as registry:
            asked = _ALL if getattr(options, "all", False) else getattr(options, "asked", _ASKED)
            tally = run(folder, registry.url, seed=options.seed or 1, asked=asked)
    sys.stdout.write("\n".join([*tally.lines(), f"  took {time.monotonic() - began:.0f} s"]) + "\n")
    return len(tally.wrong)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--asked", type=int, default=_ASKED)
    sys.exit(1 if kills(parser.parse_args()) else 0)
