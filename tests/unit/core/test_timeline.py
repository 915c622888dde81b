"""Git, GitHub and registry joined: what each change was, when it was in force, and whether it was applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promoter.core.as_of import as_of, holdings, read_moment
from promoter.core.history import Asked
from promoter.core.timeline import (
    Certainty,
    Entry,
    Kind,
    Live,
    LiveState,
    Pull,
    Reached,
    Record,
    Sources,
    Teller,
    in_force,
)
from promoter.core.timeline_join import timeline
from promoter.errors import PromoterError, ReasonCode

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PATH = "promotions/churn/champion.yaml"


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def asked(number: int, version: str | None, **changes: object) -> Asked:
    """The change of a day; its pull request has the same number."""
    one = Asked(
        version=version,
        path=PATH,
        commit=f"{number:040x}",
        when=day(number).isoformat(),
        merged_at=day(number).isoformat(),
        author="alice",
        subject=f"Merge pull request #{number} from acme/x",
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def applied(pull: int, origin: str = "", at: float | None = None) -> Record:
    """What apply writes, an hour after the merge unless said otherwise."""
    return Record(
        pull=pull,
        origin=origin,
        pull_request=str(pull),
        promoted_at=day(pull + 1 / 24 if at is None else at).isoformat(),
        approved_by="alice",
    )


def told(
    changes: Sequence[Asked], records: Mapping[str, Record | None] | None = None, live: str | None = "7"
) -> tuple[Entry, ...]:
    """Changes newest first; a registry that holds `live`."""
    numbers = {one.commit: int(one.commit, 16) for one in changes}
    pulls = {commit: Pull(number=n, told_by=Teller.COMMIT) for commit, n in numbers.items() if n}
    state = LiveState.HELD if live else LiveState.NOBODY
    sources = Sources(asked=changes, pulls=pulls, records=records or {}, live=Live(state=state, version=live))
    return timeline(sources)


def shown(entries: Sequence[Entry]) -> list[tuple[str | None, Kind, Reached]]:
    return [(one.version, one.kind, one.reached) for one in entries]


def test_a_promotion_that_went_all_the_way() -> None:
    newest, oldest = told([asked(2, "7"), asked(1, "6")], {"7": applied(2, "6"), "6": applied(1)})
    assert (newest.kind, newest.reached, newest.applied_at) == (
        Kind.PROMOTION,
        Reached.APPLIED,
        day(2 + 1 / 24),
    )
    assert (newest.since, newest.until, newest.took_from, newest.outside) == (day(2), None, "6", None)
    assert (oldest.kind, oldest.reached, oldest.until) == (Kind.FIRST, Reached.APPLIED, day(2))


def test_without_a_registry_nothing_is_said_of_it() -> None:
    entries = timeline(Sources(asked=[asked(2, "7"), asked(1, "6")]))
    assert [one.reached for one in entries] == [Reached.NOT_ASKED, Reached.NOT_ASKED]


def test_what_was_merged_and_never_applied() -> None:
    records = {"7": Record(), "6": applied(1)}
    assert shown(told([asked(2, "7"), asked(1, "6")], records, live="6"))[0] == (
        "7",
        Kind.PROMOTION,
        Reached.NEVER,
    )


def test_a_rollback_writes_over_the_first_tags_and_the_successor_still_proves_it() -> None:
    """6, 7, 6 again: version 6's tags speak of the rollback alone."""
    changes = [asked(3, "6"), asked(2, "7"), asked(1, "6")]
    entries = told(changes, {"6": applied(3, "7"), "7": applied(2, "6")}, live="6")
    assert shown(entries) == [
        ("6", Kind.ROLLBACK, Reached.APPLIED),
        ("7", Kind.PROMOTION, Reached.APPLIED),
        ("6", Kind.FIRST, Reached.APPLIED),
    ]
    assert [one.applied_at for one in entries] == [day(3 + 1 / 24), day(2 + 1 / 24), None]


def test_without_a_successor_to_prove_it_nothing_is_made_up() -> None:
    changes = [asked(3, "6"), asked(2, "7"), asked(1, "6")]
    entries = told(changes, {"6": applied(3, "5"), "7": Record()}, live="6")
    assert [one.reached for one in entries] == [Reached.APPLIED, Reached.NEVER, Reached.UNKNOWN]
    assert entries[0].outside == "5"


