"""What a report draws of both models, from what is counted anyway and a little more, in the same pass.

Memory does not grow with rows: scores are drawn whole where a figure has them kept, and counted in bins where
they only pass by. A picture that cannot be made is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from promoter.core.pictures import Confusion, Counts, Pictures, Residuals, ScoreCurves, Scores
from promoter.core.policy import Task
from promoter.evaluation.dataset import Batch, Dataset
from promoter.evaluation.figures import RANK_NAMES, FloatArray, IntArray
from promoter.evaluation.flip_examples import FlipExamples
from promoter.evaluation.readings import Reading
from promoter.evaluation.residual_bins import ResidualCounts, residuals
from promoter.evaluation.score_bins import LARGEST_ERROR, ScoreBins
from promoter.evaluation.score_curves import Calibration, Steps, curves_of, steps_of
from promoter.evaluation.tallied import PairedScores
from promoter.evaluation.tallies import Asked, Tallies

MOST_CLASSES = 20
"""A confusion matrix of more is not looked at."""
_NO_CURVES = ScoreCurves(roc=(), precision_recall=())


@dataclass(kw_only=True, eq=False)
class _Passing:
    """What is counted of one model for pictures only."""

    bins: ScoreBins = field(default_factory=ScoreBins)
    calibration: Calibration = field(default_factory=Calibration)
    residuals: ResidualCounts = field(default_factory=ResidualCounts)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Scored:
    """One model's scores, counted. `steps` is None where all rows are of one kind; the area under a curve may
    be off by `hidden`."""

    steps: Steps | None
    calibration: Calibration
    hidden: float = 0.0


class PictureTally:
    """Filled batch by batch beside the tallies that figures are of. `id` is the policy's id column."""

    def __init__(self, asked: Asked, dataset: Dataset, *, id: str | None) -> None:
        meaning = asked.meaning
        self._meaning = meaning
        self._is_scored = asked.scored and meaning.task is Task.BINARY and meaning.positive is not None
        self._passes_by = self._is_scored and not asked.names() & RANK_NAMES
        self._challenger = _Passing()
        self._champion: _Passing | None = None
        is_asked = asked.checks.negative_flips is not None
        self._flips = FlipExamples(dataset, id=id) if is_asked else None

    def add(self, batch: Batch, challenger: Reading, *, champion: Reading | None) -> None:
        """Count one batch; `champion` None when there is none, in every batch."""
        self._count(batch, challenger, model=self._challenger)
        if champion is None:
            return
        self._champion = self._champion or _Passing()
        self._count(batch, champion, model=self._champion)
        if self._flips is not None and champion.codes is not None and challenger.codes is not None:
            self._flips.add(batch, champion=champion.codes, challenger=challenger.codes)

    def _count(self, batch: Batch, reading: Reading, *, model: _Passing) -> None:
        if reading.values is not None:
            model.residuals.add(np.asarray(batch.truth, dtype=np.float64), reading.values)
        if self._passes_by and reading.scores is not None:
            is_positive = batch.truth == self._meaning.positive
            model.bins.add(is_positive, reading.scores)
            model.calibration.add(is_positive, reading.scores)

    def pictures(self, tallies: Tallies) -> Pictures:
        """Of all rows; `tallies` were filled with the same batches."""
        joint = tallies.joint()
        return Pictures(
            confusion=None if joint is None else confusion_of(joint, labels=self._meaning.labels),
            scores=self._scores(tallies.kept_scores()),
            residuals=self._residuals(),
            flips=self._flips.first() if self._flips is not None else (),
        )

    def _residuals(self) -> Residuals | None:
        if self._meaning.task is not Task.REGRESSION:
            return None
        return residuals(self._challenger.residuals, self._champion.residuals if self._champion else None)

    def _scores(self, kept: PairedScores | None) -> Scores | None:
        positive = self._meaning.positive
        if not self._is_scored or positive is None:
            return None
        models = self._passed() if kept is None else _kept(kept)
        steps = [model.steps for model in models if model.steps is not None]
        if len(steps) < len(models):
            return None
        challenger, *champion = _curves(models, steps)
        if challenger == _NO_CURVES:
            return None
        return Scores(
            positive=self._meaning.labels[positive],
            share=steps[0].share,
            challenger=challenger,
            champion=champion[0] if champion else None,
        )

    def _passed(self) -> list[_Scored]:
        return [_binned(model) for model in (self._challenger, self._champion) if model is not None]


def confusion_of(joint: IntArray, *, labels: tuple[str, ...]) -> Confusion | None:
    """From joint counts as `LabelTally.joint`; None of more classes than are looked at."""
    if len(joint) > MOST_CLASSES:
        return None
    return Confusion(
        labels=labels,
        challenger=_table(joint.sum(axis=1)),
        champion=_table(joint.sum(axis=2)) if joint.shape[1] > 1 else None,
    )


def _binned(model: _Passing) -> _Scored:
    steps = model.bins.steps()
    hidden = 0.0 if steps is None else model.bins.hidden(steps)
    return _Scored(steps=steps, calibration=model.calibration, hidden=hidden)


def _kept(kept: PairedScores) -> list[_Scored]:
    """Each model's, the challenger first."""
    is_positive = kept.truth == 1
    models = [kept.challenger, *([] if kept.champion is None else [kept.champion])]
    return [_whole(is_positive, scores) for scores in models]


def _whole(is_positive: NDArray[np.bool_], scores: FloatArray) -> _Scored:
    calibration = Calibration()
    calibration.add(is_positive, scores)
    return _Scored(steps=steps_of(is_positive, scores), calibration=calibration)


def _curves(models: list[_Scored], steps: list[Steps]) -> list[ScoreCurves]:
    """Each model's; what cannot be drawn of one is drawn of none."""
    is_fine = all(model.hidden <= LARGEST_ERROR for model in models)
    curves = [curves_of(one) if is_fine else _NO_CURVES for one in steps]
    if not all(model.calibration.within for model in models):
        return curves
    points = [model.calibration.points() for model in models]
    return [
        replace(one, calibration=of_bins, calibration_rows=rows)
        for one, (of_bins, rows) in zip(curves, points, strict=True)
    ]


def _table(counts: IntArray) -> tuple[Counts, ...]:
    return tuple(tuple(row) for row in counts.tolist())
