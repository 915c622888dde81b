"""A history for programs: a list of entries, newest first (docs/history.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from promoter.core.override_rules import Override
from promoter.core.timeline import AsOf, Entry, History, Pull, Record
from promoter.render.outputs import SCHEMA_VERSION


def history_json(history: History) -> str:
    """The entries shown. The one in force now says what the registry holds."""
    return json.dumps([_entry(history, one) for one in history.shown], indent=2)


def _entry(history: History, entry: Entry) -> Mapping[str, object]:
    asked, live = entry.asked, history.live
    pull = entry.pull
    return {
        "schema_version": SCHEMA_VERSION,
        "model": history.model,
        "alias": history.alias,
        "version": asked.version,
        "from": asked.source or None,
        "kind": entry.kind.value,
        "since": _time(entry.since),
        "until": _time(entry.until),
        "reason": asked.reason,
        "asked_by": pull.author if pull and pull.author else asked.author,
        "path": asked.path,
        "override": _override(asked.override) if asked.override else None,
        "commit": asked.commit,
        "when": asked.when,
        "merged_at": asked.merged_at,
        "author": asked.author,
        "subject": asked.subject,
        "pull_request": _pull(pull) if pull else None,
        "registry": {
            "reached": entry.reached.value,
            "applied_at": _time(entry.applied_at),
            "took_from": entry.took_from,
            "moved_outside_git": entry.outside,
            "tags": _tags(entry.record) if entry.record else None,
        },
        "live": {"state": live.state.value, "version": live.version} if entry.until is None else None,
        "as_of": _as_of(history.as_of) if history.as_of else None,
    }


def _override(override: Override) -> Mapping[str, object]:
    return {
        "checks": [str(check) for check in override.checks],
        "reason": override.reason,
        "expires": override.expires.isoformat(),
    }


def _pull(pull: Pull) -> Mapping[str, object]:
    return {
        "number": pull.number,
        "told_by": pull.told_by.value,
        "title": pull.title or None,
        "author": pull.author or None,
        "url": pull.url or None,
        "approved_by": None if pull.approved_by is None else list(pull.approved_by),
    }


def _tags(record: Record) -> Mapping[str, object]:
    return {
        "pull_request": record.pull_request,
        "promoted_at": record.promoted_at,
        "approved_by": record.approved_by,
        "previous_version": record.previous_version,
        "commit": record.commit,
        "evidence": record.evidence,
        "verdict": record.verdict,
    }


def _as_of(found: AsOf) -> Mapping[str, object]:
    applied = found.applied
    return {
        "moment": _time(found.moment),
        "certainty": found.certainty.value,
        "applied_version": applied.version if applied else None,
        "applied_at": _time(applied.applied_at) if applied else None,
    }


def _time(when: datetime | None) -> str | None:
    return when.isoformat(timespec="seconds") if when else None
