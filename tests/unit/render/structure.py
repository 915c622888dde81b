"""What a reader's programs see in our output: Markdown tokens and HTML elements, without the code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import TypeAlias

from markdown_it import MarkdownIt
from markdown_it.token import Token

_OUR_ADDRESSES = ("https://mlflow.example/#/", "https://github.example/acme/models/")
_Shape: TypeAlias = tuple[str, ...]

# Bare addresses would become links in text tokens only, and those are compared word by word.
_GFM = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def markdown_shape(markdown: str) -> list[_Shape]:
    """Every token but the content of code spans; text and HTML word by word, links by their host."""
    return list(_shapes(_GFM.parse(markdown)))


def _shapes(tokens: Sequence[Token]) -> Iterator[_Shape]:
    for token in tokens:
        if token.type == "inline":
            yield from _shapes(token.children or [])
        elif token.type == "code_inline":
            yield ("code",)
        elif token.type == "link_open":
            yield ("link", _host(str(token.attrs["href"])))
        else:
            yield (token.type, token.tag, str(token.nesting), token.content)


def _host(address: str) -> str:
    assert not set(address) & set(" <>()\"'\\`|"), address
    return next((ours for ours in _OUR_ADDRESSES if address.startswith(ours)), address)


def html_shape(text: str) -> list[_Shape]:
    """Elements with their attributes, and every text outside code, title and tspan; links by their host."""
    parser = _Shaper()
    parser.feed(text)
    parser.close()
    return parser.shapes


class _Shaper(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shapes: list[_Shape] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = (f"{name}={_host(value or '') if name == 'href' else value}" for name, value in attrs)
        self.shapes.append((tag, *values))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.shapes.append((f"/{tag}",))
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in {"code", "title", "tspan"}:
            self.shapes.append(("#text", data))

    def handle_comment(self, data: str) -> None:
        self.shapes.append(("comment", data))
