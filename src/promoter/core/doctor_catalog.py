"""The one list of the doctor's rules, and what becomes of all that could not be looked at."""

from __future__ import annotations

from collections.abc import Iterator

from promoter.core import (
    doctor_branch,
    doctor_jobs,
    doctor_owners,
    doctor_policy,
    doctor_settings,
    doctor_steps,
)
from promoter.core.doctor import Facts, Finding, Found, Rule, Severity, found


def _not_looked_at(facts: Facts) -> Iterator[Found]:
    for one in facts.unseen:
        yield found(f"{one.what} could not be looked at, because ", *one.why.parts)


NOT_LOOKED_AT = Rule(
    id="not_looked_at",
    severity=Severity.WARNING,
    why="What was not looked at is not known to be good.",
    fix="Give this run what the line names, or look at it yourself.",
    look=_not_looked_at,
)
RULES: tuple[Rule, ...] = (
    *doctor_branch.RULES,
    *doctor_steps.RULES,
    *doctor_jobs.RULES,
    *doctor_settings.RULES,
    *doctor_owners.RULES,
    *doctor_policy.POLICY_RULES,
    *doctor_policy.REGISTRY_RULES,
    NOT_LOOKED_AT,
)
_ORDER = {severity: at for at, severity in enumerate(Severity)}


def examine(facts: Facts) -> tuple[Finding, ...]:
    """What every rule finds, each thing once, worst first and in the order of the rules."""
    findings = dict.fromkeys(Finding(rule=rule, found=one) for rule in RULES for one in rule.look(facts))
    return tuple(sorted(findings, key=lambda one: _ORDER[one.rule.severity]))
