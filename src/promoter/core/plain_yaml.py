"""The YAML that nearly every request is written in, read without a YAML parser: one `key: value` a line.

PyYAML takes half a millisecond for such a file, which is five seconds of ten thousand. What is read here is
exactly what `strict_yaml` reads in it; whatever looks any other way is left to that.
"""

from __future__ import annotations

import re

from promoter.core.nodes import Entry, MapNode, ScalarNode, Style
from promoter.core.problems import Place

# A value begins like a word and holds no `: `, no ` #` and no quote around it, whatever else is in it: to
# YAML it is the text that it is. A comment begins its line.
_LINE = re.compile(
    r"(?:#[ -~]*|(?P<key>[a-z_]{1,64}): (?P<value>[A-Za-z0-9](?:[ -\"$-9;-~]*[!-\"$-9;-~])?))?"
)
_MOST_LINES = 100


def plain_mapping(text: str) -> MapNode | None:
    """The mapping of a file of such lines, each key once; None where only a YAML parser can tell."""
    if not text.isascii() or text.count("\n") > _MOST_LINES:
        return None
    entries: dict[str, Entry] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        found = _LINE.fullmatch(line)
        if found is None:
            return None
        key, value = found.group("key", "value")
        if key is None:
            continue
        if key in entries:
            return None
        entries[key] = Entry(
            key=_scalar(key, line=number, column=1), value=_scalar(value, line=number, column=len(key) + 3)
        )
    first = next(iter(entries.values()), None)
    return MapNode(entries=tuple(entries.values()), place=first.key.place) if first else None


def _scalar(text: str, *, line: int, column: int) -> ScalarNode:
    return ScalarNode(text=text, style=Style.PLAIN, place=Place(line, column))
