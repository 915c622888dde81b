"""T73 to T78: what is not measured, not finite or not there is never a yes."""

from __future__ import annotations

import math
from itertools import product

import pytest

from promoter.commands.apply import apply
from promoter.commands.validate import validate
from promoter.core.policy_file import parse_policy
from promoter.core.report import Report, RequestReport
from promoter.core.verdict import Verdict
from promoter.errors import ExitCode, PromoterError, ReasonCode
from promoter.text import say
from tests.builders import a_measurement, a_model_run, a_run, an_estimate
from tests.fakes.measurer import FakeMeasurer
from tests.fakes.observed import observed
from tests.fakes.team import POLICY, POLICY_TEXT, REQUEST, Team, policy, request

NO_NUMBERS = (math.nan, math.inf, -math.inf, True, False, "0.9", None, [0.9], 1j)
LIMITS = (
    "threshold: 0.5",
    "threshold: -1e9",
    "max_absolute_degradation: 1e9",
    "max_relative_degradation: 1",
    "min_absolute_change: -0.0",
    "min_relative_change: 0",
    "threshold: 0.5, max_absolute_degradation: 0.01",
)
RULE = "{name: f1_score, greater_is_better: true, threshold: 0.5, max_absolute_degradation: 0.01}"
INFERENCE = """evaluation:
      source: inference
      data: data/holdout.csv
      target: churn
      positive_label: "Yes"
    task: binary_classification"""


def judged(team: Team, files: dict[str, bytes], measurer: FakeMeasurer | None = None) -> RequestReport:
    team.propose(12, dict(files))
    report = validate(team.validate_world(measurer=measurer or FakeMeasurer()), team.change())
    (one,) = report.requests
    return one


def with_rule(team: Team, rule: str) -> None:
    data = policy(RULE, rule)
    parse_policy(data, path="p.yaml")  # raises for a rule that is none
    team.push({POLICY: data})


# --- T73 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
@pytest.mark.parametrize(("greater", "limit"), list(product(("true", "false"), LIMITS)))
def test_t73_what_is_no_finite_number_is_never_promoted(
    team: Team, value: object, greater: str, limit: str
) -> None:
    with_rule(team, f"{{name: f1_score, greater_is_better: {greater}, {limit}}}")
    team.version("7", 0.9, run=a_run(metrics={"f1_score": value}))
    assert judged(team, {REQUEST: request("7")}).verdict is not Verdict.PROMOTE


@pytest.mark.parametrize("limit", [limit for limit in LIMITS if "threshold" not in limit])
@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_t73_nothing_is_better_than_a_champion_without_a_number(
    team: Team, value: object, limit: str
) -> None:
    with_rule(team, f"{{name: f1_score, greater_is_better: true, {limit}}}")
    team.version("6", 0.9, run=a_run(run_id="churn-6", metrics={"f1_score": value}))
    assert judged(team, {REQUEST: request("7")}).verdict is not Verdict.PROMOTE


@pytest.mark.parametrize("greater", ["true", "false"])
def test_t73_a_metric_that_is_missing_is_a_no(team: Team, greater: str) -> None:
    with_rule(team, f"{{name: f1_score, greater_is_better: {greater}, threshold: 0}}")
    team.version("7", 0.9, run=a_run(metrics={"accuracy": 1.0}))
    assert judged(team, {REQUEST: request("7")}).verdict is Verdict.REJECT


def test_t73_a_direction_is_never_guessed() -> None:
    text = POLICY_TEXT.replace("greater_is_better: true, ", "")
    with pytest.raises(PromoterError) as refused:
        parse_policy(text.encode(), path="p.yaml")
    assert refused.value.reason is ReasonCode.POLICY_INVALID


# --- T74, T76 -------------------------------------------------------------------------------------


def test_t74_what_the_run_claims_does_not_outweigh_what_was_measured(team: Team) -> None:
    team.push({POLICY: policy("evaluation: {source: run_metrics}", INFERENCE), "data/holdout.csv": b"x\n"})
    team.version("7", 0.9999)
    estimate = an_estimate(challenger=0.4, champion=0.88, change=-0.48, lower=-0.5, upper=-0.46)
    measured = a_measurement(estimates={"f1_score": estimate})
    found = judged(team, {REQUEST: request("7")}, FakeMeasurer(measured))
    assert found.verdict is Verdict.REJECT


