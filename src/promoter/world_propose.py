"""Propose's two doors: a job on the default branch, and a person with a token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from promoter.adapters.actions_runner import ActionsRunner
from promoter.adapters.deadline import REAL_TIME, Deadline, Pacing
from promoter.adapters.github_connection import connect
from promoter.adapters.github_proposals import GitHubProposals
from promoter.adapters.github_pull_requests import GitHubPullRequests
from promoter.adapters.github_repository import GitHubRepository
from promoter.addresses import links
from promoter.commands.propose import ProposeWorld, propose
from promoter.commands.propose_telling import tell_propose
from promoter.core.propose_report import ProposeReport, Writing
from promoter.ending import Stop
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.inputs import Inputs
from promoter.render.propose_summary import propose_terminal
from promoter.render.terminal import Style
from promoter.text import Message, quote, say
from promoter.version import tool_version
from promoter.world import Registries, places


@dataclass(frozen=True, kw_only=True)
class Proposing:
    """Whether steps are carried out; `branch` empty: the repository's default one."""

    log: Callable[[Message], None]
    branch: str = ""
    writing: Writing = Writing.DONE


def propose_job(
    inputs: Inputs,
    runner: ActionsRunner,
    *,
    branch: str,
    stop: Stop | None = None,
    pacing: Pacing = REAL_TIME,
) -> ExitCode:
    """The Action's command, told in the job's files."""
    stop = stop or Stop()
    deadline = Deadline.of_run(inputs.deadline, until=stop.until, pacing=pacing)
    report = _proposed(inputs, deadline, asked=Proposing(log=runner.log, branch=branch))
    stop.tells()
    deadline.begin_telling()
    if stop.is_asked:
        report = replace(report, reason=ReasonCode.INTERRUPTED, message=say("the job was stopped"))
    runner.show(propose_terminal(report, style=Style.PLAIN))
    return tell_propose(report, runner)


def propose_by_hand(inputs: Inputs, asked: Proposing) -> ProposeReport:
    """The command line's. Raises USAGE_INVALID where repository or token are not known."""
    if not inputs.repository or not inputs.token:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("propose reads and opens pull requests, and does not know ", quote("repository or token")),
            hint=say("Give `--repository owner/name` and set GITHUB_TOKEN."),
        )
    return _proposed(inputs, Deadline(inputs.deadline), asked=asked)


def propose_error(error: PromoterError) -> ProposeReport:
    """A run that ended before it began."""
    return ProposeReport(
        reason=error.reason,
        message=error.message,
        hint=error.hint,
        problems=error.problems,
        tool_version=tool_version(),
    )


def _proposed(inputs: Inputs, deadline: Deadline, *, asked: Proposing) -> ProposeReport:
    connection = connect(
        api_url=inputs.api_url,
        token=inputs.token.value,
        repository=inputs.repository,
        deadline=deadline,
        log=asked.log,
    )
    repository = GitHubRepository(connection)
    world = ProposeWorld(
        repository=repository,
        registry=Registries(inputs=inputs, deadline=deadline).reader,
        proposals=GitHubProposals(connection),
        places=places(inputs),
        now=datetime.now(UTC),
        tool_version=tool_version(),
        writing=asked.writing,
        pulls_of=GitHubPullRequests(connection).numbers_of_commit,
        links=links(inputs),
    )
    return propose(world, branch=asked.branch or repository.default_branch())
