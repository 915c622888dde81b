"""What a file may hold, declared once: the same declaration reads a file and writes its JSON Schema.

Leaves are in `promoter.core.scalars`; here is what holds them. A shape reads a node as a value of its own
type, or adds problems and answers None. Its schema accepts whatever it accepts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar, cast

from promoter.core.nodes import Entry, HoleNode, ListNode, MapNode, Node, describe
from promoter.core.problems import Problems
from promoter.text import Message, Part, quote, say

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
JsonSchema: TypeAlias = dict[str, object]

NOT_AVAILABLE = "which is not available in this version"
_LONGEST_SLIP = 40


class Complaint(NamedTuple):
    """Why a value is refused: what was found, what to write."""

    found: Message
    write: Message


class Shape(ABC, Generic[T_co]):
    """One kind of value. `name` is the key it stands under, as messages call it."""

    @abstractmethod
    def read(self, node: Node, *, name: str, problems: Problems) -> T_co | None:
        """The value, or None after adding what is wrong with it."""

    @abstractmethod
    def schema(self) -> JsonSchema:
        """The same as JSON Schema, draft 7."""


class Need(Enum):
    """Whether a key must be there, may be there, or is known and refused until its time comes."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    LATER = "later"


@dataclass(frozen=True, kw_only=True)
class Field(Generic[T_co]):
    """A key of a mapping. `write` says what to do when it is missing (REQUIRED) or there (LATER)."""

    name: str
    shape: Shape[Any]
    need: Need
    default: T_co
    write: str = ""

    def schema(self) -> JsonSchema:
        """The value's schema with a title, and the default where there is one."""
        title = self.name.replace("_", " ").capitalize()
        whole: JsonSchema = {"title": title, **self.shape.schema()}
        if isinstance(self.default, str) and self.default:
            return whole | {"default": str(self.default)}
        return whole | ({"default": self.default} if isinstance(self.default, int | float) else {})


def required(name: str, shape: Shape[T], *, write: str) -> Field[T]:
    """A key that must be there."""
    return Field(name=name, shape=shape, need=Need.REQUIRED, default=cast("T", None), write=write)


def optional(name: str, shape: Shape[T]) -> Field[T | None]:
    """A key that may be left out; its value is None then."""
    return Field(name=name, shape=shape, need=Need.OPTIONAL, default=None)


def defaulted(name: str, shape: Shape[T], *, default: T) -> Field[T]:
    """A key that may be left out, with the value it has then."""
    return Field(name=name, shape=shape, need=Need.OPTIONAL, default=default)


