"""What the registry claims of a metric, and whether two claims can be compared.

Nothing here is measured: a figure logged at training says what whoever logged it wanted it to say.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from enum import StrEnum

from promoter.core.measurement import ModelRun
from promoter.core.model_version import Dataset, ModelVersion
from promoter.text import Message, quote, say

# Binary rounding must not decide: 0.3 is not less than 0.2 + 0.1. A fraction of the larger figure.
ROUNDING = 1e-9

# MLflow stores an infinite metric as the largest float there is.
_INFINITE = sys.float_info.max
_TRAINING = frozenset({"train", "training"})


class Source(StrEnum):
    """Where a figure was found."""

    RUN = "run"
    LOGGED_MODEL = "logged model"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One metric of one model version.

    `logged` is what was found (None: nothing), `value` the same as a finite number (None: it is none).
    `elsewhere` is the logged model's figure where the run's is used and the two differ.
    """

    version: ModelVersion
    name: str
    source: Source | None = None
    logged: object = None
    value: float | None = None
    elsewhere: float | None = None

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The data behind the figure, as far as they were logged."""
        model, training = self.version.logged_model, self.version.run
        if self.source is Source.LOGGED_MODEL and model is not None and model.datasets:
            return model.datasets
        return training.datasets if training is not None else ()

    @property
    def digests(self) -> frozenset[str]:
        """Digests of these data; empty when none was logged."""
        return _digests(self.datasets)


def claim(version: ModelVersion, name: str) -> Claim:
    """The run's figure, or the logged model's where the run has none.

    A run keeps the last step; a logged model keeps the first, and turns NaN into 0.
    """
    in_run: object = version.run.metrics.get(name) if version.run is not None else None
    in_model: object = version.logged_model.metrics.get(name) if version.logged_model is not None else None
    if in_run is not None:
        value, other = finite(in_run), finite(in_model)
        elsewhere = None if value is None or other is None or same(value, other) else other
        return Claim(
            version=version, name=name, source=Source.RUN, logged=in_run, value=value, elsewhere=elsewhere
        )
    if in_model is not None:
        return Claim(
            version=version, name=name, source=Source.LOGGED_MODEL, logged=in_model, value=finite(in_model)
        )
    return Claim(version=version, name=name)


def finite(value: object) -> float | None:
    """The value as a float if it is a finite number; text and truth values are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if -_INFINITE < value < _INFINITE:
        return float(value) + 0.0  # -0.0 becomes 0.0
    return None


def same(one: float, other: float) -> bool:
    """Whether two figures differ by no more than binary rounding."""
    return math.isclose(one, other, rel_tol=ROUNDING)


def why_unusable(found: Claim, role: str) -> Message:
    """Why a claim without a value has none; `role` is whose claim it is."""
    if found.source is None:
        return say(quote(found.name), f" is in neither the {role}'s run nor its logged model")
    place = f" in the {role}'s {found.source}, which is not a finite number"
    return say(quote(found.name), " is ", quote(found.logged), place)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The same metric of both models, finite and fit to be compared."""

    challenger: float
    champion: float

    @property
    def change(self) -> float:
        """Challenger minus champion; 0 where only binary rounding differs. Beyond any float, infinite."""
        return 0.0 if same(self.challenger, self.champion) else self.challenger - self.champion


def pair(challenger: Claim, champion: Claim) -> Figures | Message:
    """Both figures, or why they say nothing about each other."""
    origin = same_model(challenger.version, champion.version) or _same_run(
        challenger.version, champion.version
    )
    if origin is not None:
        return origin
    if challenger.value is None:
        return why_unusable(challenger, "challenger")
    if champion.value is None:
        return why_unusable(champion, "champion")
    other = _other_grounds(challenger, champion)
    return other or Figures(challenger=challenger.value, champion=champion.value)


def _other_grounds(challenger: Claim, champion: Claim) -> Message | None:
    """Whether the figures were come by in different ways."""
    if challenger.source is not champion.source:
        return say(f"its figure is from its {challenger.source}, the champion's from its {champion.source}")
    if _have_other_data(challenger.datasets, champion.datasets):
        return say(
            "the two figures are from different data, by the digests of the datasets logged with them; ",
            "log the holdout of both with the context `eval`",
        )
    return None


def same_model(challenger: ModelVersion, champion: ModelVersion) -> Message | None:
    """Why there is nothing to compare where both versions are copies of one model."""
    if _addresses(challenger) & _addresses(champion):
        return say("it is the same model as the champion, version ", quote(champion.version))
    return None


def same_bytes(challenger: ModelRun, champion: ModelRun) -> Message | None:
    """Why there is nothing to compare where both were measured by the same bytes."""
    if not challenger.digest or challenger.digest != champion.digest:
        return None
    what = "are made of the same files" if challenger.ran else "logged the same predictions"
    return say(f"it is the same model as the champion: both versions {what}, by their sha256")


def _same_run(challenger: ModelVersion, champion: ModelVersion) -> Message | None:
    if challenger.run_id and challenger.run_id == champion.run_id:
        return say("it is from the same run as the champion, whose figures are the same for both")
    return None


def _addresses(version: ModelVersion) -> frozenset[str]:
    """Where the model lies, and what a copy of it would name as its source."""
    return frozenset({version.source, f"models:/{version.model}/{version.version}"} - {""})


def _have_other_data(challenger: tuple[Dataset, ...], champion: tuple[Dataset, ...]) -> bool:
    """Whether the logged data differ. A retrain on new data is the usual case, so where both runs say
    what else than training data they used, only that counts."""
    evaluated = _digests(_not_training(challenger)), _digests(_not_training(champion))
    if all(evaluated):
        return evaluated[0] != evaluated[1]
    every = _digests(challenger), _digests(champion)
    return all(every) and every[0] != every[1]


def _not_training(datasets: tuple[Dataset, ...]) -> tuple[Dataset, ...]:
    return tuple(dataset for dataset in datasets if dataset.context.casefold() not in _TRAINING)


def _digests(datasets: tuple[Dataset, ...]) -> frozenset[str]:
    return frozenset(dataset.digest for dataset in datasets if dataset.digest)
