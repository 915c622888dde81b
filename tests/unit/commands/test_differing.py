"""What differs is told once both versions are judged, and changes nothing of what was decided."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from promoter.commands.differing import with_differences
from promoter.commands.validate import validate
from promoter.core.differences import Part
from promoter.core.model_version import Column, ModelVersion, Signature
from promoter.core.prompt import Prompt
from promoter.core.report import RequestReport
from promoter.errors import PromoterError, ReasonCode
from promoter.text import say
from tests.builders import a_champion, a_model_version, a_request_report, a_run, an_evidence
from tests.fakes.observed import observed
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import REQUEST, Team, request

DOWN = PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"))


def signature(kind: str) -> Signature:
    return Signature(inputs=(Column(name="tenure", kind=kind),), outputs=())


class Scene:
    """A champion and a challenger that differ in a column, a package and a parameter."""

    def __init__(self) -> None:
        self.registry = InMemoryRegistry()
        self.champion = a_champion(run=a_run(parameters={"depth": "3"}))
        self.challenger = a_model_version(run=a_run(parameters={"depth": "5"}))
        for version, kind, package in (
            (self.champion, "long", "scikit-learn==1.4.2"),
            (self.challenger, "double", "scikit-learn==1.5.0"),
        ):
            self.registry.add_version(version, signature=signature(kind))
            self.registry.add_requirements(version, package)

    def report(self, champion: ModelVersion | None = None, **changes: object) -> RequestReport:
        evidence = an_evidence(challenger=self.challenger, champion=champion or self.champion)
        return a_request_report(evidence=replace(evidence, **changes), notes=(say("as before"),))  # type: ignore[arg-type]


def parts(report: RequestReport) -> list[Part]:
    return [one.part for one in report.differences]


def notes(report: RequestReport) -> list[str]:
    return [str(note) for note in report.notes]


def test_columns_packages_and_parameters_are_compared() -> None:
    scene = Scene()
    registry, calls = observed(scene.registry)
    found = with_differences(registry, scene.report())
    told = [(one.name, one.champion, one.challenger) for one in found.differences]
    assert told == [("tenure", "long", "double"), ("scikit-learn", "1.4.2", "1.5.0"), ("depth", "3", "5")]
    assert notes(found) == ["as before"]
    assert len(calls.made) == 2


@pytest.mark.parametrize("reason", [ReasonCode.REGISTRY_UNAVAILABLE, ReasonCode.DEADLINE_EXCEEDED])
@pytest.mark.parametrize("nth", [1, 2])
def test_an_outage_is_a_note(reason: ReasonCode, nth: int) -> None:
    scene = Scene()
    registry, calls = observed(scene.registry)
    calls.fail("papers", PromoterError(reason, say("no answer")), nth=nth)
    report = scene.report()
    found = with_differences(registry, report)
    assert parts(found) == [Part.PARAMETERS]
    assert notes(found)[1:] == ["packages and signatures of both versions were not compared: no answer"]
    assert (found.reason, found.verdict, found.results) == (report.reason, report.verdict, report.results)


def test_files_that_could_not_be_read_are_not_asked_for_again() -> None:
    scene = Scene()
    registry, calls = observed(scene.registry)
    unread = scene.report(
        unpinned=say("no answer"),
        champion_signature=signature("long"),
        challenger_signature=signature("string"),
    )
    found = with_differences(registry, unread)
    assert (parts(found), notes(found), calls.made) == ([Part.INPUTS, Part.PARAMETERS], ["as before"], [])


def test_where_nothing_is_compared_nothing_is_asked() -> None:
    scene = Scene()
    registry, calls = observed(scene.registry)
    prompt = Prompt(template="Say hello.")
    for report in (
        a_request_report(evidence=None),
        a_request_report(evidence=an_evidence(challenger=scene.challenger, champion=None)),
        a_request_report(
            evidence=an_evidence(
                challenger=replace(scene.challenger, prompt=prompt),
                champion=replace(scene.champion, prompt=prompt),
            )
        ),
    ):
        assert with_differences(registry, report) is report
    assert calls.made == []


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """Pull request 12 asks for version 7, which needs another package than version 6."""
    made = Team()
    for number, package in (("6", "mlflow==3.1"), ("7", "mlflow==3.2")):
        folder = tmp_path / number
        folder.mkdir()
        (folder / "MLmodel").write_text("flavors: {}\n")
        (folder / "requirements.txt").write_text(package)
        made.registry.add_files(made.registry.model_version("churn", number), folder)
    made.propose(12, {REQUEST: request("7")})
    return made


def test_validate_tells_it_whatever_it_decides(team: Team) -> None:
    (told,) = validate(team.validate_world(), team.change()).requests
    assert [(one.name, one.champion, one.challenger) for one in told.differences] == [
        ("mlflow", "3.1", "3.2")
    ]
    registry, calls = observed(team.registry)
    calls.fail("papers", DOWN)
    (without,) = validate(team.validate_world(registry=lambda: registry), team.change()).requests
    assert (without.reason, without.verdict) == (told.reason, told.verdict)
    assert (without.differences, len(without.notes)) == ((), len(told.notes) + 1)
