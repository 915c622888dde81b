"""A person's door: the same commands, the same verdict, on a terminal."""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from promoter import action
from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.deadline import Deadline
from promoter.adapters.local_repository import LocalRepository
from promoter.cli_arguments import parser
from promoter.cli_drift import local_drift
from promoter.cli_history import Door, show_history, show_status
from promoter.cli_init import initialise
from promoter.cli_propose import propose
from promoter.cli_request import request
from promoter.cli_rollback import show_rollback
from promoter.commands.publish import complete, save
from promoter.commands.validate import Change, ValidateWorld, validate
from promoter.core.report import Links, Report
from promoter.core.schema import schema
from promoter.ending import Stop, ending
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.event import Event, EventKind
from promoter.inputs import Inputs, process_environment, read_inputs
from promoter.render.doctor_json import doctor_json
from promoter.render.doctor_terminal import doctor_terminal
from promoter.render.drift_json import drift_json
from promoter.render.drift_terminal import drift_terminal
from promoter.render.outputs import result_json
from promoter.render.terminal import Style
from promoter.render.terminal import terminal as rendered
from promoter.text import Message, quote, say
from promoter.version import tool_version
from promoter.world import Registries, World, judges, places
from promoter.world_doctor import Asked, doctor_by_hand

# The full MLflow brings SQLAlchemy, its slim one does not; the demo's registry is a SQLite file.
_DEMO_NEEDS = ("pandas", "sklearn", "sqlalchemy")


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """Where a command of a person's reads and writes. Results go to `out`, everything else to `err`.

    `stop` is asked by signals; `given` is what is typed.
    """

    environ: MutableMapping[str, str]
    out: TextIO
    err: TextIO
    stop: Stop = field(default_factory=Stop)
    given: TextIO = field(default_factory=io.StringIO)


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script; the process's exit code."""
    terminal = Terminal(environ=process_environment(), out=sys.stdout, err=sys.stderr, given=sys.stdin)
    exit_code = run(sys.argv[1:] if arguments is None else arguments, terminal)
    if exit_code in {ExitCode.UNDECIDED, ExitCode.INTERRUPTED}:
        # A call that never came back may sit in a thread of a client library, which Python would wait for.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)
    return int(exit_code)


def run(arguments: Sequence[str], terminal: Terminal) -> ExitCode:
    """One command; never raises for what a user can do wrong."""
    options = parser(tool_version()).parse_args(arguments)
    if options.verb == "action":
        return action.main(terminal.environ, terminal.out)
    return ending(
        lambda: _verb(options, terminal), tell=lambda error: _tell(error, terminal), stop=terminal.stop
    )


def _verb(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    try:
        exit_code = _VERBS[options.verb](options, terminal)
        terminal.out.flush()
        return exit_code
    except BrokenPipeError:
        # `promoter … | head`: the reader has what it wanted.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        return ExitCode.DONE


def _tell(error: PromoterError, terminal: Terminal) -> ExitCode:
    lines = [f"promoter: {error.message} [{error.reason}]"]
    lines += [f"  {problem}" for problem in error.problems]
    if error.hint.parts:
        lines.append(f"  {error.hint}")
    terminal.err.write("\n".join(lines) + "\n")
    return error.exit_code


def _inputs(options: argparse.Namespace, environ: Mapping[str, str]) -> Inputs:
    """Options outrank the environment; both go through the same reader as the Action's inputs."""
    names = {
        "requests": "REQUESTS",
        "policy": "POLICY",
        "tracking_uri": "TRACKING-URI",
        "registry_uri": "REGISTRY-URI",
        "deadline": "DEADLINE",
        "report_directory": "REPORT-DIRECTORY",
    }
    given = {f"INPUT_{name}": getattr(options, key, None) for key, name in names.items()}
    repository = getattr(options, "repository", None)
    overrides = {**given, "GITHUB_REPOSITORY": repository}
    return read_inputs({**environ, **{key: value for key, value in overrides.items() if value}})


def _validate(options: argparse.Namespace, terminal: Terminal) -> ExitCode:

    inputs = _inputs(options, terminal.environ)
    registries = Registries(inputs=inputs, deadline=Deadline(inputs.deadline))
    repository = LocalRepository(Path(options.directory), environ=terminal.environ)
    base, fork_point = repository.base(options.base, options.head or "HEAD")
    patterns = (inputs.requests, inputs.policy)
    head = repository.tip(options.head) if options.head else repository.working_tree(patterns)
    judging = judges(repository, inputs=inputs, deadline=registries.deadline, log=_teller(terminal))
    world = ValidateWorld(
        repository=repository,
        registry=registries.reader,
        pull_requests=None,
        places=places(inputs),
        measurer=judging.measurer,
        custom_checks=judging.custom_checks,
        now=datetime.now(UTC),
    )
    paths = repository.changed_paths(fork_point, head, patterns=patterns)
    report = validate(world, Change(head=head, base=base, paths=paths))
    return _show(report, options, terminal=terminal)


def _teller(terminal: Terminal) -> Callable[[Message], None]:
    return lambda message: print(message, file=terminal.err, flush=True)


def _apply(options: argparse.Namespace, terminal: Terminal) -> ExitCode:

    inputs = _inputs(options, terminal.environ)
    if not inputs.repository or not inputs.token:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("apply reads approvals from GitHub, and does not know ", quote("repository or token")),
            hint=say("Give `--repository owner/name` and set GITHUB_TOKEN."),
        )
    event = Event(
        kind=EventKind.WORKFLOW_DISPATCH,
        name="promoter apply",
        default_branch=options.branch,
        branch=options.branch,
    )
    runner = ActionsRunner(stream=terminal.err, output="", summary="", report_directory="")
    report = World(inputs=inputs, runner=runner, event=event, stop=terminal.stop).apply()
    return _show(report, options, terminal=terminal)


