"""The fleet's status for programs (docs/history.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from promoter.core.fleet import Fleet, Row, State
from promoter.render.outputs import SCHEMA_VERSION, problem_json


def fleet_json(fleet: Fleet) -> str:
    """One document, one entry for each alias."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "phase": "status",
        "reason_code": fleet.reason.value,
        "message": str(fleet.message),
        "hint": str(fleet.hint),
        "commit": fleet.head_commit,
        "policy_digest": fleet.policy_digest,
        "counts": {state.value: sum(row.state is state for row in fleet.rows) for state in State},
        "aliases": [_row(row) for row in fleet.rows],
        "aliases_left_out": fleet.left_out,
        "problems": [problem_json(problem) for problem in fleet.problems],
        "notes": [str(note) for note in fleet.notes],
        "lacking": [str(one.message) for one in fleet.lacking],
        "tool_version": fleet.tool_version,
    }
    return json.dumps(document, separators=(",", ":"))


def _row(row: Row) -> Mapping[str, object]:
    return {
        "model": row.model,
        "alias": row.alias,
        "state": row.state.value,
        "kind": row.kind.value if row.kind else None,
        "exemption": row.exemption.value if row.exemption else None,
        "version": row.asked,
        "from": row.source or None,
        "now": row.live,
        "since": row.since or None,
        "commit": row.commit or None,
        "path": row.path or None,
        "pending": list(row.pending),
        "message": str(row.why) or None,
    }
