"""The one list of checks. `CONTRIBUTING.md` says how to add one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import Any, Generic, TypeVar

from promoter.checks import (
    artifacts,
    business_value,
    custom,
    description,
    inference,
    lineage,
    metrics,
    negative_flips,
    prompt,
    signature,
    slices,
    tags,
)
from promoter.checks.comparing.unmeasured import unmeasured
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.layers import missing_in
from promoter.core.measurement import Measurement
from promoter.core.policy import Checks, InferenceRule, ModelRule, Source
from promoter.text import say

_Rule = TypeVar("_Rule")


class Kind(StrEnum):
    """What a result speaks of: the challenger alone, or how it compares with the champion."""

    INTEGRITY = "integrity"
    COMPARISON = "comparison"


class Reads(Enum):
    """What a check needs besides what the registry says of both versions."""

    REGISTRY = auto()
    SIGNATURES = auto()
    FIGURES = auto()


@dataclass(frozen=True, kw_only=True)
class Check(Generic[_Rule]):
    """One check: its id, where the policy asks for it, and what judges.

    `asked` gives the policy's rule, None where it does not ask. `comparisons` are the subjects of an
    integrity check that compare nevertheless.
    """

    id: str
    kind: Kind
    asked: Callable[[Checks], _Rule | None]
    run: Callable[[_Rule, Evidence], tuple[CheckResult, ...]]
    comparisons: frozenset[str] = frozenset()
    reads: Reads = Reads.REGISTRY

    def results(self, checks: Checks, evidence: Evidence) -> tuple[CheckResult, ...]:
        """What came of it; nothing where the policy does not ask."""
        rule = self.asked(checks)
        if rule is None:
            return ()
        return self.run(rule, evidence) or (self._nothing_asked(),)

    def kind_of(self, result: CheckResult) -> Kind:
        """What one of its results speaks of."""
        return Kind.COMPARISON if result.subject in self.comparisons else self.kind

    def _nothing_asked(self) -> CheckResult:
        message = say("the policy names this check and asks for nothing in it")
        return CheckResult(check=self.id, outcome=Outcome.INCONCLUSIVE, message=message)


CATALOG: tuple[Check[Any], ...] = (
    Check(
        id=description.ID,
        kind=Kind.INTEGRITY,
        asked=lambda checks: checks.description,
        run=description.run,
    ),
    Check(id=tags.ID, kind=Kind.INTEGRITY, asked=lambda checks: checks.tags, run=tags.run),
    Check(id=lineage.ID, kind=Kind.INTEGRITY, asked=lambda checks: checks.lineage, run=lineage.run),
    Check(
        id=prompt.ID,
        kind=Kind.INTEGRITY,
        asked=lambda checks: checks.prompt,
        run=prompt.run,
        comparisons=frozenset({prompt.VARIABLES, prompt.RESPONSE_FORMAT}),
    ),
    Check(
        id=signature.ID,
        kind=Kind.INTEGRITY,
        asked=lambda checks: checks.signature,
        run=signature.run,
        comparisons=frozenset({signature.COMPATIBLE}),
        reads=Reads.SIGNATURES,
    ),
    Check(
        id=artifacts.ID,
        kind=Kind.INTEGRITY,
        asked=lambda checks: checks.artifacts,
        run=artifacts.run,
    ),
    Check(
        id=inference.ID,
        kind=Kind.INTEGRITY,
        asked=lambda checks: checks.inference,
        run=inference.run,
        comparisons=frozenset({inference.CHAMPION, inference.REFERENCE}),
        reads=Reads.FIGURES,
    ),
    Check(
        id=metrics.ID,
        kind=Kind.COMPARISON,
        asked=lambda checks: checks.metrics or None,
        run=metrics.run,
        reads=Reads.FIGURES,
    ),
    Check(
        id=slices.ID,
        kind=Kind.COMPARISON,
        asked=lambda checks: checks.slices or None,
        run=slices.run,
        reads=Reads.FIGURES,
    ),
    Check(
        id=business_value.ID,
        kind=Kind.COMPARISON,
        asked=lambda checks: checks.business_value,
        run=business_value.run,
        reads=Reads.FIGURES,
    ),
    Check(
        id=negative_flips.ID,
        kind=Kind.COMPARISON,
        asked=lambda checks: checks.negative_flips,
        run=negative_flips.run,
        reads=Reads.FIGURES,
    ),
    Check(
        id=custom.ID,
        kind=Kind.INTEGRITY,
        asked=lambda checks: checks.custom or None,
        run=custom.run,
    ),
)
_BY_ID = {check.id: check for check in CATALOG}


def run_checks(rule: ModelRule, evidence: Evidence) -> tuple[CheckResult, ...]:
    """The results of every check the policy asks for, in the catalog's order."""
    asked = replace(rule, checks=_with_failures(rule.checks, evidence.measurement))
    return tuple(result for check in CATALOG for result in _results(check, asked, evidence=evidence))


def _with_failures(checks: Checks, measurement: Measurement | None) -> Checks:
    """The checks, and `inference` too where a model did not run, predicts otherwise when asked again, the
    same for every row, or was not confined: it alone says so, and a rollback must not pass over it."""
    if measurement is None:
        return checks
    all_sound = all(run.sound for run in measurement.runs) and not missing_in(measurement.sandboxes)
    return checks if checks.inference or all_sound else replace(checks, inference=InferenceRule())


def _results(check: Check[Any], rule: ModelRule, *, evidence: Evidence) -> tuple[CheckResult, ...]:
    asks_to_measure = rule.evaluation is not None and rule.evaluation.source is not Source.RUN_METRICS
    is_asked = check.asked(rule.checks) is not None
    if check.reads is Reads.FIGURES and is_asked and asks_to_measure and evidence.measurement is None:
        # What a run claims must not stand in for what the policy wants measured.
        return unmeasured(check.id)
    return check.results(rule.checks, evidence)


def needs_signature(rule: ModelRule) -> bool:
    """Whether any check the policy asks for reads signatures."""
    return any(check.reads is Reads.SIGNATURES and check.asked(rule.checks) is not None for check in CATALOG)


def report_only(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """The results of a rollback: checks on the challenger alone decide, comparisons only tell.

    Whoever goes back to an earlier version has a reason that no figure knows.
    """
    return tuple(_told(result) for result in results)


def _told(result: CheckResult) -> CheckResult:
    compares = _BY_ID[result.check].kind_of(result) is Kind.COMPARISON
    if not compares or result.outcome not in {Outcome.FAILED, Outcome.INCONCLUSIVE}:
        return result
    message = say(*result.message.parts, "; reported only, because this is a rollback")
    return replace(result, outcome=Outcome.WARNED, message=message)
