"""What a model's own claims suggest: which metrics to hold it to, and what it predicts.

A guess for a first policy, written down as one. Nothing here judges a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from promoter.core.claims import claim
from promoter.core.metric_names import GREATER_IS_BETTER, LESS_IS_BETTER, canonical
from promoter.core.model_version import ModelVersion, Signature
from promoter.core.names import METRIC
from promoter.core.policy import Task

# More would have every retrain fail on one of them.
_MOST = 3
_HELD_OUT = re.compile(r"(?:val|valid|validation|test|eval|holdout)[_/-]", re.IGNORECASE)
_TRAINING = re.compile(r"(?:train|training)[_/-]", re.IGNORECASE)
_MANY_CLASSES = re.compile(r".*_(?:macro|weighted)|roc_auc_ovr")
_TWO_CLASSES = frozenset(
    {"precision_score", "recall_score", "f1_score", "roc_auc", "average_precision_score", "brier_score_loss"}
)
# Which says most about a model, first.
_ORDER = (
    *("roc_auc", "f1_score", "f1_macro", "f1_weighted", "log_loss", "average_precision_score"),
    *("balanced_accuracy_score", "matthews_corrcoef", "accuracy_score"),
    *("root_mean_squared_error", "mean_absolute_error", "r2_score", "mean_squared_error"),
)
_REGRESSION = frozenset(
    {
        "r2_score",
        "mean_absolute_error",
        "mean_squared_error",
        "root_mean_squared_error",
        "mean_absolute_percentage_error",
    }
)


@dataclass(frozen=True, kw_only=True)
class KnownMetric:
    """A metric that was logged under a name whose meaning is known. `figure` is that meaning."""

    name: str
    figure: str
    greater_is_better: bool


@dataclass(frozen=True, kw_only=True)
class Guess:
    """What was guessed of one model. `left_out` counts the metrics whose names say nothing here;
    `task_from` are our words for what the task was guessed from."""

    metrics: tuple[KnownMetric, ...] = ()
    left_out: int = 0
    task: Task | None = None
    task_from: str = ""


def guess(version: ModelVersion, signature: Signature | None) -> Guess:
    """From what the run and the LoggedModel of a version claim, and from its signature."""
    logged = {
        *(version.run.metrics if version.run else ()),
        *(version.logged_model.metrics if version.logged_model else ()),
    }
    usable = sorted(name for name in logged if claim(version, name).value is not None)
    known = [metric for metric in map(known_metric, usable) if metric is not None]
    task, task_from = _task(known, signature)
    chosen = _chosen(known)
    return Guess(metrics=chosen, left_out=len(logged) - len(chosen), task=task, task_from=task_from)


def known_metric(name: str) -> KnownMetric | None:
    """The metric of a logged name; None for names that say nothing here, and for figures of training."""
    if _TRAINING.match(name) or not re.fullmatch(METRIC.pattern, name) or len(name) > METRIC.longest:
        return None
    bare = _HELD_OUT.sub("", name, count=1) if _HELD_OUT.match(name) else name
    if bare in GREATER_IS_BETTER:
        return KnownMetric(name=name, figure=canonical(bare), greater_is_better=True)
    if bare in LESS_IS_BETTER:
        return KnownMetric(name=name, figure=canonical(bare), greater_is_better=False)
    return None


def _chosen(known: Iterable[KnownMetric]) -> tuple[KnownMetric, ...]:
    """Of each figure one name, of held-out data where one says so; the most telling figures first."""
    best: dict[str, KnownMetric] = {}
    for metric in sorted(known, key=lambda one: (not _HELD_OUT.match(one.name), one.name)):
        best.setdefault(metric.figure, metric)
    rank = {figure: place for place, figure in enumerate(_ORDER)}
    ordered = sorted(best.values(), key=lambda one: (rank.get(one.figure, len(rank)), one.figure))
    return tuple(ordered[:_MOST])


def _task(known: Iterable[KnownMetric], signature: Signature | None) -> tuple[Task | None, str]:
    figures = {metric.figure: metric.name for metric in known}
    regression, classes = figures.keys() & _REGRESSION, figures.keys() - _REGRESSION
    if regression and classes:
        return None, ""
    many = {one for one in classes if _MANY_CLASSES.fullmatch(one)}
    found = ((Task.REGRESSION, regression), (Task.MULTICLASS, many), (Task.BINARY, classes & _TWO_CLASSES))
    for task, telling in found:
        if telling:
            names = sorted(figures[one] for one in telling)[:_MOST]
            return task, f"its metrics ({', '.join(names)})"
    return _task_of_output(signature)


def _task_of_output(signature: Signature | None) -> tuple[Task | None, str]:
    outputs = signature.outputs if signature else ()
    if len(outputs) == 1 and outputs[0].kind == "boolean":
        return Task.BINARY, "its signature, whose only output is true or false"
    return None, ""
