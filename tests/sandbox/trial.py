"""Trying one attack: through the real launcher, judged by what happened around it rather than by its word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from promoter.errors import PromoterError
from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.child_process import Sandbox
from promoter.evaluation.sandbox.environments import IMAGE, Interpreter
from promoter.evaluation.sandbox.launcher import Launch, Limits, Worker, launch
from promoter.evaluation.sandbox.problems import ModelProblem
from tests.model_folders import Unlimited, batch, write_model
from tests.oracles import runner_commands
from tests.sandbox.attack import ROWS, Attack, Beside, Control, Ends, When
from tests.sandbox.hostile_models import NEIGHBOUR, write_hostile
from tests.sandbox.surroundings import CANARY, Surroundings, left_behind, surroundings

_LOAD_SECONDS = 60.0
_GRACE = 5.0
_READ_PAST_MODES = 2
_ALONE = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
import importlib
attack = getattr(importlib.import_module("tests.sandbox.attacks." + sys.argv[2]), sys.argv[3])
if sys.argv[4] == "anybody" and os.geteuid() == 0:
    os.setgroups([]); os.setresgid(65001, 65001, 65001); os.setresuid(65001, 65001, 65001)
print(json.dumps(attack(json.loads(sys.argv[5]))))
"""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of an attack. No `escapes`: it got nothing, ended in time and left nothing.

    `control`: what the same code got without a sandbox; None where it was not tried so.
    """

    name: str
    row: str
    tries: str
    outcome: str
    seconds: float
    escapes: list[str] = field(default_factory=list)
    control: list[str] | None = None


@dataclass
class _Told:
    """What a model's process answered: labels, or the message of a problem."""

    labels: tuple[str, ...] = ()
    problem: str = ""
    seconds: float = 0.0
    user: int | None = None
    missing: tuple[str, ...] = ()


class Trials:
    """Tries attacks, each in its own surroundings below `folder`. Pickles run on our own interpreter."""

    def __init__(self, folder: Path, *, interpreter: Interpreter) -> None:
        self._folder = folder
        self._light = interpreter

    def run(self, attack: Attack) -> Result:
        """One of them, from beginning to end."""
        name = attack.name.replace(" ", "-")
        with surroundings(self._folder / name) as around, ExitStack() as stack:
            neighbour = stack.enter_context(self._beside(attack, around))
            around.told |= {
                "rows": ROWS,
                "from_root": os.geteuid() == 0,
                "most_memory": attack.memory,
                "most_processes": attack.sandbox.processes,
                "most_files": attack.sandbox.open_files,
                "most_disk": attack.sandbox.disk,
                "allowed_capability": 0 if _is_open(self._light.path) else _READ_PAST_MODES,
            }
            model = write_hostile(self._folder / f"{name}-model", attack, around.told)
            around.settle()
            told = self._try(attack, model)
            escapes = [*_judge(attack, told), *around.marks()]
            if neighbour is not None and neighbour.predict(batch(ROWS)).labels != ("as it was",):
                escapes.append("the model beside it was changed")
            control = self._control(attack, model, around) if attack.control is not Control.NONE else None
        return Result(
            name=attack.name,
            row=attack.row,
            tries=attack.tries,
            outcome=told.problem[:300] or ("predicts as usual, got nothing" if not escapes else "predicts"),
            seconds=round(told.seconds, 1),
            escapes=escapes,
            control=control,
        )

    def _try(self, attack: Attack, model: Path) -> _Told:
        told = _Told()
        begin = time.monotonic()
        limits = Limits(
            load_seconds=attack.seconds if _ends_loading(attack) else _LOAD_SECONDS,
            batch_seconds=attack.seconds,
            memory=attack.memory,
            threads=1,
        )
        interpreter = IMAGE if attack.when in {When.UNPICKLING, When.UNPICKLING_SKLEARN} else self._light
        asked = Launch(
            interpreter=interpreter, model=model, wanted=Kind.LABELS, limits=limits, sandbox=attack.sandbox
        )
        with launch(asked, deadline=Unlimited()) as worker:
            told.user = worker.confinement.user
            told.missing = tuple(layer.value for layer in worker.confinement.missing)
            try:
                if not _ends_loading(attack):
                    worker.load()
                    begin = time.monotonic()
                told.labels = worker.predict(batch(ROWS)).labels
                told.problem = str(worker.finish().problem)
            except ModelProblem as problem:
                told.problem = str(problem)
        told.seconds = time.monotonic() - begin
        return told

    @contextmanager
    def _beside(self, attack: Attack, around: Surroundings) -> Iterator[Worker | None]:
        """Another model, that holds a secret."""
        if attack.beside is Beside.NOBODY:
            yield None
            return
        model = write_model(around.folder.parent / f"{around.folder.name}-beside", predict=NEIGHBOUR)
        asked = Launch(interpreter=self._light, model=model, wanted=Kind.LABELS, sandbox=Sandbox())
        with launch(asked, deadline=Unlimited()) as worker:
            process, folder, address = worker.predict(batch(ROWS)).labels[0].split("|")
            around.told |= {
                "other_process": int(process),
                "other_folder": folder,
                "other_address": int(address),
            }
            yield worker

    def _control(self, attack: Attack, model: Path, around: Surroundings) -> list[str]:
        """The same code, without anything around it."""
        work = around.folder / "shared"
        world = {**around.told, "control": True}
        words = [str(model / "code"), attack.module, attack.function.__name__, attack.control.value]
        around.settle()
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _ALONE, *words, json.dumps(world)],
            cwd=work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        try:
            found: list[str] = json.loads(done.stdout)
        except ValueError:
            return [f"failed: {done.stderr[-300:]}"]
        return [*found, *around.marks()] if found else []


def _ends_loading(attack: Attack) -> bool:
    return attack.when is When.LOADING and attack.ends is Ends.AS_A_PROBLEM


def _is_open(interpreter: Path) -> bool:
    """Whether any user may run it, through every folder on the way."""
    path = interpreter.resolve()
    return all(folder.stat().st_mode & 1 for folder in path.parents)


def _judge(attack: Attack, told: _Told) -> list[str]:
    """What should not be, by its answer and by what it left."""
    if attack.ends is Ends.PREDICTING:
        right = told.labels == (attack.predicts,)
        found = [] if right else [*told.labels, told.problem]
    else:
        right = bool(told.problem) and attack.said in told.problem
        found = [] if right else [f"ended otherwise: {told.problem or told.labels}"]
    if CANARY in told.problem:
        found.append("the problem's message holds what is ours")
    if runner_commands(told.problem) or len(told.problem.splitlines()) > 1:
        found.append(f"the message holds a command: {told.problem!r}")
    if told.seconds > attack.seconds + _GRACE:
        found.append(f"took {told.seconds:.1f} s of {attack.seconds:g}")
    found += [f"without {layer}" for layer in told.missing]
    return [*found, *(left_behind(told.user) if told.user is not None else [])]


def attempt(trials: Trials, attack: Attack) -> Result:
    """The same; a failure of ours counts as an escape, and tells what it is."""
    try:
        return trials.run(attack)
    except (PromoterError, OSError, ValueError, subprocess.SubprocessError) as error:
        return Result(
            name=attack.name,
            row=attack.row,
            tries=attack.tries,
            outcome="not tried",
            seconds=0.0,
            escapes=[f"not tried: {type(error).__name__}: {error}"],
        )
