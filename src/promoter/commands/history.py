"""history: which version held an alias, since when, by whose change: git, GitHub and registry joined."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from promoter.commands.history_github import PullRequestsOf, no_pulls
from promoter.commands.history_registry import Registered, not_asked
from promoter.commands.trees import Places, read_request_set, read_tree
from promoter.core.as_of import as_of
from promoter.core.files import REGULAR_FILE, FileEntry, matches
from promoter.core.history import Asked, LogEntry
from promoter.core.request import PromotionRequest
from promoter.core.request_file import parse_request
from promoter.core.timeline import History, Pull, Sources, Teller, in_force
from promoter.core.timeline_join import timeline
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Repository
from promoter.text import Message, quote, say

# How many changes are looked up on GitHub and in the registry: the newest, or those around the day asked for.
MOST_LOOKED_UP = 50
_AROUND = 8
# What GitHub writes as a merge's first line, and at the end of a squashed one's.
_MERGED = re.compile(r"Merge pull request #([0-9]{1,9}) from |.* \(#([0-9]{1,9})\)$")
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_UNREADABLE = "the file no longer asks for it, or cannot be read"
_SHALLOW = say("this clone is shallow: older changes are missing (git fetch --unshallow)")


class Historian(Repository, Protocol):
    """A repository that also knows who changed files and when: a local clone."""

    def log(self, commit: str, pattern: str) -> tuple[LogEntry, ...]:
        """Every commit of the first-parent history that changed files of a glob, newest first."""

    def is_shallow(self) -> bool:
        """Whether older commits were not fetched."""


@dataclass(frozen=True, kw_only=True)
class HistoryWorld:
    """What history needs. `registered` reads the registry's side of one alias; `pulls_of` GitHub's."""

    repository: Historian
    places: Places
    now: datetime
    tool_version: str = ""
    registered: Callable[[tuple[str, str], Sequence[str]], Registered] = not_asked
    pulls_of: PullRequestsOf = no_pulls


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked: which alias (model, alias), seen from which commit; the moment, and how many changes."""

    key: tuple[str, str]
    commit: str
    moment: datetime | None = None
    limit: int | None = None


def history(world: HistoryWorld, wanted: Wanted) -> History:
    """Raises USAGE_INVALID when no request file has ever spoken of the alias.

    What GitHub and the registry do not tell is said in the answer, which has what git tells in any case.
    """
    asked = _asked(world, wanted)
    window = _window(asked, wanted)
    found = world.pulls_of(window, wanted.key)
    pulls = {**_told_by_commits(asked), **found.pulls}
    registered = world.registered(wanted.key, _versions(window))
    asked = tuple(_numbered(one, registered.copies) for one in asked)
    entries = timeline(Sources(asked=asked, pulls=pulls, records=registered.records, live=registered.live))
    shown = entries[: wanted.limit] if wanted.limit else entries
    beyond = _beyond(shown, window) if found.pulls or registered.records else ()
    answer = History(
        model=wanted.key[0],
        alias=wanted.key[1],
        commit=wanted.commit,
        entries=entries,
        live=registered.live,
        now=world.now,
        shown=shown,
        notes=(*_notes(world), *found.notes, *beyond),
        lacking=(*found.lacking, *registered.lacking),
        tool_version=world.tool_version,
    )
    if wanted.moment is None:
        return answer
    held = in_force(entries, wanted.moment)
    return replace(answer, as_of=as_of(entries, wanted.moment), shown=(held,) if held else ())


def _numbered(asked: Asked, copies: Mapping[str, str]) -> Asked:
    """With the number of the copy, where there is one."""
    return replace(asked, version=copies.get(asked.source, asked.version)) if asked.source else asked


def _asked(world: HistoryWorld, wanted: Wanted) -> tuple[Asked, ...]:
    log = world.repository.log(wanted.commit, world.places.requests)
    found = _follow(world, log, key=wanted.key)
    if not found:
        # Says so when the files cannot be read at all.
        read_request_set(world.repository, read_tree(world.repository, wanted.commit, places=world.places))
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("no promotion request has ever asked for ", quote("@".join(wanted.key))),
            hint=say("Look at the names in ", quote(world.places.requests), "."),
        )
    return found


