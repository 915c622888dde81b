"""Artifact stores that name whatever they like."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.adapters.mlflow_download import Caps, copy, download, take_stock
from promoter.adapters.mlflow_files import Entry, Local, Stored
from promoter.adapters.side_by_side import NAME
from promoter.core.model_version import ModelFile, ModelFiles
from promoter.errors import PromoterError, ReasonCode

if TYPE_CHECKING:
    from mlflow.entities import FileInfo

FILES = {"MLmodel": b"flavors: {}\n", "model.pkl": b"x" * 1_000, "code/a/b.py": b"pass\n", "code/c.py": b""}


class FakeStore:
    """A folder in an artifact store: announces `listed`, gives `files`."""

    def __init__(self, files: dict[str, bytes], listed: Sequence[Entry] | None = None) -> None:
        self.files = files
        self.listed = listed
        self.lists: list[str] = []
        self.fetched: list[str] = []
        self.threads: set[str | int] = set()

    def list(self, path: str) -> Sequence[Entry]:
        self.lists.append(path)
        if self.listed is not None:
            return self.listed
        prefix = f"{path}/" if path else ""
        names = {name[len(prefix) :] for name in self.files if name.startswith(prefix)}
        return [
            Entry(
                path=prefix + first,
                is_folder=first not in names,
                size=len(self.files.get(prefix + first, b"")),
            )
            for first in sorted({name.split("/")[0] for name in names})
        ]

    def fetch(self, path: str, target: Path, *, spend: Callable[[int], None]) -> None:
        self.fetched.append(path)
        self.threads.add(threading.get_ident())
        spend(len(self.files[path]))
        target.write_bytes(self.files[path])

    def put(self, path: str, content: bytes) -> None:
        self.files[path] = content


def file(path: str, size: int = 1) -> Entry:
    return Entry(path=path, is_folder=False, size=size)


def refusal(store: FakeStore, folder: Path, caps: Caps | None = None) -> str:
    with pytest.raises(PromoterError) as caught:
        download(store, folder, caps=caps)
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE
    assert str(caught.value.hint)
    return str(caught.value)


def test_everything_is_downloaded_and_digested(tmp_path: Path) -> None:
    store = FakeStore(FILES)
    found = download(store, tmp_path / "model")
    assert found == ModelFiles(
        files=tuple(
            ModelFile(path=path, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
            for path, content in sorted(FILES.items())
        )
    )
    assert {path: (tmp_path / "model" / path).read_bytes() for path in FILES} == FILES
    assert sorted(store.lists) == ["", "code", "code/a"]
    assert stat.S_IMODE((tmp_path / "model").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "model" / "code").stat().st_mode) == 0o700
    assert found.size == 1_017


def test_many_files_are_fetched_by_few_threads(tmp_path: Path) -> None:
    store = FakeStore({f"f{number}": b"x" for number in range(200)})
    assert len(download(store, tmp_path / "model").files) == 200
    assert len(store.threads) <= 8
    assert not [thread for thread in threading.enumerate() if thread.name == NAME]


def test_nothing_to_download_is_no_files(tmp_path: Path) -> None:
    assert download(FakeStore({}), tmp_path / "model").files == ()


def test_a_folder_with_something_in_it_is_not_downloaded_into(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    with pytest.raises(ValueError, match="is not empty"):
        download(FakeStore(FILES), tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        "../evil",
        "a/../../evil",
        "/etc/evil",
        "..",
        ".",
        "",
        "a//b",
        "a/",
        "a\\..\\b",
        "a\nb",
        "a\0b",
        "./a",
        "a/" * 40,
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_fetched(tmp_path: Path, path: str) -> None:
    store = FakeStore({}, [file("ok"), file(path)])
    assert "is not downloaded" in refusal(store, tmp_path / "model")
    assert store.fetched == []


@given(st.text(alphabet="ab./\\\0\n~é", max_size=12))
def test_whatever_is_listed_nothing_is_written_outside(
    tmp_path_factory: pytest.TempPathFactory, path: str
) -> None:
    around = tmp_path_factory.mktemp("around")
    store = FakeStore({path: b"x"}, [file(path)])
    try:
        download(store, around / "in" / "model")
    except PromoterError as error:
        assert error.reason is ReasonCode.MODEL_UNSAFE  # noqa: PT017 - either way what follows must hold
    assert [entry.name for entry in around.iterdir()] in ([], ["in"])
    assert [entry.name for entry in (around / "in").iterdir()] == ["model"]


def test_a_name_listed_twice_is_refused(tmp_path: Path) -> None:
    assert "listed twice" in refusal(FakeStore({}, [file("a"), file("a")]), tmp_path / "model")


def test_more_than_the_caps_is_refused(tmp_path: Path) -> None:
    many = FakeStore({}, [file(f"f{number}") for number in range(11)])
    assert "more than 10 files" in refusal(many, tmp_path / "a", Caps(files=10))
    large = FakeStore({}, [file("a", 60), file("b", 60)])
    assert "larger than 100 bytes together" in refusal(large, tmp_path / "b", Caps(size=100))
    assert large.fetched == []


def test_a_store_that_gives_more_than_it_announced_is_stopped(tmp_path: Path) -> None:
    store = FakeStore({"a": b"x" * 101}, [file("a", 1)])
    assert "larger than 100 bytes" in refusal(store, tmp_path / "model", Caps(size=100))
    assert not (tmp_path / "model" / "a").exists()


def test_folders_without_end_are_refused(tmp_path: Path) -> None:
    class Endless(FakeStore):
        def list(self, path: str) -> Sequence[Entry]:
            return [Entry(path=f"{path}/d" if path else "d", is_folder=True, size=0)]

    assert "is not one that MLflow writes" in refusal(Endless({}), tmp_path / "model")


def test_the_first_failure_ends_the_download(tmp_path: Path) -> None:
    class Broken(FakeStore):
        def fetch(self, path: str, target: Path, *, spend: Callable[[int], None]) -> None:
            super().fetch(path, target, spend=spend)
            raise OSError("gone")

    store = Broken({f"f{number}": b"x" for number in range(500)})
    with pytest.raises(OSError, match="gone"):
        download(store, tmp_path / "model")
    assert len(store.fetched) < 100


def test_a_client_that_writes_a_link_is_found_out(tmp_path: Path) -> None:
    class Client:
        def list_artifacts(self, path: str | None = None) -> Sequence[FileInfo]:
            return cast("list[FileInfo]", [SimpleNamespace(path="a", is_dir=False, file_size=None)])

        def _download_file(self, remote_file_path: str, local_path: str) -> None:
            Path(local_path).symlink_to("/etc/hostname")

        def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
            raise NotImplementedError

    with pytest.raises(PromoterError, match="it is a link or a device"):
        download(Stored(Client()), tmp_path / "model")


def test_local_folders_are_copied_without_following_links(tmp_path: Path) -> None:
    model = tmp_path / "model"
    (model / "code").mkdir(parents=True)
    (model / "MLmodel").write_bytes(b"x")
    (model / "code" / "a.py").write_bytes(b"y")
    found = download(Local(model), tmp_path / "copy")
    assert [entry.path for entry in found.files] == ["MLmodel", "code/a.py"]
    assert found == take_stock(model)
    (model / "link").symlink_to(tmp_path)
    with pytest.raises(PromoterError, match="it is a link or a device"):
        download(Local(model), tmp_path / "again")
    (model / "link").unlink()
    os.mkfifo(model / "pipe")
    with pytest.raises(PromoterError, match="it is a link or a device"):
        take_stock(model)
    assert download(Local(tmp_path / "nowhere"), tmp_path / "empty").files == ()


@given(st.dictionaries(st.text(min_size=1, max_size=4), st.text(min_size=1, max_size=4), max_size=4))
def test_a_digest_is_of_names_and_contents(contents: dict[str, str]) -> None:
    files = tuple(ModelFile(path=path, sha256=text, size=1) for path, text in sorted(contents.items()))
    same = tuple(ModelFile(path=file.path, sha256=file.sha256, size=2) for file in files)
    assert ModelFiles(files=files).digest == ModelFiles(files=same).digest
    more = (*files, ModelFile(path="more", sha256="", size=0))
    assert ModelFiles(files=more).digest != ModelFiles(files=files).digest


def test_one_file_is_copied_and_nothing_else_is_fetched(tmp_path: Path) -> None:
    store = FakeStore(FILES)
    digest = copy(store, "code/a/b.py", file=tmp_path / "b")
    assert digest == hashlib.sha256(FILES["code/a/b.py"]).hexdigest()
    assert (tmp_path / "b").read_bytes() == FILES["code/a/b.py"]
    assert (store.fetched, store.lists) == (["code/a/b.py"], ["", "code", "code/a"])


@pytest.mark.parametrize("path", ["nothing", "code", "MLmodel/x", "code/x/b.py"])
def test_a_file_that_is_not_listed_is_not_asked_for(path: str, tmp_path: Path) -> None:
    store = FakeStore(FILES)
    assert copy(store, path, file=tmp_path / "file") is None
    assert store.fetched == []


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a//b", "", "a/./b", "a\\b"])
def test_one_file_outside_of_the_folder_is_refused(path: str, tmp_path: Path) -> None:
    store = FakeStore(FILES)
    with pytest.raises(PromoterError) as caught:
        copy(store, path, file=tmp_path / "file")
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE
    assert store.lists == []


@pytest.mark.parametrize("announced", [1_000, 1])
def test_one_file_is_held_to_the_caps_whatever_is_announced(announced: int, tmp_path: Path) -> None:
    store = FakeStore(FILES, [file("model.pkl", announced)])
    with pytest.raises(PromoterError) as caught:
        copy(store, "model.pkl", file=tmp_path / "file", caps=Caps(size=999))
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE


def test_one_file_is_not_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "p.csv").write_text("x", encoding="utf-8")
    (tmp_path / "run" / "tables").symlink_to(tmp_path / "secret")
    (tmp_path / "run" / "p.csv").symlink_to(tmp_path / "secret" / "p.csv")
    assert copy(Local(tmp_path / "run"), "tables/p.csv", file=tmp_path / "file") is None
    with pytest.raises(PromoterError) as caught:
        copy(Local(tmp_path / "run"), "p.csv", file=tmp_path / "file")
    assert caught.value.reason is ReasonCode.MODEL_UNSAFE
