"""Credentials go to the registry alone, and no error shows them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.errors import PromoterError, ReasonCode
from tests.proxy import Answer, Proxy, proxied

pytestmark = pytest.mark.integration

CANARY = "canary-Passw0rd"


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A server that answers as a test says, and a client that does not try again."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with proxied("http://127.0.0.1:9") as proxy:
        yield proxy


def registry_at(url: str) -> mlflow_registry.MlflowRegistry:
    return mlflow_registry.connect(tracking_uri=url, registry_uri="", deadline=Deadline(30))


def failure_of_reading(url: str) -> PromoterError:
    with pytest.raises(PromoterError) as caught:
        registry_at(url).aliases("churn")
    return caught.value


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_credentials_are_not_taken_elsewhere(
    alone: Proxy, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", CANARY)
    with proxied("http://127.0.0.1:9") as elsewhere:
        alone.inject(".", Answer(status=status, headers={"Location": f"{elsewhere.url}/steal"}))
        assert failure_of_reading(alone.url).reason is ReasonCode.REGISTRY_UNAVAILABLE
        with pytest.raises(PromoterError, match=f"HTTP {status}"):
            registry_at(alone.url).set_tags("churn", "1", tags={"promoter_verdict": "promote"})
        assert [seen.line.partition("?")[0] for seen in alone.seen] == [
            "GET /api/2.0/mlflow/registered-models/get",
            "POST /api/2.0/mlflow/model-versions/set-tag",
        ]
        assert all("Authorization" in seen.headers for seen in alone.seen)
        assert elsewhere.seen == []


@pytest.mark.parametrize("status", [401, 403, 404, 500, 302])
def test_no_error_shows_a_password(alone: Proxy, status: int) -> None:
    body = f"you sent {CANARY} to http://ada:{CANARY}@here".encode()
    alone.inject(".", Answer(status=status, body=body))
    error = failure_of_reading(alone.url.replace("http://", f"http://ada:{CANARY}@"))
    assert CANARY not in f"{error}{error.hint}{error.message}"
    # a traceback shows these too
    assert error.__cause__ is None
    assert error.__context__ is None


def test_not_even_a_refused_connection_shows_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    error = failure_of_reading(f"http://ada:{CANARY}@127.0.0.1:9")
    assert CANARY not in f"{error}{error.hint}{error.message}"
    assert "127.0.0.1:9" in str(error)