def later(name: str, shape: Shape[object], *, write: str) -> Field[None]:
    """A key this version knows and refuses, rather than ignoring what it asks for."""
    return Field(name=name, shape=shape, need=Need.LATER, default=None, write=write)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What was read from one mapping."""

    values: Mapping[str, object]
    lines: Mapping[str, int]

    def __getitem__(self, field: Field[T]) -> T:
        return cast("T", self.values[field.name])

    def line(self, field: Field[Any]) -> int:
        """The line of a key that is there."""
        return self.lines[field.name]


class Rule(ABC):
    """What must hold between the keys of one mapping."""

    @abstractmethod
    def check(self, node: MapNode, problems: Problems) -> None:
        """Add a problem when it does not hold."""

    @abstractmethod
    def schema(self) -> JsonSchema:
        """The same as JSON Schema, draft 7."""


@dataclass(frozen=True, kw_only=True)
class Map(Shape[T]):
    """A mapping with known keys; `build` makes the value from what was read.

    `write` says what to write when it is not a mapping; `outlook` ends the message on an unknown key.
    """

    about: str
    write: str
    fields: tuple[Field[Any], ...]
    build: Callable[[Record], T]
    rules: tuple[Rule, ...] = ()
    outlook: str = ""

    def read(self, node: Node, *, name: str, problems: Problems) -> T | None:
        """Everything that is wrong is added, not only the first."""
        if not isinstance(node, MapNode):
            refuse(
                node,
                Complaint(say("found ", describe(node), f" for `{name}`"), say(self.write)),
                problems=problems,
            )
            return None
        known = {field.name for field in self.fields}
        strangers = [entry for entry in node.entries if entry.key.text not in known]
        meant = {self._refuse_stranger(stranger, problems) for stranger in strangers}
        self._refuse_missing(node, meant, problems=problems)
        record = self._record(node, problems)
        if strangers:
            # A misspelt key is not a missing one: what the rules would say of it misleads.
            return None
        for rule in self.rules:
            rule.check(node, problems)
        return None if record is None else self.build(record)

    def _refuse_missing(self, node: MapNode, meant: set[str], *, problems: Problems) -> None:
        for field in self.fields:
            is_there = field.name in meant or node.get(field.name) is not None
            if field.need is Need.REQUIRED and not is_there:
                problems.add(node.place, found=say(f"found no `{field.name}`"), write=say(field.write))

    def _record(self, node: MapNode, problems: Problems) -> Record | None:
        values: dict[str, object] = {}
        for field in self.fields:
            entry = node.get(field.name)
            value = None if entry is None else self._value(field, entry, problems=problems)
            if value is not None or field.need is not Need.REQUIRED:
                values[field.name] = field.default if value is None else value
        lines = {entry.key.text: entry.key.place.line for entry in node.entries}
        return Record(values=values, lines=lines) if len(values) == len(self.fields) else None

    def _value(self, field: Field[Any], entry: Entry, *, problems: Problems) -> object:
        if field.need is Need.LATER:
            found = say(f"found `{field.name}`, {NOT_AVAILABLE}")
            problems.add(entry.key.place, found=found, write=say(field.write))
        return field.shape.read(entry.value, name=field.name, problems=problems)

    def _refuse_stranger(self, entry: Entry, problems: Problems) -> str:
        """The name of the key that was probably meant; empty when none comes close."""
        key = entry.key.text
        if key.startswith("unsafe_"):
            found = say("found ", quote(key), f", {NOT_AVAILABLE}")
            problems.add(entry.key.place, found=found, write=say("Delete it: no check can be loosened"))
            return ""
        allowed = [field.name for field in self.fields if field.need is not Need.LATER]
        close = get_close_matches(key.lower(), allowed, n=1) if len(key) <= _LONGEST_SLIP else []
        meant = close[0] if close else ""
        guess = f"Did you mean `{meant}`? " if meant else ""
        keys = f"Allowed keys: {', '.join(f'`{name}`' for name in allowed)}"
        problems.add(
            entry.key.place,
            found=say("found the unknown key ", quote(key)),
            write=say(guess, keys, self.outlook),
        )
        return meant

    def schema(self) -> JsonSchema:
        """Closed: an editor marks unknown keys, and those of a later version, as the reader does."""
        shown = [field for field in self.fields if field.need is not Need.LATER]
        whole: JsonSchema = {
            "description": self.about,
            "type": "object",
            "properties": {field.name: field.schema() for field in shown},
            "required": [field.name for field in shown if field.need is Need.REQUIRED],
            "additionalProperties": False,
        }
        return whole | ({"allOf": [rule.schema() for rule in self.rules]} if self.rules else {})


@dataclass(frozen=True, kw_only=True)
class ListOf(Shape[tuple[T, ...]]):
    """A list of at least one item, and at most `most` unless that is 0; with `distinct`, no two answer the
    same text."""

    about: str
    write: str
    item: Shape[T]
    distinct: Callable[[T], str] | None = None
    most: int = 0

    def read(self, node: Node, *, name: str, problems: Problems) -> tuple[T, ...] | None:
        """The items that are right; those that are not have been added to the problems."""
        if not isinstance(node, ListNode) or not node.items:
            found = "an empty list" if isinstance(node, ListNode) else describe(node)
            refuse(
                node, Complaint(say("found ", found, f" for `{name}`"), say(self.write)), problems=problems
            )
            return None
        if 0 < self.most < len(node.items):
            found = f"{len(node.items):,} items for `{name}`"
            problems.add(node.place, found=say(f"found {found}"), write=say(self.write))
            return None
        read = [(item, self.item.read(item, name=name, problems=problems)) for item in node.items]
        good = [(item, value) for item, value in read if value is not None]
        self._refuse_repeated(good, name=name, problems=problems)
        return tuple(value for _, value in good)

    def _refuse_repeated(self, items: Sequence[tuple[Node, T]], *, name: str, problems: Problems) -> None:
        first: dict[str, int] = {}
        for node, value in items if self.distinct else ():
            text = cast("Callable[[T], str]", self.distinct)(value)
            if text in first:
                found = say("found ", quote(text), f" a second time in `{name}`")
                first_line = say(f"Keep one of them; the first is in line {first[text]}")
                problems.add(node.place, found=found, write=first_line)
            first.setdefault(text, node.place.line)

    def schema(self) -> JsonSchema:
        """Items that differ in the text of `distinct` differ as a whole."""
        whole: JsonSchema = {"description": self.about, "type": "array", "items": self.item.schema()}
        whole |= {"minItems": 1} | ({"uniqueItems": True} if self.distinct else {})
        return whole | ({"maxItems": self.most} if self.most else {})


@dataclass(frozen=True, kw_only=True)
class MapOf(Shape[Mapping[str, T]]):
    """A mapping with at least one key, whose keys are the user's own."""

    about: str
    write: str
    key: Shape[str]
    value: Shape[T]

    def read(self, node: Node, *, name: str, problems: Problems) -> Mapping[str, T] | None:
        """Key → value, for the entries that are right."""
        if not isinstance(node, MapNode) or not node.entries:
            found: Part = "an empty mapping" if isinstance(node, MapNode) else describe(node)
            refuse(
                node, Complaint(say("found ", found, f" for `{name}`"), say(self.write)), problems=problems
            )
            return None
        values: dict[str, T] = {}
        for entry in node.entries:
            key = self.key.read(entry.key, name=name, problems=problems)
            value = self.value.read(entry.value, name=name, problems=problems)
            if key is not None and value is not None:
                values[key] = value
        return values

    def schema(self) -> JsonSchema:
        """Keys by `propertyNames`."""
        return {
            "description": self.about,
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.value.schema(),
            "minProperties": 1,
        }


def refuse(node: Node, complaint: Complaint, *, problems: Problems) -> None:
    """Add a complaint about a node, unless something there was refused already."""
    if not isinstance(node, HoleNode):
        problems.add(node.place, found=complaint.found, write=complaint.write)
