"""Change the deciding modules, one small thing at a time, and see whether their unit tests notice.

    python -m tests.mutation.run [--only verdict|approval|plan] [--at-least 90]

Prints a score for each: the share of mutants that a test noticed, or that never came to an end. The others
follow. Exits with 1 where a score is below `--at-least` percent. Each mutant is played in a process forked
from this one, which has imported pytest and hypothesis, and nothing of Promoter.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.util
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutation.mutants import Mutant, mutants
from tests.mutation.targets import TARGETS, Target

ROOT = Path(__file__).parents[2]
_SECONDS = 60
_AT_ONCE = 2
_PROFILE = "mutants"
_SURVIVED = 0
_NO_ANSWER = 99
# pytest's exit codes: a test failed; collection ended early, because the module cannot be imported any more.
_NOTICED = frozenset({1, 2})


@dataclass(frozen=True, kw_only=True)
class Score:
    """How many mutants of a target there were, and those that no test noticed."""

    target: Target
    tried: int
    survivors: tuple[Mutant, ...]

    @property
    def noticed(self) -> int:
        """How many of them some test noticed."""
        return self.tried - len(self.survivors)


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds one module as a mutant has it."""

    def __init__(self, target: Target, source: str) -> None:
        self._target, self._source = target, source

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        found = fullname == self._target.name
        return importlib.util.spec_from_loader(fullname, self) if found else None

    def get_source(self, fullname: str) -> str:
        return self._source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, str(ROOT / self._target.module), "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        exec(self.get_code(module.__name__), module.__dict__)


def score(target: Target) -> Score:
    """Try all mutants of a target, two at the same time.

    Raises ValueError where its tests fail, or are none, before anything is changed, and where this process
    has imported it: its children would never see a mutant.
    """
    if target.name in sys.modules:
        raise ValueError(f"{target.name} is imported already")
    _prepare()
    source = (ROOT / target.module).read_text(encoding="utf-8")
    before = _ended(_start(target, source))
    if before != _SURVIVED:
        raise ValueError(f"{', '.join(target.tests)}: pytest ends with {before} before anything is changed")
    tried = list(mutants(source))
    survivors: list[Mutant] = []
    running: dict[int, Mutant] = {}
    for mutant in tried:
        if len(running) == _AT_ONCE:
            _collect(running, survivors)
        running[_start(target, mutant.source)] = mutant
    while running:
        _collect(running, survivors)
    return Score(
        target=target, tried=len(tried), survivors=tuple(sorted(survivors, key=lambda one: one.line))
    )


def _prepare() -> None:
    os.chdir(ROOT)
    # Each process would load them all again, and none of these tests needs one.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    settings.register_profile(
        _PROFILE,
        # A slow machine is no mutant that was noticed.
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[*HealthCheck],
    )


def _collect(running: dict[int, Mutant], survivors: list[Mutant]) -> None:
    pid, status = os.wait()
    mutant = running.pop(pid)
    if _verdict(status) == _SURVIVED:
        survivors.append(mutant)


def _ended(pid: int) -> int:
    return _verdict(os.waitpid(pid, 0)[1])


def _verdict(status: int) -> int:
    """pytest's exit code, or the number of the signal that ended it, below zero.

    Raises ValueError for a code that says nothing of the mutant.
    """
    code = os.waitstatus_to_exitcode(status)
    if code not in {_SURVIVED, -signal.SIGALRM, *_NOTICED}:
        raise ValueError(f"pytest ended with {code}, which says nothing of the mutant")
    return code


def _start(target: Target, source: str) -> int:
    """Play the target's tests on this source, in a process of its own. Its id."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(_SECONDS)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    code = _NO_ANSWER
    try:
        sys.dont_write_bytecode = True
        sys.meta_path.insert(0, _Mutated(target, source))
        settings.load_profile(_PROFILE)
        code = pytest.main(["-x", "-q", "--noconftest", "-p", "no:cacheprovider", *target.tests])
    finally:
        os._exit(code)


def _lines(scores: Sequence[Score]) -> Iterator[str]:
    for one in scores:
        yield (
            f"  {one.target.module:<40} {one.noticed:>4} of {one.tried:>4} noticed  {_percent([one]):>5.1f} %"
        )
        yield from (f"    line {mutant.line:>3}: {mutant.change}" for mutant in one.survivors)


def _percent(scores: Sequence[Score]) -> float:
    return 100 * sum(one.noticed for one in scores) / sum(one.tried for one in scores)


def main(arguments: Sequence[str]) -> int:
    """Score what was asked for. The exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=[*TARGETS])
    options.add_argument("--at-least", type=float, default=90.0, metavar="PERCENT")
    asked = options.parse_args(arguments)
    low = False
    for name in [asked.only] if asked.only else TARGETS:
        scores = [score(target) for target in TARGETS[name]]
        sys.stdout.write(f"== {name}: {_percent(scores):.1f} %\n" + "\n".join(_lines(scores)) + "\n")
        sys.stdout.flush()
        low = low or _percent(scores) < asked.at_least
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
