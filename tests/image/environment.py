"""What GitHub's runner sets for a container action: variables from the event, inputs from `action.yml`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
_EXPRESSION = re.compile(r"\$\{\{\s*(github\.token|github\.repository)\s*\}\}")


def lay_out(file: Path, payload: Mapping[str, Any]) -> None:
    """Write the event's payload."""
    file.write_text(json.dumps(payload), encoding="utf-8")


def variables(
    event: str, payload: Mapping[str, Any], *, api_url: str, token: str, inputs: Mapping[str, str]
) -> dict[str, str]:
    """The container's environment but for the files of outputs. `GITHUB_TOKEN` is not among it."""
    repository = payload["repository"]
    ref, commit = _ref_and_commit(event, payload)
    return {
        **_inputs(inputs, {"github.token": token, "github.repository": repository["full_name"]}),
        "HOME": "/github/home",
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTOR": payload["sender"]["login"],
        "GITHUB_API_URL": api_url,
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": "/github/workflow/event.json",
        "GITHUB_REF": ref,
        "GITHUB_REPOSITORY": repository["full_name"],
        "GITHUB_RUN_ID": "1",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": commit,
        "GITHUB_WORKSPACE": "/github/workspace",
        "RUNNER_TEMP": "/github/runner_temp",
    }


def _inputs(given: Mapping[str, str], expressions: Mapping[str, str]) -> dict[str, str]:
    """`INPUT_` and the name in upper case, spaces as `_`, dashes kept; defaults where nothing is given."""
    known = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    unknown = given.keys() - known.keys()
    if unknown:
        raise ValueError(f"action.yml has no input {sorted(unknown)}")
    written = {name: given.get(name, str(about.get("default", ""))) for name, about in known.items()}
    return {
        f"INPUT_{name.replace(' ', '_').upper()}": _EXPRESSION.sub(lambda found: expressions[found[1]], value)
        for name, value in written.items()
    }


def _ref_and_commit(event: str, payload: Mapping[str, Any]) -> tuple[str, str]:
    if event == "push":
        return payload["ref"], payload["after"]
    pull = payload["pull_request"]
    return f"refs/pull/{pull['number']}/merge", pull["merge_commit_sha"]
