"""Calls that wait for a server, some at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Of = TypeVar("_Of")
_T = TypeVar("_T")

AT_ONCE = 4
"""How many wait at the same time: as many as an open-source MLflow server has workers, unless it is told
otherwise. More of one client would keep others waiting."""


def some_at_once(call: Callable[[_Of], _T], each: Sequence[_Of]) -> Iterable[_T]:
    """A `ports.Several`: at most `AT_ONCE` at a time, each in a thread."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return [*pool.map(call, each)]