def test_a_second_merge_that_was_never_applied_is_not_the_first() -> None:
    changes = [asked(3, "7"), asked(2, "6"), asked(1, "7")]
    entries = told(changes, {"7": applied(1), "6": applied(2, "7")}, live="6")
    assert [one.reached for one in entries] == [Reached.NEVER, Reached.APPLIED, Reached.APPLIED]


def test_a_version_that_is_gone() -> None:
    entries = told([asked(2, "7"), asked(1, "6")], {"7": Record(pull=2), "6": None})
    assert entries[1].reached is Reached.UNKNOWN
    entries = told([asked(2, "7"), asked(1, "6")], {"7": applied(2, "6"), "6": None})
    assert entries[1].reached is Reached.APPLIED


def test_an_adoption_is_told_from_a_first_promotion() -> None:
    (adopted,) = told([asked(1, "7")], {"7": Record(pull=0)})
    assert (adopted.kind, adopted.reached) == (Kind.ADOPTION, Reached.IN_PLACE)
    (recorded,) = told([asked(1, "7")], {"7": Record(pull=1, pull_request="1")})
    assert (recorded.kind, recorded.reached) == (Kind.ADOPTION, Reached.IN_PLACE)
    (first,) = told([asked(1, "7")], {"7": applied(1)})
    assert (first.kind, first.reached) == (Kind.FIRST, Reached.APPLIED)


def test_a_version_moved_by_hand_without_tags_holds_it_all_the_same() -> None:
    (entry,) = told([asked(1, "7")], {"7": Record()})
    assert entry.reached is Reached.IN_PLACE
    (entry,) = told([asked(1, "7")], {"7": Record()}, live="5")
    assert entry.reached is Reached.NEVER


def test_deleted_renamed_and_asked_for_again() -> None:
    changes = [
        asked(5, None, is_readable=False),
        asked(4, "7", path="promotions/new.yaml"),
        asked(3, "7"),
        asked(2, None),
        asked(1, "7"),
    ]
    entries = told(changes, {"7": applied(1)})
    assert shown(entries) == [
        (None, Kind.UNREADABLE, Reached.NOTHING),
        ("7", Kind.RENAMED, Reached.APPLIED),
        ("7", Kind.EDITED, Reached.APPLIED),
        (None, Kind.DELETION, Reached.NOTHING),
        ("7", Kind.FIRST, Reached.APPLIED),
    ]
    assert {one.applied_at for one in entries if one.version} == {day(1 + 1 / 24)}


def test_a_move_by_hand_that_a_later_promotion_came_upon() -> None:
    newest, _ = told([asked(2, "7"), asked(1, "6")], {"7": applied(2, "5"), "6": applied(1)})
    assert newest.outside == "5"


def test_a_version_that_was_never_applied_is_not_what_was_taken_over() -> None:
    changes = [asked(3, "8"), asked(2, "7"), asked(1, "6")]
    newest, *_ = told(changes, {"8": applied(3, "6"), "7": Record(), "6": applied(1)}, live="8")
    assert newest.outside is None


@pytest.mark.parametrize("at", [-3, 0.5])
def test_a_time_that_speaks_of_another_promotion_is_not_believed(at: float) -> None:
    (entry,) = told([asked(1, "7")], {"7": applied(1, "5", at=at)})
    assert (entry.reached, entry.applied_at) == (Reached.APPLIED, None)
    other = replace(applied(1, "5"), pull_request="9")
    (entry,) = told([asked(1, "7")], {"7": other})
    assert entry.applied_at is None


def test_the_registry_names_the_pull_request_where_the_commit_does_not() -> None:
    sources = Sources(
        asked=[asked(1, "7")],
        records={"7": applied(12, at=1.1)},
        live=Live(state=LiveState.HELD, version="7"),
    )
    (entry,) = timeline(sources)
    assert entry.pull == Pull(number=12, told_by=Teller.REGISTRY)


# --- time -----------------------------------------------------------------------------------------

