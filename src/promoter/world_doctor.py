"""The doctor's two doors: a job that asks GitHub's API, and a person who has a clone, a token, or both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.deadline import REAL_TIME, Deadline, Pacing
from promoter.adapters.github_connection import GitHubConnection, connect
from promoter.adapters.github_repository import GitHubRepository
from promoter.adapters.github_settings import GitHubSettings
from promoter.adapters.local_repository import LocalRepository
from promoter.adapters.mlflow_rights import connect_rights
from promoter.commands.doctor import FILES, AskedRegistry, DoctorWorld, diagnose
from promoter.commands.doctor_telling import tell_diagnosis
from promoter.core.doctor import Diagnosis
from promoter.ending import Stop
from promoter.errors import ExitCode
from promoter.evaluation.sandbox_trial import gone_layers
from promoter.inputs import Inputs
from promoter.ports import Repository
from promoter.render.doctor_terminal import doctor_terminal
from promoter.render.terminal import Style
from promoter.text import Message, say
from promoter.version import tool_version
from promoter.world import Registries, places

# The part of the time that GitHub may take: what is left is the registry's.
_OF_GITHUB = 0.5
_NO_GITHUB = say(
    "no repository or no token was given: use `--repository owner/name`, and GITHUB_TOKEN in the environment"
)
_NO_REGISTRY = say("no registry was given: set MLFLOW_TRACKING_URI, and validate's credentials")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a person wants looked at. `directory` None: the files as GitHub has them, where it is asked."""

    directory: str | None
    environ: Mapping[str, str]
    log: Callable[[Message], None]


def doctor_job(
    inputs: Inputs, runner: ActionsRunner, *, stop: Stop | None = None, pacing: Pacing = REAL_TIME
) -> ExitCode:
    """The Action's command: everything as it is at the tip of the default branch, told in the job's files."""
    until = stop.until if stop else Stop().until
    deadline = Deadline.of_run(inputs.deadline, until=until, pacing=pacing)
    connection = _connection(inputs, deadline.within(_OF_GITHUB), log=runner.log)
    world = _world(inputs, deadline, repository=GitHubRepository(connection))
    diagnosis = diagnose(replace(world, settings=GitHubSettings(connection)))
    runner.show(doctor_terminal(diagnosis, style=Style.PLAIN))
    return tell_diagnosis(diagnosis, runner)


def doctor_by_hand(inputs: Inputs, asked: Asked) -> Diagnosis:
    """The command line's: GitHub where repository and token are known, a clone's working tree otherwise."""
    deadline = Deadline(inputs.deadline)
    connection = None
    if inputs.repository and inputs.token:
        connection = _connection(inputs, deadline.within(_OF_GITHUB), log=asked.log)
    settings = GitHubSettings(connection) if connection else None
    if connection is not None and asked.directory is None:
        world = _world(inputs, deadline, repository=GitHubRepository(connection))
        return diagnose(replace(world, settings=settings))
    clone = LocalRepository(Path(asked.directory or "."), environ=asked.environ)
    with clone.working_tree((*FILES, inputs.requests, inputs.policy)) as tree:
        world = _world(inputs, deadline, repository=clone)
        diagnosis = diagnose(replace(world, settings=settings, commit=tree, why_no_settings=_NO_GITHUB))
    # A tree's id means nothing to anybody: it is the working tree that was looked at.
    return replace(diagnosis, commit="")


def _connection(inputs: Inputs, deadline: Deadline, *, log: Callable[[Message], None]) -> GitHubConnection:
    return connect(
        api_url=inputs.api_url,
        token=inputs.token.value,
        repository=inputs.repository,
        deadline=deadline,
        log=log,
    )


def _world(inputs: Inputs, deadline: Deadline, *, repository: Repository) -> DoctorWorld:
    registries = Registries(inputs=inputs, deadline=deadline)
    registry = AskedRegistry(
        reader=registries.reader,
        rights=lambda: connect_rights(
            tracking_uri=inputs.tracking_uri.value,
            registry_uri=inputs.registry_uri.value,
            deadline=deadline,
            secrets=[secret.value for secret in inputs.secrets],
        ),
    )
    return DoctorWorld(
        repository=repository,
        places=places(inputs),
        now=lambda: datetime.now(UTC),
        gone_layers=gone_layers,
        registry=registry if inputs.tracking_uri else None,
        why_no_registry=_NO_REGISTRY,
        name=inputs.repository,
        tool_version=tool_version(),
    )
