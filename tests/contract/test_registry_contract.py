"""One contract for every registry: the fake in memory, MLflow over HTTP, MLflow's SQLite file directly."""

from __future__ import annotations

import math
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_address import Addresses
from promoter.adapters.mlflow_aliases import Aliases
from promoter.adapters.mlflow_calls import Calls
from promoter.adapters.mlflow_client import open_client
from promoter.adapters.mlflow_versions import Versions
from promoter.core.model_version import Column, Dataset, Papers, Signature
from promoter.errors import PromoterError, ReasonCode
from tests.mlflow_server import MlflowServer
from tests.registry_worlds import (
    HttpWorld,
    MemoryWorld,
    RunAsked,
    SqliteWorld,
    VersionAsked,
    World,
    require_full_mlflow,
)

pytestmark = pytest.mark.integration

A_SIGNATURE = Signature(
    inputs=(Column(name="tenure", kind="long"), Column(name="it's", kind="string", required=False)),
    outputs=(Column(name="churn", kind="double"),),
)


@pytest.fixture(params=["memory", "http", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param == "memory":
        return MemoryWorld()
    server: MlflowServer = request.getfixturevalue("mlflow_server")
    if request.param == "http":
        return HttpWorld(server, deadline=Deadline(60))
    return SqliteWorld(server, deadline=Deadline(60), folder=tmp_path)


def reason_of(caught: pytest.ExceptionInfo[PromoterError]) -> ReasonCode:
    return caught.value.reason


def test_a_new_model_has_no_aliases(world: World) -> None:
    assert world.registry.aliases(world.new_model()) == {}


def test_an_unknown_model_is_not_found(world: World) -> None:
    with pytest.raises(PromoterError) as caught:
        world.registry.aliases("nobody registered this")
    assert reason_of(caught) is ReasonCode.MODEL_NOT_FOUND


@pytest.mark.parametrize("name", ["a b", 'say "hi"', "100%", "<b>bold", "Ä 模型", "two\nlines", "x%2Fy"])
def test_any_model_name_mlflow_takes_is_read_back(world: World, name: str) -> None:
    model = world.new_model(name)
    version = world.new_version(model, VersionAsked())
    world.registry.set_alias(model, "champion", version=version)
    assert world.registry.aliases(model) == {"champion": "1"}
    assert world.registry.model_version(model, "1").model == model


def test_a_name_is_not_found_in_other_capitals(world: World) -> None:
    model = world.new_model("Churn")
    with pytest.raises(PromoterError) as caught:
        world.registry.aliases(model.swapcase())
    assert reason_of(caught) is ReasonCode.MODEL_NOT_FOUND


def test_an_alias_is_set_and_moved(world: World) -> None:
    model = world.new_model()
    first, second = (world.new_version(model, VersionAsked()) for _ in range(2))
    world.registry.set_alias(model, "champion", version=first)
    assert world.registry.aliases(model) == {"champion": "1"}
    world.registry.set_alias(model, "champion", version=second)
    assert world.registry.aliases(model) == {"champion": "2"}


def test_aliases_in_other_capitals_are_other_aliases(world: World) -> None:
    model = world.new_model()
    first, second = (world.new_version(model, VersionAsked()) for _ in range(2))
    world.registry.set_alias(model, "champion", version=first)
    world.registry.set_alias(model, "Champion", version=second)
    assert world.registry.aliases(model) == {"champion": "1", "Champion": "2"}


def test_the_aliases_of_all_models_are_those_of_each(world: World) -> None:
    bare, two = world.new_model("bare"), world.new_model("two\nlines")
    for _ in range(2):
        world.new_version(two, VersionAsked())
    world.registry.set_alias(two, "champion", version="2")
    world.registry.set_alias(two, "Champion", version="1")

    everything = world.registry.all_aliases()

    assert (everything[bare], everything[two]) == ({}, {"champion": "2", "Champion": "1"})
    assert all(version.isdigit() for aliases in everything.values() for version in aliases.values())


def test_prompts_are_no_models(world: World) -> None:
    prompt, model = world.new_prompt("say hello"), world.new_model("say hello")
    everything = world.registry.all_aliases()
    assert (prompt in everything, model in everything) == (False, True)


@pytest.mark.parametrize("page", [1, 2, 1_000])
@pytest.mark.parametrize("by", ["url", "database"])
def test_the_aliases_of_all_models_come_in_pages(mlflow_server: MlflowServer, by: str, page: int) -> None:
    if by == "database":
        require_full_mlflow()
    world = HttpWorld(mlflow_server, deadline=Deadline(60))
    models = [world.new_model("paged") for _ in range(3)]
    for model in models:
        world.registry.set_alias(model, "champion", version=world.new_version(model, VersionAsked()))
    address = mlflow_server.url if by == "url" else mlflow_server.database
    addresses, deadline = Addresses(tracking=address, registry=address), Deadline(60)
    calls, client = Calls(addresses=addresses, deadline=deadline), open_client(addresses, deadline)

    paged = Aliases(client=client, calls=calls, addresses=addresses, page=page).of_all()

    assert paged == world.registry.all_aliases()
    assert {model: paged[model] for model in models} == {model: {"champion": "1"} for model in models}


@pytest.mark.parametrize("name", ["many", "it's", 'say "hi"', "a b%_"])
def test_the_versions_of_a_model_come_newest_first(world: World, name: str) -> None:
    model = world.new_model(name)
    assert world.registry.versions(model) == ()
    for _ in range(11):
        world.new_version(model, VersionAsked())
    listed = world.registry.versions(model)
    assert [one.version for one in listed] == [str(number) for number in range(11, 0, -1)]
    read = world.registry.model_version(model, "11")
    assert listed[0] == replace(read, run=None, logged_model=None)


def test_the_versions_of_an_unknown_model_are_not_none(world: World) -> None:
    with pytest.raises(PromoterError) as caught:
        world.registry.versions("nobody registered this")
    assert reason_of(caught) is ReasonCode.MODEL_NOT_FOUND


@pytest.mark.parametrize("page", [1, 2, 3])
def test_the_versions_of_a_model_come_in_pages(mlflow_server: MlflowServer, page: int) -> None:
    world = HttpWorld(mlflow_server, deadline=Deadline(60))
    model = world.new_model("paged")
    for _ in range(3):
        world.new_version(model, VersionAsked())
    addresses, deadline = Addresses(tracking=mlflow_server.url, registry=mlflow_server.url), Deadline(60)
    calls, client = Calls(addresses=addresses, deadline=deadline), open_client(addresses, deadline)

    listed = Versions(client, calls=calls, shown="", page=page).of(model, prove=world.registry.aliases)

    assert [one.version for one in listed] == ["3", "2", "1"]


def test_an_alias_is_not_set_to_a_version_that_is_not_there(world: World) -> None:
    model = world.new_model()
    world.new_version(model, VersionAsked())
    for version in ("2", "0", "-1", "one", "9" * 30):
        with pytest.raises(PromoterError) as caught:
            world.registry.set_alias(model, "champion", version=version)
        assert reason_of(caught) is ReasonCode.VERSION_NOT_FOUND
    assert world.registry.aliases(model) == {}


@pytest.mark.parametrize("alias", ["latest", "Latest", "v1", "v22", "", "a b", "a/b"])
def test_an_alias_mlflow_does_not_take_is_refused(world: World, alias: str) -> None:
    model = world.new_model()
    world.new_version(model, VersionAsked())
    with pytest.raises(PromoterError) as caught:
        world.registry.set_alias(model, alias, version="1")
    assert reason_of(caught) is ReasonCode.REQUEST_INVALID
    assert world.registry.aliases(model) == {}


@pytest.mark.parametrize("version", ["2", "0", "-1", "one", "", "1.0", "٣", "9" * 30, "9" * 5000])
def test_a_version_that_is_not_there_is_not_found(world: World, version: str) -> None:
    model = world.new_model()
    world.new_version(model, VersionAsked())
    with pytest.raises(PromoterError) as caught:
        world.registry.model_version(model, version)
    assert reason_of(caught) is ReasonCode.VERSION_NOT_FOUND


def test_a_version_of_an_unknown_model_is_not_found(world: World) -> None:
    with pytest.raises(PromoterError) as caught:
        world.registry.model_version("nobody registered this", "1")
    assert reason_of(caught) is ReasonCode.VERSION_NOT_FOUND


def test_a_version_is_found_however_its_number_is_written(world: World) -> None:
    model = world.new_model()
    world.new_version(model, VersionAsked())
    assert world.registry.model_version(model, "001").version == "1"
    world.registry.set_alias(model, "champion", version="01")
    assert world.registry.aliases(model) == {"champion": "1"}


def test_a_bare_version_has_nothing_but_itself(world: World) -> None:
    model = world.new_model()
    found = world.registry.model_version(model, world.new_version(model, VersionAsked()))
    assert (found.model, found.version, found.status) == (model, "1", "READY")
    assert (found.description, found.tags) == ("", {})
    assert (found.run_id, found.run, found.logged_model) == (None, None, None)
    assert found.created_at > 1_700_000_000_000
    assert found.source


def test_description_and_tags_are_read(world: World) -> None:
    model = world.new_model()
    asked = VersionAsked(description="first line\n::error::second", tags={"owner": "risk ml", "empty": ""})
    found = world.registry.model_version(model, world.new_version(model, asked))
    assert found.description == asked.description
    assert found.tags == asked.tags


@pytest.mark.parametrize("status", ["PENDING_REGISTRATION", "FAILED_REGISTRATION"])
def test_a_version_that_is_not_ready_says_so(world: World, status: str) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked(status=status))
    assert world.registry.model_version(model, version).status == status


def test_the_run_is_read_with_everything_it_logged(world: World) -> None:
    model = world.new_model()
    asked = RunAsked(
        metrics={"f1_score": 0.91, "loss": -1.5},
        parameters={"depth": "6"},
        git_commit="0" * 40,
        datasets=(Dataset(name="train", digest="d1", context="training"), Dataset(name="eval", digest="d2")),
    )
    found = world.registry.model_version(model, world.new_version(model, VersionAsked(run=asked)))
    assert found.run is not None
    assert found.run_id == found.run.run_id
    assert found.run.status == "FINISHED"
    assert found.run.metrics == asked.metrics
    assert found.run.parameters == asked.parameters
    assert found.run.git_commit == asked.git_commit
    assert set(found.run.datasets) == set(asked.datasets)


def test_a_run_without_commit_and_datasets_has_none(world: World) -> None:
    model = world.new_model()
    found = world.registry.model_version(model, world.new_version(model, VersionAsked(run=RunAsked())))
    assert found.run is not None
    assert (found.run.git_commit, found.run.datasets, found.run.metrics) == (None, (), {})


def test_figures_that_are_no_finite_numbers_stay_so(world: World) -> None:
    model = world.new_model()
    asked = RunAsked(metrics={"nan": math.nan, "inf": math.inf, "minus": -math.inf, "large": 1e300})
    found = world.registry.model_version(model, world.new_version(model, VersionAsked(run=asked)))
    assert found.run is not None
    assert math.isnan(found.run.metrics["nan"])
    assert found.run.metrics["inf"] == math.inf
    assert found.run.metrics["minus"] == -math.inf
    assert found.run.metrics["large"] == 1e300


def test_a_deleted_run_is_no_run(world: World) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked(run=RunAsked(metrics={"f1": 1.0}, deleted=True)))
    found = world.registry.model_version(model, version)
    assert found.run is None
    assert found.run_id


