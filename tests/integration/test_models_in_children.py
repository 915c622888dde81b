"""Models of several flavours, logged to a real server, downloaded, and run in processes of their own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mlflow.models import infer_signature
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.core.model_version import ModelFiles
from promoter.core.policy import Environment
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.environments import IMAGE, EnvironmentBuilder, Interpreter, find_installer
from promoter.evaluation.sandbox.launcher import Launch, launch
from promoter.evaluation.sandbox.problems import ModelProblem
from tests.mlflow_server import MlflowServer

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

COLUMNS = [f"x{number}" for number in range(4)]


@dataclass(frozen=True)
class Rows:
    """Data to learn and to predict."""

    features: pd.DataFrame
    label: np.ndarray
    amount: np.ndarray

    @property
    def batch(self) -> pa.RecordBatch:
        """The features as they are sent."""
        return pa.RecordBatch.from_pandas(self.features, preserve_index=False)


@pytest.fixture(scope="module")
def rows() -> Rows:
    numbers = np.random.default_rng(3)
    features = pd.DataFrame(numbers.normal(size=(400, 4)), columns=COLUMNS)
    amount = features.to_numpy() @ [2.0, -1.0, 0.5, 0.0]
    return Rows(features=features, label=np.where(amount > 0, "Yes", "No"), amount=amount)


@pytest.fixture(scope="module")
def log(mlflow_server: MlflowServer) -> Iterator[None]:
    """MLflow's own client set to the server, as a data scientist's is."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(mlflow_server.url)
    mlflow.set_registry_uri(mlflow_server.url)
    yield
    mlflow.set_tracking_uri(before)
    mlflow.set_registry_uri(before)


def fetch(server: MlflowServer, name: str, folder: Path) -> ModelFiles:
    """Download version 1 of a model the way validate does."""
    reader = mlflow_registry.connect_reader(tracking_uri=server.url, registry_uri="", deadline=Deadline(60))
    return reader.download(reader.model_version(name, "1"), folder)


def run(model: Path, batch: pa.RecordBatch, *, wanted: Kind, interpreter: Interpreter = IMAGE) -> object:
    """Labels, values or probabilities."""
    with launch(
        Launch(interpreter=interpreter, model=model, wanted=wanted), deadline=Deadline(120)
    ) as worker:
        predicted = worker.predict(batch)
        assert worker.finish().finished
    if predicted.kind is Kind.LABELS:
        return [predicted.labels[code] for code in predicted.codes]
    return predicted.values


@pytest.fixture(scope="module")
def pipeline(
    mlflow_server: MlflowServer, log: None, rows: Rows, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, ModelFiles, list[str]]:
    """A pipeline downloaded from the server, what its files are, and what it predicts here."""
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows.features, rows.label)
    expected = model.predict(rows.features)
    mlflow.sklearn.log_model(
        model,
        name="m",
        registered_model_name="pipeline",
        signature=infer_signature(rows.features, expected),
        pip_requirements=["scikit-learn"],
    )
    folder = tmp_path_factory.mktemp("pipeline") / "model"
    return folder, fetch(mlflow_server, "pipeline", folder), list(expected)


def test_a_pipeline_downloaded_from_the_server_predicts_as_it_does_here(
    pipeline: tuple[Path, ModelFiles, list[str]], rows: Rows
) -> None:
    folder, _, expected = pipeline
    assert run(folder, rows.batch, wanted=Kind.LABELS) == expected


def test_a_version_downloaded_twice_is_the_same_files(
    pipeline: tuple[Path, ModelFiles, list[str]], mlflow_server: MlflowServer, tmp_path: Path
) -> None:
    _, files, _ = pipeline
    assert {"MLmodel", "requirements.txt", "python_env.yaml"} <= {file.path for file in files.files}
    assert fetch(mlflow_server, "pipeline", tmp_path / "again") == files


def test_probabilities_come_from_a_model_logged_to_give_them(log: None, rows: Rows, tmp_path: Path) -> None:
    model = RandomForestClassifier(n_estimators=5).fit(rows.features, rows.label)
    mlflow.sklearn.save_model(
        model,
        tmp_path / "model",
        pyfunc_predict_fn="predict_proba",
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
    )
    found = run(tmp_path / "model", rows.batch, wanted=Kind.LABELS)
    assert np.array_equal(np.asarray(found), model.predict_proba(rows.features))


def test_a_regression_gives_values(log: None, rows: Rows, tmp_path: Path) -> None:
    model = LinearRegression().fit(rows.features, rows.amount)
    mlflow.sklearn.save_model(model, tmp_path / "model", pip_requirements=["scikit-learn"])
    found = run(tmp_path / "model", rows.batch, wanted=Kind.VALUES)
    assert np.allclose(np.asarray(found), model.predict(rows.features), rtol=1e-12)


