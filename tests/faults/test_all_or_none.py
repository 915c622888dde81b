"""Three requests in one pull request: whatever call goes wrong, what is told of each alias is what holds.

Every call of the writes, of the restoration and of the tags goes wrong in every way, alone and in pairs.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from promoter.commands.apply import apply
from promoter.core.report import RequestReport
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Registry
from promoter.text import say
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import POLICY, REQUEST, Team, policy, request

OTHER = "promotions/churn-a/champion.yaml"
NEW = "promotions/churn-b/champion.yaml"
DOWN = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"), hint=say("look at the server"))
# Further than that behind the first fault no call depends on it.
REACH = 9
# Of the pairs so many are drawn for the suite; `make test-faults` plays all.
PAIRS = 250


class Way(StrEnum):
    """How a call goes wrong."""

    ERROR = "it fails, and nothing happened"
    LOST = "it acts, and its answer is lost"
    AWAY = "somebody has just moved the alias elsewhere"
    BACK = "somebody has just put the alias where it was"
    AHEAD = "somebody has just put the alias where it shall go"


WAYS = {
    "aliases": (Way.ERROR, Way.AWAY, Way.BACK, Way.AHEAD),
    "set_alias": (Way.ERROR, Way.LOST, Way.AWAY),
    "set_tags": (Way.ERROR, Way.LOST),
    "log_files": (Way.ERROR, Way.LOST),
}
Alias = tuple[str, str]
ORIGINS: dict[Alias, str | None] = {
    ("churn", "champion"): "6",
    ("churn-a", "champion"): "6",
    ("churn-b", "champion"): None,
}


@dataclass
class Failing:
    """A registry whose calls go wrong by plan: the how manieth since the first look before a write, and how.

    `seen` is what the run knows last of each alias: read, or None for a reading that failed. `touched` are
    those that somebody moved after that, `asked_to_set` those that the run tried to set.
    """

    inner: InMemoryRegistry
    plan: dict[int, Way]
    skip: int
    made: list[str] = field(default_factory=list)
    seen: dict[Alias, str | None] = field(default_factory=dict)
    unread: set[Alias] = field(default_factory=set)
    touched: set[Alias] = field(default_factory=set)
    asked_to_set: set[Alias] = field(default_factory=set)
    struck: list[tuple[str, Way]] = field(default_factory=list)
    about: Alias = ("churn", "champion")

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self.inner, name)
        return lambda *arguments, **named: self._call(name, method, *arguments, **named)

    def _call(self, name: str, method: Callable[..., object], *arguments: object, **named: object) -> object:
        at = len(self.made) - self.skip
        self.made.append(name)
        way = self.plan.get(at)
        way = way if way in WAYS.get(name, ()) else None
        if way is not None:
            self.struck.append((name, way))
        model = str(arguments[0])
        if name == "set_alias":
            self.about = (model, str(arguments[1]))
            self.asked_to_set.add(self.about)
        if way in {Way.AWAY, Way.BACK, Way.AHEAD}:
            self._somebody(model, way)
        if way is Way.ERROR:
            self._read(name, model, None)
            raise DOWN
        answer = method(*arguments, **named)
        if way is Way.LOST:
            raise DOWN
        self._read(name, model, answer)
        return answer

    def _somebody(self, model: str, way: Way | None) -> None:
        for alias in [one for one in ORIGINS if one[0] == model]:
            to = {Way.AWAY: "9", Way.AHEAD: "7"}.get(way or Way.BACK, ORIGINS[alias])
            if to is not None:
                self.inner.set_alias(*alias, version=to)
                self.touched.add(alias)

    def _read(self, name: str, model: str, answer: object) -> None:
        if name != "aliases":
            return
        for alias in [one for one in ORIGINS if one[0] == model]:
            if answer is None:
                self.unread.add(alias)
                continue
            self.unread.discard(alias)
            self.touched.discard(alias)
            self.seen[alias] = cast("dict[str, str]", answer).get(alias[1])


def landing() -> tuple[int, list[str]]:
    """How many calls come before the first write's last look, and the calls from there on."""
    registry = Failing(inner=InMemoryRegistry(), plan={}, skip=0)
    team = merged()
    registry.inner = team.registry
    apply(team.apply_world(registry=lambda: cast(Registry, registry)), branch="main")
    skip = registry.made.index("set_alias") - 1
    return skip, registry.made[skip:]