def test_metrics_of_the_logged_model_are_kept_apart_from_the_runs(world: World) -> None:
    model = world.new_model()
    asked = VersionAsked(run=RunAsked(metrics={"loss": 0.5}), logged_metrics={"f1_score": 0.91})
    found = world.registry.model_version(model, world.new_version(model, asked))
    assert found.logged_model is not None
    assert found.logged_model.metrics == {"f1_score": 0.91}
    assert found.logged_model.model_id.startswith("m-")
    assert found.source.startswith("models:/m-")
    assert found.run is not None
    assert found.run.metrics["loss"] == 0.5


def test_tags_are_written_and_the_others_stay(world: World) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked(tags={"owner": "risk", "promoter_verdict": "reject"}))
    written = {"promoter_verdict": "promote", "promoter_promoted_at": "2026-01-01T00:00:00Z"}
    world.registry.set_tags(model, version, tags=written)
    assert world.registry.model_version(model, version).tags == {"owner": "risk", **written}


@pytest.mark.parametrize("version", ["2", "one"])
def test_tags_are_not_written_on_a_version_that_is_not_there(world: World, version: str) -> None:
    model = world.new_model()
    world.new_version(model, VersionAsked())
    with pytest.raises(PromoterError) as caught:
        world.registry.set_tags(model, version, tags={"promoter_verdict": "promote"})
    assert reason_of(caught) is ReasonCode.VERSION_NOT_FOUND


