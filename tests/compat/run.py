"""Tries MLflow's and Python's versions with the project's own tests, and prints what became of each.

    python -m tests.compat.run [--mlflow 3.3.0 …] [--python 3.11 …] [--suite contract|story|unit]
                               [--cache FOLDER]

Every environment is made anew or taken from the cache folder; the server is a real one, asked over HTTP.
Exits with 1 when a test failed. `--python` is a version, as uv finds it on the path; none is downloaded.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

from tests.compat import environments
from tests.compat.plan import BETWEEN, LEFT_OUT, NEWEST, OLDEST, PATHS, Suite, Trial, absent, trials
from tests.mlflow_server import INTERPRETER

_ROOT = Path(__file__).parents[2]
_CACHE = _ROOT / ".venv" / "compat"
_LONGEST = 3_600
_TESTS_FAILED = 1
_HEAD = ("MLflow server", "client", "Python", "tests", "passed", "failed", "not there")


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of one trial; `absent` counts tests by why they could not run there."""

    trial: Trial
    passed: int = 0
    failed: tuple[str, ...] = ()
    absent: Counter[str] = field(default_factory=Counter)
    broken: str = ""
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether tests ran, and none failed."""
        return self.passed > 0 and not self.failed and not self.broken


def main(arguments: Sequence[str]) -> int:
    """Try them, print the table. The exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mlflow", nargs="+", default=[OLDEST, BETWEEN, NEWEST])
    options.add_argument("--python", nargs="+", default=[environments.RUNNING])
    options.add_argument("--suite", type=Suite, choices=list(Suite), default=Suite.STORY)
    options.add_argument("--cache", type=Path, default=_CACHE)
    asked = options.parse_args(arguments)
    results = []
    for trial in trials(asked.mlflow, pythons=asked.python, suite=asked.suite):
        sys.stderr.write(f"{trial.suite}: {_named(trial)}\n")
        results.append(attempt(trial, cache=asked.cache, server_python=asked.python[0]))
        sys.stderr.write(f"{told(results[-1])}\n")
    sys.stdout.write(table(results))
    return 0 if all(result.is_good for result in results) else _TESTS_FAILED


def attempt(trial: Trial, *, cache: Path, server_python: str) -> Result:
    """Make the two environments, run the tests in one against a server of the other."""
    begin = time.monotonic()
    try:
        server = environments.server(cache, version=trial.server, python=server_python)
        client = environments.client(cache, version=trial.client, python=trial.python)
    except environments.CannotMakeError as error:
        return Result(trial=trial, broken=str(error), seconds=time.monotonic() - begin)
    missing = {one.test: one.why for one in absent(trial)}
    paths = [path for path in PATHS[trial.suite] if path not in missing]
    with tempfile.TemporaryDirectory(prefix="promoter-compat-") as folder:
        report = Path(folder, "report.xml")
        words = [str(client), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        # As it was installed: nothing of this folder's source is on the path.
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [*words, *paths, *LEFT_OUT[trial.suite]],
            cwd=_ROOT,
            env={**variables, INTERPRETER: str(server)},
            check=False,
            timeout=_LONGEST,
            stdout=subprocess.PIPE,
            text=True,
        )
        (cache / f"{trial.suite}, {_named(trial)}.log").write_text(done.stdout, encoding="utf-8")
        if not report.is_file():
            return Result(trial=trial, broken=done.stdout[-2_000:], seconds=time.monotonic() - begin)
        found = read_report(trial, report.read_text(encoding="utf-8"), seconds=time.monotonic() - begin)
        return replace(found, absent=found.absent + Counter(missing.values()))


def read_report(trial: Trial, report: str, *, seconds: float) -> Result:
    """What pytest's JUnit report says."""
    passed, failed, absent = 0, [], Counter[str]()
    for case in ElementTree.fromstring(report).iter("testcase"):
        skipped = case.find("skipped")
        if skipped is not None:
            absent[skipped.get("message", "")] += 1
        elif case.find("failure") is not None or case.find("error") is not None:
            failed.append(f"{case.get('classname')}::{case.get('name')}")
        else:
            passed += 1
    return Result(trial=trial, passed=passed, failed=tuple(failed), absent=absent, seconds=seconds)


def table(results: Sequence[Result]) -> str:
    """All of it, as Markdown; below, what failed and what was not there, with why."""
    lines = [_row(_HEAD), _row(("---",) * len(_HEAD)), *(_row(_cells(result)) for result in results)]
    for result in results:
        lines += [f"FAILED ({_named(result.trial)}) {name}" for name in result.failed]
        lines += [f"BROKEN ({_named(result.trial)}) {result.broken}"] if result.broken else []
    reasons = sum((result.absent for result in results), Counter[str]())
    lines += [f"not there, {count} in all: {why}" for why, count in sorted(reasons.items())]
    return "\n".join(lines) + "\n"


def told(result: Result) -> str:
    """One trial in a line."""
    return f"  {'good' if result.is_good else 'NOT GOOD'} after {result.seconds:.0f} s"


def _named(trial: Trial) -> str:
    return f"server {trial.server}, client {trial.client}, Python {trial.python}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(result: Result) -> tuple[str, ...]:
    trial = result.trial
    counts = (result.passed, len(result.failed), result.absent.total())
    return (trial.server, trial.client, trial.python, trial.suite, *(f"{count}" for count in counts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
