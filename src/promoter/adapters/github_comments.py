"""The one comment on a pull request: found by own login and marker, changed in place, never doubled."""

from __future__ import annotations

from http import HTTPStatus

from promoter.adapters.github_answers import Record, maybe_text, number, text
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_own import OwnAccount, check_body, create_once, first_line, plain
from promoter.adapters.github_retry import Call, Effect
from promoter.errors import PromoterError

MOST_CHARACTERS = 65_536


class GitHubComments:
    """Comments of pull requests. A comment is never evidence: nothing is read from one but whose it is."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection
        self._account = OwnAccount(connection)
        self._listed: dict[int, list[Record]] = {}

    def upsert(self, pull: int, *, marker: str, body: str, unless: str) -> str:
        """Write the comment, new or in place; its address.

        One that holds `unless`, where that is not empty, is left as it is.
        """
        check_body(body, marker=marker, most=MOST_CHARACTERS)
        found = self._own(pull, marker)
        if found is None:
            return self._create(pull, marker=marker, body=body)
        if unless and unless in text(found, "body"):
            return text(found, "html_url")
        return self._change(found, body)

    def update(self, pull: int, *, marker: str, body: str) -> str | None:
        """Write the comment where it exists; its address, None where it does not exist."""
        check_body(body, marker=marker, most=MOST_CHARACTERS)
        found = self._own(pull, marker)
        return None if found is None else self._change(found, body)

    def read(self, pull: int, *, marker: str) -> str | None:
        """The comment's text, with plain line ends; None where it does not exist."""
        found = self._own(pull, marker)
        return None if found is None else plain(text(found, "body"))

    def _own(self, pull: int, marker: str) -> Record | None:
        """The first of our comments with the marker, over all pages.

        Others may carry the marker too, to be taken for ours or to have ours overwritten.
        """
        for comment in self._comments(pull):
            marked = first_line(maybe_text(comment, "body") or "") == marker
            if marked and self._account.wrote(comment):
                return comment
        return None

    def _comments(self, pull: int) -> list[Record]:
        """All pages, kept for the run until we write one ourselves."""
        if pull not in self._listed:
            at = self._connection.in_repository("issues", str(pull), "comments")
            what = f"looking for the comment on pull request {pull}"
            self._listed[pull] = list(self._connection.items(at, what=what))
        return self._listed[pull]

    def _change(self, comment: Record, body: str) -> str:
        if plain(text(comment, "body")) != plain(body):
            self._listed.clear()
            at = self._connection.in_repository("issues", "comments", str(number(comment, "id")))
            call = Call(verb="PATCH", address=at, what="changing the comment", body={"body": body})
            self._connection.send(call)
        return text(comment, "html_url")

    def _create(self, pull: int, *, marker: str, body: str) -> str:
        call = Call(
            verb="POST",
            address=self._connection.in_repository("issues", str(pull), "comments"),
            what=f"writing a comment on pull request {pull}",
            body={"body": body},
            effect=Effect.ANOTHER,
        )

        def look() -> Record | None:
            self._listed.pop(pull, None)
            found = self._own(pull, marker)
            if found is not None:
                self._change(found, body)
            return found

        created = create_once(self._connection, call, look=look)
        # What was listed, here or by `look`, was listed before.
        self._listed.pop(pull, None)
        return self._alone(pull, created, marker=marker)

    def _alone(self, pull: int, created: Record, *, marker: str) -> str:
        """The address of the one comment: of two runs that found none at once, the later one's gives way."""
        author = maybe_text(created, "user", "login")
        try:
            listed = self._comments(pull)
        except PromoterError:
            # It is written: a second look that fails does not undo that.
            return text(created, "html_url")
        for comment in listed:
            marked = first_line(maybe_text(comment, "body") or "") == marker
            if not marked or maybe_text(comment, "user", "login") != author:
                continue
            if number(comment, "id") < number(created, "id"):
                self._delete(created)
                return self._change(comment, text(created, "body"))
        return text(created, "html_url")

    def _delete(self, comment: Record) -> None:
        at = self._connection.in_repository("issues", "comments", str(number(comment, "id")))
        call = Call(verb="DELETE", address=at, what="deleting our second comment")
        # Deleted already: by ourselves, where the first answer was lost.
        self._connection.send(call, accept={HTTPStatus.NOT_FOUND})
        self._listed.clear()
