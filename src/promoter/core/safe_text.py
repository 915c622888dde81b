"""Which characters and words are what they look like, and which plain YAML is text for everybody.

A reviewer approves what the screen shows, so text that shows one thing and is another is refused.
"""

from __future__ import annotations

import re
import unicodedata

# Controls, invisible formatting (bidi, zero width), private use, halves of pairs, line separators
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_CONTROL_NAMES = {"\0": "NUL", "\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN"}
# Never assigned: the last two of every plane, and 32 in the middle of the first
_LAST_OF_PLANE = 0xFFFE
_NONCHARACTERS = range(0xFDD0, 0xFDF0)
_WORD = re.compile(r"[^\W\d_]{2,}")
_TWINS_OF_LATIN = frozenset({"CYRILLIC", "GREEK"})

# What YAML 1.1 or YAML 1.2 reads as something other than text, in one generous list: null, booleans,
# integers in every base, numbers in base 60, floats, times, the merge and the value key.
_NOT_TEXT = re.compile(
    r"""
      | ~ | null
      | y | yes | n | no | true | false | on | off
      | [-+]? 0 b [01_]+
      | [-+]? 0 o [0-7_]+
      | [-+]? 0 x [0-9a-f_]+
      | [-+]? [0-9][0-9_]* (?: :[0-5]?[0-9] )* (?: \.[0-9_]* )? (?: e[-+]?[0-9]+ )?
      | [-+]? \.[0-9_]+ (?: e[-+]?[0-9]+ )?
      | [-+]? \.inf
      | \.nan
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} (?: [ \tT] .* )?
      | = | <<
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def first_unsafe(text: str) -> int | None:
    """Index of the first character that hides or reorders what is shown; a line feed is none of them."""
    if text.replace("\n", "").isprintable():
        return None
    return next(
        (
            index
            for index, char in enumerate(text)
            if char != "\n" and (unicodedata.category(char) in _UNSAFE_CATEGORIES or _is_noncharacter(char))
        ),
        None,
    )


def _is_noncharacter(char: str) -> bool:
    return ord(char) & _LAST_OF_PLANE == _LAST_OF_PLANE or ord(char) in _NONCHARACTERS


def mixed_script_word(text: str) -> str | None:
    """The first word that mixes Latin letters with Cyrillic or Greek ones, which look alike."""
    if text.isascii():
        return None
    return next((word for word in _WORD.findall(text) if _mixes(word)), None)


def _mixes(word: str) -> bool:
    scripts = {unicodedata.name(char, "").partition(" ")[0] for char in word}
    return "LATIN" in scripts and bool(scripts & _TWINS_OF_LATIN)


def code_point(char: str) -> str:
    """A character's number and name: `U+202E RIGHT-TO-LEFT OVERRIDE`."""
    return f"U+{ord(char):04X} {unicodedata.name(char, _CONTROL_NAMES.get(char, ''))}".rstrip()


def is_text_for_everybody(plain: str) -> bool:
    """Whether YAML 1.1 and YAML 1.2 both read this unquoted scalar as text."""
    return _NOT_TEXT.fullmatch(plain) is None
