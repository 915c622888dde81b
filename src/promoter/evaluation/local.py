"""Score the models on the same rows, each in a process of its own or by what it logged, and count once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from promoter.core.measurement import Estimate, Measurement, ModelRun, ReferenceMeasurement
from promoter.core.policy import ModelRule, Task
from promoter.core.progress import UNTOLD, Progress, Step, Unit
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.ahead import Ahead, Runnable, wanted_by
from promoter.evaluation.dataset import Batch, Dataset
from promoter.evaluation.pictures import PictureTally
from promoter.evaluation.prediction_source import Logged, Running, open_logged
from promoter.evaluation.readings import Meaning, ReadAnew, Reader, Reading
from promoter.evaluation.scoring import Scorer, score
from promoter.evaluation.tallies import Asked, Tallies, refuse_unknown
from promoter.ports import TimeLeft
from promoter.text import Message, say

Model = Runnable | Logged


@dataclass(frozen=True, kw_only=True)
class Case:
    """What to evaluate. `seed` makes the numbers the same whenever the evidence is.

    `reference` is what the challenger is compared with too; where it equals one of the other two, that one's
    predictions serve, and nothing runs twice.
    """

    rule: ModelRule
    dataset: Dataset
    columns: tuple[str, ...]
    challenger: Model
    champion: Model | None
    seed: int
    reference: Model | None = None
    reference_version: str = ""


class _Role(Enum):
    """Their order is the order in which models are asked."""

    CHALLENGER = auto()
    CHAMPION = auto()
    REFERENCE = auto()


def evaluate(
    case: Case,
    *,
    deadline: TimeLeft,
    log: Callable[[Message], None],
    progress: Progress = UNTOLD,
    ahead: Ahead | None = None,
) -> Measurement:
    """All models on all rows. A model that fails is told in its `ModelRun`: without the challenger nothing
    is estimated, without the champion or the reference the others are. `ahead` has what is loading already.

    Raises POLICY_INVALID for a metric that is not computed, CHECK_UNAVAILABLE where the sandbox is not whole
    and has to be, DEADLINE_EXCEEDED.
    """
    tick = Tick(deadline)
    asked = _asked(case, tick=tick)
    refuse_unknown(asked)
    started = ahead or Ahead(deadline=deadline)
    runs, counted = _scored(case, asked, ahead=started, log=log, progress=progress)
    base = Measurement(
        data=case.dataset.data,
        challenger=runs[_Role.CHALLENGER],
        champion=runs.get(_Role.CHAMPION),
        reference=_reference(case, runs, estimates={}),
        confidence_level=case.rule.statistics.confidence_level,
        resamples=case.rule.statistics.resamples,
        seed=case.seed,
    )
    if not base.challenger.finished or counted is None:
        return base
    with progress.step(say("computing figures and their intervals"), unit=Unit.TIME) as tick.step:
        estimates = counted.main.overall()
        beside = counted.beside.overall() if counted.beside else estimates
        return replace(
            base,
            reference=_reference(case, runs, estimates=beside),
            estimates=estimates,
            slices=counted.main.slices(),
            value=counted.main.value(),
            flips=counted.main.flips(),
            pictures=counted.pictures.pictures(counted.main),
        )


@dataclass
class Tick:
    """Between two chunks of draws: whoever looks on is told, and the run ends where no time is left."""

    deadline: TimeLeft
    step: Step = UNTOLD

    def __call__(self) -> None:
        self.step.advance(0)
        if self.deadline.remaining() <= 0:
            raise PromoterError(
                ReasonCode.DEADLINE_EXCEEDED,
                say("the deadline was reached while intervals were computed"),
                hint=say(
                    "Nothing was decided. Raise the `deadline` input, or ask for fewer `resamples`, slices "
                    "or metrics."
                ),
            )


def _asked(case: Case, *, tick: Callable[[], None]) -> Asked:
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
        tick=tick,
    )


def _models(case: Case) -> dict[_Role, Model]:
    """Whom to score, in the order of their roles."""
    models = {_Role.CHALLENGER: case.challenger}
    if case.champion is not None:
        models[_Role.CHAMPION] = case.champion
    if case.reference is not None and case.reference not in models.values():
        models[_Role.REFERENCE] = case.reference
    return models


def _reference(
    case: Case, runs: Mapping[_Role, ModelRun], *, estimates: Mapping[str, Estimate]
) -> ReferenceMeasurement | None:
    """The challenger beside the reference, which may be the champion, and has no figures beside itself."""
    if case.reference is None:
        return None
    same = [role for role, model in _models(case).items() if model == case.reference]
    run = runs[same[0]]
    compared = run.finished and same[0] is not _Role.CHALLENGER
    return ReferenceMeasurement(
        version=case.reference_version, run=run, estimates=estimates if compared else {}
    )


@dataclass(kw_only=True)
class _Counted:
    """What is counted in one pass: of the challenger and the champion, for figures and for pictures, and
    beside the reference."""

    roles: Sequence[_Role]
    main: Tallies
    pictures: PictureTally
    beside: Tallies | None = None

    def add(self, batch: Batch, readings: Sequence[Reading]) -> None:
        """Count one batch."""
        of = dict(zip(self.roles, readings, strict=True))
        challenger = of[_Role.CHALLENGER]
        self.main.add(batch, challenger, champion=of.get(_Role.CHAMPION))
        self.pictures.add(batch, challenger, champion=of.get(_Role.CHAMPION))
        if self.beside is not None:
            self.beside.add(batch, challenger, champion=of[_Role.REFERENCE])


@dataclass(kw_only=True)
class _Pass:
    """Models to score together, and what their readers have learned of them."""

    models: Mapping[_Role, Model]
    asked: Asked
    dataset: Dataset
    rule: ModelRule
    ahead: Ahead
    progress: Progress
    readers: Mapping[_Role, Reader] = field(init=False)

    def __post_init__(self) -> None:
        self.readers = {role: Reader(self.asked.meaning, scored=self.asked.scored) for role in self.models}

    def run(self) -> tuple[dict[_Role, ModelRun], _Counted]:
        """Once more for every model whose numbers turn out to be something else than they looked like."""
        while True:
            with suppress(ReadAnew):
                return self._once()

    def _once(self) -> tuple[dict[_Role, ModelRun], _Counted]:
        asked, dataset, evaluation = self.asked, self.dataset, self.rule.evaluation
        of_metrics = Tallies(asked.of_metrics(), dataset) if _Role.REFERENCE in self.models else None
        counted = _Counted(
            roles=list(self.models),
            main=Tallies(asked, dataset),
            pictures=PictureTally(asked, dataset, id=evaluation.id if evaluation else None),
            beside=of_metrics,
        )
        with ExitStack() as stack:
            scorers = {role: self._started(role, stack) for role in self.models}
            self._score(list(scorers.values()), counted)
            runs = {role: scorer.finish() for role, scorer in scorers.items()}
        return {role: _described(run, self.models[role]) for role, run in runs.items()}, counted

    def _score(self, scorers: Sequence[Scorer], counted: _Counted) -> None:
        with self.progress.step(say(f"scoring {len(scorers)} model(s)"), unit=Unit.ROWS) as step:
            step.expect(self.dataset.data.rows)

            def count(batch: Batch, readings: Sequence[Reading]) -> None:
                counted.add(batch, readings)
                step.advance(len(batch.truth))

            score(self.dataset, scorers, count=count)

    def _started(self, role: _Role, stack: ExitStack) -> Scorer:
        model, reader = self.models[role], self.readers[role]
        wanted = wanted_by(self.asked.meaning.task)
        if isinstance(model, Logged):
            answers = stack.enter_context(open_logged(model, self.dataset, wanted=wanted))
            return Scorer(answers, reader=reader, process=None)
        worker = self.ahead.taken(model, self.rule, wanted=wanted, stack=stack)
        return Scorer(Running(worker), reader=reader, process=worker)


def _scored(
    case: Case, asked: Asked, *, ahead: Ahead, log: Callable[[Message], None], progress: Progress
) -> tuple[dict[_Role, ModelRun], _Counted | None]:
    """How every model ran, and what was counted of those that did.

    A model that fails stops the others, and whether they answer every row is what a rollback decides by: so
    they run again without it.
    """
    models = _models(case)
    runs = {role: _described(ModelRun(problem=model.problem), model) for role, model in models.items()}
    counted: _Counted | None = None
    while runs[_Role.CHALLENGER].finished:
        sound = {role: model for role, model in models.items() if runs[role].finished}
        log(say(f"scoring {len(sound)} model(s) on {case.dataset.data.rows:,} rows"))
        found, counted = _Pass(
            models=sound,
            asked=asked,
            dataset=case.dataset,
            rule=case.rule,
            ahead=ahead,
            progress=progress,
        ).run()
        runs |= found
        if all(run.finished for run in found.values()):
            break
    return runs, counted


def _described(run: ModelRun, model: Model) -> ModelRun:
    return replace(run, digest=model.digest, is_logged=isinstance(model, Logged))
