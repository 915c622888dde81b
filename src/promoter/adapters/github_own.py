"""What comments and issues of ours have in common: whose they are, and that there is never a second one."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from promoter.adapters.github_access import address
from promoter.adapters.github_answers import Record, maybe_text, record, text
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_errors import UnclearError
from promoter.adapters.github_retry import Call

_MOST_CREATIONS = 3
# What was created shows in the list a little later.
_SETTLING_SECONDS = 2.0
# The account behind every workflow's own token
_WORKFLOWS_LOGIN = "github-actions[bot]"
_WITHOUT_ACCOUNT = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


class OwnAccount:
    """Whose token this is, asked once, and only when somebody wants to know."""

    def __init__(self, connection: GitHubConnection) -> None:
        self._connection = connection
        self._login: str | None = None

    def wrote(self, found: Record) -> bool:
        """Whether we are the author of a comment, an issue or a pull request."""
        return self.owns(maybe_text(found, "user", "login") or "")

    def owns(self, login: str) -> bool:
        """Whether a login is ours."""
        return login.casefold() == self._own_login()

    def _own_login(self) -> str:
        """Our account's login in lower case: REST says it to people only, GraphQL to Apps and jobs too."""
        if self._login is None:
            what = "asking whose token this is"
            if self._connection.viewer is None:
                self._connection.query("query { viewer { login } }", {}, what=what)
            login = self._connection.viewer or self._login_by_rest(what) or _WORKFLOWS_LOGIN
            self._login = login.casefold()
        return self._login

    def _login_by_rest(self, what: str) -> str | None:
        answer = self._connection.get(address("user"), what=what, accept=_WITHOUT_ACCOUNT)
        return None if answer.status in _WITHOUT_ACCOUNT else text(answer.data, "login")


def create_once(connection: GitHubConnection, call: Call, *, look: Callable[[], Record | None]) -> Record:
    """What the creation answers, or what `look` finds after one of which nobody knows whether it happened.

    Raises `UnclearError` where it may still happen: the next run finds it, this one must not make two.
    """
    tries = 0
    while True:
        tries += 1
        try:
            created = record(connection.send(call).data)
        except UnclearError as unclear:
            connection.pause(_SETTLING_SECONDS, before=f"looking what came of {call.what}")
            found = look()
            if found is not None:
                return found
            if unclear.may_still_act or tries == _MOST_CREATIONS:
                raise
        else:
            return created


def first_line(body: str) -> str:
    """The line that a marker stands in."""
    return plain(body).split("\n", 1)[0]


def plain(body: str) -> str:
    """The text as GitHub may give it back: with other line ends, without white space at its end."""
    return body.replace("\r\n", "\n").rstrip()


def check_body(body: str, *, marker: str, most: int) -> None:
    """Our own mistakes, not the user's: raise ValueError for what GitHub refuses or we would never find."""
    if len(body) > most:
        raise ValueError(f"a text of {len(body)} characters: at most {most} are written")
    if first_line(body) != marker:
        raise ValueError("a text that does not begin with its marker would not be found again")
