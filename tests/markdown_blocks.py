"""The code in our documents, so that what a reader copies is what works."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of code: what stands behind its fence, its text, and its first line, counted from 1.

    `info` of a block that is only indented is `indented`.
    """

    info: str
    text: str
    line: int


def blocks(document: Path) -> list[Block]:
    """Every block of code, in order."""
    return [
        Block(
            info=token.info.strip() if token.type == "fence" else "indented",
            text=token.content,
            line=(token.map or [0])[0] + 1,
        )
        for token in MarkdownIt().parse(document.read_text(encoding="utf-8"))
        if token.type in {"fence", "code_block"}
    ]


def code_spans(document: Path) -> list[str]:
    """What stands between backticks in running text and in tables, in order."""
    tokens = MarkdownIt("commonmark").enable("table").parse(document.read_text(encoding="utf-8"))
    inline = (child for token in tokens for child in token.children or ())
    return [child.content for child in inline if child.type == "code_inline"]


def yaml_blocks(document: Path) -> list[str]:
    """The fenced blocks marked `yaml`, in order."""
    return [block.text for block in blocks(document) if block.info == "yaml"]
