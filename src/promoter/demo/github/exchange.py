"""One request and its answer, apart from sockets."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from promoter.demo.github.model import Token
from promoter.demo.github.show_repository import Json
from promoter.demo.github.view import View
from promoter.demo.github.world import World

_DEFAULT_PER_PAGE = 30
_MAX_PER_PAGE = 100
_DOCUMENTATION = "https://docs.github.com/rest"

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What came in; header names are in lower case, `target` is path and query as sent."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes out."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that was understood: whose it is, what it names, and the world it is about."""

    world: World
    request: Request
    caller: Token
    view: View
    named: Mapping[str, str]

    def body(self) -> Json:
        """The JSON object that was sent; raise `Refusal` when it is none."""
        try:
            value = json.loads(self.request.body or b"{}")
        except ValueError as error:
            raise Refusal(400, "Problems parsing JSON") from error
        if not isinstance(value, dict):
            raise Refusal(400, "Body should be a JSON object")
        return value


class Refusal(Exception):
    """GitHub's "no": a status, a message and, for invalid input, what is wrong with which field."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[Json] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = tuple(errors)
        self.headers = headers

    def answer(self) -> Answer:
        """The refusal as GitHub words it."""
        body: Json = {"message": self.message}
        if self.errors:
            body["errors"] = list(self.errors)
        body |= {"documentation_url": _DOCUMENTATION, "status": str(self.status)}
        return json_answer(body, status=self.status, headers=self.headers)


def not_found() -> Refusal:
    """What GitHub says about things that are not there, and about those the caller may not see."""
    return Refusal(404, "Not Found")


def json_answer(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Answer(status=status, body=json.dumps(value).encode(), headers={**kind, **(headers or {})})


@dataclass(frozen=True, kw_only=True)
class Page:
    """Which part of a list was asked for."""

    number: int
    size: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Page":
        """Read the query as GitHub does: nonsense means the default, too much means the most."""
        size, number = _natural(query.get("per_page")), _natural(query.get("page"))
        return cls(number=number or 1, size=min(size or _DEFAULT_PER_PAGE, _MAX_PER_PAGE))

    @property
    def start(self) -> int:
        """How many items come before it."""
        return (self.number - 1) * self.size


def _natural(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and text.isascii() else 0


def listing(call: Call, items: Sequence[Item], *, show: Callable[[Item], Json]) -> Answer:
    """One page of a list, with the addresses of its neighbours."""
    page = Page.of(call.request.query)
    shown = [show(item) for item in items[page.start : page.start + page.size]]
    return json_answer(shown, headers=neighbours(call, total=len(items)))


def neighbours(call: Call, *, total: int) -> dict[str, str]:
    """The `Link` header of one page of a list of that many items."""
    page = Page.of(call.request.query)
    last = max(1, -(-total // page.size))
    numbers: dict[str, int] = {}
    if page.number > 1:
        numbers |= {"prev": min(page.number - 1, last)}
    if page.number < last:
        numbers |= {"next": page.number + 1, "last": last}
    if page.number > 1:
        numbers |= {"first": 1}
    # The request's path begins behind the API's root, whose base path it repeats.
    root = call.view.api + call.request.path
    links = [
        f'<{root}?{urlencode({**call.request.query, "page": number})}>; rel="{name}"'
        for name, number in numbers.items()
    ]
    return {"Link": ", ".join(links)} if links else {}
