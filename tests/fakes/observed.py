"""Any port, with every call noted, and with something happening before or after a certain one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from promoter.errors import PromoterError

_Port = TypeVar("_Port")
Action = Callable[[], object]


class Calls:
    """What was asked of a port: `made` holds (method, arguments) in order, keywords behind the others."""

    def __init__(self) -> None:
        self.made: list[tuple[str, tuple[Any, ...]]] = []
        self._before: dict[tuple[str, int], Action] = {}
        self._after: dict[tuple[str, int], Action] = {}

    def count(self, method: str) -> int:
        """How often a method was called."""
        return sum(name == method for name, _ in self.made)

    def asked(self, method: str) -> list[Any]:
        """The first argument of each call of a method."""
        return [arguments[0] for name, arguments in self.made if name == method]

    def before(self, method: str, action: Action, *, nth: int = 1) -> None:
        """Do something just before the nth call."""
        self._before[method, nth] = action

    def after(self, method: str, action: Action, *, nth: int = 1) -> None:
        """Do something when the nth call has acted and has not answered yet."""
        self._after[method, nth] = action

    def fail(self, method: str, error: PromoterError, *, nth: int = 1) -> None:
        """Have the nth call raise without acting."""
        self.before(method, raising(error), nth=nth)

    def carry_out(self, method: Callable[..., object], *arguments: object, **named: object) -> object:
        """One call, noted."""
        name = method.__name__
        self.made.append((name, (*arguments, *named.values())))
        key = (name, self.count(name))
        self._before.get(key, _nothing)()
        answer = method(*arguments, **named)
        self._after.get(key, _nothing)()
        return answer


class _Observed:
    def __init__(self, port: object, calls: Calls) -> None:
        self._port = port
        self._calls = calls

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._port, name)
        return lambda *arguments, **named: self._calls.carry_out(method, *arguments, **named)


def observed(port: _Port) -> tuple[_Port, Calls]:
    """The port, and what was asked of it."""
    calls = Calls()
    return cast(_Port, _Observed(port, calls)), calls


def raising(error: BaseException) -> Action:
    """An action that raises."""

    def act() -> None:
        raise error

    return act


def _nothing() -> None:
    return None
