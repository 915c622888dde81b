"""The worlds in which faults happen: each is built once and set back to its beginning between schedules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

from promoter.demo.github.events import pull_request_event, push_event
from promoter.demo.github.git import Git
from promoter.demo.github.model import Comment
from promoter.demo.github.state import ACTIONS_BOT
from promoter.demo.job import Trigger
from promoter.errors import ReasonCode
from tests.e2e.house import POLICY, POLICY_TEXT, House, housed
from tests.faults.faulty_registry import Watched
from tests.faults.model import Alias, Command, Comments, Due, Situation
from tests.faults.schedule import Start

_R = ReasonCode
# Few checks: each is one more tag to write, and the tags of a version are much alike.
_POLICY = re.sub(r"      (description|tags|lineage):.*\n", "", POLICY_TEXT)
_MOVED = frozenset({_R.APPLIED, _R.ALREADY_APPLIED})
_LATER = frozenset({_R.ALREADY_APPLIED})


class _RememberingGit(Git):
    """Answers again what it answered before: the repository of a scene does not change any more."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._known: dict[tuple[tuple[str, ...], bytes], bytes] = {}

    def run(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        if environment is not None:
            return super().run(*arguments, stdin=stdin, environment=environment)
        key = (arguments, stdin)
        if key not in self._known:
            self._known[key] = super().run(*arguments, stdin=stdin)
        return self._known[key]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A world and what is right for it. `validated` is the comment that validate wrote.

    `held` is who holds the aliases at the beginning, where that is not the old versions; `tags`, by model and
    version, are what earlier promotions wrote.
    """

    house: House
    number: int
    trigger: Trigger
    situation: Situation
    held: Mapping[tuple[str, str], str | None]
    validated: str = ""
    tags: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    def reset(self, registry: Watched, start: Start) -> None:
        """As it was in the beginning."""
        registry.reset(self.held, {alias.model for alias in self.situation.aliases}, tags=self.tags)
        world = self.house.world
        world.comments.clear()
        world.used.clear()
        self.house.standin.requests.clear()
        if start is Start.VALIDATED and self.validated:
            world.add_comment(self.number, author=ACTIONS_BOT, body=self.validated)

    def comments(self) -> Comments:
        """Our own ones, by their markers."""
        own = [one for one in self.house.comments(self.number) if one.author == ACTIONS_BOT]
        results = _with("<!-- promoter results ", own)
        after_merge = _with("<!-- promoter after-merge ", own)
        others = tuple(one.body for one in own if one.body not in (*results, *after_merge))
        return Comments(results=results, after_merge=after_merge, others=others)


def _with(marker: str, comments: list[Comment]) -> tuple[str, ...]:
    return tuple(one.body for one in comments if one.body.startswith(marker))


@contextmanager
def scenes(folder: Path, registry: str) -> Iterator[dict[str, Scene]]:
    """Every scene by its name, in a running registry; about half a second each."""
    builders = {
        "one": _one,
        "three": _three,
        "first": _first,
        "moved already": _moved_already,
        "dropped": _dropped,
        "again": _again,
        "moved again": _moved_again,
        "not approved": _not_approved,
        "worse": _worse,
        "moved by hand": _moved_by_hand,
        "two, one worse": _two_one_worse,
        "proposed": _proposed,
        "proposed worse": _proposed_worse,
    }
    with ExitStack() as stack:
        made = {}
        for number, (name, build) in enumerate(builders.items()):
            place = folder / f"scene-{number}"
            place.mkdir()
            house = stack.enter_context(housed(place, registry))
            house.land({POLICY: _POLICY.encode()})
            made[name] = build(house)
            house.world.git = _RememberingGit(house.world.git.directory)
        yield made


def _alias(house: House, old: str | None, new: str) -> Alias:
    return Alias(model=house.model, name="champion", old=old, new=new)


def _merged(house: House, *aliases: Alias, approved_by: str = "alice") -> Scene:
    """A merged pull request for all of these, which move; validated before."""
    for alias in aliases:
        if alias.old is not None:
            house.client.set_registered_model_alias(alias.model, alias.name, alias.old)
    adopted = {_path(alias): _request(house, alias, alias.old) for alias in aliases if alias.old is not None}
    if adopted:
        house.land(adopted)
    number = house.propose({_path(alias): _request(house, alias, alias.new) for alias in aliases})
    house.validate(number)
    (comment,) = house.comments(number)
    if approved_by:
        house.approve(number, approved_by)
    push = house.merge(number)
    return Scene(
        house=house,
        number=number,
        trigger=Trigger(
            name="push", payload=push_event(house.standin.view, push), ref=push.ref, commit=push.after
        ),
        situation=Situation(
            command=Command.APPLY, due=Due.MOVE, aliases=aliases, reasons=_MOVED, pull=number
        ),
        held={(alias.model, alias.name): alias.old for alias in aliases},
        validated=comment.body,
    )


def _refusing(scene: Scene, reason: ReasonCode) -> Scene:
    return _with_situation(scene, due=Due.STAY, reasons=frozenset({reason}))


def _with_situation(scene: Scene, *, due: Due, reasons: frozenset[ReasonCode]) -> Scene:
    return replace(scene, situation=replace(scene.situation, due=due, reasons=reasons))


def _path(alias: Alias) -> str:
    return f"promotions/{alias.model}/{alias.name}.yaml"


def _request(house: House, alias: Alias, version: str | None) -> bytes:
    return house.request(version or "", model=alias.model, alias=alias.name)


def _one(house: House) -> Scene:
    return _merged(house, _alias(house, house.version(0.80), house.version(0.85)))


def _three(house: House) -> Scene:
    other = f"fraud-{uuid4().hex[:10]}"
    house.client.create_registered_model(other)
    old, new = house.version(0.80), house.version(0.85)
    theirs = [house.version(score, model=other) for score in (0.80, 0.85)]
    return _merged(
        house,
        _alias(house, old, new),
        Alias(model=house.model, name="shadow", old=old, new=house.version(0.86)),
        Alias(model=other, name="champion", old=theirs[0], new=theirs[1]),
    )


def _first(house: House) -> Scene:
    text = _POLICY.replace("    evaluation", "    on_missing_champion: bootstrap\n    evaluation")
    house.land({POLICY: text.encode()})
    return _merged(house, _alias(house, None, house.version(0.85)))


def _moved_already(house: House) -> Scene:
    """A job moved the alias and died before it told anybody."""
    return _died(_one(house))


def _died(scene: Scene) -> Scene:
    held = {(alias.model, alias.name): alias.new for alias in scene.situation.aliases}
    return replace(_with_situation(scene, due=Due.MOVE, reasons=_LATER), held=held)


def _again(house: House) -> Scene:
    """A version that was promoted before, and gone back from: its tags speak of that first time."""
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    for version in (new, old):
        number = house.ask_for(version)
        house.approve(number)
        house.apply(house.merge(number))
    tags = {(house.model, version): house.tags(version) for version in (old, new)}
    return replace(_merged(house, _alias(house, old, new)), tags=tags)


def _moved_again(house: House) -> Scene:
    """The same, and a job moved the alias the second time and died before it wrote a tag."""
    return _died(_again(house))


def _dropped(house: House) -> Scene:
    """The run of the merge was dropped; another push comes."""
    scene = _one(house)
    push = house.land({"README.md": b"unrelated\n"})
    trigger = Trigger(
        name="push", payload=push_event(house.standin.view, push), ref=push.ref, commit=push.after
    )
    return replace(scene, trigger=trigger)


def _not_approved(house: House) -> Scene:
    alias = _alias(house, house.version(0.80), house.version(0.85))
    return _refusing(_merged(house, alias, approved_by="rita"), _R.APPROVAL_MISSING)


def _worse(house: House) -> Scene:
    return _refusing(
        _merged(house, _alias(house, house.version(0.80), house.version(0.70))), _R.CHECKS_FAILED
    )


def _moved_by_hand(house: House) -> Scene:
    """The champion is one that git knows nothing of: here that is the old version, and it has to stay."""
    old, new, other = house.version(0.80), house.version(0.85), house.version(0.81)
    scene = _refusing(_merged(house, _alias(house, old, new)), _R.CONFLICT)
    alias = _alias(house, other, new)
    situation = replace(scene.situation, aliases=(alias,))
    return replace(scene, situation=situation, held={(alias.model, alias.name): other})


def _two_one_worse(house: House) -> Scene:
    old = house.version(0.80)
    good = _alias(house, old, house.version(0.85))
    bad = Alias(model=house.model, name="shadow", old=old, new=house.version(0.70))
    return _refusing(_merged(house, good, bad), _R.CHECKS_FAILED)


def _proposal(house: House, score: float, reason: ReasonCode) -> Scene:
    """A pull request that is open."""
    alias = _alias(house, house.version(0.80), house.version(score))
    house.adopt(alias.old or "")
    number = house.ask_for(alias.new)
    payload = pull_request_event(house.standin.view, number, action="opened")
    house.validate(number)
    return Scene(
        house=house,
        number=number,
        trigger=Trigger(
            name="pull_request", payload=payload, ref=f"refs/pull/{number}/merge", commit="f" * 40
        ),
        situation=Situation(
            command=Command.VALIDATE,
            due=Due.STAY,
            aliases=(alias,),
            reasons=frozenset({reason}),
            pull=number,
        ),
        held={(alias.model, alias.name): alias.old},
        validated=house.comments(number)[0].body,
    )


def _proposed(house: House) -> Scene:
    return _proposal(house, 0.85, _R.VALIDATED)


def _proposed_worse(house: House) -> Scene:
    return _proposal(house, 0.70, _R.CHECKS_FAILED)
