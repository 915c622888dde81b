"""Requests to GitHub: one door with deadline, retries, pages, GraphQL and errors in our words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_access import PER_PAGE, GitHubAccess, address
from promoter.adapters.github_answers import (
    REFUSALS,
    Answer,
    Record,
    garbage,
    maybe_text,
    next_page,
    records,
)
from promoter.adapters.github_errors import (
    Trouble,
    TroubleKind,
    UnclearError,
    refused,
    remark_of,
    unreached,
)
from promoter.adapters.github_limits import Limits, too_long
from promoter.adapters.github_retry import Call, Effect, Pause, RetryPolicy
from promoter.core.files import Place
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

if TYPE_CHECKING:
    from promoter.adapters.github_client import GitHubClient

# Statuses of a GraphQL address that is switched off, not granted, not served or down: REST may still answer.
_NO_GRAPHQL = frozenset(
    {
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.GONE,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.NOT_IMPLEMENTED,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
# After these nothing can have happened on the server.
_NOT_DONE = frozenset({TroubleKind.NOT_REACHED, TroubleKind.REDIRECTED})


class GitHubConnection:
    """Requests to one GitHub about one repository. Nothing is sent before the first question.

    `log` hears of every wait for another try; writes are a second apart. All waiting and answering happens
    within `deadline`.
    """

    def __init__(
        self,
        access: GitHubAccess,
        *,
        deadline: Deadline,
        log: Callable[[Message], None],
        retries: RetryPolicy | None = None,
    ) -> None:
        self.owner, self.name = access.repository.split("/")
        self._access = access
        self._deadline = deadline
        self._log = log
        self._retries = retries or RetryPolicy()
        self._limits = Limits(now=self._retries.now, log=log)
        self._client: GitHubClient | None = None
        self._graphql_answers = True
        # Our account's login, where an answer to a query told it.
        self.viewer: str | None = None
        # The blob id at each place that an answer told of, to whatever question; None: there is no such file.
        self.blob_ids: dict[Place, str | None] = {}

    def in_repository(self, *segments: str) -> str:
        """A path below the repository in the API."""
        return address("repos", self.owner, self.name, *segments)

    def get(
        self,
        address: str,
        *,
        what: str,
        parameters: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> Answer:
        """Ask; statuses in `accept` are answers too, every other refusal is an error."""
        call = Call(verb="GET", address=address, what=what, parameters=parameters or {})
        return self.send(call, accept=accept)

    def items(
        self, address: str, *, what: str, parameters: Mapping[str, str] | None = None
    ) -> Iterator[Record]:
        """The objects of a list over all pages, each page asked for when it is reached."""
        answer = self.get(address, what=what, parameters={"per_page": str(PER_PAGE), **(parameters or {})})
        yield from self.items_from(answer, what=what)

    def items_from(self, answer: Answer, *, what: str) -> Iterator[Record]:
        """The objects of a list's first page, which was asked for already, and of the pages after it."""
        yield from records(answer.data)
        seen: set[str] = set()
        while (following := next_page(answer.headers)) is not None:
            if following in seen or not following.startswith(("https://", "http://")):
                raise garbage(what, "the address of the next page leads nowhere")
            seen.add(following)
            # Of an absolute address PyGithub takes path and query only: the token stays with our host.
            answer = self.get(following, what=what)
            yield from records(answer.data)

    def query(self, text: str, variables: Mapping[str, object], *, what: str) -> Record | None:
        """The `data` of a GraphQL answer; None where this GitHub, or this token, gets errors instead."""
        if not self._graphql_answers:
            return None
        call = Call(
            verb="POST",
            address=self._own_client().graphql_address,
            what=what,
            body={"query": text, "variables": variables},
            effect=Effect.NONE,
        )
        answer = self.send(call, accept=_NO_GRAPHQL)
        if answer.status in _NO_GRAPHQL:
            self._graphql_answers = False
            self._log(say(f"GraphQL answers with status {answer.status}: going on without it"))
            return None
        found = answer.data if isinstance(answer.data, dict) else {}
        if found.get("errors") or not isinstance(found.get("data"), dict):
            self._log(say("GraphQL answers with errors while ", quote(what), ": going on without it"))
            return None
        data = dict(found["data"])
        self.viewer = maybe_text(data, "viewer", "login") or self.viewer
        return data

    def send(self, call: Call, *, accept: Collection[int] = ()) -> Answer:
        """Send, and send again where that is safe.

        Raises `UnclearError` when a creation may have happened without an answer that says so.
        """
        tries = 0
        while True:
            outcome = self._try(call)
            tries += 1
            if isinstance(outcome, Answer) and outcome.status < REFUSALS:
                return outcome
            pause = self._retries.pause_after(outcome, call, tries=tries)
            if pause is None:
                return self._give_up(outcome, call, accept=accept)
            self._wait(pause, call)

    def _wait(self, pause: Pause, call: Call) -> None:
        """Wait before the next try; where that would be too late, end at once instead."""
        left = self._deadline.remaining()
        if pause.seconds < left:
            waiting = f"; waiting {pause.seconds:.1f} s before trying again: "
            self._log(say(*pause.why.parts, waiting, quote(call.what)))
        try:
            self._deadline.wait(pause.seconds, before=call.what)
        except PromoterError as error:
            if error.reason is not ReasonCode.DEADLINE_EXCEEDED:
                raise
            raise too_long(pause, call, left=left) from error

    def pause(self, seconds: float, *, before: str) -> None:
        """Wait for something that GitHub shows a little later."""
        self._deadline.wait(seconds, before=before)

    def require_own(self, data: object, *, what: str) -> None:
        """Raise when an answer is about another repository than the one asked for.

        GitHub redirects the old name of a renamed one, and PyGithub follows without the query: a tree
        would come without what is in its folders, a history without its path.
        """
        url = data.get("url") if isinstance(data, Mapping) else None
        path = urlsplit(url).path.casefold() if isinstance(url, str) else ""
        if "/repos/" in path and f"/repos/{self.owner}/{self.name}/".casefold() not in f"{path}/":
            moved = Trouble(kind=TroubleKind.REDIRECTED, remark=f"the answer is about {url}")
            raise unreached(moved, what=what)

    def _give_up(self, outcome: Answer | Trouble, call: Call, *, accept: Collection[int]) -> Answer:
        if isinstance(outcome, Trouble):
            error = unreached(outcome, what=call.what)
            unclear = outcome.kind not in _NOT_DONE
        elif outcome.status in accept:
            return outcome
        else:
            said = remark_of(outcome.said, secret=self._access.token)
            error = refused(outcome, what=call.what, said=said)
            unclear = outcome.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if unclear and call.effect is Effect.ANOTHER:
            raise UnclearError(error, outcome)
        raise error

    def _try(self, call: Call) -> Answer | Trouble:
        client = self._own_client()
        if (early := self._limits.pause_before(call)) > 0:
            self._deadline.wait(early, before=call.what)
        try:
            outcome = self._deadline.run(lambda: client.attempt(call), what=call.what)
        finally:
            self._limits.sent(call)
        if isinstance(outcome, Answer):
            self._limits.answered(outcome)
        return outcome

    def _own_client(self) -> GitHubClient:
        if self._client is None:
            # PyGithub is slow to import: only whoever talks to GitHub pays for it.
            from promoter.adapters.github_client import GitHubClient  # noqa: PLC0415

            self._client = GitHubClient(self._access, timeout=self._deadline.patience)
        return self._client


def connect(
    *, api_url: str, token: str, repository: str, deadline: Deadline, log: Callable[[Message], None]
) -> GitHubConnection:
    """A connection for a run. Raises USAGE_INVALID when address, token or repository cannot be right."""
    access = GitHubAccess(api_url=api_url, repository=repository, token=token)
    return GitHubConnection(access, deadline=deadline, log=log)
