"""A program with all it starts, measured from outside: wall, CPU, and memory of all its processes.

process_tree.py LOG OUTPUT COMMAND...       (what `run` starts; JSON on standard output)
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_EVERY_SECONDS = 0.05
# The kernel walks all pages of a process to tell its share: a second of 8 GB is enough
_SHARES_EVERY = 20
_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Tree:
    """One run: seconds of wall time and of CPU; MiB of memory. `peak`: the most that each process had at any
    time, added up, which is more than all had at once. `share`: what all had at once, looked at every second,
    with pages they share counted once. `others`: how many cores everything else on the machine kept busy."""

    wall: float
    cpu: float
    peak: float
    share: float
    others: float


def run(words: Sequence[str], *, environ: Mapping[str, str], folder: Path) -> tuple[Tree, str]:
    """Run it once; what was measured, and what it printed. Raises RuntimeError when it does not exit 0."""
    log, output = folder / "errors.log", folder / "output.txt"
    # A small process of its own: a child's peak memory counts from its parent's
    watcher = [sys.executable, "-I", "-S", __file__, str(log), str(output), *words]
    told = subprocess.run(watcher, env=environ, check=True, capture_output=True, text=True).stdout
    status, tree = json.loads(told)
    if status != 0:
        raise RuntimeError(f"{words} exited with {status}:\n{log.read_text()}")
    return Tree(**tree), output.read_text()


def watch(words: Sequence[str], *, log: Path, output: Path) -> tuple[int, Tree]:
    """The exit status and what was measured, looking at the processes until the first one ends."""
    peak, cpu, share, looks = dict[int, int](), dict[int, float](), 0, 0
    with log.open("wb") as errors, output.open("wb") as printed:
        start, busy = time.perf_counter(), _busy()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=printed, stderr=errors)
        while process.returncode is None:
            alive = list(tree(process.pid))
            for one in alive:
                # The last one told: between fork and exec a process shows the memory of its parent
                peak[one] = _peak(one) or peak.get(one, 0)
                cpu[one] = max(cpu.get(one, 0), _cpu(one))
            if looks % _SHARES_EVERY == 0:
                share = max(share, sum(_share(one) for one in alive))
            looks += 1
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_EVERY_SECONDS)
        wall, ours = time.perf_counter() - start, sum(cpu.values())
        others = max(0.0, (_busy() - busy - ours) / wall)
    taken = Tree(wall=wall, cpu=ours, peak=sum(peak.values()) / _MIB, share=share / _MIB, others=others)
    return process.returncode, taken


def tree(root: int) -> Iterator[int]:
    """A process and all below it, as the kernel lists them now."""
    yield root
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{root}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from tree(int(child))


def cpu_of(root: int) -> float:
    """Seconds of CPU that a process and all below it have used; those that have ended are left out."""
    return sum(_cpu(one) for one in tree(root))


def _cpu(process: int) -> float:
    """Of this process alone: the system adds a child's time only to a parent that waits for it."""
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return 0.0


def _busy() -> float:
    """Seconds that all cores have been busy: all but idle and waiting for a disk."""
    user, nice, system, _, _, *rest = Path("/proc/stat").read_text().partition("\n")[0].split()[1:8]
    return sum(map(int, (user, nice, system, *rest))) / _TICKS


def _share(process: int) -> int:
    return _told(Path(f"/proc/{process}/smaps_rollup"), "Pss:")


def _peak(process: int) -> int:
    return _told(Path(f"/proc/{process}/status"), "VmHWM:")


def _told(path: Path, name: str) -> int:
    with contextlib.suppress(OSError, IndexError):
        return int(path.read_text().partition(name)[2].split()[0]) * 1024
    return 0


if __name__ == "__main__":
    found = watch(sys.argv[3:], log=Path(sys.argv[1]), output=Path(sys.argv[2]))
    sys.stdout.write(json.dumps((found[0], asdict(found[1]))))
