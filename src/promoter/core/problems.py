"""Collects everything wrong in one file, so that nobody has to fix it one push at a time."""

from __future__ import annotations

from dataclasses import dataclass

from promoter.errors import Problem
from promoter.text import Message, say

# A file that is wrong all over is shown its first problems only: no comment holds two thousand of them.
MOST_PROBLEMS = 50


@dataclass(frozen=True, order=True)
class Place:
    """Where something begins; both count from 1."""

    line: int
    column: int


START = Place(1, 1)


class Problems:
    """The problems of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._found: list[Problem] = []
        self._left_out = 0

    def add(self, place: Place, *, found: Message, write: Message) -> None:
        """Note one problem: what was found there, and what to write instead."""
        if len(self._found) >= MOST_PROBLEMS:
            self._left_out += 1
            return
        self._found.append(
            Problem(path=self.path, line=place.line, column=place.column, found=found, write=write)
        )

    def all(self) -> tuple[Problem, ...]:
        """Every problem in the order of the file; the last one says how many were left out."""
        ordered = sorted(self._found, key=lambda problem: (problem.line, problem.column))
        if self._left_out:
            ordered.append(
                Problem(
                    path=self.path,
                    line=ordered[-1].line,
                    column=ordered[-1].column,
                    found=say(f"found {self._left_out:,} more problems in this file"),
                    write=say("Correct the ones above first"),
                )
            )
        return tuple(ordered)
