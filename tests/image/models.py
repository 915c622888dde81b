"""Two scikit-learn models of one simulated truth, and the rows on which a policy has them compared."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

from tests.e2e.house import House

POLICY_TEXT = """\
version: 1
approvals: {minimum: 1}
models:
  - match: "*"
    aliases: [champion]
    task: binary_classification
    evaluation:
      source: inference
      data: data/holdout.csv
      target: churn
      positive_label: "Yes"
      environment: image
    checks:
      metrics:
        - name: accuracy_score
          greater_is_better: true
          test: non_inferiority
          max_absolute_degradation: 0.01
"""
HOLDOUT = "data/holdout.csv"
_TRUTH = "churn"


def customers(rows: int, *, seed: int) -> pd.DataFrame:
    """Features and truth: drawn, the truth with noise that no model can learn."""
    numbers = np.random.default_rng(seed)
    features = numbers.normal(size=(rows, 3))
    leaning = features @ [2.0, -1.0, 0.5] + numbers.normal(scale=0.5, size=rows)
    drawn = pd.DataFrame(features, columns=["tenure", "charges", "calls"])
    return drawn.assign(**{_TRUTH: np.where(leaning > 0, "Yes", "No")})


def holdout() -> bytes:
    """The file that the policy names, which no model has seen."""
    return bytes(customers(1000, seed=2).to_csv(index=False), encoding="utf-8")


def log_fitted(house: House, *, rows: int, folder: Path) -> str:
    """Fit to so many customers and log to the server as a run's model; its version."""
    known = customers(rows, seed=1)
    features = known.drop(columns=_TRUTH)
    model = LogisticRegression().fit(features, known[_TRUTH])
    mlflow.sklearn.save_model(
        model,
        folder,
        signature=infer_signature(features, model.predict(features)),
        pip_requirements=[f"{name}=={version(name)}" for name in ("scikit-learn", "skops")],
    )
    number = house.version(None)
    run_id = house.client.get_model_version(house.model, number).run_id
    assert run_id
    house.client.log_artifacts(run_id, str(folder), "model")
    return number
