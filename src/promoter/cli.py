"""A person's door: the same commands, the same verdict, on a terminal."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TextIO, cast

from promoter.adapters.github_access import check_repository
from promoter.adapters.result_stream import ResultStream
from promoter.cli_arguments import NotUnderstood, parser
from promoter.cli_screen import Terminal, for_person, for_program, tell
from promoter.ending import ending
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.inputs import Colour, Inputs, process_environment, read_inputs
from promoter.text import quote, say
from promoter.version import tool_version

__all__ = ["Terminal", "main", "run"]

# The full MLflow brings SQLAlchemy, its slim one does not; the demo's registry is a SQLite file.
_DEMO_NEEDS = ("pandas", "sklearn", "sqlalchemy")


class _Command(Protocol):
    def __call__(self, options: argparse.Namespace, inputs: Inputs, *, screen: Terminal) -> ExitCode: ...


# Verb → its module and function. A module is imported when its verb was typed: all of them take 0.3 s.
_VERBS: Mapping[str, tuple[str, str]] = {
    "validate": ("cli_validate", "validate_clone"),
    "lint": ("cli_lint", "show_lint"),
    "apply": ("cli_apply", "apply_by_hand"),
    "drift": ("cli_drift", "show_drift"),
    "history": ("cli_history", "show_history"),
    "status": ("cli_history", "show_status"),
    "doctor": ("cli_doctor", "show_doctor"),
    "init": ("cli_init", "initialise"),
    "request": ("cli_request", "request"),
    "propose": ("cli_propose", "propose"),
    "rollback": ("cli_rollback", "show_rollback"),
}


def main(arguments: Sequence[str] | None = None, *, end: Callable[[int], object] = os._exit) -> int:
    """The console script; the process's exit code. `end` ends a process that Python would hold on to."""
    # A stream that was closed before we started is None.
    terminal = Terminal(
        environ=process_environment(),
        out=sys.stdout or io.StringIO(),
        err=sys.stderr or io.StringIO(),
        given=sys.stdin or io.StringIO(),
    )
    before = threading.enumerate()
    exit_code = run(sys.argv[1:] if arguments is None else arguments, terminal)
    if exit_code in {ExitCode.UNDECIDED, ExitCode.INTERRUPTED} or not set(threading.enumerate()).issubset(
        before
    ):
        # A call that never came back may sit in a thread of a client library, which Python would wait for; it
        # may with any code, as what only comes after a decision changes none.
        for stream in (terminal.out, terminal.err):
            with suppress(OSError):
                stream.flush()
        end(exit_code)
    return int(exit_code)


def run(arguments: Sequence[str], terminal: Terminal) -> ExitCode:
    """One command; never raises for what a user can do wrong."""
    try:
        options = parser(_version_asked_for(arguments)).parse_args(arguments)
    except NotUnderstood as wrong:
        return _not_understood(wrong, arguments, terminal=terminal)
    if options.verb == "action":
        from promoter import action  # noqa: PLC0415

        return action.main(terminal.environ, terminal.out)
    colour = Colour(options.color)
    if options.json:
        return _for_program(lambda screen: _perform(options, screen), terminal=terminal, colour=colour)
    return _for_person(lambda screen: _perform(options, screen), terminal=terminal, colour=colour)


def _version_asked_for(arguments: Sequence[str]) -> str:
    """The version where it may be printed, else nothing: reading a package's metadata takes a while."""
    return tool_version() if "--version" in arguments else ""


