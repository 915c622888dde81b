"""Reading a version's files from where its source says, refusing to look elsewhere; writing files of runs.

A version's source is text that anybody who may register a model wrote. Followed blindly it reads this job's
own files, or sends its credentials to a host of the writer's choice.
"""

from __future__ import annotations

import inspect
import ipaddress
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from promoter.adapters.mlflow_address import Addresses, Kind, kind_of, without_secrets
from promoter.adapters.mlflow_download import copy, download, put, take_stock
from promoter.adapters.mlflow_files import Local, Served, Source, Stored
from promoter.adapters.mlflow_small_files import MLMODEL, SmallFile, read_file, too_large
from promoter.core.model_version import ModelFiles
from promoter.core.progress import UNTOLD, Progress, Step
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

if TYPE_CHECKING:
    from mlflow.entities import FileInfo

_SERVED = "mlflow-artifacts"
_SERVED_PATH = "/api/2.0/mlflow-artifacts/artifacts/"
_PORTS = {"http": 80, "https": 443}
_PRETENDED_FOLDERS = (Path("/proc"), Path("/sys"), Path("/dev"))
_ANY_HOST = ("",)
# Scheme → how the host in the address must end. Azure, R2 and B2 send credentials to the host named there.
_STORES = {
    "s3": _ANY_HOST,
    "gs": _ANY_HOST,
    "dbfs": _ANY_HOST,
    "hdfs": _ANY_HOST,
    "viewfs": _ANY_HOST,
    "wasbs": (".blob.core.windows.net", ".blob.core.chinacloudapi.cn", ".blob.core.usgovcloudapi.net"),
    "abfss": (
        ".dfs.core.windows.net",
        ".dfs.core.chinacloudapi.cn",
        ".dfs.core.usgovcloudapi.net",
        ".dfs.fabric.microsoft.com",
    ),
    "r2": (".r2.cloudflarestorage.com",),
    "b2": (".backblazeb2.com",),
}


