"""What a decision is made from: values only, gathered by a command, never fetched by a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from promoter.core.layers import Found
from promoter.core.measurement import Measurement
from promoter.core.model_version import ModelFiles, ModelVersion, Signature
from promoter.core.policy import ModelRule
from promoter.text import NOTHING, Message


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class ToMeasure:
    """Which versions to score by which rule. Data in the repository is read at `commit`; `policy_digest` is
    the sha256 of the policy's bytes, part of the seed."""

    rule: ModelRule
    challenger: ModelVersion
    champion: ModelVersion | None
    reference: ModelVersion | None = None
    commit: str
    policy_digest: str = ""


@dataclass(frozen=True, kw_only=True)
class CustomAnswer:
    """What a custom check's command answered; ERROR when it gave no usable answer. `sandbox` is what was
    around its code; empty where it was not started."""

    name: str
    outcome: Outcome
    message: Message
    subject: str = ""
    sandbox: Found = ()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Both models as the registry described them, each resolved once.

    `champion` is None only where the registry proved that no version holds the alias. Signatures are read
    only when a check asks for them; None then means the model was logged without one. `answers` holds one or
    more for each custom check that was asked. `challenger_files` is what the challenger is made of;
    None where that could not be read, and `unpinned` says why. `model` is whose alias is to move: another
    registered model than the challenger's where that is to be copied.
    """

    challenger: ModelVersion
    champion: ModelVersion | None
    challenger_signature: Signature | None = None
    champion_signature: Signature | None = None
    measurement: Measurement | None = None
    answers: tuple[CustomAnswer, ...] = ()
    challenger_files: ModelFiles | None = None
    unpinned: Message = NOTHING
    model: str = ""

    @property
    def own_number(self) -> str:
        """The challenger's number among the versions of the model whose alias moves; empty: it is none."""
        return "" if self.model not in {"", self.challenger.model} else self.challenger.version

    @property
    def sandboxes(self) -> tuple[Found, ...]:
        """What was around each process that ran code of a model or a custom check; empty: none ran."""
        models = self.measurement.sandboxes if self.measurement else ()
        return (*models, *(one.sandbox for one in self.answers if one.sandbox))


@dataclass(frozen=True, kw_only=True)
class MetricComparison:
    """One metric of both models under one rule.

    `change` is challenger minus champion, in the metric's own unit; `rule` is the policy's rule in words
    ("≥ 0.6, not more than 0.01 worse"); `source` names where the figures come from. `lower` and `upper` are
    the ends of the change's interval where we measured it, on that many `rows`. `least` is the least
    improvement that the rule asks for, in the metric's own unit and good direction (negative: so much worse
    is allowed). `rows_needed` is how many rows would decide what these could not.
    """

    name: str
    greater_is_better: bool
    champion: float | None
    challenger: float | None
    change: float | None
    rule: str
    source: str
    lower: float | None = None
    upper: float | None = None
    rows: int | None = None
    least: float | None = None
    rows_needed: int | None = None


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """The outcome of one check on one subject (a metric's or tag's name; empty when there is only one).

    `overridden` is the outcome it had before the request's override made a warning of it.
    """

    check: str
    outcome: Outcome
    message: Message
    subject: str = ""
    comparison: MetricComparison | None = None
    overridden: Outcome | None = None
