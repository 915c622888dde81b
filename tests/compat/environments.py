"""Environments to try, kept between runs: MLflow's server in one, Promoter as installed in another."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.compat.plan import numbers

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
_ROOT = Path(__file__).parents[2]
_UV = Path(sys.executable).with_name("uv")
# What the tests themselves import, beside what Promoter does.
_TESTS = (
    "pip",
    "pytest",
    "pytest-xdist",
    "pytest-cov",
    "hypothesis",
    "responses",
    "jsonschema",
    "openapi-core==0.23.1",
    "graphql-core",
    "markdown-it-py",
    "moto[s3]",
    "flask",
    "skops",
    "scikit-learn",
    "uv",
)
# MLflow 3.3.0 allows every SQLAlchemy 2 and imports a class that 2.1 no longer has.
_OLD_SQLALCHEMY = ("sqlalchemy<2.1",)
_TAKES_SQLALCHEMY_2_1 = (3, 10, 0)


class CannotMakeError(RuntimeError):
    """An environment could not be made."""


def server(cache: Path, *, version: str, python: str) -> Path:
    """The interpreter of an environment with the full MLflow, and what its basic auth needs."""
    old = numbers(version) < _TAKES_SQLALCHEMY_2_1
    wanted = [f"mlflow=={version}", "flask-wtf", *(_OLD_SQLALCHEMY if old else ())]
    return _made(cache / f"server-{version}-python-{python}", wanted, python=python)


def client(cache: Path, *, version: str, python: str) -> Path:
    """The interpreter of an environment with Promoter as it is in this folder, and the small MLflow."""
    folder = cache / f"client-{version}-python-{python}"
    found = _made(folder, [f"mlflow-skinny=={version}", f"{_ROOT}[inference]", *_TESTS], python=python)
    # The environment may be older than the source.
    _install(found, ["--no-deps", "--reinstall-package", "promoter", str(_ROOT)])
    return found


def _made(folder: Path, wanted: list[str], *, python: str) -> Path:
    found = folder / "bin" / "python"
    ready = folder / ".ready"
    asked = "\n".join(wanted)
    if ready.is_file() and ready.read_text(encoding="utf-8") == asked and found.exists():
        return found
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # This interpreter itself, where it is of that version: it may be nowhere on the path.
    base = sys.executable if python == RUNNING else python
    _run(["venv", "--quiet", "--no-python-downloads", "--python", base, str(folder)])
    _install(found, wanted)
    ready.write_text(asked, encoding="utf-8")
    return found


def _install(interpreter: Path, wanted: list[str]) -> None:
    _run(["pip", "install", "--quiet", "--python", str(interpreter), *wanted])


def _run(arguments: list[str]) -> None:
    done = subprocess.run([str(_UV), *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise CannotMakeError(done.stderr.strip())