class Store(Protocol):
    """MLflow's `ArtifactRepository`, as far as it is used."""

    def list_artifacts(self, path: str | None = None) -> Sequence[FileInfo]:
        """What lies in a folder."""

    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        """Download a file into a folder, in threads of its own; where it is."""

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        """Download a file, here and now."""

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Upload a file into a folder, under its own name."""


class Artifacts:
    """Reads single small files, downloads whole folders, and writes files of runs.

    `open_store` gives the client of an address in a cloud's storage (MLflow's own unless given). `progress`
    looks on while whole folders are downloaded.
    """

    def __init__(
        self,
        addresses: Addresses,
        *,
        open_store: Callable[[str], Store] | None = None,
        progress: Progress = UNTOLD,
    ) -> None:
        self._addresses = addresses
        self.progress = progress
        self._open_store = open_store or self._mlflow_store

    def read(self, location: str, wanted: SmallFile = MLMODEL) -> bytes | None:
        """The bytes of a file in the folder at `location`; None where that folder has no such file.

        Raises MODEL_UNSAFE for a location that is not followed, DATA_UNAVAILABLE for one that only a
        tracking server could read, and whatever MLflow and its storage clients raise.
        """
        parts = _split(location)
        served = self._served_path(parts)
        if served is not None:
            return self._served(served).read(wanted)
        if parts.scheme in {"", "file"}:
            return read_file(self._local_file(location, parts, wanted=wanted), wanted)
        if not _is_store(parts):
            raise _refused(location, say("Promoter follows no source of that kind"))
        return self._read_store(location, wanted)

    def read_registered(self, model: str, version: str, *, wanted: SmallFile = MLMODEL) -> bytes | None:
        """The same for a version in Databricks, which gives out credentials for its own storage."""
        store = self._open_store(f"models:/{model}/{version}")
        with tempfile.TemporaryDirectory(prefix="promoter-") as folder:
            return read_file(Path(store.download_artifacts(wanted.name, folder)), wanted)

    def download(self, location: str, folder: Path, *, step: Step = UNTOLD) -> ModelFiles:
        """Every file in the folder at `location`, into an empty one; none where there is nothing. `step` is
        told of bytes.

        Raises what `read` does, and MODEL_UNSAFE for files that are not taken.
        """
        return download(self._source(location), folder, step=step)

    def copy(self, location: str, path: str, *, file: Path) -> str | None:
        """One file below the folder at `location`; its sha256 in hex, None where there is no such file.

        Raises what `download` does.
        """
        return copy(self._source(location), path, file=file)

    def put(self, location: str, path: str, *, content: bytes) -> None:
        """Write one file below the folder at `location`, whatever was there. Raises what `download` does."""
        put(self._source(location), path, content=content)

    def _source(self, location: str) -> Source:
        parts = _split(location)
        served = self._served_path(parts)
        if served is not None:
            return self._served(served)
        if parts.scheme in {"", "file"}:
            return Local(self._local_file(location, parts, wanted=MLMODEL).parent)
        if _is_store(parts):
            return Stored(self._open_store(location))
        raise _refused(location, say("Promoter follows no source of that kind"))

    def download_registered(self, model: str, version: str, *, folder: Path) -> ModelFiles:
        """The same for a version in Databricks; its client downloads by itself and is looked at after."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._open_store(f"models:/{model}/{version}").download_artifacts("", str(folder))
        return take_stock(folder)

    def _served_path(self, parts: SplitResult) -> str | None:
        """The path below the tracking server's artifacts; None for what it does not serve.

        Raises MODEL_UNSAFE where the location names another server: MLflow would send it our credentials.
        """
        server = urlsplit(self._addresses.tracking)
        if parts.scheme == _SERVED:
            here = not parts.netloc or (parts.hostname, parts.port) == (server.hostname, server.port)
            path = parts.path.removeprefix(_SERVED_PATH)
        elif parts.scheme in _PORTS:
            root = server.path.rstrip("/") + _SERVED_PATH
            here = _origin(parts) == _origin(server) and parts.path.startswith(root)
            path = parts.path.removeprefix(root)
        else:
            return None
        if not here:
            raise _refused(parts.geturl(), say("it names a server that is not the tracking server"))
        if ".." in unquote(path).replace("\\", "/").split("/"):
            raise _refused(parts.geturl(), say("it leaves the server's artifacts by `..`"))
        return path.strip("/")

    def _served(self, path: str) -> Served:
        return Served(tracking=self._server(), endpoint=_SERVED_PATH, root=path)

    def _server(self) -> str:
        tracking = self._addresses.tracking
        if kind_of(tracking) is not Kind.SERVER:
            raise PromoterError(
                ReasonCode.DATA_UNAVAILABLE,
                say("the model's files are served by a tracking server, and none is set"),
                hint=say("Set the `tracking-uri` input to the server's address instead of its database."),
            )
        return tracking

    def _local_file(self, location: str, parts: SplitResult, *, wanted: SmallFile) -> Path:
        """Where the file is, if it is there at all."""
        folder = Path(unquote(parts.path) if parts.scheme else location)
        if not folder.is_absolute() or parts.netloc not in {"", "localhost"}:
            raise _refused(location, say("it is not an absolute path"))
        if any(map(folder.is_relative_to, _PRETENDED_FOLDERS)):
            raise _refused(location, say("no model lies there"))
        if kind_of(self._addresses.tracking) is not Kind.SQLITE:
            raise _out_of_reach(location)
        found = (folder / wanted.name).resolve()
        if not found.is_relative_to(folder.resolve()) or any(map(found.is_relative_to, _PRETENDED_FOLDERS)):
            raise _refused(location, say(f"its `{wanted.name}` lies outside of it"))
        return found

    def _read_store(self, location: str, wanted: SmallFile) -> bytes | None:
        store = self._open_store(location)
        listed = next((entry for entry in store.list_artifacts() if entry.path == wanted.name), None)
        if listed is None:
            return None
        if listed.is_dir or listed.file_size is None or listed.file_size > wanted.largest:
            raise too_large(wanted)
        with tempfile.TemporaryDirectory(prefix="promoter-") as folder:
            copy = Path(folder, wanted.name)
            # Not `download_artifacts`: its threads hold the process past the deadline.
            store._download_file(wanted.name, str(copy))
            return read_file(copy, wanted)

    def _mlflow_store(self, location: str) -> Store:
        from mlflow import set_tracking_uri  # noqa: PLC0415
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository  # noqa: PLC0415

        if self._addresses.is_databricks:
            # Its store for Unity Catalog takes the registry it is told, and the process's server of runs.
            set_tracking_uri(self._addresses.tracking)
        addresses = {"tracking_uri": self._addresses.tracking, "registry_uri": self._addresses.registry}
        # MLflow 3.3 has one registry for the whole process, and no such word.
        known = inspect.signature(get_artifact_repository).parameters
        return get_artifact_repository(
            location, **{name: uri for name, uri in addresses.items() if name in known}
        )


def _split(location: str) -> SplitResult:
    try:
        parts = urlsplit(location)
        _ = parts.port, parts.hostname
    except ValueError:
        parts = None
    if parts is None or not location.isprintable() or "\\" in parts.netloc:
        raise _refused(location, say("it is not an address"))
    return parts


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _is_store(parts: SplitResult) -> bool:
    endings = _STORES.get(parts.scheme)
    if endings is None or _is_own_address(parts.hostname or ""):
        return False
    return parts.netloc.casefold().endswith(endings)


def _is_own_address(host: str) -> bool:
    """Whether a host is this machine or its cloud's metadata, written as a number."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_link_local or address.is_loopback


def _out_of_reach(location: str) -> PromoterError:
    return PromoterError(
        ReasonCode.DATA_UNAVAILABLE,
        say("the version's files are on the server's machine, at ", quote(without_secrets(location))),
        hint=say(
            "Have the MLflow server serve its artifacts (`--serve-artifacts`, its default), keep them in an "
            "object store, or leave the `signature` check out of the policy."
        ),
    )


def _refused(location: str, why: Message) -> PromoterError:
    return PromoterError(
        ReasonCode.MODEL_UNSAFE,
        say("the version's source ", quote(without_secrets(location)), " is not followed: ", *why.parts),
        hint=say("Register the model from a run, or from the artifact store that your MLflow server uses."),
    )
