"""What the benchmark of inference scores: rows of a made-up churn, and two models fitted to some of them.

    inference_world.py FOLDER ROWS TREES

Writes `holdout.parquet`, 20 float columns and a target of 0 and 1, and the models `champion` (a logistic
regression) and `challenger` (gradient boosting of so many trees), as MLflow saves them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
from mlflow.models import infer_signature
from numpy.typing import NDArray
from pyarrow import parquet
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

TARGET = "churn"
FEATURES = tuple(f"feature_{number}" for number in range(20))
DATA, CHAMPION, CHALLENGER = "holdout.parquet", "champion", "challenger"
_ROWS_OF_A_GROUP = 1_000_000
_TRAINING_ROWS = 20_000


def some_rows(rows: int, *, seed: int) -> pd.DataFrame:
    """About a quarter churn: by two features, by two together and by one squared, and by chance."""
    generator = np.random.default_rng(seed)
    values: NDArray[np.float64] = generator.normal(size=(rows, len(FEATURES)))
    inclination = values[:, 0] + values[:, 1] * values[:, 2] + 0.5 * values[:, 3] ** 2 - values[:, 4]
    churned = inclination + generator.normal(size=rows) > 2.0
    return pd.DataFrame(values, columns=list(FEATURES)).assign(**{TARGET: churned.astype(np.int64)})


def write_rows(path: Path, rows: int) -> None:
    """So many rows, in row groups of a million."""
    writer: parquet.ParquetWriter | None = None
    for number, first in enumerate(range(0, rows, _ROWS_OF_A_GROUP)):
        frame = some_rows(min(_ROWS_OF_A_GROUP, rows - first), seed=number)
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def save_models(folder: Path, *, trees: int) -> None:
    """Both models, with their signatures."""
    frame = some_rows(_TRAINING_ROWS, seed=1_000_003)
    features, target = frame[list(FEATURES)], frame[TARGET]
    boosted = HistGradientBoostingClassifier(max_iter=trees, early_stopping=False, random_state=0)
    models = {CHAMPION: make_pipeline(StandardScaler(), LogisticRegression()), CHALLENGER: boosted}
    for name, model in models.items():
        model.fit(features, target)
        mlflow.sklearn.save_model(
            model,
            folder / name,
            signature=infer_signature(features, model.predict(features)),
            pip_requirements=["scikit-learn"],
            serialization_format="cloudpickle",
        )


if __name__ == "__main__":
    write_rows(Path(sys.argv[1], DATA), int(sys.argv[2]))
    save_models(Path(sys.argv[1]), trees=int(sys.argv[3]))
