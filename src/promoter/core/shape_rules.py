"""Rules between the keys of one mapping."""

from __future__ import annotations

from dataclasses import dataclass

from promoter.core.nodes import Entry, MapNode, Node, ScalarNode
from promoter.core.problems import Problems
from promoter.core.shape import JsonSchema, Rule
from promoter.text import say


@dataclass(frozen=True, kw_only=True)
class AsksForSomething(Rule):
    """At least one of the keys is there, and not as `false`.

    `later` are keys of a later version: they are refused where they stand, so nothing is said here.
    """

    names: tuple[str, ...]
    found: str
    write: str
    later: tuple[str, ...] = ()

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands where the mapping begins."""
        if not any(_asks(node.get(name)) for name in (*self.names, *self.later)):
            problems.add(node.place, found=say(f"found {self.found}"), write=say(self.write))

    def schema(self) -> JsonSchema:
        """One of several keys, none of them `false`."""
        asked = [{"required": [name], "properties": {name: {"not": {"const": False}}}} for name in self.names]
        return {"description": self.write, "anyOf": asked}


def _asks(entry: Entry | None) -> bool:
    return entry is not None and not (isinstance(entry.value, ScalarNode) and entry.value.text == "false")


@dataclass(frozen=True, kw_only=True)
class Needs(Rule):
    """Where the path `when` is there, the path `then` must be too; paths are keys from the mapping down."""

    when: tuple[str, ...]
    then: tuple[str, ...]
    found: str
    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the key that asks."""
        asking = _entry(node, self.when)
        if asking is not None and _entry(node, self.then) is None:
            problems.add(asking.key.place, found=say(f"found {self.found}"), write=say(self.write))

    def schema(self) -> JsonSchema:
        """If the one is there, then the other."""
        return {"description": self.write, "if": _present(self.when), "then": _present(self.then)}


def _entry(node: Node, path: tuple[str, ...]) -> Entry | None:
    entry = node.get(path[0]) if isinstance(node, MapNode) else None
    return entry if entry is None or len(path) == 1 else _entry(entry.value, path[1:])


def _present(path: tuple[str, ...]) -> JsonSchema:
    here: JsonSchema = {"required": [path[0]]}
    return here if len(path) == 1 else here | {"properties": {path[0]: _present(path[1:])}}
