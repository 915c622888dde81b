"""Whole processes, timed by the system: wall, CPU with that of their children, and peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, kw_only=True)
class Command:
    """A program and the environment it is run in."""

    name: str
    words: Sequence[str]
    environ: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One run: seconds of wall time, seconds of CPU (user and system), peak memory in MiB."""

    wall: float
    cpu: float
    memory: float


def measure(command: Command, *, log: Path) -> Sample:
    """Run it once. Raises RuntimeError with its output when it does not exit 0: only answers are compared.

    A small process of our own starts it and waits: a child's peak memory counts from its parent's.
    """
    watcher = [sys.executable, "-I", "-S", __file__, str(log), *command.words]
    told = subprocess.run(watcher, env=command.environ, check=True, capture_output=True, text=True).stdout
    status, wall, cpu, memory = json.loads(told)
    if status != 0:
        raise RuntimeError(f"{command.name} exited with {status}:\n{log.read_text()}")
    return Sample(wall=wall, cpu=cpu, memory=memory)


def watch(log: Path, words: Sequence[str]) -> tuple[int, float, float, float]:
    """Exit status, seconds of wall time and of CPU, MiB of peak memory; what it prints goes to `log`."""
    with log.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def alternate(commands: Sequence[Command], *, rounds: int, log: Path) -> dict[str, list[Sample]]:
    """Samples by name, taken in turns: what else the machine does then slows all of them alike.

    One more round is run before, unmeasured: it writes bytecode and fills the caches.
    """
    samples: dict[str, list[Sample]] = {command.name: [] for command in commands}
    for number in range(rounds + 1):
        for command in commands:
            sample = measure(command, log=log)
            if number:
                samples[command.name].append(sample)
    return samples


def table(samples: Mapping[str, Sequence[Sample]]) -> str:
    """Medians with the spread of the wall time, one line per command."""
    lines = [f"{'':<22}{'wall, median':>14}{'min-max':>16}{'CPU':>10}{'peak memory':>14}"]
    for name, taken in samples.items():
        walls = [sample.wall for sample in taken]
        spread = f"{min(walls):.2f}-{max(walls):.2f}"
        cpu, memory = median(sample.cpu for sample in taken), median(sample.memory for sample in taken)
        lines.append(f"{name:<22}{median(walls):>12.2f} s{spread:>16}{cpu:>8.2f} s{memory:>10.0f} MiB")
    return "\n".join(lines)


def ratio(ours: Sequence[Sample], theirs: Sequence[Sample]) -> str:
    """How many times theirs ours takes: of the medians, and of each round's pair."""
    pairs = [one.wall / other.wall for one, other in zip(ours, theirs, strict=True)]
    overall = median(sample.wall for sample in ours) / median(sample.wall for sample in theirs)
    return f"{overall:.2f} x (round by round: median {median(pairs):.2f}, {min(pairs):.2f}-{max(pairs):.2f})"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(watch(Path(sys.argv[1]), sys.argv[2:])))
