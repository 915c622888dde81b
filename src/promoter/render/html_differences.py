"""What differs between two versions, as tables of the HTML report."""

from __future__ import annotations

from collections.abc import Sequence

from promoter.core.differences import Difference, Part
from promoter.core.report import RequestReport
from promoter.render.differences import TITLES, by_part, in_words
from promoter.render.html_text import code, table, tag, text

# A model may log any number of parameters.
_MOST_ROWS = 300


def differences(request: RequestReport) -> str:
    """A table for each part in which anything differs; nothing where nothing does."""
    parts = by_part(request.differences)
    return "".join(_table(part, found) for part, found in parts.items())


def _table(part: Part, found: Sequence[Difference]) -> str:
    rows = [
        (tag("span", code(one.name)), _side(one.champion, part), _side(one.challenger, part))
        for one in found[:_MOST_ROWS]
    ]
    left = len(found) - _MOST_ROWS
    title = f"{TITLES[part]} that differ"
    shown = table(("Name", "Champion", "Challenger"), rows, caption=text(title))
    return shown + (tag("p", f"… and {left:,} more.") if left > 0 else "")


def _side(value: str | None, part: Part) -> str:
    return tag("span", code(value)) if value else text(in_words(value, part))