FORGED = {
    "validated": "true",
    "metric_f1_passed": "True",
    "has_description": "True",
    "promoter_verdict": "promote",
    "promoter_check_metrics": "passed",
    "promoter_check_description": "passed",
    "promoter_pull_request": "12",
    "promoter_approved_by": "bob",
    "promoter_commit": "f" * 40,
    "promoter_previous_version": "6",
    "promoter_evidence": "e" * 64,
}


@pytest.mark.parametrize("score", [0.3, 0.91])
@pytest.mark.parametrize("approved", ["approved", "nobody approved"])
def test_t76_tags_that_say_it_all_change_neither_the_verdict_nor_what_apply_does(
    score: float, approved: str
) -> None:
    found: list[Report] = []
    for tags in ({}, FORGED):
        team = Team()
        team.version("7", score, tags=tags)
        team.propose(12, {REQUEST: request("7")})
        verdict = validate(team.validate_world(), team.change()).requests[0].verdict
        assert verdict is (Verdict.PROMOTE if score > 0.5 else Verdict.REJECT)
        if approved == "approved":
            team.approve(12)
        team.merge(12)
        found.append(apply(team.apply_world(), branch="main"))
        assert (team.champion() == "7") is (score > 0.5 and approved == "approved")
    assert found[0].reason is found[1].reason


# --- T77 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_missing", ["block", "bootstrap"])
@pytest.mark.parametrize("score", [0.3, 0.91])
def test_t77_without_a_champion_only_bootstrap_promotes_and_floors_hold(
    on_missing: str, score: float
) -> None:
    team = Team()
    team.registry.add_model("churn-new")
    team.version("1", score, model="churn-new")
    team.push({POLICY: policy("block", on_missing)})
    found = judged(team, {"promotions/new.yaml": request("1", model="churn-new")})
    assert (found.verdict is Verdict.PROMOTE) is (on_missing == "bootstrap" and score > 0.5)


@pytest.mark.parametrize(
    "reason",
    [
        ReasonCode.REGISTRY_UNAVAILABLE,
        ReasonCode.PERMISSION_DENIED,
        ReasonCode.DEADLINE_EXCEEDED,
        ReasonCode.VERSION_NOT_FOUND,
    ],
)
@pytest.mark.parametrize(("method", "nth"), [("aliases", 1), ("model_version", 1), ("model_version", 2)])
def test_t77_a_champion_that_cannot_be_read_is_not_a_missing_one(
    reason: ReasonCode, method: str, nth: int
) -> None:
    team = Team()
    team.push({POLICY: policy("block", "bootstrap")})
    team.propose(12, {REQUEST: request("7")})
    registry, calls = observed(team.registry)
    calls.fail(method, PromoterError(reason, say("no")), nth=nth)
    report = validate(team.validate_world(registry=lambda: registry), team.change())
    assert report.reason.exit_code is not ExitCode.DONE
    assert report.requests[0].verdict is not Verdict.PROMOTE


@pytest.mark.parametrize("on_missing", ["block", "bootstrap"])
def test_t77_a_champion_that_does_not_run_is_no_reason_to_skip_the_comparison(
    team: Team, on_missing: str
) -> None:
    text = policy("evaluation: {source: run_metrics}", INFERENCE).decode().replace("block", on_missing)
    team.push({POLICY: text.encode(), "data/holdout.csv": b"x\n"})
    estimate = an_estimate(champion=None, change=None, lower=None, upper=None, standard_error=None)
    measured = a_measurement(
        champion=a_model_run(problem=say("it did not load")), estimates={"f1_score": estimate}
    )
    found = judged(team, {REQUEST: request("7")}, FakeMeasurer(measured))
    assert found.verdict in {Verdict.INCONCLUSIVE, Verdict.REJECT, Verdict.ERROR}
