"""Build the world of one command for a door: adapters from inputs, and what is told at the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from promoter.adapters import mlflow_registry
from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.beside import Beside
from promoter.adapters.deadline import REAL_TIME, Deadline, Pacing
from promoter.adapters.github_connection import connect
from promoter.adapters.github_deployments import GitHubDeployments
from promoter.adapters.github_issues import GitHubIssues
from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.adapters.github_repository import GitHubRepository
from promoter.adapters.runner_traces import kept_tokens
from promoter.adapters.side_by_side import some_at_once
from promoter.addresses import links
from promoter.commands.admission import MergeGroup
from promoter.commands.apply import ApplyWorld, apply
from promoter.commands.drift import DriftWorld
from promoter.commands.drift_issues import watch
from promoter.commands.drift_telling import tell_drift
from promoter.commands.publish import Channels, complete, publish
from promoter.commands.trees import Places
from promoter.commands.validate import Change, ValidateWorld, change_of_pull_request, validate
from promoter.core.drift import DriftReport
from promoter.core.plan import MovedOutside
from promoter.core.progress import UNTOLD, Progress
from promoter.core.report import Phase, Report
from promoter.ending import Stop
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.event import Event, EventKind
from promoter.inputs import Inputs
from promoter.ports import Registry, RegistryIndex
from promoter.render.drift_terminal import drift_terminal
from promoter.render.terminal import Style, terminal
from promoter.text import Message, quote, say
from promoter.version import tool_version
from promoter.world_judging import judges, kept_wheels

# Seconds. A run that was asked to stop has fewer left, whatever it was given.
_LEAST_FOR_DRAWING = 5.0


@dataclass(frozen=True, kw_only=True)
class Registries:
    """Opens the registry the inputs name: for reading, or for writing too. `progress` looks on."""

    inputs: Inputs
    deadline: Deadline
    progress: Progress = UNTOLD

    def reader(self) -> RegistryIndex:
        """Without any method that writes."""
        return mlflow_registry.connect_reader(
            tracking_uri=self.inputs.tracking_uri.value,
            registry_uri=self.inputs.registry_uri.value,
            deadline=self.deadline,
            secrets=[secret.value for secret in self.inputs.secrets],
            progress=self.progress,
        )

    def writer(self) -> Registry:
        """For apply."""
        return mlflow_registry.connect(
            tracking_uri=self.inputs.tracking_uri.value,
            registry_uri=self.inputs.registry_uri.value,
            deadline=self.deadline,
            secrets=[secret.value for secret in self.inputs.secrets],
            progress=self.progress,
        )


class World:
    """What a command needs on GitHub, made from inputs and event. `stop` is asked by signals."""

    def __init__(
        self,
        *,
        inputs: Inputs,
        runner: ActionsRunner,
        event: Event,
        stop: Stop | None = None,
        pacing: Pacing = REAL_TIME,
    ) -> None:
        self._stop = stop = stop or Stop()
        deadline = Deadline.of_run(inputs.deadline, until=stop.until, pacing=pacing)
        connection = connect(
            api_url=inputs.api_url,
            token=inputs.token.value,
            repository=inputs.repository,
            deadline=deadline,
            log=runner.log,
        )
        self._deadline = deadline
        self._inputs = inputs
        self._runner = runner
        self._event = event
        self._registries = Registries(inputs=inputs, deadline=deadline, progress=runner.progress)
        self._repository = GitHubRepository(connection)
        self._pull_requests = GitHubPullRequests(connection)
        self._issues = GitHubIssues(connection)
        self._deployments = GitHubDeployments(connection) if inputs.deployments else None
        self._places = places(inputs)
        self._judges = judges(self._repository, inputs=inputs, deadline=deadline, progress=runner.progress)

    def default_branch(self) -> str:
        """The repository's default branch, for an event that does not name it."""
        return self._repository.default_branch()

    def validate(self) -> ExitCode:
        """Judge what the event's change asks for, and tell it."""
        judging = judges(
            self._repository,
            inputs=self._inputs,
            deadline=self._deadline,
            progress=self._runner.progress,
            wheels=kept_wheels(self._inputs),
        )
        world = ValidateWorld(
            repository=self._repository,
            registry=self._registries.reader,
            pull_requests=self._pull_requests,
            name=self._inputs.repository,
            places=self._places,
            measurer=judging.measurer,
            custom_checks=judging.custom_checks,
            now=datetime.now(UTC),
            several=some_at_once,
        )
        try:
            report = validate(world, self._change())
        except PromoterError as error:
            report = report_of(error, Phase.VALIDATE)
        return self.tell(report)

    def drift(self) -> ExitCode:
        """Look for drift at the tip of the default branch, keep its issues, and tell it.

        It is handed a reader. Only what heals opens the registry for writing, and only where the policy says
        so.
        """
        world = DriftWorld(
            repository=self._repository,
            registry=self._registries.reader,
            places=self._places,
            now=datetime.now(UTC),
            tool_version=tool_version(),
            pulls_of=self._pull_requests.numbers_of_commit,
            links=links(self._inputs),
            beside=Beside,
        )
        branch = self._event.default_branch
        report = watch(
            world, self._issues, branch=branch, heal=lambda: self.apply(outside=MovedOutside.PUT_BACK)
        )
        if report.healed and any(one.reason is ReasonCode.APPLIED for one in report.healed.requests):
            self.tell(report.healed)
        return self.tell_drift(report)

    def apply(self, *, outside: MovedOutside = MovedOutside.REFUSED) -> Report:
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
            may_write=self._stop.may_write,
            open_reserve=self._deadline.begin_finishing,
            outside=outside,
            links=links(self._inputs),
        )
        return apply(world, branch=self._event.default_branch, before=self._event.base_commit)

    def tell_drift(self, report: DriftReport) -> ExitCode:
        """Tell it in the log and in the job's files."""
        self._stop.tells()
        self._deadline.begin_telling()
        if self._stop.is_asked:
            report = replace(report, reason=ReasonCode.INTERRUPTED, message=say("the job was stopped"))
        self._runner.show(drift_terminal(report, style=Style.PLAIN))
        return tell_drift(report, self._runner)

    def tell(self, report: Report) -> ExitCode:
        """Tell it in the log, on the pull request and in the job's files; a few seconds are kept for this."""
        self._stop.tells()
        self._deadline.begin_telling()
        report = stopped(report) if self._stop.is_asked else report
        channels = Channels(
            runner=self._runner,
            pull_requests=self._pull_requests,
            mode=self._inputs.comment,
            repository=self._inputs.repository,
            pull_request=self._event.number,
            deployments=self._deployments,
            has_time=lambda: self._deadline.remaining() > _LEAST_FOR_DRAWING,
        )
        report = replace(report, notes=(*report.notes, *_kept_tokens(report, self._inputs)))
        report = complete(report, tool_version=tool_version(), links=links(self._inputs))
        self._runner.show(terminal(report, style=Style.PLAIN))
        exit_code = publish(report, channels)
        if self._stop.is_asked and report.reason is not ReasonCode.INTERRUPTED:
            # The signal came meanwhile: of an output that is written twice, the last counts.
            report = stopped(report)
            self._runner.log(report.message)
            exit_code = publish(report, Channels(runner=self._runner, has_time=channels.has_time))
        return exit_code

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
            group = MergeGroup(branch=event.branch, name=event.group)
            return Change(head=event.head_commit, base=event.base_commit, group=group)
        return Change(head=event.head_commit, base=self._repository.tip(event.default_branch))


def places(inputs: Inputs) -> Places:
    """Where requests and policy are."""
    return Places(requests=inputs.requests, policy=inputs.policy)


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


def stopped(report: Report) -> Report:
    """The report of a run that a signal ended; what its requests say stands."""
    moved = sum(request.reason is ReasonCode.APPLIED for request in report.requests)
    message = say("the job was interrupted", f"; before that it moved {moved} alias(es)" if moved else "")
    return replace(
        report,
        reason=ReasonCode.INTERRUPTED,
        message=message,
        hint=say("Run it again: it goes on from what is live."),
        notes=(*report.notes, message) if report.requests else report.notes,
    )
