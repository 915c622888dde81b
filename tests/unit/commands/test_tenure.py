"""When a version was champion and why it left: as far as git and tags tell, across renames and new tags."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promoter.commands.apply import apply
from promoter.commands.tenure import tenure
from promoter.commands.validate import validate
from promoter.commands.versions import Claim, Past, applied_tag
from promoter.core.plan import MovedOutside, Step
from promoter.core.report import RequestReport
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say
from tests.builders import a_model_version, a_request
from tests.fakes.observed import observed
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import NOW, REQUEST, Team, request

TAG = applied_tag("champion")
RENAMED = "promotions/teams/churn.yaml"


def a_team() -> Team:
    """Pull request 10 promoted version 7 on the first of March, 11 version 8 a day later."""
    team = Team()
    team.version("8", 0.93)
    for number, version in ((10, "7"), (11, "8")):
        text = request(version).replace(b"better", f"better than before {version}".encode())
        team.ask({REQUEST: text}, number=number)
        now = NOW + timedelta(days=number - 10)
        assert apply(team.apply_world(now=now), branch="main").reason is ReasonCode.APPLIED
    return team


def asked(team: Team, version: str, *, path: str = REQUEST) -> RequestReport:
    team.propose(12, {path: request(version)})
    return validate(team.validate_world(), team.change()).requests[0]


def told(report: RequestReport) -> str:
    return "\n".join(str(note) for note in report.notes if "held this alias before" in str(note))


def test_the_comment_says_when_it_was_champion_and_why_it_left() -> None:
    report = asked(a_team(), "7")
    assert report.step is Step.ROLLBACK
    assert told(report) == (
        "version `7` held this alias before from 2026-03-01 12:30 UTC (pull request #10) until "
        "2026-03-02 12:30 UTC, when version `8` took its place (pull request #11). The reason given then: "
        "`better than before 8`"
    )


def test_a_promotion_is_told_nothing_of_the_kind() -> None:
    team = a_team()
    team.version("9", 0.95)
    report = asked(team, "9")
    assert (report.step, told(report)) == (Step.PROMOTE, "")


def test_it_is_known_across_a_rename_of_the_file_in_review_and_after() -> None:
    team = a_team()
    text = request("8")
    team.ask({REQUEST: None, RENAMED: text}, number=13)
    assert apply(team.apply_world(), branch="main").reason is ReasonCode.ALREADY_APPLIED
    report = asked(team, "7", path=RENAMED)
    assert report.step is Step.ROLLBACK
    assert "(pull request #10) until" in told(report)
    assert "`8` took its place (pull request #11)" in told(report)
    team.approve(12)
    team.merge(12)
    applied = apply(team.apply_world(), branch="main")
    assert (applied.reason, applied.requests[0].step) == (ReasonCode.APPLIED, Step.ROLLBACK)
    assert team.champion() == "7"


def test_it_is_known_after_the_version_was_promoted_again_from_elsewhere() -> None:
    team = a_team()
    team.registry.set_tags("churn", "7", tags={TAG: "99 3", "promoter_promoted_at": "2026-02-02T00:00:00Z"})
    report = asked(team, "7")
    assert report.step is Step.ROLLBACK
    # What the tag says is of another time: it is not taken for this one.
    assert "2026-02-02" not in told(report)
    assert "(pull request #10) until 2026-03-02" in told(report)


def test_what_was_asked_for_and_refused_is_no_rollback() -> None:
    team = Team()
    team.version("8", 0.93)
    team.version("5", 0.10)
    team.ask({REQUEST: request("5")}, number=10)
    assert apply(team.apply_world(), branch="main").reason is ReasonCode.CHECKS_FAILED
    team.ask({REQUEST: request("8")}, number=11)
    assert apply(team.apply_world(), branch="main").reason is ReasonCode.APPLIED
    assert asked(team, "5").step is Step.PROMOTE


def test_dates_that_are_none_are_left_out() -> None:
    team = a_team()
    team.registry.set_tags("churn", "7", tags={"promoter_promoted_at": "soon"})
    team.registry.set_tags("churn", "8", tags={"promoter_promoted_at": "2026-03-02T12:30:00"})
    said = told(asked(team, "7"))
    assert said.startswith("version `7` held this alias before (pull request #10), when version `8`")


# --- what neither git nor the registry tells ------------------------------------------------------

EIGHT, GONE = (
    Past(commit="8" * 40, version="8", when="2026-03-02T12:00:00Z"),
    Past(commit="9" * 40, version=None),
)
SEVEN = Past(commit="7" * 40, version="7", when="2026-03-01T12:00:00Z")


def spoken(registry: InMemoryRegistry, claim: Claim) -> str:
    said = tenure(registry, claim, challenger=registry.model_version("churn", "7"))
    return " ".join(map(str, said))


@pytest.fixture
def registry() -> InMemoryRegistry:
    made = InMemoryRegistry()
    made.add_model("churn", aliases={"champion": "8"})
    for number in "78":
        made.add_version(a_model_version(model="churn", version=number, tags={}))
    return made


def a_claim(*past: Past, outside: MovedOutside = MovedOutside.REFUSED) -> Claim:
    return Claim(request=a_request(model="churn", version="7"), past=past, outside=outside)


def test_a_file_that_was_deleted_in_between_is_why_it_left(registry: InMemoryRegistry) -> None:
    assert spoken(registry, a_claim(EIGHT, GONE, SEVEN)) == (
        "version `7` held this alias before from 2026-03-01 12:00 UTC, when git no longer asked for it"
    )


def test_what_git_does_not_tell_of_is_left_out(registry: InMemoryRegistry) -> None:
    assert spoken(registry, a_claim(EIGHT)) == spoken(registry, a_claim()) == ""


def test_what_is_put_back_after_a_move_by_hand_is_told_nothing_of_the_kind(
    registry: InMemoryRegistry,
) -> None:
    assert spoken(registry, a_claim(EIGHT, SEVEN))
    assert spoken(registry, a_claim(EIGHT, SEVEN, outside=MovedOutside.PUT_BACK)) == ""


def test_a_successor_that_cannot_be_read_is_told_as_far_as_git_knows_it(registry: InMemoryRegistry) -> None:
    registry.set_tags("churn", "8", tags={TAG: "11 7", "promoter_promoted_at": "2026-03-05T00:00:00Z"})
    assert "until 2026-03-05" in spoken(registry, a_claim(EIGHT, SEVEN))
    # It is looked for by its tag once, and then read.
    down = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"))
    unread, calls = observed(registry)
    calls.fail("model_version", down, nth=3)
    assert spoken(unread, a_claim(EIGHT, SEVEN)).endswith(
        "until 2026-03-02 12:00 UTC, when version `8` took its place"
    )
