"""How challengers are judged: the policy's values, and which rule speaks for a model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


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

    @property
    def compares(self) -> bool:
        """Whether the rule needs a champion."""
        limits = (
            self.min_absolute_change,
            self.min_relative_change,
            self.max_absolute_degradation,
            self.max_relative_degradation,
        )
        return any(limit is not None for limit in limits)


@dataclass(frozen=True, kw_only=True)
class Checks:
    """The checks a rule asks for; at least one of them is set."""

    description: DescriptionRule | None = None
    tags: TagsRule | None = None
    lineage: LineageRule | None = None
    signature: SignatureRule | None = None
    metrics: tuple[MetricRule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ModelRule:
    """One entry of `models:`; `match` is a glob on the registered model's name."""

    match: str
    aliases: tuple[str, ...]
    mode: Mode
    on_missing_champion: OnMissingChampion
    task: Task | None
    checks: Checks


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A whole policy file. `digest` is the sha256 of its bytes, in hex."""

    path: str
    digest: str
    approvals: Approvals
    models: tuple[ModelRule, ...]

    def rule_for(self, model: str) -> ModelRule | None:
        """The first rule whose glob matches, case and all; None when no rule speaks for the model."""
        return next((rule for rule in self.models if fnmatchcase(model, rule.match)), None)
