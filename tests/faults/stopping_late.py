"""Let GitHub, or the registry, fall silent at every call of a run: it ends in time, and tells what it knows.

    python -m tests.faults.stopping_late

From the call on the server answers nothing more. Runs mostly wait, so several go on at once.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from promoter.errors import ExitCode
from tests.faults.forked import Ended, Forking, Running, forking
from tests.faults.stopping import below
from tests.faults.stopping_gate import Gate, Moment, Then
from tests.faults.stopping_range import LONGEST_RUN, Range, ranged
from tests.mlflow_server import serving

DEADLINE = 3.0
# What a run may take beyond its deadline.
GRACE = 5.0
_AT_ONCE = 6


class Service(Enum):
    """Who falls silent."""

    GITHUB = "GitHub"
    REGISTRY = "registry"


class Verb(Enum):
    """What the run does."""

    VALIDATE = "validate"
    APPLY = "apply"


@dataclass(frozen=True, kw_only=True)
class Silence:
    """From which call of which run on."""

    verb: Verb
    service: Service
    call: int

    def __str__(self) -> str:
        return f"{self.verb.value}, {self.service.value} silent from its call {self.call} on"


@dataclass(kw_only=True)
class Late:
    """What was seen, over all runs."""

    runs: int = 0
    slowest: float = 0.0
    undecided: int = 0
    moved: int = 0
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"runs in which a server fell silent: {self.runs}, under a deadline of {DEADLINE:g} s",
            f"  undecided, exit code 4: {self.undecided}; had moved the alias: {self.moved}",
            f"  slowest end: {self.slowest:.1f} s after its start",
            f"  wrong: {len(self.wrong)}",
            *(f"    {line}" for line in self.wrong),
        ]


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A run that has begun, and the alias's version before and the one asked for."""

    silence: Silence
    place: Range
    old: str
    new: str
    number: int
    running: Running


def every_silence(folder: Path, registry: str, server: Forking) -> list[Silence]:
    """All that can be: counted in runs that nothing happens to."""
    gate = Gate()
    found: list[Silence] = []
    with ranged(folder, registry, server, beside=gate) as place:
        for verb in Verb:
            gate.open()
            place.gate.open()
            case = _begin(place, Silence(verb=verb, service=Service.GITHUB, call=0))
            ended = case.running.wait(LONGEST_RUN)
            assert ended.code == 0, ended.log
            calls = {Service.GITHUB: len(place.gate.calls), Service.REGISTRY: len(gate.calls)}
            found += [
                Silence(verb=verb, service=service, call=call)
                for service, count in calls.items()
                for call in range(1, count + 1)
            ]
    return found


def run(folder: Path, registry: str, *, seed: int = 1, most: int = 1_000_000) -> Late:
    """So many of them, drawn with the seed."""
    late = Late()
    with forking() as server:
        todo = every_silence(below(folder, "counted"), registry, server)
        todo = Random(seed).sample(todo, min(most, len(todo)))
        for start in range(0, len(todo), _AT_ONCE):
            with ExitStack() as stack:
                cases = [
                    _prepared(stack, silence, below(folder, f"late-{start + index}"), registry, server)
                    for index, silence in enumerate(todo[start : start + _AT_ONCE])
                ]
                for case in cases:
                    _judge(case, case.running.wait(LONGEST_RUN), late)
    return late


def _prepared(stack: ExitStack, silence: Silence, folder: Path, registry: str, server: Forking) -> _Case:
    gate = Gate()
    place = stack.enter_context(ranged(folder, registry, server, beside=gate))
    return _begin(place, silence, {Service.GITHUB: place.gate, Service.REGISTRY: gate}[silence.service])


def _begin(place: Range, silence: Silence, gate: Gate | None = None) -> _Case:
    house = place.house
    old = house.champion()
    assert old is not None
    new = house.version(0.8)
    number = house.ask_for(new)
    trigger = place.opened(number)
    if silence.verb is Verb.APPLY:
        house.approve(number)
        trigger = place.pushed(house.merge(number))
    if gate is not None:
        gate.strike_at(silence.call, Moment.BEFORE)
        gate.go_on(Then.SILENCE)
    running = place.start(trigger, deadline=str(DEADLINE / 60))
    return _Case(silence=silence, place=place, old=old, new=new, number=number, running=running)


def _judge(case: _Case, ended: Ended, late: Late) -> None:
    champion = case.place.house.champion()
    late.runs += 1
    late.slowest = max(late.slowest, ended.seconds)
    late.undecided += ended.code == ExitCode.UNDECIDED
    late.moved += champion == case.new
    late.wrong += [f"{case.silence}: {line}" for line in _wrong(case, ended, champion)]


def _wrong(case: _Case, ended: Ended, champion: str | None) -> Iterator[str]:
    if ended.seconds > DEADLINE + GRACE:
        yield f"it ended after {ended.seconds:.1f} s"
    if champion not in {case.old, case.new}:
        yield f"{champion} holds the alias"
    if "Traceback" in ended.log:
        yield f"a traceback: {ended.log[-500:]}"
    reason = ended.outputs.get("reason-code", "")
    told = case.place.house.comments(case.number)
    done = "applied" if case.silence.verb is Verb.APPLY else "validated"
    if ended.code == ExitCode.DONE:
        # Only what comes after the decision was kept from happening, and the log says what; of a validate
        # also the look whether its comment is the only one, once that is written.
        is_said = any(words in ended.log for words in _LEFT_UNDONE)
        is_last_look = case.silence.verb is Verb.VALIDATE and case.silence.service is Service.GITHUB
        if reason != done or not (is_said or (is_last_look and told)):
            yield f"it ended well, with {reason}: {ended.log[-300:]}"
        return
    if ended.code != ExitCode.UNDECIDED:
        yield f"it ended with {ended.code}, {reason}: {ended.log[-300:]}"
    if champion == case.new and reason != "apply_failed":
        yield f"it moved the alias and says {reason}"
    # Before the first look at the alias nobody knows which pull requests there are: the job alone tells.
    is_known = case.silence.verb is Verb.VALIDATE or case.silence.call > 1
    if case.silence.service is Service.REGISTRY and is_known and not any(_tells(one.body) for one in told):
        yield f"no comment tells it: {ended.log[-300:]}"


_LEFT_UNDONE = ("could not be written", "was not logged")


def _tells(body: str) -> bool:
    return "deadline" in body or "not read back" in body


def hangs(options: argparse.Namespace) -> int:
    """Print what was seen. How many promises were broken."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="promoter-hangs-") as name:
        folder = Path(name)
        with serving(below(folder, "registry")) as registry:
            late = run(folder, registry.url, seed=options.seed or 1)
    sys.stdout.write("\n".join([*late.lines(), f"  took {time.monotonic() - began:.0f} s"]) + "\n")
    return len(late.wrong)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(1 if hangs(parser.parse_args()) else 0)
