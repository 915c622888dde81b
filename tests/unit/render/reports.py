"""Whole reports to render: one for each thing that a reader can be told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from promoter.checks.catalog import run_checks
from promoter.checks.prompt import run as run_prompt
from promoter.core.approval import ApprovalState, Refusal
from promoter.core.evidence import Evidence, Outcome
from promoter.core.measurement import (
    Measurement,
    ModelRun,
    ReferenceMeasurement,
    SecondOpinion,
    SliceEstimates,
)
from promoter.core.override import overridden, unneeded
from promoter.core.override_rules import Overridable, Override
from promoter.core.plan import Step
from promoter.core.policy import Checks, Mode, Test
from promoter.core.prompt import Kind, Prompt
from promoter.core.prompt_rules import PromptRule, Variables
from promoter.core.report import Phase, Report, RequestReport
from promoter.core.verdict import Verdict, decide
from promoter.errors import ReasonCode
from promoter.text import quote, say
from tests.builders import (
    MIB,
    a_champion,
    a_check_result,
    a_comparison,
    a_measured_evidence,
    a_measurement,
    a_metric_result,
    a_metric_rule,
    a_model_rule,
    a_model_run,
    a_model_version,
    a_problem,
    a_report,
    a_request,
    a_request_report,
    a_slice,
    a_value,
    an_estimate,
    an_evidence,
    by_inference,
    no_checks,
    some_data,
    some_flips,
    some_measured_checks,
)

NO_APPROVAL = ApprovalState(needed=1)
PASSED_CHECKS = (
    a_check_result(message=say("the description has 60 characters, the policy asks for at least 40")),
    a_check_result(
        check="tags",
        subject="owner",
        message=say(quote("owner"), " is ", quote("risk-ml"), " and matches ", quote(".+")),
    ),
    a_check_result(
        check="lineage", subject="run_status", message=say("the run's status is ", quote("FINISHED"))
    ),
    a_check_result(
        check="signature",
        subject="compatible_with_champion",
        message=say("the challenger accepts what the champion accepts, and returns the same"),
    ),
)
BETTER_F1 = a_metric_result(
    comparison=a_comparison(champion=0.8100, challenger=0.8312, change=0.0212),
    message=say(
        quote("f1_score"),
        " is 0.8312 as claimed by the run, 0.0212 better than the champion's 0.81, and keeps the rule",
    ),
)
BETTER_LOSS = a_metric_result(
    subject="log_loss",
    comparison=a_comparison(
        name="log_loss",
        greater_is_better=False,
        champion=0.41,
        challenger=0.3987,
        change=-0.0113,
        rule="not worse",
    ),
    message=say(
        quote("log_loss"),
        " is 0.3987 as claimed by the run, 0.0113 better than the champion's 0.41, and keeps the rule",
    ),
)
WORSE_F1 = a_metric_result(
    outcome=Outcome.FAILED,
    comparison=a_comparison(champion=0.8100, challenger=0.7421, change=-0.0679),
    message=say(
        quote("f1_score"),
        " is 0.7421 as claimed by the run, 0.0679 worse than the champion's 0.81, ",
        "but the rule asks for at most 0.01 worse",
    ),
)
SHORT_DESCRIPTION = a_check_result(
    outcome=Outcome.FAILED,
    message=say("the description has 12 characters, the policy asks for at least 40"),
)
OTHER_DATA = a_metric_result(
    outcome=Outcome.INCONCLUSIVE,
    message=say(
        quote("f1_score"),
        " is 0.91; the two figures are from different data, by the digests of the datasets that were logged",
    ),
)


def _single(request: RequestReport, *, phase: Phase = Phase.VALIDATE) -> Report:
    return a_report(
        phase=phase, reason=request.reason, message=request.message, hint=request.hint, requests=(request,)
    )


def _bare(reason: ReasonCode, **fields: object) -> Report:
    """A report in which nothing was judged."""
    return a_report(reason=reason, requests=(), evidence_digest="", **fields)


def good_request(**fields: object) -> RequestReport:
    """A request whose every check passed, not yet approved."""
    passed = a_request_report(
        results=(*PASSED_CHECKS, BETTER_F1, BETTER_LOSS),
        message=say("all checks that decide have passed"),
        approval=NO_APPROVAL,
    )
    return replace(passed, **fields)  # type: ignore[arg-type]


def rejected_request(**fields: object) -> RequestReport:
    """A request that two checks reject."""
    results = (SHORT_DESCRIPTION, *PASSED_CHECKS[1:], BETTER_LOSS, WORSE_F1)
    rejected = good_request(
        results=results,
        reason=ReasonCode.CHECKS_FAILED,
        message=say("at least one check says no"),
        verdict=Verdict.REJECT,
    )
    return replace(rejected, **fields)  # type: ignore[arg-type]


def undecided_request(**fields: object) -> RequestReport:
    """A request whose metric was measured on other data."""
    undecided = good_request(
        results=(*PASSED_CHECKS, OTHER_DATA),
        reason=ReasonCode.INCONCLUSIVE,
        message=say("the checks could not tell yes from no"),
        verdict=Verdict.INCONCLUSIVE,
    )
    return replace(undecided, **fields)  # type: ignore[arg-type]


def refused_request(**fields: object) -> RequestReport:
    """A request that was not judged, because the registry does not have the version."""
    refused = RequestReport(
        request=a_request(version="70"),
        reason=ReasonCode.VERSION_NOT_FOUND,
        message=say("version ", quote("70"), " of ", quote("churn"), " is not in the registry"),
        hint=say("Check the number, or register the version first; then run the job again."),
    )
    return replace(refused, **fields)  # type: ignore[arg-type]


def promotable() -> Report:
    """One request, every check passed, no approval yet."""
    return _single(good_request())


def approved() -> Report:
    """One request, passed and approved."""
    return _single(good_request(approval=ApprovalState(needed=1, counted=("bob",))))


def warned() -> Report:
    """One request that passes with a warning."""
    warning = replace(WORSE_F1, outcome=Outcome.WARNED)
    return _single(good_request(results=(*PASSED_CHECKS, warning, BETTER_LOSS)))


def first_promotion() -> Report:
    """Nobody holds the alias yet."""
    first = replace(
        BETTER_F1,
        comparison=a_comparison(champion=None, change=None, rule="≥ 0.6"),
        message=say("0.91 is at least 0.6; there is no champion to compare with"),
    )
    evidence = an_evidence(champion=None)
    return _single(
        good_request(step=Step.FIRST_PROMOTION, now=None, results=(*PASSED_CHECKS, first), evidence=evidence)
    )


def rollback() -> Report:
    """Back to a version that held the alias before."""
    return _single(
        good_request(
            request=a_request(version="5", reason=""),
            step=Step.ROLLBACK,
            reason=ReasonCode.ROLLBACK_VALIDATED,
            message=say("this version held the alias before: a rollback"),
            notes=(
                say(
                    *("version ", quote("5"), " held this alias before from 2026-01-05 09:30 UTC"),
                    *(" (pull request #7) until 2026-02-03 11:00 UTC, when version ", quote("6")),
                    *(" took its place (pull request #9). The reason given then: ", quote("new features")),
                ),
            ),
        )
    )


def overridden_checks() -> Report:
    """A check that failed and is accepted for once."""
    override = Override(
        checks=(Overridable.METRICS, Overridable.TAGS),
        reason="The loss is in a segment we leave in May, RISK-77",
        expires=date(2026, 3, 31),
    )
    results = overridden((*PASSED_CHECKS, BETTER_LOSS, WORSE_F1), override)
    return _single(
        good_request(
            request=a_request(override=override),
            results=results,
            notes=unneeded(results, override),
            approval=ApprovalState(needed=2, counted=("alice",)),
        )
    )


def dry_run() -> Report:
    """The policy says dry run, and the checks say no."""
    return _single(
        rejected_request(
            mode=Mode.DRY_RUN,
            reason=ReasonCode.DRY_RUN,
            message=say("dry run: the checks say reject; merging moves nothing"),
        )
    )


def rejected() -> Report:
    """One request that two checks reject."""
    return _single(rejected_request())


def inconclusive() -> Report:
    """One request that could not be decided."""
    return _single(undecided_request())


def version_missing() -> Report:
    """One request that names a version nobody registered."""
    return _single(refused_request())


def conflict() -> Report:
    """The alias was moved outside git."""
    asked = quote("churn@champion")
    return _single(
        RequestReport(
            request=a_request(),
            reason=ReasonCode.CONFLICT,
            message=say(asked, " is held by version ", quote("8"), " where git says version ", quote("6")),
            hint=say("Merge a request that names what the registry holds now, then ask again."),
            step=Step.CONFLICT,
            now="8",
            approval=NO_APPROVAL,
        )
    )


def already_applied() -> Report:
    """The registry holds what is asked for."""
    return _single(
        RequestReport(
            request=a_request(),
            reason=ReasonCode.ALREADY_APPLIED,
            message=say(quote("churn@champion"), " is version ", quote("7"), " already"),
            step=Step.ALREADY_APPLIED,
            now="7",
        )
    )


def nothing_to_promote() -> Report:
    """A change that touches no request, but deletes one."""
    path = quote("promotions/old/champion.yaml")
    return _bare(
        ReasonCode.NOTHING_TO_PROMOTE,
        message=say("no promotion request is changed"),
        notes=(say(path, " is deleted: its alias stays where it is and is unmanaged from then on"),),
    )


def invalid() -> Report:
    """Three problems in two files."""
    return _bare(
        ReasonCode.REQUEST_INVALID,
        message=say("2 promotion requests cannot be read"),
        problems=(
            a_problem(),
            a_problem(
                line=5,
                column=1,
                found=say("unknown key ", quote("verison")),
                write=say("Did you mean `version`? Allowed are `model`, `alias`, `version`, `reason`"),
            ),
            a_problem(
                path="promotions/fraud detection/champion.yaml",
                line=1,
                column=8,
                found=say(quote("fr\u0430ud"), " has the character U+0430, which is not ASCII"),
                write=say("Write the name as the registry has it"),
            ),
        ),
    )


def registry_down() -> Report:
    """Nobody answered."""
    return _single(
        RequestReport(
            request=a_request(),
            reason=ReasonCode.REGISTRY_UNAVAILABLE,
            message=say("the registry did not answer within 20 s: ", quote("Connection refused")),
            hint=say(
                "Look whether the server runs and can be reached from this runner; then run the job again."
            ),
            approval=NO_APPROVAL,
        )
    )


def applied() -> Report:
    """After the merge: the alias was moved."""
    moved = good_request(
        reason=ReasonCode.APPLIED,
        message=say(quote("churn@champion"), " moved from version ", quote("6"), " to version ", quote("7")),
        approval=ApprovalState(needed=1, counted=("bob",)),
        notes=(say("the alias is moved; its tags could not be written: ", quote("503")),),
    )
    return _single(moved, phase=Phase.APPLY)


def approval_missing() -> Report:
    """After the merge: nobody who counts had approved this content."""
    state = ApprovalState(needed=1, refused=(("alice", Refusal.AUTHOR), ("carol", Refusal.NO_WRITE_ACCESS)))
    waiting = good_request(
        reason=ReasonCode.APPROVAL_SELF,
        message=say("0 of 1 approvals count for this content"),
        hint=say(
            "Have it approved on pull request #12 (a merged one can still be approved) by somebody with "
            "write access who wrote no part of it; then run this job again."
        ),
        approval=state,
    )
    return _single(waiting, phase=Phase.APPLY)


def apply_failed() -> Report:
    """After the merge: the registry refused the write."""
    failed = good_request(
        reason=ReasonCode.APPLY_FAILED,
        message=say("the registry answered ", quote("403 Forbidden"), " to the write"),
        hint=say("Give this job a credential that may set aliases."),
        approval=ApprovalState(needed=1, counted=("bob",)),
    )
    return _single(failed, phase=Phase.APPLY)


def _named(request: RequestReport, model: str) -> RequestReport:
    asked = replace(request.request, model=model, path=f"promotions/{model}/champion.yaml")
    return replace(request, request=asked)


def mixed(total: int = 20) -> Report:
    """Many requests: most pass, some do not, one could not be decided."""
    kinds = [good_request(approval=ApprovalState(needed=1, counted=("bob", "carol", "dave")))] * total
    kinds[3 % total] = rejected_request()
    kinds[7 % total] = undecided_request()
    kinds[11 % total] = refused_request()
    requests = tuple(_named(kind, f"model-{number:03}") for number, kind in enumerate(kinds, start=1))
    return a_report(
        reason=ReasonCode.CHECKS_FAILED,
        message=say(f"1 of {total} requests: checks failed"),
        requests=requests,
    )


def all_good() -> Report:
    """Two requests, both pass."""
    requests = (good_request(), _named(good_request(), "fraud"))
    return a_report(message=say("2 of 2 requests: validated"), requests=requests)


# --- measured by Promoter: the results are what the checks say ---------------------------------------


def _slice(value: str, **fields: object) -> SliceEstimates:
    return a_slice(values=(("contract", value),), **fields)


def _worse_slice(rows: int) -> SliceEstimates:
    estimate = an_estimate(
        rows=rows, champion=0.78, challenger=0.69, change=-0.09, lower=-0.14, upper=-0.04, p_worse=0.0004
    )
    return _slice("Yearly", rows=rows, estimates={"f1_score": estimate})


_RECALL = an_estimate(
    metric="recall_score", champion=0.74, challenger=0.752, change=0.012, lower=-0.012, upper=0.036
)
_LOSS = an_estimate(
    metric="log_loss",
    greater_is_better=False,
    champion=0.41,
    challenger=0.3987,
    change=-0.0113,
    lower=-0.0201,
    upper=-0.0025,
)
GOOD_MEASUREMENT = a_measurement(
    estimates={"f1_score": an_estimate(), "log_loss": _LOSS},
    slices=(
        _slice("Monthly"),
        _slice("Yearly", rows=620),
        _slice("Two years", rows=80),
    ),
)
_LOSS_RULE = a_metric_rule(
    name="log_loss", greater_is_better=False, threshold=None, max_absolute_degradation=0.0
)
_RULES = some_measured_checks(
    metrics=(
        a_metric_rule(test=Test.SUPERIORITY, max_absolute_degradation=None),
        replace(_LOSS_RULE, test=Test.NON_INFERIORITY, max_absolute_degradation=0.005),
    )
)


def measured_request(checks: Checks, evidence: Evidence, **fields: object) -> RequestReport:
    """A request judged by real checks on what was measured."""
    results = run_checks(a_model_rule(checks=checks, evaluation=by_inference()), evidence)
    verdict = decide(results)
    reason = {
        Verdict.PROMOTE: ReasonCode.VALIDATED,
        Verdict.REJECT: ReasonCode.CHECKS_FAILED,
        Verdict.INCONCLUSIVE: ReasonCode.INCONCLUSIVE,
    }[verdict]
    judged = good_request(
        results=(*PASSED_CHECKS, *results),
        verdict=verdict,
        reason=reason,
        message=say("the checks have spoken"),
        evidence=evidence,
    )
    return replace(judged, **fields)  # type: ignore[arg-type]


def measured() -> Report:
    """Both models scored on the same rows: clearly better."""
    return _single(measured_request(_RULES, a_measured_evidence(measurement=GOOD_MEASUREMENT)))


def measured_rejected() -> Report:
    """Better for most rows, clearly worse for one slice; worth less; slow."""
    measurement = replace(
        GOOD_MEASUREMENT,
        challenger=a_model_run(p95_latency_ms=3.4, peak_memory=2_048 * MIB),
        slices=(_slice("Monthly"), _worse_slice(620), _slice("Two years", rows=80)),
        value=a_value(
            challenger=-120.5,
            champion=410.25,
            change=-530.75,
            lower=-900.0,
            upper=-161.5,
            predict_all=-2_100.0,
            predict_none=0.0,
            perfect=1_600.0,
        ),
        flips=some_flips(count=40, rate=0.025, lower=0.019, upper=0.032),
    )
    return _single(measured_request(_RULES, a_measured_evidence(measurement=measurement)))


def measured_undecided() -> Report:
    """Too few rows to tell."""
    rules = no_checks(
        metrics=(
            a_metric_rule(name="recall_score", test=Test.SUPERIORITY, max_absolute_degradation=None),
            a_metric_rule(threshold=None, max_absolute_degradation=0.002, test=Test.NON_INFERIORITY),
        )
    )
    f1 = an_estimate(challenger=0.813, change=0.003, lower=-0.015, upper=0.021)
    measurement = a_measurement(estimates={"recall_score": _RECALL, "f1_score": f1}, value=None, slices=())
    return _single(measured_request(rules, a_measured_evidence(measurement=measurement)))


def measured_first() -> Report:
    """Nobody holds the alias yet: floors apply."""
    alone = an_estimate(champion=None, change=None, lower=None, upper=None, p_worse=None)
    measurement = a_measurement(
        champion=None,
        estimates={"f1_score": alone},
        slices=(_slice("Monthly", estimates={"f1_score": alone}),),
        value=a_value(champion=None, change=None, lower=None, upper=None),
        flips=None,
    )
    evidence = a_measured_evidence(champion=None, measurement=measurement)
    return _single(measured_request(some_measured_checks(), evidence, step=Step.FIRST_PROMOTION, now=None))


def challenger_fails() -> Report:
    """The challenger does not load."""
    broken = a_model_run(
        problem=say("it does not load: ", quote("ModuleNotFoundError: No module named 'xgboost'")),
        load_seconds=0.0,
    )
    measurement = Measurement(data=some_data(), challenger=broken, champion=a_model_run())
    return _single(measured_request(some_measured_checks(), a_measured_evidence(measurement=measurement)))


# What a command said, and what it tried.
FAIR = a_check_result(check="custom", subject="fairness: age", message=say(quote("0.81 of 0.80 asked")))
UNFAIR = replace(
    FAIR,
    subject="fairness: region",
    outcome=Outcome.FAILED,
    message=say(quote("0.62 of 0.80 asked\n## Approved\n::notice::merge it | <b>now</b> " + "very " * 200)),
)


def measured_beside_reference() -> Report:
    """A reference version, second opinions, rows answered in two ways, and checks of the user's own."""
    opinions = (
        SecondOpinion(method="exact McNemar", p_value=0.0123),
        SecondOpinion(method="paired bootstrap, 10,000 resamples", lower=0.0029, upper=0.0401),
    )
    reference = ReferenceMeasurement(
        version="3",
        run=a_model_run(load_seconds=0.9),
        estimates={
            "f1_score": an_estimate(champion=0.84, change=-0.0088, lower=-0.0241, upper=0.0065),
            "log_loss": replace(_LOSS, champion=0.44, change=-0.0413, lower=-0.0522, upper=-0.0304),
        },
    )
    measurement = replace(
        GOOD_MEASUREMENT,
        estimates={"f1_score": an_estimate(opinions=opinions), "log_loss": _LOSS},
        challenger=a_model_run(asked_twice=1_600, differing=3),
        champion=a_model_run(asked_twice=1_600),
        reference=reference,
    )
    request = measured_request(_RULES, a_measured_evidence(measurement=measurement))
    refused = replace(
        request,
        results=(*request.results, FAIR, UNFAIR),
        reason=ReasonCode.CHECKS_FAILED,
        verdict=Verdict.REJECT,
    )
    return _single(refused)


