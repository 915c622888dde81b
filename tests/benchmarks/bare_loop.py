"""The least that scoring two models on a file takes: read a batch, predict, forget it; one process.

bare_loop.py FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import mlflow
from pyarrow import parquet

TARGET = "churn"
_ROWS_OF_A_BATCH = 65_536


def main(folder: Path) -> None:
    """Prints how many rows each model says will churn."""
    models = {name: mlflow.pyfunc.load_model(str(folder / name)) for name in ("champion", "challenger")}
    churning = dict.fromkeys(models, 0)
    file = parquet.ParquetFile(folder / "holdout.parquet")
    columns = [name for name in file.schema_arrow.names if name != TARGET]
    for batch in file.iter_batches(batch_size=_ROWS_OF_A_BATCH, columns=columns):
        features = batch.to_pandas()
        for name, model in models.items():
            churning[name] += int(model.predict(features).sum())
    sys.stdout.write(json.dumps(churning))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
