"""The races that are run: who is about, and what has been merged.

At the beginning git and registry agree on version 6: the champion, and the shadow where there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from promoter.errors import ReasonCode
from tests.fakes.team import POLICY, REQUEST, SHADOW, Changed, Team, policy, request
from tests.faults.interleaving_stage import Race, Stage


class Scene(StrEnum):
    """What happens at once."""

    SAME_PUSH_TWICE = "the same push applied twice"
    SAME_PUSH_THRICE = "the same push applied three times"
    NEXT_MERGE = "a second merge while the first is applied"
    TWO_MORE_MERGES = "two more merges while the first is applied"
    REVERT = "a revert is merged while the promotion is applied"
    REVERT_OF_TWO = "the second promotion is reverted while it is applied"
    BY_HAND = "a person moves the alias"
    BY_HAND_AND_TWO = "a person moves the alias while two runs apply"
    BY_HAND_BACK = "a person puts the alias back"
    DELETED = "a person deletes the alias"
    TWO_ALIASES = "two pull requests for two aliases of one model"
    ONE_PULL_REQUEST = "two requests in one pull request, applied twice"
    GROUP_AND_NEXT = "two requests in one pull request, and a second merge for one of them"
    FIRST = "a first promotion applied twice"


def set_up(stage: Stage, scene: Scene) -> Race:
    """The scene, ready to be played."""
    race = Race(stage=stage, team=Team())
    aliases = {} if scene is Scene.FIRST else {"champion": "6", "shadow": "6"}
    stage.reset(aliases)
    _SCENES[scene](race, race.team)
    return race


def _ask(team: Team, number: int, files: Changed) -> None:
    """Propose and approve on what the branch holds now; merging is left to the scene."""
    team.propose(number, files)
    team.approve(number)


def _merge(team: Team, number: int, files: Changed) -> Callable[[], object]:
    """One step: ask for it and merge it. People had approved it before; only now it counts."""

    def step() -> None:
        _ask(team, number, files)
        team.merge(number)

    return step


def _merged(team: Team, number: int) -> Callable[[], bool]:
    return lambda: number in team.pulls and team.pulls[number].is_merged


def _same_push(runs: int) -> Callable[[Race, Team], None]:
    def scene(race: Race, team: Team) -> None:
        before = team.main
        team.ask({REQUEST: request("7")})
        for number in range(runs):
            race.run(f"run {number + 1}", before=before)

    return scene


def _one_after_the_other(*versions: str) -> Callable[[Race, Team], None]:
    """The first is merged already; each further one at some moment, and its run begins thereafter."""

    def scene(race: Race, team: Team) -> None:
        team.ask({REQUEST: request(versions[0])}, 12)
        race.run("run 12")
        later = list(enumerate(versions[1:], start=13))
        race.steps("merge", *(_merge(team, number, {REQUEST: request(to)}) for number, to in later))
        for number, _ in later:
            race.run(f"run {number}", ready=_merged(team, number))

    return scene


def _revert_of_two(race: Race, team: Team) -> None:
    team.ask({REQUEST: request("7")}, 11)
    assert race.alone().reason is ReasonCode.APPLIED
    _one_after_the_other("8", "7")(race, team)


def _by_hand(version: str | None, runs: int) -> Callable[[Race, Team], None]:
    def scene(race: Race, team: Team) -> None:
        _same_push(runs)(race, team)
        race.by_hand(version)

    return scene


def _with_shadow(team: Team) -> None:
    team.push({SHADOW: request("6", alias="shadow")})


def _two_aliases(race: Race, team: Team) -> None:
    _with_shadow(team)
    _ask(team, 12, {REQUEST: request("7")})
    _ask(team, 13, {SHADOW: request("8", alias="shadow")})
    team.merge(12)
    race.run("run 12")
    race.steps("merge", lambda: team.merge(13))
    race.run("run 13", ready=_merged(team, 13))


def _one_pull_request(race: Race, team: Team) -> None:
    _with_shadow(team)
    team.ask({REQUEST: request("7"), SHADOW: request("8", alias="shadow")})
    race.run("run 1")
    race.run("run 2")


def _group_and_next(race: Race, team: Team) -> None:
    _with_shadow(team)
    team.ask({REQUEST: request("7"), SHADOW: request("7", alias="shadow")})
    race.run("run 12")
    race.steps("merge", _merge(team, 13, {REQUEST: request("8")}))
    race.run("run 13", ready=_merged(team, 13))


def _first(race: Race, team: Team) -> None:
    team.push({POLICY: policy("on_missing_champion: block", "on_missing_champion: bootstrap"), REQUEST: None})
    team.ask({REQUEST: request("7")})
    race.run("run 1")
    race.run("run 2")


_SCENES: dict[Scene, Callable[[Race, Team], None]] = {
    Scene.SAME_PUSH_TWICE: _same_push(2),
    Scene.SAME_PUSH_THRICE: _same_push(3),
    Scene.NEXT_MERGE: _one_after_the_other("7", "8"),
    Scene.TWO_MORE_MERGES: _one_after_the_other("7", "8", "9"),
    Scene.REVERT: _one_after_the_other("7", "6"),
    Scene.REVERT_OF_TWO: _revert_of_two,
    Scene.BY_HAND: _by_hand("5", 1),
    Scene.BY_HAND_AND_TWO: _by_hand("5", 2),
    Scene.BY_HAND_BACK: _by_hand("6", 1),
    Scene.DELETED: _by_hand(None, 1),
    Scene.TWO_ALIASES: _two_aliases,
    Scene.ONE_PULL_REQUEST: _one_pull_request,
    Scene.GROUP_AND_NEXT: _group_and_next,
    Scene.FIRST: _first,
}
