from __future__ import annotations

from types import ModuleType

import pytest

from promoter.adapters.mlflow_address import Addresses
from promoter.adapters.mlflow_errors import explain, failures, is_absence, is_race
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

ADDRESSES = Addresses(tracking="http://user:canary@mlflow:5000", registry="http://user:canary@mlflow:5000")


class MlflowError(Exception):
    """As MLflow's own: a text and the name of an error code."""

    def __init__(self, text: str, error_code: str = "INTERNAL_ERROR") -> None:
        super().__init__(text)
        self.error_code = error_code


class ServerError(MlflowError):
    """As MLflow's RestException: the text is what the server wrote."""

    json: object = None


def explained(error: BaseException) -> PromoterError:
    return explain(error, doing=say("reading the aliases of ", quote("churn")), addresses=ADDRESSES)


def request_failed(why: str) -> MlflowError:
    """As MLflow words a request that got no answer."""
    return MlflowError(
        "API request to http://user:canary@mlflow:5000/api/2.0/mlflow/registered-models/get failed with "
        "exception HTTPConnectionPool(host='mlflow', port=5000): Max retries exceeded with url: "
        f"/api/2.0/mlflow/registered-models/get?name=ssl+timeout+refused (Caused by {why})"
    )


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (request_failed("ResponseError('too many 503 error responses')"), "HTTP 503"),
        (request_failed("ResponseError('too many 429 error responses')"), "too many requests"),
        (request_failed("NewConnectionError('[Errno 111] Connection refused')"), "nothing answers there"),
        (request_failed("NameResolutionError(\"Failed to resolve 'mlflow'\")"), "host name is not known"),
        (request_failed("ReadTimeoutError('Read timed out. (read timeout=20)')"), "did not answer in time"),
        (request_failed("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))"), "TLS"),
        (
            request_failed("ProtocolError('Connection aborted.', RemoteDisconnected())"),
            "broke the connection",
        ),
        (
            MlflowError("API request to http://user:canary@mlflow:5000/x failed with timeout exception x"),
            "did not answer in time",
        ),
        (MlflowError("endpoint /x failed with error code 302 != 200. Response body: 'x'"), "HTTP 302"),
        (
            MlflowError("endpoint /x failed with error code 404 != 200. Response body: 'x'"),
            "no MLflow at that",
        ),
        (MlflowError("endpoint /x failed with error code 418 != 200. Response body: 'x'"), "HTTP 418"),
        (MlflowError("the response body was not in a valid JSON format. Response body: 'x'"), "not MLflow's"),
        (MlflowError("Detected out-of-date database schema (found version 1)"), "another MLflow version"),
        (ModuleNotFoundError("No module named 'boto3'"), "Python package boto3"),
        (ConnectionResetError("Connection reset by peer"), "broke the connection"),
    ],
)
def test_an_outage_is_named_with_what_to_do(error: Exception, why: str) -> None:
    found = explained(error)
    assert found.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert found.exit_code == 4
    assert str(found).startswith("reading the aliases of `churn` failed at `http://mlflow:5000`: ")
    assert why in str(found)
    assert str(found.hint)
    assert "canary" not in f"{found}{found.hint}"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("PERMISSION_DENIED", ReasonCode.PERMISSION_DENIED),
        ("UNAUTHENTICATED", ReasonCode.PERMISSION_DENIED),
        ("CUSTOMER_UNAUTHORIZED", ReasonCode.PERMISSION_DENIED),
        ("RESOURCE_DOES_NOT_EXIST", ReasonCode.VERSION_NOT_FOUND),
        ("INVALID_PARAMETER_VALUE", ReasonCode.REQUEST_INVALID),
        ("INTERNAL_ERROR", ReasonCode.REGISTRY_UNAVAILABLE),
        ("ENDPOINT_NOT_FOUND", ReasonCode.REGISTRY_UNAVAILABLE),
        ("BAD_REQUEST", ReasonCode.REGISTRY_UNAVAILABLE),
        ("", ReasonCode.REGISTRY_UNAVAILABLE),
        ("made up", ReasonCode.REGISTRY_UNAVAILABLE),
    ],
)
def test_the_servers_code_decides_the_reason(code: str, reason: ReasonCode) -> None:
    assert explained(ServerError("whatever", code)).reason is reason


def test_a_missing_model_and_a_forbidden_one_look_alike() -> None:
    found = explained(MlflowError("Permission denied", "PERMISSION_DENIED"))
    assert "does not exist, or" in str(found)
    assert "EDIT" in str(found.hint)


