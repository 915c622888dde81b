"""GitHub's expressions, `${{ … }}`, as far as our examples use them. What is not known here is refused.

Values are as GitHub has them: null, true and false, numbers, strings; objects on the way to their fields.
Where GitHub takes an unknown name for null, and so for the empty string, a field outside of `github.event`
is refused: in an example it is a typing error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

Value: TypeAlias = "bool | float | str | Mapping[str, object] | None"
Contexts: TypeAlias = Mapping[str, Mapping[str, object]]

_HOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?[0-9]+(?:\.[0-9]+)?)|(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>==|!=|&&|\|\||[!().,]))"
)
_WORDS: Mapping[str, Value] = {"null": None, "true": True, "false": False}
_STATUS = ("success", "always", "failure", "cancelled")


class ExpressionError(Exception):
    """An expression that GitHub would not take, or that nobody taught us."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an expression may name: contexts by name, and how the job's earlier steps went."""

    contexts: Contexts
    has_failed: bool = False

    def status(self, name: str) -> bool:
        """What `success()` and its like answer; nothing here is ever cancelled."""
        return {"success": not self.has_failed, "always": True, "failure": self.has_failed}.get(name, False)


@dataclass(frozen=True, kw_only=True)
class _Token:
    kind: str
    text: str


def interpolated(text: str, scope: Scope) -> str:
    """A text with every `${{ … }}` replaced by its value. Raises ExpressionError."""
    return _HOLE.sub(lambda hole: as_text(evaluate(hole[1], scope)), text)


def decides(condition: str, scope: Scope) -> bool:
    """Whether an `if` lets its job or step run: only after success, unless it asks for the status itself."""
    hole = _HOLE.fullmatch(condition.strip())
    text = hole[1] if hole else condition
    if "${{" in text:
        raise ExpressionError(f"an `if` is one expression: {condition}")
    tokens = _tokens(text)
    names = {before.text for before, after in pairwise(tokens) if after.text == "("}
    asks_for_status = bool(names & set(_STATUS))
    return truth(evaluate(text, scope)) and (asks_for_status or not scope.has_failed)


def expressions(text: str) -> list[str]:
    """Every expression that a text has, without its braces."""
    return _HOLE.findall(text)


def paths(text: str) -> list[tuple[str, ...]]:
    """What one expression names: contexts with their fields, `("github", "event", "number")`.

    Raises ExpressionError.
    """
    found: list[list[str]] = []
    before = ""
    for token, after in pairwise([*_tokens(text), _Token(kind="", text="")]):
        if token.kind == "name" and before == ".":
            found[-1].append(token.text)
        elif token.kind == "name" and after.text != "(" and token.text not in _WORDS:
            found.append([token.text])
        before = token.text
    return [tuple(one) for one in found]


def evaluate(text: str, scope: Scope) -> Value:
    """The value of one expression, without its braces. Raises ExpressionError."""
    reader = _Reader(_tokens(text), scope)
    value = reader.either()
    if reader.next is not None:
        raise ExpressionError(f"`{reader.next.text}` is too much in `{text.strip()}`")
    return value


def truth(value: Value) -> bool:
    """What counts as true: anything but null, false, 0, NaN and the empty string."""
    return not (value is None or value is False or value == "" or _is_no_number(value))


def as_text(value: Value) -> str:
    """A value as it stands in a text. Raises ExpressionError for an object."""
    if isinstance(value, Mapping):
        raise ExpressionError("an object does not go into a text")
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15g}" if isinstance(value, float) else value


def equal(left: Value, right: Value) -> bool:
    """`==`: texts whatever their case, and values of two kinds as numbers. Raises ExpressionError."""
    if isinstance(left, Mapping) or isinstance(right, Mapping):
        raise ExpressionError("objects are not compared")
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return left is right or _number(left) == _number(right)


def _is_no_number(value: Value) -> bool:
    return isinstance(value, float) and (value == 0 or math.isnan(value))


def _number(value: bool | float | str | None) -> float:
    if isinstance(value, str):
        try:
            return float(value) if value.strip() else 0.0
        except ValueError:
            return math.nan
    return float(value or 0)


def _tokens(text: str) -> list[_Token]:
    tokens, at, text = [], 0, text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(f"`{text[at:].strip()}` is nothing that is known")
        tokens.append(_Token(kind=str(found.lastgroup), text=found[str(found.lastgroup)]))
        at = found.end()
    return tokens


class _Reader:
    """Reads by GitHub's order of operators: `!`, `==` and `!=`, `&&`, `||`."""

    def __init__(self, tokens: Sequence[_Token], scope: Scope) -> None:
        self._tokens = list(tokens)
        self._scope = scope

    @property
    def next(self) -> _Token | None:
        """What was not read yet."""
        return self._tokens[0] if self._tokens else None

    def either(self) -> Value:
        """`a || b` is one of the two, not true or false."""
        left = self._both()
        while self._takes("||"):
            right = self._both()
            left = left if truth(left) else right
        return left

    def _both(self) -> Value:
        left = self._compared()
        while self._takes("&&"):
            right = self._compared()
            left = right if truth(left) else left
        return left

    def _compared(self) -> Value:
        left = self._single()
        for sign, wanted in (("==", True), ("!=", False)):
            if self._takes(sign):
                return equal(left, self._single()) is wanted
        return left

    def _single(self) -> Value:
        if self._takes("!"):
            return not truth(self._single())
        if self._takes("("):
            inner = self.either()
            self._must(")")
            return inner
        token = self._read()
        read: Mapping[str, Callable[[str], Value]] = {
            "number": float,
            "text": lambda text: text[1:-1].replace("''", "'"),
            "name": self._named,
        }
        if token.kind not in read:
            raise ExpressionError(f"`{token.text}` stands where a value has to stand")
        return read[token.kind](token.text)

    def _named(self, name: str) -> Value:
        if name in _WORDS:
            return _WORDS[name]
        if self._takes("("):
            self._must(")")
            if name not in _STATUS:
                raise ExpressionError(f"the function `{name}` is not known")
            return self._scope.status(name)
        if name not in self._scope.contexts:
            raise ExpressionError(f"there is no context `{name}`")
        path, found = [name], self._scope.contexts[name]
        value: object = found
        while self._takes("."):
            path.append(self._read().text)
            value = _field(value, path)
        return _plain(value, ".".join(path))

    def _takes(self, text: str) -> bool:
        is_next = self.next is not None and self.next.kind == "sign" and self.next.text == text
        if is_next:
            self._tokens.pop(0)
        return is_next

    def _must(self, text: str) -> None:
        if not self._takes(text):
            raise ExpressionError(f"`{text}` is missing")

    def _read(self) -> _Token:
        if not self._tokens:
            raise ExpressionError("it ends too early")
        return self._tokens.pop(0)


def _field(value: object, path: Sequence[str]) -> object:
    """One field of an object; an event has or has not what its kind has."""
    if isinstance(value, Mapping) and path[-1] in value:
        return value[path[-1]]
    if list(path[:2]) == ["github", "event"]:
        return None
    raise ExpressionError(f"there is no `{'.'.join(path)}`")


def _plain(value: object, path: str) -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if value is None or isinstance(value, (bool, float, str, Mapping)):
        return value
    raise ExpressionError(f"`{path}` is a list")
