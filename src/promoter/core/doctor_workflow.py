"""A workflow file as the doctor sees it: what starts it, which jobs run Promoter, and with what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from promoter.core.nodes import ListNode, MapNode, Node, ScalarNode
from promoter.core.problems import Problems
from promoter.core.strict_yaml import read_tree

_SECRET = re.compile(r"\bsecrets(?:\.|\[\s*['\"])([A-Za-z_][A-Za-z0-9_]*)")
_OWN_TOKEN = "GITHUB_TOKEN"
_EVENT = r"github\.event_name\s*==\s*'([a-z_]+)'"
_ONLY_EVENTS = re.compile(rf"\s*(?:\$\{{\{{)?\s*{_EVENT}(?:\s*\|\|\s*{_EVENT})*\s*(?:\}}\}})?\s*")
_COMMANDS = frozenset({"validate", "apply", "drift", "propose", "doctor"})
_STARTED_BY = {
    "pull_request": "validate",
    "pull_request_target": "validate",
    "merge_group": "validate",
    "push": "apply",
    "schedule": "drift",
    "workflow_dispatch": "validate",
}


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """One event of `on:`, and the names of its filters."""

    name: str
    line: int
    filters: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Grants:
    """A `permissions:` block: scope → level; `everything` is `read` or `write` for `read-all`, "
    "`write-all`."""

    line: int
    scopes: Mapping[str, str]
    everything: str = ""


@dataclass(frozen=True, kw_only=True)
class Concurrency:
    """A `concurrency:` block, as it is written; what is not there is empty."""

    line: int
    group: str
    cancel: str = ""
    queue: str = ""


@dataclass(frozen=True, kw_only=True)
class WorkflowStep:
    """One step; `given` is its `with:`."""

    line: int
    uses: str
    given: Mapping[str, str]

    @property
    def is_promoter(self) -> bool:
        """Whether it runs Promoter: the last part of what it uses has that name, whoever the owner is."""
        action = self.uses.partition("@")[0]
        if self.uses.startswith("./") and self.given.get("command") in _COMMANDS:
            return True
        return "promoter" in action.rstrip("/").rpartition("/")[2].casefold()


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job; permissions and concurrency are the workflow's where the job has none of its own.

    `secrets` are the names of all that it can see written in it, the job's own token left out.
    """

    id: str
    name: str
    line: int
    condition: str
    environment: str
    runs_on: tuple[str, ...]
    grants: Grants | None
    concurrency: tuple[Concurrency, ...]
    steps: tuple[WorkflowStep, ...]
    secrets: frozenset[str]

    @property
    def only_on(self) -> frozenset[str]:
        """The events to which its `if:` limits it; empty where it does not, or asks for more than the "
        "event."""
        if not _ONLY_EVENTS.fullmatch(self.condition):
            return frozenset()
        return frozenset(re.findall(_EVENT, self.condition))


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A workflow file. `conditions` are all `if:` in it, with their lines."""

    path: str
    triggers: tuple[Trigger, ...]
    jobs: tuple[Job, ...]
    conditions: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Use:
    """A step that runs Promoter, and the commands that it may run there."""

    workflow: Workflow
    job: Job
    step: WorkflowStep
    commands: frozenset[str]


def read_workflow(data: bytes, *, path: str) -> Workflow | None:
    """The workflow in a file's bytes; None when it cannot be read for certain (anchors among the reasons)."""
    problems = Problems(path)
    root = read_tree(data, problems)
    if root is None or problems.all():
        return None
    grants, concurrency = _grants(root), _concurrency(root)
    everywhere = _secrets(_value(root, "env"))
    jobs = [
        _job(key, node, around=(grants, concurrency), secrets=everywhere)
        for key, node in _entries(_value(root, "jobs"))
        if isinstance(node, MapNode)
    ]
    return Workflow(
        path=path, triggers=_triggers(root), jobs=tuple(jobs), conditions=tuple(_conditions(root))
    )


def uses(workflows: tuple[Workflow, ...]) -> tuple[Use, ...]:
    """Every step that runs Promoter."""
    return tuple(
        Use(workflow=workflow, job=job, step=step, commands=_commands(step, job, workflow=workflow))
        for workflow in workflows
        for job in workflow.jobs
        for step in job.steps
        if step.is_promoter
    )


