"""A server that stands before a real one and makes single requests go wrong; one for each run and service.

Each has a port of its own: what a run left behind, a call that nobody waits for any more, meets nobody when
the run is over. Only then do requests arrive that a fault held up.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

from promoter.demo.github.exchange import Request
from promoter.demo.github.server import Standin
from tests.faults.schedule import Kind

_OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "date", "server"})
_JSON = {"Content-Type": "application/json"}
_SECONDARY = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}'
_PRIMARY = b'{"message": "API rate limit exceeded for installation ID 1."}'
_RESET_AT_ONCE = struct.pack("ii", 1, 0)
_DRIPPING = 0.05
_ENDS_WITHIN = 10.0


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """One request, as its first line says."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What the server behind says."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Decide: TypeAlias = Callable[[Arrived], Kind | None]
# Method, path with its query, headers and body of a request.
Ask: TypeAlias = Callable[[str, str, Mapping[str, str], bytes], Answered]


def asking(url: str) -> Ask:
    """Ask a server over HTTP."""
    target = urlsplit(url)

    def ask(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        connection = HTTPConnection(target.hostname or "", target.port, timeout=60)
        try:
            theirs = {key: value for key, value in headers.items() if key.lower() not in _OWN_HEADERS}
            connection.request(method, path, body, theirs)
            answer = connection.getresponse()
            return Answered(status=answer.status, headers=dict(answer.getheaders()), body=answer.read())
        finally:
            connection.close()

    return ask


def asking_standin(standin: Standin) -> Ask:
    """Ask the stand-in for GitHub without another socket between: it takes a third less time."""

    def ask(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        parts = urlsplit(path)
        answer = standin.exchange(
            Request(
                method=method,
                target=path,
                path=parts.path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                headers={name.lower(): value for name, value in headers.items()},
                body=body,
            )
        )
        return Answered(status=answer.status, headers=answer.headers, body=answer.body)

    return ask


@dataclass(frozen=True, kw_only=True)
class _Canned:
    status: int
    body: bytes
    headers: Mapping[str, str]


def _canned(kind: Kind) -> _Canned | None:
    """What is answered in place of the server; None for faults that are not an answer."""
    if kind in {Kind.ERROR_500, Kind.ERROR_502, Kind.ERROR_503}:
        return _Canned(status=int(kind), body=b"<html>oops</html>", headers={"Content-Type": "text/html"})
    limits = {
        Kind.MANY_ASKING: (429, _SECONDARY, {"Retry-After": "0"}),
        Kind.MANY: (429, _SECONDARY, {}),
        Kind.SECONDARY_ASKING: (403, _SECONDARY, {"Retry-After": "3"}),
        Kind.SECONDARY: (403, _SECONDARY, {}),
        Kind.PRIMARY: (
            403,
            _PRIMARY,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 30)},
        ),
    }
    if kind in limits:
        status, body, headers = limits[kind]
        return _Canned(status=status, body=body, headers={**_JSON, **headers})
    if kind is Kind.OTHER_JSON:
        return _Canned(status=200, body=b'{"unexpected": [1, 2]}', headers=_JSON)
    if kind is Kind.HTML:
        return _Canned(status=200, body=b"<html>Log in</html>", headers={"Content-Type": "text/html"})
    return None


class FaultyServer:
    """Listens from its making to `close`; asks `decide` about every request, once, in order of arrival."""

    def __init__(self, ask: Ask, decide: Decide) -> None:
        self.ask = ask
        self.decide = decide
        self.over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def gone(self) -> None:
        """From here on nobody listens."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # gone already
        self._listener.close()

    def close(self) -> None:
        """End everything; requests that were held up arrive at their server before this returns."""
        self.gone()
        self.over.set()
        with self._lock:
            for connection in self._open:
                _shut(connection)
            threads = list(self._threads)
        for thread in threads:
            thread.join(_ENDS_WITHIN)
            if thread.is_alive():
                raise RuntimeError("a conversation with the faulty server does not end")

    def _accept(self) -> None:
        while True:
            try:
                connection, address = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
                talk = threading.Thread(target=self._talk, args=(connection, address), daemon=True)
                self._threads.append(talk)
                talk.start()
                if self.over.is_set():
                    _shut(connection)

    def _talk(self, connection: socket.socket, address: tuple[str, int]) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _Conversation(connection, address, self)
        except OSError:
            return  # the client gave up
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def __init__(self, connection: socket.socket, address: tuple[str, int], faulty: FaultyServer) -> None:
        self.faulty = faulty
        super().__init__(connection, address, faulty)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def answer(self) -> None:
        """Do with one request what was decided."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.faulty.decide(Arrived(method=self.command, path=self.path.partition("?")[0]))
        canned = _canned(kind) if kind else None
        if canned is not None:
            self._send(canned.status, canned.headers, canned.body)
        elif kind in {Kind.RESET, Kind.CUT, Kind.GONE, Kind.HANG}:
            self._refuse(kind)
        elif kind in {Kind.LOST, Kind.LOST_HANG, Kind.LATE}:
            self._act_in_silence(body, kind)
        else:
            self._pass_on(body, kind)

    def _refuse(self, kind: Kind | None) -> None:
        self.close_connection = True
        if kind is Kind.GONE:
            self.faulty.gone()
        if kind is Kind.HANG:
            self.faulty.over.wait()
        if kind in {Kind.RESET, Kind.GONE}:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)

    def _act_in_silence(self, body: bytes, kind: Kind | None) -> None:
        self.close_connection = True
        if kind is Kind.LATE:
            self.faulty.over.wait()
        self._ask(body)
        if kind is Kind.LOST_HANG:
            self.faulty.over.wait()

    def _pass_on(self, body: bytes, kind: Kind | None) -> None:
        answer = self._ask(body)
        data = answer.body
        self._send_head(answer.status, answer.headers, length=len(data))
        if kind is Kind.TRUNCATED:
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        elif kind is Kind.DRIP:
            for byte in data:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if self.faulty.over.wait(_DRIPPING):
                    self.close_connection = True
                    return
        else:
            self.wfile.write(data)

    def _ask(self, body: bytes) -> Answered:
        return self.faulty.ask(self.command, self.path, dict(self.headers.items()), body)

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

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer
