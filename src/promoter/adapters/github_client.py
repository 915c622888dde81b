"""PyGithub, and what its exceptions mean. The only module that imports it.

PyGithub keeps the connection, signs requests and knows where an Enterprise Server has its addresses. Its
objects stay out: they fetch what they lack when an attribute is touched, outside deadline and retries, and
answer None for a field that is missing. So requests go through its public `requestJson`.

Importing this takes a tenth of a second and more: `github_connection` does it at the first request.
"""

from __future__ import annotations

from http.client import HTTPException

import github
from requests.exceptions import ConnectTimeout, RequestException, Timeout
from urllib3.exceptions import HTTPError, NewConnectionError

from promoter.adapters.github_access import PER_PAGE, GitHubAccess
from promoter.adapters.github_answers import REDIRECTS, REFUSALS, Answer, read_answer
from promoter.adapters.github_errors import Trouble, TroubleKind, remark_of
from promoter.adapters.github_retry import Call


class GitHubClient:
    """Sends one request at a time, once. `timeout`: seconds to wait for a word from GitHub."""

    def __init__(self, access: GitHubAccess, *, timeout: int) -> None:
        self._token = access.token
        self._requester = github.Github(
            auth=github.Auth.Token(access.token),
            base_url=access.api_url.rstrip("/"),
            timeout=timeout,
            user_agent="promoter",
            per_page=PER_PAGE,
            # Ours: its own repeats a POST blindly, and pauses outside of our deadline.
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        ).requester

    @property
    def graphql_address(self) -> str:
        """Where this GitHub answers GraphQL: `/graphql`, or `/api/graphql` beside `/api/v3`."""
        return self._requester.graphql_url

    def attempt(self, call: Call) -> Answer | Trouble:
        """Send the request once; every way of failing is an answer too."""
        try:
            status, headers, body = self._requester.requestJson(
                call.verb, call.address, parameters=dict(call.parameters), input=call.body
            )
            answer = read_answer(status, headers=headers, body=body)
        except (OSError, HTTPError, HTTPException, ValueError, RuntimeError) as error:
            return Trouble(kind=_kind_of(error), remark=remark_of(str(error), secret=self._token))
        if REDIRECTS <= answer.status < REFUSALS:
            return Trouble(kind=TroubleKind.REDIRECTED, remark=f"status {answer.status}")
        return answer


def _kind_of(error: Exception) -> TroubleKind:
    """What an exception of the client's means. `requests` errors are OSErrors and, some, ValueErrors too."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError):
        return TroubleKind.NOT_REACHED
    if isinstance(error, Timeout):
        return TroubleKind.TIMED_OUT
    if isinstance(error, RuntimeError):
        # PyGithub's word for a redirection to another host, which it does not follow
        return TroubleKind.REDIRECTED
    if isinstance(error, ValueError) and not isinstance(error, RequestException):
        return TroubleKind.GARBAGE
    return TroubleKind.CUT_OFF
