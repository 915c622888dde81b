"""An error for programs, where a command ended before it had a result."""

from __future__ import annotations

import json

from promoter.errors import PromoterError
from promoter.render.outputs import SCHEMA_VERSION, problem_json


def error_json(error: PromoterError) -> str:
    """One document, with a line break at its end."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "exit_code": int(error.exit_code),
        "reason_code": error.reason.value,
        "message": str(error.message),
        "hint": str(error.hint),
        "problems": [problem_json(problem) for problem in error.problems],
    }
    return json.dumps(document, indent=2) + "\n"
