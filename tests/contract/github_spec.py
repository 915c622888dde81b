"""Hold requests to GitHub, and the answers to them, to GitHub's own OpenAPI description.

    spec = load_spec()
    with spec.watching() as exchanges:      # whatever is sent through `requests` meanwhile, PyGithub's too
        Github(...).get_repo("acme/churn")
    assert spec.violations(exchanges) == []

What the description does not know and GitHub does all the same stands in `EXEMPTIONS`, each with its reason.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import requests
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from tests import github_data

_REPOSITORY = "^(/repos/[^/]+/[^/]+"
# Parameters that may hold slashes, which OpenAPI cannot say: they are escaped before its paths are matched.
_SLASHED = tuple(
    re.compile(_REPOSITORY + rest)
    for rest in (
        "/contents/)(.+)()$",
        "/git/refs?/)(.+)()$",
        "/git/trees/)(.+)()$",
        "/compare/)(.+)()$",
        "/branches/)(.+?)((?:/protection.*)?)$",
        "/commits/)(.+?)((?:/(?:pulls|status|statuses|check-runs|check-suites|comments))?)$",
    )
)
_ERRORS = 400
_BASIC_ERROR = frozenset({"message", "documentation_url", "status"})


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """A status that GitHub answers with although its description leaves it out."""

    method: str
    path: str
    status: int
    reason: str

    def covers(self, method: str, path: str, status: int) -> bool:
        """Tell whether an answer is meant."""
        is_method = self.method in {"*", method}
        return is_method and status == self.status and re.search(self.path, path) is not None


EXEMPTIONS = (
    Exemption(
        method="*", path="", status=401, reason="every route refuses a bad token, few descriptions say so"
    ),
    Exemption(
        method="*",
        path="^/(repos|orgs)/",
        status=403,
        reason="every route refuses a token without permission",
    ),
    Exemption(
        method="*", path="^/repos/", status=404, reason="every route hides a repository one may not see"
    ),
    Exemption(
        method="GET",
        path="/commits/[^/]+/pulls$",
        status=422,
        reason="'No commit found for SHA' is 422 on GitHub",
    ),
    Exemption(method="GET", path="^/orgs/[^/]+/teams/[^/]+/members$", status=404, reason="no such team"),
)
# Fields which the description says are never null, and which are null on GitHub all the same.
_NULL_ON_GITHUB = (
    re.compile(r"(^|/)head/repo: None "),  # the fork is gone
    re.compile(r"(^|/)state_reason: None "),  # the enumeration lacks null, "nullable" or not
    re.compile(r"(^|/)(author|committer): None "),  # nobody's account has the commit's address
)
# An error that fits two of the shapes it may have, of which the description says that it be one only.
_AMBIGUOUS = "is valid under each of"


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and its answer."""

    method: str
    url: str
    sent: bytes
    status: int
    kind: str
    received: bytes

    @classmethod
    def of(cls, response: requests.Response) -> "Exchange":
        """Take what `requests` has at hand after a call."""
        body = response.request.body or b""
        return cls(
            method=response.request.method or "",
            url=response.request.url or "",
            sent=body.encode() if isinstance(body, str) else body,
            status=response.status_code,
            kind=response.headers.get("Content-Type", "").split(";")[0],
            received=response.content,
        )

    @property
    def path(self) -> str:
        """The path below the API's root, slashes inside a parameter escaped."""
        path = urlsplit(self.url).path.removeprefix("/api/v3")
        for pattern in _SLASHED:
            if match := pattern.match(path):
                return match[1] + match[2].replace("/", "%2F") + match[3]
        # The root folder is a path of its own that the description does not have.
        return re.sub(r"/contents/?$", "/contents/%2F", path)

    @property
    def query(self) -> dict[str, str]:
        """The query, one value a name."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))


@dataclass(frozen=True, kw_only=True)
class Violation:
    """Something GitHub's description does not allow."""

    side: str
    method: str
    path: str
    status: int
    what: str

    def __str__(self) -> str:
        return f"{self.side} {self.method} {self.path} {self.status}: {self.what}"


