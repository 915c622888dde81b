"""Who looks on is told of everything that takes long, and changes nothing by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from promoter.adapters.mlflow_download import download
from promoter.adapters.mlflow_files import Local
from promoter.core.policy import Environment
from promoter.core.progress import Unit
from promoter.evaluation.kept_data import KeptData
from promoter.evaluation.object_store import fetch
from promoter.evaluation.sandbox.environments import EnvironmentBuilder, Installer
from tests.fakes.onlooker import Onlooker, Watched
from tests.model_folders import Unlimited
from tests.unit.evaluation.test_environments import FakeUv
from tests.unit.evaluation.test_prediction_measuring import ROWS, Scene, said


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    scene = Scene(tmp_path)
    scene.log("1", said(0.8))
    scene.log("2", said(0.9))
    return scene


def test_rows_are_told_as_they_are_scored_and_the_figures_stay_the_same(scene: Scene) -> None:
    unseen = scene.measure()
    onlooker = Onlooker()
    scene.measurer = replace(scene.measurer, progress=onlooker, kept=KeptData())
    assert scene.measure() == unseen
    assert onlooker.chapters == ["measuring version `2` of `churn`", "-"]
    assert [(step.what, step.unit, step.done, step.total) for step in onlooker.steps] == [
        ("reading `data/holdout.csv`", Unit.TIME, 0, None),
        ("looking through `data/holdout.csv`", Unit.ROWS, ROWS, None),
        ("scoring 2 model(s)", Unit.ROWS, ROWS, ROWS),
        ("computing figures and their intervals", Unit.TIME, 0, None),
    ]
    assert onlooker.told_of("computing").times > 0
    assert all(step.is_over for step in onlooker.steps)


def test_what_cannot_be_measured_ends_its_steps(scene: Scene) -> None:
    onlooker = Onlooker()
    scene.measurer = replace(scene.measurer, progress=onlooker)
    scene.log("2", b"nonsense")
    assert not scene.measure().challenger.finished
    assert onlooker.chapters[-1] == "-"
    assert all(step.is_over for step in onlooker.steps)


def test_an_environment_that_is_built_slowly_is_told_to_be_built(tmp_path: Path) -> None:
    folder = tmp_path / "uv"
    folder.mkdir()
    uv = FakeUv(folder)
    slow = folder / "slow"
    slow.write_text(f'#!/bin/sh\nsleep 1.3\nexec "{uv.path}" "$@"\n', encoding="utf-8")
    slow.chmod(0o700)
    model = tmp_path / "model"
    model.mkdir()
    (model / "requirements.txt").write_text("numpy==2.0.0\n", encoding="utf-8")
    onlooker = Onlooker()
    builder = EnvironmentBuilder(
        folder / "cache",
        installer=Installer(uv=slow, variables={}),
        log=onlooker.note,
        deadline=Unlimited(600),
        progress=onlooker,
    )
    builder.build(model, Environment.MODEL)
    builder.build(model, Environment.MODEL)
    (told,) = onlooker.steps
    assert (told.what, told.unit, told.is_over) == ("building the model's environment", Unit.TIME, True)
    assert told.times >= 2
    assert onlooker.notes == ["building the model's environment: 4 requirements"]


def test_bytes_are_told_as_they_are_downloaded(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "data").mkdir(parents=True)
    (source / "MLmodel").write_bytes(b"x" * 100)
    (source / "data" / "model.pkl").write_bytes(b"y" * 5_000)
    step = Watched("downloading", Unit.BYTES)
    found = download(Local(source), tmp_path / "target", step=step)
    assert (step.done, step.total, step.times) == (5_100, 5_100, 2)
    assert found == download(Local(source), tmp_path / "other")


def test_bytes_are_told_as_data_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "holdout.csv").write_bytes(b"z" * 2_500_000)
    step = Watched("fetching", Unit.BYTES)
    fetch((tmp_path / "holdout.csv").as_uri(), tmp_path / "copy", tell=step.advance)
    assert (step.done, step.times) == (2_500_000, 3)
    assert (tmp_path / "copy").read_bytes() == b"z" * 2_500_000
    fetch((tmp_path / "holdout.csv").as_uri(), tmp_path / "again")
    assert (tmp_path / "again").stat().st_size == 2_500_000
