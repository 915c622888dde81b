"""Unity Catalog by MLflow's own `databricks-uc` client over HTTP.

Shapes from documents, not from a live workspace: see `databricks_recorded`, which names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import mlflow
import pytest

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_registry import MlflowRegistry
from promoter.core.model_version import Column, Papers, Signature
from promoter.errors import PromoterError, ReasonCode
from tests.builders import a_model_version
from tests.registry_worlds import mlmodel_text
from tests.unit.adapters.databricks_recorded import HOST, TOKEN, Answer, Catalog, refused, served

MODEL = "prod.ml.churn"
WRITTEN = Signature(
    inputs=(Column(name="tenure", kind="long"),), outputs=(Column(name="churn", kind="double"),)
)
FILES = {"MLmodel": mlmodel_text(WRITTEN).encode(), "requirements.txt": b"scikit-learn==1.7.2\n"}


@pytest.fixture(autouse=True)
def _unknown_to_mlflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The addresses are inputs: MLflow itself was told of no server, and takes one that it cannot open."""
    before = mlflow.get_tracking_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nowhere://")  # MLflow sets it: put back for other tests
    mlflow.set_tracking_uri("nowhere://")
    yield
    mlflow.set_tracking_uri(before)


@pytest.fixture(autouse=True)
def _workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What MLflow's client and Databricks' SDK look for; one retry at once."""
    monkeypatch.setenv("DATABRICKS_HOST", HOST)
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "no-profiles"))
    monkeypatch.setenv("MLFLOW_DATABRICKS_ENDPOINT_HTTP_RETRY_TIMEOUT", "3")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    """A workspace with a model of two versions, the first of which is champion."""
    made = Catalog()
    for version in ("1", "2"):
        made.add_version(MODEL, version, files=FILES)
    made.models[MODEL] = {"champion": "1"}
    with served(made):
        yield made


def registry(seconds: float = 60) -> MlflowRegistry:
    return mlflow_registry.connect(
        tracking_uri="databricks", registry_uri="databricks-uc", deadline=Deadline(seconds), secrets=(TOKEN,)
    )


def failure(call: Callable[[], object]) -> PromoterError:
    with pytest.raises(PromoterError) as caught:
        call()
    assert TOKEN not in str(caught.value)
    assert "canary-signature" not in str(caught.value)
    return caught.value


@pytest.mark.usefixtures("catalog")
def test_aliases_and_a_version_are_read_by_a_name_of_three_levels() -> None:
    assert registry().aliases(MODEL) == {"champion": "1"}
    found = registry().model_version(MODEL, "2")
    assert (found.model, found.version, found.status) == (MODEL, "2", "READY")
    assert (found.description, found.tags) == ("version 2", {"owner": "risk"})
    assert (found.run_id, found.run, found.logged_model) == (None, None, None)


@pytest.mark.usefixtures("catalog")
def test_an_alias_that_nobody_holds_is_proven_by_the_model_and_not_by_asking_for_it() -> None:
    assert registry().aliases(MODEL).get("shadow") is None


def test_an_alias_is_moved_and_read_back(catalog: Catalog) -> None:
    registry().set_alias(MODEL, "champion", version="2")
    assert registry().aliases(MODEL) == {"champion": "2"}
    # No request more than these: MLflow's public method reads the model before each write.
    assert [asked for asked in catalog.asked if "registered-models" in asked] == [
        "POST /registered-models/alias",
        "GET /registered-models/get",
    ]


def test_capitals_in_an_alias_are_refused_before_they_are_lost(catalog: Catalog) -> None:
    error = failure(lambda: registry().set_alias(MODEL, "Champion", version="2"))
    assert (error.reason, catalog.models[MODEL]) == (ReasonCode.REQUEST_INVALID, {"champion": "1"})


@pytest.mark.usefixtures("catalog")
def test_capitals_in_a_name_are_no_other_name_there_and_none_here() -> None:
    error = failure(lambda: registry().aliases("Prod.ML.churn"))
    assert (error.reason, "`prod.ml.churn`" in str(error)) == (ReasonCode.MODEL_NOT_FOUND, True)


@pytest.mark.parametrize("name", ["churn", "ml.churn"])
@pytest.mark.usefixtures("catalog")
def test_a_name_of_fewer_levels_is_no_model(name: str) -> None:
    assert failure(lambda: registry().aliases(name)).reason is ReasonCode.MODEL_NOT_FOUND


@pytest.mark.usefixtures("catalog")
def test_what_is_not_there_is_not_found() -> None:
    reader = registry()
    assert failure(lambda: reader.aliases("prod.ml.nobody")).reason is ReasonCode.MODEL_NOT_FOUND
    assert failure(lambda: reader.model_version(MODEL, "9")).reason is ReasonCode.VERSION_NOT_FOUND
    write = failure(lambda: reader.set_alias(MODEL, "champion", version="9"))
    assert write.reason is ReasonCode.VERSION_NOT_FOUND


def test_our_tags_are_such_as_unity_catalog_takes(catalog: Catalog) -> None:
    ours = {"promoter_verdict": "promote", "promoter_evidence": "a" * 64, "promoter_check_f1_score": "passed"}
    registry().set_tags(MODEL, "2", tags=ours)
    assert catalog.tags[MODEL, "2"] == {"owner": "risk", **ours}


@pytest.mark.parametrize(("key", "value"), [("a.b", "x"), ("a:b", "x"), ("a/b", "x"), ("a", "x" * 1_001)])
@pytest.mark.usefixtures("catalog")
def test_other_tags_are_refused_in_its_words(key: str, value: str) -> None:
    error = failure(lambda: registry().set_tags(MODEL, "2", tags={key: value}))
    assert (error.reason, "is not valid" in str(error)) == (ReasonCode.REQUEST_INVALID, True)


def test_versions_are_listed_over_pages_and_each_is_asked_for_its_tags(catalog: Catalog) -> None:
    catalog.page = 1
    listed = registry().versions(MODEL)
    assert [(one.version, one.tags) for one in listed] == [("2", {"owner": "risk"}), ("1", {"owner": "risk"})]
    assert catalog.asked.count("GET /model-versions/search") == 2
    assert catalog.asked.count("GET /model-versions/get") == 2


def test_a_version_that_was_deleted_since_it_was_listed_is_left_out(catalog: Catalog) -> None:
    gone = refused(404, "RESOURCE_DOES_NOT_EXIST", "deleted meanwhile")
    catalog.first["GET /model-versions/get"] = iter([gone])
    assert [one.version for one in registry().versions(MODEL)] == ["2"]


def test_all_aliases_are_read_over_pages_model_by_model(catalog: Catalog) -> None:
    catalog.page = 1
    catalog.add_version("dev.ml.churn", "4")
    assert registry().all_aliases() == {"dev.ml.churn": {}, MODEL: {"champion": "1"}}
    assert catalog.asked.count("GET /registered-models/search") == 2


GET_MODEL = "GET /registered-models/get"
BUSY: Answer = refused(429, "REQUEST_LIMIT_EXCEEDED", "Current rate exceeded", Retry_After="0")
DENIED: Answer = refused(403, "PERMISSION_DENIED", "User does not have EXECUTE on Routine or Model 'churn'.")


def test_too_many_requests_pass(catalog: Catalog) -> None:
    catalog.first[GET_MODEL] = iter([BUSY])
    assert registry().aliases(MODEL) == {"champion": "1"}


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (repeat(BUSY), ReasonCode.REGISTRY_UNAVAILABLE),
        (repeat(DENIED), ReasonCode.PERMISSION_DENIED),
        (repeat(refused(401, "UNAUTHENTICATED", "Invalid access token.")), ReasonCode.PERMISSION_DENIED),
        (repeat(refused(500, "INTERNAL_ERROR", "x")), ReasonCode.REGISTRY_UNAVAILABLE),
        (repeat(refused(503, "TEMPORARILY_UNAVAILABLE", "x")), ReasonCode.REGISTRY_UNAVAILABLE),
        (repeat((200, {}, "{}")), ReasonCode.REGISTRY_UNAVAILABLE),
        (repeat((200, {}, "<html>Sign in</html>")), ReasonCode.REGISTRY_UNAVAILABLE),
    ],
)
def test_no_failure_means_that_nobody_holds_the_alias(
    answers: Iterator[Answer], reason: ReasonCode, catalog: Catalog
) -> None:
    catalog.first[GET_MODEL] = answers
    assert failure(lambda: registry().aliases(MODEL)).reason is reason


def test_only_the_owner_may_set_an_alias(catalog: Catalog) -> None:
    denied = refused(403, "PERMISSION_DENIED", "User is not an owner of Routine or Model 'churn'.")
    catalog.first["POST /registered-models/alias"] = iter([denied])
    error = failure(lambda: registry().set_alias(MODEL, "champion", version="2"))
    assert (error.reason, "not an owner" in str(error)) == (ReasonCode.PERMISSION_DENIED, True)
    assert catalog.models[MODEL] == {"champion": "1"}


@pytest.mark.usefixtures("catalog")
def test_signature_and_requirements_are_read_from_the_files() -> None:
    reader = registry()
    version = reader.model_version(MODEL, "1")
    assert reader.signature(version) == WRITTEN
    assert reader.papers(version) == Papers(signature=WRITTEN, requirements="scikit-learn==1.7.2\n")


def test_files_are_not_read_without_the_pass_to_the_storage(catalog: Catalog) -> None:
    catalog.first["POST /model-versions/generate-temporary-credentials"] = iter([DENIED])
    error = failure(lambda: registry().signature(a_model_version(model=MODEL, version="1")))
    assert error.reason is ReasonCode.PERMISSION_DENIED


def test_a_version_without_files_has_no_signature_to_compare(catalog: Catalog) -> None:
    catalog.add_version(MODEL, "3")
    error = failure(lambda: registry().signature(a_model_version(model=MODEL, version="3")))
    assert error.reason in {ReasonCode.DATA_UNAVAILABLE, ReasonCode.REGISTRY_UNAVAILABLE}
