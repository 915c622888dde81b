"""Which version a rollback goes back to, and what its pull request says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from promoter.commands.request import Edit
from promoter.commands.rollback import (
    kept,
    open_rollback,
    plan_rollback,
    reason_of,
    refuse_other_file,
    told,
)
from promoter.core.history import Asked
from promoter.core.timeline import Entry, History, Kind, Live, LiveState, Pull, Reached, Teller
from promoter.errors import PromoterError, ReasonCode
from tests.fakes.proposals import InMemoryProposals
from tests.fakes.team import request

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def an_entry(at: int, version: str | None, reached: Reached = Reached.APPLIED, **fields: object) -> Entry:
    since = FIRST + timedelta(days=at)
    asked = Asked(
        version=version,
        path="promotions/churn/champion.yaml",
        commit=f"c{at}",
        when=since.isoformat(),
        merged_at=since.isoformat(),
        author="dora",
        subject="Promote",
        reason=str(fields.get("reason", f"because of {version}")),
        source=str(fields.get("source", "")),
    )
    kind = fields.get("kind", Kind.PROMOTION)
    assert isinstance(kind, Kind)
    pull = Pull(number=10 + at, told_by=Teller.GITHUB)
    return Entry(asked=asked, kind=kind, since=since, until=None, reached=reached, pull=pull)


def a_history(*entries: Entry) -> History:
    return History(model="churn", alias="champion", commit="c9", entries=entries, live=Live(), now=FIRST)


SEEN = a_history(
    an_entry(4, "8"),
    an_entry(3, "7", kind=Kind.EDITED),
    an_entry(2, "7"),
    an_entry(1, "5", Reached.NEVER),
    an_entry(0, "6", Reached.IN_PLACE, kind=Kind.ADOPTION),
)


def test_it_goes_back_to_the_version_before() -> None:
    plan = plan_rollback(SEEN, None)
    assert (plan.origin, plan.target, plan.left.version) == ("8", "7", "8")
    assert str(told(plan)) == (
        "roll `churn@champion` back from version `8` to version `7`, which git asked for from 2026-01-03 "
        "(pull request #12) until 2026-01-05, when version `8` took its place (pull request #14). The reason "
        "given then: `because of 8`. The registry's tags tell that it was applied"
    )


def test_it_goes_back_to_a_version_that_is_named() -> None:
    plan = plan_rollback(SEEN, "6")
    # Version 5, asked for in between, was never applied: it took nothing away.
    assert (plan.target, plan.left.version) == ("6", "7")


def test_the_alias_left_a_version_when_its_request_was_deleted() -> None:
    gone = an_entry(2, None, Reached.NOTHING)
    plan = plan_rollback(a_history(an_entry(3, "8"), gone, an_entry(1, "7")), None)
    assert (plan.target, plan.left) == ("7", gone)


def test_where_no_successor_was_applied_the_one_that_git_asks_for_is_told() -> None:
    plan = plan_rollback(a_history(an_entry(1, "8", Reached.NEVER), an_entry(0, "7")), None)
    assert (plan.target, plan.left.version) == ("7", "8")


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("5", "version `5` never held `churn@champion`, as far as git and tags tell"),
        ("99", "version `99` never held `churn@champion`, as far as git and tags tell"),
        ("8", "git asks for version `8` of `churn@champion` already"),
    ],
)
def test_what_never_held_the_alias_is_refused_with_those_that_did(version: str, said: str) -> None:
    with pytest.raises(PromoterError) as caught:
        plan_rollback(SEEN, version)
    assert (caught.value.reason, str(caught.value.message)) == (ReasonCode.USAGE_INVALID, said)
    assert str(caught.value.hint) == "Those that did: `7, 6`."


@pytest.mark.parametrize("entries", [(an_entry(1, "7"),), (an_entry(1, None, Reached.NOTHING),), ()])
def test_without_a_version_before_there_is_nothing_to_go_back_to(entries: tuple[Entry, ...]) -> None:
    with pytest.raises(PromoterError, match=r"no version"):
        plan_rollback(a_history(*entries), None)


def an_edit(before: bytes | None, data: bytes | None = None) -> Edit:
    return Edit(path="promotions/churn/champion.yaml", data=data or request("7"), before=before)


def test_the_pull_request_says_that_an_override_in_its_file_does_not_count() -> None:
    override = b"override: {checks: [metrics], reason: The season is over, expires: 2026-03-01}\n"
    edited = an_edit(request("8") + override, request("7") + override)
    plan, proposals = plan_rollback(SEEN, None), InMemoryProposals()
    body = open_rollback(proposals, plan, edited=edited, base="main", reason="x").body
    assert "it does not count here**: a rollback does without" in body
    assert [str(note) for note in kept(edited)] == [
        "the file keeps the override that is in it, and it does not count: a rollback does without. "
        "Delete it with this change"
    ]
    assert kept(an_edit(request("8"))) == ()


COPIED = a_history(
    an_entry(3, "4", source="dev.churn/8"),
    an_entry(2, "3", source="dev.churn/7"),
    an_entry(1, "dev.churn/5", source="dev.churn/5"),
    an_entry(0, "1", Reached.IN_PLACE, kind=Kind.ADOPTION),
)


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        (None, "dev.churn/7"),
        ("3", "dev.churn/7"),
        ("dev.churn/7", "dev.churn/7"),
        ("dev.churn/5", "dev.churn/5"),
        ("1", "1"),
    ],
)
def test_copies_are_gone_back_to_as_the_file_named_them(asked: str | None, target: str) -> None:
    plan = plan_rollback(COPIED, asked)
    assert (plan.origin, plan.target) == ("dev.churn/8", target)
    assert "back from version `dev.churn/8`" in str(told(plan))


@pytest.mark.parametrize("asked", ["4", "dev.churn/8"])
def test_the_copy_that_is_asked_for_already(asked: str) -> None:
    with pytest.raises(PromoterError, match=r"asks for version `dev[.]churn/8` of `churn@champion` already"):
        plan_rollback(COPIED, asked)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (request("9"), "the working tree asks for version `9` of `churn@champion`"),
        (None, "the working tree asks for no version of `churn@champion`"),
    ],
)
def test_an_edit_that_is_not_committed_is_not_overwritten(before: bytes | None, said: str) -> None:
    with pytest.raises(PromoterError) as caught:
        refuse_other_file(plan_rollback(SEEN, None), an_edit(before))
    assert caught.value.reason is ReasonCode.USAGE_INVALID
    assert str(caught.value.message) == (
        f"{said}, and the revision looked at for version `8`: nothing is overwritten"
    )


@pytest.mark.parametrize("version", ["8", "7"])
def test_a_file_that_asks_for_either_version_may_be_written(version: str) -> None:
    refuse_other_file(plan_rollback(SEEN, None), an_edit(request(version)))


def test_the_pull_request_says_what_and_why_and_is_opened_once() -> None:
    plan, proposals = plan_rollback(SEEN, None), InMemoryProposals()
    edited = an_edit(request("8"))
    reason = reason_of(plan, "Too many <b>alarms</b>")
    first = open_rollback(proposals, plan, edited=edited, base="main", reason=reason)
    again = open_rollback(proposals, plan, edited=edited, base="main", reason=reason)
    assert first.number == again.number
    assert first.branch == "promoter/rollback-churn-champion-e0f23a56d5"
    assert first.title == "Roll back churn champion from 8 to 7"
    assert "took its place (pull request" in first.body
    assert "override" not in first.body
    assert "<b>alarms" not in first.body.replace("`Too many <b>alarms</b>`", "")


def test_without_a_reason_the_file_says_what_it_is() -> None:
    assert reason_of(plan_rollback(SEEN, None), None) == "Roll back from version 8 to 7"


def test_a_request_that_can_no_longer_be_read_is_told_as_that() -> None:
    broken = an_entry(5, None, Reached.NOTHING, kind=Kind.UNREADABLE)
    broken = replace(broken, asked=replace(broken.asked, is_readable=False))
    with pytest.raises(PromoterError) as caught:
        plan_rollback(a_history(broken, *SEEN.entries), None)
    assert str(caught.value.message) == (
        "the request for `churn@champion` in `promotions/churn/champion.yaml` cannot be read as one now"
    )
    assert "revert `c5`" in str(caught.value.hint)


def test_a_model_that_is_gone_from_the_registry_is_not_gone_back_in() -> None:
    with pytest.raises(PromoterError) as caught:
        plan_rollback(replace(SEEN, live=Live(state=LiveState.NO_MODEL)), None)
    assert caught.value.reason is ReasonCode.MODEL_NOT_FOUND
    assert "the registry has no `churn` any more" in str(caught.value.message)
