"""Which outside call of a run goes wrong, and how: all of it follows from a seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random


class Service(StrEnum):
    """Who is asked."""

    GITHUB = "GitHub"
    REGISTRY = "registry"


class Kind(StrEnum):
    """What goes wrong with one request."""

    ERROR_500 = "500"
    ERROR_502 = "502"
    ERROR_503 = "503"
    MANY_ASKING = "429 with Retry-After"
    MANY = "429"
    SECONDARY_ASKING = "403 secondary limit with Retry-After"
    SECONDARY = "403 secondary limit"
    PRIMARY = "403 primary limit with its reset"
    RESET = "connection reset"
    CUT = "closed without an answer"
    TRUNCATED = "truncated answer"
    OTHER_JSON = "JSON of something else"
    HTML = "a web page"
    GONE = "connection refused from here on"
    LOST = "acted, answer lost"
    HANG = "no answer"
    LOST_HANG = "acted, no answer"
    LATE = "acts when nobody waits any more"
    DRIP = "answer byte by byte"


# Only GitHub has these limits.
_LIMITS = frozenset({Kind.SECONDARY_ASKING, Kind.SECONDARY, Kind.PRIMARY})
# These cost real seconds: rare, and under a short deadline.
SLOW = frozenset({Kind.HANG, Kind.LOST_HANG, Kind.LATE, Kind.DRIP})
# After these the server has done what it was asked, or will, and the client cannot know.
UNCLEAR = frozenset({Kind.LOST, Kind.LOST_HANG, Kind.LATE, Kind.TRUNCATED, Kind.DRIP})
_QUICK = tuple(kind for kind in Kind if kind not in SLOW)
# What is known to hurt most is drawn more often.
_DRAWN = (*_QUICK, Kind.LOST, Kind.LOST, Kind.TRUNCATED, Kind.RESET)


class Family(StrEnum):
    """How faults are spread over a run."""

    SINGLE = "one call fails"
    WRITE = "one write fails"
    LASTING = "from one call on, one server fails every time"
    RANDOM = "any call may fail"


class Start(StrEnum):
    """What the pull request's conversation holds before the first run."""

    EMPTY = "no comment"
    VALIDATED = "the comment of validate"


# Each scene as often as it stands here; see `faulty_scenes`.
SCENES = (
    *("one", "one", "one", "three", "three", "first", "moved already", "dropped"),
    *("not approved", "worse", "moved by hand", "two, one worse"),
    *("proposed", "proposed", "proposed worse"),
)
# Instead of each: some of the time its version was promoted once before.
_AGAIN = {"one": "again", "moved already": "moved again"}
_PROMOTED_BEFORE = 0.3
# Undisturbed runs make fewer calls.
_MOST_CALLS = 40
_MOST_CALLS_OF_THREE = 70
# In turn
_FAMILIES = (Family.SINGLE, Family.WRITE, Family.RANDOM, Family.WRITE, Family.LASTING, Family.RANDOM)
# The first writes are aliases, later ones tags and comments.
_WRITES = (0, 0, 0, 1, 1, 2, 3, 6, 8, 9, 10, 11)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A call of a run. All count from 0; `write` is None for calls that only ask."""

    run: int
    call: int
    write: int | None
    service: Service


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One world and what goes wrong in it. `deadline` is in seconds; pauses count, but are not slept.

    `kinds` are what may happen, `at` says to which call (or write), `rate` how probably to any. `disturbed`
    runs come before the one that nothing disturbs.
    """

    seed: int
    scene: str
    family: Family
    start: Start
    deadline: float
    kinds: tuple[Kind, ...]
    at: int
    service: Service
    rate: float
    disturbed: int

    def fault(self, place: Place) -> Kind | None:
        """What happens to a call."""
        random = Random(f"{self.seed} {place.run} {place.call}")
        is_hit = {
            Family.SINGLE: place.call == self.at,
            Family.WRITE: place.write == self.at,
            Family.LASTING: place.call >= self.at and place.service is self.service,
            Family.RANDOM: random.random() < self.rate,
        }
        if not is_hit[self.family]:
            return None
        kind = random.choice(self.kinds)
        return Kind.ERROR_503 if kind in _LIMITS and place.service is Service.REGISTRY else kind

    def __str__(self) -> str:
        words = {
            Family.SINGLE: f"call {self.at}: {self.kinds[0]}",
            Family.WRITE: f"write {self.at}: {self.kinds[0]}",
            Family.LASTING: f"{self.service} from call {self.at} on: {self.kinds[0]}",
            Family.RANDOM: f"{self.rate:.0%} of calls",
        }
        return (
            f"seed {self.seed}: {self.scene!r}, {self.start}, {words[self.family]}, deadline "
            f"{self.deadline:g} s, {self.disturbed} disturbed run(s)"
        )


def schedule_of(seed: int) -> Schedule:
    """The schedule of a seed; neighbours differ in everything."""
    random = Random(f"schedule {seed}")
    family = _FAMILIES[seed % len(_FAMILIES)]
    scene = random.choice(SCENES)
    if Random(f"again {seed}").random() < _PROMOTED_BEFORE:
        scene = _AGAIN.get(scene, scene)
    most_calls = _MOST_CALLS_OF_THREE if scene == "three" else _MOST_CALLS
    is_slow = random.random() < 0.06
    drawn = tuple(sorted(SLOW)) if is_slow else _DRAWN
    kinds = (*_DRAWN, *SLOW) if is_slow and family is Family.RANDOM else drawn
    schedule = Schedule(
        seed=seed,
        scene=scene,
        family=family,
        start=random.choice(tuple(Start)),
        deadline=1.5 if is_slow else random.choice((20.0, 300.0, 1800.0)),
        kinds=kinds if family is Family.RANDOM else (random.choice(drawn),),
        # An outage matters most where it begins to keep a run from its end.
        at=random.choice(_WRITES) if family is Family.WRITE else random.randrange(most_calls),
        service=random.choice(tuple(Service)),
        rate=random.choice((0.03, 0.1, 0.1, 0.2, 0.4)),
        disturbed=random.choice((1, 1, 1, 2)),
    )
    half_way = family is Family.WRITE and scene == "three" and not is_slow and random.random() < 0.5
    return _failing_half_way(schedule, random) if half_way else schedule


def _failing_half_way(schedule: Schedule, random: Random) -> Schedule:
    """The second or third alias is not written, and MLflow's client does not try again: others go back."""
    return replace(schedule, at=random.choice((1, 2)), kinds=(random.choice((Kind.HTML, Kind.OTHER_JSON)),))
