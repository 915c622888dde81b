"""The registry's list beside other work: overlapped, asked once, and no error lost on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from promoter.adapters.beside import Beside
from promoter.commands.drift import drift
from promoter.commands.drift_listing import holders, listed
from promoter.core.prompt import Kind, Prompt
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say
from tests.builders import a_model_version
from tests.fakes.observed import observed
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import SHADOW, Team

# Far longer than anything here takes: only a test that fails waits so long
PATIENCE = 30.0
DOWN = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"))
MODEL = PromotionRequest(path="a.yaml", model="churn", alias="champion", version="6")
PROMPT = PromotionRequest(path="b.yaml", model="greet", alias="champion", version="1", kind=Kind.PROMPT)


@pytest.fixture
def registry() -> InMemoryRegistry:
    made = InMemoryRegistry()
    made.add_model("churn", aliases={"champion": "6"})
    made.add_version(a_model_version(model="greet", version="1", prompt=Prompt(template="Hello")))
    made.set_alias("greet", "champion", version="1")
    return made


@pytest.fixture
def never_again() -> Iterator[threading.Event]:
    """Something to wait for that comes when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_models_are_listed_once_and_prompts_only_where_one_is_asked_for(registry: InMemoryRegistry) -> None:
    seen, calls = observed(registry)
    found = listed(lambda: seen)
    assert found[0] is seen
    assert holders(found, [MODEL]) == {"churn": {"champion": "6"}}
    assert calls.count("all_aliases") == 1
    live = holders(found, [MODEL, PROMPT])
    assert sorted(live.items()) == [("churn", {"champion": "6"}), (PROMPT.key[0], {"champion": "1"})]
    assert calls.count("all_aliases") == 2


def test_the_registry_is_asked_while_the_requests_are_being_read() -> None:
    team = Team()
    asked, seen = threading.Event(), list[bool]()
    registry, calls = observed(team.registry)
    calls.after("all_aliases", asked.set)
    repository, reading = observed(team.drift_world().repository)
    # The second reading is that of the requests; it ends only when the registry was asked
    reading.after("contents", lambda: seen.append(asked.wait(PATIENCE)), nth=2)
    world = team.drift_world(repository=repository, registry=lambda: registry, beside=Beside)
    report = drift(world, branch="main")
    assert (report.reason, seen) == (ReasonCode.IN_SYNC, [True])


def test_an_error_of_the_registry_is_told_by_who_waits_for_it(registry: InMemoryRegistry) -> None:
    registry.fail("all_aliases", DOWN)
    with (
        Beside(lambda: listed(lambda: registry)) as asked,
        pytest.raises(PromoterError, match="no answer"),
    ):
        asked.answer()


def test_files_that_are_wrong_are_told_before_a_registry_that_is_down() -> None:
    team = Team()
    team.registry.fail("all_aliases", DOWN)
    team.push({SHADOW: b"model: x\n"})
    report = drift(team.drift_world(beside=Beside), branch="main")
    assert report.reason is ReasonCode.REQUEST_INVALID


def test_a_registry_that_hangs_does_not_keep_an_error_back(never_again: threading.Event) -> None:
    with (
        pytest.raises(PromoterError, match="no answer"),
        Beside(lambda: never_again.wait(PATIENCE), moment=0.01),
    ):
        raise DOWN
    assert not never_again.is_set()
