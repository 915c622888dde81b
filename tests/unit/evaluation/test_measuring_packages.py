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


@pytest.mark.parametrize("missing", [["pyarrow"], ["numpy", "pandas", "pyarrow", "scipy"]])
def test_what_is_not_installed_is_named_with_how_to_install_it(missing: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", _PROGRAM, *missing],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reason, message, hint = done.stdout.split("|")
    assert reason == "usage_invalid"
    assert ", ".join(missing) in message
    assert "pip install 'promoter[inference]'" in hint
