"""The figures that Promoter computes itself: their names, and which direction is good.

A logged metric may mean anything, whatever it is called; one that is computed here means what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "accuracy": "accuracy_score",
        "balanced_accuracy": "balanced_accuracy_score",
        "precision": "precision_score",
        "recall": "recall_score",
        "f1": "f1_score",
        "roc_auc_score": "roc_auc",
        "roc_auc_ovr": "roc_auc",
        "average_precision": "average_precision_score",
        "brier_score": "brier_score_loss",
        "rmse": "root_mean_squared_error",
        "mae": "mean_absolute_error",
        "mse": "mean_squared_error",
        "mape": "mean_absolute_percentage_error",
        "r2": "r2_score",
    }
)
"""Other names in use for the same figure: scikit-learn's scorers, and short ones."""

_SCORES = (
    "accuracy_score",
    "balanced_accuracy_score",
    "matthews_corrcoef",
    *(f"{name}_{end}" for name in ("precision", "recall", "f1") for end in ("score", "macro", "weighted")),
    "roc_auc",
    "average_precision_score",
    "r2_score",
)
_LOSSES = (
    "log_loss",
    "brier_score_loss",
    "mean_absolute_error",
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_absolute_percentage_error",
)


def canonical(name: str) -> str:
    """The name a figure is computed under; a name that is no alias stays as it is."""
    return ALIASES.get(name, name)


def _all_names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset([*names, *(alias for alias, name in ALIASES.items() if name in names)])


GREATER_IS_BETTER = _all_names(_SCORES)
"""Names, aliases among them, of figures where more is better."""

LESS_IS_BETTER = _all_names(_LOSSES)
"""Names, aliases among them, of figures where less is better."""
