"""Where files of models and runs lie: on the tracking server, in a cloud's storage, in a folder; how each is
read and written."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from promoter.adapters.mlflow_small_files import CHUNK, SmallFile, at_most
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

if TYPE_CHECKING:
    from mlflow.entities import FileInfo
    from mlflow.utils.rest_utils import MlflowHostCreds

_CHUNK = 1024 * 1024
# What may pass, so that MLflow's client asks again.
_PASSING = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file or folder in an artifact store; `path` is relative to the model's folder."""

    path: str
    is_folder: bool
    size: int


class Source(Protocol):
    """Where a model's files lie."""

    def list(self, path: str) -> Sequence[Entry]:
        """What is in a folder; the model's own is the empty path."""

    def fetch(self, path: str, target: Path, *, spend: Callable[[int], None]) -> None:
        """Write a file to `target`; `spend` is told of bytes before they are written, and may raise."""

    def put(self, path: str, content: bytes) -> None:
        """Write a file into it, in place of one that is there."""


class Served:
    """Files that the tracking server serves under `endpoint`, in the folder `root`."""

    def __init__(self, *, tracking: str, endpoint: str, root: str) -> None:
        self._tracking = tracking
        self._endpoint = endpoint.rstrip("/")
        self._root = root

    def list(self, path: str) -> Sequence[Entry]:
        """One request."""
        from mlflow.utils.rest_utils import http_request, verify_rest_response  # noqa: PLC0415

        folder = "/".join(part for part in (self._root, path) if part)
        response = http_request(self._credentials(), self._endpoint, "GET", params={"path": folder})
        if response.status_code != HTTPStatus.OK:
            verify_rest_response(response, self._endpoint)
        return [
            Entry(
                path="/".join(part for part in (path, str(found["path"])) if part),
                is_folder=bool(found.get("is_dir")),
                size=int(found.get("file_size") or 0),
            )
            for found in response.json().get("files", [])
        ]

    def fetch(self, path: str, target: Path, *, spend: Callable[[int], None]) -> None:
        """One request, streamed."""
        from mlflow.utils.rest_utils import http_request, verify_rest_response  # noqa: PLC0415

        endpoint = f"{self._endpoint}/{'/'.join(part for part in (self._root, path) if part)}"
        with http_request(self._credentials(), endpoint, "GET", stream=True) as response:
            if response.status_code != HTTPStatus.OK:
                verify_rest_response(response, endpoint)
            with target.open("xb") as file:
                for chunk in response.iter_content(_CHUNK):
                    spend(len(chunk))
                    file.write(chunk)

    def read(self, wanted: SmallFile) -> bytes | None:
        """A small file; None where the server lists the folder without it. One request for one that is there.

        MLflow's own download lists the folder and asks for the server's abilities first, and writes whatever
        comes to the disk.
        """
        # Of a file that is not there MLflow 3.17 says so; 3.10 and older answer 500, as in an outage.
        found = self._read_once(wanted, retried=_PASSING - {HTTPStatus.INTERNAL_SERVER_ERROR})
        if found is not None or all(entry.path != wanted.name for entry in self.list("")):
            return found
        return self._read_once(wanted, retried=_PASSING)

    def _read_once(self, wanted: SmallFile, *, retried: frozenset[HTTPStatus]) -> bytes | None:
        """None where it answers 500 and that is none of those `retried`."""
        from mlflow.utils.rest_utils import http_request, verify_rest_response  # noqa: PLC0415

        endpoint = f"{self._endpoint}/{self._root}/{wanted.name}"
        with http_request(self._credentials(), endpoint, "GET", stream=True, retry_codes=retried) as response:
            failed = response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
            if failed and HTTPStatus.INTERNAL_SERVER_ERROR not in retried:
                return None
            if response.status_code != HTTPStatus.OK:
                verify_rest_response(response, endpoint)
            return at_most(response.iter_content(CHUNK), wanted)

    def put(self, path: str, content: bytes) -> None:
        """One request."""
        from mlflow.utils.rest_utils import http_request, verify_rest_response  # noqa: PLC0415

        endpoint = f"{self._endpoint}/{'/'.join(part for part in (self._root, path) if part)}"
        kind = {"Content-Type": "application/octet-stream"}
        response = http_request(self._credentials(), endpoint, "PUT", data=content, extra_headers=kind)
        if response.status_code != HTTPStatus.OK:
            verify_rest_response(response, endpoint)

    def _credentials(self) -> MlflowHostCreds:
        from mlflow.utils.credentials import get_default_host_creds  # noqa: PLC0415

        credentials: MlflowHostCreds = get_default_host_creds(self._tracking)
        return credentials


class Listing(Protocol):
    """MLflow's `ArtifactRepository`, as far as it is used."""

    def list_artifacts(self, path: str | None = None) -> Sequence[FileInfo]:
        """What lies in a folder."""

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        """Download a file, here and now."""

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Upload a file into a folder, under its own name."""


class Stored:
    """Files in a cloud's storage, by MLflow's client for it."""

    def __init__(self, store: Listing) -> None:
        self._store = store

    def list(self, path: str) -> Sequence[Entry]:
        """What the client lists, which is one page or several."""
        return [
            Entry(path=str(found.path), is_folder=bool(found.is_dir), size=int(found.file_size or 0))
            for found in self._store.list_artifacts(path or None)
        ]

    def fetch(self, path: str, target: Path, *, spend: Callable[[int], None]) -> None:
        """By the client, which tells nobody how much it writes: counted when it is there."""
        self._store._download_file(path, str(target))
        spend(target.lstat().st_size)

    def put(self, path: str, content: bytes) -> None:
        """By the client, which takes files only."""
        folder, _, name = path.rpartition("/")
        with tempfile.TemporaryDirectory(prefix="promoter-", ignore_cleanup_errors=True) as scratch:
            file = Path(scratch, name)
            file.write_bytes(content)
            self._store.log_artifact(str(file), folder or None)


class Local:
    """Files in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list(self, path: str) -> Sequence[Entry]:
        """What is in a folder; links are files here, and refused when they are fetched."""
        folder = self._folder / path
        if not folder.is_dir():
            return []
        with os.scandir(folder) as found:
            return [
                Entry(
                    path=str(PurePosixPath(path, entry.name)),
                    is_folder=entry.is_dir(follow_symlinks=False),
                    size=entry.stat(follow_symlinks=False).st_size,
                )
                for entry in found
            ]

    def fetch(self, path: str, target: Path, *, spend: Callable[[int], None]) -> None:
        """A copy; never through a link."""
        found = self._folder / path
        if not stat.S_ISREG(found.lstat().st_mode):
            raise refused(path, why=say("it is a link or a device"))
        spend(found.lstat().st_size)
        shutil.copyfile(found, target, follow_symlinks=False)

    def put(self, path: str, content: bytes) -> None:
        """Whole or not at all; never through a link."""
        target = self._folder / path
        if not target.parent.resolve().is_relative_to(self._folder.resolve()):
            raise PromoterError(
                ReasonCode.MODEL_UNSAFE,
                say("the file ", quote(path), " is not written: a link there leads out of the folder"),
                hint=say("Find out who put that link into the artifact store."),
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent)
        scratch = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            scratch.chmod(0o644)
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)


def refused(path: str, *, why: Message) -> PromoterError:
    """A file that is not taken."""
    return PromoterError(
        ReasonCode.MODEL_UNSAFE,
        say("the model's file ", quote(path), " is not downloaded: ", *why.parts),
        hint=say("Log the model again with MLflow, and find out who put this into the artifact store."),
    )
