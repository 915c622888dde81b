"""The part of a policy that says how sure to be of figures."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TypeVar

from promoter.core.nodes import MapNode
from promoter.core.policy import Statistics
from promoter.core.problems import Problems
from promoter.core.scalars import Count, Number
from promoter.core.shape import Field, JsonSchema, Map, Rule, defaulted
from promoter.text import say

T = TypeVar("T")

# Where an end lies that fewer resamples are beyond depends on which were drawn. Of a 90 % interval that makes
# 1000 resamples (Efron and Tibshirani 1993, 14.3).
_BEYOND_AN_END = 50
_MOST_RESAMPLES = 100_000
_ROUNDING = 1e-9

_confidence_level = defaulted(
    "confidence_level",
    Number(
        about="How sure each decision must be; 0.95 is wrong once in twenty times.",
        write="Write a number between 0.5 and 1, such as `0.95`",
        above=0.5,
        below=1,
    ),
    default=Statistics.confidence_level,
)
_resamples = defaulted(
    "resamples",
    Count(
        about="How many bootstrap resamples the intervals are made from: at least "
        "50 / (1 - confidence_level), which is 1000 for 0.95 and 5000 for 0.99.",
        write="Write a whole number from 100 to 100000, such as `10000`",
        minimum=100,
        maximum=_MOST_RESAMPLES,
    ),
    default=Statistics.resamples,
)


@dataclass(frozen=True, kw_only=True)
class EnoughResamples(Rule):
    """Enough resamples lie beyond each end of an interval to say where it is; a schema cannot multiply."""

    def check(self, node: MapNode, problems: Problems) -> None:
        """The problem stands at the resamples, or at the level that asks for more than the usual ones."""
        level, resamples = _read(node, _confidence_level), _read(node, _resamples)
        if level is None or resamples is None:
            return
        asked = ceil(_BEYOND_AN_END / (1 - level) * (1 - _ROUNDING))
        if resamples >= asked:
            return
        entry = node.get(_resamples.name) or node.get(_confidence_level.name)
        assert entry is not None
        write = f"Write `resamples: {asked}` or more"
        if asked > _MOST_RESAMPLES:
            write = f"Write at most `confidence_level: {1 - _BEYOND_AN_END / _MOST_RESAMPLES:.6g}`, and "
            write += f"`resamples: {_MOST_RESAMPLES}`"
        found = f"found {resamples} resamples for `confidence_level: {level:.12g}`, of which fewer than "
        found += f"{_BEYOND_AN_END} lie beyond an end of the interval"
        problems.add(entry.value.place, found=say(found), write=say(write))

    def schema(self) -> JsonSchema:
        """Only the words."""
        return {"description": "At least 50 / (1 - confidence_level) resamples."}


def _read(node: MapNode, field: Field[T]) -> T | None:
    """The value of a key or its default; None where it is no value, which is told elsewhere."""
    entry = node.get(field.name)
    return (
        field.default
        if entry is None
        else field.shape.read(entry.value, name=field.name, problems=Problems(""))
    )


STATISTICS = Map(
    about="How sure to be. It needs rows: `source: inference` or `source: predictions`.",
    write="Write `confidence_level` or `resamples` below it",
    fields=(_confidence_level, _resamples),
    rules=(EnoughResamples(),),
    build=lambda record: Statistics(confidence_level=record[_confidence_level], resamples=record[_resamples]),
)
