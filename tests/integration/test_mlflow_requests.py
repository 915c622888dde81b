"""How many requests each question costs, counted by a proxy before a real server."""

from __future__ import annotations

import pytest

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.core.model_version import Column, Papers, Signature
from promoter.core.prompt import Kind
from promoter.errors import PromoterError, ReasonCode
from tests.mlflow_server import MlflowServer
from tests.proxy import Proxy
from tests.registry_worlds import HttpWorld, RunAsked, VersionAsked, unique

pytestmark = pytest.mark.integration

GET_MODEL = "GET /api/2.0/mlflow/registered-models/get"
GET_VERSION = "GET /api/2.0/mlflow/model-versions/get"
GET_LOCATION = "GET /api/2.0/mlflow/model-versions/get-download-uri"
GET_RUN = "GET /api/2.0/mlflow/runs/get"
SET_ALIAS = "POST /api/2.0/mlflow/registered-models/alias"
SET_TAG = "POST /api/2.0/mlflow/model-versions/set-tag"
A_SIGNATURE = Signature(inputs=(Column(name="a", kind="long"),), outputs=())


@pytest.fixture
def world(mlflow_server: MlflowServer, a_minute: Deadline) -> HttpWorld:
    return HttpWorld(mlflow_server, deadline=a_minute)


def registry_at(proxy: Proxy, deadline: Deadline) -> mlflow_registry.MlflowRegistry:
    return mlflow_registry.connect(tracking_uri=proxy.url, registry_uri="", deadline=deadline)


def reader_at(proxy: Proxy, deadline: Deadline) -> mlflow_registry.MlflowReader:
    return mlflow_registry.connect_reader(tracking_uri=proxy.url, registry_uri="", deadline=deadline)


def logged_model(line: str) -> bool:
    return line.startswith("GET /api/2.0/mlflow/logged-models/m-")


def test_connecting_asks_nothing(mlflow_proxy: Proxy, a_minute: Deadline) -> None:
    reader_at(mlflow_proxy, a_minute)
    assert mlflow_proxy.lines() == []


def test_aliases_are_one_request(world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline) -> None:
    model = world.new_model()
    reader_at(mlflow_proxy, a_minute).aliases(model)
    assert mlflow_proxy.lines() == [GET_MODEL]


