"""The checker of the schedules finds what it must: each promise is broken in a history made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from promoter.errors import ExitCode, ReasonCode
from tests.faults.model import (
    Alias,
    Command,
    Comments,
    Due,
    Health,
    Seen,
    Situation,
    Value,
    complaints,
    is_moved,
)

OLD, NEW, OTHER = "1", "2", "3"
CHURN = Alias(model="churn", name="champion", old=OLD, new=NEW)
FRAUD = Alias(model="fraud", name="champion", old=OLD, new=NEW)
ONE = Situation(
    command=Command.APPLY,
    due=Due.MOVE,
    aliases=(CHURN,),
    reasons=frozenset({ReasonCode.APPLIED, ReasonCode.ALREADY_APPLIED}),
    pull=3,
)
TWO = replace(ONE, aliases=(CHURN, FRAUD))
REFUSED = replace(ONE, due=Due.STAY, reasons=frozenset({ReasonCode.APPROVAL_MISSING}))
PROPOSED = replace(REFUSED, command=Command.VALIDATE, reasons=frozenset({ReasonCode.VALIDATED}), due=Due.STAY)
TAGS = {
    "promoter_pull_request": "3",
    "promoter_commit": "c",
    "promoter_approved_by": "alice",
    "promoter_applied_champion": "3 1",
}
PROMOTED = "<!-- promoter results -->\n### ✅ Promoted: `champion` moved"
NOT_PROMOTED = "<!-- promoter after-merge -->\n### ❌ Not promoted: `churn`"
READY = "<!-- promoter results -->\n### ✅ Ready to promote: `churn`"


def held(situation: Situation, version: str | None) -> dict[tuple[str, str], str | None]:
    return {(alias.model, alias.name): version for alias in situation.aliases}


def value(version: str | None, model: str = "churn", alias: str = "champion") -> Value:
    return Value(model=model, alias=alias, version=version)


def seen(situation: Situation, version: str = NEW, **changes: Any) -> Seen:  # noqa: ANN401
    """An undisturbed run after which all is well, with some of it changed."""
    good = Seen(
        health=Health.UNDISTURBED,
        exit_code=ExitCode.DONE,
        reason="applied",
        took=1.0,
        deadline=20.0,
        values=tuple(value(NEW, model=alias.model) for alias in situation.aliases),
        before=held(situation, OLD),
        live=held(situation, version),
        writes=len(situation.aliases),
        unsettled=0,
        pretended=0,
        comments=Comments(results=(PROMOTED,)),
        tags={(alias.model, NEW): TAGS for alias in situation.aliases},
    )
    return replace(good, **changes)


REFUSAL: Mapping[str, Any] = {
    "exit_code": ExitCode.NO,
    "reason": "approval_missing",
    "values": (),
    "writes": 0,
    "comments": Comments(after_merge=(NOT_PROMOTED,)),
}
OUTAGE: Mapping[str, Any] = {
    "health": Health.DISTURBED,
    "exit_code": ExitCode.UNDECIDED,
    "reason": "apply_failed",
}


def test_what_is_right_is_not_complained_about() -> None:
    assert complaints(ONE, seen(ONE)) == ()
    assert complaints(TWO, seen(TWO)) == ()
    assert complaints(ONE, seen(ONE, reason="already_applied")) == ()
    assert complaints(REFUSED, seen(REFUSED, OLD, **REFUSAL)) == ()
    assert complaints(ONE, seen(ONE, OLD, **OUTAGE, values=())) == ()
    assert complaints(ONE, seen(ONE, NEW, **OUTAGE)) == ()
    back = (value(NEW), value(OLD))
    assert complaints(TWO, seen(TWO, OLD, **OUTAGE, values=back)) == ()
    lied = {**OUTAGE, "exit_code": ExitCode.NO, "reason": "readback_mismatch"}
    assert complaints(ONE, seen(ONE, OLD, **lied, values=(), pretended=1)) == ()
    assert complaints(ONE, seen(ONE, OLD, **lied, values=())) != ()
    assert is_moved(ONE, seen(ONE))


@pytest.mark.parametrize(
    ("situation", "history", "words"),
    [
        (ONE, seen(ONE, values=(value(None), value(NEW))), "WRONG MOVE: churn@champion was gone"),
        (ONE, seen(ONE, values=(value(OTHER), value(NEW))), "WRONG MOVE: churn@champion was 3"),
        (ONE, seen(ONE, OTHER), "WRONG MOVE: churn@champion was 3"),
        (ONE, seen(ONE, values=(value(NEW, alias="shadow"),)), "WRONG MOVE: churn@shadow was 2"),
        (ONE, seen(ONE, values=(value(NEW, model="fraud"),)), "WRONG MOVE: fraud@champion was 2"),
        (REFUSED, seen(REFUSED, NEW, **REFUSAL), "WRONG MOVE"),
        (REFUSED, seen(REFUSED, OLD, **{**REFUSAL, "values": (value(OLD),)}), "was set, and nothing"),
        (REFUSED, seen(REFUSED, OLD, **{**REFUSAL, "writes": 1}), "1 attempts to write"),
        (
            TWO,
            seen(TWO, **OUTAGE, live={**held(TWO, NEW), ("fraud", "champion"): OLD}),
            "1 of 2 aliases",
        ),
        (ONE, seen(ONE, took=25.1), "HANG"),
        (ONE, seen(ONE, reason="no_such_reason"), "no reason"),
        (ONE, seen(ONE, exit_code=ExitCode.UNDECIDED), "exit code 4 with the reason applied"),
        (ONE, seen(ONE, exit_code=ExitCode.BUG, reason="internal_error"), "it ended with internal_error"),
        (ONE, seen(ONE, exit_code=ExitCode.UNDECIDED, reason="apply_failed"), "it ended with apply_failed"),
        (ONE, seen(ONE, OLD, health=Health.DISTURBED), "it says applied"),
        (ONE, seen(ONE, OLD), "where git asks"),
        (ONE, seen(ONE, tags={}), "lacks the tags promoter_pull_request"),
        (
            ONE,
            seen(ONE, tags={("churn", NEW): {**TAGS, "promoter_applied_champion": "1 1"}}),
            "tags name pull request 1 and 3, and 3 asks for it",
        ),
        (
            ONE,
            seen(ONE, tags={("churn", NEW): {**TAGS, "promoter_pull_request": "1"}}),
            "tags name pull request 1 and 3",
        ),
        (ONE, seen(ONE, comments=Comments(results=(PROMOTED, PROMOTED))), "DUPLICATE COMMENT: 2"),
        (
            REFUSED,
            seen(REFUSED, OLD, **{**REFUSAL, "comments": Comments(after_merge=(NOT_PROMOTED,) * 2)}),
            "DUPLICATE COMMENT: 2 comments with after-merge",
        ),
        (ONE, seen(ONE, comments=Comments(results=(PROMOTED,), others=("?",))), "nobody would find again"),
        (ONE, seen(ONE, comments=Comments()), "no comment with results"),
        (ONE, seen(ONE, comments=Comments(results=(READY,))), "still says '### ✅ Ready"),
        (
            ONE,
            seen(ONE, comments=Comments(results=(PROMOTED,), after_merge=(NOT_PROMOTED,))),
            "still says '### ❌ Not promoted",
        ),
        (REFUSED, seen(REFUSED, OLD, **{**REFUSAL, "comments": Comments()}), "nobody is told"),
        (
            REFUSED,
            seen(REFUSED, OLD, **{**REFUSAL, "comments": Comments(after_merge=(PROMOTED,))}),
            "it says '### ✅ Promoted",
        ),
        (PROPOSED, seen(PROPOSED, OLD, values=(), writes=0), "it ended with applied"),
    ],
)
def test_each_broken_promise_is_found(situation: Situation, history: Seen, words: str) -> None:
    found = complaints(situation, history)
    assert any(words in complaint for complaint in found), found


def test_what_cannot_be_put_right_may_stay_half_done_once() -> None:
    half = {**held(TWO, NEW), ("fraud", "champion"): OLD}
    assert complaints(TWO, seen(TWO, **OUTAGE, live=half, unsettled=2)) == ()
    assert complaints(TWO, seen(TWO, live=half)) != ()


def test_what_was_left_half_done_is_held_against_the_run_that_did_it() -> None:
    half = {**held(TWO, NEW), ("fraud", "champion"): OLD}
    other = {**held(TWO, OLD), ("fraud", "champion"): NEW}
    assert complaints(TWO, seen(TWO, **OUTAGE, before=half, live=half)) == ()
    assert complaints(TWO, seen(TWO, **OUTAGE, before=held(TWO, OLD), live=half)) != ()
    assert complaints(TWO, seen(TWO, **OUTAGE, before=other, live=half)) != ()
    # A run that nothing disturbs has to finish it.
    assert complaints(TWO, seen(TWO, before=half, live=half)) != ()
