"""Build the world of one command for a door: adapters from inputs, and what is told at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from promoter.adapters import mlflow_registry
from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.deadline import Deadline
from promoter.adapters.github_connection import connect
from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.adapters.github_repository import GitHubRepository
from promoter.adapters.runner_traces import kept_tokens, traces
from promoter.commands.apply import ApplyWorld, apply
from promoter.commands.publish import Channels, complete, publish
from promoter.commands.trees import Places
from promoter.commands.validate import Change, ValidateWorld, change_of_pull_request, validate
from promoter.core.report import Links, Phase, Report
from promoter.errors import ExitCode, PromoterError
from promoter.evaluation.custom_checks import LocalCustomChecks
from promoter.evaluation.guards import (
    GuardedCustomChecks,
    GuardedMeasurer,
    RefusingCustomChecks,
    RefusingMeasurer,
)
from promoter.evaluation.measuring import LocalMeasurer
from promoter.evaluation.sandbox.kernel import protect_self
from promoter.event import Event, EventKind
from promoter.inputs import Inputs, process_environment
from promoter.ports import CustomChecks, Measurer, Registry, RegistryReader, Repository
from promoter.render.terminal import Style, terminal
from promoter.text import Message, quote, say
from promoter.version import tool_version


@dataclass(frozen=True, kw_only=True)
class Registries:
    """Opens the registry the inputs name: for reading, or for writing too."""

    inputs: Inputs
    deadline: Deadline

    def reader(self) -> RegistryReader:
        """Without any method that writes."""
        return mlflow_registry.connect_reader(
            tracking_uri=self.inputs.tracking_uri.value,
            registry_uri=self.inputs.registry_uri.value,
            deadline=self.deadline,
            secrets=[secret.value for secret in self.inputs.secrets],
        )

    def writer(self) -> Registry:
        """For apply."""
        return mlflow_registry.connect(
            tracking_uri=self.inputs.tracking_uri.value,
            registry_uri=self.inputs.registry_uri.value,
            deadline=self.deadline,
            secrets=[secret.value for secret in self.inputs.secrets],
        )


class World:
    """What a command needs on GitHub, made from inputs and event."""

    def __init__(self, *, inputs: Inputs, runner: ActionsRunner, event: Event) -> None:
        deadline = Deadline(inputs.deadline)
        connection = connect(
            api_url=inputs.api_url,
            token=inputs.token.value,
            repository=inputs.repository,
            deadline=deadline,
            log=runner.log,
        )
        self._inputs = inputs
        self._runner = runner
        self._event = event
        self._registries = Registries(inputs=inputs, deadline=deadline)
        self._repository = GitHubRepository(connection)
        self._pull_requests = GitHubPullRequests(connection)
        self._places = places(inputs)
        self._judges = judges(self._repository, inputs=inputs, deadline=deadline, log=runner.log)

    def default_branch(self) -> str:
        """The repository's default branch, for an event that does not name it."""
        return self._repository.default_branch()

    def validate(self) -> ExitCode:
        """Judge what the event's change asks for, and tell it."""
        world = ValidateWorld(
            repository=self._repository,
            registry=self._registries.reader,
            pull_requests=self._pull_requests,
            name=self._inputs.repository,
            places=self._places,
            measurer=self._judges.measurer,
            custom_checks=self._judges.custom_checks,
        )
        try:
            report = validate(world, self._change())
        except PromoterError as error:
            report = report_of(error, Phase.VALIDATE)
        return self.tell(report)

    def apply(self) -> Report:
        """Bring the registry to what the default branch asks for."""
        world = ApplyWorld(
            repository=self._repository,
            registry=self._registries.writer,
            pull_requests=self._pull_requests,
            places=self._places,
            measurer=self._judges.measurer,
            custom_checks=self._judges.custom_checks,
            name=self._inputs.repository,
            now=datetime.now(UTC),
            tool_version=tool_version(),
        )
        before = self._event.base_commit if self._event.kind is EventKind.PUSH else ""
        return apply(world, branch=self._event.default_branch, before=before)

    def tell(self, report: Report) -> ExitCode:
        """Tell it in the log, on the pull request and in the job's files."""
        channels = Channels(
            runner=self._runner,
            pull_requests=self._pull_requests,
            mode=self._inputs.comment,
            repository=self._inputs.repository,
            pull_request=self._event.number,
        )
        report = replace(report, notes=(*report.notes, *_kept_tokens(report, self._inputs)))
        report = complete(report, tool_version=tool_version(), links=links(self._inputs))
        self._runner.show(terminal(report, style=Style.PLAIN))
        return publish(report, channels)

    def _change(self) -> Change:
        event = self._event
        if event.number:
            return change_of_pull_request(
                self._pull_requests,
                self._repository,
                number=event.number,
                head=event.head_commit,
                default_branch=event.default_branch,
            )
        if event.kind is EventKind.MERGE_GROUP:
            return Change(head=event.head_commit, base=event.base_commit)
        return Change(head=event.head_commit, base=self._repository.tip(event.default_branch))


