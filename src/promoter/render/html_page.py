"""The page around every HTML report: it needs no network and runs no script."""

from __future__ import annotations

from collections.abc import Iterable

from promoter.render.html_style import CSS
from promoter.render.html_text import plain
from promoter.text import Message, say

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(title: Message, body: Iterable[str], *, style: str = "") -> str:
    """A whole page around rendered parts; `style` is more of our own style sheet."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{plain(say('Promoter: ', *title.parts))}</title>\n<style>{CSS}{style}</style>\n"
        "</head>\n<body>\n<main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main>\n</body>\n</html>\n"
    )
