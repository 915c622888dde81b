"""`promoter validate`: what the pull request would be told, from a clone."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.deadline import Deadline
from promoter.adapters.local_repository import LocalRepository
from promoter.adapters.side_by_side import some_at_once
from promoter.cli_screen import Terminal
from promoter.commands.publish import complete, save
from promoter.commands.validate import Change, ValidateWorld, validate
from promoter.core.report import Links, Report
from promoter.errors import ExitCode, PromoterError
from promoter.inputs import Inputs
from promoter.ports import Repository
from promoter.render.outputs import result_json
from promoter.render.terminal import terminal as rendered
from promoter.text import NOTHING, Message, say
from promoter.version import tool_version
from promoter.world import Registries, places
from promoter.world_judging import judges

if TYPE_CHECKING:
    from promoter.cli_init import Screen


def validate_clone(options: argparse.Namespace, inputs: Inputs, *, screen: Terminal) -> ExitCode:
    """Judge the working tree, or a commit, against a base."""
    repository = LocalRepository(Path(options.directory), environ=screen.environ)
    base, fork_point = repository.base(options.base, options.head or "HEAD")
    patterns = (inputs.requests, inputs.policy)
    commit = repository.tip(options.head) if options.head else ""
    with nullcontext(commit) if commit else repository.working_tree(patterns) as head:
        world = judging_world(inputs, repository, screen=screen)
        paths = repository.changed_paths(fork_point, head, patterns=patterns)
        report = validate(world, Change(head=head, base=base, paths=paths))
    return show(report, options, screen=screen)


def judging_world(inputs: Inputs, repository: Repository, *, screen: Screen) -> ValidateWorld:
    """What validate needs to judge on this machine, by whatever repository; no pull request is asked."""
    progress = screen.progress
    registries = Registries(inputs=inputs, deadline=Deadline(inputs.deadline), progress=progress)
    judging = judges(repository, inputs=inputs, deadline=registries.deadline, progress=progress)
    return ValidateWorld(
        repository=repository,
        registry=registries.reader,
        pull_requests=None,
        places=places(inputs),
        measurer=judging.measurer,
        custom_checks=judging.custom_checks,
        now=datetime.now(UTC),
        several=some_at_once,
    )


def show(report: Report, options: argparse.Namespace, *, screen: Terminal) -> ExitCode:
    """Save a report where that was asked for, and print it; the exit code."""
    report = complete(report, tool_version=tool_version(), links=Links())
    unsaved = keep(lambda runner: save(report, runner), options, screen=screen)
    if options.json:
        # The document has no notes: what a program finds is the hint.
        space = " " if report.hint.parts and unsaved.parts else ""
        report = replace(report, hint=say(*report.hint.parts, space, *unsaved.parts))
        screen.out.write(result_json(report) + "\n")
    else:
        screen.out.write(rendered(report, style=screen.style))
    return report.reason.exit_code


def keep(write: Callable[[ActionsRunner], str], options: argparse.Namespace, *, screen: Screen) -> Message:
    """Have files written where `--report-directory` says; what kept them from it, which is told on `err`.

    As in a job it changes no outcome.
    """
    if not options.report_directory:
        return NOTHING
    try:
        write(
            ActionsRunner(stream=screen.err, output="", summary="", report_directory=options.report_directory)
        )
    except PromoterError as error:
        screen.progress.note(error.message)
        return error.message
    return NOTHING