def places(inputs: Inputs) -> Places:
    """Where requests and policy are."""
    return Places(requests=inputs.requests, policy=inputs.policy)


@dataclass(frozen=True, kw_only=True)
class Judges:
    """Whoever runs code that is not ours."""

    measurer: Measurer
    custom_checks: CustomChecks


def judges(
    repository: Repository, *, inputs: Inputs, deadline: Deadline, log: Callable[[Message], None]
) -> Judges:
    """What runs models and custom checks on this machine; environments are kept in the user's cache.

    From here on this process hides its memory and variables from others of its user. Where the event is
    `pull_request_target`, nothing is run.
    """
    protect_self()
    variables = process_environment()
    cache = Path(variables.get("XDG_CACHE_HOME") or Path.home() / ".cache", "promoter", "environments")
    measurer = LocalMeasurer(
        repository=repository, variables=variables, cache=cache, deadline=deadline, log=log
    )
    if inputs.event_name == EventKind.PULL_REQUEST_TARGET:
        return Judges(
            measurer=RefusingMeasurer(inner=measurer, event=inputs.event_name),
            custom_checks=RefusingCustomChecks(event=inputs.event_name),
        )
    custom_checks = LocalCustomChecks(repository=repository, deadline=deadline, log=log)

    def left_behind() -> Mapping[str, str]:
        return traces(inputs.files.commands)

    return Judges(
        measurer=GuardedMeasurer(inner=measurer, traces=left_behind),
        custom_checks=GuardedCustomChecks(inner=custom_checks, traces=left_behind),
    )


def _kept_tokens(report: Report, inputs: Inputs) -> tuple[Message, ...]:
    """A warning for jobs in which code ran beside a token that lies in a file."""
    if not any(request.evidence and request.evidence.sandboxes for request in report.requests):
        return ()
    found = kept_tokens(workspace=inputs.files.workspace, temp=inputs.files.temp)
    advice = "set `persist-credentials: false` for `actions/checkout`, or leave the checkout out"
    return tuple(
        say("the checkout left its token in ", quote(file), f" of this job: {advice}") for file in found
    )


def report_of(error: PromoterError, phase: Phase) -> Report:
    """An error that concerns the whole run, as a report."""
    return Report(
        phase=phase,
        reason=error.reason,
        message=error.message,
        hint=error.hint,
        problems=error.problems,
    )


def links(inputs: Inputs) -> Links:
    """The addresses that may be shown."""
    return Links(
        registry=public_address(inputs.registry_uri.value or inputs.tracking_uri.value),
        repository=f"{inputs.server_url}/{inputs.repository}" if inputs.repository else "",
        run=inputs.run_url,
    )


def public_address(uri: str) -> str:
    """An http(s) address without user, password, query; empty for anything else."""
    try:
        parts = urlsplit(uri)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((parts.scheme, f"{host}{port}", parts.path.rstrip("/"), "", ""))
