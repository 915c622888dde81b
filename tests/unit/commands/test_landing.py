"""The branch is looked at again just before the first write and after the last."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from promoter.commands.apply import apply
from promoter.commands.landing import MOST_ROUNDS
from promoter.core.report import Report
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say
from promoter.world import stopped
from tests.fakes.observed import Calls, observed, raising
from tests.fakes.team import POLICY, REQUEST, SHADOW, Team, policy, request

DOWN = PromoterError(ReasonCode.GITHUB_UNAVAILABLE, say("no answer"))


@pytest.fixture
def team() -> Team:
    made = Team()
    for number in ("8", "9"):
        made.version(number, 0.92)
    made.ask({REQUEST: request("7")})
    return made


class Watched:
    """A run of apply whose registry is watched, on the branch as it is at every moment."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.registry, self.calls = observed(team.registry)
        self.repository: object = _Live(lambda: team.repository)

    def tip_fails(self, nth: int) -> None:
        """The nth look at the branch gets no answer."""
        self.repository, asked = observed(self.repository)
        asked.fail("tip", DOWN, nth=nth)

    def run(self) -> Report:
        pulls = _Live(lambda: self.team.pull_requests)
        world = self.team.apply_world(
            registry=lambda: self.registry, repository=self.repository, pull_requests=pulls
        )
        return apply(world, branch="main")


class _Live:
    """A port of the team's, never a snapshot of it."""

    def __init__(self, port: Callable[[], object]) -> None:
        self._port = port

    def __getattr__(self, name: str) -> object:
        return getattr(self._port(), name)


def written(team: Team) -> list[str]:
    return [write.value for write in team.registry.writes if write.method == "set_alias"]


def reverts(team: Team, calls: Calls, method: str, nth: int) -> None:
    """A revert is merged, and its run finds everything in place, just before that call."""

    def merge() -> None:
        team.ask({REQUEST: request("6")}, 13)
        apply(team.apply_world(), branch="main")

    calls.before(method, merge, nth=nth)


def test_what_is_asked_for_no_more_is_not_written(team: Team) -> None:
    watched = Watched(team)
    watched.calls.before("model_version", lambda: team.ask({REQUEST: request("8")}, 13))
    report = watched.run()
    assert (report.reason, report.head_commit, team.champion()) == (ReasonCode.APPLIED, team.main, "8")
    assert written(team) == ["8"]
    assert report.notes == ()


def test_what_was_written_too_late_goes_back(team: Team) -> None:
    watched = Watched(team)
    reverts(team, watched.calls, "set_alias", 1)
    report = watched.run()
    assert (report.reason, team.champion()) == (ReasonCode.ALREADY_APPLIED, "6")
    assert written(team) == ["7", "6"]
    assert [str(note) for note in report.notes] == [
        "`churn@champion` was moved to version `7`, which the branch asks for no more, "
        "and was put back to version `6`"
    ]
    assert "promoter_applied_champion" not in team.registry.model_version("churn", "7").tags


def test_what_another_run_applied_and_this_one_took_away_is_put_back(team: Team) -> None:
    watched = Watched(team)

    def the_other() -> None:
        team.ask({REQUEST: request("8")}, 13)
        assert apply(team.apply_world(), branch="main").reason is ReasonCode.APPLIED

    watched.calls.before("set_alias", the_other)
    report = watched.run()
    assert (report.reason, team.champion()) == (ReasonCode.APPLIED, "8")
    assert written(team) == ["8", "7", "6", "8"]


def test_another_policy_counts_as_something_else_that_is_asked_for(team: Team) -> None:
    watched = Watched(team)
    disabled = {POLICY: policy("mode: enforce", "mode: dry_run")}
    watched.calls.before("model_version", lambda: team.push(disabled))
    report = watched.run()
    assert (report.reason, written(team)) == (ReasonCode.DRY_RUN, [])


def test_other_pull_requests_stand(team: Team) -> None:
    team.registry.set_alias("churn", "shadow", version="6")
    team.push({SHADOW: request("6", alias="shadow")})
    team.ask({SHADOW: request("9", alias="shadow")}, 14)
    team.registry.writes.clear()
    watched = Watched(team)
    reverts(team, watched.calls, "set_alias", 2)
    report = watched.run()
    told = {one.request.alias: one.reason for one in report.requests}
    assert told["shadow"] in {ReasonCode.APPLIED, ReasonCode.ALREADY_APPLIED}
    assert len(report.requests) == 2
    assert (team.champion(), team.champion("shadow")) == ("6", "9")


def test_without_a_look_before_nothing_is_written(team: Team) -> None:
    watched = Watched(team)
    watched.tip_fails(2)
    assert (watched.run().reason, written(team)) == (ReasonCode.GITHUB_UNAVAILABLE, [])


def test_without_a_look_after_it_is_said(team: Team) -> None:
    watched = Watched(team)
    watched.tip_fails(3)
    report = watched.run()
    assert (report.reason, team.champion()) == (ReasonCode.APPLIED, "7")
    assert "whether the branch has moved on since could not be read: no answer" in str(
        report.requests[0].notes[-1]
    )


