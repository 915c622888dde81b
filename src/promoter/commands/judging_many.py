"""Judge the requests of one change in their order; what the registry is asked first is read some at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from promoter.commands.foreseeing import Foreseen, look
from promoter.commands.gathering import Bench
from promoter.commands.judging import OUTAGES, judge, refused
from promoter.commands.versions import Claim
from promoter.core.policy import Policy, Source
from promoter.core.report import RequestReport
from promoter.errors import PromoterError
from promoter.ports import Several

AHEAD = 20
"""How many requests are read for before they are judged: what was read longer ago would be older news."""


def judge_all(bench: Bench, claims: Sequence[Claim], *, several: Several) -> tuple[RequestReport, ...]:
    """The report of each claim, in their order. Raises what `judge` does.

    Where models or custom checks run nothing is read ahead: beside them the registry takes no time.
    """
    known = Foreseen(bench.registry)
    turn = _Turn(replace(bench, registry=known))
    # One alone: where the registry does not answer, that is found by asking once.
    reports = [turn.judge(claim) for claim in claims[:1]]
    for begin in range(1, len(claims), AHEAD):
        group = claims[begin : begin + AHEAD]
        wanted = [claim.request for claim in group if _only_asks(bench.policy, claim)]
        if not turn.is_over and len(wanted) > 1:
            # An outage is found again, and told, by the request that meets it.
            with suppress(PromoterError):
                known.expect(several(partial(look, bench.registry), wanted))
        reports += [turn.judge(claim) for claim in group]
    return tuple(reports)


class _Turn:
    """One request after the other, until the registry as a whole does not answer: asking again for every
    request would only spend the deadline."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._outage: PromoterError | None = None

    @property
    def is_over(self) -> bool:
        return self._outage is not None

    def judge(self, claim: Claim) -> RequestReport:
        if self._outage is not None:
            return refused(claim.request, self._outage)
        report = judge(self._bench, claim)
        if report.reason in OUTAGES:
            self._outage = PromoterError(report.reason, report.message, hint=report.hint)
        return report


def _only_asks(policy: Policy, claim: Claim) -> bool:
    """Whether a request is judged without running anything on this machine, and names its version itself."""
    rule = policy.rule_for(claim.request.model, claim.request.kind)
    if rule is None or claim.request.source is not None:
        return False
    measures = rule.evaluation is not None and rule.evaluation.source is not Source.RUN_METRICS
    return not measures and not rule.checks.custom