def test_the_signature_is_read(world: World) -> None:
    model = world.new_model()
    version = world.new_version(model, VersionAsked(run=RunAsked(), signature=A_SIGNATURE))
    assert world.registry.signature(world.registry.model_version(model, version)) == A_SIGNATURE


@pytest.mark.parametrize("requirements", ["scikit-learn==1.5.0\nü # comment\n", "", None])
def test_what_a_versions_files_say_is_read(requirements: str | None, world: World) -> None:
    model = world.new_model()
    asked = VersionAsked(run=RunAsked(), signature=A_SIGNATURE, requirements=requirements)
    found = world.registry.model_version(model, world.new_version(model, asked))
    papers = Papers(signature=A_SIGNATURE, requirements=requirements)
    assert [world.registry.papers(found), world.registry.papers(found)] == [papers, papers]


def test_a_version_without_files_says_nothing(world: World) -> None:
    model = world.new_model()
    asked = VersionAsked(run=RunAsked())
    found = world.registry.model_version(model, world.new_version(model, asked))
    if isinstance(world, HttpWorld):
        world.set_source(model, found.version, "mlflow-artifacts:/0/nowhere")
        found = world.registry.model_version(model, found.version)
    with pytest.raises(PromoterError) as caught:
        world.registry.papers(found)
    assert reason_of(caught) is ReasonCode.DATA_UNAVAILABLE


