"""What decides nothing takes a bounded slice of the run's time, and is not asked again after an outage."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import cast

import pytest

from promoter.adapters.deadline import Deadline
from promoter.adapters.mlflow_address import Addresses
from promoter.adapters.mlflow_artifacts import Artifacts, Store
from promoter.adapters.mlflow_calls import Calls, Slice
from promoter.adapters.mlflow_version_files import VersionFiles
from promoter.core.model_version import ModelVersion
from promoter.errors import PromoterError, ReasonCode
from promoter.text import Message, say
from tests.builders import a_model_version

DOING = say("reading")
ADDRESSES = Addresses(tracking="https://mlflow.example", registry="https://mlflow.example")


class Asked:
    """A call that is counted, and fails as it is told."""

    def __init__(self, *failures: PromoterError | None) -> None:
        self._failures = iter(failures)
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        failure = next(self._failures, None)
        if failure is not None:
            raise failure
        return "read"


def failure(reason: ReasonCode) -> PromoterError:
    return PromoterError(reason, say("no answer"))


@pytest.mark.parametrize("reason", [ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.DEADLINE_EXCEEDED])
def test_after_an_outage_nothing_more_is_asked(reason: ReasonCode, a_minute: Deadline) -> None:
    asked, part = Asked(failure(reason)), Slice(a_minute, part=0.5, most=10)
    for _ in range(3):
        with pytest.raises(PromoterError) as caught:
            part.run(asked, doing=DOING)
        assert caught.value.reason is reason
    assert asked.count == 1


@pytest.mark.parametrize("reason", [ReasonCode.DATA_UNAVAILABLE, ReasonCode.MODEL_UNSAFE])
def test_what_is_wrong_with_one_version_keeps_no_other_from_being_read(
    reason: ReasonCode, a_minute: Deadline
) -> None:
    asked, part = Asked(failure(reason)), Slice(a_minute, part=0.5, most=10)
    with pytest.raises(PromoterError):
        part.run(asked, doing=DOING)
    assert part.run(asked, doing=DOING) == "read"


def test_all_calls_together_have_what_the_slice_has() -> None:
    now = [0.0]
    deadline = Deadline(1_000, clock=lambda: now[0])
    part = Slice(deadline, part=0.1, most=30)

    def slow() -> str:
        now[0] += 20
        return "read"

    def too_slow() -> str:
        slow()
        time.sleep(0.5)
        return "never seen"

    assert part.run(slow, doing=DOING) == "read"
    now[0] += 500
    with pytest.raises(PromoterError, match="reading took longer than there is time for") as caught:
        part.run(too_slow, doing=DOING)
    assert caught.value.reason is ReasonCode.DEADLINE_EXCEEDED
    assert deadline.remaining() == 460


class Hanging:
    """A store whose answers never come, until the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.asked = 0

    def list_artifacts(self, path: str | None = None) -> list[object]:
        self.asked += 1
        self.over.wait(30)
        return []


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    made = Hanging()
    yield made
    made.over.set()


def test_files_that_hang_leave_the_run_its_time(hanging: Hanging) -> None:
    deadline = Deadline(5)
    calls = Calls(addresses=ADDRESSES, deadline=deadline)
    opened = Artifacts(ADDRESSES, open_store=lambda _: cast("Store", hanging))

    def where(version: ModelVersion, *, doing: Message) -> str:
        assert doing.parts
        return version.source

    files = VersionFiles(artifacts=opened, calls=calls, addresses=ADDRESSES, where=where)
    for number in ("6", "7"):
        with pytest.raises(PromoterError, match="version `6` of `churn` needs took longer") as caught:
            files.papers(a_model_version(version=number, source="s3://bucket/model"))
        assert caught.value.reason is ReasonCode.DEADLINE_EXCEEDED
    assert hanging.asked == 1
    assert deadline.remaining() > 4
    assert calls.ask(lambda: "moved", doing=DOING) == "moved"
