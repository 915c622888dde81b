"""Keep one GitHub issue for each alias that drifts: opened, brought up to date, closed when it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from promoter.commands.drift import DriftWorld, drift
from promoter.core.drift import Comparison, DriftReport, Finding
from promoter.core.drift_issues import MOST_NEW, Change, Close, IssueStep, Markers, Open, Wanted, plan_issues
from promoter.core.drift_rules import Healing
from promoter.core.issue import Issue
from promoter.core.report import Report
from promoter.core.request import PromotionRequest
from promoter.errors import ExitCode, PromoterError
from promoter.ports import Issues
from promoter.render.drift_issue import closed_body, issue_body, issue_title, rest_body, rest_title
from promoter.text import NOTHING, Message, quote, say


def watch(world: DriftWorld, issues: Issues, *, branch: str, heal: Callable[[], Report]) -> DriftReport:
    """Look for drift, heal it where the policy says so, and keep the issues.

    `heal` does what apply does, and puts back what was moved outside git; it is called at most once.
    """
    markers = Markers.of(world.places.requests, world.places.policy)
    unread: PromoterError | None = None
    opened: tuple[Issue, ...] = ()
    try:
        opened = tuple(issue for issue in issues.opened() if markers.owns(issue))
    except PromoterError as error:
        unread = error
    first = {issue.marker for issue in opened}
    report = drift(world, branch=branch, first=first)
    if report.rules.healing is Healing.APPLY and any(one.kind.heals for one in report.findings):
        healed = heal()
        report = replace(drift(world, branch=branch, first=first), healed=healed)
    if unread is not None:
        # What is open is not known: a second issue would be opened for what has one.
        return _unkept(report, unread, what="the open issues could not be read: ")
    return _Keeper(issues=issues, markers=markers, opened=opened).kept(report)


@dataclass(frozen=True, kw_only=True)
class _Keeper:
    """Brings the open issues to what a report says. What it could not decide keeps its issue as it is."""

    issues: Issues
    markers: Markers
    opened: Sequence[Issue]

    def kept(self, report: DriftReport) -> DriftReport:
        """The report, with the addresses of issues and what was done to them."""
        if report.compared is None:
            untouched = say(f"{len(self.opened)} open issue(s) of Promoter's were left as they are")
            return replace(report, notes=(*report.notes, untouched)) if self.opened else report
        steps = plan_issues(self._wanted(report), self.opened, untouched=self._untouched(report))
        addresses = {issue.marker: issue.url for issue in self.opened}
        notes: list[Message] = []
        stopped: PromoterError | None = None
        for step in steps:
            try:
                notes.append(self._carry_out(step, self._why_closed(step, report), addresses=addresses))
            except PromoterError as error:
                stopped = error
                break
        findings = tuple(
            replace(one, issue=addresses.get(self.markers.marker(one.key), "")) for one in report.findings
        )
        report = replace(report, findings=findings, notes=(*report.notes, *notes))
        return report if stopped is None else _unkept(report, stopped, what="an issue could not be written: ")

    def _wanted(self, report: DriftReport) -> list[Wanted]:
        known = {issue.marker for issue in self.opened}
        new = [one for one in report.findings if self.markers.marker(one.key) not in known]
        rest = [*(one.key for one in new[MOST_NEW:]), *(one.key for one in report.unexamined)]
        wanted = [self._of(one, report) for one in report.findings if one not in new[MOST_NEW:]]
        if not rest:
            return wanted
        marker = self.markers.of_the_rest
        body = rest_body(rest, report, marker=marker)
        return [*wanted, Wanted(marker=marker, title=rest_title(len(rest)), body=body)]

    def _of(self, finding: Finding, report: DriftReport) -> Wanted:
        marker = self.markers.marker(finding.key)
        return Wanted(
            marker=marker, title=issue_title(finding), body=issue_body(finding, report, marker=marker)
        )

    def _untouched(self, report: DriftReport) -> set[str]:
        """Of what is not known yet, and of what waits, no issue is touched."""
        unsure = [*(one.request.key for one in report.undecided), *(one.key for one in report.waiting)]
        unsure += [request.key for request in report.unexamined]
        rest = {self.markers.of_the_rest} if report.undecided else set()
        return {self.markers.marker(key) for key in unsure} | rest

    def _carry_out(self, step: IssueStep, why: Message, *, addresses: dict[str, str]) -> Message:
        match step:
            case Open(wanted=wanted):
                address = self.issues.create(title=wanted.title, body=wanted.body)
                addresses[wanted.marker] = address
                return say("issue opened: ", quote(address))
            case Change(issue=issue, wanted=wanted):
                self.issues.change(issue, title=wanted.title, body=wanted.body)
                return say("issue brought up to date: ", quote(issue.url))
            case Close(issue=issue):
                self.issues.close(issue, body=closed_body(why, marker=issue.marker))
                return say("issue closed: ", quote(issue.url))

    def _why_closed(self, step: IssueStep, report: DriftReport) -> Message:
        """The last sentence of an issue."""
        if not isinstance(step, Close):
            return NOTHING
        if step.instead is not None:
            return say(f"issue #{step.instead.number} tells the same")
        marker = step.issue.marker
        if marker == self.markers.of_the_rest:
            return say("every alias that differs has an issue of its own now")
        compared = report.compared or Comparison()
        agreed = self._named(marker, compared.agreeing)
        if agreed is not None:
            alias = quote("@".join(agreed.key))
            return say("the registry holds version ", quote(agreed.version), " for ", alias, _AS_ASKED)
        if self._named(marker, chain.from_iterable(compared.exempt.values())) is not None:
            return say("the policy does not have this alias moved any more")
        return say("git and registry no longer differ about it: either both know the alias now, or neither")

    def _named(self, marker: str, requests: Iterable[PromotionRequest]) -> PromotionRequest | None:
        return next((one for one in requests if self.markers.marker(one.key) == marker), None)


_AS_ASKED = ", as git asks"


def _unkept(report: DriftReport, error: PromoterError, *, what: str) -> DriftReport:
    """What was found stays told; that its issues are not as they should be outweighs it."""
    message = say(what, *error.message.parts)
    if report.reason.exit_code in {ExitCode.UNDECIDED, ExitCode.WRONG_INPUT}:
        return replace(report, notes=(*report.notes, message))
    return replace(report, reason=error.reason, message=message, hint=error.hint)
