"""The workflows of examples/workflows, filled in for one repository."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from promoter.core.starter import schema_line

__all__ = ["PLACEHOLDER", "Setting", "is_action", "registry_lines", "schema_line", "workflow_text"]

PLACEHOLDER = "your-org/promoter@0000000000000000000000000000000000000000"
_USES = f"uses: {PLACEHOLDER} # v0.1.0"
_FROM_A_VARIABLE = "          MLFLOW_TRACKING_URI: ${{ vars.MLFLOW_TRACKING_URI }}\n"
_BRANCH = "main"
# What a runner may reach and a file may show: no user, no password, no query, no expression of a workflow.
_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9.:\[\]_-]+(?:/[A-Za-z0-9._~%/+-]*)?|databricks(?:-uc)?(?:://[\w-]+)?"
)
_ACTION = re.compile(r"[A-Za-z0-9][\w-]*/[\w.-]+(?:/[\w.-]+)*@[\w./-]+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the workflows need to know. `action` is `owner/name@commit`; empty leaves the placeholder. The
    addresses are the registry's; `given` are inputs of the Action that are not its defaults."""

    branch: str
    action: str = ""
    tracking_uri: str = ""
    registry_uri: str = ""
    given: Mapping[str, str] = field(default_factory=dict)


def is_action(reference: str) -> bool:
    """Whether a workflow may use it."""
    return _ACTION.fullmatch(reference) is not None


def is_shown(address: str) -> bool:
    """Whether an address can stand in a workflow file as it is."""
    return _ADDRESS.fullmatch(address) is not None


def workflow_text(template: str, setting: Setting) -> str:
    """One of the examples, with this repository's branch, registry, action and inputs."""
    text = template
    if setting.branch != _BRANCH:
        # In quotes: bare, YAML reads a branch `3.10` or `true` as something else.
        text = text.replace(f"branches: [{_BRANCH}]", f"branches: [{json.dumps(setting.branch)}]")
    text = text.replace(_FROM_A_VARIABLE, "".join(registry_lines(setting)))
    text = _with_inputs(text, setting.given)
    if not setting.action:
        return text
    told = (
        "        # Put the release's commit here: promoter is pinned by commit, as every action should be.\n"
    )
    return text.replace(told, "").replace(_USES, f"uses: {setting.action}")


def registry_lines(setting: Setting) -> list[str]:
    """The variables that say where the registry is; a repository's variable where that cannot be shown."""
    shown = is_shown(setting.tracking_uri)
    first = f"          MLFLOW_TRACKING_URI: {setting.tracking_uri}\n" if shown else _FROM_A_VARIABLE
    if not setting.registry_uri:
        return [first]
    value = setting.registry_uri if is_shown(setting.registry_uri) else "${{ vars.MLFLOW_REGISTRY_URI }}"
    return [first, f"          MLFLOW_REGISTRY_URI: {value}\n"]


def _with_inputs(text: str, given: Mapping[str, str]) -> str:
    if not given:
        return text
    lines = "".join(f"          {name}: {json.dumps(value)}\n" for name, value in given.items())
    # The first step is ours, and is given something in each of our workflows; what others are given stays.
    return text.replace("        with:\n", f"        with:\n{lines}", 1)
