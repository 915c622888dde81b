"""history: which version git asked for, since when, and by whose change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from promoter.commands.trees import Places, read_request_set, read_tree
from promoter.core.history import Held, HistoryEntry
from promoter.core.request_file import parse_request
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Repository
from promoter.text import quote, say


class Historian(Repository, Protocol):
    """A repository that also knows who changed a path and when: a local clone."""

    def changes(self, commit: str, path: str) -> tuple[HistoryEntry, ...]:
        """The whole first-parent history of a path, newest first."""


def history(repository: Historian, places: Places, *, commit: str, key: tuple[str, str]) -> tuple[Held, ...]:
    """Newest first. Raises USAGE_INVALID when no request file speaks of the alias.

    `key` is (model, alias).
    """
    tree = read_tree(repository, commit, places=places)
    path = next((r.path for r in read_request_set(repository, tree).requests if r.key == key), None)
    if path is None:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say("no promotion request asks for ", quote("@".join(key))),
            hint=say("Look at the names in ", quote(places.requests), "."),
        )
    return tuple(_held(entry, path, key=key) for entry in repository.changes(commit, path))


def as_of(entries: Sequence[Held], date: str) -> Held | None:
    """The entry in force at an ISO date or time; None before the first.

    A date without a time means its end, a time without a zone means UTC. Raises USAGE_INVALID.
    """
    try:
        moment = datetime.fromisoformat(date if "T" in date else f"{date}T23:59:59")
    except ValueError as error:
        raise PromoterError(
            ReasonCode.USAGE_INVALID,
            say(quote(date), " is not a date"),
            hint=say("Write it like 2026-03-01 or 2026-03-01T12:00:00+01:00."),
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return next((entry for entry in entries if datetime.fromisoformat(entry.when) <= moment), None)


def _held(entry: HistoryEntry, path: str, *, key: tuple[str, str]) -> Held:
    version, reason = None, ""
    if entry.content is not None:
        try:
            request = parse_request(entry.content, path=path)
            if request.key == key:
                version, reason = request.version, request.reason
            else:
                reason = "the file asked for another alias"
        except PromoterError:
            reason = "the file could not be read"
    return Held(
        version=version,
        commit=entry.commit,
        when=entry.when,
        author=entry.author,
        subject=entry.subject,
        reason=reason,
    )
