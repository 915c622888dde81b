"""A promotion request: which version shall hold an alias. One file per registered model and alias."""

from __future__ import annotations

from dataclasses import dataclass

from promoter.core.override_rules import Override
from promoter.core.prompt import Kind

_PROMPT = "prompts:/"


@dataclass(frozen=True, kw_only=True)
class SourceVersion:
    """A version of another registered model, which `from` asks to copy; `version` in digits."""

    model: str
    version: str

    def __str__(self) -> str:
        return f"{self.model}/{self.version}"

    @classmethod
    def of(cls, text: str) -> SourceVersion | None:
        """What `dev.ml.churn/7` names; None for a plain number. No model's name holds a `/`."""
        model, _, version = text.rpartition("/")
        return cls(model=model, version=version) if model else None

    @property
    def address(self) -> str:
        """What MLflow notes as the source of a copy."""
        return f"models:/{self}"


@dataclass(frozen=True, kw_only=True)
class PromotionRequest:
    """A valid request file. `lines` of keys are kept so that annotations land on them (count from 1).

    `version` is in digits; where `source` is to be copied, it is the copy's number, or the source's own name
    (`dev.ml.churn/7`) as long as no copy is known.
    """

    path: str
    model: str
    alias: str
    version: str
    reason: str = ""
    version_line: int = 1
    blob_id: str = ""
    override: Override | None = None
    source: SourceVersion | None = None
    kind: Kind = Kind.MODEL

    @property
    def key(self) -> tuple[str, str]:
        """What must be unique over all request files. A prompt's name is as MLflow addresses it."""
        return (key_name(self.kind, self.model), self.alias)


def key_name(kind: Kind, name: str) -> str:
    """How a registered model's or a prompt's name stands in a key; no model's name holds a `:`."""
    return f"{_PROMPT}{name}" if kind is Kind.PROMPT else name


def named_by(key: str) -> tuple[Kind, str]:
    """The kind and the name that such a name stands for."""
    return (Kind.PROMPT, key.removeprefix(_PROMPT)) if key.startswith(_PROMPT) else (Kind.MODEL, key)
