from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from promoter import checks as room
from promoter.checks.catalog import CATALOG, Kind, needs_signature, report_only, run_checks
from promoter.core.evidence import CheckResult, Evidence, Outcome
from promoter.core.layers import Layer
from promoter.core.measurement import Measurement
from promoter.core.policy import (
    ArtifactsRule,
    Checks,
    DescriptionRule,
    LineageRule,
    SignatureRule,
    Source,
    TagsRule,
)
from promoter.core.verdict import Verdict, decide
from promoter.text import say
from tests.builders import (
    a_champion,
    a_check_result,
    a_column,
    a_custom_answer,
    a_custom_rule,
    a_flips_rule,
    a_measured_evidence,
    a_measurement,
    a_metric_rule,
    a_model_rule,
    a_model_run,
    a_model_version,
    a_run,
    a_sandbox_without,
    a_signature,
    a_slice_rule,
    a_value_rule,
    an_evidence,
    an_inference_rule,
    by_inference,
    no_checks,
    some_checks,
    some_measured_checks,
)

IDS = [
    *("description", "tags", "lineage", "prompt", "signature", "artifacts", "inference"),
    *("metrics", "slices", "business_value", "negative_flips", "custom"),
]


def judge(checks: Checks, evidence: Evidence) -> tuple[CheckResult, ...]:
    return run_checks(a_model_rule(checks=checks), evidence)


# --- the list ------------------------------------------------------------------------------------


def test_the_catalog_is_in_order_and_each_check_is_there_once() -> None:
    assert [check.id for check in CATALOG] == IDS


def test_a_checks_id_is_its_key_in_the_policy() -> None:
    assert {check.id for check in CATALOG} == {field.name for field in fields(Checks)}


def test_a_check_is_a_file_of_its_name() -> None:
    (folder,) = (Path(path) for path in room.__path__)
    names = {path.stem for path in folder.glob("*.py")} - {"__init__", "catalog"}
    assert names == {check.id for check in CATALOG}


def test_a_check_has_a_heading_in_the_documents() -> None:
    text = (Path(__file__).parents[3] / "docs" / "checks.md").read_text(encoding="utf-8")
    assert re.findall(r"^## `(.+)`$", text, flags=re.MULTILINE) == IDS


# --- running them ----------------------------------------------------------------------------------


def test_all_checks_of_a_sound_challenger_pass() -> None:
    results = judge(some_checks(), an_evidence())
    assert [(result.check, result.subject) for result in results] == [
        ("description", ""),
        ("tags", "owner"),
        ("lineage", "run_status"),
        ("lineage", "git_commit"),
        ("lineage", "dataset"),
        ("signature", "present"),
        ("signature", "compatible_with_champion"),
        ("metrics", "f1_score"),
    ]
    assert {result.outcome for result in results} == {Outcome.PASSED}


ALONE = [
    ("description", no_checks(description=DescriptionRule(min_length=1))),
    ("tags", no_checks(tags=some_checks().tags)),
    ("lineage", no_checks(lineage=LineageRule(git_commit=True))),
    ("signature", no_checks(signature=SignatureRule(compatible_with_champion=True))),
    ("artifacts", no_checks(artifacts=ArtifactsRule())),
    ("metrics", no_checks(metrics=(a_metric_rule(),))),
    ("inference", no_checks(inference=an_inference_rule())),
    ("slices", no_checks(slices=(a_slice_rule(),))),
    ("business_value", no_checks(business_value=a_value_rule())),
    ("negative_flips", no_checks(negative_flips=a_flips_rule())),
    ("custom", no_checks(custom=(a_custom_rule(),))),
]
FIGURES = ALONE[5:-1]


@pytest.mark.parametrize(("check", "checks"), ALONE)
def test_only_what_the_policy_asks_for_runs(check: str, checks: Checks) -> None:
    assert {result.check for result in judge(checks, an_evidence())} == {check}
    assert {result.check for result in judge(checks, a_measured_evidence())} == {check}


