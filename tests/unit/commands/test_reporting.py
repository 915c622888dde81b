"""What was moved is told in the challenger's run too; whatever becomes of that, the outcome stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from promoter.commands.apply import apply
from promoter.commands.landing import Ground
from promoter.commands.moving import Reserve
from promoter.commands.reporting import drawn_ahead, log_reports
from promoter.commands.tracing import Branch
from promoter.core.policy import Policy
from promoter.core.prompt import Prompt
from promoter.core.report import Links, Phase, Report, RequestReport
from promoter.errors import PromoterError, ReasonCode
from promoter.ports import Registry, Repository
from promoter.render.evidence_json import digest, evidence
from promoter.text import say
from tests.builders import (
    a_model_rule,
    a_model_version,
    a_policy,
    a_report,
    a_request,
    a_request_report,
    a_run,
    an_evidence,
)
from tests.fakes.observed import Calls, observed
from tests.fakes.team import POLICY, REQUEST, SHADOW, Team, policy, request
from tests.unit.render import pictures

HTML, EVIDENCE = "report.html", "evidence.json"


@pytest.fixture
def team() -> Team:
    """Pull request 12, merged, asks for version 7."""
    made = Team()
    made.ask({REQUEST: request("7")})
    made.registry.writes.clear()
    return made


def logged(team: Team) -> dict[str, str]:
    return {write.key: write.value for write in team.registry.writes if write.method == "log_file"}


def notes(report: RequestReport) -> list[str]:
    return [str(note) for note in report.notes]


def test_what_is_moved_is_logged_after_alias_and_tags(team: Team) -> None:
    report = apply(team.apply_world(), branch="main")
    assert [one.logged for one in report.requests] == ["promoter/12-champion"]
    methods = list(dict.fromkeys(write.method for write in team.registry.writes))
    assert methods == ["set_alias", "set_tag", "log_file"]
    files = logged(team)
    assert set(files) == {f"promoter/12-champion/{name}" for name in (HTML, EVIDENCE)}
    assert "Promoted" in files[f"promoter/12-champion/{HTML}"]
    tag = team.registry.model_version("churn", "7").tags["promoter_evidence"]
    assert tag == digest(files[f"promoter/12-champion/{EVIDENCE}"]) == report.evidence_digest


def test_its_page_has_the_addresses_of_the_run(team: Team) -> None:
    links = Links(repository="https://github.example/acme/models")
    apply(team.apply_world(links=links), branch="main")
    assert "https://github.example/acme/models/pull/12" in logged(team)[f"promoter/12-champion/{HTML}"]


def test_a_replay_logs_nothing(team: Team) -> None:
    apply(team.apply_world(), branch="main")
    team.registry.writes.clear()
    again = apply(team.apply_world(), branch="main")
    assert (again.reason, team.registry.writes) == (ReasonCode.ALREADY_APPLIED, [])


@pytest.mark.parametrize(
    "reason",
    [
        ReasonCode.REGISTRY_UNAVAILABLE,
        ReasonCode.PERMISSION_DENIED,
        ReasonCode.DEADLINE_EXCEEDED,
        ReasonCode.MODEL_UNSAFE,
    ],
)
def test_a_failure_is_a_note_and_no_more(team: Team, reason: ReasonCode) -> None:
    registry, calls = observed(team.registry)
    calls.fail("log_files", PromoterError(reason, say("it said no")))
    report = apply(team.apply_world(registry=lambda: registry), branch="main")
    (one,) = report.requests
    assert (report.reason, one.reason, team.champion()) == (ReasonCode.APPLIED, ReasonCode.APPLIED, "7")
    assert (one.logged, notes(one)[-1]) == ("", "this report was not logged to MLflow: it said no")


def test_the_policy_can_have_it_left_out(team: Team) -> None:
    team.push({POLICY: policy("mode: enforce", "log_report: false")})
    team.ask({REQUEST: request("6")}, 13)
    team.ask({SHADOW: None}, 14)
    report = apply(team.apply_world(), branch="main")
    assert (report.reason, logged(team)) == (ReasonCode.ALREADY_APPLIED, {})
    team.version("8", 0.95)
    team.ask({REQUEST: request("8")}, 15)
    moved = apply(team.apply_world(), branch="main")
    assert (moved.reason, logged(team)) == (ReasonCode.APPLIED, {})
    assert [notes(one) for one in moved.requests if "not logged" in " ".join(notes(one))] == []


# --- several --------------------------------------------------------------------------------------


def moved(model: str = "churn", *, run: str | None = "run-7", **changes: object) -> RequestReport:
    asked = a_request(path=f"promotions/{model}.yaml", model=model, blob_id=model)
    challenger = a_model_version(model=model, run_id=run, run=a_run(run_id=run) if run is not None else None)
    given = {"reason": ReasonCode.APPLIED, "pull_request": 12, "request": asked}
    return a_request_report(**{**given, "evidence": an_evidence(challenger=challenger), **changes})


ANY = a_policy(models=(a_model_rule(match="*"),))


def told(
    requests: Sequence[RequestReport], reserve: Reserve | None = None, *, by: Policy = ANY
) -> tuple[Report, Calls]:
    team = Team()
    for one in requests:
        if one.evidence:
            team.registry.add_version(one.evidence.challenger)
    registry, calls = observed(team.registry)
    report = log_reports(_ground(registry, reserve or Reserve()), _report(requests), policy=by)
    return report, calls


def _ground(registry: Registry, reserve: Reserve) -> Ground:
    return Ground(
        registry=registry,
        repository=Team().repository,
        branch=Branch(name="main", tip="a" * 40),
        policy=POLICY,
        may_write=lambda: True,
        reserve=reserve,
    )


def _report(requests: Sequence[RequestReport]) -> Report:
    report = a_report(phase=Phase.APPLY, reason=ReasonCode.APPLIED, requests=tuple(requests))
    return replace(report, evidence_digest=digest(evidence(report)))


def test_two_models_of_one_run_share_a_folder_and_a_page() -> None:
    report, calls = told([moved("churn"), moved("calibrator"), moved("other", run="run-8")])
    assert [one.logged for one in report.requests] == ["promoter/12-champion"] * 3
    assert [arguments[0].run_id for _, arguments in calls.made] == ["run-7", "run-8"]
    first, second = (arguments[1][f"promoter/12-champion/{HTML}"] for _, arguments in calls.made)
    assert ("calibrator" in first, "other" in first) == (True, False)
    assert ("calibrator" in second, "other" in second) == (False, True)


def test_charts_of_what_is_ready_are_drawn_before_it_is_moved() -> None:
    ready = moved(reason=ReasonCode.VALIDATED, evidence=pictures.binary().requests[0].evidence)
    other = replace(ready, request=replace(ready.request, path="other.yaml", blob_id="other"))
    charts = drawn_ahead([ready, replace(other, reason=ReasonCode.APPROVAL_MISSING)], ANY)
    after = [replace(one, reason=ReasonCode.APPLIED) for one in (ready, other)]
    first, second = charts(after)
    assert first.count('<svg class="drawn"') == 6
    assert "no time left" in second
    team = Team()
    registry, calls = observed(team.registry)
    assert after[0].evidence is not None
    team.registry.add_version(after[0].evidence.challenger)
    log_reports(_ground(registry, Reserve()), _report(after[:1]), policy=ANY, charts=charts)
    ((_, arguments),) = calls.made
    assert first in arguments[1][f"promoter/12-champion/{HTML}"]


@pytest.mark.parametrize(
    ("report", "by"),
    [
        (moved(reason=ReasonCode.VALIDATED, evidence=None), ANY),
        (moved(reason=ReasonCode.VALIDATED), a_policy(models=(a_model_rule(match="*", log_report=False),))),
    ],
)
def test_what_is_not_logged_is_not_drawn_ahead(report: RequestReport, by: Policy) -> None:
    assert list(drawn_ahead([report], by)([report])) == [""]


def names(calls: Calls) -> list[list[str]]:
    return [[path.rpartition("/")[2] for path in arguments[1]] for _, arguments in calls.made]


def test_the_evidence_of_other_models_stays_out_of_a_run() -> None:
    theirs = moved("other", run="run-8", reason=ReasonCode.CHECKS_FAILED)
    assert names(told([moved("churn"), theirs])[1]) == [[HTML]]
    # Whoever may read this run reads of both anyway.
    assert names(told([moved("churn"), moved("calibrator")])[1]) == [[HTML, EVIDENCE]]


def test_evidence_that_is_not_what_the_tag_is_the_digest_of_stays_out() -> None:
    report = replace(_report([moved()]), evidence_digest="e" * 64)
    registry, calls = observed(Team().registry)
    log_reports(_ground(registry, Reserve()), report, policy=ANY)
    assert names(calls) == [[HTML]]


class Live:
    """The team's repository as it is by the time it is asked."""

    def __init__(self, team: Team) -> None:
        self._team = team

    def __getattr__(self, name: str) -> object:
        return getattr(self._team.repository, name)