def test_a_version_is_one_request_and_one_for_each_thing_it_came_from(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    model = world.new_model()
    reader = reader_at(mlflow_proxy, a_minute)
    reader.model_version(model, world.new_version(model, VersionAsked()))
    assert mlflow_proxy.lines() == [GET_VERSION]
    reader.model_version(model, world.new_version(model, VersionAsked(run=RunAsked())))
    assert mlflow_proxy.lines() == [GET_VERSION, GET_RUN]
    reader.model_version(model, world.new_version(model, VersionAsked(run=RunAsked(), logged_metrics={})))
    version, run, logged = mlflow_proxy.lines()
    assert (version, run) == (GET_VERSION, GET_RUN)
    assert logged_model(logged)


@pytest.mark.parametrize("version", ["-1", "seven", "9" * 30, "0", ""])
def test_what_can_be_no_version_is_not_asked_for(
    mlflow_proxy: Proxy, a_minute: Deadline, version: str
) -> None:
    with pytest.raises(PromoterError):
        reader_at(mlflow_proxy, a_minute).model_version("any", version)
    assert mlflow_proxy.lines() == []


def test_the_signature_of_a_run_is_one_request(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked(run=RunAsked(), signature=A_SIGNATURE))
    reader = reader_at(mlflow_proxy, a_minute)
    found = reader.model_version(model, version)
    mlflow_proxy.lines()
    assert reader.signature(found) == A_SIGNATURE
    (only,) = mlflow_proxy.lines()
    assert only.startswith("GET /api/2.0/mlflow-artifacts/artifacts/")
    assert only.endswith("/artifacts/model/MLmodel")


def test_what_files_say_is_a_request_each_and_none_once_they_were_downloaded(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    model = world.new_model()
    asked = VersionAsked(run=RunAsked(), signature=A_SIGNATURE, requirements="mlflow==3.17.2")
    reader = reader_at(mlflow_proxy, a_minute)
    found = reader.model_version(model, world.new_version(model, asked))
    papers = Papers(signature=A_SIGNATURE, requirements="mlflow==3.17.2")
    mlflow_proxy.lines()
    assert reader.papers(found) == papers
    assert [line.rpartition("/")[2] for line in mlflow_proxy.lines()] == ["MLmodel", "requirements.txt"]
    assert reader.signature(found) == A_SIGNATURE
    mlflow_proxy.lines()
    assert reader.papers(found) == papers
    assert [line.rpartition("/")[2] for line in mlflow_proxy.lines()] == ["requirements.txt"]
    reader.files(found)
    mlflow_proxy.lines()
    assert reader.papers(found) == papers
    assert mlflow_proxy.lines() == []


def test_what_a_check_decides_by_is_read_anew(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    model = world.new_model()
    asked = VersionAsked(run=RunAsked(), signature=A_SIGNATURE)
    reader = reader_at(mlflow_proxy, a_minute)
    found = reader.model_version(model, world.new_version(model, asked))
    reader.files(found)
    mlflow_proxy.lines()
    assert reader.signature(found) == A_SIGNATURE
    assert len(mlflow_proxy.lines()) == 1


@pytest.mark.parametrize("text", [b"x" * (64 * 1024 + 1), b"caf\xe9"])
def test_requirements_that_are_too_large_or_no_text_are_not_taken(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline, text: bytes
) -> None:
    model = world.new_model()
    asked = VersionAsked(run=RunAsked(), signature=A_SIGNATURE)
    reader = reader_at(mlflow_proxy, a_minute)
    found = reader.model_version(model, world.new_version(model, asked))
    (world.folder_of(found.source) / "requirements.txt").write_bytes(text)
    for read in (lambda: None, lambda: reader.files(found)):
        read()
        with pytest.raises(PromoterError, match=r"requirements\.txt"):
            reader.papers(found)


def test_a_report_never_becomes_one_of_the_models_files(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    model = world.new_model()
    number = world.new_version(model, VersionAsked(run=RunAsked(files={"MLmodel": b"flavors: {}"})))
    run = world.client.get_run(str(world.client.get_model_version(model, number).run_id))
    world.set_source(model, number, run.info.artifact_uri)
    registry = registry_at(mlflow_proxy, a_minute)
    found = registry.model_version(model, number)
    before = registry.files(found)
    with pytest.raises(PromoterError, match="one of the model's files") as caught:
        registry.log_files(found, files={"promoter/12-champion/report.html": "<p>"})
    assert caught.value.reason is ReasonCode.NOT_AVAILABLE
    assert registry.files(found).digest == before.digest


def test_a_report_is_a_request_for_each_file(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    model = world.new_model()
    registry = registry_at(mlflow_proxy, a_minute)
    found = registry.model_version(model, world.new_version(model, VersionAsked(run=RunAsked())))
    mlflow_proxy.lines()
    registry.log_files(found, files={"promoter/12-champion/report.html": "<p>", "promoter/x.json": "{}"})
    lines = mlflow_proxy.lines()
    assert [line.partition("/artifacts/promoter/")[2] for line in lines] == [
        "12-champion/report.html",
        "x.json",
    ]
    assert all(line.startswith("PUT /api/2.0/mlflow-artifacts/artifacts/") for line in lines)


def test_the_signature_of_a_logged_model_is_one_request_once_it_was_read(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    model = world.new_model()
    asked = VersionAsked(run=RunAsked(), logged_metrics={}, signature=A_SIGNATURE)
    reader = reader_at(mlflow_proxy, a_minute)
    found = reader.model_version(model, world.new_version(model, asked))
    mlflow_proxy.lines()
    assert reader.signature(found) == A_SIGNATURE
    assert len(mlflow_proxy.lines()) == 1
    # somebody else, who has not read the LoggedModel
    assert reader_at(mlflow_proxy, a_minute).signature(found) == A_SIGNATURE
    where, _ = mlflow_proxy.lines()
    assert where == GET_LOCATION


def test_a_version_registered_from_its_run_is_found_among_the_runs_models(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    """`create_model_version(name, "runs:/<id>/model")`, as MLflow's own examples do, since MLflow 3."""
    from mlflow.entities import LoggedModelOutput  # noqa: PLC0415

    model = world.new_model()
    version = world.new_version(model, VersionAsked(run=RunAsked(), logged_metrics={}, signature=A_SIGNATURE))
    reader = reader_at(mlflow_proxy, a_minute)
    first = reader.model_version(model, version)
    run_id = first.run_id or ""
    model_id = first.source.removeprefix("models:/")
    other = world.client.create_logged_model("0", "another", run_id)
    outputs = [LoggedModelOutput(other.model_id, 0), LoggedModelOutput(model_id, 1)]
    world.client.log_outputs(run_id, outputs)
    made = world.client.create_model_version(model, f"runs:/{run_id}/model", run_id, await_creation_for=0)
    second = reader.model_version(model, str(made.version))
    mlflow_proxy.lines()
    assert reader.signature(second) == A_SIGNATURE
    run, *logged, _ = mlflow_proxy.lines()
    assert run == GET_RUN
    assert logged
    assert all(map(logged_model, logged))


def test_a_version_registered_from_its_run_is_found_among_its_artifacts(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    """The same before MLflow 3, when models lay among the run's artifacts."""
    model = world.new_model()
    version = world.new_version(model, VersionAsked(run=RunAsked(), signature=A_SIGNATURE))
    reader = reader_at(mlflow_proxy, a_minute)
    run_id = reader.model_version(model, version).run_id
    made = world.client.create_model_version(model, f"runs:/{run_id}/model", run_id, await_creation_for=0)
    second = reader.model_version(model, str(made.version))
    mlflow_proxy.lines()
    assert reader.signature(second) == A_SIGNATURE
    assert mlflow_proxy.lines()[0] == GET_RUN


def test_a_copy_has_the_signature_of_what_it_was_copied_from(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    model = world.new_model("dev")
    version = world.new_version(model, VersionAsked(run=RunAsked(), signature=A_SIGNATURE))
    copy = world.client.copy_model_version(f"models:/{model}/{version}", world.new_model("prod"))
    reader = reader_at(mlflow_proxy, a_minute)
    found = reader.model_version(copy.name, str(copy.version))
    assert found.source == f"models:/{model}/{version}"
    assert reader.signature(found) == A_SIGNATURE


def test_a_version_without_its_file_is_not_one_without_signature(world: HttpWorld) -> None:
    model = world.new_model()
    found = world.registry.model_version(model, world.new_version(model, VersionAsked(run=RunAsked())))
    file = world.folder_of(found.source) / "MLmodel"
    assert world.registry.signature(found) is None
    file.unlink()
    with pytest.raises(PromoterError) as caught:
        world.registry.signature(found)
    assert caught.value.reason is ReasonCode.DATA_UNAVAILABLE


def test_a_served_file_is_not_read_past_its_limit(world: HttpWorld) -> None:
    model = world.new_model()
    found = world.registry.model_version(model, world.new_version(model, VersionAsked(run=RunAsked())))
    (world.folder_of(found.source) / "MLmodel").write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(PromoterError, match="larger than 1 MiB"):
        world.registry.signature(found)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("file:///proc/self", ReasonCode.MODEL_UNSAFE),
        ("http://attacker.example.com/x", ReasonCode.MODEL_UNSAFE),
        ("mlflow-artifacts://attacker.example.com/x", ReasonCode.MODEL_UNSAFE),
        ("/etc", ReasonCode.DATA_UNAVAILABLE),
    ],
)
def test_a_source_that_could_lead_anywhere_is_asked_of_nobody(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline, *, source: str, reason: ReasonCode
) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked())
    world.set_source(model, version, source)
    reader = reader_at(mlflow_proxy, a_minute)
    found = reader.model_version(model, version)
    mlflow_proxy.lines()
    with pytest.raises(PromoterError) as caught:
        reader.signature(found)
    assert caught.value.reason is reason
    assert mlflow_proxy.lines() == []


def test_an_alias_and_a_tag_are_one_request_each(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked())
    registry = registry_at(mlflow_proxy, a_minute)
    registry.set_alias(model, "champion", version=version)
    assert mlflow_proxy.lines() == [SET_ALIAS]
    registry.set_tags(model, version, tags={"a": "1", "b": "2"})
    assert mlflow_proxy.lines() == [SET_TAG, SET_TAG]


def test_a_run_that_never_was_is_no_run(world: HttpWorld) -> None:
    """As when the version was registered from another tracking server."""
    model = world.new_model()
    store = world.client._get_registry_client().store
    store.create_model_version(model, "s3://bucket/model", run_id="0" * 32)
    found = world.registry.model_version(model, "1")
    assert found.run is None
    assert found.run_id == "0" * 32


def test_a_logged_model_that_was_deleted_is_none(world: HttpWorld) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked(run=RunAsked(), logged_metrics={"f1": 0.9}))
    found = world.registry.model_version(model, version)
    assert found.logged_model is not None
    world.client.delete_logged_model(found.logged_model.model_id)
    assert world.registry.model_version(model, version).logged_model is None


def test_a_copy_of_a_model_whose_name_looks_like_an_id_has_no_logged_model(
    world: HttpWorld, mlflow_proxy: Proxy, a_minute: Deadline
) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked())
    world.set_source(model, version, "models:/m-churn/3")
    assert reader_at(mlflow_proxy, a_minute).model_version(model, version).logged_model is None
    # The second asks for the version that it is a copy of, for that one's LoggedModel.
    assert mlflow_proxy.lines() == [GET_VERSION, GET_VERSION]


def test_a_prompt_is_no_registered_model(world: HttpWorld) -> None:
    from mlflow.entities.model_registry import RegisteredModelTag  # noqa: PLC0415

    name = unique("prompt")
    store = world.client._get_registry_client().store
    store.create_registered_model(name, tags=[RegisteredModelTag("mlflow.prompt.is_prompt", "true")])
    with pytest.raises(PromoterError) as caught:
        world.registry.aliases(name, kind=Kind.MODEL)
    assert caught.value.reason is ReasonCode.MODEL_NOT_FOUND


def test_a_reader_has_no_method_that_writes() -> None:
    public = {name for name in vars(mlflow_registry.MlflowReader) if not name.startswith("_")}
    listing = {"aliases", "all_aliases", "versions"}
    assert public == {*listing, "download", "files", "model_version", "papers", "run_file", "signature"}
