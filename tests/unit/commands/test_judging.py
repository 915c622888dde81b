"""One request judged: every reason code that the registry and the policy can give."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promoter.commands.gathering import Bench
from promoter.commands.judging import judge, refused, rule_for
from promoter.commands.versions import Claim, Past, applied_tag
from promoter.core.evidence import Outcome
from promoter.core.layers import Found, Layer
from promoter.core.plan import Step
from promoter.core.policy import Checks, DescriptionRule, Mode, OnMissingChampion, Severity, SignatureRule
from promoter.core.report import RequestReport
from promoter.core.verdict import Verdict
from promoter.errors import PromoterError, ReasonCode, Tampered
from promoter.ports import RegistryIndex
from promoter.text import say
from tests.builders import (
    BASE_COMMIT,
    HEAD_COMMIT,
    POLICY_DIGEST,
    WHOLE_SANDBOX,
    a_champion,
    a_champion_run,
    a_custom_answer,
    a_custom_rule,
    a_measurement,
    a_metric_rule,
    a_model_rule,
    a_model_version,
    a_policy,
    a_request,
    a_run,
    a_sandbox_without,
    a_signature,
    by_inference,
    some_checks,
    some_measured_checks,
)
from tests.fakes.custom_checks import FakeCustomChecks
from tests.fakes.measurer import FakeMeasurer
from tests.fakes.observed import observed
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.team import NOW

TAG = applied_tag("champion")


def registry_with(aliases: dict[str, str] | None = None, **version: object) -> InMemoryRegistry:
    """Version 6 and 7 of churn; 6 is the champion unless `aliases` say otherwise."""
    registry = InMemoryRegistry()
    registry.add_model("churn", aliases={"champion": "6"} if aliases is None else aliases)
    registry.add_version(a_champion(), signature=a_signature())
    registry.add_version(a_model_version(**version), signature=a_signature())
    return registry


def judged(
    registry: RegistryIndex,
    claim: Claim | None = None,
    custom_checks: FakeCustomChecks | None = None,
    **rule: object,
) -> RequestReport:
    policy = a_policy(models=(a_model_rule(**rule),))
    past = (Past(commit="c6", version="6"),)
    bench = Bench(
        registry=registry,
        measurer=FakeMeasurer(),
        custom_checks=custom_checks or FakeCustomChecks(),
        policy=policy,
        commit=BASE_COMMIT,
        head=HEAD_COMMIT,
        now=NOW,
    )
    return judge(bench, claim or Claim(request=a_request(), past=past))


def test_a_challenger_that_passes_every_check() -> None:
    report = judged(registry_with())
    assert (report.reason, report.step, report.verdict) == (
        ReasonCode.VALIDATED,
        Step.PROMOTE,
        Verdict.PROMOTE,
    )
    assert str(report.message) == "all checks that decide have passed"
    assert report.evidence is not None
    assert report.evidence.challenger.version == "7"
    assert report.evidence.champion == a_champion()
    assert report.evidence.champion_signature == a_signature()
    assert {result.check for result in report.results} == {
        "description",
        "tags",
        "lineage",
        "signature",
        "metrics",
    }


def test_signatures_are_read_only_when_a_check_asks() -> None:
    registry, calls = observed(registry_with())
    judged(registry, checks=Checks(description=DescriptionRule(min_length=1)))
    assert calls.count("signature") == 0
    judged(registry, checks=Checks(signature=SignatureRule(compatible_with_champion=True)))
    assert calls.count("signature") == 2


def test_aliases_are_read_once_and_each_version_once() -> None:
    registry, calls = observed(registry_with())
    judged(registry)
    assert (calls.count("aliases"), calls.count("model_version")) == (1, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"match": "fraud"}, "no entry of the policy matches the model `churn`"),
        ({"mode": Mode.DISABLED}, "the policy has promotions of `churn` disabled"),
        ({"aliases": ("shadow", "other")}, "the policy does not let requests move `champion`"),
    ],
)
def test_what_the_policy_does_not_allow_is_not_looked_up(change: dict[str, Any], said: str) -> None:
    registry, calls = observed(registry_with())
    report = judged(registry, **change)
    assert (report.reason, str(report.message)) == (ReasonCode.ALIAS_NOT_ALLOWED, said)
    assert str(report.hint)
    assert calls.made == []


def test_the_first_entry_that_matches_speaks() -> None:
    first, second = a_model_rule(match="ch*"), a_model_rule(match="churn", mode=Mode.DISABLED)
    assert rule_for(a_policy(models=(first, second)), a_request()) is first


@pytest.mark.parametrize(
    ("request_changes", "reason"),
    [({"version": "99"}, ReasonCode.VERSION_NOT_FOUND), ({"model": "churn2"}, ReasonCode.MODEL_NOT_FOUND)],
)
def test_names_that_the_registry_does_not_know(request_changes: dict[str, str], reason: ReasonCode) -> None:
    claim = Claim(request=a_request(**request_changes))
    assert judged(registry_with(), claim, match="churn*").reason is reason


def test_a_version_that_is_not_ready() -> None:
    report = judged(registry_with(status="PENDING_REGISTRATION"))
    assert report.reason is ReasonCode.VERSION_NOT_READY
    assert str(report.message) == "version `7` of `churn` has the status `PENDING_REGISTRATION`"


@pytest.mark.parametrize(
    ("method", "step"),
    [("aliases", None), ("model_version", None), ("signature", Step.FIRST_PROMOTION)],
)
def test_an_outage_is_never_no_champion(method: str, step: Step | None) -> None:
    registry = registry_with({})
    registry.fail(method, PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer"), hint=say("wait")))
    report = judged(registry, Claim(request=a_request()), on_missing_champion=OnMissingChampion.BOOTSTRAP)
    assert (report.reason, str(report.hint)) == (ReasonCode.REGISTRY_UNAVAILABLE, "wait")
    assert (report.step, report.verdict) == (step, None)


def test_a_champion_that_cannot_be_read_is_an_outage_too() -> None:
    registry, calls = observed(registry_with())
    error = PromoterError(ReasonCode.DEADLINE_EXCEEDED, say("late"))
    calls.fail("model_version", error, nth=2)
    assert judged(registry).reason is ReasonCode.DEADLINE_EXCEEDED


# --- what needs no checks -------------------------------------------------------------------------


def test_the_champion_is_the_challenger() -> None:
    report = judged(registry_with({"champion": "7"}))
    assert (report.reason, report.verdict) == (ReasonCode.ALREADY_APPLIED, None)
    assert str(report.message) == "`churn@champion` is version `7` already"


def test_nobody_holds_the_alias() -> None:
    report = judged(registry_with({}), Claim(request=a_request()))
    assert report.reason is ReasonCode.MISSING_CHAMPION
    assert "bootstrap" in str(report.hint)


@pytest.mark.parametrize(
    ("aliases", "held", "said"),
    [
        ({"champion": "6"}, None, "is held by version `6`, and git does not know of it yet"),
        ({"champion": "6"}, "5", "is held by version `6` where git says version `5`"),
        ({}, "5", "is held by nobody where git says version `5`"),
    ],
)
def test_an_alias_that_was_moved_outside_git(aliases: dict[str, str], held: str | None, said: str) -> None:
    past = (Past(commit="c5", version=held),) if held else ()
    report = judged(registry_with(aliases), Claim(request=a_request(), past=past))
    assert report.reason is ReasonCode.CONFLICT
    assert said in str(report.message)
    assert (report.results, report.evidence) == ((), None)


def test_an_alias_that_was_moved_away_after_it_was_applied() -> None:
    registry = registry_with(tags={TAG: "12 6"})
    report = judged(registry, Claim(request=a_request(), past=(Past(commit="c", version="6"),), pull=12))
    assert report.reason is ReasonCode.CONFLICT
    assert str(report.hint)


# --- checks of the user's own ---------------------------------------------------------------------

OWN: dict[str, Any] = {"checks": some_checks(custom=(a_custom_rule(),))}


def test_a_check_of_the_users_own_is_asked_with_what_all_others_found() -> None:
    asked = FakeCustomChecks(gives=(a_custom_answer(),))
    report = judged(registry_with(), custom_checks=asked, **OWN)
    assert (report.reason, report.results[-1].subject) == (ReasonCode.VALIDATED, "fairness")
    assert report.evidence is not None
    assert report.evidence.answers == asked.gives
    ((commit, text),) = asked.asked
    told = json.loads(text)
    (request,) = told["requests"]
    assert commit == BASE_COMMIT
    assert told["commits"] == {"base": BASE_COMMIT, "head": HEAD_COMMIT}
    assert told["policy"]["sha256"] == POLICY_DIGEST
    assert (request["challenger"]["version"], request["champion"]["version"]) == ("7", "6")
    assert (request["step"], request["verdict"], request["custom"]) == ("promote", None, [])
    assert [(one["check"], one["outcome"]) for one in request["checks"]] == [
        (one.check, one.outcome) for one in report.results[:-1]
    ]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.WARNED, ReasonCode.VALIDATED),
        (Outcome.FAILED, ReasonCode.CHECKS_FAILED),
        (Outcome.INCONCLUSIVE, ReasonCode.INCONCLUSIVE),
        (Outcome.ERROR, ReasonCode.CHECK_UNAVAILABLE),
    ],
)
def test_its_answer_decides_with_the_others(outcome: Outcome, reason: ReasonCode) -> None:
    asked = FakeCustomChecks(gives=(a_custom_answer(outcome=outcome),))
    assert judged(registry_with(), custom_checks=asked, **OWN).reason is reason


def test_an_answer_outweighs_no_other_check() -> None:
    asked = FakeCustomChecks(gives=(a_custom_answer(),))
    report = judged(registry_with(description=""), custom_checks=asked, **OWN)
    assert report.reason is ReasonCode.CHECKS_FAILED


def test_what_keeps_it_from_being_asked_is_the_reason() -> None:
    error = PromoterError(ReasonCode.DEADLINE_EXCEEDED, say("late"), hint=say("wait"))
    report = judged(registry_with(), custom_checks=FakeCustomChecks(gives=error), **OWN)
    assert (report.reason, report.verdict, report.results) == (ReasonCode.DEADLINE_EXCEEDED, None, ())


def test_in_a_rollback_it_sees_comparisons_as_they_count() -> None:
    asked = FakeCustomChecks(gives=(a_custom_answer(),))
    report = rollback(asked, run=a_run(metrics={"f1_score": 0.1}))
    assert report.reason is ReasonCode.ROLLBACK_VALIDATED
    (request,) = json.loads(asked.asked[0][1])["requests"]
    assert request["step"] == "rollback"
    assert {one["outcome"] for one in request["checks"]} == {"passed", "warned"}
    refusing = FakeCustomChecks(gives=(a_custom_answer(outcome=Outcome.FAILED),))
    assert rollback(refusing).reason is ReasonCode.CHECKS_FAILED


# --- verdicts -------------------------------------------------------------------------------------


def test_a_first_promotion_is_judged_by_floors_alone() -> None:
    report = judged(
        registry_with({}),
        Claim(request=a_request()),
        on_missing_champion=OnMissingChampion.BOOTSTRAP,
        checks=Checks(metrics=(a_metric_rule(max_absolute_degradation=None),)),
    )
    assert (report.reason, report.step) == (ReasonCode.VALIDATED, Step.FIRST_PROMOTION)
    assert report.evidence is not None
    assert report.evidence.champion is None
    low = judged(
        registry_with({}, run=a_run(metrics={"f1_score": 0.1})),
        Claim(request=a_request()),
        on_missing_champion=OnMissingChampion.BOOTSTRAP,
    )
    assert low.reason is ReasonCode.CHECKS_FAILED


def test_a_worse_challenger() -> None:
    report = judged(registry_with(run=a_run(metrics={"f1_score": 0.7})))
    assert (report.reason, report.verdict) == (ReasonCode.CHECKS_FAILED, Verdict.REJECT)


def test_a_champion_without_the_figure() -> None:
    registry = registry_with()
    registry.add_version(a_champion(run=a_champion_run(metrics={})), signature=a_signature())
    report = judged(registry)
    assert (report.reason, report.verdict) == (ReasonCode.INCONCLUSIVE, Verdict.INCONCLUSIVE)


def test_comparisons_alone_cannot_judge_a_first_promotion() -> None:
    only_compares = Checks(metrics=(a_metric_rule(threshold=None),))
    report = judged(
        registry_with({}),
        Claim(request=a_request()),
        checks=only_compares,
        on_missing_champion=OnMissingChampion.BOOTSTRAP,
    )
    assert report.reason is ReasonCode.INCONCLUSIVE
    assert "add one that does, such as a metric's `threshold`" in str(report.hint)


def test_a_copy_of_the_champion_is_told_what_to_do() -> None:
    report = judged(registry_with(source=a_champion().source))
    assert report.reason is ReasonCode.INCONCLUSIVE
    assert "Ask for another model: both versions are one." in str(report.hint)


def test_a_custom_check_without_an_answer_is_told_what_to_do() -> None:
    silent = FakeCustomChecks(gives=(a_custom_answer(outcome=Outcome.ERROR),))
    report = judged(registry_with(), custom_checks=silent, **OWN)
    assert "read at the base commit" in str(report.hint)


def test_nothing_but_warnings_is_not_called_a_pass() -> None:
    warns = Checks(metrics=(a_metric_rule(severity=Severity.WARN),))
    report = judged(registry_with(run=a_run(metrics={"f1_score": 0.1})), checks=warns)
    assert report.reason is ReasonCode.VALIDATED
    assert str(report.message) == "no check says no, and none has passed: nothing but warnings"
    assert report.message in report.notes
    (note,) = [str(note) for note in report.notes if "can reject" in str(note)]
    assert note.startswith("no limit of this policy can reject: each of its rules has `severity: warn`")


@pytest.mark.parametrize("metrics", [{}, {"f1_score": float("nan")}])
def test_a_warning_never_stands_for_a_figure_that_is_missing(metrics: dict[str, float]) -> None:
    warns = Checks(metrics=(a_metric_rule(severity=Severity.WARN),))
    assert judged(registry_with(run=a_run(metrics=metrics)), checks=warns).verdict is Verdict.REJECT


def test_a_reference_that_is_not_there_is_the_policys_mistake() -> None:
    evaluation = by_inference(reference="99")
    report = judged(registry_with(), checks=some_measured_checks(), evaluation=evaluation)
    assert report.reason is ReasonCode.POLICY_INVALID
    assert str(report.message) == "the policy's `reference` is version `99`, and `churn` has none such"
    assert "`reference` of `.github/promotion-policy.yaml`" in str(report.hint)


def test_a_reference_that_cannot_be_read_is_nobodys_mistake() -> None:
    registry, calls = observed(registry_with())
    # The challenger and the champion are read before it.
    calls.fail("model_version", PromoterError(ReasonCode.REGISTRY_UNAVAILABLE, say("no answer")), nth=3)
    report = judged(registry, checks=some_measured_checks(), evaluation=by_inference(reference="5"))
    assert report.reason is ReasonCode.REGISTRY_UNAVAILABLE


@pytest.mark.parametrize("score", [0.91, 0.1])
def test_a_dry_run_says_what_the_checks_say_and_never_more(score: float) -> None:
    report = judged(registry_with(run=a_run(metrics={"f1_score": score})), mode=Mode.DRY_RUN)
    assert (report.reason, report.mode) == (ReasonCode.DRY_RUN, Mode.DRY_RUN)
    assert str(report.message) == f"dry run: the checks say {report.verdict}; merging moves nothing"


def rollback(custom_checks: FakeCustomChecks | None = None, **version: object) -> RequestReport:
    past = (Past(commit="c6", version="6"), Past(commit="c7", version="7"))
    registry = registry_with(None, tags={"owner": "x", TAG: "7 5"}, **version)
    rule = OWN if custom_checks else {}
    return judged(registry, Claim(request=a_request(), past=past), custom_checks, **rule)


def test_a_rollback_only_reports_comparisons() -> None:
    report = rollback(run=a_run(metrics={"f1_score": 0.1}))
    assert (report.reason, report.step) == (ReasonCode.ROLLBACK_VALIDATED, Step.ROLLBACK)
    assert Outcome.WARNED in {result.outcome for result in report.results}


def test_a_rollback_is_refused_for_what_concerns_the_version_itself() -> None:
    assert rollback(description="short").reason is ReasonCode.CHECKS_FAILED


def test_another_alias_that_differs_in_case_is_pointed_out() -> None:
    report = judged(registry_with({"champion": "6", "Champion": "7", "CHAMPION": "6", "other": "6"}))
    assert [str(note) for note in report.notes[:-1]] == [
        f"the registry also has the alias `{twin}`: only `champion` is meant here"
        for twin in ("CHAMPION", "Champion")
    ]


def test_tags_that_claim_a_verdict_change_nothing() -> None:
    claims = {"promoter_verdict": "promote", "promoter_check_metrics": "passed", "validated": "true"}
    forged = judged(registry_with(run=a_run(metrics={"f1_score": 0.1}), tags={"owner": "x", **claims}))
    assert forged.reason is ReasonCode.CHECKS_FAILED


def test_a_refusal_keeps_what_the_error_said() -> None:
    error = PromoterError(ReasonCode.PERMISSION_DENIED, say("no"), hint=say("ask"))
    report = refused(a_request(), error)
    assert (report.reason, str(report.message), str(report.hint)) == (
        ReasonCode.PERMISSION_DENIED,
        "no",
        "ask",
    )


@pytest.mark.parametrize(
    ("earlier", "counted"), [(("6", "5"), 3), (("6", "5", "6", None, "4"), 4), (("6", "7"), 0), ((), 0)]
)
def test_how_often_the_rows_have_decided_is_told(earlier: tuple[str | None, ...], counted: int) -> None:
    bench = Bench(
        registry=registry_with(),
        measurer=FakeMeasurer(gives=a_measurement()),
        custom_checks=FakeCustomChecks(),
        policy=a_policy(models=(a_model_rule(checks=some_measured_checks(), evaluation=by_inference()),)),
        commit=BASE_COMMIT,
        head=HEAD_COMMIT,
        now=NOW,
    )
    past = tuple(Past(commit=f"c{at}", version=version) for at, version in enumerate(earlier))
    report = judge(bench, Claim(request=a_request(), past=past))
    said = [str(note) for note in report.notes if "versions have asked" in str(note)]
    assert [int(note.split()[0]) for note in said] == ([counted] if counted else [])


# --- the sandbox ----------------------------------------------------------------------------------


def run_with(sandbox: Found) -> RequestReport:
    """A request whose custom check ran with that around it."""
    asked = FakeCustomChecks(gives=(a_custom_answer(sandbox=sandbox),))
    return judged(registry_with(), custom_checks=asked, checks=Checks(custom=(a_custom_rule(),)))


def test_a_sandbox_that_was_not_whole_is_told_loudly_with_every_layer_and_why() -> None:
    report = run_with(a_sandbox_without(Layer.LANDLOCK, Layer.SECCOMP, why="an old\nkernel"))
    note = report.notes[-1]
    assert str(note).startswith("NOT CONFINED: the policy says `unsafe_sandbox: best_effort`")
    assert "(Landlock: `an old\\nkernel`; seccomp: `an old\\nkernel`)" in str(note)
    assert report.reason is ReasonCode.VALIDATED


def test_a_sandbox_that_held_needs_no_note() -> None:
    for sandbox in (WHOLE_SANDBOX, ()):
        assert "CONFINED" not in " ".join(str(note) for note in run_with(sandbox).notes)


def test_what_reached_out_of_the_sandbox_is_no_matter_of_one_request() -> None:
    error = Tampered(ReasonCode.MODEL_UNSAFE, say("a file changed"))
    with pytest.raises(Tampered):
        judged(
            registry_with(),
            custom_checks=FakeCustomChecks(gives=error),
            checks=Checks(custom=(a_custom_rule(),)),
        )