def test_a_refusal_is_told_as_it_is_where_the_branch_cannot_be_looked_at(team: Team) -> None:
    team.reviews.clear()
    watched = Watched(team)
    watched.tip_fails(2)
    assert watched.run().reason is ReasonCode.APPROVAL_MISSING


def test_what_cannot_be_put_back_is_told(team: Team) -> None:
    watched = Watched(team)
    reverts(team, watched.calls, "set_alias", 1)
    watched.calls.before("set_alias", raising(DOWN), nth=2)
    report = watched.run()
    assert "was not put back: no answer" in str(report.notes[0])
    assert (report.reason, team.champion()) == (ReasonCode.APPLIED, "6")


def test_a_first_promotion_stays_and_the_next_round_goes_on_from_it(team: Team) -> None:
    team.push({POLICY: policy("on_missing_champion: block", "on_missing_champion: bootstrap")})
    team.ask({SHADOW: request("8", alias="shadow")}, 13)
    watched = Watched(team)
    watched.calls.before("set_alias", lambda: team.ask({SHADOW: request("9", alias="shadow")}, 14), nth=2)
    report = watched.run()
    assert "stays: nobody held it before" in str(report.notes[0])
    assert (report.reason, team.champion(), team.champion("shadow")) == (ReasonCode.APPLIED, "7", "9")
    assert {one.request.alias: one.reason for one in report.requests}["champion"] is ReasonCode.APPLIED


def test_it_does_not_go_on_for_ever(team: Team) -> None:
    watched = Watched(team)
    numbers = iter(range(20, 99))

    def another() -> None:
        number = next(numbers)
        team.ask({REQUEST: request("7").replace(b"better", b"better %d" % number)}, number)

    for nth in range(1, 40):
        watched.calls.before("model_version", another, nth=nth)
    report = watched.run()
    assert (report.reason, written(team)) == (ReasonCode.SUPERSEDED, [])
    assert "asked for something else 4 times" in str(report.message)
    assert MOST_ROUNDS == 4


# --- what was moved is told, however it ends ------------------------------------------------------


def with_a_shadow(team: Team) -> None:
    """Another alias is asked for in a pull request of its own, and moves."""
    team.registry.set_alias("churn", "shadow", version="6")
    team.push({SHADOW: request("6", alias="shadow")})
    team.ask({SHADOW: request("9", alias="shadow")}, 14)


@pytest.mark.parametrize("nth", [4, 5])
def test_what_earlier_rounds_moved_is_told_where_a_later_one_fails(team: Team, nth: int) -> None:
    with_a_shadow(team)
    watched = Watched(team)
    watched.calls.before("set_alias", lambda: team.ask({REQUEST: request("8")}, 15))
    watched.tip_fails(nth)
    report = watched.run()
    assert (report.reason, team.champion(), team.champion("shadow")) == (DOWN.reason, "6", "9")
    assert [(one.request.alias, one.reason) for one in report.requests] == [("shadow", ReasonCode.APPLIED)]
    assert [str(note) for note in report.notes] == [
        "`churn@champion` was moved to version `7`, which the branch asks for no more, "
        "and was put back to version `6`"
    ]
    assert str(stopped(report).message) == "the job was interrupted; before that it moved 1 alias(es)"


def test_what_was_moved_is_told_where_its_file_is_gone_by_then(team: Team) -> None:
    with_a_shadow(team)
    watched = Watched(team)
    watched.calls.before("set_alias", lambda: team.ask({REQUEST: request("8")}, 15))
    # Before the last round begins the other file goes.
    watched.calls.after("set_alias", lambda: team.push({SHADOW: None}), nth=3)
    report = watched.run()
    assert {(one.request.alias, one.request.version): one.reason for one in report.requests} == {
        ("champion", "8"): ReasonCode.APPLIED,
        ("shadow", "9"): ReasonCode.APPLIED,
    }


def test_what_could_not_be_put_back_and_stands_is_recorded_and_undecided(team: Team) -> None:
    team.version("5", 0.2)
    watched = Watched(team)
    watched.calls.before("set_alias", lambda: team.ask({REQUEST: request("5")}, 13))
    watched.calls.fail("set_alias", DOWN, nth=2)
    report = watched.run()
    assert (report.reason, team.champion()) == (ReasonCode.APPLY_FAILED, "7")
    assert [(one.pull_request, one.reason) for one in report.requests] == [
        (13, ReasonCode.CHECKS_FAILED),
        (12, ReasonCode.APPLY_FAILED),
    ]
    assert "was not put back: no answer" in str(report.requests[1].message)
    assert team.registry.model_version("churn", "7").tags["promoter_applied_champion"] == "12 6"


