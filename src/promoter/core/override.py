"""An override: failures of named checks, accepted for once, where the policy allows it.

It makes a warning of a failed result and nothing else. What could not be judged, what keeps a model's code
confined, approvals and the three-way rule are out of its reach: no result of theirs has a name it may use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from promoter.core.claims import finite
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.measurement import Measurement
from promoter.core.override_rules import Overridable, Override, OverrideRules
from promoter.core.policy import Policy
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

# Whose results carry the figures they are about: without one there is nothing to accept.
_FIGURED = frozenset({Overridable.METRICS, Overridable.SLICES, Overridable.BUSINESS_VALUE})


def misuse(override: Override, rules: OverrideRules | None, *, now: datetime) -> PromoterError | None:
    """Why an override counts for nothing: not allowed, expired, or for too long; None where it counts.

    `now` has a time zone.
    """
    today = now.astimezone(UTC).date()
    if rules is None:
        return _refused(say("the policy allows no override"), _MEET)
    strangers = [check for check in override.checks if check not in rules.checks]
    if strangers:
        named = quote(", ".join(strangers))
        allowed = quote(", ".join(rules.checks))
        return _refused(
            say("the policy does not let requests override ", named), say("It allows: ", allowed, ".")
        )
    if override.expires < today:
        return _refused(say(f"the override expired with {override.expires} (UTC)"), _RENEW)
    if override.expires - today > timedelta(days=rules.max_days):
        last = today + timedelta(days=rules.max_days)
        return _refused(
            say(f"the override would count until {override.expires}, and the policy says `max_days: "
                f"{rules.max_days}`"),
            say(f"Write `expires: {last}` or an earlier day."),
        )  # fmt: skip
    return None


def _refused(message: Message, hint: Message) -> PromoterError:
    return PromoterError(ReasonCode.OVERRIDE_REFUSED, message, hint=hint)


_MEET = say(
    "Delete `override` from the request; or have the policy allow it, in a pull request of its own, by "
    "`override: {checks: [metrics], max_days: 14}`."
)
_RENEW = say("Delete `override` from the request, or ask again with a later `expires`, to be reviewed anew.")


def overridden(
    results: Sequence[CheckResult], override: Override, *, measurement: Measurement | None = None
) -> tuple[CheckResult, ...]:
    """The results, warnings where a named check failed, or could not tell two known figures apart.

    `measurement` is what they were judged by; None where nothing was measured.
    """
    return tuple(
        _accepted(one, override) if is_overridable(one, override, measurement=measurement) else one
        for one in results
    )


def is_overridable(
    result: CheckResult, override: Override, *, measurement: Measurement | None = None
) -> bool:
    """Whether the override speaks of this result: its check is named, and there is something to accept.

    An error is never accepted, and neither is a figure that is missing.
    """
    if result.check not in override.checks:
        return False
    shown = result.comparison
    if result.outcome is Outcome.FAILED:
        if result.check == Overridable.NEGATIVE_FLIPS:
            return _were_counted(measurement)
        return result.check not in _FIGURED or (shown is not None and shown.challenger is not None)
    is_whole = shown is not None and None not in (shown.challenger, shown.champion)
    return result.outcome is Outcome.INCONCLUSIVE and is_whole


def _were_counted(measurement: Measurement | None) -> bool:
    """Whether there is a share of negative flips: the one figure that no result carries."""
    if measurement is None or measurement.flips is None or not measurement.challenger.finished:
        return False
    return finite(measurement.flips.rate) is not None


def _accepted(result: CheckResult, override: Override) -> CheckResult:
    reason = (": ", quote(override.reason))
    told = say(*result.message.parts, f"; overridden until {override.expires}", *reason)
    return replace(result, outcome=Outcome.WARNED, message=told, overridden=result.outcome)


def unneeded(results: Sequence[CheckResult], override: Override) -> tuple[Message, ...]:
    """A note for each named check of which nothing was overridden; `results` are those after it."""
    used = {one.check for one in results if one.overridden}
    against = {Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.ERROR}
    standing = {one.check for one in results if one.outcome in against}
    return tuple(_unneeded(check, standing) for check in override.checks if check not in used)


def _unneeded(check: Overridable, standing: set[str]) -> Message:
    if check in standing:
        return say(
            f"the override of `{check}` changes nothing: what could not be carried out, or has no figure, "
            "cannot be overridden"
        )
    return say(f"the override of `{check}` was not needed: nothing of it failed")


def approvals_asked(policy: Policy, request: PromotionRequest) -> int:
    """How many approvals an override asks for at least; 0 for a request without one."""
    rule = policy.rule_for(request.model, request.kind)
    if request.override is None or rule is None or rule.override is None:
        return 0
    return rule.override.minimum_approvals
