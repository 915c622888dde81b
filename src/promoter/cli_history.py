"""`promoter history` and `promoter status`: git from a local clone, GitHub and registry where known."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TextIO

from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.deadline import Deadline
from promoter.adapters.github_connection import GitHubConnection, connect
from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.adapters.github_repository import GitHubRepository
from promoter.adapters.local_repository import LocalRepository
from promoter.addresses import links
from promoter.cli_screen import Terminal
from promoter.commands.drift import DriftWorld
from promoter.commands.history import HistoryWorld, Wanted, history
from promoter.commands.history_github import PullFinder, no_pulls
from promoter.commands.history_registry import RegistryPast, not_asked
from promoter.commands.status import Pending, Shown, StatusWorld, read_pending, status
from promoter.core.as_of import read_moment
from promoter.core.fleet import Fleet, Only
from promoter.core.progress import UNTOLD, Progress
from promoter.core.timeline import History
from promoter.errors import ExitCode
from promoter.inputs import Inputs
from promoter.render.fleet_html import fleet_html
from promoter.render.fleet_json import fleet_json
from promoter.render.fleet_terminal import fleet_terminal
from promoter.render.history_html import history_html
from promoter.render.history_json import history_json
from promoter.render.history_terminal import history_terminal
from promoter.render.terminal import Style
from promoter.version import tool_version
from promoter.world import Registries, places


@dataclass(frozen=True, kw_only=True)
class Door:
    """What both commands are given; `err` is for what is said besides the result."""

    options: argparse.Namespace
    inputs: Inputs
    environ: Mapping[str, str]
    style: Style
    err: TextIO
    progress: Progress = UNTOLD
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def clone(self) -> LocalRepository:
        """The clone. Raises USAGE_INVALID where there is none."""
        return LocalRepository(Path(self.options.directory), environ=self.environ)

    def registries(self, deadline: Deadline) -> Registries:
        """The registry of the inputs."""
        return Registries(inputs=self.inputs, deadline=deadline)

    def connection(self, deadline: Deadline) -> GitHubConnection | None:
        """None where repository or token are not known."""
        if not self.inputs.repository or not self.inputs.token:
            return None
        return connect(
            api_url=self.inputs.api_url,
            token=self.inputs.token.value,
            repository=self.inputs.repository,
            deadline=deadline,
            log=self.progress.note,
        )

    def keep(self, page: str) -> None:
        """Write the page where `--html` says. Raises USAGE_INVALID where that cannot be done."""
        if self.options.html:
            file = Path(self.options.html)
            runner = ActionsRunner(stream=self.err, output="", summary="", report_directory=str(file.parent))
            runner.save(file.name, page)


def door_of(options: argparse.Namespace, inputs: Inputs, *, screen: Terminal) -> Door:
    """What was typed, and where it was."""
    return Door(
        options=options,
        inputs=inputs,
        environ=screen.environ,
        style=screen.style,
        err=screen.err,
        progress=screen.progress,
    )


def show_history(options: argparse.Namespace, inputs: Inputs, *, screen: Terminal) -> ExitCode:
    """Print who held an alias. The exit code is 4 where GitHub or registry were asked and did not tell."""
    door = door_of(options, inputs, screen=screen)
    moment = read_moment(options.as_of) if options.as_of else None
    deadline = Deadline(door.inputs.deadline)
    clone = door.clone()
    world = history_world(door, clone, deadline=deadline)
    wanted = Wanted(
        key=(options.model, options.alias),
        commit=clone.tip(options.rev),
        moment=moment,
        limit=options.limit,
    )
    found = history(world, wanted)
    door.keep(history_html(found, links=links(door.inputs)))
    if options.json:
        # The document is a list, and has no place for what could not be asked.
        for one in found.lacking:
            door.progress.note(one.message)
    text = history_json(found) + "\n" if options.json else history_terminal(found, style=door.style)
    screen.out.write(text)
    return _history_exit(found)


def _history_exit(found: History) -> ExitCode:
    return max((one.exit_code for one in found.lacking), default=ExitCode.DONE)


def history_world(door: Door, clone: LocalRepository, *, deadline: Deadline) -> HistoryWorld:
    """What history is read from: the clone, and GitHub and registry where they are known."""
    inputs = door.inputs
    asks_registry = inputs.tracking_uri and not door.options.no_registry
    connection = door.connection(deadline)
    github = GitHubRepository(connection) if connection else None
    return HistoryWorld(
        repository=clone,
        places=places(inputs),
        now=door.now,
        tool_version=tool_version(),
        registered=RegistryPast(connect=door.registries(deadline).reader) if asks_registry else not_asked,
        pulls_of=PullFinder(
            # What a commit has no pull request for by now, it never will have.
            pull_requests=GitHubPullRequests(connection, looks_again=()),
            repository=github,
            places=places(inputs),
            branch=cache(github.default_branch),
        )
        if connection and github
        else no_pulls,
    )


def show_status(options: argparse.Namespace, inputs: Inputs, *, screen: Terminal) -> ExitCode:
    """Print how every alias stands."""
    door = door_of(options, inputs, screen=screen)
    deadline = Deadline(inputs.deadline)
    clone = door.clone()
    commit, _ = clone.base(options.rev, "HEAD")
    world = _status_world(door, clone, deadline=deadline)
    shown = Shown(models=options.models, only=Only(options.only) if options.only else None)
    fleet = status(world, commit=commit, shown=shown)
    door.keep(fleet_html(fleet))
    text = fleet_json(fleet) + "\n" if options.json else fleet_terminal(fleet, style=door.style)
    screen.out.write(text)
    return _status_exit(fleet, options)


def _status_exit(fleet: Fleet, options: argparse.Namespace) -> ExitCode:
    worst = fleet.reason.exit_code
    if worst in {ExitCode.WRONG_INPUT, ExitCode.UNDECIDED}:
        return worst
    if fleet.lacking:
        return ExitCode.UNDECIDED
    return ExitCode.NO if options.exit_code and fleet.out_of_sync else ExitCode.DONE


def _status_world(door: Door, clone: LocalRepository, *, deadline: Deadline) -> StatusWorld:
    inputs = door.inputs
    where = places(inputs)
    world = DriftWorld(
        repository=clone,
        registry=door.registries(deadline).reader,
        places=where,
        now=door.now,
        tool_version=tool_version(),
        links=links(inputs),
    )
    connection = door.connection(deadline)
    if connection is None:
        return StatusWorld(drift=world, repository=clone)
    pulls = GitHubPullRequests(connection, looks_again=())
    github = GitHubRepository(connection)

    def pending() -> Pending:
        return read_pending(pulls, github.default_branch, places=where)

    told = replace(world, pulls_of=pulls.numbers_of_commit)
    return StatusWorld(drift=told, repository=clone, pending=pending)