@pytest.mark.parametrize("rest", ["others", "none"])
def test_a_first_promotion_that_nobody_asks_for_any_more_is_recorded_and_told(rest: str) -> None:
    team = Team()
    team.push({POLICY: policy("on_missing_champion: block", "on_missing_champion: bootstrap")})
    team.ask({SHADOW: request("7", alias="shadow")}, 12)
    watched = Watched(team)
    gone = {SHADOW: None, **({REQUEST: None} if rest == "none" else {})}
    watched.calls.before("set_alias", lambda: team.ask(gone, 13))
    report = watched.run()
    assert (report.reason, team.champion("shadow")) == (ReasonCode.APPLIED, "7")
    assert (report.requests[-1].pull_request, report.requests[-1].reason) == (12, ReasonCode.APPLIED)
    assert "stays: nobody held it before" in str(report.notes[0])
    assert team.registry.model_version("churn", "7").tags["promoter_applied_shadow"] == "12 first"


def test_what_an_earlier_round_moved_and_a_person_moved_on_is_told_as_it_is(team: Team) -> None:
    with_a_shadow(team)
    watched = Watched(team)
    watched.calls.before("set_alias", lambda: team.ask({REQUEST: request("8")}, 15))

    def by_hand() -> None:
        team.registry.set_alias("churn", "shadow", version="7")

    # The first round has put the champion back by then.
    watched.calls.after("set_alias", by_hand, nth=3)
    report = watched.run()
    told = {(one.request.alias, one.request.version): one.reason for one in report.requests}
    assert told == {("champion", "8"): ReasonCode.APPLIED, ("shadow", "9"): ReasonCode.CONFLICT}
    assert len(report.requests) == 2


def test_a_refusal_of_an_earlier_round_is_not_told_where_its_file_is_gone(team: Team) -> None:
    with_a_shadow(team)
    team.reviews[14].clear()
    watched = Watched(team)
    watched.calls.before("set_alias", lambda: team.ask({REQUEST: request("8")}, 15))
    watched.calls.after("set_alias", lambda: team.push({SHADOW: None}), nth=2)
    report = watched.run()
    assert [(one.request.alias, one.reason) for one in report.requests] == [("champion", ReasonCode.APPLIED)]


# --- what is looked at ----------------------------------------------------------------------------


def looks(team: Team, *, fails: int = 0) -> tuple[Report, Calls]:
    """What a run reports, and what it asks the repository; look `fails` at the branch gets no answer."""
    watched = Watched(team)
    watched.repository, asked = observed(watched.repository)
    if fails:
        asked.fail("tip", DOWN, nth=fails)
    return watched.run(), asked


def test_a_branch_that_stays_where_it_is_is_looked_at_before_and_after(team: Team) -> None:
    report, asked = looks(team)
    assert report.reason is ReasonCode.APPLIED
    assert asked.count("tip") == 3
    team.registry.set_alias("churn", "champion", version="6")
    # The same with two looks less: what nothing is asked of, and what nothing was written of.
    team.ask({REQUEST: request("6")}, 13)
    report, asked = looks(team)
    assert (report.reason, asked.count("tip")) == (ReasonCode.ALREADY_APPLIED, 1)


def test_a_refusal_is_told_after_one_look_that_fails(team: Team) -> None:
    team.reviews.clear()
    report, asked = looks(team, fails=2)
    assert (report.reason, asked.count("tip")) == (ReasonCode.APPROVAL_MISSING, 2)


def test_what_is_in_place_keeps_nothing_else_from_being_written(team: Team) -> None:
    with_a_shadow(team)
    team.registry.set_alias("churn", "shadow", version="9")
    watched = Watched(team)
    watched.repository, asked = observed(watched.repository)
    # While the champion is judged, somebody asks for another shadow, which is none of this run's business.
    watched.calls.before("model_version", lambda: team.ask({SHADOW: request("8", alias="shadow")}, 16))
    report = watched.run()
    told = {one.request.alias: one.reason for one in report.requests}
    assert told == {"champion": ReasonCode.APPLIED, "shadow": ReasonCode.ALREADY_APPLIED}
    assert asked.count("tip") == 3


# --- whose move it was ----------------------------------------------------------------------------


@pytest.mark.parametrize("by_hand", ["6", "9"])
def test_what_a_person_did_after_another_run_is_not_undone(team: Team, by_hand: str) -> None:
    watched = Watched(team)

    def others() -> None:
        team.ask({REQUEST: request("8")}, 13)
        assert apply(team.apply_world(), branch="main").reason is ReasonCode.APPLIED
        team.registry.set_alias("churn", "champion", version=by_hand)

    # This run has read its own write back by then.
    watched.calls.after("aliases", others, nth=4)
    report = watched.run()
    assert (report.reason, team.champion()) == (ReasonCode.CONFLICT, by_hand)
    assert written(team) == ["7", "8", by_hand]
    (note,) = report.notes
    told = {
        "6": "somebody else has moved it back to version `6`",
        "9": "was not put back: `churn@champion` went",
    }
    assert told[by_hand] in str(note)
    assert report.requests[0].pull_request == 13
    assert len(report.requests) == 1
