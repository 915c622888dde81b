"""Copies of another model's versions, looked back at and gone back to: by source and by number."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from promoter.errors import ExitCode
from tests.e2e.house import House
from tests.e2e.test_across_models import Across
from tests.e2e.test_history import Desk
from tests.mlflow_server import MlflowServer

pytestmark = pytest.mark.integration


@dataclass
class Lived:
    """A number of its own, then two copies, each promoted; `copies` are their numbers."""

    across: Across
    sources: tuple[str, str]
    copies: tuple[str, str]


@pytest.fixture
def lived(house: House, mlflow_server: MlflowServer) -> Lived:
    across = Across(house, mlflow_server)
    made = across.version(0.85), across.version(0.90)
    for version in made:
        assert across.promoted(version).outputs["reason-code"] == "applied"
    (first,), (second,) = (across.copies(version) for version in made)
    return Lived(across, (f"{across.dev}/{made[0]}", f"{across.dev}/{made[1]}"), (first, second))


def test_history_tells_source_and_number(lived: Lived) -> None:
    across = lived.across
    desk = Desk(across.house)
    entries = desk.history()
    newest_first = list(zip(lived.copies, lived.sources, strict=True))[::-1]
    assert [(one["version"], one["from"]) for one in entries] == [*newest_first, (across.old, None)]
    assert [one["registry"]["reached"] for one in entries] == ["applied"] * 3
    assert [one["registry"]["took_from"] for one in entries[:2]] == [lived.copies[0], across.old]
    assert [one["registry"]["moved_outside_git"] for one in entries] == [None] * 3
    assert entries[0]["live"] == {"state": "held", "version": lived.copies[1]}
    assert desk.type("history", across.house.model, "champion") is ExitCode.DONE
    first, *rest = desk.out.splitlines()
    called = f"`{lived.sources[1]}`, copied as version `{lived.copies[1]}`"
    assert first.startswith(f"✓ `{across.house.model}@champion`: git asks for {called} since ")
    assert first.endswith(", and the registry holds it")
    assert any(f"{lived.sources[0]}, copied as version {lived.copies[0]} " in line for line in rest)


def test_without_a_registry_the_source_is_all_that_is_known(lived: Lived) -> None:
    entries = Desk(lived.across.house).history("--no-registry")
    assert [(one["version"], one["from"]) for one in entries[:2]] == [
        (one, one) for one in lived.sources[::-1]
    ]


def test_status_tells_both(lived: Lived) -> None:
    desk = Desk(lived.across.house)
    (row,) = [one for one in desk.status()["aliases"] if one["alias"] == "champion"]
    assert (row["state"], row["version"], row["from"], row["now"]) == (
        "in_sync",
        lived.copies[1],
        lived.sources[1],
        lived.copies[1],
    )
    desk.type("status", "--models", lived.across.house.model)
    assert f"{lived.sources[1]}, copied as version {lived.copies[1]}" in desk.out


@pytest.mark.parametrize("named", ["before", "by its source", "by its number"])
def test_a_rollback_goes_back_to_the_source_and_its_copy(lived: Lived, named: str) -> None:
    house, desk = lived.across.house, Desk(lived.across.house)
    to = {
        "before": [],
        "by its source": ["--to", lived.sources[0]],
        "by its number": ["--to", lived.copies[0]],
    }
    house.world.add_token(
        "doras-own", "dora", grants={"metadata": "read", "contents": "write", "pull_requests": "write"}
    )
    arguments = ("rollback", house.model, "champion", "--pull-request", *to[named])
    assert desk.type(*arguments, GITHUB_TOKEN="doras-own") is ExitCode.DONE, desk.err
    (pull,) = [one for one in house.world.pulls.values() if one.head_ref.startswith("promoter/")]
    assert pull.title.endswith(f"from {lived.sources[1]} to {lived.sources[0]}")
    assert house.validate(pull.number).outputs["reason-code"] == "rollback_validated"
    house.approve(pull.number)
    assert house.apply(house.merge(pull.number)).outputs["reason-code"] == "applied"
    assert house.champion() == lived.copies[0]
    assert len(lived.across.copies(lived.sources[0].rpartition("/")[2])) == 1


def test_a_rollback_from_a_copy_to_a_number_of_its_own(lived: Lived) -> None:
    house, desk = lived.across.house, Desk(lived.across.house)
    arguments = ("rollback", house.model, "champion", "--to", lived.across.old, "--json", "--dry-run")
    assert desk.type(*arguments) is ExitCode.DONE, desk.err
    assert f"version: {lived.across.old}\\n" in desk.out
    assert "from:" not in desk.out
    for wrong in (lived.copies[1], lived.sources[1]):
        assert desk.type("rollback", house.model, "champion", "--to", wrong) is ExitCode.WRONG_INPUT
        assert f"git asks for version `{lived.sources[1]}`" in desk.err
