"""A house whose Action runs in processes of its own, behind a gate, and a client that looks on."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlencode, urlsplit

from promoter.demo.github.events import pull_request_event, push_event
from promoter.demo.github.model import Push
from promoter.demo.job import Trigger, environment
from tests.e2e.house import TOKEN, House, housed
from tests.faults.forked import Ended, Forking, Running
from tests.faults.stopping_gate import Gate, Moment, Then, gated

LONGEST_RUN = 60.0
_POLL_EVERY = 0.02
_BETWEEN_SIGNALS = 0.02


@dataclass(frozen=True, kw_only=True)
class Strike:
    """At which call, when in it, with what; and what the call gets afterwards, should anybody still listen.

    `more` are signals that follow the first.
    """

    call: int
    moment: Moment
    sign: signal.Signals
    then: Then = Then.SILENCE
    more: tuple[signal.Signals, ...] = ()


class Watch:
    """A second client, which asks who holds an alias as long as it lasts."""

    def __init__(self, house: House) -> None:
        self.seen: Counter[str | None] = Counter()
        self.failures: list[str] = []
        self._over = threading.Event()
        to = urlsplit(house.registry)
        self._host, self._port = to.hostname or "", to.port or 80
        self._path = "/api/2.0/mlflow/registered-models/get?" + urlencode({"name": house.model})
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def _look(self) -> None:
        connection = HTTPConnection(self._host, self._port, timeout=10)
        while not self._over.wait(_POLL_EVERY):
            try:
                connection.request("GET", self._path)
                answer = json.loads(connection.getresponse().read())
            except (OSError, HTTPException, ValueError) as error:
                self.failures.append(repr(error))
                connection.close()
                continue
            held = {one["alias"]: one["version"] for one in answer["registered_model"].get("aliases", [])}
            self.seen[held.get("champion")] += 1
        connection.close()


@dataclass(kw_only=True)
class Range:
    """A house whose Action runs in processes of its own, behind the gate."""

    house: House
    gate: Gate
    forking: Forking
    api: str
    registry: str

    def run(self, push: Push, strike: Strike | None = None) -> Ended:
        """The job of a push, struck or not."""
        if strike is None:
            self.gate.open()
        else:
            self.gate.strike_at(strike.call, strike.moment)
        return self._job(self.pushed(push), strike)

    def pushed(self, push: Push) -> Trigger:
        """The event of a push."""
        payload = push_event(self.house.standin.view, push)
        return Trigger(name="push", payload=payload, ref=push.ref, commit=push.after)

    def opened(self, number: int) -> Trigger:
        """The event of a pull request."""
        payload = pull_request_event(self.house.standin.view, number, action="opened")
        ref = f"refs/pull/{number}/merge"
        return Trigger(name="pull_request", payload=payload, ref=ref, commit="f" * 40)

    def run_later(self, event: str) -> Ended:
        """A later run: of another push, or one that no push started."""
        self.gate.open()
        push = self.house.land({"README.md": event.encode()})
        payload = push_event(self.house.standin.view, push)
        if event != "push":
            payload = {"repository": payload["repository"], "ref": push.ref, "schedule": "17 4 * * *"}
        return self._job(Trigger(name=event, payload=payload, ref=push.ref, commit=push.after), None)

    def start(self, trigger: Trigger, **inputs: str) -> Running:
        """A process with the job of an event; `inputs` with `_` for `-`."""
        job = Path(mkdtemp(prefix="job-", dir=self.house.folder))
        given = {"github-token": TOKEN, "tracking-uri": self.registry, "deadline": "1"}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        environ = environment(self.house.standin, trigger, job=job, inputs=given)
        environ |= {"GITHUB_API_URL": self.api, "HOME": str(job), "PATH": "/usr/bin:/bin"}
        return self.forking.start(environ, job)

    def _job(self, trigger: Trigger, strike: Strike | None) -> Ended:
        running = self.start(trigger, command="apply")
        if strike is not None and self.gate.reached.wait(LONGEST_RUN):
            for sign in (strike.sign, *strike.more):
                running.signal(sign)
                time.sleep(_BETWEEN_SIGNALS)
            self.gate.go_on(strike.then)
        return running.wait(LONGEST_RUN)

    def next_promotion(self) -> tuple[str, str, int, Push]:
        """The version that is live, a better one, the pull request that asks for it, and its merge."""
        house = self.house
        old = house.champion()
        assert old is not None
        new = house.version(0.8)
        number = house.ask_for(new)
        validated = house.validate(number)
        assert validated.outputs["reason-code"] == "validated", validated.log
        house.approve(number)
        return old, new, number, house.merge(number)


@contextmanager
def ranged(folder: Path, registry: str, server: Forking, *, beside: Gate | None = None) -> Iterator[Range]:
    """A fresh house behind a gate, its alias adopted; `beside`: a gate of its own for the registry."""
    gate = Gate()
    with housed(folder, registry) as house:
        house.adopt(house.version(0.8))
        with gated(gate, house.standin.api_url) as api, gated(beside or gate, registry) as behind:
            yield Range(house=house, gate=gate, forking=server, api=api, registry=behind)