def measured_predictions() -> Report:
    """Figures of predictions that the runs logged: nothing ran here, and nobody can predict all or none."""
    rule = a_metric_rule(
        name="mean_absolute_error",
        greater_is_better=False,
        threshold=None,
        test=Test.NON_INFERIORITY,
        max_absolute_degradation=0.5,
    )
    error = an_estimate(
        metric="mean_absolute_error",
        greater_is_better=False,
        champion=12.41,
        challenger=11.2,
        change=-1.21,
        lower=-2.0,
        upper=-0.42,
    )
    logged = ModelRun(environment="predictions logged by the run")
    value = a_value(champion=-9_030.0, challenger=-8_120.0, predict_all=None, predict_none=None, perfect=0.0)
    measurement = a_measurement(
        estimates={rule.name: error}, value=value, slices=(), champion=logged, challenger=logged
    )
    return _single(measured_request(no_checks(metrics=(rule,)), a_measured_evidence(measurement=measurement)))


def _prompt(template: str, **changes: str) -> Prompt:
    return Prompt(template=template, **changes)


_CHAT_6 = json.dumps(
    [
        {"role": "system", "content": "You answer questions of {{company}}'s customers.\nBe polite."},
        {"role": "user", "content": "{{question}}"},
    ]
)
_CHAT_7 = json.dumps(
    [
        {
            "role": "system",
            "content": "You answer questions of {{company}}'s customers.\nBe brief.\n```\n@all",
        },
        {"role": "user", "content": "{{question}}"},
        {"role": "assistant", "content": "Answer in {{language}}: <b>\u202e"},
    ]
)


