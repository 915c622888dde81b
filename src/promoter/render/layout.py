"""Fitting a page into what GitHub accepts: whole blocks are left out, the least important first.

A block is never cut, so no table, fence or fold is ever left open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

from promoter.render.markdown import folded


class Rank(IntEnum):
    """How long a block is kept: the highest goes first. `HEAD` is always kept, so it has to be short;
    what is `DRAWN` is there in words, too, and `DIFFERENCES` are in the HTML report."""

    HEAD = 0
    BLOCKING = 1
    FIGURES = 2
    NOTES = 3
    REQUESTS = 4
    DETAILS = 5
    DRAWN = 6
    DIFFERENCES = 7


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a page. Neighbours with the same `fold` stand in one part that opens on a click."""

    text: str
    rank: Rank
    fold: str = ""


def block(text: str, rank: Rank, *, fold: str = "") -> tuple[Block, ...]:
    """One block, or none for an empty text."""
    return (Block(text=text, rank=rank, fold=fold),) if text else ()


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What fits on a page: `size` in the units of `measure`; `pointer` is Markdown that says where the
    rest can be read."""

    size: int
    measure: Callable[[str], int]
    pointer: str

    def share(self, part: int) -> int:
        """One part of the page, of `part` equal ones."""
        return self.size // part


def in_utf16(text: str) -> int:
    """Length as GitHub may count it for comments: an emoji outside the basic plane counts twice."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def in_bytes(text: str) -> int:
    """Length in UTF-8, as the runner counts the summary."""
    return len(text.encode(errors="surrogatepass"))


def within(lines: Sequence[str], limit: Limit, *, part: int) -> tuple[str, ...]:
    """The lines that fit into one of `part` equal parts of the page, from the first on."""
    room = limit.share(part)
    kept: list[str] = []
    for line in lines:
        room -= limit.measure(line) + 1
        if room < 0:
            break
        kept.append(line)
    return tuple(kept)


def more(lines: Sequence[str], kept: Sequence[str], *, limit: Limit) -> str:
    """What to write below a shortened list; empty when nothing was left out."""
    left = len(lines) - len(kept)
    return f"… and {left:,} more, see {limit.pointer}." if left else ""


def fit(blocks: Sequence[Block], limit: Limit, *, footer: str) -> str:
    """The page. What had to be left out is counted above the footer."""
    room = limit.size - limit.measure(footer) - limit.measure(limit.pointer) - 100
    kept = _kept(blocks, room, measure=limit.measure)
    parts: list[str] = []
    for fold, group in groupby(kept, key=lambda block: block.fold):
        text = "\n\n".join(block.text for block in group)
        parts.append(folded(fold, text) if fold else text)
    left = len(blocks) - len(kept)
    if left:
        sections = "1 section was" if left == 1 else f"{left:,} sections were"
        parts.append(f"… {sections} left out to keep this short, see {limit.pointer}.")
    return "\n\n".join([*parts, footer]) + "\n"


def _kept(blocks: Sequence[Block], room: int, *, measure: Callable[[str], int]) -> list[Block]:
    # The frame of a fold is counted for each block in it, so the page can only be shorter than that.
    costs = [measure(block.text) + measure(folded(block.fold, "")) + 4 for block in blocks]
    total = sum(costs)
    least_first = sorted(range(len(blocks)), key=lambda index: (-blocks[index].rank, -index))
    dropped: set[int] = set()
    for index in least_first:
        if total <= room or blocks[index].rank is Rank.HEAD:
            break
        total -= costs[index]
        dropped.add(index)
    return [block for index, block in enumerate(blocks) if index not in dropped]
