"""The issues that Promoter keeps: found by label, own login and marker, changed in place, never doubled."""

from __future__ import annotations

import re

from promoter.adapters.github_answers import Record, maybe_text, number, records, text
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_own import OwnAccount, check_body, create_once, first_line, plain
from promoter.adapters.github_retry import Call, Effect
from promoter.core.issue import Issue
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say

LABEL = "promoter-drift"
MOST_CHARACTERS = 60_000
MOST_TITLE_CHARACTERS = 256
_MARKER = re.compile(r"<!-- promoter [^\n]*-->")


class GitHubIssues:
    """Implements `ports.Issues`."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection
        self._account = OwnAccount(connection)

    def opened(self) -> tuple[Issue, ...]:
        """Our own open ones over all pages, newest first.

        Others may set the label, and write our marker into what is theirs.
        """
        return tuple(_issue(record) for record in self._own())

    def create(self, *, title: str, body: str) -> str:
        """Open one with our label, whose body begins with its marker; its address.

        Raises PERMISSION_DENIED where the label was not set: without it the issue would never be found
        again, so it is closed.
        """
        marker = first_line(body)
        if not _MARKER.fullmatch(marker):
            raise ValueError("an issue that does not begin with a marker would not be found again")
        _check(title, body=body, marker=marker)
        call = Call(
            verb="POST",
            address=self._connection.in_repository("issues"),
            what="opening an issue",
            body={"title": title, "body": body, "labels": [LABEL]},
            effect=Effect.ANOTHER,
        )

        def look() -> Record | None:
            found = next((record for record in self._own() if _marker_of(record) == marker), None)
            if found is not None:
                # It may be of another run at the same moment, with another text.
                self.change(_issue(found), title=title, body=body)
            return found

        created = create_once(self._connection, call, look=look)
        if LABEL not in {maybe_text(label, "name") for label in records(created, "labels")}:
            self._send(number(created, "number"), {"state": "closed", "state_reason": "not_planned"})
            raise _label_dropped()
        return text(created, "html_url")

    def change(self, issue: Issue, *, title: str, body: str) -> None:
        """Bring an open one up to date. No write happens when nothing differs."""
        _check(title, body=body, marker=issue.marker)
        if issue.title.strip() != title.strip() or plain(issue.body) != plain(body):
            self._send(issue.number, {"title": title, "body": body})

    def close(self, issue: Issue, *, body: str) -> None:
        """Write its last text, and close it as completed."""
        check_body(body, marker=issue.marker, most=MOST_CHARACTERS)
        self._send(issue.number, {"body": body, "state": "closed", "state_reason": "completed"})

    def _send(self, which: int, changes: dict[str, object]) -> None:
        at = self._connection.in_repository("issues", str(which))
        self._connection.send(Call(verb="PATCH", address=at, what=f"changing issue {which}", body=changes))

    def _own(self) -> list[Record]:
        at = self._connection.in_repository("issues")
        wanted = {"state": "open", "labels": LABEL}
        listed = self._connection.items(at, what=f"listing the issues labelled {LABEL}", parameters=wanted)
        # By number: what is opened meanwhile pushes others onto the next page, where they are listed again.
        found = {number(record, "number"): record for record in listed if self._is_own(record)}
        return list(found.values())

    def _is_own(self, record: Record) -> bool:
        """Whether it is ours: no pull request, which GitHub lists among the issues, with a marker, by us."""
        marked = _MARKER.fullmatch(_marker_of(record)) is not None
        return "pull_request" not in record and marked and self._account.wrote(record)


def _marker_of(record: Record) -> str:
    return first_line(maybe_text(record, "body") or "")


def _issue(record: Record) -> Issue:
    body = plain(text(record, "body"))
    return Issue(
        number=number(record, "number"),
        marker=first_line(body),
        title=text(record, "title"),
        body=body,
        url=text(record, "html_url"),
    )


def _check(title: str, *, body: str, marker: str) -> None:
    check_body(body, marker=marker, most=MOST_CHARACTERS)
    if not title.strip() or "\n" in title or len(title) > MOST_TITLE_CHARACTERS:
        raise ValueError(f"an issue's title is one line of at most {MOST_TITLE_CHARACTERS} characters")


def _label_dropped() -> PromoterError:
    return PromoterError(
        ReasonCode.PERMISSION_DENIED,
        say(f"GitHub did not set the label `{LABEL}` on an issue that was opened, so it was closed again"),
        hint=say("Give the token `issues: write`; a person's token needs the role Triage or more as well."),
    )