class GitHubSpec:
    """GitHub's OpenAPI description, ready to judge exchanges."""

    def __init__(self, description: github_data.Json) -> None:
        self._description = description
        # GitHub marks an array as if it had a field that says which kind of object it is.
        contents = description["paths"]["/repos/{owner}/{repo}/contents/{path}"]["get"]
        contents["responses"]["200"]["content"]["application/json"]["schema"].pop("discriminator", None)
        # The description itself is GitHub's business; checking all 13 MB of it would cost minutes.
        self._api = OpenAPI.from_dict(description, config=Config(spec_validator_cls=None))  # type: ignore[arg-type]
        self._templates = [(_template(path), item) for path, item in description["paths"].items()]

    def violations(self, exchanges: Iterable[Exchange]) -> list[Violation]:
        """Return everything that is wrong with these exchanges. GraphQL has no place in the description."""
        return [
            violation
            for exchange in exchanges
            if not exchange.path.endswith("/graphql")
            for violation in self._judge(exchange)
        ]

    def describes(self, method: str, path: str) -> bool:
        """Tell whether there is such a route."""
        verb = method.lower()
        return any(pattern.match(path) and verb in item for pattern, item in self._templates)

    def check(self, *responses: requests.Response) -> None:
        """Raise `AssertionError` naming every violation in these responses and the requests they answer."""
        found = self.violations(Exchange.of(response) for response in responses)
        assert not found, "\n".join(map(str, found))

    @contextmanager
    def watching(self) -> Iterator[list[Exchange]]:
        """Collect every exchange made through `requests`, by whatever library, until the block ends."""
        seen: list[Exchange] = []
        send: Callable[..., requests.Response] = requests.Session.send

        def sending(
            session: requests.Session, request: requests.PreparedRequest, **options: object
        ) -> requests.Response:
            response = send(session, request, **options)
            seen.append(Exchange.of(response))
            return response

        with mock.patch.object(requests.Session, "send", sending):
            yield seen

    def _judge(self, exchange: Exchange) -> list[Violation]:
        asked = MockRequest(
            "https://api.github.com",
            exchange.method.lower(),
            exchange.path,
            args=exchange.query,
            data=exchange.sent,
            content_type="application/json",
        )
        got = MockResponse(exchange.received, status_code=exchange.status, content_type=exchange.kind)
        found = [
            ("request", f"unknown query parameter {name}") for name in self._unknown_parameters(exchange)
        ]
        found += [("request", what) for what in _complaints(lambda: self._api.validate_request(asked))]
        if self._is_exempt(exchange):
            found += [("answer", what) for what in _error_body_complaints(exchange)]
        else:
            found += [
                ("answer", what)
                for what in _complaints(lambda: self._api.validate_response(asked, got))
                if not any(pattern.search(what) for pattern in _NULL_ON_GITHUB)
                and not (exchange.status >= _ERRORS and _AMBIGUOUS in what)
            ]
        return [
            Violation(
                side=side, method=exchange.method, path=exchange.path, status=exchange.status, what=what
            )
            for side, what in found
        ]

    def _operation(self, exchange: Exchange) -> Mapping[str, Any] | None:
        found = [
            (pattern.pattern.count("[^/]+"), item)
            for pattern, item in self._templates
            if pattern.match(exchange.path) and exchange.method.lower() in item
        ]
        if not found:
            return None
        item = min(found, key=lambda pair: pair[0])[1]
        operation: Mapping[str, Any] = item[exchange.method.lower()]
        return operation

    def _unknown_parameters(self, exchange: Exchange) -> list[str]:
        operation = self._operation(exchange)
        if operation is None:
            return []
        known = {self._resolved(parameter)["name"] for parameter in operation.get("parameters", ())}
        return sorted(exchange.query.keys() - known)

    def _resolved(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in value:
            target = self._description
            for step in value["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            value = target
        return value

    def _is_exempt(self, exchange: Exchange) -> bool:
        operation = self._operation(exchange)
        described = operation and operation["responses"].get(str(exchange.status))
        if described is not None:
            # Some errors are described without a body; GitHub sends its usual one.
            return exchange.status >= _ERRORS and "content" not in self._resolved(described)
        return operation is not None and any(
            exemption.covers(exchange.method, exchange.path, exchange.status) for exemption in EXEMPTIONS
        )


def _template(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)) + r"\Z")


def _complaints(validate: Callable[[], object]) -> list[str]:
    try:
        validate()
    except Exception as error:
        reason = error.__cause__ or error
        details: Sequence[Any] = getattr(reason, "schema_errors", ())
        return [
            f"{'/'.join(map(str, detail.absolute_path)) or '.'}: {detail.message[:160]}" for detail in details
        ] or [f"{type(error).__name__}: {error}"[:200]]
    return []


def _error_body_complaints(exchange: Exchange) -> list[str]:
    """An answer the description leaves out must still be GitHub's usual error."""
    body = json.loads(exchange.received)
    absent = sorted(_BASIC_ERROR - body.keys())
    return [f"no {name} in the error" for name in absent]


@cache
def _spec() -> GitHubSpec:
    return GitHubSpec(github_data.openapi())


def load_spec() -> GitHubSpec:
    """Return GitHub's description; skip the test where it is missing."""
    github_data.openapi()
    return _spec()
