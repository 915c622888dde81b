"""The example's relay, given what MLflow's own webhook code sends."""

from __future__ import annotations

import http.client
import importlib.util
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mlflow.entities.webhook import Webhook, WebhookAction, WebhookEntity, WebhookEvent
from mlflow.webhooks import delivery

ROOT = Path(__file__).parents[2]
SECRET = "relay-secret"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("relay", ROOT / "examples/relay/relay.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["relay"] = module
    spec.loader.exec_module(module)
    return module


relay = load()


class Session:
    """What MLflow posts with: keeps what it would have sent."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = b""

    def post(self, url: str, *, data: bytes, headers: dict[str, str], timeout: int) -> None:
        self.headers, self.body = headers, data


ALIAS = {"name": "churn", "alias": "challenger", "version": "7"}


def delivered(
    entity: str = "model_version_alias", action: str = "created", data: dict[str, Any] | None = None
) -> tuple[dict[str, str], bytes]:
    """A delivery by MLflow's own code, signature and all."""
    session = Session()
    event = WebhookEvent(entity=WebhookEntity(entity), action=WebhookAction(action))
    webhook = Webhook(
        webhook_id="1",
        name="promoter",
        # An address, because MLflow looks names up; nothing is sent to it.
        url="https://1.1.1.1/",
        events=[event],
        creation_timestamp=0,
        last_updated_timestamp=0,
        secret=SECRET,
    )
    send: Callable[..., object] = delivery._send_webhook_request
    send(webhook, data or ALIAS, event, session)
    return session.headers, session.body


def receive(headers: dict[str, str], body: bytes, *, later: float = 0.0) -> tuple[bool, list[bytes]]:
    sent: list[bytes] = []
    made = relay.Relay(secret=SECRET, send=sent.append, clock=lambda: time.time() + later)
    return made.receive(headers, body), sent


@pytest.mark.parametrize(
    ("entity", "action", "data", "passed_on"),
    [
        ("model_version_alias", "created", ALIAS, True),
        ("model_version_alias", "deleted", ALIAS, True),
        ("model_version", "created", {"name": "churn", "version": "7"}, True),
        ("model_version_tag", "set", {"name": "churn", "version": "7", "key": "ready", "value": "yes"}, True),
        ("model_version_tag", "set", {"name": "churn", "version": "7", "key": "promoter_outcome"}, False),
        ("registered_model", "created", {"name": "churn"}, False),
    ],
)
def test_what_is_passed_on(entity: str, action: str, data: dict[str, Any], passed_on: bool) -> None:
    found, sent = receive(*delivered(entity, action, data))
    assert found is passed_on
    assert sent == ([b'{"event_type": "promoter-propose"}'] if passed_on else [])


@pytest.mark.parametrize("name", ["X-MLflow-Signature", "X-MLflow-Timestamp", "X-MLflow-Delivery-Id"])
@pytest.mark.parametrize("value", ["", "v1,", "v1,AAAA", "v2,AAAA", "1", "\u0661"])
def test_a_changed_header_is_refused(name: str, value: str) -> None:
    headers, body = delivered()
    with pytest.raises(relay.RefusedError, match=r"signature|secret"):
        receive({**headers, name: value}, body)


def test_a_changed_body_is_refused() -> None:
    headers, body = delivered()
    with pytest.raises(relay.RefusedError, match="signature"):
        receive(headers, body.replace(b"churn", b"other"))


@pytest.mark.parametrize("later", [301.0, -301.0])
def test_what_is_old_or_from_the_future_is_refused(later: float) -> None:
    with pytest.raises(relay.RefusedError, match="too old"):
        receive(*delivered(), later=later)


def test_without_a_secret_nothing_is_right() -> None:
    headers, body = delivered()
    with pytest.raises(relay.RefusedError):
        relay.Relay(secret="", send=lambda _: None).receive(headers, body)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "200 OK"),
        ({"REQUEST_METHOD": "GET"}, "405 Method Not Allowed"),
        ({"CONTENT_LENGTH": str(2**21)}, "413 Content Too Large"),
        ({"CONTENT_LENGTH": "-1"}, "413 Content Too Large"),
        ({"CONTENT_LENGTH": "\u00b2"}, "413 Content Too Large"),
        ({"CONTENT_LENGTH": "9" * 5_000}, "413 Content Too Large"),
        ({"HTTP_X_MLFLOW_SIGNATURE": "v1,AAAA"}, "401 Unauthorized"),
    ],
)
def test_over_wsgi(changes: dict[str, str], status: str) -> None:
    headers, body = delivered()
    sent: list[bytes] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        **changes,
    }
    answers: list[str] = []
    application = relay.wsgi(relay.Relay(secret=SECRET, send=sent.append))
    application(environ, lambda given, _: answers.append(given))
    assert (answers, len(sent)) == ([status], int(status == "200 OK"))


@pytest.mark.parametrize("error", [OSError, http.client.BadStatusLine, http.client.IncompleteRead])
def test_what_github_refuses_is_a_bad_gateway_without_its_words(error: Callable[[bytes], Exception]) -> None:
    headers, body = delivered()

    def refuse(_: bytes) -> None:
        raise error(b"token ghs_secret refused")

    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(body))}
    environ |= {"wsgi.input": io.BytesIO(body)}
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    answers: list[str] = []
    text = relay.wsgi(relay.Relay(secret=SECRET, send=refuse))(
        environ, lambda given, _: answers.append(given)
    )
    assert answers == ["502 Bad Gateway"]
    assert b"secret" not in b"".join(text)


def test_a_dispatch_is_what_the_action_listens_to() -> None:
    from promoter.event import PROPOSE_EVENT  # noqa: PLC0415

    assert relay.EVENT == PROPOSE_EVENT
    assert f"types: [{PROPOSE_EVENT}]" in (ROOT / "examples/workflows/propose.yml").read_text()
    assert json.loads(json.dumps({"event_type": relay.EVENT}))["event_type"] == PROPOSE_EVENT
