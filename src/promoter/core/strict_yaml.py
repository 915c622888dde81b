"""A small, strict part of YAML: mappings, lists and scalars, every scalar kept as the text it is.

Events are read one by one and limits hold while they stream, so that a file made to be expensive costs
nothing. Types are not guessed here: `promoter.core.shape` reads each scalar as what its place asks for.
"""

from __future__ import annotations

from typing import TypeGuard, cast

import yaml

from promoter.core.nodes import Entry, HoleNode, ListNode, MapNode, Node, ScalarNode, Style, describe
from promoter.core.plain_yaml import plain_mapping
from promoter.core.problems import START, Place, Problems
from promoter.core.safe_text import code_point, first_unsafe
from promoter.text import Message, quote, say

LARGEST_FILE = 64 * 1024
DEEPEST = 20
MOST_NODES = 2_000

_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_SAVE_AS_UTF8 = say("Save the file as UTF-8 without a byte order mark")
_YAML_TAGS = "tag:yaml.org,2002:"
_DELETE_UNSAFE = say("Delete it: it hides or changes what a reader sees")
_WRITE_A_MAPPING = say("Write one `key: value` a line")
_SHORTER = say("Write less: a file here is a few short keys")

# PyYAML's words (a part of them) → what to write
_HINTS = (
    ("scanning an alias", "Put a value that begins with `*` in quotes"),
    ("scanning an anchor", "Put a value that begins with `&` in quotes"),
    ("cannot start any token", "Put the value in quotes"),
    (
        "mapping values are not allowed",
        "Write one `key: value` a line; put a value with `: ` in it in quotes",
    ),
    ("could not find expected ':'", "Write `key: value`, with a space after the colon"),
    ("expected <block end>", "Indent the keys of one mapping, or the dashes of one list, alike"),
    ("quoted scalar", "Close the quotes, and write a backslash only as YAML knows it"),
)
_NEVER_CLOSED = ("unexpected end of stream", "<stream end>", "could not find expected ':'")
_ANY_HINT = "Write plain YAML: one `key: value` a line, spaces to indent, quotes round special characters"


class _Unreadable(Exception):
    """Nothing after this point can be read."""

    def __init__(self, place: Place, *, found: Message, write: Message) -> None:
        super().__init__(str(found))
        self.place = place
        self.found = found
        self.write = write


def read_tree(data: bytes, problems: Problems) -> MapNode | None:
    """The root mapping of a file; None when it has none or cannot be read to its end.

    Whatever is refused is added to `problems`. Never raises, whatever the bytes are.
    """
    try:
        text = _decode(data)
        _refuse_unsafe(text)
        return plain_mapping(text) or _compose(text, problems)
    except _Unreadable as stop:
        problems.add(stop.place, found=stop.found, write=stop.write)
        return None


