"""A workflow file as GitHub's runner reads it; keys that our examples do not use are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.workflow_rules import problems
from tests.yaml_1_2 import EditorError, as_an_editor

Tree: TypeAlias = Mapping[str, object]

_TOP = {"name", "on", "permissions", "concurrency", "jobs"}
_JOB = {"name", "runs-on", "timeout-minutes", "if", "permissions", "environment", "concurrency", "steps"}
_STEP = {"name", "id", "if", "uses", "with", "env"}
_CONCURRENCY = {"group", "cancel-in-progress", "queue"}
_LEVELS = {"read", "write", "none"}
# What may be granted, from GitHub's reference of workflows; a wrong name would grant nothing, silently.
_PERMISSIONS = {
    "actions",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "id-token",
    "issues",
    "packages",
    "pages",
    "pull-requests",
    "security-events",
    "statuses",
}


class WorkflowError(Exception):
    """A workflow that GitHub would refuse, or that uses what nobody taught us."""


@dataclass(frozen=True, kw_only=True)
class Concurrency:
    """Who waits for whom; `group` may hold an expression."""

    group: str
    cancels: bool = False
    queue: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: which action, and what it is given, with expressions not yet evaluated."""

    name: str
    id: str
    condition: str
    uses: str
    given: Mapping[str, str]
    env: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job. `permissions` are those in force: its own, else the workflow's."""

    id: str
    name: str
    runs_on: tuple[str, ...]
    condition: str
    permissions: Mapping[str, str]
    environment: str
    concurrency: tuple[Concurrency, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A file: what starts it (event name → filters), and its jobs in order."""

    path: str
    on: Mapping[str, object]
    jobs: tuple[Job, ...]
    concurrency: tuple[Concurrency, ...] = field(default=())


def parse_workflow(data: bytes, path: str) -> Workflow:
    """Read a file. Raises WorkflowError."""
    try:
        tree = _mapping(as_an_editor(data), path, _TOP)
    except EditorError as error:
        raise WorkflowError(f"{path}: {error}") from error
    above = _permissions(tree["permissions"], path) if "permissions" in tree else None
    jobs = _mapping(tree.get("jobs"), f"{path}: jobs")
    read = tuple(_job(name, one, above, at=f"{path}: {name}") for name, one in jobs.items())
    on = _on(tree.get("on"), path)
    workflow = Workflow(path=path, on=on, jobs=read, concurrency=_concurrency(tree, path))
    if wrong := list(problems(workflow)):
        raise WorkflowError(f"{path}: {'; '.join(wrong)}")
    return workflow


def _on(value: object, at: str) -> Mapping[str, object]:
    if isinstance(value, str):
        return {value: None}
    if isinstance(value, Sequence):
        return {_text(one, at): None for one in value}
    return _mapping(value, f"{at}: on")


def _job(name: str, value: object, above: Mapping[str, str] | None, *, at: str) -> Job:
    tree = _mapping(value, at, _JOB)
    permissions = _permissions(tree["permissions"], at) if "permissions" in tree else above
    if permissions is None:
        raise WorkflowError(f"{at}: without `permissions` it has what the repository's settings say")
    minutes = tree.get("timeout-minutes", 1)
    if isinstance(minutes, bool) or not isinstance(minutes, (int, float)) or minutes <= 0:
        raise WorkflowError(f"{at}: `timeout-minutes` is no number of minutes")
    steps = tree.get("steps")
    if not isinstance(steps, Sequence) or isinstance(steps, str) or not steps:
        raise WorkflowError(f"{at}: it has no steps")
    return Job(
        id=name,
        name=_text(tree.get("name", name), at),
        runs_on=_texts(tree.get("runs-on"), at),
        condition=_scalar(tree.get("if", "success()"), at),
        permissions=permissions,
        environment=_text(tree.get("environment", ""), at),
        concurrency=_concurrency(tree, at),
        steps=tuple(_step(one, f"{at}: step {number}") for number, one in enumerate(steps, start=1)),
    )


def _step(value: object, at: str) -> Step:
    tree = _mapping(value, at, _STEP)
    return Step(
        name=_text(tree.get("name", ""), at),
        id=_text(tree.get("id", ""), at),
        condition=_scalar(tree.get("if", "success()"), at),
        uses=_text(tree.get("uses"), at),
        given=_scalars(tree.get("with", {}), at),
        env=_scalars(tree.get("env", {}), at),
    )


def _concurrency(tree: Tree, at: str) -> tuple[Concurrency, ...]:
    if "concurrency" not in tree:
        return ()
    read = _mapping(tree["concurrency"], at, _CONCURRENCY)
    cancels, queue = read.get("cancel-in-progress", False), _text(read.get("queue", ""), at)
    if not isinstance(cancels, bool) or queue not in {"", "single", "max"} or (cancels and queue == "max"):
        raise WorkflowError(f"{at}: `queue: max` and `cancel-in-progress` do not go together as they are")
    return (Concurrency(group=_text(read.get("group"), at), cancels=cancels, queue=queue),)


def _permissions(value: object, at: str) -> Mapping[str, str]:
    read = _scalars(value, f"{at}: permissions")
    wrong = read.keys() - _PERMISSIONS or set(read.values()) - _LEVELS
    if wrong:
        raise WorkflowError(f"{at}: permissions: {', '.join(sorted(wrong))}")
    return read


def _mapping(value: object, at: str, known: set[str] | None = None) -> Tree:
    if not isinstance(value, Mapping):
        raise WorkflowError(f"{at}: a mapping is missing")
    unknown = value.keys() - known if known is not None else set()
    if unknown:
        raise WorkflowError(f"{at}: nobody taught us {', '.join(sorted(unknown))}")
    return value


def _scalars(value: object, at: str) -> Mapping[str, str]:
    return {name: _scalar(one, f"{at}: {name}") for name, one in _mapping(value, at).items()}


def _scalar(value: object, at: str) -> str:
    """A scalar as the runner hands it on."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else _text(value, at)


def _text(value: object, at: str) -> str:
    if not isinstance(value, str):
        raise WorkflowError(f"{at}: a text is missing")
    return value


def _texts(value: object, at: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence):
        raise WorkflowError(f"{at}: a text is missing")
    return tuple(_text(one, at) for one in value)
