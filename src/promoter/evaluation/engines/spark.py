"""Judge models on the rows of a table where it lies, and take in what was counted: the engine `spark`.

As `local` does, with the same tallies, so that the same data gives the same verdict. No layer of the sandbox
is around a model that runs on a cluster, and the measurement says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from promoter.core.layers import Found, FoundLayer, Layer, State
from promoter.core.measurement import Measurement, ModelRun, ReferenceMeasurement
from promoter.core.pictures import Pictures, Scores
from promoter.core.policy import ModelRule, Task
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.engines.binned_scores import steps_of_bins
from promoter.evaluation.engines.counted import Counted
from promoter.evaluation.engines.spark_counts import TARGET, Counter
from promoter.evaluation.engines.spark_errors import Refused, failed_query
from promoter.evaluation.engines.spark_models import ClusterModel, Reach, Workbench, Workers
from promoter.evaluation.engines.spark_process import Asks
from promoter.evaluation.engines.spark_readings import SCORED, Form
from promoter.evaluation.engines.spark_scoring import Role, Scoring
from promoter.evaluation.engines.spark_table import Table
from promoter.evaluation.figures import RANK_NAMES, FloatArray, IntArray
from promoter.evaluation.pictures import confusion_of
from promoter.evaluation.readings import Meaning, Reading
from promoter.evaluation.score_curves import curves_of
from promoter.evaluation.tallies import Asked, Tallies, refuse_unknown
from promoter.evaluation.variation import Variation
from promoter.text import NOTHING, Message, quote, say

_WHY = "a Spark cluster ran it, and Promoter cannot confine what its executors run"
UNCONFINED: Found = tuple(FoundLayer(layer=layer, state=State.MISSING, note=_WHY) for layer in Layer)
"""What is around a model that runs in Spark."""


@dataclass(frozen=True, kw_only=True)
class SparkCase:
    """What to evaluate, as `local.Case`, of a table in a cluster. `environment` is for reports."""

    rule: ModelRule
    cluster: Asks
    table: Table
    columns: tuple[str, ...]
    challenger: ClusterModel
    champion: ClusterModel | None
    reach: Reach
    workers: Workers
    seed: int
    environment: str
    reference: ClusterModel | None = None
    reference_version: str = ""

    @property
    def models(self) -> dict[Role, ClusterModel]:
        """Whom to score, no model twice."""
        models = {Role.CHALLENGER: self.challenger}
        if self.champion is not None:
            models[Role.CHAMPION] = self.champion
        if self.reference is not None and self.reference not in models.values():
            models[Role.REFERENCE] = self.reference
        return models

    @property
    def reference_role(self) -> Role | None:
        """Who serves as the reference."""
        return next((role for role, model in self.models.items() if model == self.reference), None)


def evaluate(case: SparkCase, *, log: Callable[[Message], None], tick: Callable[[], None]) -> Measurement:
    """All models on all rows; a model that fails is told in its `ModelRun`, as by `local.evaluate`. `tick` is
    that of `Resampling`.

    Raises POLICY_INVALID for a metric that is not computed, CHECK_UNAVAILABLE, DEADLINE_EXCEEDED.
    """
    asked = _asked(case, tick=tick)
    refuse_unknown(asked)
    _refuse_ranks_of_many(asked)
    bench = Workbench(
        cluster=case.cluster,
        table=case.table,
        task=asked.meaning.task,
        reach=case.reach,
        workers=case.workers,
    )
    scoring = Scoring(bench=bench, models=case.models, asked=asked, log=log)
    scoring.run()
    counting = _Counting(case=case, asked=asked, scoring=scoring)
    return counting.measurement()


def _asked(case: SparkCase, *, tick: Callable[[], None]) -> Asked:
    evaluation, labels = case.rule.evaluation, case.table.labels
    positive = evaluation.positive_label if evaluation else None
    meaning = Meaning(
        task=case.rule.task or Task.REGRESSION,
        labels=labels,
        positive=labels.index(positive) if positive in labels else None,
    )
    return Asked(
        checks=case.rule.checks,
        statistics=case.rule.statistics,
        meaning=meaning,
        columns=case.columns,
        seed=case.seed,
        tick=tick,
    )


def _refuse_ranks_of_many(asked: Asked) -> None:
    """Raises POLICY_INVALID: of many classes each row's scores would be needed, and they stay where they
    are."""
    names = sorted(asked.names() & RANK_NAMES) if asked.meaning.task is Task.MULTICLASS else []
    if names:
        raise PromoterError(
            ReasonCode.POLICY_INVALID,
            say(
                "the metric ", quote(names[0]), " of more than two classes is not computed by `engine: spark`"
            ),
            hint=say("Judge by `log_loss` or figures of labels, or write `engine: local`."),
        )


@dataclass(frozen=True, kw_only=True)
class _Counting:
    """From forms to figures."""

    case: SparkCase
    asked: Asked
    scoring: Scoring

    def measurement(self) -> Measurement:
        """What is known; nothing is estimated without the challenger."""
        case, statistics = self.case, self.case.rule.statistics
        others = {role: self._run(role) for role in case.models}
        base = Measurement(
            data=case.table.data,
            challenger=others[Role.CHALLENGER],
            champion=others.get(Role.CHAMPION),
            confidence_level=statistics.confidence_level,
            resamples=statistics.resamples,
            seed=case.seed,
        )
        if not base.challenger.finished:
            return replace(
                base, reference=self._reference(Measurement(data=base.data, challenger=base.challenger))
            )
        champion = Role.CHAMPION if self._answers(Role.CHAMPION) else None
        tallies, counted = self._tallies(champion, self.asked)
        with_figures = replace(
            base,
            estimates=tallies.overall(),
            slices=tallies.slices(),
            value=tallies.value(),
            flips=tallies.flips(),
            pictures=self._pictures(tallies, counted),
        )
        codes = counted.labels
        varying = replace(
            with_figures,
            challenger=self._varied(Role.CHALLENGER, codes.challenger if codes else None),
            champion=self._varied(champion, codes.champion if codes else None) if champion else base.champion,
        )
        return replace(varying, reference=self._reference(varying))

    def _answers(self, role: Role) -> bool:
        return role in self.case.models and role not in self.scoring.problems

    def _run(self, role: Role) -> ModelRun:
        model, predictor = self.case.models[role], self.scoring.predictors.get(role)
        return ModelRun(
            size=sum(file.stat().st_size for file in model.files.rglob("*") if file.is_file()),
            environment=self.case.environment,
            digest=model.digest,
            asked_twice=predictor.tried if predictor else 0,
            differing=predictor.differing if predictor else 0,
            sandbox=UNCONFINED,
            problem=self.scoring.problems.get(role, NOTHING),
        )

    def _tallies(self, other: Role | None, asked: Asked) -> tuple[Tallies, Counted]:
        """Of the challenger, and of another on the same rows."""
        forms = self.scoring.forms
        counter = Counter(cluster=self.case.cluster, table=self.case.table, asked=asked)
        try:
            counted = counter.counted(forms[Role.CHALLENGER], forms[other] if other else None)
        except Refused as refused:
            raise failed_query(refused) from refused
        tallies = Tallies(asked, self.case.table)
        tallies.add_counted(counted)
        return tallies, counted

    def _reference(self, found: Measurement) -> ReferenceMeasurement | None:
        """The challenger beside the reference, which may be the champion; it has no figures beside itself."""
        case, role = self.case, self.case.reference_role
        if role is None:
            return None
        known = {Role.CHALLENGER: found.challenger, Role.CHAMPION: found.champion}
        run, estimates = known.get(role) or self._run(role), found.estimates
        is_compared = run.finished and found.challenger.finished and role is not Role.CHALLENGER
        if is_compared and role is Role.REFERENCE:
            tallies, counted = self._tallies(role, self.asked.of_metrics())
            estimates = tallies.overall()
            run = self._varied(role, counted.labels.champion if counted.labels else None)
        return ReferenceMeasurement(
            version=case.reference_version, run=run, estimates=estimates if is_compared else {}
        )

    def _varied(self, role: Role, codes: IntArray | None) -> ModelRun:
        """Whether a model's predictions vary, from the codes that occur and the ends of its numbers."""
        form = self.scoring.forms[role]
        ends = np.stack([form.least, form.greatest])
        reading = Reading(codes=codes)
        if form.value:
            reading = Reading(values=ends[:, 0])
        elif len(form.scores) > 1:
            reading = Reading(codes=codes, probabilities=ends)
        elif form.scores:
            reading = Reading(codes=codes, scores=ends[:, 0])
        variation = Variation(meaning=self.asked.meaning)
        variation.add(self._ends_of_truth(form), reading)
        return replace(self._run(role), constant=variation.constant)

    def _ends_of_truth(self, form: Form) -> IntArray | FloatArray:
        """Labels vary, as the data would have been refused otherwise; numbers are looked at."""
        if not form.value:
            return np.arange(len(self.case.table.labels))
        query = f"SELECT CAST(min({TARGET}) AS DOUBLE) AS a, CAST(max({TARGET}) AS DOUBLE) AS b FROM {SCORED}"
        (seen,) = self.case.cluster.ask(query).to_pylist()
        return np.array([seen["a"], seen["b"]], dtype=np.float64)

    def _pictures(self, tallies: Tallies, counted: Counted) -> Pictures:
        """What can be drawn of counts: no row, no residual and no calibration is among them."""
        joint = tallies.joint()
        confusion = None if joint is None else confusion_of(joint, labels=self.asked.meaning.labels)
        return Pictures(confusion=confusion, scores=self._curves(counted))

    def _curves(self, counted: Counted) -> Scores | None:
        positive = self.asked.meaning.positive
        if counted.scores is None or positive is None:
            return None
        scores = counted.scores.select()
        models = [scores.challenger, *([scores.champion] if scores.champion else [])]
        steps = [steps_of_bins(scores, model) for model in models]
        curves = [curves_of(one) for one in steps]
        return Scores(
            positive=self.asked.meaning.labels[positive],
            share=steps[0].share,
            challenger=curves[0],
            champion=curves[1] if len(curves) > 1 else None,
        )
