"""The leaves of a shape: each reads a scalar's text by its own strict rule, and no scalar twice."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from promoter.core.nodes import Node, ScalarNode, Style, describe
from promoter.core.problems import Problems
from promoter.core.safe_text import code_point, is_text_for_everybody, mixed_script_word
from promoter.core.shape import NOT_AVAILABLE, Complaint, JsonSchema, Shape, refuse
from promoter.text import quote, say

T = TypeVar("T")
S = TypeVar("S", bound=str)

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,8})")
# Two digits of exponent and forty characters: always finite, never rounded to zero by surprise
_DECIMAL = re.compile(r"(?=.{1,40}\Z)-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?")
_NEARLY_DIGITS = re.compile(r"[vV]?0*([1-9][0-9]{0,9})(?:\.0+)?")
_DIGITS = "[1-9][0-9]{0,9}"
_FLAGS = {"true": True, "false": False}


class Scalar(Shape[T]):
    """A value written as one scalar."""

    about: str
    write: str

    def read(self, node: Node, *, name: str, problems: Problems) -> T | None:
        """Refuses lists and mappings; the rest is the leaf's own."""
        answer = self.value(node, name) if isinstance(node, ScalarNode) else self._refused(node, name)
        if not isinstance(answer, Complaint):
            return answer
        refuse(node, answer, problems=problems)
        return None

    @abstractmethod
    def value(self, node: ScalarNode, name: str) -> T | Complaint:
        """The scalar's value, or why it has none."""

    def _refused(self, node: Node, name: str, *, why: str = "") -> Complaint:
        return Complaint(say("found ", describe(node), f" for `{name}`{why}"), say(self.hint()))

    def hint(self) -> str:
        """What to write, where a refusal has no better words of its own."""
        return self.write


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A text that its own message refuses: `why` follows what was found. Upper case makes no difference."""

    pattern: str
    why: str
    write: str


@dataclass(frozen=True, kw_only=True)
class Text(Scalar[str]):
    """Text that matches `pattern` as a whole.

    Without quotes only where every YAML parser reads text. `nearly` turns a likely slip into the right
    text, for the message only.
    """

    about: str
    write: str
    pattern: str
    longest: int = 255
    refusals: tuple[Refusal, ...] = ()
    nearly: Callable[[str], str] | None = None

    def value(self, node: ScalarNode, name: str) -> str | Complaint:
        """The text itself."""
        for refused in (self._length, self._special, self._form, self._quotes):
            complaint = refused(node, name)
            if complaint is not None:
                return complaint
        return node.text

    def _length(self, node: ScalarNode, name: str) -> Complaint | None:
        if not node.text:
            return self._refused(node, name)
        if len(node.text) <= self.longest:
            return None
        found = say(f"found {len(node.text):,} characters for `{name}`")
        return Complaint(found, say(f"Write at most {self.longest:,}"))

    def _special(self, node: ScalarNode, name: str) -> Complaint | None:
        for refusal in self.refusals:
            if re.fullmatch(refusal.pattern, node.text, re.IGNORECASE):
                return Complaint(
                    say("found ", quote(node.text), f" for `{name}`: {refusal.why}"), say(refusal.write)
                )
        return None

    def _form(self, node: ScalarNode, name: str) -> Complaint | None:
        text = node.text
        if not re.fullmatch(self.pattern, text):
            odd = next((char for char in text if not char.isascii()), None)
            why = f", with {code_point(odd)} in it" if odd else ""
            complaint = self._refused(node, name, why=why)
            better = self.nearly(text) if self.nearly else ""
            return _guess(complaint, better) if re.fullmatch(self.pattern, better) else complaint
        word = mixed_script_word(text)
        if word is None:
            return None
        odd = next(char for char in word if not char.isascii())
        found = say(
            "found ", quote(word), f" in `{name}`, which mixes alphabets that look alike ({code_point(odd)})"
        )
        return Complaint(found, say("Write the word in one alphabet"))

    def _quotes(self, node: ScalarNode, name: str) -> Complaint | None:
        if node.style is Style.QUOTED or is_text_for_everybody(node.text):
            return None
        found = say(
            "found ", quote(node.text), f" for `{name}`, which YAML may read as something other than text"
        )
        return Complaint(found, say("Put it in quotes: ", quote(f'"{node.text}"')))

    def schema(self) -> JsonSchema:
        """Length and pattern; refusals as `not`."""
        refused = [f"^(?:{refusal.pattern})$" for refusal in self.refusals]
        return {
            "description": self.about,
            "type": "string",
            "minLength": 1,
            "maxLength": self.longest,
            "pattern": f"^(?:{self.pattern})$",
        } | ({"not": {"anyOf": [{"pattern": pattern} for pattern in refused]}} if refused else {})


@dataclass(frozen=True, kw_only=True)
class Digits(Scalar[str]):
    """A positive number that is a name: kept as its digits, with quotes or without."""

    about: str
    write: str

    def value(self, node: ScalarNode, name: str) -> str | Complaint:
        """The digits, without leading zeros by rule."""
        if re.fullmatch(_DIGITS, node.text):
            return node.text
        nearly = _NEARLY_DIGITS.fullmatch(node.text)
        complaint = self._refused(node, name)
        return _guess(complaint, nearly.group(1)) if nearly else complaint

    def schema(self) -> JsonSchema:
        """An integer or its digits as text."""
        whole = {"type": "integer", "minimum": 1, "maximum": 9_999_999_999}
        return {"description": self.about, "anyOf": [whole, {"type": "string", "pattern": f"^{_DIGITS}$"}]}


@dataclass(frozen=True, kw_only=True)
class Number(Scalar[float]):
    """A finite decimal number in a range; `above` and `below` are ends that do not belong to it."""

    about: str
    write: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None

    def value(self, node: ScalarNode, name: str) -> float | Complaint:
        """The number; minus zero is zero."""
        if not _DECIMAL.fullmatch(node.text) or node.style is Style.QUOTED:
            return self._refused(node, name, why=_in_quotes(node))
        number = float(node.text) + 0.0
        inside = _within(number, minimum=self.minimum, maximum=self.maximum)
        open_ends = _within(number, minimum=self.above, maximum=self.below)
        if inside and open_ends and number not in (self.above, self.below):
            return number
        return self._refused(node, name)

    def schema(self) -> JsonSchema:
        """A number between the limits."""
        ends = {"exclusiveMinimum": self.above, "exclusiveMaximum": self.below}
        limits = _limits(self.minimum, self.maximum) | {
            key: end for key, end in ends.items() if end is not None
        }
        return {"description": self.about, "type": "number", **limits}


@dataclass(frozen=True, kw_only=True)
class Count(Scalar[int]):
    """A whole number in a range."""

    about: str
    write: str
    minimum: int
    maximum: int

    def value(self, node: ScalarNode, name: str) -> int | Complaint:
        """The number."""
        if not _WHOLE.fullmatch(node.text) or node.style is Style.QUOTED:
            return self._refused(node, name, why=_in_quotes(node))
        number = int(node.text)
        return (
            number
            if _within(number, minimum=self.minimum, maximum=self.maximum)
            else self._refused(node, name)
        )

    def schema(self) -> JsonSchema:
        """An integer between the limits."""
        return {"description": self.about, "type": "integer", **_limits(self.minimum, self.maximum)}


@dataclass(frozen=True, kw_only=True)
class Flag(Scalar[bool]):
    """Exactly `true` or `false`."""

    about: str
    write: str = "Write `true` or `false`, without quotes"

    def value(self, node: ScalarNode, name: str) -> bool | Complaint:
        """The truth value."""
        if node.text not in _FLAGS or node.style is Style.QUOTED:
            return self._refused(node, name, why=_in_quotes(node))
        return _FLAGS[node.text]

    def schema(self) -> JsonSchema:
        """A boolean."""
        return {"description": self.about, "type": "boolean"}


@dataclass(frozen=True, kw_only=True)
class Choice(Scalar[S]):
    """One of a few words; those of a later version are known, and refused with `not_yet`."""

    about: str
    options: tuple[S, ...]
    later: tuple[str, ...] = ()
    not_yet: str = ""

    def hint(self) -> str:
        """The options."""
        *others, last = (f"`{option}`" for option in self.options)
        return f"Write {', '.join(others)} or {last}" if others else f"Write {last}"

    def value(self, node: ScalarNode, name: str) -> S | Complaint:
        """The option."""
        option = next((option for option in self.options if option == node.text), None)
        if option is not None:
            return option
        if node.text in self.later:
            return Complaint(say(f"found `{node.text}` for `{name}`, {NOT_AVAILABLE}"), say(self.not_yet))
        return self._refused(node, name)

    def schema(self) -> JsonSchema:
        """The options of this version."""
        return {"description": self.about, "type": "string", "enum": [str(option) for option in self.options]}


@dataclass(frozen=True, kw_only=True)
class Anything(Shape[Node]):
    """Whatever stands there: for keys of a later version whose form is not settled."""

    def read(self, node: Node, *, name: str, problems: Problems) -> Node | None:
        """The node as it is."""
        return node

    def schema(self) -> JsonSchema:
        """Everything is right."""
        return {}


def _guess(complaint: Complaint, text: str) -> Complaint:
    return complaint._replace(write=say("Did you mean ", quote(text), "? ", *complaint.write.parts))


def _in_quotes(node: ScalarNode) -> str:
    return " in quotes" if node.style is Style.QUOTED else ""


def _within(number: float, *, minimum: float | None, maximum: float | None) -> bool:
    return (minimum is None or minimum <= number) and (maximum is None or number <= maximum)


def _limits(minimum: float | None, maximum: float | None) -> JsonSchema:
    limits = {"minimum": minimum, "maximum": maximum}
    return {key: limit for key, limit in limits.items() if limit is not None}
