"""What the files of model versions say and are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from promoter.adapters.mlflow_absence import no_mlmodel
from promoter.adapters.mlflow_address import Addresses, holds, without_secrets
from promoter.adapters.mlflow_artifacts import Artifacts
from promoter.adapters.mlflow_calls import Calls, Slice
from promoter.adapters.mlflow_signature import read_signature
from promoter.adapters.mlflow_small_files import MLMODEL, REQUIREMENTS, SmallFile, read_file
from promoter.core.model_version import ModelFiles, ModelVersion, Papers, Signature
from promoter.core.progress import Unit
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, quote, say

# Of files that were downloaded anyway, those up to this size are kept until somebody asks for them.
_LARGEST_KEPT = 64 * 1024
# How much of a run's time, so many seconds at most, goes into reading what only tells and decides nothing.
_PAPERS_PART = 0.1
_MOST_FOR_PAPERS = 30.0


class Whereabouts(Protocol):
    """Where the files of a version lie."""

    def __call__(self, version: ModelVersion, *, doing: Message) -> str:
        """An address that `Artifacts` reads, or refuses."""


class VersionFiles:
    """Reads versions of one registry."""

    def __init__(
        self, *, artifacts: Artifacts, calls: Calls, addresses: Addresses, where: Whereabouts
    ) -> None:
        self._artifacts = artifacts
        self._calls = calls
        self._addresses = addresses
        self._where = where
        self._slice: Slice | None = None
        # By version and file; None: the folder has no such file.
        self._kept: dict[tuple[tuple[str, str], SmallFile], bytes | None] = {}

    def signature(self, version: ModelVersion) -> Signature | None:
        """See `MlflowReader`. What a check decides by is read anew."""
        doing = say("reading the signature of version ", quote(version.version), " of ", quote(version.model))
        found = self._read(version, MLMODEL, doing=doing)
        self._keep(version, MLMODEL, content=found)
        return self._signature_in(found, doing=doing)

    def papers(self, version: ModelVersion) -> Papers:
        """See `MlflowReader`. What was read or downloaded just now is not asked for again; nothing is decided
        by it, so all of it together has a small part of the run's time."""
        doing = say("reading what version ", quote(version.version), " of ", quote(version.model), " needs")
        if self._slice is None:
            self._slice = self._calls.within(_PAPERS_PART, most=_MOST_FOR_PAPERS)
        return self._slice.run(lambda: self._papers(version, doing=doing), doing=doing)

    def refuse_among(self, version: ModelVersion, folder: str | None, *, paths: Iterable[str]) -> None:
        """Raises NOT_AVAILABLE where a file of `paths` in `folder` would become one of the version's own."""
        doing = say("finding the files of version ", quote(version.version), " of ", quote(version.model))
        if folder is None or self._addresses.is_databricks:
            return
        location = self._where(version, doing=doing)
        if any(holds(location, f"{folder}/{path}") for path in paths):
            raise PromoterError(
                ReasonCode.NOT_AVAILABLE,
                say("its run's folder is the version's source, so it would become one of the model's files"),
                hint=say("Log models with MLflow's `log_model`, which gives each a folder of its own."),
            )

    def _papers(self, version: ModelVersion, *, doing: Message) -> Papers:
        signature = self._signature_in(self._taken(version, MLMODEL, doing=doing), doing=doing)
        requirements = self._taken(version, REQUIREMENTS, doing=doing)
        try:
            text = None if requirements is None else requirements.decode("utf-8")
        except UnicodeDecodeError:
            text = None
        if text is None and requirements is not None:
            raise PromoterError(
                ReasonCode.DATA_UNAVAILABLE,
                say(*doing.parts, f" failed: its {REQUIREMENTS.name} is not UTF-8"),
                hint=say("Log the model again; MLflow writes that file."),
            )
        return Papers(signature=signature, requirements=text)

    def download(self, version: ModelVersion, folder: Path) -> ModelFiles:
        """See `MlflowReader`."""
        doing = say("downloading version ", quote(version.version), " of ", quote(version.model))
        if self._addresses.is_databricks:
            name, number = version.model, version.version
            location = f"models:/{name}/{number}"
            found = self._calls.ask(
                lambda: self._artifacts.download_registered(name, number, folder=folder), doing=doing
            )
        else:
            location = self._where(version, doing=doing)
            with self._artifacts.progress.step(doing, unit=Unit.BYTES) as step:
                found = self._calls.ask(
                    lambda: self._artifacts.download(location, folder, step=step), doing=doing
                )
        sizes = {file.path: file.size for file in found.files}
        if MLMODEL.name not in sizes:
            raise no_mlmodel(doing)
        for wanted in (MLMODEL, REQUIREMENTS):
            if sizes.get(wanted.name, 0) <= _LARGEST_KEPT:
                self._keep(version, wanted, content=read_file(folder / wanted.name, wanted))
        return replace(found, location=without_secrets(location))

    def _signature_in(self, mlmodel: bytes | None, *, doing: Message) -> Signature | None:
        if mlmodel is None:
            raise no_mlmodel(doing)
        return read_signature(mlmodel)

    def _keep(self, version: ModelVersion, wanted: SmallFile, *, content: bytes | None) -> None:
        if content is None or len(content) <= _LARGEST_KEPT:
            self._kept[version.key, wanted] = content

    def _taken(self, version: ModelVersion, wanted: SmallFile, *, doing: Message) -> bytes | None:
        """What was kept, and is so no more; else read."""
        try:
            # Another thread may have taken it: never look first.
            return self._kept.pop((version.key, wanted))
        except KeyError:
            return self._read(version, wanted, doing=doing)

    def _read(self, version: ModelVersion, wanted: SmallFile, *, doing: Message) -> bytes | None:
        read: Callable[[], bytes | None]
        if self._addresses.is_databricks:
            name, number = version.model, version.version

            def read() -> bytes | None:
                return self._artifacts.read_registered(name, number, wanted=wanted)

        else:
            location = self._where(version, doing=doing)

            def read() -> bytes | None:
                return self._artifacts.read(location, wanted)

        return self._calls.find(read, doing=doing)