def test_a_signature_is_enforced_before_the_model_sees_anything(
    pipeline: tuple[Path, ModelFiles, list[str]], rows: Rows
) -> None:
    folder, *_ = pipeline
    with pytest.raises(ModelProblem, match="missing inputs") as caught:
        run(folder, rows.batch.select(COLUMNS[:3]), wanted=Kind.LABELS)
    assert f"{rows.features.iloc[0, 0]:.4f}"[:6] not in str(caught.value), "rows of the holdout are nobody's"


def test_a_pyfunc_brings_its_code_and_a_tensor_model_gets_an_array(
    mlflow_server: MlflowServer, log: None, rows: Rows, tmp_path: Path
) -> None:
    (tmp_path / "beside_it.py").write_text("def double(x):\n    return x * 2\n", encoding="utf-8")
    (tmp_path / "the_model.py").write_text(
        "import mlflow, numpy\n"
        "from mlflow.models import set_model\n"
        "class Double(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        from beside_it import double\n"
        "        assert isinstance(model_input, numpy.ndarray) and model_input.dtype == 'float32'\n"
        "        return double(model_input[:, 0])\n"
        "set_model(Double())\n",
        encoding="utf-8",
    )
    inputs = rows.features.to_numpy(dtype=np.float32)
    mlflow.pyfunc.log_model(
        name="m",
        python_model=str(tmp_path / "the_model.py"),
        code_paths=[str(tmp_path / "beside_it.py")],
        signature=infer_signature(inputs, inputs[:, 0]),
        registered_model_name="with code",
        pip_requirements=["numpy"],
    )
    files = fetch(mlflow_server, "with code", tmp_path / "model")
    assert "code/beside_it.py" in {file.path for file in files.files}
    found = run(tmp_path / "model", rows.batch, wanted=Kind.VALUES)
    assert np.array_equal(np.asarray(found), inputs[:, 0] * 2)


def test_a_model_whose_files_are_gone_is_not_an_empty_one(
    mlflow_server: MlflowServer, log: None, tmp_path: Path
) -> None:
    client = mlflow.MlflowClient()
    run_id = client.create_run("0").info.run_id
    client.create_registered_model("gone")
    client.create_model_version("gone", f"runs:/{run_id}/model", run_id, await_creation_for=0)
    with pytest.raises(PromoterError, match="there is no file `MLmodel`") as caught:
        fetch(mlflow_server, "gone", tmp_path / "model")
    assert caught.value.reason is ReasonCode.DATA_UNAVAILABLE


@pytest.mark.slow
def test_a_model_runs_on_packages_that_are_not_installed_here(rows: Rows, tmp_path: Path) -> None:
    """LightGBM, by its own requirements: the environment is built once and used twice."""
    model = tmp_path / "model"
    model.mkdir()
    cache = os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    builder = EnvironmentBuilder(
        tmp_path / "environments",
        installer=find_installer({**os.environ, "UV_CACHE_DIR": cache}),
        log=lambda _: None,
        deadline=Deadline(300),
    )
    (model / "requirements.txt").write_text(
        f"mlflow=={mlflow.__version__}\nlightgbm==4.6.0\nscikit-learn\n", encoding="utf-8"
    )
    (model / "python_env.yaml").write_text(
        f"python: {sys.version_info.major}.{sys.version_info.minor}.0\n", encoding="utf-8"
    )
    (model / "code").mkdir()
    (model / "code" / "boosted.py").write_text(
        "import lightgbm, numpy\n"
        "def _load_pyfunc(path):\n"
        "    numbers = numpy.random.default_rng(0).normal(size=(500, 4))\n"
        "    model = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1)\n"
        "    return model.fit(numbers, numpy.where(numbers[:, 0] > 0, 'Yes', 'No'))\n",
        encoding="utf-8",
    )
    (model / "MLmodel").write_text(
        "flavors:\n  python_function:\n    code: code\n    loader_module: boosted\n", encoding="utf-8"
    )
    interpreter = builder.build(model, Environment.MODEL)
    assert builder.build(model, Environment.MODEL) == interpreter
    packages = interpreter.path.parent.parent / "lib"
    assert list(packages.rglob("mlflow_skinny-*"))
    assert not list(packages.rglob("*.pyc"))
    found = run(model, rows.batch, wanted=Kind.LABELS, interpreter=interpreter)
    assert isinstance(found, list)
    assert np.mean(np.array(found) == np.where(rows.features["x0"] > 0, "Yes", "No")) > 0.95
