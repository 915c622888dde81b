"""The example of a custom check, judging real models that were scored on real rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from promoter.errors import ExitCode
from tests.e2e.house import GOOD_DESCRIPTION, POLICY, House, housed
from tests.mlflow_server import MlflowServer
from tests.model_folders import write_model

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "checks" / "fairness.py"
TEXT = """\
version: 1
models:
  - match: "*"
    aliases: [champion]
    task: binary_classification
    evaluation:
      {source: inference, data: rows.csv, target: label, positive_label: "Yes", environment: image}
    statistics: {resamples: 1000}
    checks:
      slices:
        - by: [contract]
          metrics: [{name: recall_score, greater_is_better: true, threshold: 0.0}]
      custom: [{name: fairness, command: [python, checks/fairness.py]}]
"""
FAIR = 'return numpy.where(frame["x0"] > 0, "Yes", "No")'
# Finds nobody on a yearly contract whose figure is not far above the others'.
UNFAIR = 'return numpy.where(frame["x0"] > numpy.where(frame["contract"] == "yearly", 1.0, 0.0), "Yes", "No")'


def rows() -> bytes:
    numbers = np.random.default_rng(5)
    x0 = numbers.normal(size=800)
    frame = pd.DataFrame({"x0": x0, "contract": numbers.choice(["monthly", "yearly"], 800)})
    text: str = frame.assign(label=np.where(x0 > 0, "Yes", "No")).to_csv(index=False)
    return text.encode()


def version(house: House, body: str, *, folder: Path) -> str:
    """Log a model whose predictions are made by this body; its version."""
    write_model(folder, predict=body)
    run = house.client.create_run("0").info
    house.client.log_artifacts(run.run_id, str(folder), "model")
    house.client.set_terminated(run.run_id)
    made = house.client.create_model_version(
        house.model, source=f"{run.artifact_uri}/model", run_id=run.run_id, description=GOOD_DESCRIPTION
    )
    return str(made.version)


def test_a_model_that_overlooks_one_group_is_refused(tmp_path: Path, mlflow_server: MlflowServer) -> None:
    with housed(tmp_path, mlflow_server.url) as house:
        files = {POLICY: TEXT.encode(), "rows.csv": rows(), "checks/fairness.py": EXAMPLE.read_bytes()}
        house.land(files)
        unfair = version(house, UNFAIR, folder=tmp_path / "unfair")
        fair = version(house, FAIR, folder=tmp_path / "fair")
        house.adopt(unfair)
        kept = house.validate(house.ask_for(fair))
        assert (kept.exit_code, kept.outputs["reason-code"]) == (ExitCode.DONE, "validated"), kept.log

        house.land({house.path: house.request(fair)})
        house.set_alias(fair)
        newer = version(house, UNFAIR + "  # again", folder=tmp_path / "again")
        number = house.ask_for(newer)
        refused = house.validate(number)
        assert (refused.exit_code, refused.outputs["reason-code"]) == (ExitCode.NO, "checks_failed"), (
            refused.log
        )
        (comment,) = house.comments(number)
        assert "fairness: contract" in comment.body
        assert "for contract=yearly and 1.000 for contract=monthly" in comment.body
