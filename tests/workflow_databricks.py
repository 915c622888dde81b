"""A workspace of Databricks as far as MLflow's client needs one: signing in, and Unity Catalog's addresses.

Who signs in is checked as a federation policy says: GitHub's word on the job, with this issuer, audience
and subject, for this service principal. What the catalog keeps lies on an open MLflow server; requests are
handed on under its addresses. Known differences of Unity Catalog are kept: only the owner sets aliases and
tags, pages come without aliases, and the workspace's own registry is not there. Nobody gets at files.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

_API = "/api/2.0/mlflow/"
_CATALOG = f"{_API}unity-catalog/"
_FILES = f"{_CATALOG}model-versions/generate-temporary-credentials"
_OIDC = "/oidc"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A service principal; `policy` is its federation policy, as Databricks is given it."""

    client_id: str
    policy: Mapping[str, Any]
    is_owner: bool


@dataclass(kw_only=True)
class Workspace:
    """The workspace: where it is, and who was there. `url` is also where GitHub vouches for jobs."""

    server: str
    principals: tuple[Principal, ...]
    url: str = ""
    jobs: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, Principal] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def passport_url(self) -> str:
        """What a runner has in `ACTIONS_ID_TOKEN_REQUEST_URL`: an address with a query."""
        return f"{self.url}/github-id-token?api-version=2.0"

    def issue(self, subject: str) -> str:
        """What a job has in `ACTIONS_ID_TOKEN_REQUEST_TOKEN`."""
        token = uuid4().hex
        self.jobs[token] = subject
        return token

    def vouch(self, bearer: str, audience: str) -> dict[str, Any]:
        """GitHub's word on a job, unsigned: nothing here reads a signature."""
        claims = {"iss": "https://token.actions.githubusercontent.com", "aud": audience}
        parts = [{"alg": "none"}, {**claims, "sub": self.jobs[bearer]}, {}]
        return {
            "value": ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in parts)
        }

    def exchange(self, form: Mapping[str, str]) -> dict[str, Any] | None:
        """A token for an hour, or None where no federation policy of that principal says so."""
        claims = json.loads(base64.urlsafe_b64decode(form["subject_token"].split(".")[1]))
        for one in self.principals:
            policy = one.policy["oidc_policy"]
            fits = claims["aud"] in policy["audiences"] and claims["sub"] == policy["subject"]
            is_asked = (form["client_id"], form["grant_type"]) == (one.client_id, _EXCHANGE)
            if is_asked and fits and claims["iss"] == policy["issuer"]:
                token = uuid4().hex
                self.sessions[token] = one
                return {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        self.refused.append(f"{form['client_id']} as {claims['sub']}")
        return None

    def discovery(self, path: str) -> dict[str, Any] | None:
        """What a client is told of where to sign in."""
        known = {
            "/.well-known/databricks-config": {
                "oidc_endpoint": f"{self.url}{_OIDC}",
                "account_id": "1e2d3c4b-0000-0000-0000-000000000000",
                "workspace_id": "7000000000000001",
            },
            f"{_OIDC}/.well-known/oauth-authorization-server": {
                "authorization_endpoint": f"{self.url}{_OIDC}/v1/authorize",
                "token_endpoint": f"{self.url}{_OIDC}/v1/token",
            },
        }
        return known.get(path)


@contextmanager
def working_in(workspace: Workspace) -> Iterator[Workspace]:
    """Serve a workspace on a free port of this machine until the block ends."""

    class Desk(_Desk):
        place = workspace

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    workspace.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="databricks")
    thread.start()
    try:
        yield workspace
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Desk(BaseHTTPRequestHandler):
    place: Workspace
    timeout = 30

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        status, answer = self._found(urlsplit(self.path).path, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def _found(self, path: str, body: bytes) -> tuple[int, bytes]:
        bearer = self.headers.get("Authorization", "").partition(" ")[2]
        told = self.place.discovery(path)
        if path == "/github-id-token" and bearer in self.place.jobs:
            told = self.place.vouch(bearer, parse_qs(urlsplit(self.path).query)["audience"][0])
        if path == f"{_OIDC}/v1/token":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            told = self.place.exchange(form)
            if told is None:
                return 400, b'{"error": "invalid_grant", "error_description": "no matching policy"}'
        if told is not None:
            return 200, json.dumps(told).encode()
        who = self.place.sessions.get(bearer)
        if who is None:
            return _error(401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type")
        return self._as(who, path, body)

    def _as(self, who: Principal, path: str, body: bytes) -> tuple[int, bytes]:
        """What the workspace answers to somebody it knows."""
        self.place.asked.append((who.client_id, self.command, path))
        is_catalog = path.startswith(_CATALOG)
        is_registry = path.startswith((f"{_API}registered-models", f"{_API}model-versions"))
        if is_registry or path == _FILES or not path.startswith(_API):
            return _error(404, "ENDPOINT_NOT_FOUND", f"No API found for {self.command} {path}")
        if is_catalog and self.command != "GET" and not who.is_owner:
            return _error(403, "PERMISSION_DENIED", "User is not an owner of Registered Model")
        status, answer = self._handed_on(self.path.replace(_CATALOG, _API), body)
        if path == f"{_CATALOG}registered-models/search" and status == 200:
            answer = _without_aliases(answer)
        return status, answer

    def _handed_on(self, target: str, body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(urlsplit(self.place.server).netloc, timeout=30)
        try:
            connection.request(self.command, target, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what was asked is in `Workspace.asked`."""


def _error(status: int, code: str, message: str) -> tuple[int, bytes]:
    return status, json.dumps({"error_code": code, "message": message}).encode()


def _without_aliases(answer: bytes) -> bytes:
    page = json.loads(answer)
    for model in page.get("registered_models", []):
        model.pop("aliases", None)
    return json.dumps(page).encode()