def test_files_are_logged_to_the_run_over_what_is_there(world: World, tmp_path: Path) -> None:
    model = world.new_model()
    asked = VersionAsked(run=RunAsked(files={"other.csv": b"as it was"}))
    found = world.registry.model_version(model, world.new_version(model, asked))
    if isinstance(world, SqliteWorld):
        # What it reads beside the database is where its run is said to be.
        assert (tmp_path / str(found.run_id) / "other.csv").is_file()
    for text in ("first", "second: é \ud800"):
        world.registry.log_files(found, files={"promoter/12-champion/report.html": text, "top.json": "{}"})
    expected = {
        "promoter/12-champion/report.html": "second: é ?".encode(),
        "top.json": b"{}",
        "other.csv": b"as it was",
    }
    for at, (path, content) in enumerate(expected.items()):
        world.registry.run_file(found, path, file=tmp_path / f"copy {at}")
        assert (tmp_path / f"copy {at}").read_bytes() == content


def test_without_a_run_nothing_is_logged(world: World) -> None:
    model = world.new_model()
    found = world.registry.model_version(model, world.new_version(model, VersionAsked()))
    with pytest.raises(PromoterError) as caught:
        world.registry.log_files(found, files={"report.html": "x"})
    assert reason_of(caught) is ReasonCode.DATA_UNAVAILABLE


@pytest.mark.parametrize("path", ["predictions.parquet", "tables/of holdout/p+1.csv"])
def test_a_file_of_the_run_is_copied_with_its_digest(path: str, world: World, tmp_path: Path) -> None:
    model = world.new_model()
    content = bytes(range(256)) * 1_000
    asked = VersionAsked(run=RunAsked(files={path: content, "other.csv": b"x"}))
    found = world.registry.model_version(model, world.new_version(model, asked))
    assert world.registry.run_file(found, path, file=tmp_path / "copy") == sha256(content).hexdigest()
    assert (tmp_path / "copy").read_bytes() == content


@pytest.mark.parametrize("path", ["nothing.csv", "tables", "tables/p.csv/p.csv", "elsewhere/p.csv"])
def test_a_file_that_the_run_did_not_log_is_no_file(path: str, world: World, tmp_path: Path) -> None:
    model = world.new_model()
    asked = VersionAsked(run=RunAsked(files={"tables/p.csv": b"x"}))
    found = world.registry.model_version(model, world.new_version(model, asked))
    with pytest.raises(PromoterError) as caught:
        world.registry.run_file(found, path, file=tmp_path / "copy")
    assert reason_of(caught) is ReasonCode.DATA_UNAVAILABLE
    assert path in str(caught.value)


def test_a_version_without_a_run_has_no_files_of_it(world: World, tmp_path: Path) -> None:
    model = world.new_model()
    found = world.registry.model_version(model, world.new_version(model, VersionAsked()))
    with pytest.raises(PromoterError) as caught:
        world.registry.run_file(found, "p.csv", file=tmp_path / "copy")
    assert reason_of(caught) is ReasonCode.DATA_UNAVAILABLE


