"""How challengers are judged: the policy's values, and which rule speaks for a model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from promoter.core.drift_rules import DriftRules
from promoter.core.engine import Engine
from promoter.core.layers import Strictness
from promoter.core.override_rules import OverrideRules
from promoter.core.policy_sources import NO_SOURCES, Sources
from promoter.core.prompt import Kind
from promoter.core.prompt_rules import PromptRule
from promoter.core.propose_rules import ProposeLimits, ProposeRule


class Mode(StrEnum):
    """Whether a verdict decides (`enforce`), is only shown (`dry_run`), or requests are refused."""

    ENFORCE = "enforce"
    DRY_RUN = "dry_run"
    DISABLED = "disabled"


class OnMissingChampion(StrEnum):
    """What to do when no version holds the alias."""

    BLOCK = "block"
    BOOTSTRAP = "bootstrap"


class Task(StrEnum):
    """What the model predicts."""

    BINARY = "binary_classification"
    MULTICLASS = "multiclass_classification"
    REGRESSION = "regression"


class Source(StrEnum):
    """Where figures come from."""

    RUN_METRICS = "run_metrics"
    INFERENCE = "inference"
    PREDICTIONS = "predictions"


class Environment(StrEnum):
    """Where a model's code runs: an environment of its own requirements, or ours."""

    MODEL = "model"
    IMAGE = "image"


class Test(StrEnum):
    """How a change is judged; see `docs/policy.md`."""

    __test__ = False

    POINT = "point"
    NON_INFERIORITY = "non_inferiority"
    SUPERIORITY = "superiority"
    NO_REGRESSION = "no_regression"


class Severity(StrEnum):
    """Whether a broken rule rejects or warns."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """Who must have approved. Empty `approvers` means: anyone with write access."""

    minimum: int = 1
    approvers: tuple[str, ...] = ()
    author_counts: bool = False


@dataclass(frozen=True, kw_only=True)
class DescriptionRule:
    """`min_length` in characters after trimming white space."""

    min_length: int


@dataclass(frozen=True, kw_only=True)
class TagsRule:
    """Tag key → pattern that the whole value must match."""

    required: Mapping[str, re.Pattern[str]]


@dataclass(frozen=True, kw_only=True)
class LineageRule:
    """What must be known of the training run; None and False mean not asked."""

    run_status: str | None = None
    git_commit: bool = False
    dataset: bool = False


@dataclass(frozen=True, kw_only=True)
class SignatureRule:
    """Whether the challenger must accept what the champion accepts."""

    compatible_with_champion: bool


@dataclass(frozen=True, kw_only=True)
class ArtifactsRule:
    """Where files may lie (prefixes of addresses), and which there may be (globs); empty: anywhere, any."""

    sources: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MetricRule:
    """One metric's rule. Changes are improvements in the metric's good direction; relative ones are
    fractions of the champion's absolute value."""

    name: str
    greater_is_better: bool
    threshold: float | None = None
    min_absolute_change: float | None = None
    min_relative_change: float | None = None
    max_absolute_degradation: float | None = None
    max_relative_degradation: float | None = None
    severity: Severity = Severity.FAIL
    test: Test = Test.POINT

    @property
    def compares(self) -> bool:
        """Whether the rule needs a champion."""
        limits = (
            self.min_absolute_change,
            self.min_relative_change,
            self.max_absolute_degradation,
            self.max_relative_degradation,
        )
        return self.test is not Test.POINT or any(limit is not None for limit in limits)


@dataclass(frozen=True, kw_only=True)
class InferenceRule:
    """Limits on how a model runs; None means not asked. Memory in MiB, size in MiB."""

    max_p95_latency_ms: float | None = None
    max_load_seconds: float | None = None
    max_memory_mb: float | None = None
    max_size_mb: float | None = None


@dataclass(frozen=True, kw_only=True)
class SliceRule:
    """Metrics of every combination of the columns' values. Smaller slices are shown, not judged.

    `values` names slices that must be there and large enough, each by one label for each column of `by`.
    """

    by: tuple[str, ...]
    metrics: tuple[MetricRule, ...]
    min_rows: int = 200
    values: tuple[tuple[str, ...], ...] = ()


