"""status: every alias at once. The comparison is drift's own; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from promoter.commands.drift import DriftWorld, drift
from promoter.commands.history import Historian
from promoter.commands.trees import Places
from promoter.core.files import matches
from promoter.core.fleet import Beside, Changed, Fleet, Only, chosen, fleet_rows
from promoter.core.timeline import Lack
from promoter.errors import ExitCode, PromoterError
from promoter.ports import PullRequests
from promoter.text import Message, quote, say

# How many open pull requests are looked into: each costs two questions.
MOST_PULLS = 50
_NOTED_PATHS = 5


@dataclass(frozen=True, kw_only=True)
class Pending:
    """The open pull requests that change request files, by path."""

    by_path: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()
    lacking: tuple[Lack, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StatusWorld:
    """What status needs: drift's world, the same clone's log, and what is pending, where anybody can tell."""

    drift: DriftWorld
    repository: Historian
    pending: Callable[[], Pending] = Pending


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Which aliases are wanted."""

    models: str = "*"
    only: Only | None = None


def status(world: StatusWorld, *, commit: str, shown: Shown) -> Fleet:
    """How every alias stands at a commit of the default branch. Never raises for what others do."""
    report = drift(world.drift, branch=commit)
    if report.compared is None:
        return Fleet(
            reason=report.reason,
            message=report.message,
            hint=report.hint,
            problems=report.problems,
            head_commit=report.head_commit,
            tool_version=report.tool_version,
            links=report.links,
        )
    pending = world.pending()
    beside = Beside(changed=_changed(world, commit), pending=pending.by_path)
    rows = fleet_rows(report, beside)
    kept = chosen(rows, models=shown.models, only=shown.only)
    return Fleet(
        reason=report.reason,
        message=report.message,
        hint=report.hint,
        rows=kept,
        left_out=len(rows) - len(kept),
        notes=(*pending.notes, *_new_files(pending, {row.path for row in rows})),
        lacking=pending.lacking,
        head_commit=report.head_commit,
        policy_digest=report.policy_digest,
        tool_version=report.tool_version,
        links=report.links,
    )


def _changed(world: StatusWorld, commit: str) -> Mapping[str, Changed]:
    """The newest change of every request file, from one look at git's log."""
    found: dict[str, Changed] = {}
    for entry in world.repository.log(commit, world.drift.places.requests):
        for path in entry.files:
            found.setdefault(path, Changed(when=entry.merged_at, commit=entry.commit))
    return found


def _new_files(pending: Pending, known: set[str]) -> tuple[Message, ...]:
    new = sorted(set(pending.by_path) - known)
    notes = [
        say(f"pull request #{pending.by_path[path][0]} brings a new request file, ", quote(path))
        for path in new[:_NOTED_PATHS]
    ]
    left = len(new) - len(notes)
    return (*notes, *((say(f"{left:,} more new request file(s) are proposed"),) if left > 0 else ()))


def read_pending(pull_requests: PullRequests, branch: Callable[[], str], *, places: Places) -> Pending:
    """The open pull requests into the branch that `branch` names, listed once. What GitHub does not tell is
    said in the answer."""
    found: dict[str, tuple[int, ...]] = {}
    notes: list[Message] = []
    try:
        numbers = sorted(pull_requests.open_heads(branch()), reverse=True)
        for number in numbers[:MOST_PULLS]:
            try:
                paths = pull_requests.changed_paths(pull_requests.get(number))
            except PromoterError as error:
                if error.exit_code is ExitCode.UNDECIDED:
                    raise
                notes.append(
                    say(f"of pull request #{number} the files are not known: ", *error.message.parts)
                )
                continue
            for path in _requests(paths, places):
                found[path] = (*found.get(path, ()), number)
    except PromoterError as error:
        lack = Lack(
            message=say("GitHub did not tell what is pending: ", *error.message.parts),
            exit_code=ExitCode.UNDECIDED,
        )
        return Pending(by_path=found, notes=tuple(notes), lacking=(lack,))
    left = len(numbers) - MOST_PULLS
    if left > 0:
        notes.append(say(f"{left:,} older open pull request(s) were not looked into"))
    return Pending(by_path=found, notes=tuple(notes))


def _requests(paths: frozenset[str], places: Places) -> Sequence[str]:
    return sorted(path for path in paths if matches(path, places.requests) and path != places.policy)
