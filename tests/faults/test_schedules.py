"""A thousand seeded schedules of faults on both servers: the Action keeps its promises in each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.schedule import Kind, Place, Service, schedule_of
from tests.faults.schedule_run import IMPATIENT, Stage, Tally, play, staged
from tests.mlflow_server import MlflowServer

pytestmark = pytest.mark.integration

SCHEDULES = 1_000
_AT_ONCE = 25
PLACES = [
    Place(run=0, call=call, write=call % 12, service=service)
    for call in range(0, 40, 3)
    for service in Service
]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, mlflow_server: MlflowServer) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("faults")
    with staged(folder, url=mlflow_server.url, database=mlflow_server.database) as made:
        yield made


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in IMPATIENT.items():
        monkeypatch.setenv(name, value)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SCHEDULES, _AT_ONCE))
def test_whatever_fails_no_alias_is_wrong_and_the_next_run_finishes(stage: Stage, first: int) -> None:
    tally = Tally()
    for seed in range(first, first + _AT_ONCE):
        broken = play(schedule_of(seed), stage, tally)
        assert not broken, f"{broken[0]}\nAgain: python -m tests.faults.run --seed {seed}"
    assert tally.schedules == _AT_ONCE
    # Faults were met, and not all of them were deadly.
    assert tally.faults
    assert tally.good_ends > 0


def test_the_same_seed_is_the_same_schedule() -> None:
    for seed in range(50):
        one, other = schedule_of(seed), schedule_of(seed)
        assert one == other
        assert [one.fault(place) for place in PLACES] == [other.fault(place) for place in PLACES]


def test_every_fault_is_drawn_for_both_servers() -> None:
    drawn = {(place.service, schedule_of(seed).fault(place)) for seed in range(SCHEDULES) for place in PLACES}
    limits = {Kind.SECONDARY, Kind.SECONDARY_ASKING, Kind.PRIMARY}
    assert {kind for service, kind in drawn if service is Service.GITHUB} >= set(Kind)
    assert {kind for service, kind in drawn if service is Service.REGISTRY} >= set(Kind) - limits
