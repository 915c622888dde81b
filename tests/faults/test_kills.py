"""Runs of apply that die or are asked to stop at any call: a few of what `make test-faults` plays."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.forked import Forking, forking
from tests.faults.stopping import RECORD, Tally, calls_of_an_apply, strike_once, strikes
from tests.faults.stopping_gate import Moment, Then
from tests.faults.stopping_range import Range, Strike, ranged
from tests.mlflow_server import MlflowServer

pytestmark = pytest.mark.integration

ALIAS_WRITE = "POST /api/2.0/mlflow/registered-models/alias"
TAG_WRITE = "POST /api/2.0/mlflow/model-versions/set-tag"


@pytest.fixture(scope="module")
def server() -> Iterator[Forking]:
    """What starts processes of the Action's."""
    with forking() as started:
        yield started


@pytest.fixture
def place(tmp_path: Path, mlflow_server: MlflowServer, server: Forking) -> Iterator[Range]:
    """A house behind a gate."""
    with ranged(tmp_path, mlflow_server.url, server) as made:
        yield made


def test_a_seeded_sample_of_all_points(place: Range) -> None:
    tally = Tally(calls=len(calls_of_an_apply(place)))
    for strike in strikes(tally.calls, seed=7, killed=12, asked=4):
        strike_once(place, strike, tally)
    assert tally.wrong == []
    assert sum(tally.runs.values()) == 16
    assert tally.asked > 16


@pytest.mark.parametrize("moment", Moment)
def test_killed_at_the_write_of_the_alias(place: Range, moment: Moment) -> None:
    call = calls_of_an_apply(place).index(ALIAS_WRITE) + 1
    tally = Tally()
    strike_once(place, Strike(call=call, moment=moment, sign=signal.SIGKILL), tally)
    assert tally.wrong == []
    assert tally.moved_by_the_first == (moment is not Moment.BEFORE)


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "schedule"])
def test_between_alias_and_record_any_later_run_makes_it_good(place: Range, event: str) -> None:
    call = calls_of_an_apply(place).index(TAG_WRITE) + 1
    _, new, _, push = place.next_promotion()
    place.run(push, Strike(call=call, moment=Moment.BEFORE, sign=signal.SIGKILL))
    assert place.house.champion() == new
    assert place.house.tags(new) == {}
    later = place.run_later(event)
    assert later.code == 0, later.log
    assert place.house.tags(new).keys() >= set(RECORD)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_once_the_alias_is_written_the_same_run_finishes_its_record(
    place: Range, sign: signal.Signals
) -> None:
    call = calls_of_an_apply(place).index(ALIAS_WRITE) + 1
    _, new, number, push = place.next_promotion()
    more = (signal.SIGTERM, signal.SIGINT, signal.SIGTERM)
    strike = Strike(call=call, moment=Moment.DURING, sign=sign, then=Then.ANSWER, more=more)
    ended = place.run(push, strike)
    assert (ended.code, ended.outputs["reason-code"]) == (130, "interrupted"), ended.log
    assert ended.seconds < 5
    assert place.house.champion() == new
    assert place.house.tags(new).keys() >= {*RECORD, "promoter_verdict", "promoter_promoted_at"}
    assert "before that it moved 1 alias" in ended.log
    (comment,) = place.house.comments(number)
    assert "moved from version" in comment.body


def test_asked_to_stop_before_the_write_it_writes_nothing(place: Range) -> None:
    calls = calls_of_an_apply(place)
    old, _, _, push = place.next_promotion()
    strike = Strike(call=calls.index(ALIAS_WRITE) - 4, moment=Moment.DURING, sign=signal.SIGTERM)
    ended = place.run(push, strike)
    assert (ended.code, ended.outputs["reason-code"]) == (130, "interrupted"), ended.log
    assert place.house.champion() == old
    assert ended.seconds < 2
