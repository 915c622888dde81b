"""What we measured ourselves: both models on the same rows, how sure we are, and what it is worth.

Values only. Everything a check needs is here, so that checks stay pure and light; `evaluation/` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promoter.core.layers import Found
from promoter.core.model_version import ModelFiles
from promoter.core.pictures import NO_PICTURES, Pictures
from promoter.text import NOTHING, Message


@dataclass(frozen=True, kw_only=True)
class SecondOpinion:
    """The same change by another method, shown and not judged by: a two-sided p-value that there is none, or
    an interval as in `Estimate`."""

    method: str
    p_value: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One figure of both models on the same rows.

    `change` is challenger minus champion, in the metric's own unit. `lower` and `upper` are the ends of the
    two-sided interval of the change; each is one-sided at 1 less confidence_level; None where only point
    figures were asked for or there is no champion. `undefined` is the share of resamples in which the figure
    has no value. `p_worse` is the one-sided p-value of the change being a loss beyond the rule's margin.
    `groups`: how many were resampled, None where rows were. `no_value` is why no model whatever has a value
    on these rows; empty where one may.
    """

    metric: str
    greater_is_better: bool
    rows: int
    challenger: float | None
    champion: float | None = None
    change: float | None = None
    lower: float | None = None
    upper: float | None = None
    standard_error: float | None = None
    undefined: float = 0.0
    p_worse: float | None = None
    method: str = ""
    opinions: tuple[SecondOpinion, ...] = ()
    groups: int | None = None
    no_value: Message = NOTHING


@dataclass(frozen=True, kw_only=True)
class SliceEstimates:
    """The estimates of one slice; `values` are (column, value) pairs. `rows` 0: the slice is absent."""

    values: tuple[tuple[str, str], ...]
    rows: int
    estimates: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ValueEstimate:
    """Money per 1000 rows; `change` is challenger minus champion, with its interval as in `Estimate`."""

    unit: str
    rows: int
    challenger: float
    champion: float | None
    change: float | None
    lower: float | None
    upper: float | None
    predict_all: float | None
    predict_none: float | None
    perfect: float
    groups: int | None = None


@dataclass(frozen=True, kw_only=True)
class FlipEstimate:
    """Rows the champion got right and the challenger gets wrong, as a share of all rows."""

    rows: int
    count: int
    rate: float
    lower: float
    upper: float


@dataclass(frozen=True, kw_only=True)
class ModelRun:
    """How one model behaved: seconds, milliseconds per row, bytes. `problem` is why it did not finish.

    `asked_twice` rows were predicted a second time, and `differing` of them otherwise than at first. Where
    predictions were logged, nothing ran: times and memory are 0, and `environment` says so. `digest` is the
    sha256, in hex, of the model's files or of its table of predictions. `constant` is what it predicts for
    every row, where that is one and the same and the truth is not. `sandbox` is what was around its code.
    `is_logged`: it stands for predictions that were logged, whether or not they can be used.
    """

    load_seconds: float = 0.0
    p50_latency_ms: float = 0.0
    p95_latency_ms: float = 0.0
    peak_memory: int = 0
    size: int = 0
    environment: str = ""
    digest: str = ""
    asked_twice: int = 0
    differing: int = 0
    sandbox: Found = ()
    constant: Message = NOTHING
    problem: Message = NOTHING
    is_logged: bool = False

    @property
    def failure(self) -> str:
        """What a sentence says of it where there is a problem."""
        return "has no predictions to judge" if self.is_logged else "did not finish"

    @property
    def finished(self) -> bool:
        """Whether it loaded and predicted every row validly."""
        return not self.problem.parts

    @property
    def sound(self) -> bool:
        """Whether it finished, answers alike when asked again, and not the same for every row."""
        return self.finished and self.differing == 0 and not self.constant.parts

    @property
    def ran(self) -> bool:
        """Whether the model itself was asked, and not what was logged of it."""
        return self.load_seconds > 0 or self.peak_memory > 0 or bool(self.sandbox)


@dataclass(frozen=True, kw_only=True)
class ReferenceMeasurement:
    """The challenger beside the policy's reference version, on the same rows: in `estimates`, `champion`
    stands for the reference."""

    version: str
    run: ModelRun
    estimates: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Data:
    """The holdout: sha256 of its bytes, rows, and the smaller class's share where there are classes."""

    name: str
    digest: str
    rows: int
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One evaluation. `estimates` by metric name; `seed` from the bytes of data, models and policy: same
    evidence, same numbers. `challenger_files` is what was run; None where predictions were logged. `pictures`
    are for the eye alone."""

    data: Data
    challenger: ModelRun
    champion: ModelRun | None = None
    challenger_files: ModelFiles | None = None
    reference: ReferenceMeasurement | None = None
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    slices: tuple[SliceEstimates, ...] = ()
    value: ValueEstimate | None = None
    flips: FlipEstimate | None = None
    confidence_level: float = 0.95
    resamples: int = 10_000
    seed: int = 0
    pictures: Pictures = NO_PICTURES

    @property
    def runs(self) -> tuple[ModelRun, ...]:
        """How each version behaved; the reference may be one of the other two."""
        beside = self.reference.run if self.reference is not None else None
        return tuple(run for run in (self.challenger, self.champion, beside) if run is not None)

    @property
    def sandboxes(self) -> tuple[Found, ...]:
        """What was around each model's process; empty where none ran."""
        return tuple(run.sandbox for run in self.runs if run.sandbox)
