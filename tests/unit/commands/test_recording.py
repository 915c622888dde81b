"""What is in place already is noted once, so that a later move by hand can be told from a dropped run."""

from __future__ import annotations

import pytest

from promoter.commands.apply import apply
from promoter.commands.recording import MOST_OTHERS
from promoter.commands.tracing import MOST_MERGES
from promoter.core.report import Report
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say
from tests.fakes.observed import Calls, observed
from tests.fakes.team import POLICY, REQUEST, Team, policy, request

TAG = "promoter_applied_champion"


@pytest.fixture
def team() -> Team:
    team = Team()
    team.registry.set_alias("churn", "champion", version="7")
    return team


def applied(team: Team, before: str) -> tuple[Report, Calls]:
    registry, calls = observed(team.registry)
    return apply(team.apply_world(registry=lambda: registry), branch="main", before=before), calls


def tag(team: Team, version: str = "7") -> str | None:
    return team.registry.model_version("churn", version).tags.get(TAG)


def test_a_merged_request_that_is_in_place_is_noted_with_its_pull_request(team: Team) -> None:
    before = team.main
    team.ask({REQUEST: request("7")})
    report, _ = applied(team, before)
    assert report.reason is ReasonCode.ALREADY_APPLIED
    assert tag(team) == "12 found"


def test_a_direct_push_that_is_in_place_is_noted_without_one(team: Team) -> None:
    before = team.main
    team.push({REQUEST: request("7")})
    applied(team, before)
    assert tag(team) == "0 found"


def test_what_is_noted_is_not_noted_again(team: Team) -> None:
    before = team.main
    team.ask({REQUEST: request("7")})
    applied(team, before)
    _, calls = applied(team, before)
    assert calls.count("set_tags") == 0


def test_a_run_that_is_run_again_tells_the_pull_request_and_a_later_one_does_not(team: Team) -> None:
    before = team.main
    team.ask({REQUEST: request("7")})
    for _ in range(2):
        report, _ = applied(team, before)
        assert [one.pull_request for one in report.requests] == [12]
    team.push({"README.md": b"x"})
    report, _ = applied(team, before)
    assert [one.pull_request for one in report.requests] == [None]


@pytest.mark.parametrize("before", ["", "0" * 40, "a commit that is gone"])
def test_any_later_run_makes_good_what_a_run_that_died_left_out(team: Team, before: str) -> None:
    team.ask({REQUEST: request("7")})
    team.push({"README.md": b"x"})
    report, _ = applied(team, before)
    assert report.reason is ReasonCode.ALREADY_APPLIED
    assert tag(team) == "12 found"
    tags = team.registry.model_version("churn", "7").tags
    assert (tags["promoter_pull_request"], tags["promoter_approved_by"]) == ("12", "bob")
    assert "promoter_verdict" not in tags


def managing(team: Team, count: int) -> dict[str, bytes]:
    """Requests for that many more models, all in place."""
    files = {}
    for number in range(count):
        model = f"model-{number:02}"
        team.registry.add_model(model, aliases={"champion": "1"})
        team.version("1", 0.9, model=model)
        files[f"promotions/{model}.yaml"] = request("1", model=model)
    return files


def noted(team: Team) -> set[str]:
    return {
        model
        for model in [f"model-{number:02}" for number in range(MOST_OTHERS + 10)]
        if TAG in team.registry.model_version(model, "1").tags
    }


def test_of_many_only_those_of_the_push_and_of_the_newest_merges_are_looked_at(team: Team) -> None:
    team.push({POLICY: policy('match: "churn*"', 'match: "*"')})
    old = managing(team, MOST_OTHERS + 10)
    newest = {path: old.pop(path) for path in sorted(old)[:2]}
    team.push(old)
    for _ in range(24):
        team.push({"README.md": b"x"})
    team.push(newest)
    _, calls = applied(team, "")
    assert noted(team) == {"model-00", "model-01"}
    assert calls.count("model_version") == len(newest)


def test_what_a_push_changed_is_all_looked_at(team: Team) -> None:
    team.push({POLICY: policy('match: "churn*"', 'match: "*"')})
    before = team.main
    team.push(managing(team, MOST_OTHERS + 10))
    applied(team, before)
    assert len(noted(team)) == MOST_OTHERS + 10


@pytest.mark.parametrize("mode", ["dry_run", "disabled"])
def test_where_the_policy_does_not_enforce_nothing_is_written(team: Team, mode: str) -> None:
    team.push({POLICY: policy("mode: enforce", f"mode: {mode}")})
    before = team.main
    team.ask({REQUEST: request("7")})
    _, calls = applied(team, before)
    assert calls.count("set_tags") == 0


def test_a_note_that_cannot_be_written_changes_no_outcome(team: Team) -> None:
    before = team.main
    team.ask({REQUEST: request("7")})
    registry, calls = observed(team.registry)
    calls.fail("set_tags", PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("down")))
    report = apply(team.apply_world(registry=lambda: registry), branch="main", before=before)
    assert report.reason is ReasonCode.ALREADY_APPLIED
    (note,) = report.requests[0].notes
    assert "could not be noted in the registry: down" in str(note)


