"""A registry that fails in every way: never "nobody holds this alias", never past the deadline."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.core.model_version import Column, Signature
from promoter.errors import PromoterError, ReasonCode
from tests.mlflow_server import MlflowServer
from tests.proxy import Answer, Drip, Fault, Hang, LoseAnswer, Proxy, Truncate, proxied
from tests.registry_worlds import HttpWorld, RunAsked, VersionAsked

pytestmark = pytest.mark.integration

MODEL = "churn"
GET_MODEL = "registered-models/get"
GET_VERSION = "model-versions/get"
GET_RUN = "runs/get"
GET_LOGGED_MODEL = "logged-models/"
GET_MLMODEL = "mlflow-artifacts/"
POST_ALIAS = "POST .*registered-models/alias"
POST_TAG = "POST .*model-versions/set-tag"
AT_ONCE = {"Retry-After": "0"}
JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One retry at once, a second's timeout: what the user sets is respected."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")


@pytest.fixture(scope="module")
def world(mlflow_server: MlflowServer) -> HttpWorld:
    return HttpWorld(mlflow_server, deadline=Deadline(600))


@pytest.fixture(scope="module")
def versioned(world: HttpWorld) -> str:
    """A model whose version 1 has a run, a LoggedModel and a signature, and is champion."""
    model = world.new_model("versioned")
    asked = VersionAsked(
        run=RunAsked(metrics={"f1": 0.9}),
        logged_metrics={"f1": 0.9},
        signature=Signature(inputs=(Column(name="a", kind="long"),), outputs=()),
    )
    world.registry.set_alias(model, "champion", version=world.new_version(model, asked))
    return model


@pytest.fixture
def alone() -> Iterator[Proxy]:
    """A proxy that answers by itself: there is no server behind it."""
    with proxied("http://127.0.0.1:9") as proxy:
        yield proxy


def connected(url: str, *, seconds: float = 30) -> mlflow_registry.MlflowRegistry:
    return mlflow_registry.connect(tracking_uri=url, registry_uri="", deadline=Deadline(seconds))


def failure(call: Callable[[], object]) -> PromoterError:
    with pytest.raises(PromoterError) as caught:
        call()
    return caught.value


def an_answer(value: object) -> Answer:
    return Answer(status=200, body=json.dumps(value).encode(), headers=JSON)


LIES: dict[str, Fault] = {
    "500": Answer(status=500),
    "500 in MLflow's form": Answer(status=500, body=b'{"error_code": "INTERNAL_ERROR", "message": "x"}'),
    "503 saying it is not there": Answer(
        status=503, body=b'{"error_code": "RESOURCE_DOES_NOT_EXIST"}', headers=JSON
    ),
    "503 with Retry-After": Answer(status=503, headers=AT_ONCE),
    "429 with Retry-After": Answer(status=429, headers=AT_ONCE),
    "502": Answer(status=502),
    "504": Answer(status=504),
    "408": Answer(status=408),
    "501": Answer(status=501),
    "404 of a web server": Answer(status=404, body=b"<h1>Not Found</h1>", headers=HTML),
    "404 of another API": Answer(status=404, body=b'{"error": "not found"}', headers=JSON),
    "404 with a number for code": Answer(
        status=404, body=b'{"error_code": 404, "message": "x"}', headers=JSON
    ),
    "400": Answer(status=400, body=b'{"error_code": "BAD_REQUEST", "message": "x"}', headers=JSON),
    "204": Answer(status=204),
    "a redirect": Answer(status=302, headers={"Location": "http://127.0.0.1:9/login"}),
    "an empty body": Answer(status=200),
    "a login page": Answer(status=200, body=b"<html>Log in</html>", headers=HTML),
    "garbage": Answer(status=200, body=b"\x00\xff\xfe{", headers=JSON),
    "nothing in it": an_answer({}),
    "null": an_answer(None),
    "a list": an_answer([]),
    "no name": an_answer({"registered_model": {}}),
    "another model": an_answer({"registered_model": {"name": "other"}}),
    "a number for a model": an_answer({"registered_model": 3}),
    "a number for aliases": an_answer({"registered_model": {"name": MODEL, "aliases": 3}}),
    "no version on an alias": an_answer(
        {"registered_model": {"name": MODEL, "aliases": [{"alias": "champion"}]}}
    ),
    "no number for a version": an_answer(
        {"registered_model": {"name": MODEL, "aliases": [{"alias": "champion", "version": "seven"}]}}
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_no_failure_looks_like_nobody_holding_the_alias(alone: Proxy, lie: Fault) -> None:
    alone.inject(GET_MODEL, lie)
    error = failure(lambda: connected(alone.url).aliases(MODEL))
    assert error.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert error.exit_code == 4
    assert str(error.hint)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["registered_model", "name", "aliases", "alias", "version", "tags"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_no_json_looks_like_nobody_holding_the_alias(alone: Proxy, answer: object) -> None:
    alone.inject(GET_MODEL, an_answer(answer), times=1)
    error = failure(lambda: connected(alone.url).aliases(MODEL))
    assert error.reason is ReasonCode.REGISTRY_UNAVAILABLE


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
@pytest.mark.parametrize("what", [GET_VERSION, GET_RUN, GET_LOGGED_MODEL])
def test_no_failure_looks_like_a_missing_version_run_or_model(
    mlflow_proxy: Proxy, versioned: str, what: str, lie: Fault
) -> None:
    mlflow_proxy.inject(what, lie)
    error = failure(lambda: connected(mlflow_proxy.url).model_version(versioned, "1"))
    assert error.reason is ReasonCode.REGISTRY_UNAVAILABLE


@pytest.mark.parametrize("fault", [Truncate(), LoseAnswer()], ids=["truncated", "cut off"])
@pytest.mark.parametrize("what", [GET_MODEL, GET_VERSION, GET_RUN, GET_LOGGED_MODEL, GET_MLMODEL])
def test_a_broken_answer_is_an_outage(mlflow_proxy: Proxy, versioned: str, what: str, fault: Fault) -> None:
    registry = connected(mlflow_proxy.url)

    def everything() -> None:
        registry.aliases(versioned)
        registry.signature(registry.model_version(versioned, "1"))

    everything()
    mlflow_proxy.inject(what, fault)
    assert failure(everything).reason is ReasonCode.REGISTRY_UNAVAILABLE


@pytest.mark.parametrize("fault", [Answer(status=503), Answer(status=429), LoseAnswer()])
def test_what_fails_once_is_asked_again(mlflow_proxy: Proxy, versioned: str, fault: Fault) -> None:
    mlflow_proxy.inject(GET_MODEL, fault, times=1)
    assert connected(mlflow_proxy.url).aliases(versioned) == {"champion": "1"}


def test_a_server_that_asks_for_time_is_given_it(mlflow_proxy: Proxy, versioned: str) -> None:
    mlflow_proxy.inject(GET_MODEL, Answer(status=429, headers={"Retry-After": "1"}), times=1)
    started = time.monotonic()
    assert connected(mlflow_proxy.url).aliases(versioned) == {"champion": "1"}
    assert time.monotonic() - started >= 1


def test_a_server_that_asks_for_too_much_time_is_not_waited_for(mlflow_proxy: Proxy, versioned: str) -> None:
    mlflow_proxy.inject(GET_MODEL, Answer(status=503, headers={"Retry-After": "3600"}))
    error = failure(lambda: connected(mlflow_proxy.url, seconds=0.5).aliases(versioned))
    assert error.reason is ReasonCode.DEADLINE_EXCEEDED


def test_a_server_that_hangs_is_an_outage(alone: Proxy) -> None:
    alone.inject(".", Hang())
    started = time.monotonic()
    error = failure(lambda: connected(alone.url).aliases(MODEL))
    assert error.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert "in time" in str(error)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("what", [GET_MODEL, GET_MLMODEL])
@pytest.mark.parametrize("fault", [Hang(), Drip(pause=0.1)], ids=["hangs", "drips"])
def test_no_server_holds_a_call_past_the_deadline(
    mlflow_proxy: Proxy, versioned: str, fault: Fault, what: str
) -> None:
    mlflow_proxy.inject(what, fault)
    registry = connected(mlflow_proxy.url, seconds=1.5)
    found = registry.model_version(versioned, "1")
    started = time.monotonic()
    asks = {GET_MODEL: lambda: registry.aliases(versioned), GET_MLMODEL: lambda: registry.signature(found)}
    error = failure(asks[what])
    assert time.monotonic() - started < 3
    assert error.exit_code == 4
    # a body that drips never meets the client's own timeout
    assert isinstance(fault, Hang) or error.reason is ReasonCode.DEADLINE_EXCEEDED


def test_nothing_listening_is_said_at_once() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    started = time.monotonic()
    error = failure(lambda: connected(f"http://127.0.0.1:{port}").aliases(MODEL))
    assert error.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert "nothing answers there" in str(error)
    assert time.monotonic() - started < 3


def test_a_host_nobody_knows_is_said_so() -> None:
    error = failure(lambda: connected("http://mlflow.invalid:5000").aliases(MODEL))
    assert error.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert "host name" in str(error)


def test_a_path_that_is_not_the_servers_is_said_so(mlflow_server: MlflowServer) -> None:
    error = failure(lambda: connected(f"{mlflow_server.url}/mlflow").aliases(MODEL))
    assert error.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert "no MLflow at that address" in str(error)


def test_a_server_that_refuses_the_host_name_is_said_so(alone: Proxy) -> None:
    body = b"Invalid Host header - possible DNS rebinding attack detected"
    alone.inject(".", Answer(status=403, body=body, headers={"Content-Type": "text/plain"}))
    error = failure(lambda: connected(alone.url).aliases(MODEL))
    assert error.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert "--allowed-hosts" in str(error.hint)


def test_an_alias_whose_answer_is_lost_is_set_all_the_same(mlflow_proxy: Proxy, world: HttpWorld) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked())
    mlflow_proxy.inject(POST_ALIAS, LoseAnswer())
    error = failure(lambda: connected(mlflow_proxy.url).set_alias(model, "champion", version=version))
    assert error.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert world.registry.aliases(model) == {"champion": version}


def test_an_alias_whose_answer_is_lost_once_is_written_again(mlflow_proxy: Proxy, world: HttpWorld) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked())
    mlflow_proxy.inject(POST_ALIAS, LoseAnswer(), times=1)
    connected(mlflow_proxy.url).set_alias(model, "champion", version=version)
    assert world.registry.aliases(model) == {"champion": version}


def test_tags_that_fail_half_way_say_which(mlflow_proxy: Proxy, world: HttpWorld) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked())
    registry = connected(mlflow_proxy.url)
    registry.set_tags(model, version, tags={"first": "1"})
    mlflow_proxy.inject(POST_TAG, Answer(status=503))
    error = failure(lambda: registry.set_tags(model, version, tags={"second": "2", "third": "3"}))
    assert error.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert "second" in str(error)
    assert world.registry.model_version(model, version).tags == {"first": "1"}


def test_a_tag_mlflow_does_not_take_is_refused(world: HttpWorld) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked())
    error = failure(lambda: world.registry.set_tags(model, version, tags={"a key!": "1"}))
    assert error.reason is ReasonCode.REQUEST_INVALID
