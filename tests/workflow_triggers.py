"""Which events start a workflow: its `on`, with the filters that our examples use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from promoter.demo.job import Trigger
from tests.workflow_file import Workflow, WorkflowError

# Without `types`, from GitHub's reference of events.
_DEFAULT_TYPES: Mapping[str, frozenset[str]] = {
    "pull_request": frozenset({"opened", "synchronize", "reopened"}),
    "merge_group": frozenset({"checks_requested"}),
}


def starts(workflow: Workflow, trigger: Trigger) -> bool:
    """Whether an event starts it. Raises WorkflowError for a filter or an event that nobody taught us."""
    for event, filters in workflow.on.items():
        if event not in _FITS:
            raise WorkflowError(f"{workflow.path}: nobody taught us the event {event}")
        fits = _FITS[event](filters, trigger, f"{workflow.path}: {event}")
        if fits and event == trigger.name:
            return True
    return False


def _by_type(filters: object, trigger: Trigger, at: str) -> bool:
    read = _filters(filters, {"types", "branches"}, at)
    action = trigger.payload.get("action")
    types = set(read["types"]) if "types" in read else _DEFAULT_TYPES.get(trigger.name)
    return (types is None or action in types) and _is_on(read, _base(trigger))


def _pushed(filters: object, trigger: Trigger, at: str) -> bool:
    read = _filters(filters, {"branches"}, at)
    is_branch = trigger.ref.startswith("refs/heads/")
    return ("branches" not in read or is_branch) and _is_on(read, trigger.ref.removeprefix("refs/heads/"))


def _scheduled(filters: object, trigger: Trigger, at: str) -> bool:
    if not isinstance(filters, Sequence) or isinstance(filters, str):
        raise WorkflowError(f"{at}: a list of `cron` is missing")
    crons = []
    for one in filters:
        if not isinstance(one, Mapping) or set(one) != {"cron"}:
            raise WorkflowError(f"{at}: {one} is no `cron`")
        crons.append(one["cron"])
    return trigger.payload.get("schedule") in crons


def _by_hand(filters: object, trigger: Trigger, at: str) -> bool:
    if filters:
        raise WorkflowError(f"{at}: nobody taught us its inputs")
    return trigger.name == "workflow_dispatch"


_FITS: Mapping[str, Callable[[object, Trigger, str], bool]] = {
    "pull_request": _by_type,
    "merge_group": _by_type,
    "repository_dispatch": _by_type,
    "push": _pushed,
    "schedule": _scheduled,
    "workflow_dispatch": _by_hand,
}


def _filters(filters: object, known: set[str], at: str) -> Mapping[str, Sequence[str]]:
    if filters is None:
        return {}
    if not isinstance(filters, Mapping) or not filters.keys() <= known:
        raise WorkflowError(f"{at}: nobody taught us {filters}")
    for name, values in filters.items():
        if not isinstance(values, Sequence) or isinstance(values, str):
            raise WorkflowError(f"{at}: {name} is no list")
        if any(set(str(value)) & set("*?[]!+") for value in values):
            raise WorkflowError(f"{at}: nobody taught us patterns: {name}")
    return filters


def _is_on(filters: Mapping[str, Sequence[str]], branch: str) -> bool:
    return "branches" not in filters or branch in filters["branches"]


def _base(trigger: Trigger) -> str:
    """The branch that would be merged into; an event about none is on the branch of its ref."""
    payload: Mapping[str, Any] = trigger.payload
    if "pull_request" in payload:
        return str(payload["pull_request"]["base"]["ref"])
    if "merge_group" in payload:
        return str(payload["merge_group"]["base_ref"]).removeprefix("refs/heads/")
    return trigger.ref.removeprefix("refs/heads/")
