"""A drift report for programs: the step's outputs, and the same document as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain

from promoter.core.drift import DriftReport, Finding, Undecided
from promoter.core.prompt import Kind
from promoter.core.request import PromotionRequest
from promoter.render.outputs import SCHEMA_VERSION, looking_decision, problem_json

# All outputs of a job share 1 MiB; what does not fit is counted.
_LONGEST_RESULT = 256 * 1024


def drift_outputs(report: DriftReport, *, report_path: str) -> dict[str, str]:
    """Name → value; the names are public contract."""
    return {
        "decision": looking_decision(report.reason).value,
        "reason-code": report.reason.value,
        "result": drift_result(report),
        "report": report_path,
        "comment-url": "",
    }


def drift_result(report: DriftReport) -> str:
    """One line of ASCII JSON, with one entry for each alias as far as they fit, drift first."""
    entries = _entries(report)
    room = _LONGEST_RESULT
    kept = 0
    for entry in entries:
        room -= len(json.dumps(entry, separators=(",", ":"))) + 1
        if room < 0:
            break
        kept += 1
    return _document(report, entries[:kept], left_out=len(entries) - kept)


def drift_json(report: DriftReport) -> str:
    """The same, whole."""
    return _document(report, _entries(report), left_out=0)


def _document(report: DriftReport, entries: Sequence[dict[str, object]], *, left_out: int) -> str:
    healed = report.healed.requests if report.healed else ()
    document = {
        "schema_version": SCHEMA_VERSION,
        "phase": "drift",
        "decision": looking_decision(report.reason).value,
        "reason_code": report.reason.value,
        "message": str(report.message),
        "hint": str(report.hint),
        "branch": report.branch,
        "commit": report.head_commit,
        "policy_digest": report.policy_digest,
        "problems": [problem_json(problem) for problem in report.problems],
        "requests": list(entries),
        "requests_left_out": left_out,
        "healing": [
            {"path": one.request.path, "reason_code": one.reason.value, "message": str(one.message)}
            for one in healed
        ],
        "notes": [str(note) for note in report.notes],
        "tool_version": report.tool_version,
    }
    return json.dumps(document, separators=(",", ":"))


def _entries(report: DriftReport) -> list[dict[str, object]]:
    compared = report.compared
    exempt = compared.exempt if compared else {}
    return [
        *(_of_finding(one, state="drift") for one in report.findings),
        *(_of_undecided(one) for one in report.undecided),
        *(_of_finding(one, state="waiting") for one in report.waiting),
        *(_of_request(one, state="differs") for one in report.unexamined),
        *(_of_request(one, state="exempt") for one in chain.from_iterable(exempt.values())),
        *(_of_request(one, state="in_sync") for one in (compared.agreeing if compared else ())),
    ]


def _of_finding(finding: Finding, *, state: str) -> dict[str, object]:
    request = finding.request
    return {
        "state": state,
        "kind": finding.kind.value,
        **_of_kind(finding.of),
        "model": finding.model,
        "alias": finding.alias,
        "path": request.path if request else None,
        "version": request.version if request else None,
        "now": finding.live,
        "since": finding.since or None,
        "commit": finding.commit or None,
        "issue": finding.issue or None,
    }


def _of_kind(kind: Kind) -> dict[str, object]:
    """Only of prompts, so that other documents stay; `kind` says what is wrong."""
    return {} if kind is Kind.MODEL else {"request_kind": kind.value}


def _of_undecided(one: Undecided) -> dict[str, object]:
    entry = _of_request(one.request, state="undecided")
    return {**entry, "reason_code": one.reason.value, "message": str(one.message)}


def _of_request(request: PromotionRequest, *, state: str) -> dict[str, object]:
    return {
        "state": state,
        **_of_kind(request.kind),
        "model": request.model,
        "alias": request.alias,
        "path": request.path,
        "version": request.version,
    }
