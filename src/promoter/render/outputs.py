"""The step's outputs. Every value but the two addresses is printable ASCII on one line."""

from __future__ import annotations

import json
from enum import StrEnum

from promoter.core.prompt import Kind
from promoter.core.report import Report, RequestReport
from promoter.core.verdict import Verdict
from promoter.errors import ExitCode, Problem, ReasonCode
from promoter.render.evidence_json import override_json

SCHEMA_VERSION = 1

# All outputs of a job share 1 MiB; above this the single checks are left out of `result`.
_LONGEST_RESULT = 256 * 1024


class Decision(StrEnum):
    """The output `decision`, over all requests of a run.

    `promote`: at least one alias is to be moved, or was moved, and nothing speaks against it.
    `reject`: decided, and the answer is no (a check, a conflict, a missing approval; in a dry run what the
    checks say). `inconclusive`: the evidence decides neither way. `error`: could not be decided (an outage,
    a deadline, a bug). `none`: nothing was judged, because nothing is asked for, everything is in place, or
    a file or input is wrong.
    """

    PROMOTE = "promote"
    REJECT = "reject"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    NONE = "none"


_WORST_FIRST = (Verdict.ERROR, Verdict.REJECT, Verdict.INCONCLUSIVE, Verdict.PROMOTE)
BY_EXIT_CODE = {
    ExitCode.NO: Decision.REJECT,
    ExitCode.WRONG_INPUT: Decision.NONE,
    ExitCode.BUG: Decision.ERROR,
    ExitCode.UNDECIDED: Decision.ERROR,
    ExitCode.INTERRUPTED: Decision.ERROR,
}


def outputs(report: Report, *, comment_url: str, report_path: str) -> dict[str, str]:
    """Name → value; the names are public contract."""
    return {
        "decision": decision(report).value,
        "reason-code": report.reason.value,
        "result": result_json(report),
        "report": report_path,
        "comment-url": comment_url,
    }


def decision(report: Report) -> Decision:
    """What the run decided."""
    if report.reason is ReasonCode.INCONCLUSIVE:
        return Decision.INCONCLUSIVE
    if report.reason.exit_code is not ExitCode.DONE:
        return BY_EXIT_CODE[report.reason.exit_code]
    verdicts = {request.verdict for request in report.requests}
    worst = next((verdict for verdict in _WORST_FIRST if verdict in verdicts), None)
    return Decision.NONE if worst is None else Decision(worst.value)


def looking_decision(reason: ReasonCode) -> Decision:
    """Of a run that only looks or proposes: drift is a no, agreement and proposals decide nothing."""
    exit_code = reason.exit_code
    return Decision.NONE if exit_code is ExitCode.DONE else BY_EXIT_CODE[exit_code]


def result_json(report: Report) -> str:
    """One line of ASCII JSON for other steps to read, one entry per request."""
    text = _line(report, [{**_request(request), "checks": _checks(request)} for request in report.requests])
    if len(text) <= _LONGEST_RESULT:
        return text
    return _line(report, [{**_request(request), "checks_left_out": True} for request in report.requests])


def _line(report: Report, requests: list[dict[str, object]]) -> str:
    document = {
        "schema_version": SCHEMA_VERSION,
        "phase": report.phase.value,
        "decision": decision(report).value,
        "reason_code": report.reason.value,
        "message": str(report.message),
        "hint": str(report.hint),
        "problems": [problem_json(problem) for problem in report.problems],
        "requests": requests,
    }
    return json.dumps(document, separators=(",", ":"))


def _request(request: RequestReport) -> dict[str, object]:
    asked, approval = request.request, request.approval
    return {
        "path": asked.path,
        **({"kind": asked.kind.value} if asked.kind is Kind.PROMPT else {}),
        "model": asked.model,
        "alias": asked.alias,
        "version": asked.version,
        **({"from": str(asked.source)} if asked.source else {}),
        "now": request.now,
        "step": request.step,
        "mode": request.mode,
        "verdict": request.verdict,
        "reason_code": request.reason,
        "message": str(request.message),
        "hint": str(request.hint),
        **override_json(asked.override),
        "pull_request": request.pull_request,
        "approvals": approval
        and {
            "needed": approval.needed,
            "counted": list(approval.counted),
            "refused": [{"login": login, "why": why.name.lower()} for login, why in approval.refused],
        },
    }


def _checks(request: RequestReport) -> list[dict[str, str]]:
    return [
        {
            "check": result.check,
            "subject": result.subject,
            "outcome": result.outcome.value,
            "message": str(result.message),
            **({"overridden": result.overridden.value} if result.overridden else {}),
        }
        for result in request.results
    ]


def problem_json(problem: Problem) -> dict[str, object]:
    """One thing wrong in a file."""
    return {
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "found": str(problem.found),
        "write": str(problem.write),
    }
