"""A registry in memory, held to the same contract as MLflow's (tests/contract/test_registry_contract.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from promoter.adapters.mlflow_download import download
from promoter.adapters.mlflow_files import Local
from promoter.core.model_version import COPIED_FROM, ModelFiles, ModelVersion, Papers, Signature
from promoter.core.prompt import Kind
from promoter.errors import PromoterError, ReasonCode
from promoter.text import quote, say

_ALIAS = re.compile(r"(?!(?:latest|v\d+)\Z)[\w-]+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Write:
    """One write that went through: `set_alias`, `set_tag`, `copy` or `log_file`, with what was written."""

    method: str
    model: str
    key: str
    value: str


@dataclass(kw_only=True)
class _Model:
    kind: Kind = Kind.MODEL
    versions: dict[str, ModelVersion] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    signatures: dict[str, Signature | None] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    requirements: dict[str, str] = field(default_factory=dict)


class InMemoryRegistry:
    """A `Registry`. `add_model`, `add_version` and `fail` set the scene; `writes` says what was written.

    Pass it where a `RegistryReader` is asked for, and `writes == []` shows that nothing was written.
    """

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self._models: dict[str, _Model] = {}
        self._run_files: dict[tuple[str, str], bytes] = {}
        self._failures: dict[str, list[PromoterError]] = {}

    # what tests arrange

    def add_model(self, name: str, *, aliases: Mapping[str, str] | None = None) -> None:
        """A registered model; its aliases may point at versions added later."""
        self._models[name] = _Model(aliases=dict(aliases or {}))

    def delete_alias(self, model: str, alias: str) -> None:
        """What somebody does by hand."""
        del self._models[model].aliases[alias]

    def add_version(self, version: ModelVersion, *, signature: Signature | None = None) -> ModelVersion:
        """A version as it stands, of a model that is added when it is new."""
        kind = Kind.PROMPT if version.prompt else Kind.MODEL
        model = self._models.setdefault(version.model, _Model(kind=kind))
        model.versions[version.version] = version
        model.signatures[version.version] = signature
        return version

    def add_requirements(self, version: ModelVersion, text: str) -> None:
        """The `requirements.txt` of a version without other files."""
        self._models[version.model].requirements[version.version] = text

    def add_files(self, version: ModelVersion, folder: Path) -> None:
        """What a version is made of: `download` gives a copy of it."""
        self._models[version.model].folders[version.version] = folder

    def add_run_file(self, version: ModelVersion, path: str, content: bytes) -> None:
        """An artifact of the version's run."""
        self._run_files[version.run_id or "", path] = content

    def fail(self, method: str, error: PromoterError, *, times: int = 1) -> None:
        """Have the next `times` calls of a method raise instead of answering."""
        self._failures.setdefault(method, []).extend([error] * times)

    # the port

    def all_aliases(self, kind: Kind = Kind.MODEL) -> Mapping[str, Mapping[str, str]]:
        """See `RegistryReader`."""
        self._fail_if_told("all_aliases")
        return {name: dict(model.aliases) for name, model in self._models.items() if model.kind is kind}

    def aliases(self, model: str, *, kind: Kind | None = None) -> Mapping[str, str]:
        """See `RegistryReader`."""
        self._fail_if_told("aliases")
        if model not in self._models:
            raise PromoterError(
                ReasonCode.MODEL_NOT_FOUND, say("there is no registered model ", quote(model))
            )
        found = self._models[model]
        if kind not in {None, found.kind}:
            raise PromoterError(ReasonCode.MODEL_NOT_FOUND, say(quote(model), f" is a {found.kind}"))
        return dict(found.aliases)

    def model_version(self, model: str, version: str) -> ModelVersion:
        """See `RegistryReader`."""
        self._fail_if_told("model_version")
        return self._version(model, version)

    def versions(self, model: str, kind: Kind = Kind.MODEL) -> tuple[ModelVersion, ...]:
        """See `RegistryIndex`."""
        self._fail_if_told("versions")
        self.aliases(model, kind=kind)
        known = sorted(self._models[model].versions.values(), key=lambda one: -int(one.version))
        return tuple(replace(one, run=None, logged_model=None) for one in known)

    def signature(self, version: ModelVersion) -> Signature | None:
        """See `RegistryReader`."""
        self._fail_if_told("signature")
        return self._models[version.model].signatures[version.version]

    def papers(self, version: ModelVersion) -> Papers:
        """See `RegistryReader`."""
        self._fail_if_told("papers")
        model = self._models[version.model]
        signature, folder = model.signatures[version.version], model.folders.get(version.version)
        requirements = model.requirements.get(version.version)
        if folder is not None and (folder / "requirements.txt").is_file():
            requirements = (folder / "requirements.txt").read_text()
        if (signature, requirements, folder) == (None, None, None):
            raise PromoterError(ReasonCode.DATA_UNAVAILABLE, say("there is no file `MLmodel`"))
        return Papers(signature=signature, requirements=requirements)

    def download(self, version: ModelVersion, folder: Path) -> ModelFiles:
        """See `RegistryReader`."""
        self._fail_if_told("download")
        found = self._models[version.model].folders.get(version.version)
        if found is None:
            raise PromoterError(ReasonCode.DATA_UNAVAILABLE, say("there is no file `MLmodel`"))
        return download(Local(found), folder)

    def files(self, version: ModelVersion) -> ModelFiles:
        """See `RegistryReader`."""
        with TemporaryDirectory() as folder:
            return self.download(version, Path(folder, "model"))

    def run_file(self, version: ModelVersion, path: str, *, file: Path) -> str:
        """See `RegistryReader`."""
        self._fail_if_told("run_file")
        content = self._run_files.get((version.run_id or "", path))
        if content is None:
            raise PromoterError(ReasonCode.DATA_UNAVAILABLE, say("the run has no artifact ", quote(path)))
        file.write_bytes(content)
        return sha256(content).hexdigest()

    def set_alias(self, model: str, alias: str, *, version: str) -> None:
        """See `Registry`."""
        self._fail_if_told("set_alias")
        found = self._version(model, version)
        if not _ALIAS.fullmatch(alias):
            raise PromoterError(ReasonCode.REQUEST_INVALID, say("MLflow takes no alias ", quote(alias)))
        self._models[model].aliases[alias] = found.version
        self.writes.append(Write(method="set_alias", model=model, key=alias, value=found.version))

    def set_tags(self, model: str, version: str, *, tags: Mapping[str, str]) -> None:
        """See `Registry`."""
        self._fail_if_told("set_tags")
        found = self._version(model, version)
        self._models[model].versions[found.version] = replace(found, tags={**found.tags, **tags})
        self.writes.extend(
            Write(method="set_tag", model=model, key=key, value=value) for key, value in tags.items()
        )

    def log_files(self, version: ModelVersion, *, files: Mapping[str, str]) -> None:
        """See `Registry`."""
        for path, text in files.items():
            self._fail_if_told("log_files")
            if version.run is None:
                raise PromoterError(ReasonCode.DATA_UNAVAILABLE, say("there is no run"))
            self._run_files[version.run.run_id, path] = text.encode(errors="replace")
            self.writes.append(Write(method="log_file", model=version.model, key=path, value=text))

    def copy(self, source: ModelVersion, model: str) -> str:
        """See `Registry`. A copy's files are its source's, as on a server."""
        self._fail_if_told("copy")
        found = self._version(source.model, source.version)
        if model not in self._models:
            raise PromoterError(
                ReasonCode.VERSION_NOT_FOUND, say("there is no registered model ", quote(model))
            )
        target, origin = self._models[model], self._models[source.model]
        number = str(max(map(int, target.versions), default=0) + 1)
        name = f"{found.model}/{found.version}"
        tags = {key: value for key, value in found.tags.items() if not key.startswith("promoter_")}
        target.versions[number] = replace(
            found, model=model, version=number, source=f"models:/{name}", tags={**tags, COPIED_FROM: name}
        )
        target.signatures[number] = origin.signatures[found.version]
        if found.version in origin.folders:
            target.folders[number] = origin.folders[found.version]
        self.writes.append(Write(method="copy", model=model, key=name, value=number))
        self._fail_if_told("copied")
        return number

    def delete_version(self, model: str, version: str) -> None:
        """What somebody does by hand."""
        del self._models[model].versions[version]

    def _version(self, model: str, version: str) -> ModelVersion:
        known = self._models[model].versions if model in self._models else {}
        number = version.lstrip("0") if version.isascii() and version.isdigit() else ""
        if number not in known:
            raise PromoterError(
                ReasonCode.VERSION_NOT_FOUND,
                say("registered model ", quote(model), " has no version ", quote(version)),
            )
        return known[number]

    def _fail_if_told(self, method: str) -> None:
        if self._failures.get(method):
            raise self._failures[method].pop(0)
