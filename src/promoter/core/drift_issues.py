"""Which issues are to be opened, changed or closed: one for each alias that drifts, found by its marker."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from promoter.core.drift import Key
from promoter.core.issue import Issue

# A broken registry must not flood a repository: how many issues one run opens at most.
MOST_NEW = 25
_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An issue as it should stand; `marker` is the first line of `body`."""

    marker: str
    title: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Open:
    """An issue to open."""

    wanted: Wanted


@dataclass(frozen=True, kw_only=True)
class Change:
    """An open issue that says something else than it should."""

    issue: Issue
    wanted: Wanted


@dataclass(frozen=True, kw_only=True)
class Close:
    """An open issue that nothing is behind any more; or a second one beside `instead`."""

    issue: Issue
    instead: Issue | None = None


IssueStep: TypeAlias = Open | Change | Close


@dataclass(frozen=True, kw_only=True)
class Markers:
    """The first lines of a run's issues. Runs over other requests, or by another policy, keep their own."""

    scope: str

    @classmethod
    def of(cls, requests: str, policy: str) -> Markers:
        """For the requests at a glob, judged by the policy at a path."""
        return cls(scope=_digest(requests, policy)[:_DIGITS])

    def marker(self, key: Key) -> str:
        """The line of one alias. A digest, because a name may hold whatever would end the line."""
        return f"{self._start}{_digest(*key)[:_DIGITS]} -->"

    @property
    def of_the_rest(self) -> str:
        """The line of the one issue that counts what found no issue of its own."""
        return f"{self._start}more -->"

    def owns(self, issue: Issue) -> bool:
        """Whether a run with these markers keeps the issue."""
        return issue.marker.startswith(self._start)

    @property
    def _start(self) -> str:
        return f"<!-- promoter drift {self.scope} "


def _digest(*parts: str) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()


def plan_issues(
    wanted: Sequence[Wanted], opened: Sequence[Issue], *, untouched: Collection[str]
) -> tuple[IssueStep, ...]:
    """Steps that make the open issues those that are wanted, one each; none where they are already.

    Issues whose marker is in `untouched` stay as they are, because nothing could be decided about them.
    """
    oldest: dict[str, Issue] = {}
    by_age = sorted(opened, key=lambda one: one.number)
    for issue in by_age:
        oldest.setdefault(issue.marker, issue)
    markers = {one.marker for one in wanted}
    kept = markers | set(untouched)
    return (
        *(Open(wanted=one) for one in wanted if one.marker not in oldest),
        *(
            Change(issue=oldest[one.marker], wanted=one)
            for one in wanted
            if one.marker in oldest and _differs(oldest[one.marker], one)
        ),
        *(
            Close(issue=one, instead=oldest[one.marker])
            for one in by_age
            if one.marker in markers and one != oldest[one.marker]
        ),
        *(Close(issue=one) for one in by_age if one.marker not in kept),
    )


def _differs(issue: Issue, wanted: Wanted) -> bool:
    # GitHub gives line breaks back as browsers send them.
    return _plain(issue.body) != _plain(wanted.body) or issue.title.strip() != wanted.title.strip()


def _plain(body: str) -> str:
    return "\n".join(body.splitlines()).strip()
