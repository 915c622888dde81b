"""The model registry, through MLflow's client.

Absence is proven by MLflow's own answer, and every answer must name what was asked for: a proxy that answers
`{}` has not proven that nobody holds an alias.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_absence import absence_unproven, expect, no_run_file, not_found
from promoter.adapters.mlflow_address import Addresses
from promoter.adapters.mlflow_aliases import Aliases
from promoter.adapters.mlflow_artifacts import Artifacts
from promoter.adapters.mlflow_calls import Calls
from promoter.adapters.mlflow_client import addresses_of, open_client, prefetch, registry_of
from promoter.adapters.mlflow_values import canonical, models_of, to_logged_model, to_model_version, to_run
from promoter.adapters.mlflow_version_files import VersionFiles
from promoter.adapters.mlflow_versions import Versions
from promoter.adapters.mlflow_writes import Writes
from promoter.core.model_version import LoggedModel, ModelFiles, ModelVersion, Papers, Run, Signature
from promoter.core.progress import UNTOLD, Progress
from promoter.core.prompt import Kind as Of
from promoter.errors import ReasonCode
from promoter.text import Message, quote, say

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel as MlflowLoggedModel

__all__ = ["MlflowReader", "MlflowRegistry", "connect", "connect_reader", "prefetch"]

_MODELS = "models:/"
_LOGGED_MODEL = "models:/m-"
_RUN = "runs:/"
_NO_RUN = "it has no run, or one that was deleted"
_LOG_IT = "its run logged no such file; log it there with `mlflow.log_artifact` or `mlflow.log_table`"


def connect_reader(
    *,
    tracking_uri: str,
    registry_uri: str,
    deadline: Deadline,
    secrets: Sequence[str] = (),
    progress: Progress = UNTOLD,
) -> MlflowReader:
    """A registry for reading only. An empty `registry_uri` means MLflow's rule: beside the runs.

    `secrets` are kept out of every error, whoever repeats them; `progress` looks on.

    Raises USAGE_INVALID or REGISTRY_UNAVAILABLE for addresses that cannot work; a server is not asked yet.
    """
    addresses = addresses_of(tracking_uri, registry_uri, secrets=secrets)
    client = open_client(addresses, deadline)
    artifacts = Artifacts(addresses, progress=progress)
    return MlflowReader(client=client, addresses=addresses, artifacts=artifacts, deadline=deadline)


def connect(
    *,
    tracking_uri: str,
    registry_uri: str,
    deadline: Deadline,
    secrets: Sequence[str] = (),
    progress: Progress = UNTOLD,
) -> MlflowRegistry:
    """The same registry, for apply: it can also write."""
    addresses = addresses_of(tracking_uri, registry_uri, secrets=secrets)
    client = open_client(addresses, deadline)
    artifacts = Artifacts(addresses, progress=progress)
    return MlflowRegistry(client=client, addresses=addresses, artifacts=artifacts, deadline=deadline)


class MlflowReader:
    """A `RegistryReader` on MLflow's client; nothing in it writes."""

    def __init__(
        self, *, client: MlflowClient, addresses: Addresses, artifacts: Artifacts, deadline: Deadline
    ) -> None:
        self._client = client
        self._models = registry_of(client)
        self._addresses = addresses
        self._calls = Calls(addresses=addresses, deadline=deadline)
        self._aliases = Aliases(client=client, calls=self._calls, addresses=addresses)
        self._versions = Versions(client, calls=self._calls, shown=addresses.shown)
        self._artifacts = artifacts
        self._files = VersionFiles(
            artifacts=artifacts, calls=self._calls, addresses=addresses, where=self._location
        )
        # Where the files of a LoggedModel lie, learnt while reading it: one request less for its signature.
        self._locations: dict[str, str] = {}
        self._run_folders: dict[str, str] = {}

    def aliases(self, model: str, *, kind: Of | None = None) -> Mapping[str, str]:
        """Alias → version (normalised digits) of a registered model or prompt; one request.

        Raises MODEL_NOT_FOUND, also for one of another kind than `kind`.
        """
        return self._aliases.of(model, kind)

    def all_aliases(self, kind: Of = Of.MODEL) -> Mapping[str, Mapping[str, str]]:
        """Registered model → alias → version of everything of one kind; one request for 1,000.

        Only `aliases` proves that a model is not there.
        """
        return self._aliases.of_all(kind)

    def versions(self, model: str, kind: Of = Of.MODEL) -> tuple[ModelVersion, ...]:
        """Every version, newest first, without runs and LoggedModels; one request for 1,000."""
        return self._versions.of(model, kind=kind, prove=lambda name: self._aliases.of(name, kind))

    def model_version(self, model: str, version: str) -> ModelVersion:
        """A version with its run and LoggedModel; at most three requests. Raises VERSION_NOT_FOUND."""
        doing = say("reading version ", quote(version), " of ", quote(model))
        absent = not_found(
            ReasonCode.VERSION_NOT_FOUND,
            say("registered model ", quote(model), " has no version ", quote(version)),
        )
        number = canonical(version)
        if number is None:
            raise absent
        found = self._calls.find(lambda: self._models.get_model_version(model, number), doing=doing)
        if found is None:
            raise absent
        self._expect(str(found.name), wanted=model, doing=doing)
        self._expect(str(found.version), wanted=number, doing=doing)
        run = self._run(str(found.run_id)) if found.run_id else None
        logged_model = self._logged_model(str(found.source or ""))
        return self._calls.ask(
            lambda: to_model_version(found, run=run, logged_model=logged_model), doing=doing
        )

    def signature(self, version: ModelVersion) -> Signature | None:
        """The signature in the version's `MLmodel`; None when it was logged without one.

        One request when the version was read by this reader and the server serves artifacts. Raises
        MODEL_UNSAFE for a source that is not followed, DATA_UNAVAILABLE when there is no readable `MLmodel`.
        """
        return self._files.signature(version)

    def papers(self, version: ModelVersion) -> Papers:
        """Signature and `requirements.txt`; at most one request each, none for what was downloaded before.
        Raises what `signature` does."""
        return self._files.papers(version)

    def download(self, version: ModelVersion, folder: Path) -> ModelFiles:
        """Every file of the version, into an empty folder; eight at once. Raises what `signature` does."""
        return self._files.download(version, folder)

    def files(self, version: ModelVersion) -> ModelFiles:
        """What `download` copies, without keeping it. Raises what `download` does."""
        with TemporaryDirectory(prefix="promoter-model-", ignore_cleanup_errors=True) as folder:
            return self.download(version, Path(folder, "model"))

    def run_file(self, version: ModelVersion, path: str, *, file: Path) -> str:
        """Copy one artifact of the version's run; the sha256 of its bytes, in hex.

        Raises DATA_UNAVAILABLE where it has no run, or the run no such file; REGISTRY_UNAVAILABLE where
        only a server could tell; MODEL_UNSAFE as `download` does.
        """
        doing = say("reading ", quote(path), " of the run of version ", quote(version.version))
        folder = self._run_folder(version)
        if folder is None:
            raise no_run_file(version, path, why=_NO_RUN)
        with absence_unproven():
            digest = self._calls.find(lambda: self._artifacts.copy(folder, path, file=file), doing=doing)
        if digest is None:
            raise no_run_file(version, path, why=_LOG_IT)
        return digest

    def _run_folder(self, version: ModelVersion) -> str | None:
        """Where the artifacts of its run lie; None where it has none, or one that was deleted."""
        run_id = version.run_id or ""
        if run_id and run_id not in self._run_folders:
            self._run(run_id)
        return self._run_folders.get(run_id)

    def _run(self, run_id: str) -> Run | None:
        """The run; None when it was deleted or never was, which MLflow itself must say."""
        doing = say("reading the run ", quote(run_id))
        found = self._calls.find(lambda: self._client.get_run(run_id), doing=doing)
        if found is None:
            return None
        self._expect(str(found.info.run_id), wanted=run_id, doing=doing)
        self._run_folders[run_id] = str(found.info.artifact_uri)
        return self._calls.ask(lambda: to_run(found), doing=doing)

    def _logged_model(self, source: str) -> LoggedModel | None:
        """The LoggedModel a source names; `models:/m-churn/3` is a version of a registered model instead, and
        this one a copy of it."""
        if source.startswith(_MODELS) and source.count("/") > 1:
            source = self._copied_source(source)
        if not source.startswith(_LOGGED_MODEL) or source.count("/") > 1:
            return None
        found = self._find_logged_model(source.removeprefix(_MODELS))
        if found is None:
            return None
        self._locations[source] = str(found.artifact_location)
        return self._calls.ask(lambda: to_logged_model(found), doing=say("reading a LoggedModel"))

    def _copied_source(self, source: str) -> str:
        """The source of the version that a copy names as its own; empty where that is gone."""
        model, _, version = source.removeprefix(_MODELS).rpartition("/")
        number = canonical(version)
        if number is None:
            return ""
        doing = say("reading ", quote(source), ", which this is a copy of")
        found = self._calls.find(lambda: self._client.get_model_version(model, number), doing=doing)
        return str(found.source or "") if found is not None else ""

    def _find_logged_model(self, model_id: str) -> MlflowLoggedModel | None:
        doing = say("reading the LoggedModel ", quote(model_id))
        found = self._calls.find(lambda: self._client.get_logged_model(model_id), doing=doing)
        if found is not None:
            self._expect(str(found.model_id), wanted=model_id, doing=doing)
        return found

    def _location(self, version: ModelVersion, *, doing: Message) -> str:
        location = self._locations.get(version.source, version.source)
        if location.startswith("models:"):
            location = self._calls.ask(
                lambda: str(self._models.get_model_version_download_uri(version.model, version.version)),
                doing=doing,
            )
        return self._location_in_run(location, doing=doing) if location.startswith(_RUN) else location

    def _location_in_run(self, source: str, *, doing: Message) -> str:
        """`runs:/<id>/<path>`: a LoggedModel of the run with that name (MLflow 3), or its artifacts."""
        run_id, _, path = source.removeprefix(_RUN).partition("/")
        run = self._calls.ask(lambda: self._client.get_run(run_id), doing=doing)
        name, _, rest = path.partition("/")
        for model_id in models_of(run):
            found = self._find_logged_model(model_id)
            if found is not None and found.name == name:
                return f"{found.artifact_location}/{rest}".rstrip("/")
        return f"{run.info.artifact_uri}/{path}"

    def _expect(self, answered: str, *, wanted: str, doing: Message) -> None:
        expect(answered, wanted=wanted, doing=doing, server=self._addresses.shown)


