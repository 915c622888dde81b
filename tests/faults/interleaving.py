"""Several clients, one outside call at a time, in an order that a seed decides.

Each client is a thread that asks for its turn before every call. A seed gives the same order again. Half of
the orders are drawn evenly; in the other half clients have priorities that change at a few random steps
(Burckhardt and others, "A randomized scheduler with probabilistic guarantees of finding bugs", 2010): these
let one client stand still for long, as a job on a slow network does.
`tests/faults/interleaving_run.py` plays them by the thousand.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from promoter.adapters.deadline import Deadline

_T = TypeVar("_T")
_LONGEST = 60.0
_LIKELY_STEPS = 60
_CHANGES = 3


@dataclass(frozen=True, kw_only=True)
class Client:
    """One who acts: `work` calls `turn` before each outside call. It begins once `ready` says so."""

    name: str
    work: Callable[[Callable[[str], None]], object]
    ready: Callable[[], bool] = lambda: True


@dataclass(frozen=True, kw_only=True)
class Played:
    """One call that was made: whose, what, and the state that was seen after it."""

    client: str
    what: str
    state: object


@dataclass
class Order:
    """Whose turn it is next, by a seed."""

    seed: int

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._priorities: dict[str, float] = {}
        self._at = 0
        self._changes = {self._random.randrange(_LIKELY_STEPS) for _ in range(_CHANGES)}

    def choose(self, names: Sequence[str]) -> str:
        """One of them."""
        self._at += 1
        if self.seed % 2:
            return self._random.choice(names)
        for name in names:
            self._priorities.setdefault(name, self._random.random())
        chosen = max(names, key=lambda name: self._priorities[name])
        if self._at in self._changes:
            self._priorities[chosen] = -self._at
            chosen = max(names, key=lambda name: self._priorities[name])
        return chosen


@dataclass
class Turns:
    """Plays clients against each other. `look` gives the state after a call, whose name it is told."""

    order: Order
    look: Callable[[str], object]
    played: list[Played] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[str, str] = {}
        self._busy: set[str] = set()
        self._errors: list[BaseException] = []

    def play(self, clients: Sequence[Client]) -> list[Played]:
        """Every call in the order made, once all have ended; raises what a client raised."""
        names = {client.name for client in clients}
        threads = [threading.Thread(target=self._live, args=(one,), daemon=True) for one in clients]
        by_name = {client.name: client for client in clients}
        self._busy = set(names)
        for thread in threads:
            thread.start()
        last: tuple[str, str] | None = None
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: not self._busy, _LONGEST):
                    raise TimeoutError(f"{sorted(self._busy)} did not come back from a call")
                if last is not None:
                    self.played.append(Played(client=last[0], what=last[1], state=self.look(last[1])))
                able = sorted(name for name in self._waiting if self._waiting[name] or by_name[name].ready())
                if not able:
                    break
                name = self.order.choose(able)
                what = self._waiting.pop(name)
                last = (name, what) if what else None
                self._busy.add(name)
                self._changed.notify_all()
        if self._waiting or self._errors:
            raise self._errors[0] if self._errors else RuntimeError(f"{sorted(self._waiting)} never began")
        return self.played

    def _live(self, client: Client) -> None:
        def turn(what: str) -> None:
            with self._changed:
                self._waiting[client.name] = what
                self._busy.discard(client.name)
                self._changed.notify_all()
                if not self._changed.wait_for(lambda: client.name in self._busy, _LONGEST):
                    raise TimeoutError(f"{client.name} never had its turn")

        try:
            turn("")  # to begin is no call
            client.work(turn)
        except BaseException as error:
            self._errors.append(error)
        finally:
            with self._changed:
                self._busy.discard(client.name)
                self._changed.notify_all()


class HeldDeadline(Deadline):
    """A deadline that asks for a turn before each call: adapters make every one of theirs through it."""

    def __init__(self, turn: Callable[[str], None]) -> None:
        super().__init__(600)
        self.turn = turn

    def run(self, call: Callable[[], _T], *, what: str) -> _T:
        """The call's answer, made in the client's own thread."""
        self.turn(what)
        return call()


class Held:
    """Any port in memory, asking for a turn before each call. `port` is asked for anew every time."""

    def __init__(self, port: Callable[[], object], turn: Callable[[str], None]) -> None:
        self._port = port
        self._turn = turn

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            self._turn(name)
            method: Callable[..., object] = getattr(self._port(), name)
            return method(*arguments, **named)

        return call
