"""A gate before the servers: it counts every call of the Action, and holds one where a test wants to strike.

Three moments of a call: it has arrived and no server knows of it (BEFORE), a server has acted and has not
been heard (DURING), its answer is given and the next call has not gone through (AFTER).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "date", "server"})
_LONGEST_HOLD = 30.0


class Moment(Enum):
    """Where in a call."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class Then(Enum):
    """What the held call gets when the test has struck: what it came for, or nothing ever."""

    ANSWER = "answer"
    SILENCE = "silence"


class Gate:
    """Counts calls from 1. `strike_at` arms it; `reached` tells that the call is held."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.reached = threading.Event()
        self._number = 0
        self._moment = Moment.BEFORE
        self._then = Then.ANSWER
        self._go_on = threading.Event()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._held = False

    def open(self) -> None:
        """Hold nothing, and count anew."""
        self.strike_at(0, Moment.BEFORE)

    def strike_at(self, number: int, moment: Moment) -> None:
        """Hold call `number` at a moment; calls are counted anew."""
        with self._lock:
            self.calls = []
            self._held = False
            self._number, self._moment, self._then = number, moment, Then.ANSWER
            self._over.set()
            self._go_on, self._over = threading.Event(), threading.Event()
            self.reached = threading.Event()

    def go_on(self, then: Then) -> None:
        """The test has struck."""
        self._then = then
        self._go_on.set()

    def arrives(self, line: str) -> int:
        """A call's number. What comes after a held one waits with it."""
        with self._lock:
            self.calls.append(line)
            number = len(self.calls)
            waits = self._held
        if waits:
            self._go_on.wait(_LONGEST_HOLD)
        return number

    def passes(self, number: int, moment: Moment) -> bool:
        """Hold the call if it is its turn; whether it goes on afterwards, as it does not after silence."""
        over = self._over
        if number == self._number and moment is self._moment:
            self._held = True
            self.reached.set()
            self._go_on.wait(_LONGEST_HOLD)
        if self._held and self._then is Then.SILENCE:
            over.wait(_LONGEST_HOLD)
            return False
        return True

    def holds_what_follows(self, number: int) -> None:
        """Before an answer is given: what comes after it must not slip through."""
        self._held = self._held or (number == self._number and self._moment is Moment.AFTER)


@contextmanager
def gated(gate: Gate, target: str) -> Iterator[str]:
    """The address of a gate before `target` (an http:// address)."""
    to = urlsplit(target)

    class Conversation(_Conversation):
        shared = gate
        host, port = to.hostname or "", to.port or 80

    with _Server(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            gate.open()
            server.shutdown()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever was struck dead leaves its connections broken."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    shared: Gate
    host: str
    port: int

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def answer(self) -> None:
        """Pass one call on, and its answer back, past the gate."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        number = self.shared.arrives(f"{self.command} {self.path.partition('?')[0]}")
        try:
            if not self.shared.passes(number, Moment.BEFORE):
                self.close_connection = True
                return
            self._pass_on(body, number)
        except ConnectionError:
            self.close_connection = True  # whoever asked is dead

    def _pass_on(self, body: bytes, number: int) -> None:
        connection = HTTPConnection(self.host, self.port, timeout=60)
        try:
            headers = {key: value for key, value in self.headers.items() if key.lower() not in _OWN_HEADERS}
            connection.request(self.command, self.path, body, headers)
            found = connection.getresponse()
            content = found.read()
        finally:
            connection.close()
        if not self.shared.passes(number, Moment.DURING):
            self.close_connection = True
            return
        self.shared.holds_what_follows(number)
        self.send_response(found.status)
        for key, value in found.getheaders():
            if key.lower() not in _OWN_HEADERS:
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()
        self.shared.passes(number, Moment.AFTER)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer
