"""What a team writes instead of Promoter: the seeds' notebook, corrected, with pandas and scikit-learn.

    hand_written_inference.py FOLDER

Both models score the same rows; a wrong label costs instead of paying; the difference is told, and no
exception means that there is no champion. What it leaves out beside Promoter: intervals, the sandbox, one
environment a model, the data's digest.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import mlflow
import pandas as pd
from sklearn.metrics import confusion_matrix, f1_score

TARGET = "churn"
WORTH = {"true_positive": 1500, "false_positive": -500, "false_negative": -2000, "true_negative": 0}


def main(folder: Path) -> None:
    """Prints the F1 score and the worth of each model."""
    frame = pd.read_parquet(folder / "holdout.parquet")
    truth = frame[TARGET]
    features = frame.drop(columns=[TARGET])
    figures = {}
    for name in ("champion", "challenger"):
        model = mlflow.pyfunc.load_model(str(folder / name))
        predicted = model.predict(features)
        tn, fp, fn, tp = (int(count) for count in confusion_matrix(truth, predicted).ravel())
        worth = (
            tp * WORTH["true_positive"]
            + fp * WORTH["false_positive"]
            + fn * WORTH["false_negative"]
            + tn * WORTH["true_negative"]
        )
        figures[name] = {"f1_score": float(f1_score(truth, predicted)), "value": worth * 1000 / len(frame)}
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
