"""`promoter request`: edits the file, says what validate would say, or opens the pull request."""

from __future__ import annotations

import argparse
import json
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_connection import connect
from promoter.adapters.github_proposals import GitHubProposals
from promoter.adapters.github_repository import GitHubRepository
from promoter.adapters.local_folder import LocalFolder
from promoter.adapters.local_repository import LocalRepository
from promoter.addresses import links
from promoter.cli_init import Screen
from promoter.commands.publish import complete
from promoter.commands.request import Asked, Edit, edit, judged, may_be_written, opened, requests_at
from promoter.commands.validate import Change, ValidateWorld
from promoter.core.proposal import Proposal
from promoter.core.report import Report
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.inputs import Inputs
from promoter.ports import Repository
from promoter.render.outputs import result_json
from promoter.render.terminal import Style, terminal
from promoter.text import Message, printable, quote, say
from promoter.version import tool_version
from promoter.world import Registries, judges, places


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it. `report` None: not judged, because nobody asked, or for the reason in `unjudged`."""

    edited: Edit
    is_written: bool
    report: Report | None = None
    unjudged: PromoterError | None = None
    proposal: Proposal | None = None

    @property
    def exit_code(self) -> ExitCode:
        """Done, unless the checks say no, something was wrong, or it could not be decided."""
        if self.unjudged is not None:
            return self.unjudged.exit_code
        return self.report.reason.exit_code if self.report else ExitCode.DONE


def request(options: argparse.Namespace, inputs: Inputs, *, screen: Screen) -> ExitCode:
    """Write a promotion request, or open the pull request with it."""
    asked = Asked(model=options.model, alias=options.alias, version=options.version, reason=options.reason)
    outcome = (_proposed if options.pull_request else _written)(options, inputs, asked=asked, screen=screen)
    if options.json:
        screen.out.write(_json(outcome))
    else:
        screen.out.write(_text(outcome, asked, screen=screen))
    return outcome.exit_code


def _written(options: argparse.Namespace, inputs: Inputs, *, asked: Asked, screen: Screen) -> Outcome:
    """Into the working tree, judged before it is written."""
    clone = LocalRepository(Path(options.directory), environ=screen.environ)
    folder = LocalFolder(clone.root)
    edited = edit(folder.listed(inputs.requests), asked, places=places(inputs))
    report, unjudged = None, None
    if options.validate:
        try:
            report = _judged_here(options, inputs, edited=edited, screen=screen, clone=clone)
        except PromoterError as error:
            unjudged = error
    is_wanted = report is None or may_be_written(report)
    if is_wanted and edited.before != edited.data:
        folder.write(edited.path, edited.data)
    return Outcome(edited=edited, is_written=is_wanted, report=report, unjudged=unjudged)


def _judged_here(
    options: argparse.Namespace, inputs: Inputs, *, edited: Edit, screen: Screen, clone: LocalRepository
) -> Report:
    base, fork_point = clone.base(options.base, "HEAD")
    patterns = (inputs.requests, inputs.policy)
    tree = clone.working_tree(patterns)
    paths = clone.changed_paths(fork_point, tree, patterns=patterns)
    world = _world(inputs, clone, screen=screen)
    return _complete(judged(world, edited, change=Change(head=tree, base=base, paths=paths)), inputs)


def _proposed(options: argparse.Namespace, inputs: Inputs, *, asked: Asked, screen: Screen) -> Outcome:
    """As a pull request on what GitHub's default branch holds now; the working tree stays as it is."""
    if not inputs.repository or not inputs.token:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("a pull request is opened on GitHub, and this is not known: ", quote("repository or token")),
            hint=say("Give `--repository owner/name` and set GITHUB_TOKEN, or leave out `--pull-request`."),
        )
    connection = connect(
        api_url=inputs.api_url,
        token=inputs.token.value,
        repository=inputs.repository,
        deadline=Deadline(inputs.deadline),
        log=lambda message: print(message, file=screen.err, flush=True),
    )
    repository = GitHubRepository(connection)
    branch = options.base or repository.default_branch()
    tip = repository.tip(branch)
    edited = edit(requests_at(repository, tip, places=places(inputs)), asked, places=places(inputs))
    if edited.before == edited.data:
        return Outcome(edited=edited, is_written=False)
    report = None
    if options.validate:
        world = _world(inputs, repository, screen=screen)
        report = _complete(judged(world, edited, change=Change(head=tip, base=tip)), inputs)
        if not may_be_written(report):
            return Outcome(edited=edited, is_written=False, report=report)
    proposal = opened(GitHubProposals(connection), asked, edited=edited, base=branch, report=report)
    return Outcome(edited=edited, is_written=True, report=report, proposal=proposal)