def test_a_run_that_was_overtaken_logs_no_other_evidence_than_its_tag_has(team: Team) -> None:
    team.version("8", 0.95)
    team.push({SHADOW: request("6", alias="shadow")})
    team.registry.set_alias("churn", "shadow", version="6")
    team.ask({SHADOW: request("7", alias="shadow")}, 13)
    team.registry.writes.clear()
    registry, calls = observed(team.registry)
    calls.after("set_alias", lambda: team.ask({SHADOW: request("8", alias="shadow")}, 14), nth=1)
    world = team.apply_world(registry=lambda: registry, repository=cast("Repository", Live(team)))
    report = apply(world, branch="main")
    assert report.requests[0].logged == "promoter/12-champion"
    tag = team.registry.model_version("churn", "7").tags["promoter_evidence"]
    assert tag != report.evidence_digest
    assert "promoter/12-champion/report.html" in logged(team)
    assert "promoter/12-champion/evidence.json" not in logged(team)


def test_two_aliases_of_one_version_have_a_folder_each() -> None:
    shadow = moved()
    shadow = replace(shadow, request=replace(shadow.request, alias="shadow", path="s.yaml"))
    report, calls = told([moved(), shadow])
    assert [one.logged for one in report.requests] == ["promoter/12-champion", "promoter/12-shadow"]
    assert calls.count("log_files") == 2