def test_all_checks_of_a_sound_challenger_pass_on_what_was_measured() -> None:
    results = judge(some_measured_checks(), a_measured_evidence())
    assert [(result.check, result.subject) for result in results] == [
        ("inference", "runs"),
        ("inference", "p95_latency_ms"),
        ("inference", "load_seconds"),
        ("inference", "memory_mb"),
        ("inference", "size_mb"),
        ("metrics", "f1_score"),
        ("slices", "contract=Monthly · f1_score"),
        ("slices", "contract=Yearly · f1_score"),
        ("business_value", ""),
        ("negative_flips", ""),
    ]
    assert {result.outcome for result in results} == {Outcome.PASSED}


@pytest.mark.parametrize(("check", "checks"), FIGURES)
@pytest.mark.parametrize("source", [Source.INFERENCE, Source.PREDICTIONS])
def test_claims_do_not_stand_in_for_what_was_to_be_measured(
    check: str, checks: Checks, source: Source
) -> None:
    rule = a_model_rule(checks=checks, evaluation=by_inference(source=source))
    (result,) = run_checks(rule, an_evidence())
    assert (result.check, result.outcome) == (check, Outcome.INCONCLUSIVE)
    assert str(result.message) == "nothing was measured, so there is nothing to judge"
    assert run_checks(rule, a_measured_evidence()) == judge(checks, a_measured_evidence())


def test_claims_are_judged_where_the_policy_says_so() -> None:
    checks = no_checks(metrics=(a_metric_rule(),))
    rule = a_model_rule(checks=checks, evaluation=by_inference(source=Source.RUN_METRICS))
    assert decide(run_checks(rule, an_evidence())) is Verdict.PROMOTE


BROKEN = a_model_run(problem=say("it does not load"))


@pytest.mark.parametrize(
    ("measurement", "verdict", "of_rollback"),
    [
        (a_measurement(challenger=BROKEN), Verdict.REJECT, Verdict.REJECT),
        (a_measurement(champion=BROKEN), Verdict.INCONCLUSIVE, Verdict.PROMOTE),
        (a_measurement(), Verdict.PROMOTE, Verdict.PROMOTE),
    ],
    ids=["challenger", "champion", "neither"],
)
def test_a_model_that_did_not_run_is_told_though_nobody_asked(
    measurement: Measurement, verdict: Verdict, of_rollback: Verdict
) -> None:
    checks = no_checks(metrics=(a_metric_rule(),))
    results = judge(checks, a_measured_evidence(measurement=measurement))
    said = any("it does not load" in str(result.message) for result in results)
    assert said == (verdict is not Verdict.PROMOTE)
    assert decide(results) is verdict
    assert decide(report_only(results)) is of_rollback


def test_code_that_was_not_confined_is_told_though_nobody_asked() -> None:
    run = a_model_run(sandbox=a_sandbox_without(Layer.SECCOMP))
    results = judge(
        no_checks(metrics=(a_metric_rule(),)),
        a_measured_evidence(measurement=a_measurement(challenger=run)),
    )
    assert [one.outcome for one in results if one.subject == "sandbox"] == [Outcome.WARNED]
    assert decide(results) is Verdict.PROMOTE, "the policy allowed it"


CONSTANT = a_model_run(constant=say("12"))


@pytest.mark.parametrize(
    ("measurement", "verdict"),
    [
        (a_measurement(challenger=CONSTANT), Verdict.REJECT),
        (a_measurement(champion=CONSTANT), Verdict.PROMOTE),
    ],
    ids=["challenger", "champion"],
)
def test_a_model_that_says_the_same_of_every_row_is_told_though_nobody_asked(
    measurement: Measurement, verdict: Verdict
) -> None:
    results = judge(no_checks(metrics=(a_metric_rule(),)), a_measured_evidence(measurement=measurement))
    assert any("predicts the same for all 1,600 rows: 12" in str(result.message) for result in results)
    assert decide(results) is verdict
    assert decide(report_only(results)) is verdict, "a rollback is held up by it too"


def test_no_checks_decide_nothing() -> None:
    assert judge(no_checks(), an_evidence()) == ()
    assert decide(judge(no_checks(), an_evidence())) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("checks", [no_checks(tags=TagsRule(required={})), no_checks(lineage=LineageRule())])
