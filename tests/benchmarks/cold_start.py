"""What starting costs, and how large the image's packages are beside those of the full MLflow: `make bench`.

`--python` names another Python than this one's, such as one with exactly the image's packages; `--sizes` two
folders of installed packages, ours and the plain ones. `--installed` is for inside the image: it times what
is installed there, with the bytecode that is there and writing none, as in a container that was just started.

Whole processes of one Python, in turns, each as a ratio to `from mlflow import MlflowClient`, without which
nobody asks a registry. Nothing here fails on a slow machine: it prints, and docs/benchmarks.md keeps it.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.measuring import Command, Sample, alternate, ratio, table
from tests.git_clone import GitClone

CLIENT = "MlflowClient"
ASKS = "validate, imports"
# All that a validate imports until it asks GitHub and the registry for the first time.
_UNTIL_IT_ASKS = """
from promoter import action
from promoter.adapters import github_client
from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_client import addresses_of, open_client
open_client(addresses_of("http://127.0.0.1:9", "", secrets=[]), Deadline(60))
"""
_TO_MEASURE = (
    "import promoter.evaluation.local, promoter.evaluation.dataset, promoter.evaluation.statistics\n"
)
_START = "import sys; from promoter.cli import main; sys.exit(main(sys.argv[1:]))"


def environ_of(folder: Path, *, source: Path) -> dict[str, str]:
    """From the sources, and from bytecode of their own, whatever this machine has set."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONPATH": str(source),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }


def installed_environ(folder: Path) -> dict[str, str]:
    """As the image has it."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def commands(python: Path, folder: Path, *, environ: Mapping[str, str]) -> list[Command]:
    """What is timed; the first is what all others are compared with. `lint` only where there is git."""
    words = {
        CLIENT: ["from mlflow import MlflowClient"],
        ASKS: [_UNTIL_IT_ASKS],
        "the same, to measure": [_UNTIL_IT_ASKS + _TO_MEASURE],
        "promoter --help": [_START, "--help"],
        "python": ["pass"],
    }
    if shutil.which("git"):
        clone = GitClone(folder / "clone")
        request = "model: churn\nalias: champion\nversion: 7\nreason: better\n"
        clone.commit({"promotions/churn/champion.yaml": request}, "Ask")
        words["promoter lint"] = [_START, "lint", "--directory", str(clone.folder)]
    return [
        Command(name=name, words=[str(python), "-P", "-c", *given], environ=environ)
        for name, given in words.items()
    ]


def told(samples: dict[str, list[Sample]]) -> list[str]:
    """The table, and each command's CPU as a ratio, which other work on the machine disturbs less."""
    cpu = {name: median(sample.cpu for sample in taken) for name, taken in samples.items()}
    ratios = ", ".join(f"{name} {cpu[name] / cpu[CLIENT]:.2f}" for name in samples if name != CLIENT)
    return [
        table(samples),
        f"wall, {ASKS} / {CLIENT}: {ratio(samples[ASKS], samples[CLIENT])}; the target is 1.1 x at most",
        f"CPU, each / {CLIENT}: {ratios}",
    ]


def megabytes(folder: Path) -> float:
    """The size of all files, in millions of bytes, as an image's size is told."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--installed", action="store_const", const="installed")
    parser.add_argument("--sizes", type=Path, nargs=2, metavar=("OURS", "PLAIN"))
    asked = parser.parse_args()
    lines = [f"{asked.rounds} rounds in turns; {os.cpu_count()} cores, load before {os.getloadavg()[0]:.2f}"]
    if asked.python == Path(sys.executable) and not asked.installed:
        lines.append(f"Python {platform.python_version()}, with all that development installs")
    with TemporaryDirectory(prefix="promoter-bench-") as temporary:
        folder = Path(temporary)
        source = Path(__file__).parents[2] / "src"
        environ = installed_environ(folder) if asked.installed else environ_of(folder, source=source)
        timed = commands(asked.python, folder, environ=environ)
        lines += told(alternate(timed, rounds=asked.rounds, log=folder / "output.log"))
    if asked.sizes:
        ours, plain = map(megabytes, asked.sizes)
        lines.append(f"packages: ours {ours:.0f} MB, plain {plain:.0f} MB: {ours / plain:.2f} x")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
