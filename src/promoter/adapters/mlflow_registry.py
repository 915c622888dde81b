"""The model registry, through MLflow's client.

Absence is proven by MLflow's own answer, and every answer must name what was asked for: a proxy that answers
`{}` has not proven that nobody holds an alias.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_absence import absence_unproven, expect, no_mlmodel, no_run_file, not_found
from promoter.adapters.mlflow_address import Addresses, Kind, kind_of, resolve, without_secrets
from promoter.adapters.mlflow_aliases import Aliases
from promoter.adapters.mlflow_artifacts import MLMODEL, Artifacts
from promoter.adapters.mlflow_calls import Calls
from promoter.adapters.mlflow_client import has_module, open_client, prefetch
from promoter.adapters.mlflow_signature import read_signature
from promoter.adapters.mlflow_values import (
    canonical,
    models_of,
    to_logged_model,
    to_model_version,
    to_run,
)
from promoter.core.model_version import LoggedModel, ModelFiles, ModelVersion, Run, Signature
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel as MlflowLoggedModel
    from mlflow.tracking._model_registry.client import ModelRegistryClient

__all__ = ["MlflowReader", "MlflowRegistry", "connect", "connect_reader", "prefetch"]

_LOGGED_MODEL = "models:/m-"
_RUN = "runs:/"
_LOG_IT = "its run logged no such file; log it there with `mlflow.log_artifact` or `mlflow.log_table`"


def connect_reader(
    *, tracking_uri: str, registry_uri: str, deadline: Deadline, secrets: Sequence[str] = ()
) -> MlflowReader:
    """A registry for reading only. An empty `registry_uri` means MLflow's rule: beside the runs.

    `secrets` are kept out of every error, whoever repeats them.

    Raises USAGE_INVALID or REGISTRY_UNAVAILABLE for addresses that cannot work; a server is not asked yet.
    """
    addresses = _addresses(tracking_uri, registry_uri, secrets=secrets)
    client = open_client(addresses, deadline)
    return MlflowReader(client=client, addresses=addresses, artifacts=Artifacts(addresses), deadline=deadline)


def connect(
    *, tracking_uri: str, registry_uri: str, deadline: Deadline, secrets: Sequence[str] = ()
) -> MlflowRegistry:
    """The same registry, for apply: it can also write."""
    addresses = _addresses(tracking_uri, registry_uri, secrets=secrets)
    client = open_client(addresses, deadline)
    return MlflowRegistry(
        client=client, addresses=addresses, artifacts=Artifacts(addresses), deadline=deadline
    )


def _addresses(tracking_uri: str, registry_uri: str, *, secrets: Sequence[str]) -> Addresses:
    found = resolve(tracking_uri=tracking_uri, registry_uri=registry_uri, has_module=has_module)
    return replace(found, secrets=tuple(secrets))


class MlflowReader:
    """A `RegistryReader` on MLflow's client; nothing in it writes."""

    def __init__(
        self, *, client: MlflowClient, addresses: Addresses, artifacts: Artifacts, deadline: Deadline
    ) -> None:
        self._client = client
        self._addresses = addresses
        self._calls = Calls(addresses=addresses, deadline=deadline)
        self._aliases = Aliases(client=client, calls=self._calls, addresses=addresses)
        self._artifacts = artifacts
        # Where the files of a LoggedModel lie, learnt while reading it: one request less for its signature.
        self._locations: dict[str, str] = {}
        self._run_folders: dict[str, str] = {}

    def aliases(self, model: str) -> Mapping[str, str]:
        """Alias → version (normalised digits) of a registered model; one request. Raises MODEL_NOT_FOUND."""
        return self._aliases.of(model)

    def all_aliases(self) -> Mapping[str, Mapping[str, str]]:
        """Registered model → alias → version of every model that is no prompt; one request for 1,000.

        Only `aliases` proves that a model is not there.
        """
        return self._aliases.of_all()

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
        found = self._calls.find(lambda: self._client.get_model_version(model, number), doing=doing)
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
        doing = say("reading the signature of version ", quote(version.version), " of ", quote(version.model))
        if self._is_databricks():
            mlmodel = self._calls.find(
                lambda: self._artifacts.read_registered(version.model, version.version), doing=doing
            )
        else:
            location = self._location(version, doing=doing)
            mlmodel = self._calls.find(lambda: self._artifacts.read(location), doing=doing)
        if mlmodel is None:
            raise no_mlmodel(doing)
        return read_signature(mlmodel)

    def download(self, version: ModelVersion, folder: Path) -> ModelFiles:
        """Every file of the version, into an empty folder; eight at once. Raises what `signature` does."""
        doing = say("downloading version ", quote(version.version), " of ", quote(version.model))
        if self._is_databricks():
            name, number = version.model, version.version
            location = f"models:/{name}/{number}"
            found = self._calls.ask(
                lambda: self._artifacts.download_registered(name, number, folder=folder), doing=doing
            )
        else:
            location = self._location(version, doing=doing)
            found = self._calls.ask(lambda: self._artifacts.download(location, folder), doing=doing)
        if not any(file.path == MLMODEL for file in found.files):
            raise no_mlmodel(doing)
        return replace(found, location=without_secrets(location))

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
        run_id = version.run_id or ""
        if run_id and run_id not in self._run_folders:
            self._run(run_id)
        folder = self._run_folders.get(run_id)
        if folder is None:
            raise no_run_file(version, path, why="it has no run, or one that was deleted")
        with absence_unproven():
            digest = self._calls.find(lambda: self._artifacts.copy(folder, path, file=file), doing=doing)
        if digest is None:
            raise no_run_file(version, path, why=_LOG_IT)
        return digest

    def _is_databricks(self) -> bool:
        return kind_of(self._addresses.registry) is Kind.DATABRICKS

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
        """The LoggedModel a source names; `models:/m-churn/3` is a version of a registered model instead."""
        if not source.startswith(_LOGGED_MODEL) or source.count("/") > 1:
            return None
        found = self._find_logged_model(source.removeprefix("models:/"))
        if found is None:
            return None
        self._locations[source] = str(found.artifact_location)
        return self._calls.ask(lambda: to_logged_model(found), doing=say("reading a LoggedModel"))

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
                lambda: str(self._models().get_model_version_download_uri(version.model, version.version)),
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

    def _models(self) -> ModelRegistryClient:
        """The part of MLflow's client that asks what it is told and no more.

        The public one reads the whole registered model again before every write, to see that it is no
        prompt; `aliases` and `model_version` have seen that already.
        """
        models: ModelRegistryClient = self._client._get_registry_client()
        return models

    def _expect(self, answered: str, *, wanted: str, doing: Message) -> None:
        expect(answered, wanted=wanted, doing=doing, server=self._addresses.shown)


