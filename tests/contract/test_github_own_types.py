"""PyGithub stays behind the adapters: neither its objects nor its exceptions, nor anybody else's, get out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http.client import IncompleteRead
from pathlib import Path
from types import MappingProxyType

import pytest
import requests
from urllib3.exceptions import ProtocolError

from promoter.adapters.deadline import Deadline
from promoter.demo.github.exchange import Answer, Request, json_answer
from promoter.demo.github.model import File, Visibility
from promoter.demo.github.server import DropConnection, Standin, serve
from promoter.demo.github.settings import Environment, Protection, Settings, reviewed
from promoter.errors import ExitCode, PromoterError
from tests.contract.github_adapters_world import adapters_world, connected, dave_is_nobody
from tests.contract.github_questions import PORTS, Known, known, questions
from tests.fakes.github_api import github_api

TOKEN = "may-do-everything"
PERMISSIONS = ("contents", "pull_requests", "issues", "deployments", "actions", "administration", "members")
GRANTS = {"metadata": "read", **dict.fromkeys(PERMISSIONS, "write")}
LIVE = Environment(id=1, name="live", branches=("main",))
SETTINGS = Settings(rules=reviewed("Validate promotion"), protection=Protection(), environments=(LIVE,))
PLAIN = {str, bytes, int, float, bool, type(None), datetime}
CONTAINERS = {dict, MappingProxyType, list, tuple, set, frozenset}
METHODS = [
    f"{port.__name__}.{name}" for port in PORTS for name in sorted(vars(port)) if not name.startswith("_")
]


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    """A GitHub where everything can be asked, and a token that may."""
    world = adapters_world(tmp_path_factory.mktemp("github"))
    world.repository = replace(world.repository, visibility=Visibility.PUBLIC)
    world.settings = SETTINGS
    owners: dict[str, bytes | File | None] = {".github/CODEOWNERS": b"* @acme/everybody\n"}
    world.commit("main", owners, author="alice", message="Name owners")
    world.add_token(TOKEN, "alice", grants=GRANTS)
    with serve(world) as running:
        yield running


@pytest.fixture(scope="module")
def about(standin: Standin) -> Known:
    return known(connected(standin, TOKEN), environment=LIVE.name)


@pytest.fixture(autouse=True)
def _well(standin: Standin) -> None:
    """Whatever a test did to it, the next one finds it well."""
    standin.interceptor = dave_is_nobody()


def strangers(value: object, at: str) -> Iterator[str]:
    """Where, in what can be reached from a value, a type is neither ours nor a plain one."""
    kind = type(value)
    if kind in PLAIN:
        return
    if not kind.__module__.startswith("promoter.") and kind not in CONTAINERS:
        yield f"{at}: {kind.__module__}.{kind.__qualname__}"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from strangers(key, f"{at}, a key")
            yield from strangers(inner, f"{at}[{key!r}]")
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from strangers(inner, f"{at}, an entry")
    else:
        for name, inner in getattr(value, "__dict__", {}).items():
            # What an enumeration keeps of its own members is Python's.
            if not name.startswith("_"):
                yield from strangers(inner, f"{at}.{name}")


def test_a_stranger_would_be_found() -> None:
    error = PromoterError.__new__(PromoterError)
    error.__dict__["found"] = {"a": [Path()]}
    assert list(strangers({"x": (error,)}, "it")) == [
        f"it['x'], an entry.found['a'], an entry: pathlib.{type(Path()).__name__}"
    ]


def test_every_method_of_every_port_is_asked(about: Known) -> None:
    assert sorted(questions(about)) == sorted(METHODS)


@pytest.mark.parametrize("method", METHODS)
def test_what_a_method_answers_is_ours_to_the_bottom(standin: Standin, about: Known, method: str) -> None:
    answer = questions(about)[method](connected(standin, TOKEN, deadline=at_once()))
    assert list(strangers(answer, method)) == []


# --- what goes wrong ------------------------------------------------------------------------------


def at_once() -> Deadline:
    """A deadline on which pauses pass at once."""
    return Deadline(120, pause=lambda _: None)


def only_ours(method: str, ask: object) -> ExitCode | None:
    """How a question ended: with an answer of our types (None), or with an error of ours and no other."""
    assert callable(ask)
    try:
        answer = ask()
    except PromoterError as error:
        ending = error
    else:
        assert list(strangers(answer, method)) == []
        return None
    assert str(ending.message)
    assert list(strangers(vars(ending), method)) == []
    return ending.exit_code


BROKEN = ProtocolError("Connection broken", IncompleteRead(b"[", 5))
NETWORK: tuple[Exception, ...] = (
    requests.ConnectTimeout("connecting took too long"),
    requests.ReadTimeout("reading took too long"),
    requests.ConnectionError(ProtocolError("Connection aborted", ConnectionResetError(104, "reset"))),
    requests.exceptions.ChunkedEncodingError(BROKEN),
    requests.exceptions.ContentDecodingError("not gzip"),
    requests.exceptions.SSLError("certificate has expired"),
    requests.exceptions.ProxyError("no proxy"),
    requests.TooManyRedirects("thirty"),
    BROKEN,
    IncompleteRead(b"[", 5),
    TimeoutError("slow"),
    OSError(113, "no route to host"),
)
STATUSES = (301, 302, 304, 400, 401, 403, 404, 405, 409, 410, 418, 422, 429, 451, 500, 501, 502, 503, 504)
BODIES = (
    *("", "{", "[", "<html>Log in</html>", "null", "5", '"text"', "NaN", "[]", "{}", "[null]", "[[]]"),
    *('[{"id": null}]', '{"data": null}', '{"data": {"repository": null}}', '{"object": 5}', "\ufeff{}"),
    *('{"sha": 5, "tree": "x"}', '{"number": "x", "head": [], "base": 1, "user": 7}', "[" * 5000),
)


@dataclass(frozen=True)
class Fault:
    """What GitHub answers to everything."""

    status: int
    body: str | Exception


REFUSED = '{"message": "No", "documentation_url": "x", "status": "x"}'
FAULTS = (
    *(Fault(status, body) for status in STATUSES for body in (REFUSED, "<html>No</html>", "")),
    *(Fault(200, body) for body in BODIES),
    *(Fault(200, error) for error in NETWORK),
)


@pytest.mark.parametrize("method", METHODS)
def test_whatever_is_answered_only_our_errors_come_out(about: Known, method: str) -> None:
    """To the first request of a method and to all after it: every status, broken JSON, a broken network."""
    ended = set()
    for fault in FAULTS:
        with github_api() as api:
            for verb in ("GET", "POST", "PATCH", "PUT", "DELETE"):
                api.mock.add(verb, re.compile(".*"), body=fault.body, status=fault.status)
            ask, connection = questions(about)[method], api.connection()
            ended.add(only_ours(method, lambda ask=ask, connection=connection: ask(connection)))
    assert ExitCode.BUG not in ended
    assert ExitCode.UNDECIDED in ended or method == "Repository.expect"


class BreaksAt:
    """Lets so many requests through, and breaks every one after them."""

    def __init__(self, *, well: int, answer: Answer | None) -> None:
        self.left = well
        self.answer = answer
        self.broken = 0

    def before(self, request: Request) -> Answer | None:
        if self.left:
            self.left -= 1
            return None
        self.broken += 1
        if self.answer is None:
            raise DropConnection
        return self.answer

    def after(self, request: Request, answer: Answer) -> Answer:
        return answer


MIDWAY = (
    json_answer({"message": "Server Error"}, status=500),
    json_answer({"message": "Not Found"}, status=404),
    json_answer({"unexpected": [1, 2]}),
    Answer(status=200, body=b'[{"id": 1, '),
    None,
)
_MOST_CALLS = 30


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_whatever_breaks_midway_only_our_errors_come_out(standin: Standin, about: Known, method: str) -> None:
    """After one good answer, after two, and so on, as long as the method asks for more."""
    for answer in MIDWAY:
        for well in range(1, _MOST_CALLS):
            standin.interceptor = breaks = BreaksAt(well=well, answer=answer)
            connection = connected(standin, TOKEN, deadline=at_once())
            ask = questions(about)[method]
            code = only_ours(method, lambda ask=ask, connection=connection: ask(connection))
            assert code is not ExitCode.BUG
            if not breaks.broken:
                break
        else:
            pytest.fail(f"{method} asks more than {_MOST_CALLS} times")
