"""Markdown that GitHub shows: the one place where text from outside is made harmless.

Text from outside stands in code spans only: there is no link, mention, issue reference, emoji code, HTML
or formula in them. Everything else on a page is our own template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from promoter.text import Message, Quoted

LONGEST_VALUE = 200
LONGEST_CELL = 60
# cmark stops looking for the end of a code span when its fence is longer than 80 backticks
_LONGEST_FENCE = 8
_BACKTICKS = re.compile(r"`+")
_OWN_CODE = re.compile(r"`([^`]+)`")
_INNER_SPACE = re.compile(r"(?<![,;]) ")
_MARKUP = re.compile(r"[\\*_\[\]<>~|&$`]")


class Align(StrEnum):
    """How a table's column is aligned."""

    LEFT = ":--"
    RIGHT = "--:"


def visible(value: str, *, longest: int = LONGEST_VALUE) -> str:
    """The value on one line of at most `longest` characters, and … where it was cut.

    What does not print (line breaks, controls, direction marks, zero-width characters) is written as an
    escape. A value whose ends are blank is shown in quotes.
    """
    short = value[: longest + 1]
    if not short.isprintable():
        short = _escaped(short, longest)
    text = short if len(short) <= longest else short[:longest] + "…"
    return text if text.strip(" ") == text != "" else f'"{text}"'


def _escaped(value: str, longest: int) -> str:
    """As many whole escapes as fit."""
    pieces: list[str] = []
    room = longest
    for char in value:
        piece = char if char.isprintable() else _escape(char)
        room -= len(piece)
        if room < 0:
            pieces.append("…")
            break
        pieces.append(piece)
    return "".join(pieces)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def code(value: str, *, longest: int = LONGEST_VALUE) -> str:
    """A value from outside as a code span in running text."""
    return _fenced(_short_fences(visible(value, longest=longest)))


def printed(value: str) -> str:
    """The value with what does not print as escapes, its blanks and its length as they are."""
    if value.isprintable():
        return value
    return "".join(char if char.isprintable() else _escape(char) for char in value)


def code_block(lines: Sequence[str], *, language: str) -> str:
    """Lines of printing characters as a fenced block, which none of them can end; `language` is our own."""
    text = _short_fences("\n".join(lines))
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def cell(value: str, *, longest: int = LONGEST_CELL) -> str:
    """A value from outside as a code span in a table, where a pipe would end the cell."""
    text = _short_fences(visible(value, longest=longest))
    # Parsers disagree on a pipe behind two backslashes, so a pipe behind any is written as an escape.
    text = text.replace("\\|", "\\\\x7c").replace("|", "\\|")
    return _fenced(text)


def _short_fences(text: str) -> str:
    def rewrite(run: re.Match[str]) -> str:
        length = len(run.group())
        return run.group() if length < _LONGEST_FENCE else "\\x60" * length

    return _BACKTICKS.sub(rewrite, text)


def _fenced(text: str) -> str:
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Our own words: `code` in backticks stays, every other mark is shown as it is written."""
    pieces = _OWN_CODE.split(" ".join(text.splitlines()) if "\n" in text else text)
    return "".join(
        _fenced(piece) if index % 2 else _MARKUP.sub(r"\\\g<0>", piece) for index, piece in enumerate(pieces)
    )


def unbroken(text: str) -> str:
    """Text for a narrow column: it breaks behind a comma or semicolon only, so rows stay low on a phone."""
    return _INNER_SPACE.sub("\u00a0", text)


def sentence(message: Message) -> str:
    """A message in running text."""
    return "".join(code(part.value) if isinstance(part, Quoted) else prose(part) for part in message.parts)


def cell_of(message: Message) -> str:
    """A message inside a table's cell."""
    parts = (cell(part.value) if isinstance(part, Quoted) else prose(part) for part in message.parts)
    return "".join(parts)


def link(text: str, address: str) -> str:
    """Rendered text that leads to an address of our own making; only the text where there is none."""
    return f"[{text}]({address})" if address else text


def bullets(items: Iterable[str]) -> str:
    """A list of rendered items."""
    return "\n".join(f"- {item}" for item in items)


def table(columns: Sequence[tuple[str, Align]], rows: Iterable[Sequence[str]]) -> tuple[list[str], list[str]]:
    """A table of rendered cells: the two lines of its head, and one line for each row."""
    head = [_row([title for title, _ in columns]), _row([align.value for _, align in columns])]
    return head, [_row(cells) for cells in rows]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def folded(title: str, body: str) -> str:
    """A part that opens on a click. The title is ours and plain: Markdown is not read in it."""
    return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"
