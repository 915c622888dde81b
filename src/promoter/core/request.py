"""A promotion request: which version shall hold an alias. One file per registered model and alias."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PromotionRequest:
    """A valid request file. `lines` of keys are kept so that annotations land on them (count from 1)."""

    path: str
    model: str
    alias: str
    version: str
    reason: str = ""
    version_line: int = 1
    blob_id: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What must be unique over all request files."""
        return (self.model, self.alias)
