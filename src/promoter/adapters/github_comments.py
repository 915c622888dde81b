"""The one comment on a pull request: found by own login and marker, changed in place, never doubled."""

from __future__ import annotations

from http import HTTPStatus

from promoter.adapters.github_access import address
from promoter.adapters.github_answers import Record, maybe_text, number, text
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_errors import UnclearError
from promoter.adapters.github_retry import Call, Effect

MOST_CHARACTERS = 65_536
_MOST_CREATIONS = 3
# What was created shows in the list a little later.
_SETTLING_SECONDS = 2.0
# The account behind every workflow's own token
_WORKFLOWS_LOGIN = "github-actions[bot]"
_WITHOUT_ACCOUNT = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


class GitHubComments:
    """Comments of pull requests. A comment is never evidence: nothing is read from one but whose it is."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection
        self._login: str | None = None
        self._listed: dict[int, list[Record]] = {}

    def upsert(self, pull: int, *, marker: str, body: str, unless: str) -> str:
        """Write the comment, new or in place; its address.

        One that holds `unless`, where that is not empty, is left as it is.
        """
        _check(marker, body)
        found = self._own(pull, marker)
        if found is None:
            return self._create(pull, marker=marker, body=body)
        if unless and unless in text(found, "body"):
            return text(found, "html_url")
        return self._change(found, body)

    def update(self, pull: int, *, marker: str, body: str) -> str | None:
        """Write the comment where it exists; its address, None where it does not exist."""
        _check(marker, body)
        found = self._own(pull, marker)
        return None if found is None else self._change(found, body)

    def read(self, pull: int, *, marker: str) -> str | None:
        """The comment's text, with plain line ends; None where it does not exist."""
        found = self._own(pull, marker)
        return None if found is None else _plain(text(found, "body"))

    def _own(self, pull: int, marker: str) -> Record | None:
        """The first of our comments with the marker, over all pages.

        Others may carry the marker too, to be taken for ours or to have ours overwritten.
        """
        for comment in self._comments(pull):
            marked = _plain(maybe_text(comment, "body") or "").split("\n", 1)[0] == marker
            if marked and (maybe_text(comment, "user", "login") or "").casefold() == self._own_login():
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
        if _plain(text(comment, "body")) != _plain(body):
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
        tries = 0
        while True:
            tries += 1
            self._listed.pop(pull, None)
            try:
                return text(self._connection.send(call).data, "html_url")
            except UnclearError as unclear:
                self._connection.pause(_SETTLING_SECONDS, before="looking whether the comment was written")
                found = self._own(pull, marker)
                if found is not None:
                    return self._change(found, body)
                # Not there, but perhaps on its way: the next run writes it, this one must not write two.
                if unclear.may_still_act or tries == _MOST_CREATIONS:
                    raise

    def _own_login(self) -> str:
        """Our account's login in lower case: REST says it to people only, GraphQL to Apps and jobs too."""
        if self._login is None:
            what = "asking whose token this is"
            data = self._connection.query("query { viewer { login } }", {}, what=what)
            login = maybe_text(data, "viewer", "login") or self._login_by_rest(what) or _WORKFLOWS_LOGIN
            self._login = login.casefold()
        return self._login

    def _login_by_rest(self, what: str) -> str | None:
        answer = self._connection.get(address("user"), what=what, accept=_WITHOUT_ACCOUNT)
        return None if answer.status in _WITHOUT_ACCOUNT else text(answer.data, "login")


def _check(marker: str, body: str) -> None:
    """Our own mistakes, not the user's."""
    if len(body) > MOST_CHARACTERS:
        raise ValueError(f"a comment of {len(body)} characters: GitHub takes {MOST_CHARACTERS}")
    if _plain(body).split("\n", 1)[0] != marker:
        raise ValueError("a comment that does not begin with its marker would not be found again")


def _plain(body: str) -> str:
    """The text as GitHub may give it back: with other line ends, without white space at its end."""
    return body.replace("\r\n", "\n").rstrip()
