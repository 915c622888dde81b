"""Promoter installed alone, and a policy that has models scored: what is missing is told, before any work."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# A name that is None among the modules is, to Python, not installed. Run in a process of its own: it would
# spoil ours.
_PROGRAM = """
import sys
for name in sys.argv[1:]:
    sys.modules[name] = None
from promoter.evaluation.measuring import LocalMeasurer
from promoter.errors import PromoterError
measurer = LocalMeasurer(repository=None, variables={}, cache=None, deadline=None, log=None)
try:
    measurer.measure(None, None)
except PromoterError as error:
    print(error.reason, error.message, error.hint, sep="|")
"""


def told_by(program: str, *missing: str) -> list[str]:
    """Reason, message and hint that a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *missing],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("|")


@pytest.mark.parametrize("missing", [["pyarrow"], ["numpy", "pandas", "pyarrow", "scipy"]])
def test_what_is_not_installed_is_named_with_how_to_install_it(missing: list[str]) -> None:
    reason, message, hint = told_by(_PROGRAM, *missing)
    assert reason == "usage_invalid"
    assert ", ".join(missing) in message
    assert "pip install 'promoter[inference]'" in hint


_SPARK = """
import sys
for name in ("pyspark", "grpc"):
    sys.modules[name] = None
from pathlib import Path
from promoter.core.layers import Strictness
from promoter.errors import PromoterError
from promoter.evaluation.engines.spark_measuring import SparkMeasurer
from types import SimpleNamespace
measurer = SparkMeasurer(variables={}, deadline=None, log=None, fetch=None)
rule = SimpleNamespace(unsafe_sandbox=Strictness.BEST_EFFORT)
try:
    measurer.measure(SimpleNamespace(rule=rule), None, folder=Path("."))
except PromoterError as error:
    print(error.reason, error.message, error.hint, sep="|")
"""


def test_a_policy_that_wants_spark_says_what_to_install_for_it() -> None:
    reason, message, hint = told_by(_SPARK)
    assert reason == "usage_invalid"
    assert "pyspark, grpcio" in message
    assert "pip install 'promoter[spark]'" in hint
