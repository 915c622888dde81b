"""The tallies that a policy's figures need, filled together batch by batch, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from promoter.core.measurement import Estimate, FlipEstimate, SliceEstimates, ValueEstimate
from promoter.core.policy import Checks, MetricRule, SliceRule, Statistics, Task
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.dataset import Batch
from promoter.evaluation.engines.binned_scores import BinnedScoreTally, binned_estimate
from promoter.evaluation.engines.counted import Counted
from promoter.evaluation.figures import (
    BINARY,
    CLASS_RANK_NAMES,
    LABEL_NAMES,
    PROBABILITY_NAMES,
    RANK_NAMES,
    REGRESSION_NAMES,
    SCORE_NAMES,
    FloatArray,
    IntArray,
)
from promoter.evaluation.mean_tally import MeanKind, MeanTally
from promoter.evaluation.readings import Meaning, Reading
from promoter.evaluation.resampling import on_and_on
from promoter.evaluation.score_tally import ScoreTally
from promoter.evaluation.statistics import (
    ROW_DRAWS,
    LabelFigure,
    Rule,
    flip_estimate,
    label_estimates,
    mean_estimate,
    score_estimate,
)
from promoter.evaluation.tallied import EVERYWHERE, Marks, PairedScores
from promoter.evaluation.tally import LabelTally
from promoter.evaluation.value import (
    error_value_estimate,
    is_of_task,
    refuse_other_labels,
    value_estimate,
    value_matrix,
)
from promoter.evaluation.without_value import why_no_label_figure, why_no_number_figure
from promoter.text import NOTHING, Message, quote, say


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the policy asks of the rows, and how sure to be. `columns` are the slice columns, in order;
    `tick` is that of `Resampling`."""

    checks: Checks
    statistics: Statistics
    meaning: Meaning
    columns: tuple[str, ...]
    seed: int
    tick: Callable[[], None] = field(default=on_and_on, compare=False, repr=False)

    def names(self) -> frozenset[str]:
        """Every metric's name."""
        rules = [*self.checks.metrics, *(rule for one in self.checks.slices for rule in one.metrics)]
        return frozenset(rule.name for rule in rules)

    @property
    def scored(self) -> bool:
        """Whether a figure of probabilities is asked for."""
        return self.meaning.task is not Task.REGRESSION and bool(self.names() & SCORE_NAMES)

    def of_metrics(self) -> Asked:
        """Only the metrics of all rows: no slice, no value, no flips."""
        return replace(self, checks=Checks(metrics=self.checks.metrics), columns=())


def refuse_unknown(asked: Asked) -> None:
    """Raises POLICY_INVALID for a metric that is not computed for the task, and for a value matrix of other
    labels than the data's."""
    known = REGRESSION_NAMES if asked.meaning.task is Task.REGRESSION else LABEL_NAMES
    if asked.meaning.task is Task.BINARY:
        known |= PROBABILITY_NAMES | RANK_NAMES
    if asked.meaning.task is Task.MULTICLASS:
        known |= PROBABILITY_NAMES | CLASS_RANK_NAMES
    for name in sorted(asked.names() - known):
        raise PromoterError(
            ReasonCode.POLICY_INVALID,
            say("the metric ", quote(name), f" is not computed for {asked.meaning.task.value}"),
            hint=say("These are: ", ", ".join(sorted(known)), "."),
        )
    refuse_other_labels(asked.checks.business_value, asked.meaning.labels)


class Values(Protocol):
    """What is known of the data before it is counted; the fields of `Dataset` of the same names."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the target."""

    @property
    def slice_values(self) -> tuple[tuple[str, ...], ...]:
        """Of each slice column."""