def test_a_refused_host_name_says_how_to_allow_it() -> None:
    found = explained(MlflowError("Invalid Host header - possible DNS rebinding", "PERMISSION_DENIED"))
    assert found.reason is ReasonCode.REGISTRY_UNAVAILABLE
    assert "MLFLOW_SERVER_ALLOWED_HOSTS" in str(found.hint)


def test_an_address_nobody_understands_is_wrong_usage() -> None:
    class UnsupportedModelRegistryStoreURIException(MlflowError):
        pass

    found = explained(UnsupportedModelRegistryStoreURIException("foo://x", "INVALID_PARAMETER_VALUE"))
    assert found.reason is ReasonCode.USAGE_INVALID


def test_of_a_servers_text_only_the_first_line_is_quoted() -> None:
    text = "value too long\n[SQL: INSERT INTO t VALUES ('row')]\n[parameters: {'name': 'a customer'}]"
    found = explained(ServerError(text))
    assert "value too long" in str(found)
    assert "SQL" not in str(found)
    assert "a customer" not in str(found)


def test_of_an_answer_that_is_no_json_only_the_body_is_quoted() -> None:
    text = "API request to endpoint /x failed with error code 403 != 200. Response body: 'Permission denied'"
    found = str(explained(MlflowError(text, "PERMISSION_DENIED")))
    assert found.endswith("`Permission denied`")
    assert "endpoint" not in found


def test_a_servers_text_is_neither_markup_nor_a_command() -> None:
    found = explained(ServerError("`x` ::error::y ##[group]z \x1b[31m" + "w" * 5000))
    assert "::error::" not in str(found)
    assert "##[" not in str(found)
    assert "\x1b" not in str(found)
    assert len(str(found)) < 400


def test_a_servers_words_do_not_pass_for_a_network_failure() -> None:
    found = explained(ServerError("Connection refused, timed out, CERTIFICATE_VERIFY_FAILED"))
    assert "it said" in str(found)


def test_a_failure_without_any_text_names_its_kind() -> None:
    assert "KeyError" in str(explained(KeyError()))


def test_a_password_is_hidden_wherever_a_text_is_cut() -> None:
    for filler in range(0, 300, 7):
        found = explained(ServerError("x" * filler + " http://user:canary@mlflow:5000/x"))
        assert "canary" not in str(found)


@pytest.mark.parametrize(
    ("error", "absent"),
    [
        (ServerError("x", "RESOURCE_DOES_NOT_EXIST"), True),
        (ServerError("RESOURCE_DOES_NOT_EXIST: x not found", "INTERNAL_ERROR"), False),
        (ServerError("x", "ENDPOINT_NOT_FOUND"), False),
        (ServerError("x", "INVALID_PARAMETER_VALUE"), False),
        (FileNotFoundError("x"), False),
    ],
)
def test_only_mlflows_own_code_proves_absence(error: Exception, absent: bool) -> None:
    assert is_absence(error) is absent


@pytest.mark.parametrize(
    ("text", "race"),
    [
        ("(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint", True),
        ("(sqlite3.IntegrityError) UNIQUE constraint failed: registered_model_aliases.name", True),
        ("(pymysql.err.IntegrityError) (1062, \"Duplicate entry 'a' for key\")", True),
        ("Registered Model with name=unique not found", False),
    ],
)
def test_a_race_is_known_by_the_databases_words(text: str, race: bool) -> None:
    assert is_race(ServerError(text, "BAD_REQUEST")) is race


def test_clients_of_artifact_stores_fail_in_their_own_ways() -> None:
    module = ModuleType("botocore.exceptions")
    client_error = type("ClientError", (Exception,), {})
    vars(module).update(ClientError=client_error, BotoCoreError=type("BotoCoreError", (Exception,), {}))
    assert issubclass(client_error, failures({"botocore.exceptions": module}))
    assert not issubclass(client_error, failures({}))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("boto3.exceptions", "S3UploadFailedError"),
        ("google.resumable_media.common", "InvalidResponse"),
        ("google.resumable_media.common", "DataCorruption"),
        ("google.cloud.storage.exceptions", "InvalidResponse"),
        ("google.cloud.storage.exceptions", "DataCorruption"),
        ("azure.core.exceptions", "HttpResponseError"),
        ("urllib3.exceptions", "ProtocolError"),
    ],
)
def test_what_an_upload_may_raise_is_known(module: str, name: str) -> None:
    client = pytest.importorskip(module)
    assert issubclass(getattr(client, name), failures({module: client}))


def test_a_client_of_another_age_may_lack_a_class() -> None:
    assert failures({"google.cloud.storage.exceptions": ModuleType("empty")}) == failures({})


def test_our_own_errors_are_no_failures_of_mlflow() -> None:
    assert not issubclass(PromoterError, failures())
    assert not issubclass(KeyboardInterrupt, failures())
