"""Files of the job, written one after the other: what cannot be written changes no outcome."""

from __future__ import annotations

from collections.abc import Callable

from promoter.errors import PromoterError
from promoter.ports import Runner
from promoter.text import Message


def kept(runner: Runner, name: str, *, text: str) -> tuple[str, tuple[Message, ...]]:
    """The path of a file in the report folder; empty where it cannot be written, and why."""
    try:
        return runner.save(name, text), ()
    except PromoterError as error:
        runner.log(error.message)
        return "", (error.message,)


def write_all(runner: Runner, *writes: Callable[[], None]) -> None:
    """Each of them, whatever becomes of the others."""
    for write in writes:
        try:
            write()
        except PromoterError as error:
            runner.log(error.message)
