"""A relay from MLflow's webhooks to GitHub: a registry event becomes one `repository_dispatch`.

Standard library only, a WSGI application: `relay:application`. Settings, all by environment:

    MLFLOW_WEBHOOK_SECRET   the secret the webhook was created with
    GITHUB_TOKEN            of an App or a person, with `contents: write` on that one repository
    GITHUB_REPOSITORY       owner/name
    GITHUB_API_URL          default https://api.github.com

It passes on that something happened, and nothing of what: the propose run asks the registry itself. So
whoever got hold of the secret could start runs, and decide nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import os
import re
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

EVENT = "promoter-propose"
LARGEST_BODY = 1024 * 1024
# How old a delivery may be, in seconds, and how far ahead the other clock.
LONGEST_AGE = 300.0
# What can change who is to be proposed: (entity, action).
WANTED = {
    ("model_version_alias", "created"),
    ("model_version_alias", "deleted"),
    ("model_version_tag", "set"),
    ("model_version_tag", "deleted"),
    ("model_version", "created"),
}


class RefusedError(Exception):
    """Why a delivery is not passed on; `status` is the answer."""

    def __init__(self, status: str, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Relay:
    """Checks deliveries; `send` is called with the dispatch's body for each that is right and wanted.

    `clock` gives seconds since the epoch. `quiet`: keys of tags that call for no run,
    Promoter's own.
    """

    secret: str
    send: Callable[[bytes], None]
    clock: Callable[[], float] = time.time
    quiet: re.Pattern[str] = field(default=re.compile("promoter_.*"))

    def receive(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether it was passed on. Raises RefusedError for what MLflow did not send, or sent long ago."""
        self._verify({name.lower(): value for name, value in headers.items()}, body)
        try:
            event = json.loads(body)
            about = (str(event["entity"]), str(event["action"]))
            key = str((event.get("data") or {}).get("key", ""))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RefusedError("400 Bad Request", "this is no event of MLflow's") from error
        if about not in WANTED or self.quiet.fullmatch(key):
            return False
        self.send(json.dumps({"event_type": EVENT}).encode())
        return True

    def _verify(self, headers: Mapping[str, str], body: bytes) -> None:
        delivery = headers.get("x-mlflow-delivery-id", "")
        moment = headers.get("x-mlflow-timestamp", "")
        version, _, given = headers.get("x-mlflow-signature", "").partition(",")
        if version != "v1" or not self.secret:
            raise RefusedError("401 Unauthorized", "no signature of the form v1, or no secret is set")
        signed = f"{delivery}.{moment}.".encode() + body
        expected = hmac.new(self.secret.encode(), signed, hashlib.sha256).digest()
        try:
            found = base64.b64decode(given, validate=True)
        except (binascii.Error, ValueError):
            found = b""
        # The signature first: only then is the time anybody's word.
        if not hmac.compare_digest(expected, found):
            raise RefusedError("401 Unauthorized", "the signature does not fit")
        if not re.fullmatch("[0-9]{1,12}", moment) or abs(self.clock() - int(moment)) > LONGEST_AGE:
            raise RefusedError("401 Unauthorized", "the delivery is too old, or from the future")


def dispatcher(environ: Mapping[str, str]) -> Callable[[bytes], None]:
    """Sends to GitHub's dispatches API."""
    api = environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    address = f"{api}/repos/{environ['GITHUB_REPOSITORY']}/dispatches"
    headers = {
        "Authorization": f"Bearer {environ['GITHUB_TOKEN']}",
        "Accept": "application/vnd.github+json",
        "Content-Type": "application/json",
        "User-Agent": "promoter-relay",
    }

    def send(body: bytes) -> None:
        request = urllib.request.Request(address, data=body, headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=20):
            pass

    return send


def wsgi(relay: Relay) -> Callable[[Mapping[str, Any], Callable[..., object]], Iterable[bytes]]:
    """The relay as a WSGI application. MLflow repeats what is answered with 429 or 5xx."""

    def application(environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        status, text = _answer(relay, environ)
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [text.encode()]

    return application


def _answer(relay: Relay, environ: Mapping[str, Any]) -> tuple[str, str]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-"): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    length = str(environ.get("CONTENT_LENGTH") or "0")
    if environ.get("REQUEST_METHOD") != "POST":
        return "405 Method Not Allowed", "POST only\n"
    # Digits of ASCII, and few: `int` takes neither "²" nor thousands of them.
    if not re.fullmatch("[0-9]{1,12}", length) or int(length) > LARGEST_BODY:
        return "413 Content Too Large", "too large\n"
    try:
        passed_on = relay.receive(headers, environ["wsgi.input"].read(int(length)))
    except RefusedError as refused:
        return refused.status, f"{refused}\n"
    except (OSError, http.client.HTTPException):
        # GitHub could not be reached, or refused. Its words may tell too much to whoever asks.
        return "502 Bad Gateway", "GitHub did not take it\n"
    return "200 OK", "passed on\n" if passed_on else "not wanted\n"


def application(environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """What a WSGI server is pointed at: settings are read from the process's environment."""
    relay = Relay(secret=os.environ["MLFLOW_WEBHOOK_SECRET"], send=dispatcher(os.environ))
    return wsgi(relay)(environ, start_response)


if __name__ == "__main__":
    from wsgiref.simple_server import make_server

    # Behind something that speaks TLS: MLflow takes `https://` addresses only.
    make_server("127.0.0.1", int(os.environ.get("PORT", "8080")), application).serve_forever()
