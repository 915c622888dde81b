"""Judging two models in Spark on this machine, beside the local engine, by rows.

    spark_against_local.py [--rows N ...] [--trees N]

Whole process trees, one after the other, on the same file and the same two models (`inference_world.py`), by
the same Measurer: only the policy's `engine` differs. It stops when the engines' figures differ. Needs what
requirements/spark.txt holds, and Java; it says that it leaves this out where one of them is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from promoter.core.engine import Engine
from tests.benchmarks.process_tree import Tree, run

_ROOT = Path(__file__).parents[2]
_ROWS = (10_000, 100_000, 1_000_000)


def report(folder: Path, *, rows: int, trees: int) -> str:
    """One line for so many rows. Raises RuntimeError when the engines say different things."""
    environ = {name: os.environ[name] for name in ("PATH", "JAVA_HOME", "HOME") if name in os.environ}
    environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": f"{_ROOT / 'src'}:{_ROOT}"}

    def module(name: str, *words: str) -> tuple[Tree, str]:
        return run([sys.executable, "-m", f"tests.benchmarks.{name}", *words], environ=environ, folder=folder)

    data = folder / f"{rows}"
    data.mkdir()
    module("inference_world", str(data), str(rows), str(trees))
    taken = {engine: module("measured_inference", str(data), str(engine)) for engine in Engine}
    (local, said), (spark, other) = taken[Engine.LOCAL], taken[Engine.SPARK]
    if json.loads(said) != json.loads(other):
        raise RuntimeError(f"{rows:,} rows: locally {said}, and in Spark {other}")
    return (
        f"{rows:>12,} rows: local {local.wall:6.1f} s, {local.peak:6.0f} MiB; Spark {spark.wall:6.1f} s, "
        f"{spark.peak:6.0f} MiB; Spark / local: {spark.wall / local.wall:.2f} x the wall time, "
        f"{spark.peak / local.peak:.2f} x the memory; others: {max(local.others, spark.others):.1f} cores"
    )


def missing() -> list[str]:
    """What this machine lacks to run Spark."""
    return [
        *([] if find_spec("pyspark") else ["pyspark"]),
        *([] if shutil.which("java") else ["Java"]),
    ]


def main() -> None:
    """Prints a line for every number of rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="+", default=_ROWS)
    parser.add_argument("--trees", type=int, default=100)
    asked = parser.parse_args()
    lacking = missing()
    if lacking:
        sys.stdout.write(f"Spark: left out, because there is no {' and no '.join(lacking)}\n")
        return
    with TemporaryDirectory(prefix="promoter-bench-") as folder:
        for rows in asked.rows:
            sys.stdout.write(report(Path(folder), rows=rows, trees=asked.trees) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
