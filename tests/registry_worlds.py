"""Registries to hold to one contract: in memory, MLflow over HTTP, and MLflow's SQLite file directly.

A world makes registered models and versions the way a data scientist would; `registry` is what is tested.
"""

from __future__ import annotations

import inspect
import json
import sqlite3
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from promoter.adapters import mlflow_registry
from promoter.adapters.deadline import Deadline
from promoter.core.model_version import (
    READY,
    Column,
    Dataset,
    LoggedModel,
    ModelVersion,
    Run,
    Signature,
)
from promoter.core.prompt import Prompt
from promoter.ports import Registry
from tests.fakes.registry import InMemoryRegistry
from tests.mlflow_server import MlflowServer

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput
    from mlflow.entities import Run as MlflowRun
    from mlflow.entities.model_registry import PromptVersion

GIT_COMMIT = "mlflow.source.git.commit"
CONTEXT = "mlflow.data.context"
# Every MLflow store has it, and calls it "Default".
_EXPERIMENT = "0"


@dataclass(frozen=True, kw_only=True)
class RunAsked:
    """A run to make: what it logs (`files` are artifacts), and whether it is deleted afterwards."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    git_commit: str | None = None
    datasets: tuple[Dataset, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class VersionAsked:
    """A version to make. With `logged_metrics` it comes from a LoggedModel of the run with these figures; a
    signature and `requirements`, the text of that file, need a run too."""

    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    status: str = READY
    run: RunAsked | None = None
    logged_metrics: Mapping[str, float] | None = None
    signature: Signature | None = None
    requirements: str | None = None


@dataclass(frozen=True, kw_only=True)
class PromptAsked:
    """A prompt version to make: a text, or messages with `role` and `content`."""

    template: str | list[dict[str, str]] = "Say hello to {{name}}."
    message: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    response_format: Mapping[str, str] | None = None


class World(Protocol):
    """A registry, and how to fill it."""

    registry: Registry

    def new_model(self, name: str = "") -> str:
        """A registered model nobody else uses; its name holds `name`."""

    def new_version(self, model: str, asked: VersionAsked) -> str:
        """The next version of a model, in digits."""

    def new_prompt(self, name: str = "") -> str:
        """A prompt, which MLflow keeps among the registered models; version 1 holds `production`."""

    def new_prompt_version(self, prompt: str, asked: PromptAsked) -> str:
        """The next version of a prompt, in digits."""


def require_full_mlflow() -> None:
    """Skip the test where MLflow cannot read databases (tests/compat); development's always can."""
    pytest.importorskip("sqlalchemy", reason="a database needs the full MLflow, not mlflow-skinny")


def load_fresh(client: MlflowClient, address: str) -> PromptVersion | None:
    """A prompt as a caller of MLflow sees it now; None where there is none."""
    # Old clients keep nothing, and know no such word.
    keeps = "cache_ttl_seconds" in inspect.signature(client.load_prompt).parameters
    fresh: dict[str, float] = {"cache_ttl_seconds": 0} if keeps else {}
    found: PromptVersion | None = client.load_prompt(address, allow_missing=True, **fresh)
    return found


def unique(name: str) -> str:
    """A name nobody else uses."""
    return f"{name or 'model'} {uuid.uuid4().hex[:12]}"


class MemoryWorld:
    """The fake that other tests build on."""

    def __init__(self) -> None:
        self._fake = InMemoryRegistry()
        self.registry: Registry = self._fake
        self._latest: dict[str, int] = {}

    def new_model(self, name: str = "") -> str:
        """See `World`."""
        model = unique(name)
        self._fake.add_model(model)
        return model

    def new_version(self, model: str, asked: VersionAsked) -> str:
        """See `World`."""
        self._latest[model] = self._latest.get(model, 0) + 1
        run = _run_of(asked.run) if asked.run else None
        made = ModelVersion(
            model=model,
            version=str(self._latest[model]),
            status=asked.status,
            source="models:/m-1",
            description=asked.description,
            tags=dict(asked.tags),
            created_at=1_760_000_000_000,
            run_id=run.run_id if run else None,
            run=None if asked.run is None or asked.run.deleted else run,
            logged_model=_logged_model_of(asked.logged_metrics),
        )
        for path, content in (asked.run.files if asked.run else {}).items():
            self._fake.add_run_file(made, path, content)
        if asked.requirements is not None:
            self._fake.add_version(made)
            self._fake.add_requirements(made, asked.requirements)
        return self._fake.add_version(made, signature=asked.signature).version

    def new_prompt(self, name: str = "") -> str:
        """See `World`."""
        prompt = unique(name).replace(" ", "-")
        version = self.new_prompt_version(prompt, PromptAsked())
        self.registry.set_alias(prompt, "production", version=version)
        return prompt

    def new_prompt_version(self, prompt: str, asked: PromptAsked) -> str:
        """See `World`."""
        self._latest[prompt] = self._latest.get(prompt, 0) + 1
        is_text = isinstance(asked.template, str)
        made = ModelVersion(
            model=prompt,
            version=str(self._latest[prompt]),
            status=READY,
            source="dummy-source",
            description=asked.message,
            tags=dict(asked.tags),
            created_at=1_760_000_000_000,
            prompt=Prompt(
                template=str(asked.template) if is_text else json.dumps(asked.template),
                form="text" if is_text else "chat",
                response_format=json.dumps(asked.response_format) if asked.response_format else "",
            ),
        )
        return self._fake.add_version(made).version


