"""Flavours that are not installed here: each model is made and run in the environment its own list asks for.

scikit-learn, a pyfunc with code, and LightGBM are in `test_models_in_children.py`.
"""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from promoter.adapters.deadline import Deadline
from promoter.core.measurement import Measurement
from promoter.core.policy import Environment
from promoter.errors import ReasonCode
from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.environments import EnvironmentBuilder, Interpreter, find_installer
from promoter.evaluation.sandbox.launcher import Launch, launch
from tests.integration.bad_models import (
    DATA,
    METRICS,
    Desk,
    as_parquet,
    holdout,
    policy,
    told,
    with_a_warm_cache,
)
from tests.mlflow_server import MlflowServer

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
]

FEATURES = holdout()[["x0", "x1"]]

# Each makes models with MLflow's own flavour in `argv[1]`, and leaves beside them what the library itself
# predicts of `features.npy`.
ONNX = """\
import pathlib, sys
import numpy, onnx, onnxruntime
from mlflow import onnx as flavour
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
from onnx import TensorProto, helper, numpy_helper

folder = pathlib.Path(sys.argv[1])
rows = numpy.load(folder / "features.npy").astype("float32")
weights = numpy_helper.from_array(numpy.array([[4.0], [0.5]], dtype="float32"), "weights")
nodes = [
    helper.make_node("MatMul", ["rows", "weights"], ["sum"]),
    helper.make_node("Sigmoid", ["sum"], ["probability"]),
]
graph = helper.make_graph(
    nodes,
    "churn",
    [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, 2])],
    [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1])],
    [weights],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
(found,) = session.run(None, {"rows": rows})
numpy.save(folder / "expected.npy", found[:, 0])
float32 = numpy.dtype("float32")
tensors = ModelSignature(
    Schema([TensorSpec(float32, (-1, 2))]), Schema([TensorSpec(float32, (-1, 1), name="probability")])
)
for name, signature in {"plain": None, "tensors": tensors}.items():
    flavour.save_model(model, folder / name, signature=signature, pip_requirements=REQUIREMENTS)
"""
XGBOOST = """\
import pathlib, sys
import numpy, pandas, xgboost
from mlflow import xgboost as flavour
from mlflow.models import infer_signature

folder = pathlib.Path(sys.argv[1])
rows = pandas.DataFrame(numpy.load(folder / "features.npy"), columns=["x0", "x1"])
learnt = numpy.random.default_rng(1).normal(size=(2000, 2))
data = xgboost.DMatrix(pandas.DataFrame(learnt, columns=["x0", "x1"]), label=learnt[:, 0] > 0)
model = xgboost.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, data, 20)
found = model.predict(xgboost.DMatrix(rows))
numpy.save(folder / "expected.npy", found)
signature = infer_signature(rows, found)
flavour.save_model(model, folder / "plain", signature=signature, pip_requirements=REQUIREMENTS)
"""


@dataclass(frozen=True, kw_only=True)
class Made:
    """Models of one flavour by name in `folder`, what runs them, and what its library predicts itself."""

    folder: Path
    interpreter: Interpreter
    expected: np.ndarray[tuple[int], np.dtype[np.float64]]


@pytest.fixture(scope="module")
def desk(mlflow_server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk.at(mlflow_server.url, tmp_path_factory.mktemp("environments"))


def make(desk: Desk, folder: Path, *, script: str, packages: tuple[str, ...]) -> Made:
    """Build the environment that a list asks for, and in it make the models that ask for the same."""
    requirements = [f"mlflow=={mlflow.__version__}", "pandas", "pyarrow", *packages]
    folder.mkdir()
    (folder / "requirements.txt").write_text("\n".join(requirements), encoding="utf-8")
    # as MLflow writes it: so the models' environment is this one, and is not built again
    (folder / "python_env.yaml").write_text(f"python: {platform.python_version()}\n", encoding="utf-8")
    builder = EnvironmentBuilder(
        desk.cache,
        installer=find_installer(with_a_warm_cache()),
        log=lambda _: None,
        deadline=Deadline(300),
    )
    interpreter = builder.build(folder, Environment.MODEL)
    np.save(folder / "features.npy", FEATURES.to_numpy())
    text = script.replace("REQUIREMENTS", repr(requirements))
    # Not by -B: what it compiles to bytecode, the worker need not compile again.
    done = subprocess.run(
        [str(interpreter.path), "-I", "-W", "ignore", "-c", text, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = np.load(folder / "expected.npy").astype(float)
    return Made(folder=folder, interpreter=interpreter, expected=expected)


@pytest.fixture(scope="module")
def onnx(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("flavours") / "onnx"
    return make(desk, folder, script=ONNX, packages=("onnx", "onnxruntime"))


@pytest.fixture(scope="module")
def xgboost(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Of the CPU's wheel: the usual one brings 900 MB for graphics cards."""
    folder = tmp_path_factory.mktemp("flavours") / "xgboost"
    return make(desk, folder, script=XGBOOST, packages=("xgboost-cpu",))


def predicted(made: Made, name: str, features: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What the worker sends back, one probability a row."""
    asked = Launch(interpreter=made.interpreter, model=made.folder / name, wanted=Kind.LABELS)
    with launch(asked, deadline=Deadline(120)) as worker:
        found = worker.predict(pa.RecordBatch.from_pandas(features, preserve_index=False))
        assert worker.finish().finished
    assert found.kind is Kind.VALUES
    return np.asarray(found.values)


@pytest.mark.parametrize("name", ["plain", "tensors"])
def test_onnx_predicts_as_its_own_runtime_does(name: str, onnx: Made) -> None:
    found = predicted(onnx, name, FEATURES)
    assert np.allclose(found, onnx.expected, rtol=1e-6)


def test_xgboost_predicts_as_it_does_itself(xgboost: Made) -> None:
    assert np.allclose(predicted(xgboost, "plain", FEATURES), xgboost.expected, rtol=1e-6)


def test_models_of_two_flavours_are_judged_on_the_same_rows(desk: Desk, onnx: Made, xgboost: Made) -> None:
    assert [find_spec(name) for name in ("onnx", "onnxruntime", "xgboost")] == [None] * 3
    report = desk.judged(
        policy(checks=METRICS, environment="model"),
        files={DATA: as_parquet(holdout()[["x0", "x1", "label"]])},
        challenger=desk.version(xgboost.folder / "plain"),
        champion=desk.version(onnx.folder / "tensors"),
    )
    assert report.reason is ReasonCode.VALIDATED, told(report)
    assert not [line for line in desk.log if "building" in line]
    assert report.evidence is not None
    found = report.evidence.measurement
    assert isinstance(found, Measurement)
    assert found.champion is not None
    assert found.champion.environment != found.challenger.environment
    assert found.champion.environment.startswith("own requirements ")
    truth = (holdout()["label"] == "Yes").to_numpy()
    for role, made in (("challenger", xgboost), ("champion", onnx)):
        called = made.expected >= 0.5
        f1 = 2 * (called & truth).sum() / (called.sum() + truth.sum())
        assert getattr(found.estimates["f1_score"], role) == pytest.approx(f1)
