"""`from`: a version of another registered model is judged, copied once, and the alias goes to the copy."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.demo.job import Finished
from promoter.errors import ExitCode
from tests.e2e.house import POLICY, POLICY_TEXT, House, result_of
from tests.mlflow_server import MlflowServer
from tests.proxy import LoseAnswer, Proxy

pytestmark = pytest.mark.integration

CREATE = "POST .*/model-versions/create"


class Across:
    """A house with a second registered model, in which everything is trained: `dev`."""

    def __init__(self, house: House, server: MlflowServer) -> None:
        self.house = house
        self.server = server
        self.dev = f"dev.{house.model}"
        house.client.create_registered_model(self.dev)
        text = POLICY_TEXT.replace("    evaluation", "    sources: ['dev.*']\n    evaluation")
        house.land({POLICY: text.encode()})
        self.old = self.version(0.80, model=house.model)
        house.adopt(self.old)

    def version(self, f1_score: float, *, model: str = "") -> str:
        """A version with files of its own, which say how good it is."""
        made = self.house.version(f1_score, model=model or self.dev)
        self.write_files(made, f"flavors: {{python_function: {{loader_module: m{f1_score}}}}}\n", model=model)
        return made

    def write_files(self, version: str, mlmodel: str, *, model: str = "") -> None:
        """What the version is made of."""
        folder = self.folder_of(version, model=model)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "MLmodel").write_text(mlmodel, encoding="utf-8")

    def folder_of(self, version: str, *, model: str = "") -> Path:
        """Where the server keeps it."""
        source = str(self.house.client.get_model_version(model or self.dev, version).source)
        return self.server.artifacts / source.removeprefix("mlflow-artifacts:/")

    def request(self, version: str, *, alias: str = "champion") -> bytes:
        """A request that has a version copied."""
        text = f"model: {self.house.model}\nalias: {alias}\nfrom: {self.dev}/{version}\nreason: better\n"
        return text.encode()

    def approved(self, version: str) -> int:
        """A pull request that asks for it, validated and approved."""
        number = self.house.propose({self.house.path: self.request(version)})
        validated = self.house.validate(number)
        assert validated.outputs["reason-code"] == "validated", validated.log
        self.house.approve(number)
        return number

    def promoted(self, version: str) -> Finished:
        """The whole way."""
        return self.house.apply(self.house.merge(self.approved(version)))

    def copies(self, version: str) -> list[str]:
        """The numbers of the copies, asked of the registry itself."""
        found = self.house.client.search_model_versions(f"name = '{self.house.model}'")
        return sorted(str(one.version) for one in found if one.source == f"models:/{self.dev}/{version}")

    def copy_by_hand(self, version: str) -> str:
        """What a run leaves behind that was killed between the copy and the alias."""
        registry = mlflow_registry.connect(
            tracking_uri=self.server.url, registry_uri="", deadline=Deadline(60)
        )
        return registry.copy(registry.model_version(self.dev, version), self.house.model)

    def move_files_of(self, version: str, mlmodel: str) -> None:
        """Have a copy lie elsewhere than its source, which only the store's own hand can do."""
        folder = self.server.artifacts / "0" / f"forged-{self.house.model}-{version}"
        folder.mkdir(parents=True)
        (folder / "MLmodel").write_text(mlmodel, encoding="utf-8")
        location = f"mlflow-artifacts:/0/{folder.name}"
        with closing(sqlite3.connect(self.server.database.removeprefix("sqlite:///"), timeout=30)) as store:
            store.execute(
                "UPDATE model_versions SET storage_location = ? WHERE name = ? AND version = ?",
                (location, self.house.model, int(version)),
            )
            store.commit()


@pytest.fixture
def across(house: House, mlflow_server: MlflowServer) -> Across:
    return Across(house, mlflow_server)


def test_a_version_of_another_model_is_copied_and_promoted(across: Across) -> None:
    house, new = across.house, across.version(0.85)
    number = house.propose({house.path: across.request(new)})
    validated = house.validate(number)
    assert validated.outputs["reason-code"] == "validated", validated.log
    assert across.copies(new) == []
    assert f"`{across.dev}/{new}`" in house.comments(number)[0].body
    (asked,) = result_of(validated)
    assert (asked["from"], asked["version"]) == (f"{across.dev}/{new}", f"{across.dev}/{new}")

    house.approve(number)
    applied = house.apply(house.merge(number))
    assert (applied.exit_code, applied.outputs["reason-code"]) == (ExitCode.DONE, "applied"), applied.log

    (copy,) = across.copies(new)
    assert house.champion() == copy
    source, made = (
        house.client.get_model_version(name, of) for name, of in ((across.dev, new), (house.model, copy))
    )
    assert (made.run_id, made.description) == (source.run_id, source.description)
    assert made.tags["owner"] == "growth"
    assert house.tags(copy)["promoter_copied_from"] == f"{across.dev}/{new}"
    assert house.tags(copy)["promoter_previous_version"] == across.old
    (moved,) = result_of(applied)
    assert (moved["version"], moved["from"]) == (copy, f"{across.dev}/{new}")


