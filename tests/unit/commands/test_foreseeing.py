"""What was read ahead is given once, and everything else is the registry's own answer."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from promoter.commands.foreseeing import Foreseen, Looked, look
from promoter.core.prompt import Kind
from promoter.core.request import PromotionRequest
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import RegistryIndex
from promoter.text import say
from tests.builders import a_model_version, a_request
from tests.fakes.observed import Calls, observed
from tests.fakes.registry import InMemoryRegistry


@pytest.fixture
def registry(tmp_path: Path) -> InMemoryRegistry:
    registry = InMemoryRegistry()
    registry.add_model("churn", aliases={"champion": "6"})
    for number in ("6", "7"):
        version = registry.add_version(a_model_version(model="churn", version=number))
        folder = tmp_path / number
        folder.mkdir()
        (folder / "MLmodel").write_text("flavors: {}\n")
        registry.add_files(version, folder)
    registry.add_run_file(version, "table.csv", b"a\n")
    return registry


def asked(**changes: object) -> PromotionRequest:
    return a_request(**{"model": "churn", "alias": "champion", "version": "7", **changes})


def seen(registry: InMemoryRegistry, *requests: PromotionRequest) -> tuple[Foreseen, Calls]:
    """A registry of which so much is known, and what it is asked from then on."""
    found = [look(registry, request) for request in requests]
    watched, calls = observed(registry)
    known = Foreseen(watched)
    known.expect(found)
    return known, calls


def test_looking_reads_the_aliases_and_both_versions(registry: InMemoryRegistry) -> None:
    found = look(registry, asked())
    assert isinstance(found, Looked)
    assert (dict(found.aliases), [*found.versions]) == ({"champion": "6"}, ["7", "6"])


def test_of_an_alias_nobody_holds_only_the_asked_version_is_read(registry: InMemoryRegistry) -> None:
    found = look(registry, asked(alias="shadow"))
    assert found is not None
    assert [*found.versions] == ["7"]


def test_what_is_not_there_is_left_to_who_judges(registry: InMemoryRegistry) -> None:
    assert look(registry, asked(version="99")) is None


@pytest.mark.parametrize("reason", [ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.DEADLINE_EXCEEDED])
def test_an_outage_ends_the_looking(registry: InMemoryRegistry, reason: ReasonCode) -> None:
    watched, calls = observed(registry)
    calls.fail("aliases", PromoterError(reason, say("no answer")))
    with pytest.raises(PromoterError) as raised:
        look(watched, asked())
    assert raised.value.reason is reason


def test_each_answer_is_given_once(registry: InMemoryRegistry) -> None:
    known, calls = seen(registry, asked())
    first = (known.aliases("churn", kind=Kind.MODEL), known.model_version("churn", "7"))
    assert calls.made == []
    assert (known.aliases("churn", kind=Kind.MODEL), known.model_version("churn", "7")) == first
    assert [name for name, _ in calls.made] == ["aliases", "model_version"]


def test_two_requests_for_one_model_have_an_answer_each(registry: InMemoryRegistry) -> None:
    known, calls = seen(registry, asked(), asked(alias="shadow"))
    for _ in range(2):
        known.aliases("churn", kind=Kind.MODEL)
        known.model_version("churn", "7")
    assert calls.made == []


def test_what_nobody_asked_for_is_forgotten_with_the_next_group(registry: InMemoryRegistry) -> None:
    known, calls = seen(registry, asked())
    known.expect([None])
    known.aliases("churn", kind=Kind.MODEL)
    assert calls.count("aliases") == 1


def test_an_error_keeps_what_was_known_before_from_being_given(registry: InMemoryRegistry) -> None:
    known, calls = seen(registry, asked())

    def broken(_: object) -> Looked:
        raise PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"))

    with pytest.raises(PromoterError):
        known.expect(map(broken, ["x"]))
    known.aliases("churn", kind=Kind.MODEL)
    assert calls.count("aliases") == 1


def test_everything_else_is_the_registrys_own_answer(registry: InMemoryRegistry, tmp_path: Path) -> None:
    known = Foreseen(registry)
    version = registry.model_version("churn", "7")
    (tmp_path / "copy").mkdir()
    assert known.all_aliases() == registry.all_aliases()
    assert known.versions("churn") == registry.versions("churn")
    assert known.signature(version) == registry.signature(version)
    assert known.papers(version) == registry.papers(version)
    assert known.files(version) == registry.files(version) == known.download(version, tmp_path / "copy")
    digest = registry.run_file(version, "table.csv", file=tmp_path / "one")
    assert known.run_file(version, "table.csv", file=tmp_path / "two") == digest


def test_it_writes_nothing_and_answers_all_that_an_index_does() -> None:
    methods = {name for name, _ in inspect.getmembers(RegistryIndex, inspect.isfunction) if name[0] != "_"}
    own = {name for name, _ in inspect.getmembers(Foreseen, inspect.isfunction) if name[0] != "_"}
    assert own == methods | {"expect"}
