"""What a registry says about one model version, in our words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from promoter.core.prompt import Prompt

READY = "READY"
# The tag of a copy that says what it is a copy of. It is for people: what it says is not believed.
COPIED_FROM = "promoter_copied_from"


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset logged as an input of a run or of a LoggedModel's metric."""

    name: str
    digest: str
    context: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """The training run of a model version. Everything in it is a claim by whoever logged it."""

    run_id: str
    experiment_id: str
    status: str
    metrics: Mapping[str, float]
    parameters: Mapping[str, str] = field(default_factory=dict)
    git_commit: str | None = None
    datasets: tuple[Dataset, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LoggedModel:
    """The LoggedModel (MLflow 3) a version was registered from; absent for older versions."""

    model_id: str
    metrics: Mapping[str, float]
    datasets: tuple[Dataset, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """One version of a registered model. `created_at` is in milliseconds since the epoch. `prompt` is what a
    version of a prompt holds; it has no files."""

    model: str
    version: str
    status: str
    source: str
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    created_at: int = 0
    run_id: str | None = None
    run: Run | None = None
    logged_model: LoggedModel | None = None
    prompt: Prompt | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Which one it is: numbers are those of one registered model."""
        return (self.model, self.version)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a signature. A tensor's `kind` holds dtype and shape: `tensor(float64, [-1, 4])`."""

    name: str
    kind: str
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a model accepts and returns, from its `MLmodel`; read without running any of its code."""

    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]


@dataclass(frozen=True, kw_only=True)
class Papers:
    """What a version's files say of it: its signature, and the text of its `requirements.txt`. None: it was
    logged without."""

    signature: Signature | None = None
    requirements: str | None = None


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """One file of a model version; `path` is relative to the model's folder, `size` in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """Everything a model version is made of, sorted by path. MLflow keeps no digest of its own.

    `location` is the address they came from, without secrets; no part of the digest.
    """

    files: tuple[ModelFile, ...]
    location: str = ""

    @property
    def digest(self) -> str:
        """sha256 over paths and contents: the same exactly where the models are the same bytes."""
        listing = [[file.path, file.sha256] for file in self.files]
        return hashlib.sha256(json.dumps(listing, separators=(",", ":")).encode()).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)