class MlflowRegistry(MlflowReader):
    """A `Registry`: the same reader, which can also write."""

    def set_alias(self, model: str, alias: str, *, version: str) -> None:
        """Point the alias at the version, whoever holds it now; read back before you believe it.

        Raises VERSION_NOT_FOUND, REQUEST_INVALID (an alias MLflow does not take), PERMISSION_DENIED or
        REGISTRY_UNAVAILABLE; after the last one it may have been set all the same.
        """
        doing = say("setting the alias ", quote(alias), " of ", quote(model), " to version ", quote(version))
        number = canonical(version)
        if number is None:
            raise not_found(
                ReasonCode.VERSION_NOT_FOUND, say(*doing.parts, " failed: there is no such version")
            )
        self._refuse_capitals(alias, doing=doing)

        def write() -> None:
            self._models().set_registered_model_alias(model, alias, number)

        if self._calls.write(write, doing=doing):
            return
        # PostgreSQL, when two clients set a new alias at once: one is refused, and the alias is there.
        if self.aliases(model).get(alias) != number:
            self._calls.ask(write, doing=doing)

    def set_tags(self, model: str, version: str, *, tags: Mapping[str, str]) -> None:
        """Write tags on a version, one request each, in the order given; the others stay."""
        number = canonical(version)
        if number is None:
            raise not_found(
                ReasonCode.VERSION_NOT_FOUND,
                say("registered model ", quote(model), " has no version ", quote(version)),
            )
        for key, value in tags.items():
            self._set_tag(model, number, key=key, value=value)

    def _set_tag(self, model: str, version: str, *, key: str, value: str) -> None:
        self._calls.ask(
            lambda: self._models().set_model_version_tag(model, version, key, value),
            doing=say("writing the tag ", quote(key), " on version ", quote(version), " of ", quote(model)),
        )

    def _refuse_capitals(self, alias: str, *, doing: Message) -> None:
        if self._is_databricks() and alias != alias.lower():
            raise PromoterError(
                ReasonCode.REQUEST_INVALID,
                say(*doing.parts, " failed: Unity Catalog keeps aliases in lower case"),
                hint=say("Write ", quote(alias.lower()), " in the promotion request and in the policy."),
            )
