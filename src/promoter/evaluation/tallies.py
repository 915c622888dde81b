"""The tallies that a policy's figures need, filled together batch by batch, and what comes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from promoter.core.measurement import Estimate, FlipEstimate, SliceEstimates, ValueEstimate
from promoter.core.policy import Checks, MetricRule, SliceRule, Statistics, Task
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.dataset import Batch, Dataset
from promoter.evaluation.figures import (
    LABEL_NAMES,
    PROBABILITY_NAMES,
    RANK_NAMES,
    REGRESSION_NAMES,
    FloatArray,
    IntArray,
)
from promoter.evaluation.mean_tally import MeanKind, MeanTally
from promoter.evaluation.readings import Meaning, Reading
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.score_tally import ScoreTally
from promoter.evaluation.statistics import (
    Rule,
    flip_estimate,
    label_estimate,
    mean_estimate,
    score_estimate,
)
from promoter.evaluation.tallied import EVERYWHERE, Marks
from promoter.evaluation.tally import LabelTally
from promoter.evaluation.value import binary_matrix, value_estimate
from promoter.text import quote, say


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the policy asks of the rows, and how sure to be. `columns` are the slice columns, in order."""

    checks: Checks
    statistics: Statistics
    meaning: Meaning
    columns: tuple[str, ...]
    seed: int

    def names(self) -> frozenset[str]:
        """Every metric's name."""
        rules = [*self.checks.metrics, *(rule for one in self.checks.slices for rule in one.metrics)]
        return frozenset(rule.name for rule in rules)


def refuse_unknown(asked: Asked) -> None:
    """Raises POLICY_INVALID for a metric that is not computed for the task."""
    known = REGRESSION_NAMES if asked.meaning.task is Task.REGRESSION else LABEL_NAMES
    if asked.meaning.task is Task.BINARY:
        known |= PROBABILITY_NAMES | RANK_NAMES
    for name in sorted(asked.names() - known):
        raise PromoterError(
            ReasonCode.POLICY_INVALID,
            say("the metric ", quote(name), f" is not computed for {asked.meaning.task.value}"),
            hint=say("These are: ", ", ".join(sorted(known)), "."),
        )


