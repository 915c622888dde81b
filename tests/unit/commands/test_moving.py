"""One alias after the other: read, set, read back, tag; and back again when a later one fails."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from promoter.commands.moving import Reserve, move_all, move_of, recorded
from promoter.commands.record_tags import Record, tags_of
from promoter.core.evidence import Outcome
from promoter.core.plan import Move, Step
from promoter.core.report import RequestReport
from promoter.core.verdict import Verdict
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Registry
from promoter.text import say
from tests.builders import (
    a_check_result,
    a_model_version,
    a_request,
    a_request_report,
    an_approval_state,
)
from tests.fakes.observed import Calls, observed, raising
from tests.fakes.registry import InMemoryRegistry, Write

RECORD = Record(
    commit="c" * 40, evidence_digest="e" * 64, now=datetime(2026, 3, 1, 12, 30, 15, 99, tzinfo=UTC)
)
LOST = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"), hint=say("look at the server"))
LATE = PromoterError(ReasonCode.DEADLINE_EXCEEDED, say("the deadline was reached"))


def registry_with(**aliases: str) -> InMemoryRegistry:
    """Versions 5 to 9 of churn and fraud; both models have the aliases."""
    registry = InMemoryRegistry()
    for model in ("churn", "fraud"):
        registry.add_model(model, aliases=aliases)
        for number in "56789":
            registry.add_version(a_model_version(model=model, version=number))
    return registry


def report(model: str = "churn", *, now: str | None = "6", **changes: object) -> RequestReport:
    return a_request_report(request=a_request(model=model), now=now, reason=ReasonCode.VALIDATED, **changes)


def carried_out(registry: Registry, *group: RequestReport) -> list[RequestReport]:
    moved = move_all(registry, group, reserve=Reserve())
    return [recorded(registry, one, record=RECORD) for one in moved]


def champions(registry: Registry) -> tuple[str | None, str | None]:
    churn, fraud = registry.aliases("churn"), registry.aliases("fraud")
    return churn.get("champion"), fraud.get("champion")


def test_the_move_is_from_what_was_judged_against() -> None:
    assert move_of(report()) == Move(model="churn", alias="champion", origin="6", target="7")


def test_an_alias_is_read_set_read_back_and_tagged() -> None:
    registry, calls = observed(registry_with(champion="6"))
    (moved,) = carried_out(registry, report(hint=say("old")))
    assert moved.reason is ReasonCode.APPLIED
    assert str(moved.message) == "`churn@champion` moved from version `6` to version `7`"
    assert str(moved.hint) == ""
    assert [name for name, _ in calls.made] == ["aliases", "set_alias", "aliases", "set_tags"]
    assert champions(registry) == ("7", "6")


def test_a_first_promotion_says_so() -> None:
    registry = registry_with()
    (moved,) = carried_out(registry, report(now=None, step=Step.FIRST_PROMOTION))
    assert str(moved.message) == "`churn@champion` moved for the first time to version `7`"
    assert champions(registry) == ("7", None)


@pytest.mark.parametrize(("live", "said"), [("8", "went to `8`"), (None, "went to `nobody`")])
def test_nothing_is_written_when_the_champion_moved_meanwhile(live: str | None, said: str) -> None:
    registry = registry_with(**({"champion": live} if live else {}))
    (refused,) = carried_out(registry, report())
    assert refused.reason is ReasonCode.CHAMPION_MOVED
    assert said in str(refused.message)
    assert registry.writes == []


def test_an_alias_that_is_there_already_is_not_set_again() -> None:
    registry, calls = observed(registry_with(champion="7"))
    (found,) = carried_out(registry, report())
    assert calls.count("set_alias") == 0
    assert found.reason is ReasonCode.ALREADY_APPLIED
    assert str(found.message) == "`churn@champion` was moved to version `7` by somebody else, and stays"


def test_a_write_that_failed_and_did_nothing() -> None:
    registry = registry_with(champion="6")
    registry.fail("set_alias", LOST)
    (failed,) = carried_out(registry, report())
    assert (failed.reason, str(failed.message), str(failed.hint)) == (
        ReasonCode.APPLY_FAILED,
        "no answer; it is at `6`",
        "look at the server",
    )
    assert registry.writes == []


def test_a_write_whose_answer_was_lost_has_acted() -> None:
    memory = registry_with(champion="6")
    registry, calls = observed(memory)
    calls.after("set_alias", raising(LOST))
    (moved,) = carried_out(registry, report())
    assert moved.reason is ReasonCode.APPLIED
    assert calls.count("set_alias") == 1
    assert Write(method="set_tag", model="churn", key="promoter_verdict", value="promote") in memory.writes


@pytest.mark.parametrize("somebody", ["8", "6"])
def test_a_write_that_reads_back_otherwise(somebody: str) -> None:
    memory = registry_with(champion="6")
    registry, calls = observed(memory)
    calls.after("set_alias", lambda: memory.set_alias("churn", "champion", version=somebody))
    (refused,) = carried_out(registry, report())
    assert refused.reason is ReasonCode.READBACK_MISMATCH
    assert f"reads `{somebody}`" in str(refused.message)
    assert calls.count("set_tags") == 0


def test_a_failed_write_that_reads_back_as_somebody_elses() -> None:
    memory = registry_with(champion="6")
    registry, calls = observed(memory)
    calls.after("set_alias", raising(LOST))
    calls.before("aliases", lambda: memory.set_alias("churn", "champion", version="9"), nth=2)
    assert carried_out(registry, report())[0].reason is ReasonCode.READBACK_MISMATCH


def test_an_alias_that_cannot_be_read_back_is_told_as_unknown() -> None:
    registry = registry_with(champion="6")
    outside, calls = observed(registry)
    calls.fail("aliases", LOST, nth=2)
    (failed,) = carried_out(outside, report())
    assert failed.reason is ReasonCode.APPLY_FAILED
    assert "may have moved" in str(failed.message)
    assert champions(registry)[0] == "7"


def test_the_first_goes_back_when_the_second_fails() -> None:
    registry, calls = observed(registry_with(champion="6"))
    calls.fail("set_alias", LOST, nth=2)
    first, second, third = carried_out(registry, report(), report("fraud"), report(now="5"))
    assert [one.reason for one in (first, second, third)] == [ReasonCode.APPLY_FAILED] * 3
    assert str(first.message) == "put back to version `6`, because the move of `fraud@champion` failed"
    assert str(second.message) == "no answer; it is at `6`"
    assert str(third.message) == "not moved, because the move of `fraud@champion` failed"
    assert champions(registry) == ("6", "6")
    assert calls.count("set_tags") == 0


def test_what_cannot_be_put_back_is_said() -> None:
    registry, calls = observed(registry_with(champion="6"))
    calls.fail("set_alias", LOST, nth=2)
    calls.fail("set_alias", LOST, nth=3)
    first, _ = carried_out(registry, report(), report("fraud"))
    assert first.reason is ReasonCode.APPLY_FAILED
    assert "moved, and could not be put back" in str(first.message)
    assert str(first.message).endswith("failed: no answer; it is at `7`")
    assert champions(registry) == ("7", "6")


def test_what_somebody_moved_on_is_not_put_back() -> None:
    memory = registry_with(champion="6")
    registry, calls = observed(memory)
    calls.before("set_alias", lambda: memory.set_alias("churn", "champion", version="9"), nth=2)
    calls.after("set_alias", raising(LOST), nth=2)
    calls.before("aliases", lambda: memory.set_alias("fraud", "champion", version="6"), nth=4)
    first, second = carried_out(registry, report(), report("fraud"))
    assert second.reason is ReasonCode.APPLY_FAILED
    assert "could not be put back" in str(first.message)
    assert champions(memory) == ("9", "6")


def test_what_somebody_else_had_moved_there_is_not_put_back() -> None:
    registry = registry_with(champion="7")
    registry.set_alias("fraud", "champion", version="6")
    registry.fail("set_alias", LOST)
    first, second = carried_out(registry, report(), report("fraud"))
    assert second.reason is ReasonCode.APPLY_FAILED
    assert champions(registry) == ("7", "6")
    assert first.reason is ReasonCode.ALREADY_APPLIED


def test_a_read_back_that_ate_the_time_is_asked_again_in_the_time_kept_for_the_end() -> None:
    registry, calls = observed(registry_with(champion="6"))
    calls.fail("aliases", LATE, nth=2)
    opened: list[str] = []
    (moved,) = move_all(registry, [report()], reserve=Reserve(begin=lambda: opened.append("once")))
    assert (moved.reason, opened, calls.count("aliases")) == (ReasonCode.APPLIED, ["once"], 3)


def test_a_read_back_that_the_kept_time_does_not_answer_either_is_told_as_unknown() -> None:
    registry, calls = observed(registry_with(champion="6"))
    calls.fail("aliases", LATE, nth=2)
    calls.fail("aliases", LATE, nth=3)
    (failed,) = move_all(registry, [report()], reserve=Reserve())
    assert failed.reason is ReasonCode.APPLY_FAILED
    assert "may have moved: the deadline was reached" in str(failed.message)


def test_a_refusal_of_the_second_puts_the_first_back() -> None:
    registry = registry_with(champion="6")
    first, second = carried_out(registry, report(), report("fraud", now="5"))
    assert (first.reason, second.reason) == (ReasonCode.APPLY_FAILED, ReasonCode.CHAMPION_MOVED)
    assert str(second.message) == "`fraud@champion` went to `6` meanwhile, and was at `5`"
    assert champions(registry) == ("6", "6")


def test_a_write_that_ate_the_time_is_read_back_in_the_time_kept_for_the_end() -> None:
    registry, calls = observed(registry_with(champion="6"))
    calls.fail("set_alias", LATE)
    opened: list[str] = []
    (failed,) = move_all(registry, [report()], reserve=Reserve(begin=lambda: opened.append("once")))
    assert (failed.reason, opened) == (ReasonCode.APPLY_FAILED, ["once"])
    assert str(failed.message) == "the deadline was reached; it is at `6`"


def test_a_look_that_ate_the_time_leaves_some_to_put_back_what_went_before() -> None:
    registry, calls = observed(registry_with(champion="6"))
    calls.fail("aliases", LATE, nth=3)
    opened: list[str] = []
    reserve = Reserve(begin=lambda: opened.append("once"))
    first, second = move_all(registry, [report(), report("fraud")], reserve=reserve)
    assert (first.reason, second.reason) == (ReasonCode.APPLY_FAILED, ReasonCode.DEADLINE_EXCEEDED)
    assert opened == ["once"]
    assert champions(registry) == ("6", "6")


def test_what_somebody_else_has_put_back_meanwhile_is_told() -> None:
    memory = registry_with(champion="6")
    registry, calls = observed(memory)
    calls.fail("set_alias", LOST, nth=2)
    calls.before("aliases", lambda: memory.set_alias("churn", "champion", version="6"), nth=6)
    first, _ = carried_out(registry, report(), report("fraud"))
    assert str(first.message) == "moved, and somebody else put version `6` back meanwhile"
    assert champions(memory) == ("6", "6")


def acts_late(memory: InMemoryRegistry, calls: Calls) -> None:
    """The second write gets no answer, and acts when it was read back already."""
    calls.fail("set_alias", LOST, nth=2)
    calls.before("aliases", lambda: memory.set_alias("fraud", "champion", version="7"), nth=5)


def test_a_write_that_acts_late_goes_back_with_the_others() -> None:
    memory = registry_with(champion="6")
    registry, calls = observed(memory)
    acts_late(memory, calls)
    _, second = carried_out(registry, report(), report("fraud"))
    assert (second.reason, champions(memory)) == (ReasonCode.APPLY_FAILED, ("6", "6"))
    assert str(second.message) == "no answer; it is at `6`; it is at version `6` again"


def test_a_write_that_acts_late_and_cannot_be_put_back_is_told() -> None:
    memory = registry_with(champion="6")
    registry, calls = observed(memory)
    acts_late(memory, calls)
    calls.fail("set_alias", LOST, nth=3)
    _, second = carried_out(registry, report(), report("fraud"))
    assert (second.reason, champions(memory)) == (ReasonCode.APPLY_FAILED, ("6", "7"))
    assert "it is at `7` by now, and could not be put back: no answer" in str(second.message)


def test_a_first_promotion_that_acts_late_stays() -> None:
    memory = registry_with()
    memory.set_alias("churn", "champion", version="6")
    registry, calls = observed(memory)
    acts_late(memory, calls)
    first, second = carried_out(registry, report(), report("fraud", now=None, step=Step.FIRST_PROMOTION))
    assert (first.reason, second.reason) == (ReasonCode.APPLY_FAILED, ReasonCode.APPLY_FAILED)
    assert str(second.message).endswith("it is at `7` by now, and stays: nobody held it before")
    assert champions(memory) == ("6", "7")


def test_a_first_promotion_has_nothing_to_go_back_to() -> None:
    registry = registry_with()
    registry.set_alias("fraud", "champion", version="6")
    outside, calls = observed(registry)
    calls.fail("set_alias", LOST, nth=2)
    first, second = carried_out(outside, report(now=None, step=Step.FIRST_PROMOTION), report("fraud"))
    assert (first.reason, second.reason) == (ReasonCode.APPLY_FAILED, ReasonCode.APPLY_FAILED)
    assert "moved, and stays: nobody held it before" in str(first.message)
    assert champions(registry) == ("7", "6")


def test_tags_that_cannot_be_written_change_no_outcome() -> None:
    registry = registry_with(champion="6")
    registry.fail("set_tags", LOST)
    (moved,) = carried_out(registry, report(notes=(say("before"),)))
    assert moved.reason is ReasonCode.APPLIED
    assert [str(note) for note in moved.notes] == [
        "before",
        "the alias is moved; its tags could not be written: no answer",
    ]


def test_tags_say_who_when_why_and_from_where() -> None:
    results = [
        a_check_result(check="metrics", subject=subject, outcome=outcome)
        for subject, outcome in (("a", Outcome.PASSED), ("b", Outcome.WARNED), ("c", Outcome.SKIPPED))
    ]
    moved = report(
        results=(a_check_result(), *results),
        approval=an_approval_state(counted=("bob", "carol")),
        verdict=Verdict.PROMOTE,
        pull_request=12,
    )
    tags = tags_of(moved, RECORD)
    applied = tags.pop("promoter_applied_champion")
    assert applied == "12 6"
    assert tags == {
        "promoter_verdict": "promote",
        "promoter_pull_request": "12",
        "promoter_commit": "c" * 40,
        "promoter_approved_by": "bob,carol",
        "promoter_previous_version": "6",
        "promoter_promoted_at": "2026-03-01T12:30:15+00:00",
        "promoter_evidence": "e" * 64,
        "promoter_check_description": "passed",
        "promoter_check_metrics": "warned",
    }


def test_tags_without_reviews_verdict_or_champion_are_empty_texts() -> None:
    bare = report(now=None, approval=None, verdict=None, pull_request=None, results=())
    tags = tags_of(bare, RECORD)
    empty = ["verdict", "pull_request", "approved_by", "previous_version"]
    assert [tags[f"promoter_{name}"] for name in empty] == [""] * 4


def test_no_tag_is_longer_than_a_registry_takes() -> None:
    many = tuple(f"somebody-{number}" for number in range(500))
    tags = tags_of(report(approval=an_approval_state(counted=many)), RECORD)
    assert len(tags["promoter_approved_by"]) == 1000
    assert max(len(key) for key in tags) <= 250


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_worst_outcome_speaks_for_a_check(outcome: Outcome) -> None:
    skipped = a_check_result(outcome=Outcome.SKIPPED)
    tags = tags_of(report(results=(skipped, a_check_result(outcome=outcome))), RECORD)
    assert tags["promoter_check_description"] == outcome.value
