"""Models that are started before they are asked: taken once, and never left behind."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from promoter.core.policy import Task
from promoter.evaluation.ahead import Ahead, Runnable, wanted_by
from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.confinement import descendants
from promoter.evaluation.sandbox.environments import Interpreter
from promoter.text import say
from tests.builders import a_model_rule
from tests.model_folders import Unlimited, light_interpreter, write_model


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    return light_interpreter(tmp_path_factory.mktemp("environment"))


@pytest.fixture
def model(tmp_path: Path, python: Interpreter) -> Runnable:
    files = write_model(tmp_path / "model", predict="return numpy.full(len(frame), str(os.getpid()))")
    return Runnable(files=files, interpreter=python)


RULE = a_model_rule(task=Task.BINARY)
ROWS = pa.RecordBatch.from_arrays([pa.array(np.arange(3.0))], names=["tenure"])


def processes() -> set[int]:
    return set(descendants(os.getpid()))


def test_what_was_started_is_what_is_taken_and_ends_with_whoever_took_it(model: Runnable) -> None:
    before = processes()
    with Ahead(deadline=Unlimited()) as ahead:
        ahead.start(model, RULE)
        started = processes() - before
        with ExitStack() as stack:
            worker = ahead.taken(model, RULE, wanted=Kind.LABELS, stack=stack)
            assert started
            assert processes() - before == started
            assert len(worker.predict(ROWS).labels) == 1
        assert processes() <= before


def test_what_nobody_took_ends_with_the_context(model: Runnable) -> None:
    before = processes()
    with Ahead(deadline=Unlimited()) as ahead:
        ahead.start(model, RULE)
        assert processes() - before
    assert processes() <= before


def test_whoever_comes_second_gets_a_process_of_its_own(model: Runnable) -> None:
    before = processes()
    with Ahead(deadline=Unlimited()) as ahead, ExitStack() as stack:
        ahead.start(model, RULE)
        first, second = (ahead.taken(model, RULE, wanted=Kind.LABELS, stack=stack) for _ in range(2))
        assert first.predict(ROWS).labels != second.predict(ROWS).labels
    assert processes() <= before


def test_one_that_cannot_run_is_not_started(model: Runnable) -> None:
    before = processes()
    broken = Runnable(files=model.files, interpreter=None, problem=say("no such package"))
    with Ahead(deadline=Unlimited()) as ahead:
        ahead.start(broken, RULE)
        assert processes() <= before


@pytest.mark.parametrize(
    ("task", "kind"),
    [(Task.BINARY, Kind.LABELS), (Task.MULTICLASS, Kind.LABELS), (Task.REGRESSION, Kind.VALUES)],
)
def test_numbers_are_wanted_of_a_regression_alone(task: Task, kind: Kind) -> None:
    assert wanted_by(task) is kind