def _drift(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    inputs = _inputs(options, terminal.environ)
    registries = Registries(inputs=inputs, deadline=Deadline(inputs.deadline))
    report = local_drift(
        registries, directory=options.directory, revision=options.rev, environ=terminal.environ
    )
    text = drift_json(report) + "\n" if options.json else drift_terminal(report, style=_style(terminal))
    terminal.out.write(text)
    if options.report_directory:
        _folder(options.report_directory, terminal).save("drift.json", drift_json(report) + "\n")
    return report.reason.exit_code


def _doctor(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    inputs = _inputs(options, terminal.environ)
    asked = Asked(directory=options.directory, environ=terminal.environ, log=_teller(terminal))
    diagnosis = doctor_by_hand(inputs, asked)
    text = doctor_json(diagnosis) + "\n"
    terminal.out.write(text if options.json else doctor_terminal(diagnosis, style=_style(terminal)))
    if options.report_directory:
        _folder(options.report_directory, terminal).save("doctor.json", text)
    return diagnosis.reason.exit_code


def _style(terminal: Terminal) -> Style:
    colour = terminal.out.isatty() and not terminal.environ.get("NO_COLOR")
    return Style.COLOUR if colour else Style.PLAIN


def _show(report: Report, options: argparse.Namespace, *, terminal: Terminal) -> ExitCode:

    report = complete(report, tool_version=tool_version(), links=Links())
    if options.json:
        terminal.out.write(result_json(report) + "\n")
    else:
        terminal.out.write(rendered(report, style=_style(terminal)))
    if options.report_directory:
        save(report, _folder(options.report_directory, terminal))
    return report.reason.exit_code


def _folder(directory: str, terminal: Terminal) -> ActionsRunner:
    return ActionsRunner(stream=terminal.err, output="", summary="", report_directory=directory)


def _history(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    text, exit_code = show_history(_door(options, terminal))
    terminal.out.write(text)
    return exit_code


def _status(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    text, exit_code = show_status(_door(options, terminal))
    terminal.out.write(text)
    return exit_code


def _rollback(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    text, exit_code = show_rollback(_door(options, terminal))
    terminal.out.write(text)
    return exit_code


def _door(options: argparse.Namespace, terminal: Terminal) -> Door:
    inputs = _inputs(options, terminal.environ)
    return Door(
        options=options, inputs=inputs, environ=terminal.environ, style=_style(terminal), err=terminal.err
    )


def _schema(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    terminal.out.write(json.dumps(schema(options.file), indent=2) + "\n")
    return ExitCode.DONE


def _demo(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    # Trains models: the only verb that needs more than a runner has.
    missing = [name for name in _DEMO_NEEDS if find_spec(name) is None]
    if missing:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("the demo trains models, and this is not installed: ", quote(", ".join(missing))),
            hint=say("Run `make demo` in a clone of Promoter, or install the package with its `demo` extra."),
        )
    from promoter.demo.story import tell

    exit_code = tell(Path(options.output), terminal.err if options.json else terminal.out)
    if options.json:
        terminal.out.write(json.dumps({"output": options.output, "exit_code": int(exit_code)}) + "\n")
    return exit_code


_VERBS: dict[str, Callable[[argparse.Namespace, Terminal], ExitCode]] = {
    "validate": _validate,
    "apply": _apply,
    "drift": _drift,
    "doctor": _doctor,
    "history": _history,
    "status": _status,
    "init": lambda options, terminal: initialise(
        options, _inputs(options, terminal.environ), screen=terminal
    ),
    "request": lambda options, terminal: request(
        options, _inputs(options, terminal.environ), screen=terminal
    ),
    "propose": lambda options, terminal: propose(
        options, _inputs(options, terminal.environ), screen=terminal
    ),
    "rollback": _rollback,
    "schema": _schema,
    "demo": _demo,
}