def _perform(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    if options.verb in _WITHOUT_INPUTS:
        return _WITHOUT_INPUTS[options.verb](options, terminal)
    module, name = _VERBS[options.verb]
    command: _Command = getattr(import_module(f"promoter.{module}"), name)
    return command(options, _inputs(options, terminal.environ), screen=terminal)


def _for_person(
    command: Callable[[Terminal], ExitCode], *, terminal: Terminal, colour: Colour = Colour.AUTO
) -> ExitCode:
    """Text on the terminal's `out`, and words on `err` where there is no result."""
    out = ResultStream(terminal.out)
    screen = for_person(replace(terminal, out=cast("TextIO", out)), colour)

    def handed_over() -> ExitCode:
        exit_code = command(screen)
        out.hand_over()
        return exit_code

    exit_code = ending(handed_over, tell=lambda error: tell(error, screen), stop=screen.stop)
    # What was written before an error, too: it is all that is known of the error's surroundings.
    out.flush()
    return exit_code


def _for_program(
    command: Callable[[Terminal], ExitCode], *, terminal: Terminal, colour: Colour = Colour.AUTO
) -> ExitCode:
    """One JSON document on the terminal's `out`, whatever happens: the result, or why there is none."""
    answer = io.StringIO()
    screen = for_program(terminal, colour, answer=answer)

    def failed(error: PromoterError) -> ExitCode:
        from promoter.render.error_json import error_json  # noqa: PLC0415

        if not answer.tell():
            answer.write(error_json(error))
        return tell(error, screen)

    exit_code = ending(lambda: command(screen), tell=failed, stop=screen.stop)

    def handed_over() -> ExitCode:
        out = ResultStream(terminal.out)
        out.write(answer.getvalue())
        out.hand_over()
        return exit_code

    return ending(handed_over, tell=lambda error: tell(error, screen), stop=screen.stop)


def _not_understood(wrong: NotUnderstood, arguments: Sequence[str], *, terminal: Terminal) -> ExitCode:
    error = PromoterError(
        ReasonCode.USAGE_INVALID,
        say("the command line was not understood: ", quote(wrong)),
        hint=say(f"`{wrong.program} --help` shows what can be written."),
    )

    def command(screen: Terminal) -> ExitCode:
        screen.err.write(wrong.usage)
        raise error

    # `--json=1` is not understood, and whoever wrote it reads JSON.
    is_program = any(word.partition("=")[0] == "--json" for word in arguments)
    return (_for_program if is_program else _for_person)(command, terminal=terminal)


def _inputs(options: argparse.Namespace, environ: Mapping[str, str]) -> Inputs:
    """Options outrank the environment; both go through the same reader as the Action's inputs.

    Inputs of an action are not a person's: where another action calls `promoter`, they are that one's.
    """
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
    if repository:
        check_repository(repository)
    typed = {**given, "GITHUB_REPOSITORY": repository}
    around = {name: value for name, value in environ.items() if not name.startswith("INPUT_")}
    return read_inputs({**around, **{name: value for name, value in typed.items() if value}})


def _schema(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    from promoter.core.schema import schema  # noqa: PLC0415

    terminal.out.write(json.dumps(schema(options.file), indent=2) + "\n")
    return ExitCode.DONE


def _demo(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    # Trains models: the only verb that needs more than a runner has.
    missing = [name for name in _DEMO_NEEDS if find_spec(name) is None]
    if missing:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("the demo trains models, and this is not installed: ", quote(", ".join(missing))),
            hint=say(
                "Install it with `pip install 'promoter[demo]'`, or run `make demo` in a clone of Promoter."
            ),
        )
    output = Path(options.output)
    _require_writable(output)
    from promoter.demo.story import tell

    exit_code = tell(output, terminal.err if options.json else terminal.out)
    if options.json:
        terminal.out.write(json.dumps({"output": options.output, "exit_code": int(exit_code)}) + "\n")
    return exit_code


def _require_writable(folder: Path) -> None:
    """Raises USAGE_INVALID before minutes are spent on what could not be kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".promoter").touch()
        (folder / ".promoter").unlink()
    except OSError as error:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("the folder ", quote(folder), " cannot be written to: ", quote(error.strerror or error)),
            hint=say("Name another by `--output`."),
        ) from error


def _completion(options: argparse.Namespace, terminal: Terminal) -> ExitCode:
    from promoter.cli_completion import show_completion  # noqa: PLC0415

    return show_completion(options, terminal)


# What the environment says makes no difference to these.
_WITHOUT_INPUTS: Mapping[str, Callable[[argparse.Namespace, Terminal], ExitCode]] = {
    "schema": _schema,
    "completion": _completion,
    "demo": _demo,
}