def test_files_that_only_a_server_could_tell_of_are_not_proven_absent(
    mlflow_server: MlflowServer, tmp_path: Path
) -> None:
    served = HttpWorld(mlflow_server, deadline=Deadline(60))
    beside = SqliteWorld(mlflow_server, deadline=Deadline(60), folder=tmp_path)
    model = served.new_model()
    version = served.new_version(model, VersionAsked(run=RunAsked(files={"p.csv": b"x"})))
    found = beside.registry.model_version(model, version)
    with pytest.raises(PromoterError) as caught:
        beside.registry.run_file(found, "p.csv", file=tmp_path / "copy")
    assert reason_of(caught) is ReasonCode.REGISTRY_UNAVAILABLE


def test_a_copy_keeps_what_its_source_is_and_says_where_it_comes_from(world: World) -> None:
    dev, prod = world.new_model("dev"), world.new_model("prod")
    asked = VersionAsked(
        description="as it was\nlogged",
        tags={"owner": "risk", "promoter_applied_champion": "3 2", "promoter_verdict": "promote"},
        run=RunAsked(metrics={"loss": 0.5}),
        logged_metrics={"f1_score": 0.91},
    )
    world.new_version(prod, VersionAsked())
    source = world.registry.model_version(dev, world.new_version(dev, asked))

    number = world.registry.copy(source, prod)

    assert number == "2"
    copy = world.registry.model_version(prod, number)
    assert (copy.model, copy.status, copy.source) == (prod, "READY", f"models:/{dev}/1")
    assert (copy.description, copy.run_id, copy.run) == (source.description, source.run_id, source.run)
    assert copy.tags == {"owner": "risk", "promoter_copied_from": f"{dev}/1"}
    assert copy.logged_model == source.logged_model
    assert world.registry.model_version(dev, "1") == source
    assert [one.version for one in world.registry.versions(prod) if one.source == copy.source] == [number]


def test_a_bare_version_is_copied_too_and_each_copy_is_a_version_of_its_own(world: World) -> None:
    dev, prod = world.new_model("dev"), world.new_model("prod")
    source = world.registry.model_version(dev, world.new_version(dev, VersionAsked()))
    assert [world.registry.copy(source, prod) for _ in range(2)] == ["1", "2"]
    copy = world.registry.model_version(prod, "2")
    assert (copy.description, copy.run_id, copy.run, copy.logged_model) == ("", None, None, None)


def test_a_copy_of_a_version_that_is_gone_or_to_no_model_is_not_made(world: World) -> None:
    dev, prod = world.new_model("dev"), world.new_model("prod")
    source = world.registry.model_version(dev, world.new_version(dev, VersionAsked()))
    for version, model in ((replace(source, version="9"), prod), (source, "nobody registered this")):
        with pytest.raises(PromoterError) as caught:
            world.registry.copy(version, model)
        assert reason_of(caught) is ReasonCode.VERSION_NOT_FOUND
    assert world.registry.versions(prod) == ()
    with pytest.raises(PromoterError) as caught:
        world.registry.aliases("nobody registered this")
    assert reason_of(caught) is ReasonCode.MODEL_NOT_FOUND


def test_the_files_of_a_copy_are_its_sources(mlflow_server: MlflowServer) -> None:
    world = HttpWorld(mlflow_server, deadline=Deadline(60))
    dev, prod = world.new_model("dev"), world.new_model("prod")
    for asked in (VersionAsked(run=RunAsked()), VersionAsked(run=RunAsked(), logged_metrics={"f1": 0.9})):
        source = world.registry.model_version(dev, world.new_version(dev, asked))
        copy = world.registry.model_version(prod, world.registry.copy(source, prod))
        assert world.registry.files(copy).digest == world.registry.files(source).digest
        world.client.delete_model_version(dev, source.version)
        left = world.registry.model_version(prod, copy.version)
        assert left.logged_model is None
        assert world.registry.files(left).files


def test_every_failure_says_what_to_do(world: World) -> None:
    with pytest.raises(PromoterError) as caught:
        world.registry.model_version("nobody registered this", "1")
    assert "nobody registered this" in str(caught.value)
    assert caught.value.exit_code == 2
