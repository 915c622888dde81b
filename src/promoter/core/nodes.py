"""What a YAML file of ours is made of: mappings, lists and scalars that know their place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from promoter.core.problems import Place
from promoter.text import Part, quote


class Style(Enum):
    """How a scalar was written: text in quotes, or in a block after `|` or `>`, is QUOTED."""

    PLAIN = "plain"
    QUOTED = "quoted"


@dataclass(frozen=True, kw_only=True)
class ScalarNode:
    """A scalar as text, whatever it looks like; an absent value is a plain empty text."""

    text: str
    style: Style
    place: Place


@dataclass(frozen=True, kw_only=True)
class ListNode:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One `key: value`."""

    key: ScalarNode
    value: Node


@dataclass(frozen=True, kw_only=True)
class MapNode:
    """A mapping; no key occurs twice."""

    entries: tuple[Entry, ...]
    place: Place

    def get(self, name: str) -> Entry | None:
        """The entry of a key."""
        return next((entry for entry in self.entries if entry.key.text == name), None)


@dataclass(frozen=True, kw_only=True)
class HoleNode:
    """Where something was refused already; whoever reads on has nothing more to say about it."""

    place: Place


Node: TypeAlias = ScalarNode | ListNode | MapNode | HoleNode


def describe(node: Node) -> Part:
    """What a message calls this node: its text, or what kind of thing it is."""
    if isinstance(node, ScalarNode):
        empty = "no value" if node.style is Style.PLAIN else "an empty text"
        return quote(node.text) if node.text else empty
    return "a list" if isinstance(node, ListNode) else "a mapping"
