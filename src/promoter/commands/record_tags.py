"""The tags by which a version tells who gave it its alias, when, why and from where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from promoter.commands.versions import Applied, applied_tag
from promoter.core.evidence import CheckResult, Outcome
from promoter.core.model_version import COPIED_FROM
from promoter.core.report import RequestReport

# The worst outcome of a check speaks for it in its tag.
_WORST_FIRST = (
    Outcome.ERROR,
    Outcome.FAILED,
    Outcome.INCONCLUSIVE,
    Outcome.WARNED,
    Outcome.PASSED,
    Outcome.SKIPPED,
)
_LONGEST_TAG = 1000
# The branch's tip when the version was given its alias.
COMMIT_TAG = "promoter_commit"
OVERRIDE_TAG = "promoter_override"
PULL_TAG = "promoter_pull_request"
ORIGIN_TAG = "promoter_previous_version"


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is the same for every move of a run and goes into its tags. `now` has a time zone."""

    commit: str
    evidence_digest: str
    now: datetime


def tags_of(report: RequestReport, record: Record) -> dict[str, str]:
    """Who, when, why and from where: for people to read, never for a decision."""
    origin = report.now or ""
    tags = {
        "promoter_verdict": str(report.verdict or ""),
        # Before the number: where that one is written, this one is of the same pull request.
        ORIGIN_TAG: origin,
        PULL_TAG: str(report.pull_request or ""),
        COMMIT_TAG: record.commit,
        "promoter_approved_by": ",".join(report.approval.counted) if report.approval else "",
        "promoter_promoted_at": record.now.isoformat(timespec="seconds"),
        "promoter_evidence": record.evidence_digest,
        **_override(report),
        **_outcomes(report.results),
    }
    if report.request.source is not None:
        tags[COPIED_FROM] = str(report.request.source)
    # Last: where it is missing, a later run knows that the record was not finished.
    tags[applied_tag(report.request.alias)] = str(Applied(pull=report.pull_request or 0, origin=origin))
    return {key: value[:_LONGEST_TAG] for key, value in tags.items()}


def _override(report: RequestReport) -> dict[str, str]:
    """What was overridden, until when and why; one that was noted earlier is no longer true."""
    asked, evidence = report.request.override, report.evidence
    used = dict.fromkeys(one.check for one in report.results if one.overridden)
    if asked is not None and used:
        return {OVERRIDE_TAG: f"{','.join(used)} until {asked.expires}: {asked.reason}"}
    return {OVERRIDE_TAG: ""} if evidence and evidence.challenger.tags.get(OVERRIDE_TAG) else {}


def _outcomes(results: Sequence[CheckResult]) -> dict[str, str]:
    """Each check's worst outcome."""
    worst: dict[str, Outcome] = {}
    for result in results:
        so_far = worst.get(result.check, result.outcome)
        worst[result.check] = min(so_far, result.outcome, key=_WORST_FIRST.index)
    return {f"promoter_check_{check}": outcome.value for check, outcome in worst.items()}
