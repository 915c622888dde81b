"""The code in our documents, so that what a reader copies is what works."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt


def yaml_blocks(document: Path) -> list[str]:
    """The fenced blocks marked `yaml`, in order."""
    tokens = MarkdownIt().parse(document.read_text(encoding="utf-8"))
    return [token.content for token in tokens if token.type == "fence" and token.info == "yaml"]
