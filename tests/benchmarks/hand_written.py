"""What a team writes instead of Promoter: the same questions to the registry, and `if` for the policy.

    MLFLOW_TRACKING_URI=… hand_written.py MODEL VERSION

It asks what `promoter validate` asks, and nothing it does is slower than it must be: no file is read, no git
asked, no message rendered. Exit 0: promote; 1: the reason is on standard error.
"""

from __future__ import annotations

import re
import sys

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, Run
from mlflow.entities.model_registry import ModelVersion

ALIAS = "champion"
_LOGGED_MODEL = "models:/m-"


def why_not(client: MlflowClient, model: str, *, version: str) -> str:
    """Why not; empty when the version may be promoted."""
    held = client.get_registered_model(model).aliases.get(ALIAS)
    if held is None:
        return "no champion"
    challenger = client.get_model_version(model, version)
    run = client.get_run(challenger.run_id or "")
    logged = _logged_model(client, challenger)
    champion = client.get_model_version(model, str(held))
    champion_run = client.get_run(champion.run_id or "")
    _logged_model(client, champion)
    if len((challenger.description or "").strip()) < 40:
        return "description too short"
    if not re.fullmatch(".+", challenger.tags.get("owner", "")):
        return "no owner"
    return _lineage(run, logged) or _metrics(run, champion_run)


def _logged_model(client: MlflowClient, version: ModelVersion) -> LoggedModel | None:
    source = version.source or ""
    return client.get_logged_model(source.removeprefix("models:/")) if _LOGGED_MODEL in source else None


def _lineage(run: Run, logged: LoggedModel | None) -> str:
    if run.info.status != "FINISHED":
        return "run not finished"
    if not run.data.tags.get("mlflow.source.git.commit"):
        return "no git commit"
    of_run = [given.dataset.digest for given in run.inputs.dataset_inputs] if run.inputs else []
    of_model = [metric.dataset_digest for metric in (logged.metrics if logged else None) or []]
    return "" if any((*of_run, *of_model)) else "no dataset"


def _metrics(run: Run, champion_run: Run) -> str:
    new, old = run.data.metrics["f1_score"], champion_run.data.metrics["f1_score"]
    if new < 0.60:
        return f"f1_score {new} below 0.60"
    if new < old - 0.01:
        return f"f1_score {new} worse than {old}"
    return ""


if __name__ == "__main__":
    sys.exit(why_not(MlflowClient(), sys.argv[1], version=sys.argv[2]) or 0)
