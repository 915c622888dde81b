"""A proxy between an MLflow client and its server that counts requests and makes them go wrong.

Written for tests; it runs in threads of the test process and listens on the loopback only.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import urlsplit

ALWAYS = 1_000_000
_OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "date", "server"})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Answer with this instead of asking the server."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hang:
    """Never answer, until the proxy ends."""


@dataclass(frozen=True)
class Truncate:
    """Send half of the server's body under the whole one's length, and close."""


@dataclass(frozen=True)
class Stall:
    """Send half of the server's body under the whole one's length, and then nothing, until the proxy ends."""


@dataclass(frozen=True, kw_only=True)
class Drip:
    """Send the server's body byte by byte, with a pause in seconds before each."""

    pause: float


@dataclass(frozen=True)
class LoseAnswer:
    """Let the server act, and close the connection without answering."""


_InBody: TypeAlias = Truncate | Stall | Drip
Fault: TypeAlias = Answer | Hang | _InBody | LoseAnswer


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request that arrived. `line` is the method, a space and the path with its query."""

    line: str
    headers: Mapping[str, str]


@dataclass(kw_only=True)
class _Rule:
    pattern: re.Pattern[str]
    fault: Fault
    times: int


class Proxy:
    """What a test holds: the address to use, what was seen, and how to break things."""

    def __init__(self, *, target: str) -> None:
        self.seen: list[Seen] = []
        self.closing = threading.Event()
        self.url = ""
        self.target = urlsplit(target)
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def inject(self, pattern: str, fault: Fault, *, times: int = ALWAYS) -> None:
        """Apply a fault to the next `times` requests whose line matches."""
        with self._lock:
            self._rules.append(_Rule(pattern=re.compile(pattern), fault=fault, times=times))

    def lines(self) -> list[str]:
        """Method and path, without the query, of every request so far; then starts counting anew."""
        with self._lock:
            found = [request.line.partition("?")[0] for request in self.seen]
            self.seen.clear()
        return found

    def take(self, request: Seen) -> Fault | None:
        """Note a request, and say what shall happen to it."""
        with self._lock:
            self.seen.append(request)
            for rule in self._rules:
                if rule.times > 0 and rule.pattern.search(request.line):
                    rule.times -= 1
                    return rule.fault
        return None


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """Run a proxy before `target` (an http:// address) for as long as the context lasts."""
    proxy = Proxy(target=target)

    class Handler(_Handler):
        shared = proxy

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        proxy.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.closing.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shared: Proxy

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def answer(self) -> None:
        """Do with one request what the test asked for."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Seen(line=f"{self.command} {self.path}", headers=dict(self.headers.items()))
        fault = self.shared.take(request)
        if isinstance(fault, Hang):
            self.shared.closing.wait()
            self.close_connection = True
        elif isinstance(fault, Answer):
            self._send(fault.status, fault.headers, fault.body)
        else:
            self._forward(body, fault)

    def _forward(self, body: bytes, fault: _InBody | LoseAnswer | None) -> None:
        target = self.shared.target
        connection = HTTPConnection(target.hostname or "", target.port, timeout=60)
        try:
            headers = {key: value for key, value in self.headers.items() if key.lower() not in _OWN_HEADERS}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            self._pass_on(answer, answer.read(), fault)
        finally:
            connection.close()

    def _pass_on(self, answer: HTTPResponse, body: bytes, fault: _InBody | LoseAnswer | None) -> None:
        if isinstance(fault, LoseAnswer):
            self.close_connection = True
            return
        # An answer to HEAD tells the length of a body that it does not have.
        length = int(answer.getheader("Content-Length") or 0) if self.command == "HEAD" else len(body)
        self._send_head(answer.status, dict(answer.getheaders()), length=length)
        if isinstance(fault, Truncate | Stall):
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            if isinstance(fault, Stall):
                self.shared.closing.wait()
        elif isinstance(fault, Drip):
            for byte in body:
                if self.shared.closing.wait(fault.pause):
                    return
                self.wfile.write(bytes([byte]))
        else:
            self.wfile.write(body)

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self._send_head(status, headers, length=len(body))
        self.wfile.write(body)

    def _send_head(self, status: int, headers: Mapping[str, str], *, length: int) -> None:
        self.send_response(status)
        for key, value in headers.items():
            if key.lower() not in _OWN_HEADERS:
                self.send_header(key, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer
