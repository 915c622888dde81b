"""Whose versions a policy lets requests copy into another registered model."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from promoter.core.request import SourceVersion


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Globs on the names of registered models; none of them allows nothing."""

    globs: tuple[str, ...] = ()

    def allow(self, source: SourceVersion | None) -> bool:
        """Whether a request may ask for that: a version of its own model, or a copy from one allowed."""
        return source is None or any(fnmatchcase(source.model, one) for one in self.globs)


NO_SOURCES = Sources()
