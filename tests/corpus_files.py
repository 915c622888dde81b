"""The corpus: request and policy files, valid and invalid, and the messages the invalid ones get.

`messages.txt` of a kind holds, for each invalid file, its name and below it every message, whole.
"""

from __future__ import annotations

from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def corpus_files(kind: str, folder: str) -> list[Path]:
    """The files of `request` or `policy` that are `valid` or `invalid`, by name."""
    return sorted((CORPUS / kind / folder).glob("*.yaml"))


def expected_messages(kind: str) -> dict[str, list[str]]:
    """Name of an invalid file → its messages in the order of the file."""
    blocks = (CORPUS / kind / "messages.txt").read_text(encoding="utf-8").strip().split("\n\n")
    return {
        name: [line.strip() for line in lines] for name, *lines in (block.split("\n") for block in blocks)
    }
