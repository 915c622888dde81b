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
class Holds:
    """A path of keys, from the mapping down, that is there; with `words`, as one of them."""

    path: tuple[str, ...]
    words: tuple[str, ...] = ()

    def entry(self, node: Node) -> Entry | None:
        """What stands at the end of the path, where it holds."""
        entry = _entry(node, self.path)
        if entry is None or not self.words:
            return entry
        return entry if isinstance(entry.value, ScalarNode) and entry.value.text in self.words else None

    def schema(self) -> JsonSchema:
        """The same as JSON Schema, draft 7."""
        return _present(self.path, self.words)


@dataclass(frozen=True, kw_only=True)
class NotBeside(Rule):
    """Where `when` holds, none of the paths of keys is there. `{}` in `found` is the last key of one."""

    when: Holds
    refused: tuple[tuple[str, ...], ...]
    found: str
    write: str

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the key that is refused."""
        if self.when.entry(node) is None:
            return
        for path in self.refused:
            entry = _entry(node, path)
            if entry is not None:
                found = say(f"found {self.found.format(path[-1])}")
                problems.add(entry.key.place, found=found, write=say(self.write))

    def schema(self) -> JsonSchema:
        """If the one is there, none of the others."""
        others = [_present(path, ()) for path in self.refused]
        return {"description": self.write, "if": self.when.schema(), "then": {"not": {"anyOf": others}}}


@dataclass(frozen=True, kw_only=True)
class Needs(Rule):
    """Where the path `when` is there, the path `then` must be too; paths are keys from the mapping down.

    With `when_is` and `then_is`, as one of these words; `given` is what else must hold before `then` must.
    """

    when: tuple[str, ...]
    then: tuple[str, ...]
    found: str
    write: str
    when_is: tuple[str, ...] = ()
    then_is: tuple[str, ...] = ()
    given: tuple[Holds, ...] = ()

    @property
    def _asking(self) -> Holds:
        return Holds(path=self.when, words=self.when_is)

    @property
    def _asked(self) -> Holds:
        return Holds(path=self.then, words=self.then_is)

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the key that asks."""
        asking = self._asking.entry(node)
        if asking is None or any(other.entry(node) is None for other in self.given):
            return
        if self._asked.entry(node) is None:
            problems.add(asking.key.place, found=say(f"found {self.found}"), write=say(self.write))

    def schema(self) -> JsonSchema:
        """If the one is there, then the other."""
        asking = self._asking.schema()
        others = [other.schema() for other in self.given]
        return {
            "description": self.write,
            "if": {"allOf": [asking, *others]} if others else asking,
            "then": self._asked.schema(),
        }


def _entry(node: Node, path: tuple[str, ...]) -> Entry | None:
    entry = node.get(path[0]) if isinstance(node, MapNode) else None
    return entry if entry is None or len(path) == 1 else _entry(entry.value, path[1:])


def _present(path: tuple[str, ...], words: tuple[str, ...]) -> JsonSchema:
    here: JsonSchema = {"required": [path[0]]}
    if len(path) > 1:
        return here | {"properties": {path[0]: _present(path[1:], words)}}
    return here | ({"properties": {path[0]: {"enum": list(words)}}} if words else {})