def _run_of(asked: RunAsked) -> Run:
    return Run(
        run_id=uuid.uuid4().hex,
        experiment_id="1",
        status="FINISHED",
        metrics=dict(asked.metrics),
        parameters=dict(asked.parameters),
        git_commit=asked.git_commit,
        datasets=asked.datasets,
    )


def _logged_model_of(metrics: Mapping[str, float] | None) -> LoggedModel | None:
    return None if metrics is None else LoggedModel(model_id="m-1", metrics=dict(metrics))


class HttpWorld:
    """A real server, filled and asked over HTTP."""

    def __init__(self, server: MlflowServer, *, deadline: Deadline) -> None:
        from mlflow import MlflowClient  # noqa: PLC0415 - two seconds, only where it is needed

        self.registry: Registry = mlflow_registry.connect(
            tracking_uri=server.url, registry_uri="", deadline=deadline
        )
        self.server = server
        self.client: MlflowClient = MlflowClient(server.url, server.url)

    def new_model(self, name: str = "") -> str:
        """See `World`."""
        model = unique(name)
        self.client.create_registered_model(model)
        return model

    def new_version(self, model: str, asked: VersionAsked) -> str:
        """See `World`."""
        run = self.new_run(asked.run) if asked.run else None
        source, model_id = self._source(asked, run) if run else ("s3://bucket/model", None)
        made = self.client.create_model_version(
            model,
            source,
            run.info.run_id if run else None,
            tags=dict(asked.tags),
            description=asked.description or None,
            await_creation_for=0,
            model_id=model_id,
        )
        if run and asked.run and asked.run.deleted:
            self.client.delete_run(run.info.run_id)
        if asked.status != READY:
            self.set_status(model, str(made.version), asked.status)
        return str(made.version)

    def new_prompt(self, name: str = "") -> str:
        """See `World`."""
        prompt = unique(name).replace(" ", "-")
        made = self.client.register_prompt(prompt, "Say hello to {{name}}.")
        self.client.set_prompt_alias(prompt, "production", int(made.version))
        return prompt

    def new_prompt_version(self, prompt: str, asked: PromptAsked) -> str:
        """See `World`."""
        made = self.client.register_prompt(
            prompt,
            asked.template,
            commit_message=asked.message or None,
            tags=dict(asked.tags),
            response_format=dict(asked.response_format) if asked.response_format else None,
        )
        return str(made.version)

    def new_run(self, asked: RunAsked) -> MlflowRun:
        """A finished run."""
        run = self.client.create_run(_EXPERIMENT)
        run_id = run.info.run_id
        for key, value in asked.metrics.items():
            self.client.log_metric(run_id, key, value)
        for key, text in asked.parameters.items():
            self.client.log_param(run_id, key, text)
        if asked.git_commit:
            self.client.set_tag(run_id, GIT_COMMIT, asked.git_commit)
        if asked.datasets:
            self.client.log_inputs(run_id, [_dataset_input(dataset) for dataset in asked.datasets])
        for path, content in asked.files.items():
            self._log_file(run, path, content)
        self.client.update_run(run_id, status="FINISHED")
        return run

    def _log_file(self, run: MlflowRun, path: str, content: bytes) -> None:
        """As `mlflow.log_artifact` does, where the server keeps it."""
        file = self.folder_of(run.info.artifact_uri) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def set_status(self, model: str, version: str, status: str) -> None:
        """Put a version into a status: only the store itself can."""
        with (
            closing(sqlite3.connect(self.server.database.removeprefix("sqlite:///"), timeout=30)) as store,
            store,
        ):
            store.execute(
                "UPDATE model_versions SET status = ? WHERE name = ? AND version = ?",
                (status, model, int(version)),
            )

    def set_source(self, model: str, version: str, source: str) -> None:
        """Have a version point anywhere: what the server refuses, an older one has let in."""
        with (
            closing(sqlite3.connect(self.server.database.removeprefix("sqlite:///"), timeout=30)) as store,
            store,
        ):
            store.execute(
                "UPDATE model_versions SET source = ?, storage_location = ? WHERE name = ? AND version = ?",
                (source, source, model, int(version)),
            )

    def folder_of(self, artifact_uri: str) -> Path:
        """Where the server keeps what it serves under an `mlflow-artifacts:` address."""
        return self.server.artifacts / artifact_uri.removeprefix("mlflow-artifacts:/")

    def _source(self, asked: VersionAsked, run: MlflowRun) -> tuple[str, str | None]:
        """Where the version's files lie, `MLmodel` among them, and its LoggedModel's id."""
        if asked.logged_metrics is None:
            source = f"{run.info.artifact_uri}/model"
            write_mlmodel(self.folder_of(source), asked.signature)
            _write_requirements(self.folder_of(source), asked.requirements)
            return source, None
        model = self.client.create_logged_model(_EXPERIMENT, "model", run.info.run_id)
        for key, value in asked.logged_metrics.items():
            self.client.log_metric(run.info.run_id, key, value, model_id=model.model_id)
        write_mlmodel(self.folder_of(model.artifact_location), asked.signature)
        _write_requirements(self.folder_of(model.artifact_location), asked.requirements)
        return f"models:/{model.model_id}", str(model.model_id)


