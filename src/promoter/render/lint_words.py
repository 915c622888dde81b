"""What `promoter lint` found: lines that editors and people can follow, or JSON."""

from __future__ import annotations

import json

from promoter.core.linting import LintReport
from promoter.errors import ExitCode
from promoter.render.outputs import SCHEMA_VERSION, problem_json
from promoter.render.words import count


def lint_text(report: LintReport) -> str:
    """`path:line:column: what was found. What to write`, one a line; then notes and how many there are."""
    lines = [f"{one.problem} [{one.reason}]" for one in report.objections]
    lines += [f"note: {note}" for note in report.notes]
    files = [
        *([count(report.requests, "request")] if report.requests else []),
        *(["the policy"] if report.policies else []),
    ]
    read = f" in {' and '.join(files)}" if files else ""
    found = count(len(report.objections), "problem") if report.objections else "nothing wrong"
    return "\n".join([*lines, f"{found}{read}"]) + "\n"


def lint_json(report: LintReport) -> str:
    """One document: every problem with its reason code, place, and what to write instead."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "exit_code": int(lint_exit_code(report)),
        "requests": report.requests,
        "policies": report.policies,
        "problems": [
            {"reason_code": one.reason.value, **problem_json(one.problem)} for one in report.objections
        ],
        "notes": [str(note) for note in report.notes],
    }
    return json.dumps(document, indent=2) + "\n"


def lint_exit_code(report: LintReport) -> ExitCode:
    """Whatever is wrong is wrong in a file."""
    return ExitCode.WRONG_INPUT if report.objections else ExitCode.DONE
