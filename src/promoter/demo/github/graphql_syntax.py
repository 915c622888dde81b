"""The part of GraphQL's grammar that queries for files need, read into values."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""(?P<skip>[\s,\ufeff]+|\#[^\n\r]*)
    |(?P<name>[_A-Za-z][_0-9A-Za-z]*)
    |(?P<string>"(?:[^"\\\n\r]|\\.)*")
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<mark>\.\.\.|[!$():=@\[\]{}|&])""",
    re.VERBOSE,
)


class SyntaxProblem(Exception):
    """The query cannot be read; the message says where."""


@dataclass(frozen=True, kw_only=True)
class Variable:
    """`$name` in place of a value."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field asked for; `alias` is the name it gets in the answer."""

    alias: str
    name: str
    arguments: Mapping[str, object]
    selections: "tuple[Selection, ...]"


@dataclass(frozen=True, kw_only=True)
class Inline:
    """`... on Type { … }`; without a type it applies to all."""

    on: str | None
    selections: "tuple[Selection, ...]"


@dataclass(frozen=True, kw_only=True)
class Spread:
    """`...name`, a named fragment."""

    name: str


Selection = Field | Inline | Spread


@dataclass(frozen=True, kw_only=True)
class Document:
    """One query, the defaults of its variables, and its fragments."""

    selections: tuple[Selection, ...]
    defaults: Mapping[str, object] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    fragments: Mapping[str, Inline] = field(default_factory=dict)


def parse(source: str) -> Document:
    """Read a document with exactly one query; raise `SyntaxProblem` for anything else."""
    return _Reader(source).document()


class _Reader:
    def __init__(self, source: str) -> None:
        self._tokens = list(_tokens(source))
        self._at = 0
        self._defaults: dict[str, object] = {}
        self._required: set[str] = set()

    def document(self) -> Document:
        queries: list[tuple[Selection, ...]] = []
        fragments: dict[str, Inline] = {}
        while self._at < len(self._tokens):
            if self._peek() == "fragment":
                self._take("fragment")
                name = self._name()
                self._take("on")
                fragments[name] = Inline(on=self._name(), selections=self._selections())
            else:
                queries.append(self._query())
        if len(queries) != 1:
            raise SyntaxProblem(f"Expected one query, found {len(queries)}")
        return Document(
            selections=queries[0],
            defaults=self._defaults,
            required=frozenset(self._required),
            fragments=fragments,
        )

    def _query(self) -> tuple[Selection, ...]:
        if self._peek() != "{":
            self._take("query")
            if self._peek() not in {"(", "{"}:
                self._name()
            if self._peek() == "(":
                self._variables()
        return self._selections()

    def _variables(self) -> None:
        self._take("(")
        while self._peek() != ")":
            self._take("$")
            name = self._name()
            self._take(":")
            if self._type():
                self._required.add(name)
            if self._peek() == "=":
                self._take("=")
                self._defaults[name] = self._value()
        self._take(")")

    def _type(self) -> bool:
        """Skip a type; tell whether it must not be null."""
        if self._peek() == "[":
            self._take("[")
            self._type()
            self._take("]")
        else:
            self._name()
        is_required = self._peek() == "!"
        if is_required:
            self._take("!")
        return is_required

    def _selections(self) -> tuple[Selection, ...]:
        self._take("{")
        found: list[Selection] = []
        while self._peek() != "}":
            found.append(self._fragment() if self._peek() == "..." else self._field())
        self._take("}")
        if not found:
            raise SyntaxProblem("Expected at least one field between { and }")
        return tuple(found)

    def _fragment(self) -> Selection:
        self._take("...")
        if self._peek() == "{":
            return Inline(on=None, selections=self._selections())
        name = self._name()
        if name != "on":
            return Spread(name=name)
        return Inline(on=self._name(), selections=self._selections())

    def _field(self) -> Field:
        alias = name = self._name()
        if self._peek() == ":":
            self._take(":")
            name = self._name()
        arguments: dict[str, object] = {}
        if self._peek() == "(":
            self._take("(")
            while self._peek() != ")":
                argument = self._name()
                self._take(":")
                arguments[argument] = self._value()
            self._take(")")
        selections = self._selections() if self._peek() == "{" else ()
        return Field(alias=alias, name=name, arguments=arguments, selections=selections)

    def _value(self) -> object:
        token = self._peek()
        if token == "$":
            self._take("$")
            return Variable(name=self._name())
        self._at += 1
        words = {"true": True, "false": False, "null": None}
        if token in words:
            return words[token]
        if token.startswith('"') or token[0].isdigit() or token[0] == "-":
            try:
                return json.loads(token)
            except ValueError as error:
                raise SyntaxProblem(f"Bad value {token}") from error
        raise SyntaxProblem(f"Unexpected {token!r} where a value belongs")

    def _name(self) -> str:
        token = self._peek()
        if not re.fullmatch(r"[_A-Za-z][_0-9A-Za-z]*", token):
            raise SyntaxProblem(f"Expected a name, found {token!r}")
        self._at += 1
        return token

    def _take(self, wanted: str) -> None:
        if self._peek() != wanted:
            raise SyntaxProblem(f"Expected {wanted!r}, found {self._peek()!r}")
        self._at += 1

    def _peek(self) -> str:
        if self._at >= len(self._tokens):
            raise SyntaxProblem("Unexpected end of document")
        return self._tokens[self._at]


def _tokens(source: str) -> "list[str]":
    found, at = [], 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise SyntaxProblem(f"Unexpected {source[at]!r} at character {at + 1}")
        if match.lastgroup != "skip":
            found.append(match[0])
        at = match.end()
    return found
