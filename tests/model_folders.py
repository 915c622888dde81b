"""Model folders as MLflow writes them, without logging: a pyfunc whose code a test writes out.

There is no pickle in them; MLflow runs their code when it loads them, as it does with anybody's model.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import sysconfig
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from promoter.evaluation.sandbox.environments import Interpreter

FEATURES = ("tenure", "charges")


@dataclass(frozen=True)
class Unlimited:
    """A deadline that is never met."""

    seconds: float = 600.0

    def remaining(self) -> float:
        """Seconds left."""
        return self.seconds


def write_model(folder: Path, *, predict: str, load: str = "", top: str = "") -> Path:
    """A model: Python for the body of `predict(self, frame)`, of its loading, and of its module."""
    code = folder / "code"
    code.mkdir(parents=True)
    (code / "the_model.py").write_text(
        "import numpy, os, sys, time\n"
        f"{textwrap.dedent(top)}\n"
        "class Model:\n"
        "    calls = 0\n"
        "    def predict(self, frame):\n"
        "        self.calls += 1\n"
        f"{textwrap.indent(textwrap.dedent(predict), ' ' * 8)}\n"
        "def _load_pyfunc(path):\n"
        f"{textwrap.indent(textwrap.dedent(load) or 'pass', ' ' * 4)}\n"
        "    return Model()\n",
        encoding="utf-8",
    )
    (folder / "MLmodel").write_text(
        "flavors:\n  python_function:\n    code: code\n    loader_module: the_model\n"
        f"mlflow_version: 3.17.2\npython_version: {platform.python_version()}\n",
        encoding="utf-8",
    )
    return folder


def batch(rows: int = 100) -> pa.RecordBatch:
    """Features of that many rows, the same at every call."""
    numbers = np.random.default_rng(7)
    return pa.record_batch(
        {"tenure": numbers.integers(0, 72, rows), "charges": numbers.normal(64.0, 30.0, rows)}
    )


_PYFUNC = """
import importlib, pathlib, sys

class Loaded:
    def __init__(self, model):
        self.predict, self.metadata = model.predict, self
    def get_input_schema(self):
        return None

def load_model(folder):
    text = (pathlib.Path(folder) / "MLmodel").read_text()
    sys.path.insert(0, folder + "/code")
    return Loaded(importlib.import_module("the_model")._load_pyfunc(folder))
"""


def light_interpreter(folder: Path) -> Interpreter:
    """An environment with pandas and pyarrow, and in MLflow's place the few lines that load `write_model`."""
    packages = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (packages / "mlflow").mkdir(parents=True)
    (packages / "mlflow" / "__init__.py").touch()
    (packages / "mlflow" / "pyfunc.py").write_text(_PYFUNC, encoding="utf-8")
    ours = Path(sysconfig.get_path("purelib"))
    for name in (
        "numpy",
        "numpy.libs",
        "pandas",
        "pandas.libs",
        "pyarrow",
        "pyarrow.libs",
        "dateutil",
        "six.py",
    ):
        # A link would lead out of the environment, and a model's process may read nothing there.
        if (ours / name).is_dir():
            shutil.copytree(ours / name, packages / name, copy_function=_same_file)
        elif (ours / name).exists():
            _same_file(str(ours / name), str(packages / name))
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\n", encoding="utf-8")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(base)
    return Interpreter(path=folder / "bin" / "python", name="light")


def _same_file(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)  # with its time, or nothing compiled before is used