def merged() -> Team:
    """Three reviewed requests in one merged pull request; the third is a first promotion."""
    team = Team()
    for model in ("churn", "churn-a", "churn-b"):
        for number in ("6", "7", "9"):
            team.version(number, 0.88 if number == "6" else 0.91, model=model)
    team.registry.set_alias("churn-a", "champion", version="6")
    team.push({OTHER: request("6", model="churn-a")})
    team.push({POLICY: policy("on_missing_champion: block", "on_missing_champion: bootstrap")})
    team.ask(
        {
            REQUEST: request("7"),
            OTHER: request("7", model="churn-a"),
            NEW: request("7", model="churn-b"),
        }
    )
    team.registry.writes.clear()
    return team


def told_truly(one: RequestReport, registry: Failing) -> None:
    """What a report says of its alias is what the run read last, and what holds unless somebody moved it."""
    alias = (one.request.model, one.request.alias)
    text = str(one.message)
    if text.startswith("not moved") or one.reason is ReasonCode.REGISTRY_UNAVAILABLE:
        assert alias not in registry.asked_to_set, text
        return
    says = claimed(one)
    if says is UNKNOWN:
        assert alias in registry.unread, (text, registry.seen)
        return
    assert registry.seen[alias] == says, text
    if alias not in registry.touched:
        assert registry.inner.aliases(alias[0]).get(alias[1]) == says, text


UNKNOWN = "unknown"
_SAYS = (
    (r"may have moved[^;]*$", UNKNOWN),
    (r"could not be put back: .*may have moved", UNKNOWN),
    (r"reads `(\w+)`", None),
    (r"went to `(\w+)` meanwhile", None),
    (r"put back to version `(\d+)`", None),
    (r"somebody else put version `(\d+)` back meanwhile", None),
    (r"; it is at (?:version )?`(\w+)`", None),
    (r"was moved to version `(\d+)` by somebody else, and stays", None),
    (r"moved (?:from version `\d+`|for the first time) to version `(\d+)`", None),
    (r"could not be put back|moved, and stays", "7"),
)


def claimed(one: RequestReport) -> str | None:
    """Which version holds the alias, by the words of the report."""
    text = str(one.message)
    for pattern, meaning in _SAYS:
        match = next(reversed(list(re.finditer(pattern, text))), None)
        if match and meaning is None:
            return None if match[1] == "nobody" else match[1]
        if match:
            return meaning
    raise AssertionError(f"nothing is said of the alias: {one.reason} {text}")


def plans(calls: Sequence[str]) -> Iterator[dict[int, Way]]:
    """Every call in every way, and each of those followed by every other within reach."""
    for first, name in enumerate(calls):
        for way in WAYS[name]:
            yield {first: way}
            for second in range(first + 1, first + REACH):
                for other in Way:
                    yield {first: way, second: other}


def play(every: Iterable[dict[int, Way]], *, skip: int) -> Counter[tuple[str, Way]]:
    """Play these plans, each held to what is promised; how often which call went wrong how."""
    struck: Counter[tuple[str, Way]] = Counter()
    for plan in every:
        team = merged()
        registry = Failing(inner=team.registry, plan=plan, skip=skip)
        port = cast(Registry, registry)
        report = apply(team.apply_world(registry=lambda port=port: port), branch="main")
        if len(registry.struck) < len(plan):
            continue  # the first fault led elsewhere than to the second
        struck.update(registry.struck)
        try:
            for one in report.requests:
                told_truly(one, registry)
        except AssertionError as error:
            error.add_note(f"{plan}, {registry.struck}")
            for one in report.requests:
                error.add_note(f"{one.request.model}@{one.request.alias}: {one.reason.value}: {one.message}")
            raise
        ways = {way for _, way in registry.struck}
        converges(team, nobody_else=not ways & {Way.AWAY, Way.BACK, Way.AHEAD})
    return struck


def test_whatever_goes_wrong_the_report_tells_of_each_alias_what_holds() -> None:
    skip, calls = landing()
    singles = [plan for plan in plans(calls) if len(plan) == 1]
    pairs = [plan for plan in plans(calls) if len(plan) == 2]
    struck = play([*singles, *random.Random(1).sample(pairs, PAIRS)], skip=skip)
    assert {(name, way) for name, ways in WAYS.items() for way in ways} <= set(struck)


def converges(team: Team, *, nobody_else: bool) -> None:
    """Where only calls failed, the next run brings all three; nobody's alias is ever absent."""
    assert team.champion() is not None
    assert team.champion(model="churn-a") is not None
    if nobody_else:
        again = apply(team.apply_world(), branch="main")
        assert again.reason in {ReasonCode.APPLIED, ReasonCode.ALREADY_APPLIED}, str(again.message)
        held = [team.champion(), team.champion(model="churn-a"), team.champion(model="churn-b")]
        assert held == ["7", "7", "7"]