def _follow(world: HistoryWorld, log: Sequence[LogEntry], *, key: tuple[str, str]) -> tuple[Asked, ...]:
    """What git asked for the alias after each commit that changed it, newest first, whatever the file's name.

    Every request file is followed, so that a rename is none of git's guesses: the alias is in the file that
    names it.
    """
    requests = _requests(world, log, key=key)
    holding: dict[str, PromotionRequest] = {}
    found: list[Asked] = []
    for commit in reversed(log):
        touched: list[str] = []
        for path, entry in commit.files.items():
            if not matches(path, world.places.requests) or path == world.places.policy:
                continue
            request = requests.get((path, entry.blob_id)) if entry is not None else None
            if path in holding or request is not None:
                touched.append(path)
            holding.pop(path, None)
            if request is not None:
                holding[path] = request
        if touched:
            found.append(_change(commit, holding, touched=touched))
    return tuple(reversed(found))


def _change(commit: LogEntry, holding: Mapping[str, PromotionRequest], *, touched: Sequence[str]) -> Asked:
    request = next((holding[path] for path in (*touched, *holding) if path in holding), None)
    blob = commit.files.get(touched[0])
    return Asked(
        version=request.version if request else None,
        path=request.path if request else touched[0],
        commit=commit.commit,
        when=commit.when,
        merged_at=commit.merged_at,
        author=commit.author,
        subject=commit.subject,
        reason=request.reason if request else _UNREADABLE if blob is not None else "",
        parent=commit.parent,
        is_readable=request is not None or blob is None,
        override=request.override if request else None,
        source=str(request.source or "") if request else "",
    )


def _requests(
    world: HistoryWorld, log: Sequence[LogEntry], *, key: tuple[str, str]
) -> Mapping[tuple[str, str], PromotionRequest]:
    """By path and blob id, those that ask for the alias."""
    entries = {(e.path, e.blob_id): e for e in _regular(log)}
    contents = world.repository.contents(list(entries.values())) if entries else {}
    found: dict[tuple[str, str], PromotionRequest] = {}
    for at, entry in entries.items():
        content = contents[entry.blob_id]
        if not all(_may_name(content, name) for name in key):
            continue
        try:
            request = parse_request(content, path=entry.path)
        except PromoterError:
            continue
        if request.key == key:
            found[at] = request
    return found


def _regular(log: Sequence[LogEntry]) -> Iterator[FileEntry]:
    for commit in log:
        yield from (e for e in commit.files.values() if e is not None and e.mode == REGULAR_FILE)


def _may_name(content: bytes, name: str) -> bool:
    """Whether it is worth being read: a plain word can be written differently only with escapes."""
    return not _PLAIN.fullmatch(name) or name.encode() in content or b"\\" in content


def _told_by_commits(asked: Sequence[Asked]) -> dict[str, Pull]:
    found = ((one.commit, _MERGED.match(one.subject)) for one in asked)
    return {
        commit: Pull(number=int(match[1] or match[2]), told_by=Teller.COMMIT)
        for commit, match in found
        if match
    }


def _window(asked: Sequence[Asked], wanted: Wanted) -> Sequence[Asked]:
    """The changes that are looked up: those shown, or those around the day."""
    most = min(MOST_LOOKED_UP, wanted.limit or MOST_LOOKED_UP)
    if wanted.moment is None:
        # One more: whose tags tell from whom the oldest one shown took the alias.
        return asked[: most + 1]
    entries = timeline(Sources(asked=asked))
    at = next((at for at, one in enumerate(entries) if one.since <= wanted.moment), len(entries))
    return asked[max(0, at - _AROUND) : at + _AROUND]


def _versions(asked: Sequence[Asked]) -> list[str]:
    return list(dict.fromkeys(one.version for one in asked if one.version is not None))


def _notes(world: HistoryWorld) -> tuple[Message, ...]:
    return (_SHALLOW,) if world.repository.is_shallow() else ()


def _beyond(shown: Sequence[object], window: Sequence[Asked]) -> tuple[Message, ...]:
    left = len(shown) - len(window)
    return (say(f"of the {left:,} oldest change(s) only git was asked"),) if left > 0 else ()
