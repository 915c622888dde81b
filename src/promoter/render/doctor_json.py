"""A diagnosis for programs: the step's outputs, and the same document as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence

from promoter.core.doctor import Diagnosis, Finding
from promoter.errors import ExitCode
from promoter.render.outputs import BY_EXIT_CODE, SCHEMA_VERSION, Decision

# All outputs of a job share 1 MiB; what does not fit is counted.
_LONGEST_RESULT = 256 * 1024


def doctor_outputs(diagnosis: Diagnosis, *, report_path: str) -> dict[str, str]:
    """Name → value; the names are public contract."""
    return {
        "decision": _decision(diagnosis).value,
        "reason-code": diagnosis.reason.value,
        "result": doctor_result(diagnosis),
        "report": report_path,
        "comment-url": "",
    }


def doctor_result(diagnosis: Diagnosis) -> str:
    """One line of ASCII JSON, with as many findings as fit, worst first."""
    entries = [_entry(one) for one in diagnosis.findings]
    room = _LONGEST_RESULT
    kept = 0
    for entry in entries:
        room -= len(json.dumps(entry, separators=(",", ":"))) + 1
        if room < 0:
            break
        kept += 1
    return _document(diagnosis, entries[:kept], left_out=len(entries) - kept)


def doctor_json(diagnosis: Diagnosis) -> str:
    """The same, whole."""
    return _document(diagnosis, [_entry(one) for one in diagnosis.findings], left_out=0)


def _decision(diagnosis: Diagnosis) -> Decision:
    exit_code = diagnosis.reason.exit_code
    return Decision.NONE if exit_code is ExitCode.DONE else BY_EXIT_CODE[exit_code]


def _document(diagnosis: Diagnosis, entries: Sequence[dict[str, object]], *, left_out: int) -> str:
    document = {
        "schema_version": SCHEMA_VERSION,
        "phase": "doctor",
        "decision": _decision(diagnosis).value,
        "reason_code": diagnosis.reason.value,
        "message": str(diagnosis.message),
        "hint": "",
        "repository": diagnosis.repository,
        "commit": diagnosis.commit,
        "rules": diagnosis.rules,
        "requests": [],
        "findings": list(entries),
        "findings_left_out": left_out,
        "tool_version": diagnosis.tool_version,
    }
    return json.dumps(document, separators=(",", ":"))


def _entry(finding: Finding) -> dict[str, object]:
    rule, found = finding.rule, finding.found
    return {
        "rule": rule.id,
        "severity": rule.severity.value,
        "message": str(found.message),
        "path": found.path or None,
        "line": found.line or None,
        "why": rule.why,
        "fix": rule.fix,
        "paste": rule.paste or None,
    }
