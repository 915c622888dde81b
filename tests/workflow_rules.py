"""What GitHub refuses in a workflow that has the right keys: crons, types of events, ids, contexts.

From GitHub's reference of workflows, as far as our examples go. GitHub's own parser knows all of it:
`make lint-workflows`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tests.workflow_expressions import ExpressionError, expressions, paths

if TYPE_CHECKING:
    from tests.workflow_file import Job, Step, Workflow


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TYPES: Mapping[str, frozenset[str]] = {
    "pull_request": _words(
        "assigned auto_merge_disabled auto_merge_enabled closed converted_to_draft demilestoned dequeued "
        "edited enqueued labeled locked milestoned opened ready_for_review reopened review_request_removed "
        "review_requested synchronize unassigned unlabeled unlocked"
    ),
    "merge_group": _words("checks_requested"),
}
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,98}")
_USES = re.compile(r"[\w.-]+/[\w.-]+(?:/[\w./-]+)?@[^\s@]+")
# Minute, hour, day, month, weekday; months and weekdays by name too.
_CRON = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_CRON_NAMES: tuple[Mapping[str, int], ...] = (
    *({}, {}, {}),
    {name: at for at, name in enumerate(_MONTHS, start=1)},
    {name: at for at, name in enumerate(_WEEKDAYS)},
)
_SHORTEST = 5
_CONCURRENCY = _words("github inputs matrix needs strategy vars")
_JOB_IF = _words("github inputs needs vars")
_STEP_IF = _CONCURRENCY | _words("env job runner steps")
_STEP = _STEP_IF | _words("secrets")
_GITHUB = _words(
    "action action_path action_ref action_repository action_status actor actor_id api_url base_ref env event "
    "event_name event_path graphql_url head_ref job path ref ref_name ref_protected ref_type repository "
    "repository_id repository_owner repository_owner_id repositoryUrl retention_days run_attempt run_id "
    "run_number secret_source server_url sha token triggering_actor workflow workflow_ref workflow_sha "
    "workspace"
)


def problems(workflow: Workflow) -> Iterator[str]:
    """One sentence for each thing that GitHub would refuse."""
    yield from _events(workflow.on)
    for one in workflow.concurrency:
        yield from _holes(one.group, _CONCURRENCY, "concurrency")
    for job in workflow.jobs:
        yield from (f"{job.id}: {said}" for said in _of_job(job))


def is_cron(text: str) -> bool:
    """Whether GitHub takes it: five fields, each in its range, and not oftener than every five minutes."""
    fields = text.split()
    if len(fields) != len(_CRON):
        return False
    kinds = zip(fields, _CRON, _CRON_NAMES, strict=True)
    return all(_is_field(*one) for one in kinds) and not _is_too_often(fields[0])


def _is_field(field: str, limits: tuple[int, int], names: Mapping[str, int]) -> bool:
    return all(_is_part(part, limits, names) for part in field.split(","))


def _is_part(part: str, limits: tuple[int, int], names: Mapping[str, int]) -> bool:
    """`*`, `7`, `1-5`, and each of them `/2`."""
    span, slash, step = part.partition("/")
    if slash and (not re.fullmatch(r"[0-9]+", step) or int(step) == 0):
        return False
    if span == "*":
        return True
    ends = [str(names.get(end.upper(), end)) for end in span.split("-")]
    if len(ends) > 2 or not all(re.fullmatch(r"[0-9]+", end) for end in ends):
        return False
    numbers = [int(end) for end in ends]
    return limits[0] <= numbers[0] <= numbers[-1] <= limits[1]


def _is_too_often(minutes: str) -> bool:
    step = re.fullmatch(r"\*(?:/([0-9]+))?", minutes)
    return step is not None and int(step[1] or 1) < _SHORTEST


def _events(on: Mapping[str, object]) -> Iterator[str]:
    for event, filters in on.items():
        if event == "schedule" and isinstance(filters, Sequence):
            crons = (str(one.get("cron", "")) for one in filters if isinstance(one, Mapping))
            yield from (f"`{cron}` is no cron that GitHub takes" for cron in crons if not is_cron(cron))
        types = filters.get("types", []) if isinstance(filters, Mapping) else []
        if event in _TYPES and isinstance(types, Sequence):
            yield from (f"{event} has no type `{one}`" for one in types if one not in _TYPES[event])


def _of_job(job: Job) -> Iterator[str]:
    if not _ID.fullmatch(job.id):
        yield "it is no id of a job"
    for one in job.concurrency:
        yield from _holes(one.group, _CONCURRENCY, "concurrency")
    yield from _condition(job.condition, _JOB_IF)
    ids = Counter(step.id for step in job.steps if step.id)
    yield from (f"two steps have the id `{one}`" for one, number in ids.items() if number > 1)
    for step in job.steps:
        yield from _of_step(step)


def _of_step(step: Step) -> Iterator[str]:
    if step.id and not _ID.fullmatch(step.id):
        yield f"`{step.id}` is no id of a step"
    if not step.uses.startswith(("./", "docker://")) and not _USES.fullmatch(step.uses):
        yield f"`{step.uses}` is not of the form owner/name@ref"
    yield from _condition(step.condition, _STEP_IF)
    for text in (*step.given.values(), *step.env.values()):
        yield from _holes(text, _STEP, "a step")


def _condition(text: str, contexts: frozenset[str]) -> Iterator[str]:
    whole = text if "${{" in text else f"${{{{ {text} }}}}"
    return _holes(whole, contexts, "this `if`")


def _holes(text: str, contexts: frozenset[str], where: str) -> Iterator[str]:
    for expression in expressions(text):
        try:
            named = paths(expression)
        except ExpressionError as error:
            yield str(error)
            continue
        for path in named:
            if path[0] not in contexts:
                yield f"{where} has no context `{path[0]}`"
            elif path[0] == "github" and len(path) > 1 and path[1] not in _GITHUB:
                yield f"there is no `github.{path[1]}`"
