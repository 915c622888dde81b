"""Weigh a request's override: whether it counts at this moment, and what it makes of the results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from promoter.core.evidence import CheckResult
from promoter.core.override import misuse, overridden, unneeded
from promoter.core.override_rules import Override
from promoter.core.plan import Step
from promoter.core.policy import ModelRule
from promoter.core.report import RequestReport
from promoter.core.request import PromotionRequest
from promoter.text import Message, say


@dataclass(frozen=True, kw_only=True)
class Overriding:
    """The override that counts, None for none, and what is worth telling of one that does not."""

    override: Override | None = None
    notes: tuple[Message, ...] = ()

    def judged(self, report: RequestReport, results: Sequence[CheckResult]) -> RequestReport:
        """The report with its results, those warnings that the override speaks of."""
        if self.override is None:
            return replace(report, results=tuple(results), notes=(*report.notes, *self.notes))
        measurement = report.evidence.measurement if report.evidence else None
        accepted = overridden(results, self.override, measurement=measurement)
        notes = (*report.notes, *unneeded(accepted, self.override))
        return replace(report, results=accepted, notes=notes)


_WITHOUT = say("the override in this file does not count: a rollback does without")


def weigh_override(rule: ModelRule, request: PromotionRequest, *, step: Step, now: datetime) -> Overriding:
    """What becomes of a request's override. Raises OVERRIDE_REFUSED where it may not count.

    A rollback does without: what is in the file may be over, or was meant for the version that leaves.
    """
    if request.override is None:
        return Overriding()
    if step is Step.ROLLBACK:
        return Overriding(notes=(_WITHOUT,))
    error = misuse(request.override, rule.override, now=now)
    if error is not None:
        raise error
    return Overriding(override=request.override)
