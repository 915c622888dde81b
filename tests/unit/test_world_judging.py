"""Who gets the wheels of earlier runs: validate, and never what moves an alias."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from promoter.adapters.actions_runner import ActionsRunner
from promoter.errors import PromoterError, ReasonCode
from promoter.evaluation.guards import GuardedMeasurer
from promoter.evaluation.measuring import LocalMeasurer
from promoter.event import Event, EventKind
from promoter.inputs import Inputs, read_inputs
from promoter.ports import Measurer
from promoter.world import World
from promoter.world_judging import kept_wheels


def inputs(folder: str, *, workspace: str = "/github/workspace") -> Inputs:
    return read_inputs(
        {
            "INPUT_WHEEL-CACHE": folder,
            "INPUT_GITHUB-TOKEN": "t",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_WORKSPACE": workspace,
        }
    )


def test_the_folder_lies_in_the_workspace() -> None:
    found = kept_wheels(inputs(".promoter-wheels"))
    assert found is not None
    assert (found.root, found.name) == (Path("/github/workspace"), ".promoter-wheels")


@pytest.mark.parametrize(("folder", "workspace"), [("", "/github/workspace"), ("wheels", "")])
def test_without_folder_or_workspace_none_are_kept(folder: str, workspace: str) -> None:
    assert kept_wheels(inputs(folder, workspace=workspace)) is None


@pytest.mark.parametrize("folder", [".", "..", "a/b", "/a", "../a", "a b", "~", "*", "a\n"])
def test_only_the_name_of_one_folder_is_taken(folder: str) -> None:
    if folder == "a\n":
        assert inputs(folder).wheel_cache == "a"
        return
    with pytest.raises(PromoterError, match="`wheel-cache` is") as caught:
        inputs(folder)
    assert caught.value.reason is ReasonCode.USAGE_INVALID


def wheels_of(measurer: Measurer) -> object:
    assert isinstance(measurer, GuardedMeasurer)
    assert isinstance(measurer.inner, LocalMeasurer)
    return measurer.inner.wheels


def test_what_applies_gets_no_wheels_whatever_the_workflow_says() -> None:
    runner = ActionsRunner(stream=io.StringIO(), output="", summary="", report_directory="")
    event = Event(name="push", kind=EventKind.PUSH)
    world = World(inputs=inputs("wheels"), runner=runner, event=event)
    assert wheels_of(world._judges.measurer) is None
