"""Regular expressions whose search cannot run away on a long value.

Python's matcher tries one way after another, and a pattern can be written that has more ways than
nanoseconds are left. So the ways are counted beforehand, generously, and too many are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from promoter.core.nodes import ScalarNode
from promoter.core.scalars import Scalar, Text
from promoter.core.shape import Complaint, JsonSchema
from promoter.text import Message, quote, say

LONGEST_PATTERN = 200
# What a value may measure in characters when it is matched with one of these patterns
LONGEST_VALUE = 1_000

_MOST_WAYS = 10_000_000
_WIDEST = 10_000
# Repeating one character runs in a tight loop in C: three of them over 1,000 characters take 0.1 s, which
# is what ten million ordinary ways take at the most.
_WAYS_OF_ONE_CHARACTER = 200
_ENOUGH_TERMS = 30
_QUANTIFIER = re.compile(r"(?:([*+?])|\{([0-9]*)(,([0-9]*))?\})[?+]?")
_BY_SIGN = {"*": (0, LONGEST_VALUE), "+": (1, LONGEST_VALUE), "?": (0, 1)}


class PatternRefusedError(ValueError):
    """Why a pattern is refused, as the end of a sentence."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why))
        self.why = why


def compile_bounded(pattern: str) -> re.Pattern[str]:
    """A pattern, of at most LONGEST_PATTERN characters, made cheap for `fullmatch` on LONGEST_VALUE of them.

    Raises PatternRefusedError for what Python does not understand, for look-around, back references and
    flags, and for too many ways to match.
    """
    cost = _Counter(pattern).branches()
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise PatternRefusedError(say("it is not a regular expression: ", quote(error.msg))) from None
    if cost.ways > _MOST_WAYS or cost.width > _WIDEST:
        raise PatternRefusedError(say("it has too many ways to match, and could run for hours"))
    return compiled


@dataclass(frozen=True)
class _Cost:
    """In how many ways a part can match at most, and over how many characters."""

    ways: int
    width: int

    def then(self, other: _Cost) -> _Cost:
        return _Cost(min(self.ways * other.ways, _MOST_WAYS + 1), min(self.width + other.width, _WIDEST + 1))

    def instead(self, other: _Cost) -> _Cost:
        return _Cost(self.ways + other.ways, max(self.width, other.width))

    def repeated(self, low: int, high: int) -> _Cost:
        if self.ways == 1:
            ways = high - low + 1
        else:
            ways = sum(self.ways**times for times in range(low, min(high, low + _ENOUGH_TERMS) + 1))
        return _Cost(min(ways, _MOST_WAYS + 1), min(max(self.width, 1) * high, _WIDEST + 1))


_NOTHING = _Cost(1, 0)
_ONE_CHARACTER = _Cost(1, 1)


class _Counter:
    """Walks a pattern once. What is not well formed is left to `re` to refuse."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def branches(self) -> _Cost:
        total = self._sequence()
        while self._pattern.startswith("|", self._at):
            self._at += 1
            total = total.instead(self._sequence())
        return total

    def _sequence(self) -> _Cost:
        total = _NOTHING
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            total = total.then(self._repeated(self._atom()))
        return total

    def _atom(self) -> _Cost:
        char = self._pattern[self._at]
        self._at += 1
        if char == "(":
            return self._group()
        if char == "[":
            self._skip_class()
        if char == "\\":
            if self._pattern[self._at : self._at + 1].isdigit():
                raise PatternRefusedError(say("it holds a back reference"))
            self._at += 1
        return _ONE_CHARACTER

    def _group(self) -> _Cost:
        if self._pattern.startswith("?", self._at):
            if not self._pattern.startswith("?:", self._at):
                raise PatternRefusedError(say("it holds `(?`, of which only `(?:` may be used"))
            self._at += 2
        inside = self.branches()
        self._at += 1
        # A group is slower to repeat than a character, so it never counts as one.
        return _Cost(inside.ways, inside.width + 1)

    def _skip_class(self) -> None:
        start = self._at
        self._at += self._pattern.startswith("^", self._at)
        first = self._at
        while self._at < len(self._pattern) and (self._pattern[self._at] != "]" or self._at == first):
            self._at += 2 if self._pattern[self._at] == "\\" else 1
        if re.search(r"\[|--|&&|~~|\|\|", self._pattern[start : self._at].replace("\\[", "")):
            # Python keeps these for sets of its own one day, and warns.
            raise PatternRefusedError(say("write `\\[`, not `[`, and no doubled sign, inside `[…]`"))
        self._at += 1

    def _repeated(self, cost: _Cost) -> _Cost:
        found = _QUANTIFIER.match(self._pattern, self._at)
        if found is None or found.group() in {"{}", "{}?", "{}+"}:
            return cost
        self._at = found.end()
        low, high = self._limits(found)
        if max(low, high) > LONGEST_VALUE:
            raise PatternRefusedError(say(f"it repeats something more than {LONGEST_VALUE:,} times"))
        if cost == _ONE_CHARACTER:
            return _Cost(min(max(high - low, 0) + 1, _WAYS_OF_ONE_CHARACTER), high)
        return cost.repeated(low, high)

    def _limits(self, found: re.Match[str]) -> tuple[int, int]:
        sign, low, comma, high = found.groups()
        if sign:
            return _BY_SIGN[sign]
        least = int(low or 0)
        return least, (int(high or LONGEST_VALUE) if comma else least)


@dataclass(frozen=True, kw_only=True)
class BoundedPattern(Scalar[re.Pattern[str]]):
    """A regular expression that is cheap on any value."""

    about: str
    write: str

    @property
    def _text(self) -> Text:
        return Text(about=self.about, write=self.write, pattern=r"[^\n]+", longest=LONGEST_PATTERN)

    def value(self, node: ScalarNode, name: str) -> re.Pattern[str] | Complaint:
        """The compiled pattern, to be used with `fullmatch`."""
        text = self._text.value(node, name)
        if isinstance(text, Complaint):
            return text
        try:
            return compile_bounded(text)
        except PatternRefusedError as error:
            found = say("found the pattern ", quote(text), f" for `{name}`: ", *error.why.parts)
            return Complaint(found, say(self.write))

    def schema(self) -> JsonSchema:
        """Text; whether it is a regular expression is the reader's to say."""
        return self._text.schema()


@dataclass(frozen=True, kw_only=True)
class BoundedSearch(BoundedPattern):
    """The same for `search`, which begins anew at every character: so there may be fewer ways to match."""

    def value(self, node: ScalarNode, name: str) -> re.Pattern[str] | Complaint:
        """The compiled pattern, to be searched for in LONGEST_VALUE characters at a time."""
        found = super().value(node, name)
        if isinstance(found, Complaint):
            return found
        try:
            # As if two repeats stood in front: the text is long, and looked at in many overlapping pieces.
            compile_bounded(f".*.*(?:{found.pattern})")
        except PatternRefusedError as error:
            why = say("found the pattern ", quote(found.pattern), f" for `{name}`: ", *error.why.parts)
            return Complaint(why, say(self.write))
        return found
