"""Score both models on the same rows, each in a process of its own, and count once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from promoter.core.measurement import Measurement, ModelRun
from promoter.core.policy import ModelRule, Task
from promoter.evaluation.dataset import Dataset
from promoter.evaluation.readings import Meaning, Reading, read
from promoter.evaluation.sandbox.answers import Kind
from promoter.evaluation.sandbox.environments import Interpreter
from promoter.evaluation.sandbox.launcher import Launch, Worker, launch
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.tallies import Asked, Tallies, refuse_unknown
from promoter.ports import TimeLeft
from promoter.text import NOTHING, Message, say


@dataclass(frozen=True, kw_only=True)
class Runnable:
    """A model's files and what runs them; `problem` where nothing could be made to."""

    files: Path
    interpreter: Interpreter | None
    problem: Message = NOTHING


@dataclass(frozen=True, kw_only=True)
class Case:
    """What to evaluate. `seed` makes the numbers the same whenever the evidence is."""

    rule: ModelRule
    dataset: Dataset
    columns: tuple[str, ...]
    challenger: Runnable
    champion: Runnable | None
    seed: int


def evaluate(case: Case, *, deadline: TimeLeft, log: Callable[[Message], None]) -> Measurement:
    """Both models on all rows. A model that fails is told in its `ModelRun`: without the challenger nothing
    is estimated, without the champion the challenger alone is.

    Raises POLICY_INVALID for a metric that is not computed, DEADLINE_EXCEEDED.
    """
    asked = _asked(case)
    refuse_unknown(asked)
    tallies = Tallies(asked, case.dataset)
    runs = _score(case, tallies, meaning=asked.meaning, deadline=deadline, log=log)
    if runs[0].finished and not runs[-1].finished:
        # It was stopped with the champion, and whether it answers every row is what a rollback decides by.
        tallies, alone = Tallies(asked, case.dataset), replace(case, champion=None)
        runs = [*_score(alone, tallies, meaning=asked.meaning, deadline=deadline, log=log), runs[-1]]
    base = Measurement(
        data=case.dataset.data,
        challenger=runs[0],
        champion=runs[1] if case.champion else None,
        confidence_level=case.rule.statistics.confidence_level,
        resamples=case.rule.statistics.resamples,
        seed=case.seed,
    )
    if not runs[0].finished:
        return base
    return replace(
        base,
        estimates=tallies.overall(),
        slices=tallies.slices(),
        value=tallies.value(),
        flips=tallies.flips(),
    )


def _asked(case: Case) -> Asked:
    evaluation, labels = case.rule.evaluation, case.dataset.labels
    positive = evaluation.positive_label if evaluation else None
    return Asked(
        checks=case.rule.checks,
        statistics=case.rule.statistics,
        meaning=Meaning(
            task=case.rule.task or Task.REGRESSION,
            labels=labels,
            positive=labels.index(positive) if positive in labels else None,
        ),
        columns=case.columns,
        seed=case.seed,
    )


def _score(
    case: Case,
    tallies: Tallies,
    *,
    meaning: Meaning,
    deadline: TimeLeft,
    log: Callable[[Message], None],
) -> list[ModelRun]:
    """One pass over the data; how each model ran, the challenger first."""
    models = [case.challenger, *([case.champion] if case.champion else [])]
    if any(model.interpreter is None for model in models):
        return [ModelRun(problem=model.problem) for model in models]
    problems: dict[int, Message] = {}
    with ExitStack() as stack:
        workers = [stack.enter_context(_started(model, meaning, deadline=deadline)) for model in models]
        log(say(f"scoring {len(workers)} model(s) on {case.dataset.data.rows:,} rows"))
        _pass(case.dataset, workers, tallies=tallies, meaning=meaning, problems=problems)
        runs = [worker.finish() for worker in workers]
    return [replace(run, problem=problems.get(at, run.problem)) for at, run in enumerate(runs)]


def _started(model: Runnable, meaning: Meaning, *, deadline: TimeLeft) -> AbstractContextManager[Worker]:
    wanted = Kind.VALUES if meaning.task is Task.REGRESSION else Kind.LABELS
    assert model.interpreter is not None
    return launch(Launch(interpreter=model.interpreter, model=model.files, wanted=wanted), deadline=deadline)


def _pass(
    dataset: Dataset,
    workers: list[Worker],
    *,
    tallies: Tallies,
    meaning: Meaning,
    problems: dict[int, Message],
) -> None:
    """Stops at the first model that fails. A worker knows its own problem; `problems` tells whose predictions
    meant nothing."""
    with suppress(ModelProblem):
        for worker in workers:
            worker.load()
        for batch in dataset.batches():
            for worker in workers:
                worker.send(batch.features)
            answers = [worker.receive() for worker in workers]
            readings: list[Reading] = []
            for at, answer in enumerate(answers):
                try:
                    readings.append(read(answer, meaning))
                    tallies.require(readings[-1])
                except ModelProblem as problem:
                    problems[at] = problem.message
                    raise
            tallies.add(batch, readings[0], champion=readings[1] if len(readings) > 1 else None)
