"""Environments built by the real uv from a package index; kept wheels are not trusted."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from promoter.core.policy import Environment
from promoter.evaluation.sandbox.environments import EnvironmentBuilder, find_installer
from promoter.evaluation.sandbox.problems import ModelProblem
from promoter.evaluation.sandbox.wheels import Kept
from tests.model_folders import Unlimited
from tests.wheel_index import Index, served, wheel

pytestmark = pytest.mark.integration

NEEDS = ("mlflow_skinny", "pandas", "pyarrow")
FILES = [f"{name}-1.0-py3-none-any.whl" for name in ("churn", *NEEDS)]


class Runs:
    """Runs that begin with nothing but the folder of wheels."""

    def __init__(self, folder: Path, index: Index) -> None:
        self.folder = folder
        self.index = index
        self.kept = Kept(root=folder, name="kept")
        self.model = folder / "model"
        self.model.mkdir()
        (self.model / "requirements.txt").write_text("churn==1.0\nmlflow==1.0\n", encoding="utf-8")

    def build(self, *, kept: Kept | None) -> str:
        """What the model's package holds in an environment that is built from nothing."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        shutil.rmtree(self.folder / "uv", ignore_errors=True)
        variables = {"UV_INDEX_URL": f"{self.index.url}/simple", "UV_CACHE_DIR": str(self.folder / "uv")}
        builder = EnvironmentBuilder(
            self.folder / "cache",
            installer=find_installer(variables, beside=Path(sys.executable), kept=kept),
            log=lambda _: None,
            deadline=Unlimited(),
        )
        python = builder.build(self.model, Environment.MODEL).path
        (module,) = (python.parent.parent / "lib").rglob("churn.py")
        assert not list((self.folder / "cache").rglob("home"))
        return module.read_text(encoding="utf-8")

    @property
    def stored(self) -> list[Path]:
        return sorted((self.folder / "kept").iterdir())


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    with served(Index()) as index:
        index.add(wheel("churn", "1.0", content="good"))
        for name in NEEDS:
            index.add(wheel(name, "1.0"))
        yield Runs(tmp_path, index)


def test_the_second_run_fetches_no_wheel(runs: Runs) -> None:
    cold = runs.build(kept=runs.kept)
    assert sorted(runs.index.fetched()) == FILES
    assert len(runs.stored) == len(FILES)
    warm = runs.build(kept=runs.kept)
    assert cold == warm == "content = 'good'\n"
    assert runs.index.fetched() == []


def test_without_the_folder_every_run_fetches(runs: Runs) -> None:
    runs.build(kept=runs.kept)
    runs.index.fetched()
    runs.build(kept=None)
    assert sorted(runs.index.fetched()) == FILES


@pytest.mark.parametrize("how", ["other bytes", "half of it", "a link", "a folder"])
def test_a_poisoned_folder_changes_nothing_that_is_installed(runs: Runs, how: str) -> None:
    """Whoever may write the cache may put a wheel there that forges predictions."""
    runs.build(kept=runs.kept)
    runs.index.fetched()
    evil = wheel("churn", "1.0", content="evil")[1]
    for stored in runs.stored:
        whole = stored.read_bytes()
        stored.unlink()
        if how == "other bytes":
            stored.write_bytes(evil)
        elif how == "half of it":
            stored.write_bytes(whole[: len(whole) // 2])
        elif how == "a link":
            (runs.folder / "evil.whl").write_bytes(evil)
            stored.symlink_to(runs.folder / "evil.whl")
        else:
            stored.mkdir()
    assert runs.build(kept=runs.kept) == "content = 'good'\n"
    assert sorted(runs.index.fetched()) == FILES


def test_what_the_index_says_now_counts_not_what_it_said_then(runs: Runs) -> None:
    runs.build(kept=runs.kept)
    runs.index.fetched()
    runs.index.add(wheel("churn", "1.0", content="better"))
    assert runs.build(kept=runs.kept) == "content = 'better'\n"
    assert runs.index.fetched() == [FILES[0]]


def test_a_version_that_the_index_took_back_is_not_installed_from_the_folder(runs: Runs) -> None:
    runs.build(kept=runs.kept)
    del runs.index.files[FILES[0]]
    with pytest.raises(ModelProblem, match="its environment cannot be built"):
        runs.build(kept=runs.kept)


def test_what_another_platform_kept_is_not_for_this_one(runs: Runs) -> None:
    other, data = wheel("churn", "1.0", content="other", tag="cp27-cp27m-win_amd64")
    runs.index.files[other] = data
    runs.build(kept=runs.kept)
    assert other not in runs.index.fetched()
    assert data not in [stored.read_bytes() for stored in runs.stored]


def test_an_index_that_wants_a_password_is_uvs_alone(runs: Runs) -> None:
    runs.index.needs_password = True
    runs.index.url = runs.index.url.replace("//", "//me:secret@")
    assert runs.build(kept=runs.kept) == "content = 'good'\n"
    assert not (runs.folder / "kept").exists()


def test_uv_is_given_no_cache_of_its_own(runs: Runs) -> None:
    runs.build(kept=runs.kept)
    assert not (runs.folder / "uv").exists()