hours = st.integers(min_value=-48, max_value=48)
versions = st.sampled_from(["6", "7", "8", None])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Entry, ...]:
    """Changes whose dates may contradict their order, with any tags."""
    dated = draw(st.lists(st.tuples(hours, versions), min_size=1, max_size=8))
    changes = [
        asked(len(dated) - at, version, merged_at=(START + timedelta(hours=hour)).isoformat())
        for at, (hour, version) in enumerate(dated)
    ]
    record = st.one_of(
        st.none(),
        st.just(Record()),
        st.builds(
            applied,
            st.integers(0, 8),
            st.sampled_from(["", "5", "6", "7"]),
            st.floats(-3, 9, allow_nan=False),
        ),
    )
    records = draw(st.dictionaries(st.sampled_from(["6", "7", "8"]), record))
    return told(changes, records, live=draw(versions))


@given(worlds())
def test_the_entries_tile_time(entries: tuple[Entry, ...]) -> None:
    assert entries[0].until is None
    for newer, older in pairwise(entries):
        assert older.until == newer.since
        assert older.since <= newer.since


@given(worlds(), hours)
def test_as_of_agrees_with_the_entries(entries: tuple[Entry, ...], hour: int) -> None:
    moment = START + timedelta(hours=hour)
    holding = [one for one in entries if one.since <= moment and (one.until is None or moment < one.until)]
    assert len(holding) <= 1
    assert in_force(entries, moment) == (holding[0] if holding else None)
    answer = as_of(entries, moment)
    assert answer.asked == in_force(entries, moment)
    assert (answer.applied is not None) == (answer.certainty in {Certainty.DATED, Certainty.UNDATED})
    if answer.applied is not None and answer.certainty is Certainty.DATED:
        assert answer.applied.applied_at is not None
        assert answer.applied.applied_at <= moment


@given(worlds())
def test_what_was_held_does_not_overlap(entries: tuple[Entry, ...]) -> None:
    held = holdings(entries)
    for older, newer in pairwise(held):
        assert older.until is not None
        assert older.since < older.until <= newer.since


@given(worlds())
def test_never_applied_is_never_said_to_have_held(entries: tuple[Entry, ...]) -> None:
    for one in entries:
        if one.reached in {Reached.NEVER, Reached.UNKNOWN, Reached.NOTHING}:
            assert (one.applied_at, one.record) == (None, None)


def test_dates_that_contradict_the_order() -> None:
    """The middle one claims to be of the year after: it was in force for no time."""
    changes = [asked(3, "8"), asked(2, "7", merged_at=day(400).isoformat()), asked(1, "6")]
    newest, middle, oldest = told(changes)
    assert (middle.is_empty, newest.since, oldest.until) == (True, day(3), day(3))


def test_a_day_on_which_git_was_ahead_of_the_registry() -> None:
    entries = told([asked(2, "7"), asked(1, "6")], {"7": applied(2, "6", at=3), "6": applied(1)})
    between = as_of(entries, day(2.5))
    assert between.asked is not None
    assert between.applied is not None
    assert (between.asked.version, between.applied.version) == ("7", "6")
    after = as_of(entries, day(3))
    assert (after.certainty, after.applied) == (Certainty.DATED, entries[0])
    assert as_of(entries, day(0)).certainty is Certainty.NOBODY


def test_a_day_of_which_tags_do_not_tell() -> None:
    changes = [asked(2, "7"), asked(1, "6")]
    assert as_of(told(changes, {"7": applied(2, "6"), "6": None}), day(1.5)).certainty is Certainty.UNDATED
    assert as_of(told(changes, {"7": Record(pull=2), "6": None}), day(1.5)).certainty is Certainty.UNKNOWN
    assert as_of(timeline(Sources(asked=changes)), day(1.5)).certainty is Certainty.UNKNOWN


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2026-03-01", "2026-03-01T23:59:59+00:00"),
        ("2026-03-01T12:00:00", "2026-03-01T12:00:00+00:00"),
        ("2026-03-01T12:00:00+01:00", "2026-03-01T11:00:00+00:00"),
        ("2026-03-01T12:00Z", "2026-03-01T12:00:00+00:00"),
    ],
)
def test_dates_and_times(date: str, expected: str) -> None:
    assert read_moment(date).isoformat() == expected


@pytest.mark.parametrize(
    "date",
    ["yesterday", "", "2026-13-01", "01/02/2026", "2026-03-01 12:00", "2026-02-30", "0001-01-01T00:00+02:00"],
)
def test_a_date_that_is_none(date: str) -> None:
    with pytest.raises(PromoterError) as refused:
        read_moment(date)
    assert refused.value.reason is ReasonCode.USAGE_INVALID
    assert "2026-03-01" in str(refused.value.hint)