class Inverted(StrEnum):
    """What becomes of values by which a wrong prediction pays as much as the right one."""

    REFUSED = "refused"
    ALLOWED = "allowed"


@dataclass(frozen=True, kw_only=True)
class BusinessValueRule:
    """What each outcome is worth. Binary: keys true_positive, false_positive, false_negative, true_negative.
    Regression: keys under_prediction and over_prediction, per unit of it. Multiclass: `matrix` has, for each
    true label, the worth of each predicted one, and `values` is empty.

    Limits are per 1000 rows. Unless `unsafe_inverted_values` allows otherwise, who is right earns most.
    """

    unit: str
    values: Mapping[str, float] = field(default_factory=dict)
    matrix: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    test: Test = Test.POINT
    min_absolute_change: float | None = None
    max_absolute_degradation: float | None = None
    unsafe_inverted_values: Inverted = Inverted.REFUSED


@dataclass(frozen=True, kw_only=True)
class NegativeFlipsRule:
    """The largest share of rows that may turn from right to wrong."""

    max_rate: float


@dataclass(frozen=True, kw_only=True)
class CustomRule:
    """A check of the user's own: a command of the base commit, given the evidence, answering by JSON. `files`
    are globs of what it needs beside the files its command names."""

    name: str
    command: tuple[str, ...]
    files: tuple[str, ...] = ()
    timeout_seconds: float = 60.0
    severity: Severity = Severity.FAIL


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How figures are made. `data` is a path in the repository, an address or a table; `target` a column of
    it. `predictions` is a table among the artifacts of each version's run, joined by the column `id`;
    `prediction_columns` are those of it that hold predictions, all but `id` where none is named. `reference`
    is a version of the same model that the challenger is compared with too."""

    source: Source
    data: str = ""
    sha256: str | None = None
    target: str = ""
    positive_label: str | None = None
    id: str | None = None
    group: str | None = None
    environment: Environment = Environment.MODEL
    predictions: str = ""
    prediction_columns: tuple[str, ...] = ()
    reference: str | None = None
    engine: Engine = Engine.LOCAL


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """How sure to be: every test is one-sided at 1 less confidence_level."""

    confidence_level: float = 0.95
    resamples: int = 10_000


@dataclass(frozen=True, kw_only=True)
class Checks:
    """The checks a rule asks for; at least one of them is set."""

    description: DescriptionRule | None = None
    tags: TagsRule | None = None
    lineage: LineageRule | None = None
    prompt: PromptRule | None = None
    signature: SignatureRule | None = None
    artifacts: ArtifactsRule | None = None
    metrics: tuple[MetricRule, ...] = ()
    inference: InferenceRule | None = None
    slices: tuple[SliceRule, ...] = ()
    business_value: BusinessValueRule | None = None
    negative_flips: NegativeFlipsRule | None = None
    custom: tuple[CustomRule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ModelRule:
    """One entry of `models:`; `match` is a glob on the registered model's name. `unsafe_sandbox` is for the
    code of its models and of its custom checks; without `override` no request may override a check."""

    match: str
    aliases: tuple[str, ...]
    mode: Mode
    on_missing_champion: OnMissingChampion
    task: Task | None
    checks: Checks
    evaluation: Evaluation | None = None
    statistics: Statistics = Statistics()
    unsafe_sandbox: Strictness = Strictness.REQUIRED
    override: OverrideRules | None = None
    propose: ProposeRule | None = None
    sources: Sources = NO_SOURCES
    kind: Kind = Kind.MODEL
    log_report: bool = True


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A whole policy file. `digest` is the sha256 of its bytes, in hex."""

    path: str
    digest: str
    approvals: Approvals
    models: tuple[ModelRule, ...]
    drift: DriftRules = field(default_factory=DriftRules)
    propose: ProposeLimits = field(default_factory=ProposeLimits)

    def rule_for(self, model: str, kind: Kind = Kind.MODEL) -> ModelRule | None:
        """The first rule of that kind whose glob matches, case and all; None when none speaks for it."""
        return next((one for one in self.models if one.kind is kind and fnmatchcase(model, one.match)), None)