def test_a_check_that_asks_for_nothing_is_no_yes(checks: Checks) -> None:
    (result,) = judge(checks, an_evidence())
    assert result.outcome is Outcome.INCONCLUSIVE
    assert str(result.message) == "the policy names this check and asks for nothing in it"


@pytest.mark.parametrize(("check", "checks"), ALONE)
def test_signatures_are_read_only_for_the_check_that_needs_them(check: str, checks: Checks) -> None:
    assert needs_signature(a_model_rule(checks=checks)) == (check == "signature")


def test_tags_that_claim_a_verdict_change_nothing() -> None:
    claims = {f"promoter_check_{check}": "passed" for check in IDS} | {"promoter_verdict": "promote"}
    poor = a_model_version(description="", run=a_run(metrics={"f1_score": 0.1}), tags={})
    forged = a_model_version(description="", run=a_run(metrics={"f1_score": 0.1}), tags=claims)
    plain, tagged = (judge(some_checks(), an_evidence(challenger=version)) for version in (poor, forged))
    assert plain == tagged


# --- rollbacks -------------------------------------------------------------------------------------

WORSE = a_model_version(run=a_run(metrics={"f1_score": 0.1}))
NARROWER = a_signature(inputs=(a_column(name="new"),))


@pytest.mark.parametrize(
    "evidence",
    [
        an_evidence(challenger=WORSE),
        an_evidence(challenger=a_model_version(run=a_run(metrics={}))),
        an_evidence(challenger_signature=NARROWER),
        an_evidence(champion_signature=None),
        an_evidence(champion=a_champion(source=a_model_version().source)),
    ],
    ids=["below the floor", "metric missing", "narrower", "champion unsigned", "same model"],
)
def test_a_rollback_is_not_held_up_by_a_comparison(evidence: Evidence) -> None:
    results = judge(some_checks(), evidence)
    told = report_only(results)
    assert decide(results) in {Verdict.REJECT, Verdict.INCONCLUSIVE}
    assert decide(told) is Verdict.PROMOTE
    (warned,) = (result for result in told if result.outcome is Outcome.WARNED)
    (before,) = (result for result in results if result not in told)
    assert str(warned.message) == f"{before.message}; reported only, because this is a rollback"
    assert (warned.check, warned.subject, warned.comparison) == (
        before.check,
        before.subject,
        before.comparison,
    )


@pytest.mark.parametrize(
    "evidence",
    [
        an_evidence(challenger=a_model_version(description="")),
        an_evidence(challenger=a_model_version(tags={})),
        an_evidence(challenger=a_model_version(run=None)),
        an_evidence(challenger_signature=None),
    ],
    ids=["description", "tags", "lineage", "signature"],
)
def test_a_rollback_is_held_up_by_what_is_wrong_with_the_version_itself(evidence: Evidence) -> None:
    assert decide(report_only(judge(some_checks(), evidence))) is Verdict.REJECT


def test_a_rollback_is_held_up_by_a_check_of_the_users_own() -> None:
    answers = (a_custom_answer(outcome=Outcome.FAILED),)
    results = judge(no_checks(custom=(a_custom_rule(),)), an_evidence(answers=answers))
    assert decide(report_only(results)) is Verdict.REJECT


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.WARNED, Outcome.SKIPPED, Outcome.ERROR])
def test_other_outcomes_stay_as_they_are(outcome: Outcome) -> None:
    results = (a_check_result(check="metrics", outcome=outcome),)
    assert report_only(results) == results


def test_which_results_compare() -> None:
    measured = a_measured_evidence(measurement=a_measurement(champion=BROKEN))
    results = (*judge(some_checks(), an_evidence()), *judge(some_measured_checks(), measured))
    kinds = {
        (result.check, result.subject): check.kind_of(result)
        for check in CATALOG
        for result in results
        if result.check == check.id
    }
    comparing = {key for key, kind in kinds.items() if kind is Kind.COMPARISON}
    assert comparing == {
        ("signature", "compatible_with_champion"),
        ("inference", "champion"),
        ("metrics", "f1_score"),
        ("slices", "contract=Monthly · f1_score"),
        ("slices", "contract=Yearly · f1_score"),
        ("business_value", ""),
        ("negative_flips", ""),
    }
