"""`promoter validate` beside a hand-written script that asks the registry the same: `make bench`.

Both are whole processes against one real MLflow server over HTTP, in turns. Nothing here fails on a slow
machine: it prints, and docs/benchmarks.md keeps what it printed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from promoter.adapters.deadline import Deadline
from promoter.core.model_version import Dataset
from tests.benchmarks.measuring import Command, alternate, measure, ratio, table
from tests.git_clone import GitClone
from tests.mlflow_server import MlflowServer, serving
from tests.proxy import proxied
from tests.registry_worlds import HttpWorld, RunAsked, VersionAsked

PROMOTER, SCRIPT, IMPORT, HELP = (
    "promoter validate",
    "hand-written script",
    "import mlflow",
    "promoter --help",
)

_POLICY = """\
version: 1
approvals: {minimum: 1}
models:
  - match: "*"
    aliases: [champion]
    evaluation: {source: run_metrics}
    checks:
      description: {min_length: 40}
      tags: {required: {owner: ".+"}}
      lineage: {run_status: FINISHED, git_commit: true, dataset: true}
      metrics:
        - {name: f1_score, greater_is_better: true, threshold: 0.60, max_absolute_degradation: 0.01}
"""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A clone whose HEAD asks for `version` of `model`, beside a champion that main asks for."""

    clone: Path
    model: str
    version: str
    environ: dict[str, str]

    def commands(self, registry: str) -> tuple[Command, Command]:
        """Ours and theirs, asking the server at `registry`."""
        programs = Path(sys.executable).parent
        environ = {**self.environ, "MLFLOW_TRACKING_URI": registry}
        validate = [str(programs / "promoter"), "validate", "--base", "main", "--head", "promote"]
        script = Path(__file__).with_name("hand_written.py")
        return (
            Command(name=PROMOTER, words=[*validate, "--directory", str(self.clone)], environ=environ),
            Command(
                name=SCRIPT, words=[sys.executable, str(script), self.model, self.version], environ=environ
            ),
        )


def set_up(folder: Path, server: MlflowServer) -> Scene:
    """Two versions logged as MLflow 3 does, the older one champion, and a branch that asks for the newer."""
    registry = HttpWorld(server, deadline=Deadline(60))
    model = registry.new_model("churn").replace(" ", "-")
    registry.client.create_registered_model(model)
    versions = [registry.new_version(model, _version(f1_score)) for f1_score in (0.80, 0.85)]
    registry.client.set_registered_model_alias(model, "champion", versions[0])
    clone = GitClone(folder / "clone")
    path = f"promotions/{model}/champion.yaml"
    requests = [f"model: {model}\nalias: champion\nversion: {version}\n" for version in versions]
    clone.commit({".github/promotion-policy.yaml": _POLICY, path: requests[0]}, "Adopt")
    clone.git("switch", "-q", "-c", "promote")
    clone.commit({path: requests[1]}, "Promote")
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Both run from bytecode of their own, as an installed program does, whatever this machine has set.
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
    return Scene(clone=clone.folder, model=model, version=versions[1], environ=environ)


def _version(f1_score: float) -> VersionAsked:
    return VersionAsked(
        description="Gradient boosting on the contract data of the third quarter.",
        tags={"owner": "growth"},
        run=RunAsked(
            metrics={"f1_score": f1_score},
            git_commit="8f3c2a1d" * 5,
            datasets=(Dataset(name="contracts", digest="d1c3b2a1", context="training"),),
        ),
        logged_metrics={"f1_score": f1_score},
    )


def count_requests(scene: Scene, server: MlflowServer, *, log: Path) -> dict[str, list[str]]:
    """What each asks the server, by name: method and path of every request."""
    with proxied(server.url) as proxy:
        asked: dict[str, list[str]] = {}
        for command in scene.commands(proxy.url):
            measure(command, log=log)
            asked[command.name] = proxy.lines()
    return asked


def run(folder: Path, *, rounds: int) -> str:
    """All of it; the report."""
    log = folder / "output.log"
    load = os.getloadavg()[0]
    (folder / "mlflow").mkdir()
    with serving(folder / "mlflow") as server:
        scene = set_up(folder, server)
        ours, theirs = scene.commands(server.url)
        bare = replace(theirs, name=IMPORT, words=[sys.executable, "-c", "from mlflow import MlflowClient"])
        start = replace(ours, name=HELP, words=[ours.words[0], "--help"])
        samples = alternate((ours, theirs, bare, start), rounds=rounds, log=log)
        asked = count_requests(scene, server, log=log)
    counts = ", ".join(f"{name} {len(lines)}" for name, lines in asked.items())
    return "\n".join(
        [
            f"{rounds} rounds in turns; {os.cpu_count()} cores, load before {load:.2f}, "
            f"Python {platform.python_version()}",
            table(samples),
            f"{PROMOTER} / {SCRIPT}: {ratio(samples[PROMOTER], samples[SCRIPT])}",
            f"requests to MLflow: {counts}",
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    with TemporaryDirectory(prefix="promoter-bench-") as temporary:
        sys.stdout.write(run(Path(temporary), rounds=parser.parse_args().rounds) + "\n")