def _decode(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        found = say(f"found a file of {len(data):,} bytes; {LARGEST_FILE:,} is the most")
        raise _Unreadable(START, found=found, write=_SHORTER)
    if data.startswith(_BYTE_ORDER_MARKS):
        raise _Unreadable(START, found=say("found a byte order mark"), write=_SAVE_AS_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place_of(data[: error.start].decode("utf-8"))
        found = say(f"found byte 0x{data[error.start]:02X}, which is not UTF-8")
        raise _Unreadable(place, found=found, write=_SAVE_AS_UTF8) from None


def _place_of(before: str) -> Place:
    return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _refuse_unsafe(text: str) -> None:
    """Everywhere, comments too: a reviewer must see what the parser reads."""
    index = first_unsafe(text.replace("\r\n", " \n"))
    if index is None:
        return
    found = say(f"found the character {code_point(text[index])}")
    write = say("Write spaces") if text[index] == "\t" else _DELETE_UNSAFE
    raise _Unreadable(_place_of(text[:index]), found=found, write=write)


def _compose(text: str, problems: Problems) -> MapNode | None:
    # The pure-Python loader: the other one, in C, reads ahead of what it hands out.
    loader = yaml.SafeLoader(text)
    try:
        return _Composer(loader, problems).document(text)
    except yaml.YAMLError as error:
        raise _not_yaml(loader, error) from None
    except (ValueError, OverflowError):
        # PyYAML converts `\U…` escapes and `%YAML` numbers without looking at their size.
        found = say("found a number too large for YAML in an escape or a directive")
        write = say("Write the character itself, without an escape")
        raise _Unreadable(_mark(loader.get_mark()), found=found, write=write) from None


def _not_yaml(loader: yaml.SafeLoader, error: yaml.YAMLError) -> _Unreadable:
    context, problem = getattr(error, "context", None), getattr(error, "problem", None)
    words = ", ".join(part for part in (context, problem) if part)
    hint = next((hint for part, hint in _HINTS if part in words), _ANY_HINT)
    place = _mark(getattr(error, _blamed(words), None) or loader.get_mark())
    found = say("found something that is not YAML (", quote(words), ")")
    return _Unreadable(place, found=found, write=say(hint))


def _blamed(words: str) -> str:
    """What is never closed is wrong where it opens, not where the file ends."""
    return "context_mark" if any(part in words for part in _NEVER_CLOSED) else "problem_mark"


def _mark(mark: yaml.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _place(event: yaml.Event) -> Place:
    return _mark(cast("yaml.Mark", event.start_mark))


class _Composer:
    """Turns one document's events into nodes. Recursion ends at DEEPEST."""

    def __init__(self, loader: yaml.SafeLoader, problems: Problems) -> None:
        self._loader = loader
        self._problems = problems
        self._nodes = 0

    def document(self, text: str) -> MapNode | None:
        self._next()
        start = self._next()
        if isinstance(start, yaml.StreamEndEvent):
            raise _Unreadable(START, found=say("found an empty file"), write=_WRITE_A_MAPPING)
        if text[cast("yaml.Mark", start.start_mark).index] == "%":
            self._refuse(
                _place(start), found="a YAML directive", write="Delete the line that begins with `%`"
            )
        root = self._node(1)
        self._next()
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            self._refuse(
                _place(after), found="a second document", write="Write one document a file, without `---`"
            )
        return self._mapping_only(root)

    def _mapping_only(self, root: Node) -> MapNode | None:
        if isinstance(root, MapNode):
            return root
        if not isinstance(root, HoleNode):
            found = say("found ", describe(root), " where a mapping belongs")
            self._problems.add(root.place, found=found, write=_WRITE_A_MAPPING)
        return None

    def _next(self) -> yaml.Event:
        event: yaml.Event = self._loader.get_event()  # type: ignore[no-untyped-call]
        return event

    def _refuse(self, place: Place, *, found: str, write: str) -> None:
        self._problems.add(place, found=say("found ", found), write=say(write))

    def _node(self, depth: int) -> Node:
        event = self._next()
        place = _place(event)
        self._count(event, depth)
        if isinstance(event, yaml.AliasEvent):
            found = say("found ", quote(f"*{event.anchor}"), ", a YAML alias")
            write = say("Write the value out; put text that begins with `*` in quotes")
            self._problems.add(place, found=found, write=write)
            return HoleNode(place=place)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._undecorated(event, self._list(place, depth))
        if isinstance(event, yaml.MappingStartEvent):
            return self._undecorated(event, self._map(place, depth))
        scalar = cast("yaml.ScalarEvent", event)
        return self._undecorated(scalar, self._scalar(scalar))

    def _count(self, event: yaml.Event, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            found = say(f"found more than {MOST_NODES:,} keys and values")
            raise _Unreadable(_place(event), found=found, write=_SHORTER)
        if depth > DEEPEST and isinstance(event, yaml.CollectionStartEvent):
            found = say(f"found more than {DEEPEST} levels inside each other")
            raise _Unreadable(_place(event), found=found, write=_SHORTER)

    def _undecorated(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, node: Node) -> Node:
        if event.anchor:
            found = say("found ", quote(f"&{event.anchor}"), ", a YAML anchor")
            write = say("Delete it; put text that begins with `&` in quotes")
            self._problems.add(node.place, found=found, write=write)
        if event.tag is None:
            return node
        shown = event.tag.replace(_YAML_TAGS, "!!")
        found = say("found ", quote(shown), ", a YAML tag")
        write = say("Delete it; put text that begins with `!` in quotes")
        self._problems.add(node.place, found=found, write=write)
        return HoleNode(place=node.place)

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        place, text = _place(event), event.value
        index = first_unsafe(text)
        if index is not None:
            found = say(f"found an escape for the character {code_point(text[index])}")
            self._problems.add(place, found=found, write=_DELETE_UNSAFE)
            return HoleNode(place=place)
        return ScalarNode(text=text, style=Style.PLAIN if event.style is None else Style.QUOTED, place=place)

    def _list(self, place: Place, depth: int) -> ListNode:
        items = []
        while not self._loader.check_event(yaml.SequenceEndEvent):
            items.append(self._node(depth + 1))
        self._next()
        return ListNode(items=tuple(items), place=place)

    def _map(self, place: Place, depth: int) -> MapNode:
        entries: dict[str, Entry] = {}
        while not self._loader.check_event(yaml.MappingEndEvent):
            key, value = self._node(depth + 1), self._node(depth + 1)
            if self._is_usable(key, entries):
                entries[key.text] = Entry(key=key, value=value)
        self._next()
        return MapNode(entries=tuple(entries.values()), place=place)

    def _is_usable(self, key: Node, entries: dict[str, Entry]) -> TypeGuard[ScalarNode]:
        """Whether a key may be kept. Keys are compared by value: `model` and `"model"` are the same."""
        if isinstance(key, HoleNode):
            return False
        if not isinstance(key, ScalarNode):
            found = say("found ", describe(key), " as a key")
            self._problems.add(key.place, found=found, write=say("Write a word as the key"))
            return False
        if key.text == "<<" and key.style is Style.PLAIN:
            self._refuse(key.place, found="a YAML merge key (`<<`)", write="Write the keys out")
            return False
        if key.text in entries:
            first = entries[key.text].key.place.line
            found = say("found the key ", quote(key.text), f" a second time; the first is in line {first}")
            self._problems.add(key.place, found=found, write=say("Keep one of them"))
            return False
        return True
