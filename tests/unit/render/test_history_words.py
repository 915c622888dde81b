"""The words of a history and of the fleet, one state at a time."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from promoter.core.drift import DriftKind, Exemption
from promoter.core.fleet import Fleet, Row, State
from promoter.core.history import Asked
from promoter.core.override_rules import Overridable, Override
from promoter.core.timeline import (
    AsOf,
    Certainty,
    Entry,
    History,
    Kind,
    Live,
    LiveState,
    Pull,
    Reached,
    Record,
    Teller,
)
from promoter.errors import ReasonCode
from promoter.render import fleet_words
from promoter.render.fleet_html import fleet_html
from promoter.render.fleet_json import fleet_json
from promoter.render.fleet_terminal import fleet_terminal
from promoter.render.history_json import history_json
from promoter.render.history_words import answer, details, headline, span, title, tone
from promoter.render.terminal import Style
from promoter.render.words import Tone
from promoter.text import say

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OVERRIDE = Override(
    checks=(Overridable.METRICS, Overridable.TAGS), reason="The season is over", expires=date(2026, 3, 31)
)


def an_entry(version: str | None = "7", **changes: object) -> Entry:
    asked = Asked(
        version=version,
        path="promotions/churn/champion.yaml",
        commit="c" * 40,
        when=START.isoformat(),
        merged_at=START.isoformat(),
        author="alice",
        subject="Promote",
    )
    whole = Entry(asked=asked, kind=Kind.PROMOTION, since=START, until=None, reached=Reached.APPLIED)
    return replace(whole, **changes)  # type: ignore[arg-type]


def a_history(entry: Entry, live: Live) -> History:
    return History(
        model="churn",
        alias="champion",
        commit="a" * 40,
        entries=(entry,),
        shown=(entry,),
        live=live,
        now=START,
        tool_version="0.1.0",
    )


def lines(entry: Entry) -> list[str]:
    return [str(line) for line in details(entry)]


# --- the first line -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "live", "kind", "end"),
    [
        (
            None,
            "7",
            Tone.QUIET,
            "asks for no version since 2026-03-01 12:00:00 UTC, but the registry says: version `7`",
        ),
        ("6", "7", Tone.BAD, "version `6` since 2026-03-01 12:00:00 UTC, but the registry says: version `7`"),
        ("7", None, Tone.BAD, "but the registry says: nobody there"),
    ],
)
def test_git_and_registry_differ(version: str | None, live: str | None, kind: Tone, end: str) -> None:
    state = LiveState.HELD if live else LiveState.NOBODY
    found, said = headline(a_history(an_entry(version), Live(state=state, version=live)))
    assert (found, str(said).endswith(end)) == (kind, True), said


@pytest.mark.parametrize(
    ("version", "called"),
    [
        ("3", "`dev.churn/7`, copied as version `3`"),
        ("dev.churn/7", "`dev.churn/7`"),
    ],
)
def test_a_copy_is_called_by_its_source_and_by_its_number(version: str, called: str) -> None:
    entry = an_entry(version)
    entry = replace(entry, asked=replace(entry.asked, source="dev.churn/7"), applied_at=START)
    assert str(title(entry)) == called
    live = Live(state=LiveState.HELD, version=version)
    assert str(headline(a_history(entry, live))[1]) == (
        f"`churn@champion`: git asks for {called} since 2026-03-01 12:00:00 UTC, and the registry holds it"
    )
    found = AsOf(moment=START, asked=entry, applied=entry, certainty=Certainty.DATED)
    assert [str(line) for line in answer(found)] == [
        f"at 2026-03-01 12:00:00 UTC git asked for {called}",
        f"applied by then: {called}, since 2026-03-01 12:00:00 UTC",
    ]
    (told,) = json.loads(history_json(a_history(entry, live)))
    assert (told["version"], told["from"]) == (version, "dev.churn/7")


def test_a_copy_whose_number_is_not_known_differs_only_perhaps() -> None:
    entry = an_entry("dev.churn/7")
    held = Live(state=LiveState.HELD, version="3")
    assert headline(a_history(entry, held))[0] is Tone.UNSURE


# --- an entry -------------------------------------------------------------------------------------


def test_an_override_is_told_with_its_reason_and_its_end() -> None:
    entry = an_entry()
    entry = replace(entry, asked=replace(entry.asked, override=OVERRIDE))
    assert lines(entry)[0] == (
        "an override of `metrics, tags` was asked for until 2026-03-31: `The season is over`"
    )
    assert '"checks": [\n        "metrics",\n        "tags"\n      ]' in history_json(
        a_history(entry, Live())
    )


def test_a_renamed_file_is_told_by_its_new_path() -> None:
    told = lines(an_entry(kind=Kind.RENAMED))
    assert told[2] == "the file is `promotions/churn/champion.yaml` from here on"


def test_what_was_moved_by_hand_before_is_told() -> None:
    assert lines(an_entry(outside="5"))[-1] == (
        "it took the alias from version `5`, which git had not asked for: somebody had moved it by hand"
    )


@pytest.mark.parametrize(
    ("pull", "said"),
    [
        (None, "no pull request is known"),
        (Pull(number=3, told_by=Teller.COMMIT), "pull request #3, as the commit says"),
        (Pull(number=3, told_by=Teller.REGISTRY), "pull request #3, as the registry's tag says"),
        (
            Pull(number=3, told_by=Teller.GITHUB, title="T", author="bob"),
            "pull request #3 `T`, asked by `bob`",
        ),
        (
            Pull(number=3, told_by=Teller.GITHUB, title="T", author="bob", approved_by=()),
            "pull request #3 `T`, asked by `bob`, without an approval that counts today",
        ),
        (
            Pull(number=3, told_by=Teller.GITHUB, title="T", author="bob", approved_by=("alice", "carol")),
            "pull request #3 `T`, asked by `bob`, approved by `alice, carol`",
        ),
    ],
)
def test_which_pull_request_and_who_says_so(pull: Pull | None, said: str) -> None:
    assert lines(an_entry(pull=pull))[0] == said


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (Record(pull=3, pull_request="3", approved_by="alice"), "the tags say: approved by `alice`"),
        (Record(pull=3, pull_request="3", evidence="ab"), "the tags say: evidence `ab`"),
        (
            Record(pull=3, pull_request="3", approved_by="alice", evidence="ab"),
            "the tags say: approved by `alice`, evidence `ab`",
        ),
    ],
)
def test_what_apply_wrote_down(record: Record, said: str) -> None:
    assert lines(an_entry(record=record))[-1] == said


@pytest.mark.parametrize(
    "record",
    [
        None,
        Record(pull=3, pull_request="3"),
        Record(pull=3, pull_request="4", approved_by="alice"),
        Record(pull_request="None", approved_by="alice"),
    ],
)
def test_tags_of_another_promotion_are_not_told(record: Record | None) -> None:
    assert not [line for line in lines(an_entry(record=record)) if "tags say" in line]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (an_entry(reached=Reached.NEVER), Tone.BAD),
        (an_entry(reached=Reached.UNKNOWN), Tone.UNSURE),
        (an_entry(None, kind=Kind.UNREADABLE, reached=Reached.NOTHING), Tone.UNSURE),
        (an_entry(None, kind=Kind.DELETION, reached=Reached.NOTHING), Tone.QUIET),
        (an_entry(reached=Reached.NOT_ASKED), Tone.QUIET),
        (an_entry(), Tone.GOOD),
    ],
)
def test_how_an_entry_is_to_be_taken(entry: Entry, expected: Tone) -> None:
    assert tone(entry) is expected


def test_what_was_replaced_at_once_was_in_force_for_no_time() -> None:
    assert span(an_entry(until=START)) == "2026-03-01 12:00:00 UTC, replaced at once"
    assert str(title(an_entry(None))) == "unmanaged"


@pytest.mark.parametrize("reached", [Reached.NOT_ASKED, Reached.IN_PLACE])
def test_what_is_not_known_of_the_registry_is_not_told(reached: Reached) -> None:
    told = lines(an_entry(reached=reached))
    assert len(told) == (2 if reached is Reached.NOT_ASKED else 3)


# --- who held it on a day -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (None, "at 2026-03-02 12:00:00 UTC git had not asked for any version yet"),
        (an_entry(None), "at 2026-03-02 12:00:00 UTC git asked for no version"),
        (an_entry(), "at 2026-03-02 12:00:00 UTC git asked for version `7`"),
    ],
)
def test_what_git_asked_for_that_day(asked: Entry | None, said: str) -> None:
    found = AsOf(moment=START + timedelta(days=1), asked=asked, applied=None, certainty=Certainty.NOBODY)
    assert [str(line) for line in answer(found)] == [
        said,
        "no version that git asked for had been applied by then",
    ]


@pytest.mark.parametrize(
    ("certainty", "applied", "said"),
    [
        (
            Certainty.DATED,
            an_entry(applied_at=START),
            "applied by then: version `7`, since 2026-03-01 12:00:00 UTC",
        ),
        (
            Certainty.UNDATED,
            an_entry(),
            "applied by then, as far as is known: version `7`; no tag tells when",
        ),
        (Certainty.UNKNOWN, None, "what had been applied by then cannot be told"),
    ],
)
def test_how_well_it_is_known_what_had_been_applied(
    certainty: Certainty, applied: Entry | None, said: str
) -> None:
    found = AsOf(moment=START, asked=None, applied=applied, certainty=certainty)
    assert str(answer(found)[-1]) == said


# --- the fleet ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "changes", "said"),
    [
        (State.UNDECIDED, {"why": say("it is down")}, "could not be decided: it is down"),
        (State.DRIFT, {"kind": DriftKind.MOVED}, "was moved outside git"),
        (State.DRIFT, {}, "out of sync"),
        (
            State.EXEMPT,
            {"exemption": Exemption.DRY_RUN},
            "left aside: the policy has it in `mode: dry_run`",
        ),
        (State.EXEMPT, {}, "left aside"),
        (State.IN_SYNC, {}, "in sync"),
    ],
)
def test_how_one_alias_stands(state: State, changes: dict[str, object], said: str) -> None:
    row = replace(Row(model="churn", alias="champion", state=state), **changes)  # type: ignore[arg-type]
    assert str(fleet_words.what(row)) == said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "nothing"),
        ({"asked": "7"}, "7"),
        ({"asked": "dev.churn/7", "source": "dev.churn/7"}, "dev.churn/7"),
        ({"asked": "3", "source": "dev.churn/7"}, "dev.churn/7, copied as version 3"),
    ],
)
def test_what_git_asks_for(row: dict[str, str], said: str) -> None:
    one = Row(model="churn", alias="champion", state=State.IN_SYNC, **row)  # type: ignore[arg-type]
    assert fleet_words.asks(one) == said
    fleet = Fleet(reason=ReasonCode.IN_SYNC, message=say("x"), rows=(one,))
    assert said in fleet_terminal(fleet, style=Style.PLAIN)
    shown = re.sub(r"<[^>]*>", "", fleet_html(fleet))
    assert said in shown
    (told,) = json.loads(fleet_json(fleet))["aliases"]
    assert (told["version"], told["from"]) == (row.get("asked"), row.get("source"))


def test_a_filter_that_leaves_nothing_says_so() -> None:
    empty = Fleet(reason=ReasonCode.IN_SYNC, message=say("nothing was compared"))
    assert [str(said) for _, said in map(fleet_words.headline, (empty, replace(empty, left_out=2)))] == [
        "nothing was compared",
        "no alias is as wanted",
    ]