def _commands(step: WorkflowStep, job: Job, *, workflow: Workflow) -> frozenset[str]:
    asked = step.given.get("command", "auto")
    if asked in _COMMANDS:
        return frozenset({asked})
    # `auto`, or an expression, which may be anything that the events allow
    events = {one.name for one in workflow.triggers}
    return frozenset(_STARTED_BY[name] for name in (job.only_on & events or events) if name in _STARTED_BY)


def _job(
    key: ScalarNode,
    node: MapNode,
    *,
    around: tuple[Grants | None, Concurrency | None],
    secrets: frozenset[str],
) -> Job:
    grants, concurrency = around
    environment = _value(node, "environment")
    own = _concurrency(node)
    steps = _value(node, "steps")
    return Job(
        id=key.text,
        name=_text(_value(node, "name")) or key.text,
        line=key.place.line,
        condition=_text(_value(node, "if")),
        environment=_text(_value(environment, "name") if isinstance(environment, MapNode) else environment),
        runs_on=tuple(_texts(_value(node, "runs-on"))),
        grants=_grants(node) or grants,
        concurrency=tuple(one for one in (concurrency, own) if one),
        steps=tuple(_step(one) for one in steps.items if isinstance(one, MapNode))
        if isinstance(steps, ListNode)
        else (),
        secrets=secrets | _secrets(node),
    )


def _step(node: MapNode) -> WorkflowStep:
    given = {key.text: _text(value) for key, value in _entries(_value(node, "with"))}
    return WorkflowStep(line=node.place.line, uses=_text(_value(node, "uses")).strip(), given=given)


def _triggers(root: MapNode) -> tuple[Trigger, ...]:
    on = _value(root, "on")
    if isinstance(on, MapNode):
        return tuple(
            Trigger(
                name=key.text,
                line=key.place.line,
                filters=frozenset(inner.text for inner, _ in _entries(value)),
            )
            for key, value in _entries(on)
        )
    nodes = on.items if isinstance(on, ListNode) else (on,)
    return tuple(
        Trigger(name=node.text, line=node.place.line) for node in nodes if isinstance(node, ScalarNode)
    )


def _grants(node: MapNode) -> Grants | None:
    entry = node.get("permissions")
    if entry is None:
        return None
    line = entry.key.place.line
    if isinstance(entry.value, ScalarNode):
        return Grants(line=line, scopes={}, everything=entry.value.text.removesuffix("-all"))
    return Grants(line=line, scopes={key.text: _text(value) for key, value in _entries(entry.value)})


def _concurrency(node: MapNode) -> Concurrency | None:
    entry = node.get("concurrency")
    if entry is None:
        return None
    line, value = entry.key.place.line, entry.value
    if isinstance(value, ScalarNode):
        return Concurrency(line=line, group=value.text)
    group, cancel, queue = (_text(_value(value, key)) for key in ("group", "cancel-in-progress", "queue"))
    return Concurrency(line=line, group=group, cancel=cancel, queue=queue)


def _secrets(node: Node | None) -> frozenset[str]:
    return frozenset(name for text in _texts(node) for name in _SECRET.findall(text)) - {_OWN_TOKEN}


def _conditions(node: Node | None) -> Iterator[tuple[int, str]]:
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _conditions(item)
    for key, value in _entries(node):
        if key.text == "if":
            yield key.place.line, _text(value)
        else:
            yield from _conditions(value)


def _entries(node: Node | None) -> Iterator[tuple[ScalarNode, Node]]:
    if isinstance(node, MapNode):
        yield from ((entry.key, entry.value) for entry in node.entries)


def _value(node: Node | None, key: str) -> Node | None:
    entry = node.get(key) if isinstance(node, MapNode) else None
    return entry.value if entry else None


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, ScalarNode) else ""


def _texts(node: Node | None) -> Iterator[str]:
    """Every scalar below a node, keys left out."""
    if isinstance(node, ScalarNode):
        yield node.text
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _texts(item)
    else:
        for _, value in _entries(node):
            yield from _texts(value)