class Tallies:
    """Only those that are needed: scores are kept row by row."""

    def __init__(self, asked: Asked, dataset: Dataset) -> None:
        names, sizes = asked.names(), tuple(len(values) for values in dataset.slice_values)
        self._asked = asked
        self._dataset = dataset
        self._labels: LabelTally | None = None
        self._means: MeanTally | None = None
        self._scores: ScoreTally | None = None
        if asked.meaning.task is Task.REGRESSION:
            self._means = MeanTally(MeanKind.REGRESSION, sizes=sizes)
            return
        self._labels = LabelTally(classes=len(dataset.labels), sizes=sizes)
        if names & PROBABILITY_NAMES:
            self._means = MeanTally(MeanKind.PROBABILITY, sizes=sizes)
        if names & RANK_NAMES:
            self._scores = ScoreTally(sizes=sizes)

    def require(self, reading: Reading) -> None:
        """Raises ModelProblem when a figure needs probabilities and the model gives none."""
        scored = self._asked.meaning.task is not Task.REGRESSION and (self._means or self._scores)
        if scored and reading.scores is None:
            raise ModelProblem(
                say("it predicts labels, and the policy asks for a figure of probabilities"),
                hint=say("Log the model so that it predicts probabilities, or judge by figures of labels."),
                reason=ReasonCode.CHECKS_FAILED,
            )

    def add(self, batch: Batch, challenger: Reading, *, champion: Reading | None) -> None:
        """Count one batch."""
        marks = Marks(slices=batch.slices, groups=batch.groups)
        truth: Any = batch.truth
        if self._labels is not None:
            new, old = _codes(challenger), _codes(champion) if champion else None
            self._labels.add(truth, champion=old, challenger=new, marks=marks)
            truth = (truth == self._asked.meaning.positive).astype("int64")
        for tally in (self._means, self._scores):
            if tally is not None:
                score, before = _numbers(challenger), _numbers(champion) if champion else None
                tally.add(truth, champion=before, challenger=score, marks=marks)

    def estimates(self, rules: Iterable[MetricRule], where: Mapping[int, int]) -> dict[str, Estimate]:
        """Each metric's estimate of the rows that `where` selects."""
        return {rule.name: self._estimate(rule, where) for rule in rules}

    def overall(self) -> dict[str, Estimate]:
        """Of all rows."""
        return self.estimates(self._asked.checks.metrics, EVERYWHERE)

    def slices(self) -> tuple[SliceEstimates, ...]:
        """Of every slice the policy names, those too small without estimates."""
        return tuple(one for rule in self._asked.checks.slices for one in self._of_rule(rule))

    def value(self) -> ValueEstimate | None:
        """What predictions are worth."""
        rule, positive = self._asked.checks.business_value, self._asked.meaning.positive
        if rule is None or self._labels is None or positive is None:
            return None
        matrix = binary_matrix(rule.values, positive=positive)
        margin = rule.max_absolute_degradation or 0.0
        how = self._rule(greater_is_better=True, margin=margin)
        return value_estimate(self._labels.select(), matrix, unit=rule.unit, positive=positive, rule=how)

    def flips(self) -> FlipEstimate | None:
        """Rows that turn from right to wrong."""
        if self._asked.checks.negative_flips is None or self._labels is None:
            return None
        counts = self._labels.select()
        if self._labels.joint().shape[1] == 1:
            return None
        return flip_estimate(counts, rule=self._rule(greater_is_better=False, margin=0.0))

    def _of_rule(self, rule: SliceRule) -> Iterator[SliceEstimates]:
        tally = self._labels or self._means
        by = tuple(self._asked.columns.index(column) for column in rule.by)
        for codes in tally.slices(by) if tally else ():
            where = dict(zip(by, codes, strict=True))
            names = tuple(
                (column, self._dataset.slice_values[at][code])
                for column, at, code in zip(rule.by, by, codes, strict=True)
            )
            estimates = self.estimates(rule.metrics, where)
            rows = max((one.rows for one in estimates.values()), default=0)
            yield SliceEstimates(
                values=names, rows=rows, estimates=estimates if rows >= rule.min_rows else {}
            )

    def _estimate(self, rule: MetricRule, where: Mapping[int, int]) -> Estimate:
        losses = [rule.max_absolute_degradation]
        if rule.max_relative_degradation is not None:
            points = self._of(rule, where, how=self._rule(greater_is_better=True, margin=0.0, resamples=0))
            losses.append(rule.max_relative_degradation * abs(points.champion or 0.0))
        # every limit must hold, so the strictest decides
        margin = min((loss for loss in losses if loss is not None), default=0.0)
        how = self._rule(greater_is_better=rule.greater_is_better, margin=margin)
        return self._of(rule, where, how=how)

    def _of(self, rule: MetricRule, where: Mapping[int, int], *, how: Rule) -> Estimate:
        if self._scores is not None and rule.name in RANK_NAMES:
            return score_estimate(self._scores.select(where), name=rule.name, rule=how)
        if self._means is not None and rule.name in PROBABILITY_NAMES | REGRESSION_NAMES:
            return mean_estimate(self._means.select(where), name=rule.name, rule=how)
        assert self._labels is not None
        positive = self._asked.meaning.positive
        return label_estimate(self._labels.select(where), name=rule.name, positive=positive, rule=how)

    def _rule(self, *, greater_is_better: bool, margin: float, resamples: int | None = None) -> Rule:
        statistics = self._asked.statistics
        return Rule(
            greater_is_better=greater_is_better,
            margin=margin,
            confidence_level=statistics.confidence_level,
            resamples=statistics.resamples if resamples is None else resamples,
            seed=self._asked.seed,
        )


def _codes(reading: Reading) -> IntArray:
    assert reading.codes is not None
    return reading.codes


def _numbers(reading: Reading) -> FloatArray:
    numbers = reading.values if reading.scores is None else reading.scores
    assert numbers is not None
    return numbers
