"""An issue that Promoter keeps on GitHub: found again by its first line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One of our own open issues. `marker` is the first line of `body`, a hidden line of Markdown."""

    number: int
    marker: str
    title: str
    body: str
    url: str
