"""Judging two models by inference, beside the bare loop and beside pandas: `make bench`.

    inference_against_loops.py [--rows N] [--rounds N] [--trees N] [--flat ROWS]

Whole process trees in turns, on the same file and the same two models:

- Promoter: data fetched and digested, labels looked through, each model in a process of its own, joint
  counts, intervals (`measured_inference.py`);
- the bare loop: read a batch, predict with both, forget it (`bare_loop.py`);
- pandas: what a team writes by hand (`hand_written_inference.py`).

It stops when Promoter's figures are not those of pandas and scikit-learn. `--flat` has Promoter alone score
fewer rows of the same kind, to show that memory does not grow.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.process_tree import Tree, run

PROMOTER, LOOP, PANDAS = "Promoter", "bare loop", "pandas"
_MODULES = {
    PROMOTER: "tests.benchmarks.measured_inference",
    LOOP: "tests.benchmarks.bare_loop",
    PANDAS: "tests.benchmarks.hand_written_inference",
}
_TARGETS = (
    "targets: at 10,000,000 rows 1.15 x the loop's and 0.9 x pandas' wall time, 0.2 x pandas' memory; "
    "at 6,000 rows, where starting is all, 1.5 x pandas' wall time"
)
_ROOT = Path(__file__).parents[2]


class Ways:
    """Runs the ways on a folder of data and models. `environ` is what every one of them is given."""

    def __init__(self, folder: Path, *, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = environ

    def make(self, name: str, *, rows: int, trees: int) -> Path:
        """Data of so many rows, and the models."""
        made = self._folder / name
        made.mkdir()
        self._run("tests.benchmarks.inference_world", str(made), str(rows), str(trees))
        return made

    def score(self, way: str, data: Path) -> tuple[Tree, str]:
        """What one way took, and the figures it printed."""
        return self._run(_MODULES[way], str(data))

    def _run(self, module: str, *arguments: str) -> tuple[Tree, str]:
        words = [sys.executable, "-m", module, *arguments]
        return run(words, environ=self._environ, folder=self._folder)


def in_turns(ways: Ways, data: Path, *, rounds: int) -> dict[str, list[Tree]]:
    """So many runs of each. Raises RuntimeError when the figures differ."""
    taken: dict[str, list[Tree]] = {way: [] for way in _MODULES}
    for _ in range(rounds):
        printed = {}
        for way, trees in taken.items():
            tree, printed[way] = ways.score(way, data)
            trees.append(tree)
        _require_same(json.loads(printed[PROMOTER]), json.loads(printed[PANDAS]))
    return taken


def _require_same(ours: Mapping[str, Mapping[str, float]], theirs: Mapping[str, Mapping[str, float]]) -> None:
    for model, figures in theirs.items():
        for name, value in figures.items():
            if not math.isclose(ours[model][name], value, rel_tol=1e-12):
                raise RuntimeError(f"{model}: {name} is {ours[model][name]}, and {value} by scikit-learn")


def table(taken: Mapping[str, Sequence[Tree]]) -> str:
    """Medians, with the spread of the wall time; of memory and of what others kept busy, the most."""
    lines = [
        f"{'':<12}{'wall, median':>14}{'min-max':>16}{'CPU':>10}{'peak memory':>14}{'shares':>11}"
        f"{'others':>8}"
    ]
    for way, trees in taken.items():
        walls = [tree.wall for tree in trees]
        lines.append(
            f"{way:<12}{median(walls):>12.1f} s{f'{min(walls):.1f}-{max(walls):.1f}':>16}"
            f"{median(tree.cpu for tree in trees):>8.1f} s{_memory(trees):>10.0f} MiB"
            f"{max(tree.share for tree in trees):>7.0f} MiB{max(tree.others for tree in trees):>8.1f}"
        )
    return "\n".join(lines)


def ratios(taken: Mapping[str, Sequence[Tree]]) -> str:
    """Promoter's wall time by each other way's, of the best runs too, and its memory by that of pandas."""
    ours = [tree.wall for tree in taken[PROMOTER]]
    lines = []
    for way in (LOOP, PANDAS):
        theirs = [tree.wall for tree in taken[way]]
        pairs = [mine / other for mine, other in zip(ours, theirs, strict=True)]
        lines.append(
            f"wall, {PROMOTER} / {way}: {median(ours) / median(theirs):.2f} x; round by "
            f"round {min(pairs):.2f}-{max(pairs):.2f}; shortest by shortest {min(ours) / min(theirs):.2f}"
        )
    cpu, theirs_cpu = (median(tree.cpu for tree in taken[way]) for way in (PROMOTER, PANDAS))
    memory = _memory(taken[PROMOTER]) / _memory(taken[PANDAS])
    lines += [
        f"CPU, {PROMOTER} / {PANDAS}: {cpu / theirs_cpu:.2f} x",
        f"peak memory, {PROMOTER} / {PANDAS}: {memory:.2f} x",
    ]
    return "\n".join([*lines, _TARGETS])


def _memory(trees: Sequence[Tree]) -> float:
    return max(tree.peak for tree in trees)


def report(folder: Path, asked: argparse.Namespace) -> str:
    """All of it."""
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONPATH": f"{_ROOT / 'src'}:{_ROOT}",
        # All run from bytecode, as an installed program does, whatever this machine has set
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
    ways = Ways(folder, environ=environ)
    load = os.getloadavg()[0]
    data = ways.make("whole", rows=asked.rows, trees=asked.trees)
    fewer = ways.make("fewer", rows=asked.flat, trees=asked.trees)
    for way in _MODULES:
        ways.score(way, fewer)  # unmeasured: it writes bytecode and fills the caches
    taken = in_turns(ways, data, rounds=asked.rounds)
    few, _ = ways.score(PROMOTER, fewer)
    growth = _memory(taken[PROMOTER]) / few.peak
    return "\n".join(
        [
            f"{asked.rows:,} rows x 20 features, boosted challenger of {asked.trees} trees; {asked.rounds} "
            f"round(s) in turns; {os.cpu_count()} cores, load before {load:.2f}, Python "
            f"{platform.python_version()}",
            table(taken),
            ratios(taken),
            f"peak memory of {PROMOTER}: {few.peak:.0f} MiB at {asked.flat:,} rows; {growth:.2f} x of it at "
            f"{asked.rows:,}",
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--flat", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trees", type=int, default=350)
    with TemporaryDirectory(prefix="promoter-bench-") as temporary:
        sys.stdout.write(report(Path(temporary), parser.parse_args()) + "\n")
