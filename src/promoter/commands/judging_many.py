"""Judge the requests of one change: several at once where nothing but the registry is asked."""

from __future__ import annotations

from collections.abc import Sequence

from promoter.commands.gathering import Bench
from promoter.commands.judging import OUTAGES, judge, refused
from promoter.commands.versions import Claim
from promoter.core.policy import Policy, Source
from promoter.core.report import RequestReport
from promoter.errors import PromoterError
from promoter.ports import Several


def judge_all(bench: Bench, claims: Sequence[Claim], *, several: Several) -> tuple[RequestReport, ...]:
    """The report of each claim, in their order.

    Where models or custom checks run, one request follows the other: its two models run side by side as it
    is, and more would compete for the same cores, with what the policy asks of their latency. Raises what
    `judge` does.
    """
    turn = _Turn(bench)
    # One alone: where the registry does not answer, that is found by asking once.
    alone = [turn.judge(claim) for claim in claims[:1]]
    rest = claims[1:]
    at_once = [place for place, claim in enumerate(rest) if _only_asks(bench.policy, claim)]
    reports: dict[int, RequestReport] = {}
    if len(at_once) > 1:
        judged = several(turn.judge, [rest[place] for place in at_once])
        reports.update(zip(at_once, judged, strict=True))
    for place, claim in enumerate(rest):
        if place not in reports:
            reports[place] = turn.judge(claim)
    return (*alone, *(reports[place] for place in range(len(rest))))


class _Turn:
    """One request after the other, or some at once, until the registry as a whole does not answer: asking
    again for every request would only spend the deadline."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._outage: PromoterError | None = None

    def judge(self, claim: Claim) -> RequestReport:
        if self._outage is not None:
            return refused(claim.request, self._outage)
        report = judge(self._bench, claim)
        if report.reason in OUTAGES:
            self._outage = PromoterError(report.reason, report.message, hint=report.hint)
        return report


def _only_asks(policy: Policy, claim: Claim) -> bool:
    """Whether judging it runs nothing on this machine."""
    rule = policy.rule_for(claim.request.model, claim.request.kind)
    if rule is None:
        return True
    measures = rule.evaluation is not None and rule.evaluation.source is not Source.RUN_METRICS
    return not measures and not rule.checks.custom
