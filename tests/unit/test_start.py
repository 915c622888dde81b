"""What starting costs: help, version and the schema must not pay for MLflow or PyGithub."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SLOW = ("mlflow", "github", "requests", "pandas", "sklearn", "promoter.demo")
_PROGRAM = f"""
import sys
from promoter.cli import main
try:
    status = main(sys.argv[1:])
except SystemExit as done:
    status = done.code
sys.stderr.write("imported:" + ",".join(name for name in {_SLOW!r} if name in sys.modules))
raise SystemExit(status)
"""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["validate", "--help"], ["--version"], ["schema", "policy"]]
)
def test_it_imports_neither_mlflow_nor_github(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", _PROGRAM, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stderr == "imported:"


def test_a_wrong_option_costs_no_more() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", _PROGRAM, "validate", "--no-such-option"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.endswith("imported:")


def test_the_oracle_sees_what_is_imported() -> None:
    program = _PROGRAM.replace("import sys\n", "import sys, requests\n", 1)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, "--version"], capture_output=True, text=True, check=True
    )
    assert done.stderr == "imported:requests"
