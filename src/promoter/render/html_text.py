"""HTML pieces: the one place where text becomes HTML, always through `html.escape`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from promoter.render.markdown import visible
from promoter.text import Message, Quoted

_OWN_CODE = re.compile(r"`([^`]+)`")


def text(words: str) -> str:
    """Our own words; what they have in backticks is shown as code."""
    pieces = _OWN_CODE.split(words)
    return "".join(
        f"<code>{escape(piece)}</code>" if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )


def code(value: str, *, longest: int = 200) -> str:
    """A value from outside, on one line, what does not print as an escape."""
    return f"<code>{escape(visible(value, longest=longest))}</code>"


def sentence(message: Message) -> str:
    """A message in running text."""
    return "".join(code(part.value) if isinstance(part, Quoted) else text(part) for part in message.parts)


def plain(message: Message) -> str:
    """A message where no element may stand: in the page's title."""
    parts = (visible(part.value) if isinstance(part, Quoted) else part for part in message.parts)
    return escape("".join(parts).replace("`", ""))


def link(inner: str, address: str) -> str:
    """Rendered text that leads to an address of our own making; only the text where there is none."""
    if not address:
        return inner
    return f'<a href="{escape(address)}" rel="noopener noreferrer">{inner}</a>'


def tag(name: str, inner: str, *, kind: str = "") -> str:
    """An element around rendered content, with a class of our own; nothing around nothing."""
    attribute = f' class="{escape(kind)}"' if kind else ""
    return f"<{name}{attribute}>{inner}</{name}>" if inner else ""


def items(rendered: Iterable[str]) -> str:
    """A list of rendered items; nothing for none."""
    return tag("ul", "".join(tag("li", item) for item in rendered))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str) -> str:
    """A table of rendered cells and caption; nothing without rows. Cells carry their column's title: on a
    phone each row is shown as a list of them."""
    body = "".join(tag("tr", "".join(map(_cell, head, row))) for row in rows)
    if not body:
        return ""
    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    inner = f"<caption>{caption}</caption><thead><tr>{titles}</tr></thead><tbody>{body}</tbody>"
    # What scrolls must be reached by keyboard too.
    return f'<div class="scroll" tabindex="0" role="group" aria-label="Table">{tag("table", inner)}</div>'


def _cell(title: str, inner: str) -> str:
    return f'<td data-title="{escape(title)}">{inner}</td>'