def _complete(report: Report, inputs: Inputs) -> Report:
    return complete(report, tool_version=tool_version(), links=links(inputs))


def _world(inputs: Inputs, repository: Repository, *, screen: Screen) -> ValidateWorld:
    def log(message: Message) -> None:
        print(message, file=screen.err, flush=True)

    registries = Registries(inputs=inputs, deadline=Deadline(inputs.deadline))
    judging = judges(repository, inputs=inputs, deadline=registries.deadline, log=log)
    return ValidateWorld(
        repository=repository,
        registry=registries.reader,
        pull_requests=None,
        places=places(inputs),
        measurer=judging.measurer,
        custom_checks=judging.custom_checks,
        now=datetime.now(UTC),
    )


def _said(outcome: Outcome) -> str:
    path = printable(outcome.edited.path)
    if outcome.proposal is not None:
        return f"Pull request {outcome.proposal.number} asks for it: {outcome.proposal.url}"
    if outcome.edited.before == outcome.edited.data:
        return f"Unchanged: {path} asks for it already."
    if not outcome.is_written:
        return f"Nothing was written to {path}."
    return f"{'Created' if outcome.edited.before is None else 'Changed'} {path}"


def _text(outcome: Outcome, asked: Asked, *, screen: Screen) -> str:
    colour = screen.out.isatty() and not screen.environ.get("NO_COLOR")
    blocks = [_said(outcome)]
    blocks += [f"  note: {note}" for note in outcome.edited.notes]
    if outcome.report is not None:
        blocks.append("\n" + terminal(outcome.report, style=Style.COLOUR if colour else Style.PLAIN))
    if outcome.unjudged is not None:
        blocks.append(f"\nIt was not judged: {outcome.unjudged.message}")
        blocks.append(f"  {outcome.unjudged.hint}")
    if outcome.is_written and outcome.proposal is None and outcome.edited.before != outcome.edited.data:
        blocks.append("\n".join(["\nNext:", *(f"  {line}" for line in _next(outcome.edited, asked))]))
    return "\n".join(blocks).rstrip() + "\n"


def _next(edited: Edit, asked: Asked) -> list[str]:
    path, branch = shlex.quote(edited.path), shlex.quote(f"promote-{asked.alias}-{asked.version}")
    subject = shlex.quote(f"Promote {asked.model} {asked.version} as {asked.alias}")
    return [
        f"git switch -c {branch}",
        f"git add -- {path}",
        f"git commit -m {subject}",
        f"git push -u origin {branch}   # then open the pull request",
    ]


def _json(outcome: Outcome) -> str:
    error = outcome.unjudged
    value = {
        "schema_version": 1,
        "path": outcome.edited.path,
        "changed": outcome.is_written and outcome.edited.before != outcome.edited.data,
        "content": outcome.edited.data.decode("utf-8"),
        "notes": [str(note) for note in outcome.edited.notes],
        "pull_request": outcome.proposal.url if outcome.proposal else None,
        "validate": json.loads(result_json(outcome.report)) if outcome.report else None,
        "not_judged": {"reason_code": error.reason, "message": str(error.message)} if error else None,
        "exit_code": int(outcome.exit_code),
    }
    return json.dumps(value, indent=2) + "\n"
