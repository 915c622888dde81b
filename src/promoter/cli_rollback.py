"""`promoter rollback`: edits the request file, or opens the pull request that goes back."""

from __future__ import annotations

import argparse
import json
import shlex
from dataclasses import dataclass

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_proposals import GitHubProposals
from promoter.adapters.github_repository import GitHubRepository
from promoter.adapters.local_folder import LocalFolder
from promoter.adapters.local_repository import LocalRepository
from promoter.cli_history import Door, door_of, history_world
from promoter.cli_screen import Terminal
from promoter.commands.history import Wanted, history
from promoter.commands.request import Asked, Edit, edit, requests_at
from promoter.commands.rollback import (
    Rollback,
    kept,
    open_rollback,
    plan_rollback,
    reason_of,
    refuse_other_file,
    told,
)
from promoter.core.proposal import Proposal
from promoter.core.request_file import parse_request
from promoter.core.timeline import Entry
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.inputs import Inputs
from promoter.text import Message, printable, quote, say
from promoter.world import places


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    rollback: Rollback
    edited: Edit
    notes: tuple[Message, ...]
    proposal: Proposal | None = None
    dry: str = ""

    @property
    def is_written(self) -> bool:
        return not self.dry and self.proposal is None


def show_rollback(options: argparse.Namespace, inputs: Inputs, *, screen: Terminal) -> ExitCode:
    """Go back, and print how."""
    door = door_of(options, inputs, screen=screen)
    clone = door.clone()
    revision = options.rev or (clone.base(None, "HEAD")[0] if options.pull_request else "HEAD")
    deadline = Deadline(inputs.deadline)
    wanted = Wanted(key=(options.model, options.alias), commit=clone.tip(revision))
    found = history(history_world(door, clone, deadline=deadline), wanted)
    rollback = plan_rollback(found, options.to)
    asked = Asked(
        model=options.model,
        alias=options.alias,
        version=rollback.target,
        reason=reason_of(rollback, options.reason),
    )
    notes = (*found.notes, *(one.message for one in found.lacking))
    make = _proposed if options.pull_request else _written
    outcome = make(door, clone, rollback=rollback, asked=asked, notes=notes)
    screen.out.write(_json(outcome) if options.json else _text(outcome))
    return ExitCode.DONE


def _written(
    door: Door, clone: LocalRepository, *, rollback: Rollback, asked: Asked, notes: tuple[Message, ...]
) -> _Outcome:
    folder = LocalFolder(clone.root, environ=door.environ)
    edited = edit(folder.listed(door.inputs.requests), asked, places=places(door.inputs))
    refuse_other_file(rollback, edited)
    if not door.options.dry_run:
        folder.write(edited.path, edited.data)
    dry = "would change" if door.options.dry_run else ""
    return _Outcome(rollback=rollback, edited=edited, notes=(*notes, *kept(edited)), dry=dry)


def _proposed(
    door: Door, clone: LocalRepository, *, rollback: Rollback, asked: Asked, notes: tuple[Message, ...]
) -> _Outcome:
    """As a pull request on what GitHub's default branch holds now; the working tree stays as it is."""
    connection = door.connection(Deadline(door.inputs.deadline))
    if connection is None:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("a pull request is opened on GitHub, and this is not known: ", quote("repository or token")),
            hint=say("Give `--repository owner/name` and set GITHUB_TOKEN, or leave out `--pull-request`."),
        )
    repository, where = GitHubRepository(connection), places(door.inputs)
    branch = repository.default_branch()
    edited = edit(requests_at(repository, repository.tip(branch), places=where), asked, places=where)
    if edited.before is None or _version(edited.before, edited.path) != rollback.origin:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("GitHub's ", quote(branch), " asks for another version than the revision looked at"),
            hint=say("Run `git fetch`, then this again."),
        )
    notes = (*notes, *kept(edited))
    if door.options.dry_run:
        return _Outcome(rollback=rollback, edited=edited, notes=notes, dry="would open a pull request with")
    opened = open_rollback(
        GitHubProposals(connection), rollback, edited=edited, base=branch, reason=asked.reason or ""
    )
    return _Outcome(rollback=rollback, edited=edited, notes=notes, proposal=opened)


def _version(data: bytes, path: str) -> str:
    return parse_request(data, path=path).version


def _text(outcome: _Outcome) -> str:
    path = printable(outcome.edited.path)
    lines = [f"To {told(outcome.rollback)}."]
    lines += [f"  note: {note}" for note in outcome.notes]
    if outcome.proposal is not None:
        lines.append(f"Pull request {outcome.proposal.number} asks for it: {outcome.proposal.url}")
    elif outcome.dry:
        lines.append(f"Dry run: {outcome.dry} {path}; nothing was written.")
    else:
        quoted = shlex.quote(outcome.edited.path)
        lines += [f"Changed {path}", "", "Next:", "  promoter validate", f"  git commit -- {quoted}"]
    return "\n".join(lines) + "\n"


def _json(outcome: _Outcome) -> str:
    rollback, proposal = outcome.rollback, outcome.proposal
    value = {
        "schema_version": 1,
        "model": rollback.model,
        "alias": rollback.alias,
        "from": rollback.origin,
        "to": rollback.target,
        "came": _change(rollback.came),
        "left": _change(rollback.left),
        "path": outcome.edited.path,
        "changed": outcome.is_written,
        "content": outcome.edited.data.decode("utf-8"),
        "notes": [str(note) for note in outcome.notes],
        "pull_request": proposal.url if proposal else None,
    }
    return json.dumps(value, indent=2) + "\n"


def _change(entry: Entry) -> dict[str, object]:
    return {
        "version": entry.version,
        "since": entry.since.isoformat(),
        "applied_at": entry.applied_at.isoformat() if entry.applied_at else None,
        "reached": entry.reached.value,
        "pull_request": entry.pull.number if entry.pull else None,
        "commit": entry.asked.commit,
        "reason": entry.asked.reason,
    }
