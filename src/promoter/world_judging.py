"""Whoever runs code that is not ours: models and custom checks, guarded, on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from promoter.adapters.deadline import Deadline
from promoter.adapters.runner_traces import traces
from promoter.core.progress import UNTOLD, Progress
from promoter.evaluation.custom_checks import LocalCustomChecks
from promoter.evaluation.guards import (
    GuardedCustomChecks,
    GuardedMeasurer,
    RefusingCustomChecks,
    RefusingMeasurer,
)
from promoter.evaluation.measuring import LocalMeasurer
from promoter.evaluation.sandbox.kernel import protect_self
from promoter.evaluation.sandbox.wheels import Kept
from promoter.event import EventKind
from promoter.inputs import Inputs, process_environment
from promoter.ports import CustomChecks, Measurer, Repository


@dataclass(frozen=True, kw_only=True)
class Judges:
    """Whoever runs code that is not ours."""

    measurer: Measurer
    custom_checks: CustomChecks


def kept_wheels(inputs: Inputs) -> Kept | None:
    """The wheels of earlier runs, where the workflow keeps some. Only for validate, which moves nothing:
    other branches' workflows may write what a cache restores."""
    if not inputs.wheel_cache or not inputs.files.workspace:
        return None
    return Kept(root=Path(inputs.files.workspace), name=inputs.wheel_cache)


def judges(
    repository: Repository,
    *,
    inputs: Inputs,
    deadline: Deadline,
    progress: Progress = UNTOLD,
    wheels: Kept | None = None,
) -> Judges:
    """What runs models and custom checks on this machine; environments are kept in the user's cache.

    From here on this process hides its memory and variables from others of its user. Where the event is
    `pull_request_target`, nothing is run.
    """
    protect_self()
    variables = process_environment()
    cache = Path(variables.get("XDG_CACHE_HOME") or Path.home() / ".cache", "promoter", "environments")
    measurer = LocalMeasurer(
        repository=repository,
        variables=variables,
        cache=cache,
        deadline=deadline,
        log=progress.note,
        progress=progress,
        wheels=wheels,
    )
    if inputs.event_name == EventKind.PULL_REQUEST_TARGET:
        return Judges(
            measurer=RefusingMeasurer(inner=measurer, event=inputs.event_name),
            custom_checks=RefusingCustomChecks(event=inputs.event_name),
        )
    custom_checks = LocalCustomChecks(
        repository=repository, deadline=deadline, log=progress.note, progress=progress
    )

    def left_behind() -> Mapping[str, str]:
        return traces(inputs.files.commands)

    return Judges(
        measurer=GuardedMeasurer(inner=measurer, traces=left_behind),
        custom_checks=GuardedCustomChecks(inner=custom_checks, traces=left_behind),
    )