def _write_requirements(folder: Path, text: str | None) -> None:
    if text is not None:
        (folder / "requirements.txt").write_bytes(text.encode())


class SqliteWorld(HttpWorld):
    """The server's own file, asked without the server."""

    def __init__(self, server: MlflowServer, *, deadline: Deadline, folder: Path) -> None:
        require_full_mlflow()
        super().__init__(server, deadline=deadline)
        self.registry = mlflow_registry.connect(
            tracking_uri=server.database, registry_uri="", deadline=deadline
        )
        self._folder = folder

    def new_version(self, model: str, asked: VersionAsked) -> str:
        """See `World`; a signature is kept in a local folder, as without a server it would be."""
        run = replace(asked.run, files={}) if asked.run else None
        version = super().new_version(model, replace(asked, signature=None, run=run))
        if asked.run is not None and asked.run.files:
            self._keep(str(self.client.get_model_version(model, version).run_id), asked.run.files)
        if asked.signature is not None:
            write_mlmodel(self._folder, asked.signature)
            _write_requirements(self._folder, asked.requirements)
            self.set_source(model, version, str(self._folder))
        return version

    def _keep(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """Artifacts in a local folder, as without a server they would be."""
        folder = self._folder / run_id
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        with (
            closing(sqlite3.connect(self.server.database.removeprefix("sqlite:///"), timeout=30)) as store,
            store,
        ):
            store.execute("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", (str(folder), run_id))


def _dataset_input(dataset: Dataset) -> DatasetInput:
    from mlflow.entities import Dataset as MlflowDataset  # noqa: PLC0415
    from mlflow.entities import DatasetInput as MlflowInput  # noqa: PLC0415
    from mlflow.entities import InputTag  # noqa: PLC0415

    tags = [InputTag(CONTEXT, dataset.context)] if dataset.context else []
    return MlflowInput(MlflowDataset(dataset.name, dataset.digest, "local", "nowhere"), tags)


def write_mlmodel(folder: Path, signature: Signature | None) -> None:
    """An `MLmodel` as MLflow writes it, with what matters here."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "MLmodel").write_text(mlmodel_text(signature), encoding="utf-8")


def mlmodel_text(signature: Signature | None) -> str:
    """The text of an `MLmodel`; it has no signature where None was asked for."""
    head = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\nmodel_size_bytes: 1000\n"
    if signature is None:
        return head
    inputs, outputs = _columns_text(signature.inputs), _columns_text(signature.outputs)
    return f"{head}signature:\n  inputs: '{inputs}'\n  outputs: '{outputs}'\n  params: null\n"


def _columns_text(columns: tuple[Column, ...]) -> str:
    written = [{"type": column.kind, "name": column.name, "required": column.required} for column in columns]
    return json.dumps(written).replace("'", "''")
