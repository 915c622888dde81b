"""What differs between two versions, in words: the same for comment, job summary and HTML report."""

from __future__ import annotations

from collections.abc import Sequence

from promoter.core.differences import Difference, Part
from promoter.core.report import RequestReport
from promoter.render.layout import Block, Rank, block
from promoter.render.markdown import LONGEST_CELL, bullets, code
from promoter.render.words import count

TITLES = {
    Part.INPUTS: "Input columns",
    Part.OUTPUTS: "Output columns",
    Part.PACKAGES: "Packages",
    Part.PARAMETERS: "Training parameters",
}
_NOUNS = {
    Part.INPUTS: "input column",
    Part.OUTPUTS: "output column",
    Part.PACKAGES: "package",
    Part.PARAMETERS: "parameter",
}
# Of each part as many are named in the comment; the HTML report names more.
_MOST_NAMED = 8


def blocks(request: RequestReport) -> tuple[Block, ...]:
    """One folded block, or none where nothing differs that could be compared."""
    parts = by_part(request.differences)
    counts = ", ".join(count(len(found), _NOUNS[part]) for part, found in parts.items())
    text = bullets(f"{TITLES[part]}: {_named(found)}" for part, found in parts.items())
    return block(text, Rank.DIFFERENCES, fold=f"What differs between the versions: {counts}")


def by_part(differences: Sequence[Difference]) -> dict[Part, tuple[Difference, ...]]:
    """The parts in which anything differs, columns first."""
    found = {part: tuple(one for one in differences if one.part is part) for part in Part}
    return {part: differing for part, differing in found.items() if differing}


def in_words(value: str | None, part: Part) -> str:
    """Our own word for what is not there, and for a package without any version."""
    if value is None:
        return "none"
    return "any version" if part is Part.PACKAGES else "empty"


def _named(found: Sequence[Difference]) -> str:
    told = "; ".join(_change(one) for one in found[:_MOST_NAMED])
    left = len(found) - _MOST_NAMED
    return f"{told}; and {left:,} more in the HTML report" if left > 0 else told


def _change(one: Difference) -> str:
    name = _code(one.name)
    if one.champion is None:
        return f"{name} added ({_shown(one.challenger, one.part)})"
    if one.challenger is None:
        return f"{name} removed (was {_shown(one.champion, one.part)})"
    return f"{name} {_shown(one.champion, one.part)} → {_shown(one.challenger, one.part)}"


def _shown(value: str | None, part: Part) -> str:
    return _code(value) if value else in_words(value, part)


def _code(value: str) -> str:
    return code(value, longest=LONGEST_CELL)