def prompt_changed() -> Report:
    """A chat that needs a variable more than the champion."""
    challenger = _prompt(_CHAT_7, form="chat", model_config='{"temperature": 0.2}')
    evidence = an_evidence(
        challenger=a_model_version(model="support", run=None, run_id=None, prompt=challenger),
        champion=a_champion(model="support", run=None, run_id=None, prompt=_prompt(_CHAT_6, form="chat")),
        challenger_signature=None,
        champion_signature=None,
    )
    rule = PromptRule(variables=Variables.SUBSET, max_length=4_000, forbidden_text=(re.compile("@all"),))
    return _single(
        a_request_report(
            request=a_request(kind=Kind.PROMPT, model="support", alias="production"),
            reason=ReasonCode.CHECKS_FAILED,
            message=say("at least one check says no"),
            verdict=Verdict.REJECT,
            results=run_prompt(rule, evidence),
            evidence=evidence,
        )
    )


def prompt_first() -> Report:
    """The first version of a text that is to hold the alias."""
    found = prompt_changed().requests[0]
    prompt = _prompt("Say hello to {{name}}.\n\nBe brief.")
    evidence = an_evidence(
        challenger=a_model_version(model="support", run=None, run_id=None, prompt=prompt),
        champion=None,
        challenger_signature=None,
        champion_signature=None,
    )
    return _single(
        replace(
            found,
            reason=ReasonCode.VALIDATED,
            message=say("all checks that decide have passed"),
            verdict=Verdict.PROMOTE,
            step=Step.FIRST_PROMOTION,
            now=None,
            results=run_prompt(PromptRule(variables=Variables.SUBSET, max_length=4_000), evidence),
            evidence=evidence,
        )
    )


EXAMPLES: dict[str, Callable[[], Report]] = {
    "promotable": promotable,
    "approved": approved,
    "warned": warned,
    "first-promotion": first_promotion,
    "rollback": rollback,
    "overridden": overridden_checks,
    "dry-run": dry_run,
    "rejected": rejected,
    "inconclusive": inconclusive,
    "version-missing": version_missing,
    "conflict": conflict,
    "already-applied": already_applied,
    "nothing-to-promote": nothing_to_promote,
    "invalid": invalid,
    "registry-down": registry_down,
    "applied": applied,
    "approval-missing": approval_missing,
    "apply-failed": apply_failed,
    "measured": measured,
    "measured-rejected": measured_rejected,
    "measured-undecided": measured_undecided,
    "measured-first": measured_first,
    "measured-beside-reference": measured_beside_reference,
    "measured-predictions": measured_predictions,
    "challenger-fails": challenger_fails,
    "prompt-changed": prompt_changed,
    "prompt-first": prompt_first,
    "mixed": mixed,
    "all-good": all_good,
}