class Tallies:
    """Only those that are needed: scores are kept row by row."""

    def __init__(self, asked: Asked, dataset: Values) -> None:
        names = asked.names()
        # Of columns that are not asked for nothing is counted.
        sizes = tuple(len(values) for values in dataset.slice_values[: len(asked.columns)])
        self._asked = asked
        self._dataset = dataset
        self._labels: LabelTally | None = None
        self._means: MeanTally | None = None
        self._scores: ScoreTally | BinnedScoreTally | None = None
        if asked.meaning.task is Task.REGRESSION:
            self._means = MeanTally(MeanKind.REGRESSION, sizes=sizes)
            return
        self._labels = LabelTally(classes=len(dataset.labels), sizes=sizes)
        if names & PROBABILITY_NAMES:
            self._means = MeanTally(MeanKind.PROBABILITY, sizes=sizes)
        if names & RANK_NAMES:
            many = len(dataset.labels) if asked.meaning.task is Task.MULTICLASS else BINARY
            self._scores = ScoreTally(classes=many, sizes=sizes)

    def add(self, batch: Batch, challenger: Reading, *, champion: Reading | None) -> None:
        """Count one batch."""
        marks = Marks(slices=batch.slices[: len(self._asked.columns)], groups=batch.groups)
        truth: Any = batch.truth
        if self._labels is not None:
            new, old = _codes(challenger), _codes(champion) if champion else None
            self._labels.add(truth, champion=old, challenger=new, marks=marks)
            if self._asked.meaning.task is Task.BINARY:
                truth = (truth == self._asked.meaning.positive).astype("int64")
        for tally in (self._means, self._scores):
            if tally is not None and not isinstance(tally, BinnedScoreTally):
                score, before = _numbers(challenger), _numbers(champion) if champion else None
                tally.add(truth, champion=before, challenger=score, marks=marks)

    def add_counted(self, counted: Counted) -> None:
        """Take in what was counted elsewhere, in place of batches: all rows at once."""
        if self._labels is not None and counted.labels is not None:
            rows = counted.labels
            self._labels.add(
                rows.truth,
                champion=rows.champion,
                challenger=rows.challenger,
                marks=rows.marks,
                times=rows.times,
            )
        if self._means is not None and counted.means is not None:
            sums = counted.means
            self._means.add_sums(
                sums.sums, products=sums.products, marks=sums.marks, is_paired=sums.is_paired
            )
        if self._scores is not None and counted.scores is not None:
            self._scores = counted.scores

    def estimates(self, rules: Iterable[MetricRule], where: Mapping[int, int]) -> dict[str, Estimate]:
        """Each metric's estimate of the rows that `where` selects; those of labels share their draws."""
        rules = tuple(rules)
        of_labels = [rule for rule in rules if self._is_of_labels(rule)]
        found: dict[str, Estimate] = {}
        if self._labels is not None and of_labels:
            counts, positive = self._labels.select(where), self._asked.meaning.positive
            asked = [
                LabelFigure(name=rule.name, positive=positive, rule=self._how(rule, where))
                for rule in of_labels
            ]
            found = {one.metric: one for one in label_estimates(counts, asked)}
        every = {rule.name: found.get(rule.name) or self._estimate(rule, where) for rule in rules}
        return {
            name: one if one.challenger is not None else replace(one, no_value=self._no_value(name, where))
            for name, one in every.items()
        }

    def overall(self) -> dict[str, Estimate]:
        """Of all rows."""
        return self.estimates(self._asked.checks.metrics, EVERYWHERE)

    def slices(self) -> tuple[SliceEstimates, ...]:
        """Of every slice, those too small without estimates, and those the policy names and the data has not
        without rows."""
        return tuple(one for rule in self._asked.checks.slices for one in self._of_rule(rule))

    def value(self) -> ValueEstimate | None:
        """What predictions are worth."""
        rule, meaning = self._asked.checks.business_value, self._asked.meaning
        if rule is None or not is_of_task(rule, meaning.task):
            return None
        how = self._rule(greater_is_better=True, margin=rule.max_absolute_degradation or 0.0)
        if self._labels is None:
            assert self._means is not None
            return error_value_estimate(self._means.select(), rule.values, unit=rule.unit, rule=how)
        matrix = value_matrix(rule, labels=meaning.labels, positive=meaning.positive)
        return value_estimate(
            self._labels.select(), matrix, unit=rule.unit, positive=meaning.positive, rule=how
        )

    def flips(self) -> FlipEstimate | None:
        """Rows that turn from right to wrong."""
        if self._asked.checks.negative_flips is None or self._labels is None:
            return None
        counts = self._labels.select()
        if self._labels.joint().shape[1] == 1:
            return None
        return flip_estimate(counts, rule=self._rule(greater_is_better=False, margin=0.0))

    def joint(self) -> IntArray | None:
        """Joint counts of all rows, as `LabelTally.joint`; None for a regression."""
        return None if self._labels is None else self._labels.joint()

    def kept_scores(self) -> PairedScores | None:
        """Both models' scores of all rows; None where no figure has them kept."""
        return self._scores.select() if isinstance(self._scores, ScoreTally) else None

    def _of_rule(self, rule: SliceRule) -> Iterator[SliceEstimates]:
        tally = self._labels or self._means
        by = tuple(self._asked.columns.index(column) for column in rule.by)
        absent = dict.fromkeys(rule.values)
        for codes in tally.slices(by) if tally else ():
            where = dict(zip(by, codes, strict=True))
            labels = tuple(self._dataset.slice_values[at][code] for at, code in where.items())
            absent.pop(labels, None)
            rows = tally.rows(where) if tally else 0
            # of fewer rows nothing is drawn: each slice costs as much as a large one, and many may be small
            estimates = self.estimates(rule.metrics, where) if rows >= rule.min_rows else {}
            yield SliceEstimates(
                values=tuple(zip(rule.by, labels, strict=True)), rows=rows, estimates=estimates
            )
        for labels in absent:
            yield SliceEstimates(values=tuple(zip(rule.by, labels, strict=True)), rows=0)

    def _no_value(self, name: str, where: Mapping[int, int]) -> Message:
        if self._labels is not None:
            truth = self._labels.joint(where).sum(axis=(1, 2))
            return why_no_label_figure(name, truth, meaning=self._asked.meaning)
        return NOTHING if self._means is None else why_no_number_figure(name, self._means.select(where))

    def _is_of_labels(self, rule: MetricRule) -> bool:
        return self._labels is not None and rule.name in LABEL_NAMES

    def _estimate(self, rule: MetricRule, where: Mapping[int, int]) -> Estimate:
        return self._of(rule, where, how=self._how(rule, where))

    def _how(self, rule: MetricRule, where: Mapping[int, int]) -> Rule:
        """The rule of one metric, with its margin in the metric's unit."""
        losses = [rule.max_absolute_degradation]
        if rule.max_relative_degradation is not None:
            points = self._of(rule, where, how=self._rule(greater_is_better=True, margin=0.0, resamples=0))
            losses.append(rule.max_relative_degradation * abs(points.champion or 0.0))
        # every limit must hold, so the strictest decides
        margin = min((loss for loss in losses if loss is not None), default=0.0)
        return self._rule(greater_is_better=rule.greater_is_better, margin=margin)

    def _of(self, rule: MetricRule, where: Mapping[int, int], *, how: Rule) -> Estimate:
        if isinstance(self._scores, BinnedScoreTally) and rule.name in RANK_NAMES:
            return binned_estimate(self._scores.select(where), name=rule.name, rule=how)
        if isinstance(self._scores, ScoreTally) and rule.name in RANK_NAMES:
            # a second opinion is for the whole holdout: of every slice it would cost more than the rest
            draws = 0 if where else ROW_DRAWS
            return score_estimate(self._scores.select(where), name=rule.name, rule=how, row_draws=draws)
        if self._means is not None and rule.name in PROBABILITY_NAMES | REGRESSION_NAMES:
            return mean_estimate(self._means.select(where), name=rule.name, rule=how)
        assert self._labels is not None
        asked = LabelFigure(name=rule.name, positive=self._asked.meaning.positive, rule=how)
        return label_estimates(self._labels.select(where), [asked])[0]

    def _rule(self, *, greater_is_better: bool, margin: float, resamples: int | None = None) -> Rule:
        statistics = self._asked.statistics
        return Rule(
            greater_is_better=greater_is_better,
            margin=margin,
            confidence_level=statistics.confidence_level,
            resamples=statistics.resamples if resamples is None else resamples,
            seed=self._asked.seed,
            tick=self._asked.tick,
        )


def _codes(reading: Reading) -> IntArray:
    assert reading.codes is not None
    return reading.codes


def _numbers(reading: Reading) -> FloatArray:
    found = (reading.scores, reading.probabilities, reading.values)
    return next(numbers for numbers in found if numbers is not None)
