"""The small files of a model that are read by themselves, each never past its limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from promoter.errors import PromoterError, ReasonCode
from promoter.text import say

CHUNK = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class SmallFile:
    """A file at the top of a model's folder, and how many bytes of it are read at most."""

    name: str
    largest: int


MLMODEL = SmallFile(name="MLmodel", largest=1024 * 1024)
REQUIREMENTS = SmallFile(name="requirements.txt", largest=64 * 1024)


def read_file(path: Path, wanted: SmallFile) -> bytes | None:
    """The bytes of a file of this machine; None where there is none. Raises what `at_most` does."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return at_most(iter(lambda: file.read(CHUNK), b""), wanted)


def at_most(chunks: Iterable[bytes], wanted: SmallFile) -> bytes:
    """The chunks together. Raises MODEL_UNSAFE where they are more than may be."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > wanted.largest:
            raise too_large(wanted)
    return bytes(content)


def too_large(wanted: SmallFile) -> PromoterError:
    """A file that is larger than any that MLflow writes."""
    limit = f"{wanted.largest // 1024} KiB" if wanted.largest < 1024 * 1024 else "1 MiB"
    return PromoterError(
        ReasonCode.MODEL_UNSAFE,
        say(f"the file `{wanted.name}` is larger than {limit}"),
        hint=say(
            f"MLflow writes a few kilobytes. Register a model whose {wanted.name} was not tampered with."
        ),
    )
