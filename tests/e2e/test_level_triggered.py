"""Where the alias is decides where the next move starts: refused, dropped and hand-made moves."""

from __future__ import annotations

import pytest

from promoter.errors import ExitCode
from tests.e2e.house import House

pytestmark = pytest.mark.integration


def promoted(house: House, version: str) -> int:
    """A pull request that went all the way; its number."""
    number = house.ask_for(version)
    house.approve(number)
    applied = house.apply(house.merge(number))
    assert applied.outputs["reason-code"] == "applied", applied.log
    return number


def test_after_a_refused_apply_the_next_request_starts_from_what_is_live(house: House) -> None:
    old, bad, good = house.version(0.80), house.version(0.30), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(bad)
    house.approve(number)
    assert house.apply(house.merge(number)).outputs["reason-code"] == "checks_failed"
    fixed = house.ask_for(good)
    assert house.validate(fixed).outputs["reason-code"] == "validated"
    house.approve(fixed)
    assert house.apply(house.merge(fixed)).outputs["reason-code"] == "applied"
    assert house.champion() == good


def test_two_dropped_runs_converge(house: House) -> None:
    versions = [house.version(0.80 + step / 100) for step in range(4)]
    house.adopt(versions[0])
    for version in versions[1:]:
        number = house.ask_for(version)
        house.approve(number)
        push = house.merge(number)
    assert house.apply(push).outputs["reason-code"] == "applied"
    assert house.champion() == versions[3]
    assert house.tags(versions[3])["promoter_previous_version"] == versions[0]


def test_an_alias_moved_back_by_hand_is_not_moved_again_by_the_next_push(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    promoted(house, new)
    house.set_alias(old)
    applied = house.apply(house.land({"README.md": b"unrelated\n"}))
    assert (applied.exit_code, applied.outputs["reason-code"]) == (ExitCode.NO, "conflict")
    assert house.champion() == old


def test_an_alias_moved_back_by_hand_stops_the_next_request_too(house: House) -> None:
    old, new, newer = house.version(0.80), house.version(0.85), house.version(0.90)
    house.adopt(old)
    promoted(house, new)
    house.set_alias(old)
    number = house.ask_for(newer)
    assert house.validate(number).outputs["reason-code"] == "conflict"
    house.approve(number)
    assert house.apply(house.merge(number)).outputs["reason-code"] == "conflict"
    assert house.champion() == old


def test_a_version_that_was_refused_is_not_a_rollback_when_asked_for_again(house: House) -> None:
    first, old, bad = house.version(0.70), house.version(0.80), house.version(0.30)
    house.adopt(first)
    promoted(house, old)
    for version in (bad, old):
        number = house.ask_for(version)
        house.approve(number)
        house.apply(house.merge(number))
    assert house.champion() == old
    again = house.ask_for(bad)
    assert house.validate(again).outputs["reason-code"] == "checks_failed"
    house.approve(again)
    assert house.apply(house.merge(again)).outputs["reason-code"] == "checks_failed"
    assert house.champion() == old


def test_a_rollback_over_several_versions(house: House) -> None:
    versions = [house.version(0.80 + step / 100) for step in range(3)]
    house.adopt(versions[0])
    promoted(house, versions[1])
    promoted(house, versions[2])
    back = house.ask_for(versions[1])
    assert house.validate(back).outputs["reason-code"] == "rollback_validated"
    house.approve(back)
    assert house.apply(house.merge(back)).outputs["reason-code"] == "applied"
    assert house.champion() == versions[1]


def test_a_request_whose_reason_alone_changes_is_applied_already(house: House) -> None:
    old = house.version(0.80)
    house.adopt(old)
    number = house.propose({house.path: house.request(old, reason="a better reason")})
    assert house.validate(number).outputs["reason-code"] == "already_applied"
    assert house.apply(house.merge(number)).outputs["reason-code"] == "already_applied"
    assert house.champion() == old


def test_an_alias_in_place_is_noted_so_that_a_move_by_hand_is_noticed(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(new)
    house.set_alias(new)
    house.approve(number)
    push = house.merge(number)
    assert house.apply(push).outputs["reason-code"] == "already_applied"
    assert house.tags(new) == {
        "promoter_applied_champion": f"{number} found",
        "promoter_approved_by": "alice",
        "promoter_commit": push.after,
        "promoter_pull_request": str(number),
    }
    house.set_alias(old)
    assert house.apply(house.land({"README.md": b"unrelated\n"})).outputs["reason-code"] == "conflict"
    assert house.champion() == old


def test_a_renamed_request_keeps_its_past(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    number = house.propose({house.path: None, "promotions/renamed.yaml": house.request(new)})
    assert house.validate(number).outputs["reason-code"] == "validated"
    house.approve(number)
    assert house.apply(house.merge(number)).outputs["reason-code"] == "applied"
    assert house.champion() == new


def test_a_job_killed_between_alias_and_tags_is_noted_when_it_runs_again(house: House) -> None:
    old, new = house.version(0.80), house.version(0.85)
    house.adopt(old)
    number = house.ask_for(new)
    house.approve(number)
    push = house.merge(number)
    house.set_alias(new)  # the job moved the alias, and died before it wrote the tags
    for _ in range(2):
        assert house.apply(push).outputs["reason-code"] == "already_applied"
    assert house.tags(new)["promoter_applied_champion"].split(" ")[0] == str(number)
