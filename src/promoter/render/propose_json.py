"""A propose report for programs: the step's outputs, and the same document as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence

from promoter.core.propose_report import Action, Entry, ProposeReport
from promoter.render.outputs import SCHEMA_VERSION, looking_decision, problem_json

# All outputs of a job share 1 MiB; what does not fit is counted.
_LONGEST_RESULT = 256 * 1024


def propose_outputs(report: ProposeReport, *, report_path: str) -> dict[str, str]:
    """Name → value; the names are public contract."""
    return {
        "decision": looking_decision(report.reason).value,
        "reason-code": report.reason.value,
        "result": propose_result(report),
        "report": report_path,
        "comment-url": "",
    }


def propose_result(report: ProposeReport) -> str:
    """One line of ASCII JSON, with one entry for each alias as far as they fit, those with news first."""
    entries = sorted(report.entries, key=lambda one: one.action is Action.NONE)
    room, kept = _LONGEST_RESULT, 0
    for entry in entries:
        room -= len(json.dumps(_entry(entry), separators=(",", ":"))) + 1
        if room < 0:
            break
        kept += 1
    return _document(report, entries[:kept], left_out=len(entries) - kept)


def propose_json(report: ProposeReport) -> str:
    """The same, whole."""
    return _document(report, report.entries, left_out=0)


def _document(report: ProposeReport, entries: Sequence[Entry], *, left_out: int) -> str:
    document = {
        "schema_version": SCHEMA_VERSION,
        "phase": "propose",
        "decision": looking_decision(report.reason).value,
        "reason_code": report.reason.value,
        "message": str(report.message),
        "hint": str(report.hint),
        "writing": report.writing.value,
        "branch": report.branch,
        "commit": report.head_commit,
        "policy_digest": report.policy_digest,
        "problems": [problem_json(problem) for problem in report.problems],
        "requests": [_entry(entry) for entry in entries],
        "requests_left_out": left_out,
        "notes": [str(note) for note in report.notes],
        "tool_version": report.tool_version,
    }
    return json.dumps(document, separators=(",", ":"))


def _entry(entry: Entry) -> dict[str, object]:
    model, alias = entry.key
    told: dict[str, object] = {
        "action": entry.action.value,
        "model": model,
        "alias": alias,
        "version": entry.version or None,
        "now": entry.live,
        "why": str(entry.why),
        "pull_request": entry.number or None,
        "url": entry.url or None,
    }
    return told if entry.reason is None else {**told, "reason_code": entry.reason.value}
