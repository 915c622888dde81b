"""The HTTP server: sockets, the log of requests, and a place to inject faults."""

import itertools
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from promoter.demo.github.exchange import Answer, Request, json_answer
from promoter.demo.github.routes import respond
from promoter.demo.github.view import View
from promoter.demo.github.world import World

_IDLE_SECONDS = 30
_ENTERPRISE = "/api/v3"
# A log of every exchange: the request, and what GitHub itself answered; None where an interceptor spoke in
# its place. Tests hold all of them to GitHub's description; whoever does not listen pays nothing.
EXCHANGES = logging.Logger("promoter.github.exchanges", level=logging.CRITICAL)


class DropConnection(Exception):
    """Raised by an interceptor: the connection ends without an answer."""


class Interceptor(Protocol):
    """Stands between the sockets and GitHub, for tests of what goes wrong. Both methods may sleep."""

    def before(self, request: Request) -> Answer | None:
        """Answer instead of GitHub, which then does nothing; None lets the request through."""

    def after(self, request: Request, answer: Answer) -> Answer:
        """Change an answer, or drop it after GitHub has acted."""


@dataclass(frozen=True, kw_only=True)
class Logged:
    """One request as it went; status 0 means that the connection was dropped."""

    method: str
    target: str
    status: int

    @property
    def path(self) -> str:
        """The address without its query."""
        return self.target.partition("?")[0]


class Standin:
    """A running GitHub: where it listens, and what it was asked."""

    def __init__(self, world: World, *, base_path: str = "") -> None:
        self.world = world
        self.base_path = base_path
        self.interceptor: Interceptor | None = None
        self.requests: list[Logged] = []
        # For interceptors that hang: `closing.wait(60)` ends early when the test is over.
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.standin = self
        self._numbers = itertools.count(1)

    @property
    def web_url(self) -> str:
        """What a workflow gets as `GITHUB_SERVER_URL`."""
        return f"http://localhost:{self._server.server_port}"

    @property
    def api_url(self) -> str:
        """What a workflow gets as `GITHUB_API_URL`."""
        return self.web_url + self.base_path

    @property
    def graphql_url(self) -> str:
        """What a workflow gets as `GITHUB_GRAPHQL_URL`."""
        return self.web_url + self.graphql_path

    @property
    def graphql_path(self) -> str:
        """Enterprise servers keep GraphQL beside the REST API, not below it."""
        return "/api/graphql" if self.base_path == _ENTERPRISE else f"{self.base_path}/graphql"

    @property
    def view(self) -> View:
        """What event payloads are built from."""
        return View(state=self.world, api=self.api_url, web=self.web_url)

    def count(self, method: str, path: str = "") -> int:
        """How many requests were made with this method, to paths that contain this text."""
        return sum(logged.method == method and path in logged.path for logged in self.requests)

    def start(self) -> None:
        """Begin to answer, in threads of its own."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="github").start()

    def stop(self) -> None:
        """End every conversation and wait for its thread."""
        self.closing.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()

    def exchange(self, request: Request) -> Answer:
        """Answer one request, by way of the interceptor, and log it; raise `DropConnection` for silence."""
        own: Answer | None = None
        status = 0
        try:
            interceptor = self.interceptor
            answer = interceptor.before(request) if interceptor else None
            if answer is None:
                own = answer = self._respond(request)
            answer = interceptor.after(request, answer) if interceptor else answer
            status = answer.status
        finally:
            EXCHANGES.debug("%s %s", request, own)
            self.requests.append(Logged(method=request.method, target=request.target, status=status))
        return answer

    def _respond(self, request: Request) -> Answer:
        host = request.headers.get("host", f"localhost:{self._server.server_port}")
        view = View(state=self.world, api=f"http://{host}{self.base_path}", web=f"http://{host}")
        if request.path == self.graphql_path:
            inner = replace(request, path="/graphql")
        elif request.path.startswith(f"{self.base_path}/"):
            inner = replace(request, path=request.path.removeprefix(self.base_path))
        else:
            return json_answer({"message": "Not Found", "status": "404"}, status=404)
        answer = respond(self.world, inner, view=view)
        number = {"X-GitHub-Request-Id": f"STND:{next(self._numbers):X}", "X-GitHub-Media-Type": "github.v3"}
        return Answer(status=answer.status, body=answer.body, headers={**number, **answer.headers})


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    standin: Standin

    def __init__(self, address: tuple[str, int], conversation: "type[_Conversation]") -> None:
        super().__init__(address, conversation)
        self._open: set[socket.socket] = set()

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that gave up waiting is nothing to report.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def hang_up(self) -> None:
        """Wake the threads that wait for a kept-alive client's next request."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was faster


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "github.com"
    timeout = _IDLE_SECONDS
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def _converse(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            target=self.path,
            path=parts.path.rstrip("/") or "/",
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        try:
            answer = self.server.standin.exchange(request)
        except DropConnection:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _converse

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the log is `Standin.requests`."""


@contextmanager
def serve(world: World, *, base_path: str = "") -> Iterator[Standin]:
    """Serve a world on a free port of this machine until the block ends.

    `base_path` is empty as on api.github.com, or `/api/v3` as on an enterprise server.
    """
    standin = Standin(world, base_path=base_path)
    standin.start()
    try:
        yield standin
    finally:
        standin.stop()
