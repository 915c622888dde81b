"""What a model's process may open, as lists."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import pytest

from promoter.evaluation.sandbox import landlock, reach
from promoter.evaluation.sandbox.landlock import Access


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "version-3"
    (folder / "data").mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    (folder / "data" / "model.bin").write_bytes(b"weights")
    (folder / "data" / "model.bin").chmod(0o600)
    return folder


def test_a_models_files_can_be_read_and_the_folder_they_came_from_stays_closed(
    model: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir(mode=0o700)
    folders = reach.prepare(scratch, model=model)
    assert folders.model == scratch / "model"
    assert (folders.model / "data" / "model.bin").read_bytes() == b"weights"
    assert (folders.model / "data" / "model.bin").samefile(model / "data" / "model.bin"), "no copy is made"
    modes = {path.name: path.stat().st_mode & 0o777 for path in folders.model.rglob("*")}
    assert modes == {"data": 0o755, "model.bin": 0o644}
    assert model.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folders.written] == [0o700] * 3
    assert scratch.stat().st_mode & 0o777 == 0o711


def test_what_is_written_is_never_the_model_or_the_folder_around(model: Path, tmp_path: Path) -> None:
    folders = reach.prepare(tmp_path, model=model)
    allowed = dict(reach.reach((sys.executable, "-c"), folders=folders)["allowed"])  # type: ignore[call-overload]
    writing = {path for path, access in allowed.items() if access & Access.WRITE_FILE}
    assert writing == {*map(str, folders.written), "/dev/full", "/dev/null", "/dev/zero"}
    assert allowed[str(folders.model)] == landlock.READ


def test_nothing_that_holds_what_is_ours_is_allowed(tmp_path: Path) -> None:
    folders = reach.prepare(tmp_path, model=None)
    worker = str(Path(reach.__file__).with_name("worker.py"))
    found = reach.reach((sys.executable, "-I", worker), folders=folders)
    paths = [Path(path) for path, _ in found["allowed"]]  # type: ignore[attr-defined]
    assert Path(worker) in paths
    assert found["needed"] == [sys.executable, worker]
    for ours in (
        "/etc/passwd",
        "/github/workspace/x",
        "/home/someone/.netrc",
        "/var/run/docker.sock",
        "/proc/1/environ",
        "/tmp/x",
        "/dev/shm/x",
        "/run/secrets/x",
        "/usr/local/etc/x",
    ):
        assert not [path for path in paths if Path(ours).is_relative_to(path)], ours


@pytest.mark.skipif(
    Path(reach.__file__).is_relative_to(sysconfig.get_path("purelib")),
    reason="Promoter lies among the libraries, which a model may read",
)
def test_of_a_clones_source_a_model_may_read_its_worker_alone(tmp_path: Path) -> None:
    worker = Path(reach.__file__).with_name("worker.py")
    folders = reach.prepare(tmp_path, model=None)
    found = reach.reach((sys.executable, "-I", str(worker)), folders=folders)
    paths = [Path(path) for path, _ in found["allowed"]]  # type: ignore[attr-defined]
    assert not [path for path in paths if worker.with_name("answers.py").is_relative_to(path)]


def test_an_interpreter_is_followed_to_where_its_library_is(tmp_path: Path) -> None:
    for name in ("real", "middle", "env"):
        (tmp_path / name / "bin").mkdir(parents=True)
    (tmp_path / "real/bin/python3.11").touch()
    (tmp_path / "middle/bin/python3").symlink_to(tmp_path / "real/bin/python3.11")
    (tmp_path / "env/bin/python").symlink_to("../../middle/bin/python3")
    folders = reach.prepare(tmp_path, model=None)
    found = reach.reach((str(tmp_path / "env/bin/python"),), folders=folders)
    paths = {os.path.normpath(path) for path, _ in found["allowed"]}  # type: ignore[attr-defined]
    assert {str(tmp_path / name / "lib") for name in ("real", "middle", "env")} <= paths
    assert str(tmp_path / "env") not in paths


def test_an_interpreter_that_links_to_itself_is_no_endless_search(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to("python")
    folders = reach.prepare(tmp_path, model=None)
    found = reach.reach((str(tmp_path / "bin/python"),), folders=folders)
    assert found["needed"] == [str(tmp_path / "bin")]
