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
        accepted = overridden(results, self.override)
        notes = (*report.notes, *unneeded(accepted, self.override))
        return replace(report, results=accepted, notes=notes)


def weigh_override(rule: ModelRule, request: PromotionRequest, *, step: Step, now: datetime) -> Overriding:
    """What becomes of a request's override. Raises OVERRIDE_REFUSED where it may not count.

    A revert brings back the file of long ago, with an override that has expired or that the policy allows no
    more: a rollback goes on without it.
    """
    if request.override is None:
        return Overriding()
    error = misuse(request.override, rule.override, now=now)
    if error is None:
        return Overriding(override=request.override)
    if step is not Step.ROLLBACK:
        raise error
    note = say("the override in this file does not count, and this rollback goes on without it: ")
    return Overriding(notes=(say(*note.parts, *error.message.parts),))
