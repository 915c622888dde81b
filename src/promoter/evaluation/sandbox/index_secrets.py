"""What an installer prints, without what a package index knows us by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

_SHORTEST_SECRET = 4
_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)(?:[^/\s`'\"]*@)?([^/\s?#`'\"]+)[^\s`'\"]*")


def without_secrets(output: str, variables: Mapping[str, str]) -> str:
    """Of an address only the host: indexes have their tokens in user, path or query."""
    words = {word for one in variables.values() for word in one.split()}
    for value in sorted({part for word in words for part in _secrets(word)}, key=len, reverse=True):
        if len(value) >= _SHORTEST_SECRET:
            output = output.replace(value, "***")
    return _ADDRESS.sub(r"\1\2/...", output)


def _secrets(word: str) -> Iterator[str]:
    """What of a variable's word nobody may read, in each way of writing it: all of it but paths, and of an
    address who asks."""
    if "://" not in word and not word.startswith("/"):
        yield word
    whoever = (word.partition("://")[2] or word).rpartition("@")[0]
    for part in (whoever, *whoever.split(":", 1)):
        yield from (part, unquote(part))