def test_a_version_without_a_run_says_so_and_the_others_are_logged() -> None:
    report, calls = told([moved("churn", run=None), moved("other", run="run-8")])
    assert [one.logged for one in report.requests] == ["", "promoter/12-champion"]
    assert notes(report.requests[0])[-1] == (
        "this report was not logged to MLflow: version `7` has no run, or one that was deleted"
    )
    assert calls.count("log_files") == 1


@pytest.mark.parametrize(
    ("reason", "tried"), [(ReasonCode.REGISTRY_UNAVAILABLE, 1), (ReasonCode.PERMISSION_DENIED, 2)]
)
def test_a_registry_that_does_not_answer_is_not_asked_again(reason: ReasonCode, tried: int) -> None:
    requests = [moved("churn"), moved("other", run="run-8")]
    team = Team()
    registry, calls = observed(team.registry)
    for nth in (1, 2):
        calls.fail("log_files", PromoterError(reason, say("it said no")), nth=nth)
    report = log_reports(_ground(registry, Reserve()), _report(requests), policy=ANY)
    assert calls.count("log_files") == tried
    assert [notes(one)[-1] for one in report.requests] == [
        "this report was not logged to MLflow: it said no"
    ] * 2


def test_the_time_that_is_kept_for_the_end_is_not_spent_on_it() -> None:
    report, calls = told([moved()], Reserve(is_open=True))
    assert ([one.logged for one in report.requests], calls.made) == ([""], [])
    assert notes(report.requests[0])[-1].endswith("not logged to MLflow: the deadline was reached before")


@pytest.mark.parametrize(
    "report",
    [
        moved(reason=ReasonCode.ALREADY_APPLIED),
        moved(reason=ReasonCode.APPLY_FAILED),
        moved(evidence=None),
        moved(evidence=an_evidence(challenger=a_model_version(prompt=Prompt(template="Say hello.")))),
    ],
)
def test_what_was_not_moved_and_what_has_no_run_by_its_nature_is_left_out(report: RequestReport) -> None:
    found, calls = told([report])
    assert (found.requests, calls.made) == ((report,), [])


def test_what_no_rule_speaks_for_any_more_is_left_out() -> None:
    found, calls = told([moved("fraud")], by=a_policy(models=(a_model_rule(match="churn"),)))
    assert (found.requests[0].logged, calls.made) == ("", [])