def test_the_next_one_starts_from_the_copy_and_a_revert_goes_back_to_it(across: Across) -> None:
    house = across.house
    first, second = across.version(0.85), across.version(0.90)
    across.promoted(first)
    number = across.approved(second)
    assert house.apply(house.merge(number)).outputs["reason-code"] == "applied"
    assert [house.champion()] == across.copies(second)

    undo = house.world.open_pull_request(
        house.world.revert(number, by="dora"), author="dora", title="Back"
    ).number
    assert house.validate(undo).outputs["reason-code"] == "rollback_validated"
    house.approve(undo)
    assert house.apply(house.merge(undo)).outputs["reason-code"] == "applied"
    assert [house.champion()] == across.copies(first)


def test_the_same_source_again_is_in_place_and_copied_no_second_time(across: Across) -> None:
    house, new = across.house, across.version(0.85)
    across.promoted(new)
    again = house.apply(house.land({"README.md": b"hello\n"}))
    assert again.outputs["reason-code"] == "already_applied", again.log
    assert [house.champion()] == across.copies(new)


def test_a_run_killed_between_copy_and_alias_is_finished_by_the_next(across: Across) -> None:
    house, new = across.house, across.version(0.85)
    number = across.approved(new)
    copy = across.copy_by_hand(new)
    applied = house.apply(house.merge(number))
    assert applied.outputs["reason-code"] == "applied", applied.log
    assert across.copies(new) == [copy] == [house.champion()]


def test_an_answer_that_is_lost_is_no_second_copy(
    house_behind_a_proxy: House, mlflow_server: MlflowServer, mlflow_proxy: Proxy
) -> None:
    across = Across(house_behind_a_proxy, mlflow_server)
    new = across.version(0.85)
    number = across.approved(new)
    mlflow_proxy.inject(CREATE, LoseAnswer())
    applied = across.house.apply(across.house.merge(number))
    assert applied.outputs["reason-code"] == "applied", applied.log
    assert across.copies(new) == [across.house.champion()]
    assert len([line for line in mlflow_proxy.lines() if "model-versions/create" in line]) == 1


def test_a_copy_made_of_other_files_is_not_taken(across: Across) -> None:
    house, new = across.house, across.version(0.85)
    forged = across.copy_by_hand(new)
    across.move_files_of(forged, "flavors: {python_function: {loader_module: evil}}\n")
    number = house.propose({house.path: across.request(new)})
    assert house.validate(number).outputs["reason-code"] == "artifacts_changed"
    house.approve(number)
    applied = house.apply(house.merge(number))
    assert applied.outputs["reason-code"] == "artifacts_changed", applied.log
    assert "is made of other files" in applied.outputs["result"]
    assert house.champion() == across.old


def _exchanged(across: Across, version: str) -> None:
    across.write_files(version, "flavors: {python_function: {loader_module: evil}}\n")


def _deleted(across: Across, version: str) -> None:
    across.house.client.delete_model_version(across.dev, version)


def _unreadable(across: Across, version: str) -> None:
    shutil.rmtree(across.folder_of(version))


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_exchanged, "artifacts_changed"),
        (_deleted, "version_not_found"),
        (_unreadable, "data_unavailable"),
    ],
)
def test_what_happens_to_the_source_after_the_review_keeps_it_from_being_copied(
    across: Across, happens: Callable[[Across, str], None], reason: str
) -> None:
    house, new = across.house, across.version(0.85)
    number = across.approved(new)
    happens(across, new)
    applied = house.apply(house.merge(number))
    assert applied.outputs["reason-code"] == reason, applied.log
    assert (across.copies(new), house.champion()) == ([], across.old)


def test_a_forged_older_copy_blocks_until_it_is_deleted(across: Across) -> None:
    """What docs/across-models.md says to do about it."""
    house, new = across.house, across.version(0.85)
    number = across.approved(new)
    # Whoever may register versions: the lower number of two copies is taken.
    forged = house.client.create_model_version(house.model, source=f"models:/{across.dev}/{new}").version
    push = house.merge(number)
    for _ in range(2):
        blocked = house.apply(push)
        assert blocked.outputs["reason-code"] == "artifacts_changed", blocked.log
        assert f"version `{forged}`" in str(result_of(blocked)[0]["message"])
        assert house.champion() == across.old
    house.client.delete_model_version(house.model, str(forged))
    again = house.apply(push)
    assert again.outputs["reason-code"] == "applied", again.log
    (copy,) = across.copies(new)
    assert (house.champion(), copy != str(forged)) == (copy, True)


def test_two_of_one_pull_request_share_one_copy(across: Across) -> None:
    house, new = across.house, across.version(0.85)
    house.set_alias(across.old, "shadow")
    shadow = house.path.replace("champion", "shadow")
    house.land({shadow: house.request(across.old, alias="shadow")})
    files = {house.path: across.request(new), shadow: across.request(new, alias="shadow")}
    number = house.propose(files)
    house.validate(number)
    house.approve(number)
    applied = house.apply(house.merge(number))
    assert applied.outputs["reason-code"] == "applied", applied.log
    assert across.copies(new) == [house.champion()] == [house.champion("shadow")]


def test_the_policy_says_which_models_may_be_copied_from(across: Across) -> None:
    house = across.house
    house.land({POLICY: POLICY_TEXT.encode()})
    number = house.propose({house.path: across.request(across.version(0.85))})
    validated = house.validate(number)
    assert (validated.exit_code, validated.outputs["reason-code"]) == (
        ExitCode.WRONG_INPUT,
        "alias_not_allowed",
    )
    assert "sources" in validated.outputs["result"]
