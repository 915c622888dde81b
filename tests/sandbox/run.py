"""Tries every attack and prints what became of it; exits with 1 when one escaped.

    python -m tests.sandbox.run [--json FILE] [--only WORD] [--here]

It starts itself once more with secrets in its variables, and in a process namespace of its own where that can
be had: whatever an attack may end then, it ends there. `--here`: it is already so.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from promoter.evaluation.sandbox import confinement
from tests.model_folders import light_interpreter
from tests.sandbox.attack import Attack
from tests.sandbox.surroundings import CANARY
from tests.sandbox.table import ATTACKS
from tests.sandbox.trial import Result, Trials, attempt

_SIDE_BY_SIDE = 4
_SECRETS = ("GITHUB_TOKEN", "INPUT_GITHUB-TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
_NAMESPACE = ("unshare", "--pid", "--fork", "--mount-proc")


def main(arguments: Sequence[str]) -> int:
    """Try them, print the table. The exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path)
    options.add_argument("--only", default="")
    options.add_argument("--here", action="store_true")
    asked = options.parse_args(arguments)
    if not asked.here:
        return contained("tests.sandbox.run", arguments)
    begin = time.monotonic()
    results = try_all([attack for attack in ATTACKS if asked.only in attack.name])
    if asked.json:
        asked.json.write_text(json.dumps([asdict(result) for result in results]))
    _print(results, seconds=time.monotonic() - begin)
    return 1 if any(result.escapes for result in results) else 0


def contained(module: str, arguments: Sequence[str]) -> int:
    """Start a module of ours where it can harm nobody, with `--here`. Its exit status."""
    allowed = subprocess.run([*_NAMESPACE, "true"], check=False, capture_output=True).returncode == 0
    words = [sys.executable, "-m", module, "--here", *arguments]
    with tempfile.TemporaryDirectory(prefix="escape-suite-") as folder:
        Path(folder).chmod(0o755)
        variables = {**os.environ, **dict.fromkeys(_SECRETS, CANARY), "TMPDIR": folder}
        done = subprocess.run([*(_NAMESPACE if allowed else ()), *words], env=variables, check=False)
    return done.returncode


def try_all(attacks: Sequence[Attack]) -> list[Result]:
    """Each in turn, some side by side; and what is left when all are done, which should be nothing."""
    folder = Path(tempfile.gettempdir())
    trials = Trials(folder, interpreter=light_interpreter(_folder(folder / "environment")))
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        results = list(pool.map(lambda attack: attempt(trials, attack), attacks))
    left = [f"{path} is left" for path in folder.glob("promoter-model-*")]
    left += [f"process {process} is left" for process in confinement.descendants(os.getpid())]
    ended = Result(
        name="all together",
        row="T50",
        tries="What is left when all are done: processes and folders",
        outcome="nothing is left",
        seconds=0.0,
        escapes=left,
    )
    return [*results, ended]


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o755)
    return path


def _print(results: Sequence[Result], *, seconds: float) -> None:
    out = sys.stdout
    out.write(f"{'row':4} {'attack':42} {'s':>5}  {'unconfined':10} outcome\n")
    for result in results:
        control = "-" if result.control is None else "succeeds" if result.control else "fails"
        outcome = "; ".join(["ESCAPED", *result.escapes]) if result.escapes else result.outcome
        out.write(f"{result.row:4} {result.name:42} {result.seconds:5.1f}  {control:10} {outcome[:150]!a}\n")
        out.write(f"     {result.tries}\n")
    escapes = sum(bool(result.escapes) for result in results)
    # The last is what all left together.
    out.write(f"\n{len(results) - 1} attacks, {escapes} escapes, {seconds:.0f} s\n")
    out.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
