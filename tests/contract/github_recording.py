"""Keeps what is said to and by GitHub in this process: one of a kind, and how often each route was asked.

    recording = Recording(folder)
    listen(recording)          # from here on every exchange with the stand-in, whoever started it, is heard
    recording.close()          # once no test runs any more

Two exchanges are of one kind when client, method, route, names in the query, status, and the shape of both
bodies are the same. A shape is a body whose values are replaced by their types, except for those that may be
one of a list: short words. Each process writes files of its own; `github_recorded.py` judges them.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from promoter.demo.github.exchange import Answer, Request
from promoter.demo.github.routes import ROUTES
from promoter.demo.github.server import EXCHANGES

# What `tests.fakes.github_api` answers is written by hand, and less than GitHub says: the request counts.
SCRIPTED = logging.Logger("promoter.tests.github.scripted", level=logging.CRITICAL)
# The header by which a test says that it asks for something wrong on purpose, and its reason.
ON_PURPOSE = "X-Wrong-On-Purpose"
_PRODUCT = "promoter"
_HOST = "https://api.github.com"
_WORD = re.compile(r"[A-Za-z]+(?:_[A-Za-z]+)*\Z")
_LONGEST_WORD = 24
_PATTERNS = tuple((route.method, route.template, route.pattern) for route in ROUTES)


class Client(StrEnum):
    """Who asked."""

    PRODUCT = "Promoter"
    TEST = "a test"


class Said(StrEnum):
    """Whose answer it was."""

    GITHUB = "GitHub's own"
    FAULT = "injected by a test"


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One exchange as it is kept; bodies are text, bytes that are none are escaped.

    `status` is 0 and `received` empty where GitHub itself did not answer. `purpose`: why it is wrong on
    purpose. `test`: the one that made the first exchange of this kind.
    """

    kind: str
    route: str
    client: Client
    said: Said
    method: str
    url: str
    sent: str
    status: int
    content_type: str
    received: str
    purpose: str
    test: str


class Recording:
    """What one process hears; safe to use from many threads."""

    def __init__(self, folder: Path) -> None:
        self._stem = folder / f"{os.getpid()}-{uuid4().hex[:8]}"
        self._kinds: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def hear(self, request: Request, answer: Answer | None) -> None:
        """Count one exchange, and keep it when it is the first of its kind."""
        heard = _heard(request, answer)
        with self._lock:
            self._counts[f"{heard.client} {heard.route}"] += 1
            if heard.kind in self._kinds:
                return
            self._kinds.add(heard.kind)
            with self._stem.with_suffix(".jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(heard)) + "\n")

    def close(self) -> None:
        """Write the counts."""
        with self._lock:
            self._stem.with_suffix(".counts").write_text(json.dumps(self._counts), encoding="utf-8")


class _Ear(logging.Handler):
    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    def emit(self, record: logging.LogRecord) -> None:
        assert isinstance(record.args, tuple)
        request, answer = record.args
        assert isinstance(request, Request)
        assert answer is None or isinstance(answer, Answer)
        self._recording.hear(request, answer)


def listen(recording: Recording) -> None:
    """Have the recording hear every exchange of this process, for good.

    Not by an audit hook: that hears of trace functions too, and with it two threads that are measured get in
    each other's way (Python 3.11).
    """
    for log in (EXCHANGES, SCRIPTED):
        log.setLevel(logging.DEBUG)
        log.addHandler(_Ear(recording))


def tell_scripted(method: str, url: str, *, headers: Mapping[str, str], body: bytes) -> None:
    """Tell whoever listens of a request that a test's script answered."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    lower = {name.lower(): value for name, value in headers.items()}
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    request = Request(method=method, target=target, path=parts.path, query=query, headers=lower, body=body)
    SCRIPTED.debug("%s %s", request, None)


def _heard(request: Request, answer: Answer | None) -> Heard:
    client = Client.PRODUCT if request.headers.get("user-agent") == _PRODUCT else Client.TEST
    purpose = request.headers.get(ON_PURPOSE.lower(), "")
    status = answer.status if answer else 0
    route = route_of(request.method, request.path)
    received = answer.body if answer else b""
    kinds = (client, route, sorted(request.query), status, bool(purpose))
    shapes = (_body_shape(request.body, route), _body_shape(received, route))
    content_type = (answer.headers.get("Content-Type", "") if answer else "").partition(";")[0]
    return Heard(
        kind=sha256(json.dumps([kinds, shapes], sort_keys=True).encode()).hexdigest(),
        route=route,
        client=client,
        said=Said.GITHUB if answer else Said.FAULT,
        method=request.method,
        url=_HOST + request.target,
        sent=request.body.decode(errors="backslashreplace"),
        status=status,
        content_type=content_type,
        received=received.decode(errors="backslashreplace"),
        purpose=purpose,
        test=os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0],
    )


def route_of(method: str, path: str) -> str:
    """Method and template of the path; the path itself where the stand-in has none."""
    below = path.removeprefix("/api/v3") if path != "/api/graphql" else "/graphql"
    for verb, template, pattern in _PATTERNS:
        if verb == method and pattern.match(below):
            return f"{method} {template}"
    return f"{method} {below}"


def _body_shape(body: bytes, route: str) -> object:
    if not body:
        return None
    try:
        value = json.loads(body)
    except ValueError:
        return "no JSON"
    if route.endswith("/graphql"):
        # What is judged is the query. It repeats itself for every file and commit it asks for.
        query = str(value.get("query", "")) if isinstance(value, dict) else ""
        return sorted(set(re.sub(r'\d+|"[^"]*"', "0", query).split()))
    return shape(value)


def shape(value: object) -> object:
    """What is left of a JSON value when all that differs from one example to the next is taken away."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(shape(inner), sort_keys=True) for inner in value})
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_WORD and _WORD.match(value) else "…"
    return type(value).__name__