def test_who_held_the_alias_before_is_known_where_the_run_that_died_had_written_it(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    begun = {"promoter_pull_request": "12", "promoter_previous_version": "6"}
    team.registry.set_tags("churn", "7", tags=begun)
    applied(team, "")
    assert tag(team) == "12 6"


def test_what_another_pull_request_left_says_nothing_of_this_one(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    begun = {"promoter_pull_request": "11", "promoter_previous_version": "6"}
    team.registry.set_tags("churn", "7", tags=begun)
    applied(team, "")
    assert tag(team) == "12 found"


# --- promoted again -------------------------------------------------------------------------------

DOWN = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("down"))


def asked_again(team: Team) -> None:
    """7 by #12, back to 6 by #13, 7 again by #14, whose tags are lost."""
    team.registry.set_alias("churn", "champion", version="6")
    for number, version in ((12, "7"), (13, "6"), (14, "7")):
        team.ask({REQUEST: request(version)}, number)
        if number == 14:
            team.registry.fail("set_tags", DOWN)
        assert apply(team.apply_world(), branch="main").reason is ReasonCode.APPLIED


@pytest.mark.parametrize("pushes", [0, 1, MOST_MERGES - 2])
def test_an_older_note_of_the_same_version_is_not_taken_for_this_one(team: Team, pushes: int) -> None:
    asked_again(team)
    for _ in range(pushes):
        team.push({"README.md": b"x"})
    report, _ = applied(team, "")
    assert report.requests[0].pull_request == 14
    tags = team.registry.model_version("churn", "7").tags
    assert (tags[TAG], tags["promoter_pull_request"], tags["promoter_verdict"]) == ("14 found", "14", "")
    team.registry.set_alias("churn", "champion", version="6")
    assert apply(team.apply_world(), branch="main").reason is ReasonCode.CONFLICT
    assert team.champion() == "6"


def test_a_record_that_was_begun_over_an_older_one_is_finished(team: Team) -> None:
    asked_again(team)
    begun = {"promoter_previous_version": "6", "promoter_pull_request": "14", "promoter_commit": team.main}
    team.registry.set_tags("churn", "7", tags=begun)
    team.push({"README.md": b"x"})
    applied(team, "")
    assert tag(team) == "14 6"


def test_other_words_for_the_same_version_leave_what_was_moved_as_moved(team: Team) -> None:
    team.registry.set_alias("churn", "champion", version="6")
    team.ask({REQUEST: request("7")}, 12)
    applied(team, "")
    team.ask({REQUEST: request("7").replace(b"better", b"better, see ticket 5")}, 13)
    applied(team, "")
    tags = team.registry.model_version("churn", "7").tags
    assert (tags[TAG], tags["promoter_verdict"]) == ("13 6", "promote")


def test_a_direct_push_of_the_same_version_makes_no_note_untrue(team: Team) -> None:
    team.registry.set_alias("churn", "champion", version="6")
    team.ask({REQUEST: request("7")}, 12)
    applied(team, "")
    team.push({REQUEST: request("7").replace(b"better", b"better, see ticket 5")})
    applied(team, "")
    assert tag(team) == "12 6"


def asked_of_github(team: Team) -> tuple[Calls, Calls]:
    """What a run asks of the repository, and of pull requests."""
    repository, files = observed(team.repository)
    pull_requests, pulls = observed(team.pull_requests)
    apply(team.apply_world(repository=repository, pull_requests=pull_requests), branch="main")
    return files, pulls


def test_where_all_is_noted_no_pull_request_is_looked_for(team: Team) -> None:
    team.registry.set_alias("churn", "champion", version="6")
    team.push({POLICY: policy('match: "churn*"', 'match: "*"')})
    team.ask(managing(team, 5))
    asked_of_github(team)
    team.push({"README.md": b"x"})
    files, pulls = asked_of_github(team)
    assert pulls.made == []
    assert (files.count("first_parents"), files.count("blob_ids"), files.count("history")) == (1, 1, 0)


def test_whether_another_asks_that_cannot_be_read_is_left_to_the_next_run(team: Team) -> None:
    asked_again(team)
    repository, calls = observed(team.repository)
    calls.fail("first_parents", DOWN)
    report = apply(team.apply_world(repository=repository), branch="main")
    assert (report.reason, report.requests[0].notes) == (ReasonCode.ALREADY_APPLIED, ())
    applied(team, "")
    assert tag(team) == "14 found"


# --- what cannot be looked at ------------------------------------------------------------------------


def test_a_version_that_cannot_be_read_is_told_and_changes_no_outcome(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    registry, calls = observed(team.registry)
    calls.fail("model_version", DOWN)
    report = apply(team.apply_world(registry=lambda: registry), branch="main")
    (one,) = report.requests
    assert (one.reason, tag(team)) == (ReasonCode.ALREADY_APPLIED, None)
    assert ["could not be noted in the registry" in str(note) for note in one.notes] == [True]


def test_a_pull_request_that_cannot_be_looked_for_is_told_and_changes_no_outcome(team: Team) -> None:
    team.ask({REQUEST: request("7")})
    pulls, calls = observed(team.pull_requests)
    calls.fail("of_commit", DOWN)
    (one,) = apply(team.apply_world(pull_requests=pulls), branch="main").requests
    assert (one.reason, tag(team)) == (ReasonCode.ALREADY_APPLIED, None)
    assert ["could not be noted in the registry" in str(note) for note in one.notes] == [True]


def test_of_many_some_are_looked_at_where_history_was_replaced(team: Team) -> None:
    team.push({POLICY: policy('match: "churn*"', 'match: "*"')})
    team.push(managing(team, MOST_OTHERS + 10))
    _, calls = applied(team, "9" * 40)
    assert calls.count("model_version") == MOST_OTHERS


def test_where_no_rule_is_for_the_model_nothing_is_written(team: Team) -> None:
    team.push(managing(team, 1))
    report, calls = applied(team, "")
    assert "promotions/model-00.yaml" in [one.request.path for one in report.requests]
    assert calls.count("set_tags") == 0
