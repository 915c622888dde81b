"""Train two churn models and register them, as a data scientist's notebook would."""

from __future__ import annotations

import io
import logging
import warnings
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import mlflow
import numpy as np
import pandas as pd
from mlflow.data.pandas_dataset import from_pandas
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODEL = "churn"
_ROWS = 4000
_COLUMNS = ["tenure_months", "monthly_charges", "support_calls", "is_monthly_contract"]
_REQUIREMENTS = ["scikit-learn", "pandas"]


class Classifier(Protocol):
    """What scikit-learn's classifiers have in common; the package itself is published without types."""

    def fit(self, features: pd.DataFrame, truth: pd.Series) -> Classifier: ...

    def predict(self, features: pd.DataFrame) -> np.ndarray[Any, Any]: ...

    def predict_proba(self, features: pd.DataFrame) -> np.ndarray[Any, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One training: which model, and what its author says of it."""

    estimator: Classifier
    description: str


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What came out: the version in the registry and its metrics on the holdout."""

    version: str
    metrics: dict[str, float]


FIRST = Recipe(
    estimator=make_pipeline(StandardScaler(), LogisticRegression()),
    description="Logistic regression on tenure, charges, calls and contract. Last year's customers.",
)
SECOND = Recipe(
    estimator=GradientBoostingClassifier(random_state=7),
    description="Boosted trees on tenure, charges, support calls and contract. Quarterly retrain.",
)


def customers() -> pd.DataFrame:
    """Made-up customers with a churn that depends on all columns, the same ones at every call."""
    random = np.random.default_rng(2026)
    frame = pd.DataFrame(
        {
            "tenure_months": random.integers(1, 72, _ROWS).astype(float),
            "monthly_charges": random.normal(65, 25, _ROWS).clip(15, 130),
            "support_calls": random.poisson(1.5, _ROWS).astype(float),
            "is_monthly_contract": random.integers(0, 2, _ROWS).astype(float),
        }
    )
    risk = (
        -2.2
        - 0.04 * frame["tenure_months"]
        + 0.02 * frame["monthly_charges"]
        + 0.3 * frame["support_calls"]
        + 3.2 * frame["is_monthly_contract"] * (frame["support_calls"] > 1)
    )
    frame["churn"] = (random.random(_ROWS) < 1 / (1 + np.exp(-risk))).astype(int)
    return frame


def open_registry(folder: Path) -> str:
    """Start an empty SQLite registry in a folder; its address."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    MlflowClient().create_experiment("churn", artifact_location=(folder / "artifacts").as_uri())
    MlflowClient().create_registered_model(MODEL)
    return uri


def train(recipe: Recipe, *, git_commit: str) -> Trained:
    """Train, log the run with its dataset and metrics, register the model, describe the version."""
    # MLflow talks a lot while it logs a model; a story has one voice.
    with redirect_stderr(io.StringIO()), warnings.catch_warnings(action="ignore"):
        return _train(recipe, git_commit=git_commit)


def _train(recipe: Recipe, *, git_commit: str) -> Trained:
    data = customers()
    train_rows, holdout = train_test_split(data, test_size=0.4, random_state=0)
    mlflow.set_experiment("churn")
    with mlflow.start_run(tags={"mlflow.source.git.commit": git_commit}):
        dataset = from_pandas(holdout, name="churn-holdout", targets="churn")
        mlflow.log_input(dataset, context="evaluation")
        fitted = recipe.estimator.fit(train_rows[_COLUMNS], train_rows["churn"])
        metrics = _metrics(fitted, holdout[_COLUMNS], truth=holdout["churn"])
        mlflow.log_metrics(metrics)
        info = mlflow.sklearn.log_model(
            fitted,
            name="model",
            registered_model_name=MODEL,
            signature=infer_signature(holdout[_COLUMNS], fitted.predict(holdout[_COLUMNS])),
            pip_requirements=_REQUIREMENTS,
            # skops asks which types beyond its own list may be loaded: trees are what boosting is made of
            skops_trusted_types=["sklearn.tree._tree.Tree"],
        )
    version = str(info.registered_model_version)
    client = MlflowClient()
    client.update_model_version(MODEL, version, description=recipe.description)
    client.set_model_version_tag(MODEL, version, "owner", "growth-team")
    return Trained(version=version, metrics=metrics)


def holdout_file() -> bytes:
    """The holdout as a Parquet file: what both models are scored on."""
    _, holdout = train_test_split(customers(), test_size=0.4, random_state=0)
    buffer = io.BytesIO()
    holdout.to_parquet(buffer, index=False)
    return buffer.getvalue()


def make_champion(version: str) -> None:
    """Give an alias by hand, as teams do before they have Promoter."""
    MlflowClient().set_registered_model_alias(MODEL, "champion", version)


def champion() -> str:
    """The version that holds the alias, asked of the registry itself."""
    return str(MlflowClient().get_model_version_by_alias(MODEL, "champion").version)


def _metrics(fitted: Classifier, features: pd.DataFrame, *, truth: pd.Series) -> dict[str, float]:
    predicted, score = fitted.predict(features), fitted.predict_proba(features)[:, 1]
    return {
        "f1_score": float(f1_score(truth, predicted)),
        "accuracy": float(accuracy_score(truth, predicted)),
        "roc_auc": float(roc_auc_score(truth, score)),
        "log_loss": float(log_loss(truth, score)),
    }
