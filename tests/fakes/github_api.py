"""GitHub's API as a script of answers, for tests of the adapters: `responses` under a few words.

    with github_api() as api:
        api.answers("GET", "/repos/acme/models/pulls/12", {...})
        GitHubPullRequests(api.connection()).get(12)
    assert api.asked == ["GET /repos/acme/models/pulls/12"]

Time is a `Clock`: nothing sleeps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import responses
from responses.matchers import query_param_matcher

from promoter.adapters.deadline import Deadline
from promoter.adapters.github_access import GitHubAccess
from promoter.adapters.github_connection import GitHubConnection
from promoter.adapters.github_retry import RetryPolicy
from tests.contract.github_recording import ON_PURPOSE, tell_scripted

REPOSITORY = "acme/models"
TOKEN = "ghs_canaryCanary0123456789"
SHA = "a" * 40


@dataclass
class Clock:
    """A clock that only `pause` moves; `pauses` are the seconds of each."""

    now: float = 1_000_000.0
    pauses: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class GitHubApi:
    """What GitHub answers, and what it was asked."""

    def __init__(self, mock: responses.RequestsMock, root: str, *, invented: str = "") -> None:
        self.mock = mock
        self.root = root
        self.invented = invented
        self.clock = Clock()
        self.log: list[str] = []

    def answers(
        self,
        verb: str,
        path: str,
        data: object = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer with JSON, or with the text or exception given. Several for one path are used in turn,
        the last one again and again. A path without a query stands for every query, one that ends in `?`
        for none."""
        parts = urlsplit(self.root)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        url = f"{parts.scheme}://{parts.hostname}:{port}{parts.path}{path}"
        body: Any = data if isinstance(data, (str, Exception)) else json.dumps(data)
        match = [query_param_matcher({})] if url.endswith("?") else []
        self.mock.add(
            verb, url.removesuffix("?"), body=body, status=status, headers=dict(headers or {}), match=match
        )

    def on(self, verb: str, path: str, *answers: tuple[int, object]) -> None:
        """Below the repository, one (status, data) after the other."""
        for status, data in answers:
            self.answers(verb, f"/repos/{REPOSITORY}{path}", data, status=status)

    def pages(self, path: str, *pages: list[Any]) -> None:
        """A list below the repository in several pages, linked as GitHub links them."""
        for at, items in enumerate(pages, start=1):
            query = "" if at == 1 else f"?page={at}"
            following = f'<https://api.github.com/repos/{REPOSITORY}{path}?page={at + 1}>; rel="next"'
            last = f'<https://api.github.com/repos/{REPOSITORY}{path}?page=1>; rel="first"'
            link = following if at < len(pages) else last
            self.answers("GET", f"/repos/{REPOSITORY}{path}{query}", items, headers={"Link": link})

    def graphql(self, *answers: tuple[int, object]) -> None:
        """What GraphQL answers, one after the other."""
        for status, data in answers:
            self.answers("POST", "/graphql", data, status=status)

    def connection(
        self, *, seconds: float = 1800, root: str = "", deadline: Deadline | None = None
    ) -> GitHubConnection:
        """A connection within a deadline of that many seconds on our clock, or within the one given."""
        return GitHubConnection(
            GitHubAccess(api_url=root or self.root, repository=REPOSITORY, token=TOKEN),
            deadline=deadline or Deadline(seconds, clock=self.clock, pause=self.clock.pause),
            log=lambda message: self.log.append(str(message)),
            retries=RetryPolicy(jitter=lambda: 0.5, now=self.clock),
        )

    def tell(self) -> None:
        """Have what was asked held to GitHub's description, at the end of the test run."""
        for call in self.mock.calls:
            sent = call.request.body or b""
            tell_scripted(
                call.request.method or "",
                call.request.url or "",
                headers={**call.request.headers, ON_PURPOSE: self.invented},
                body=sent.encode() if isinstance(sent, str) else bytes(sent),
            )

    @property
    def asked(self) -> list[str]:
        """Every request as `VERB /path?query`."""
        parts = [(call.request.method, urlsplit(call.request.url or "")) for call in self.mock.calls]
        return [f"{verb} {url.path}{f'?{url.query}' if url.query else ''}" for verb, url in parts]

    def sent(self, at: int = -1) -> object:
        """The JSON of a request."""
        return json.loads(self.mock.calls[at].request.body or "null")


@contextmanager
def github_api(root: str = "https://api.github.com", *, invented: str = "") -> Iterator[GitHubApi]:
    """Answer for GitHub until the block ends; what was not foreseen fails as an unreachable network would.

    `invented`: why the addresses are none of GitHub's; otherwise requests are held to its description.
    """
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        api = GitHubApi(mock, root, invented=invented)
        try:
            yield api
        finally:
            api.tell()