class MlflowRegistry(MlflowReader):
    """A `Registry`: the same reader, which can also write."""

    def set_alias(self, model: str, alias: str, *, version: str) -> None:
        """Point the alias at the version, whoever holds it now; read back before you believe it.

        Raises VERSION_NOT_FOUND, REQUEST_INVALID (an alias MLflow does not take), PERMISSION_DENIED or
        REGISTRY_UNAVAILABLE; after the last one it may have been set all the same.
        """
        self._writes.set_alias(model, alias, version=version, held=lambda: self.aliases(model).get(alias))

    def set_tags(self, model: str, version: str, *, tags: Mapping[str, str]) -> None:
        """Write tags on a version, one request each, in the order given; the others stay."""
        self._writes.set_tags(model, version, tags=tags)

    def log_files(self, version: ModelVersion, *, files: Mapping[str, str]) -> None:
        """Write artifacts of the version's run, one request each, over what is there. Raises DATA_UNAVAILABLE
        without a run, PERMISSION_DENIED, REGISTRY_UNAVAILABLE, MODEL_UNSAFE for a place not followed, and
        NOT_AVAILABLE where they would become files of the version."""
        folder = self._run_folder(version)
        self._files.refuse_among(version, folder, paths=files)
        for path, text in files.items():
            if folder is None:
                raise no_run_file(version, path, why=_NO_RUN)
            put = partial(self._artifacts.put, folder, path, content=text.encode(errors="replace"))
            self._calls.ask(put, doing=say("logging ", quote(path), " to the run ", quote(version.run_id)))

    def copy(self, source: ModelVersion, model: str) -> str:
        """A new version of a model that is there already; look for it before you ask again.

        Raises VERSION_NOT_FOUND for either that is not there, PERMISSION_DENIED or REGISTRY_UNAVAILABLE;
        after the last one it may have been made all the same.
        """
        if not self._addresses.is_databricks:
            return self._writes.copy(source, model, files=None)
        with TemporaryDirectory(prefix="promoter-copy-", ignore_cleanup_errors=True) as folder:
            files = Path(folder, "model")
            self.download(source, files)
            return self._writes.copy(source, model, files=files)

    @property
    def _writes(self) -> Writes:
        return Writes(client=self._client, calls=self._calls, addresses=self._addresses)
