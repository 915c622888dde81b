"""The Action's door: environment and event in, one command, and the only catch-all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.deadline import REAL_TIME, Pacing
from promoter.commands.drift import failed
from promoter.commands.drift_telling import tell_drift
from promoter.commands.propose_telling import tell_propose
from promoter.commands.publish import Channels, complete, publish
from promoter.core.drift import DriftReport
from promoter.core.report import Links, Phase, Report
from promoter.ending import Stop, ending
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.event import Event, EventKind, Order, order_of, parse_event
from promoter.inputs import Command, Inputs, RunnerFiles, known_secrets, read_inputs, runner_files
from promoter.render.drift_terminal import drift_terminal
from promoter.render.propose_summary import propose_terminal
from promoter.render.terminal import Style, terminal
from promoter.text import quote, say
from promoter.version import tool_version
from promoter.world import World, report_of
from promoter.world_doctor import doctor_job
from promoter.world_propose import propose_error, propose_job

_LARGEST_EVENT = 32 * 1024 * 1024


def main(environ: MutableMapping[str, str], stream: TextIO, *, pacing: Pacing = REAL_TIME) -> ExitCode:
    """Run the command that the event asks for; the process's exit code.

    `environ` is the process's own environment: MLflow reads its credentials from there.
    """
    runner = _runner(runner_files(environ), stream)
    asked: Command | None = None
    stop = Stop(clock=pacing.clock)

    def command() -> ExitCode:
        nonlocal asked
        runner.mask([secret.value for secret in known_secrets(environ)])
        inputs = read_inputs(environ)
        asked = inputs.command
        event = parse_event(inputs.event_name, _payload(inputs), ref=inputs.ref, commit=inputs.commit)

        def world_of(event: Event) -> World:
            return World(inputs=inputs, runner=runner, event=event, stop=stop, pacing=pacing)

        event = _with_default_branch(event, inputs, world_of=world_of)
        order = order_of(event, inputs.command)
        asked = order.command
        if order.command is Command.PROPOSE:
            branch = event.default_branch
            return propose_job(inputs, runner, branch=branch, stop=stop, pacing=pacing)
        if order.command is Command.DOCTOR:
            return doctor_job(inputs, runner, stop=stop, pacing=pacing)
        return _run(inputs, event, order=order, runner=runner, world_of=world_of)

    return ending(command, tell=lambda error: _tell_error(error, asked, runner=runner), stop=stop)


def _runner(files: RunnerFiles, stream: TextIO) -> ActionsRunner:
    return ActionsRunner(
        stream=stream,
        output=files.output,
        summary=files.summary,
        report_directory=files.report_directory,
    )


def _run(
    inputs: Inputs, event: Event, *, order: Order, runner: ActionsRunner, world_of: Callable[[Event], World]
) -> ExitCode:
    runner.log(say("promoter ", tool_version(), ": ", *order.message.parts))
    if inputs.run_attempt not in {"", "1"}:
        again = " of this run: what counts is what the branch and the registry hold now"
        runner.log(say("this is attempt ", quote(inputs.run_attempt), again))
    if order.command is None:
        nothing = Report(phase=Phase.VALIDATE, reason=ReasonCode.NOTHING_TO_PROMOTE, message=order.message)
        return _tell(nothing, runner)
    world = world_of(event)
    if order.command is Command.VALIDATE:
        return world.validate()
    if order.command is Command.APPLY:
        return world.tell(world.apply())
    return world.drift()


def _with_default_branch(event: Event, inputs: Inputs, *, world_of: Callable[[Event], World]) -> Event:
    """GitHub's own payloads name it; where one does not, GitHub is asked."""
    if event.default_branch or event.kind is EventKind.OTHER or not inputs.repository:
        return event
    return replace(event, default_branch=world_of(event).default_branch())


def _payload(inputs: Inputs) -> Mapping[str, Any]:
    file = Path(inputs.files.event)
    try:
        if not inputs.files.event:
            raise ValueError("GITHUB_EVENT_PATH is not set")
        if file.stat().st_size > _LARGEST_EVENT:
            raise ValueError("the file is too large")
        payload = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("the event file ", quote(inputs.files.event), " cannot be read: ", quote(error)),
            hint=say("Run this on GitHub's runner, or set GITHUB_EVENT_NAME and GITHUB_EVENT_PATH."),
        ) from error
    return payload if isinstance(payload, dict) else {}


def _tell_error(error: PromoterError, asked: Command | None, *, runner: ActionsRunner) -> ExitCode:
    """Tell what ended a run before its command could."""
    if asked is Command.PROPOSE:
        proposed = propose_error(error)
        runner.show(propose_terminal(proposed, style=Style.PLAIN))
        return tell_propose(proposed, runner)
    if asked is Command.DRIFT:
        drifted = failed(DriftReport(reason=error.reason, message=error.message), error)
        drifted = replace(drifted, tool_version=tool_version())
        runner.show(drift_terminal(drifted, style=Style.PLAIN))
        return tell_drift(drifted, runner)
    phase = Phase.APPLY if asked is Command.APPLY else Phase.VALIDATE
    return _tell(report_of(error, phase), runner)


def _tell(report: Report, runner: ActionsRunner) -> ExitCode:
    """Tell what needs no GitHub: a run with nothing to do, or one that ended before it began."""
    report = complete(report, tool_version=tool_version(), links=Links())
    runner.show(terminal(report, style=Style.PLAIN))
    try:
        return publish(report, Channels(runner=runner))
    except PromoterError as error:
        # The files of the job cannot be written; the log has the report already.
        runner.log(error.message)
        return report.reason.exit_code
