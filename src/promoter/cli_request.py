"""`promoter request`: edits the file, says what validate would say, or opens the pull request."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_connection import connect
from promoter.adapters.github_proposals import GitHubProposals
from promoter.adapters.github_repository import GitHubRepository
from promoter.adapters.local_folder import LocalFolder
from promoter.adapters.local_repository import LocalRepository
from promoter.addresses import links
from promoter.cli_init import Screen
from promoter.cli_validate import judging_world
from promoter.commands.publish import complete
from promoter.commands.request import Asked, Edit, edit, judged, may_be_written, opened, requests_at
from promoter.commands.validate import Change
from promoter.core.proposal import Proposal
from promoter.core.report import Report
from promoter.core.request import SourceVersion
from promoter.core.schema import FileKind
from promoter.core.schema_files import SCHEMAS
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.inputs import Inputs
from promoter.render.outputs import result_json
from promoter.render.terminal import terminal
from promoter.text import printable, quote, say
from promoter.version import tool_version
from promoter.world import places

_SCHEMA = SCHEMAS[FileKind.REQUEST]


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
    version = _asked_version(options)
    asked = Asked(model=options.model, alias=options.alias, version=version, reason=options.reason)
    outcome = (_proposed if options.pull_request else _written)(options, inputs, asked=asked, screen=screen)
    if options.json:
        screen.out.write(_json(outcome))
    else:
        screen.out.write(_text(outcome, asked, screen=screen))
    return outcome.exit_code


def _asked_version(options: argparse.Namespace) -> str:
    """Digits, or the version of another model that is to be copied. Raises USAGE_INVALID."""
    version, source = options.version, options.source
    if (version is None) == (source is None):
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("a request names one version: either its number, or with `--from` one of another model"),
            hint=say("Write `promoter request MODEL 8 …`, or `promoter request MODEL --from dev.churn/8 …`."),
        )
    if source is not None and SourceVersion.of(source) is None:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("`--from` is ", quote(source), ", which names no version of another model"),
            hint=say("Write the model's name, `/` and a version, such as `dev.ml.churn/7`."),
        )
    if version is not None and SourceVersion.of(version) is not None:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say(quote(version), " is a version of another model"),
            hint=say("To have it copied, write ", quote(f"--from {version}"), " in place of the number."),
        )
    return str(version if source is None else source)


def _written(options: argparse.Namespace, inputs: Inputs, *, asked: Asked, screen: Screen) -> Outcome:
    """Into the working tree, judged before it is written."""
    clone = LocalRepository(Path(options.directory), environ=screen.environ)
    folder = LocalFolder(clone.root, environ=screen.environ)
    asked = replace(asked, schema=_SCHEMA if folder.listed(_SCHEMA) else "")
    edited = edit(folder.listed(inputs.requests), asked, places=places(inputs))
    report, unjudged = None, None
    if options.validate:
        try:
            report = _judged_here(options, inputs, edited=edited, screen=screen, clone=clone)
        except PromoterError as error:
            # What was typed wrong is corrected first; an outage keeps nobody from writing a file.
            if error.exit_code is ExitCode.WRONG_INPUT:
                unwritten = " Nothing was written; `--no-validate` writes it without judging it."
                raise PromoterError(
                    error.reason,
                    error.message,
                    hint=say(*error.hint.parts, unwritten),
                    problems=error.problems,
                ) from error
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
    with clone.working_tree(patterns) as tree:
        paths = clone.changed_paths(fork_point, tree, patterns=patterns)
        world = judging_world(inputs, clone, screen=screen)
        report = judged(world, edited, change=Change(head=tree, base=base, paths=paths))
    return _complete(report, inputs)


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
        log=screen.progress.note,
    )
    repository = GitHubRepository(connection)
    branch = options.base or repository.default_branch()
    tip = repository.tip(branch)
    asked = replace(asked, schema=_SCHEMA if repository.files(tip, (_SCHEMA,)) else "")
    edited = edit(requests_at(repository, tip, places=places(inputs)), asked, places=places(inputs))
    if edited.before == edited.data:
        return Outcome(edited=edited, is_written=False)
    report = None
    if options.validate:
        world = judging_world(inputs, repository, screen=screen)
        report = _complete(judged(world, edited, change=Change(head=tip, base=tip)), inputs)
        if not may_be_written(report):
            return Outcome(edited=edited, is_written=False, report=report)
    proposal = opened(GitHubProposals(connection), asked, edited=edited, base=branch, report=report)
    return Outcome(edited=edited, is_written=True, report=report, proposal=proposal)


def _complete(report: Report, inputs: Inputs) -> Report:
    return complete(report, tool_version=tool_version(), links=links(inputs))


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
    blocks = [_said(outcome)]
    blocks += [f"  note: {note}" for note in outcome.edited.notes]
    if outcome.report is not None:
        blocks.append("\n" + terminal(outcome.report, style=screen.style))
    if outcome.unjudged is not None:
        blocks.append(f"\nIt was not judged: {outcome.unjudged.message}")
        blocks.append(f"  {outcome.unjudged.hint}")
    if outcome.is_written and outcome.proposal is None and outcome.edited.before != outcome.edited.data:
        blocks.append("\n".join(["\nNext:", *(f"  {line}" for line in _next(outcome.edited, asked))]))
    return "\n".join(blocks).rstrip() + "\n"


def _next(edited: Edit, asked: Asked) -> list[str]:
    path = shlex.quote(edited.path)
    branch = f"promote-{asked.alias}-{re.sub(r'[^A-Za-z0-9]+', '-', asked.version)}"
    subject = shlex.quote(f"Promote {asked.model} {asked.version} as {asked.alias}")
    return [
        f"git switch -c {branch}",
        f"git add -- {path}",
        f"git commit -m {subject}",
        f"git push -u origin {branch}   # then open the pull request",
    ]


def _json(outcome: Outcome) -> str:
    error, report = outcome.unjudged, outcome.report
    ended = error or report
    value = {
        "schema_version": 1,
        "reason_code": ended.reason if ended else None,
        "message": str(ended.message) if ended else "",
        "hint": str(ended.hint) if ended else "",
        "path": outcome.edited.path,
        "changed": outcome.is_written and outcome.edited.before != outcome.edited.data,
        "content": outcome.edited.data.decode("utf-8"),
        "notes": [str(note) for note in outcome.edited.notes],
        "pull_request": outcome.proposal.url if outcome.proposal else None,
        "validate": json.loads(result_json(report)) if report else None,
        "not_judged": {"reason_code": error.reason, "message": str(error.message)} if error else None,
        "exit_code": int(outcome.exit_code),
    }
    return json.dumps(value, indent=2) + "\n"
